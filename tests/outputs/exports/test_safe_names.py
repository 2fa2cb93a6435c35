"""Names that every system takes, and no two the same."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.outputs.exports.safe_names import MOST_BYTES, UniqueNames, safe_name
from tests.outputs.exports.made import hostile_names


@given(st.one_of(hostile_names, st.text(max_size=300)))
def test_any_text_becomes_a_name_that_every_system_takes(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= MOST_BYTES + 1
    assert not set(name) & set('<>:"/\\|?*')
    assert name == name.strip(" ").rstrip(".")
    assert name.isprintable() and not name.startswith(".")
    assert name.split(".")[0].lower().rstrip() not in ("con", "prn", "aux", "nul", "com1", "lpt9")
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RCNX0001.JPG", "RCNX0001.JPG"),
        ("кабан у солонца.JPG", "кабан у солонца.JPG"),
        ("a:b/c.JPG", "a_b_c.JPG"),
        ("NUL.JPG", "_NUL.JPG"),
        ("..", "_"),
        (" . ", "_"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("e\u0301.JPG", "é.JPG"),
        ("x" * 300 + ".JPG", "x" * 196 + ".JPG"),
    ],
)
def test_names_stay_as_near_as_may_be(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(
    st.lists(st.tuples(st.sampled_from(["", "a"]), st.text("aAбБ(2) .é", min_size=1, max_size=6)))
)
def test_no_name_is_given_twice(asked: list[tuple[str, str]]) -> None:
    with closing(UniqueNames()) as names:
        given_names = [(folder, names.give(folder, name)) for folder, name in asked]
    assert len({(folder, name.casefold()) for folder, name in given_names}) == len(asked)


def test_numbers_come_before_the_suffix() -> None:
    with closing(UniqueNames()) as names:
        asked = ["a.JPG", "A.jpg", "a (2).JPG", "a.JPG", "b"]
        assert [names.give("x", name) for name in asked] == [
            *("a.JPG", "A (2).jpg", "a (2) (2).JPG", "a (3).JPG", "b")
        ]


def test_a_thousand_of_one_name_take_no_thousand_tries_each() -> None:
    with closing(UniqueNames()) as names:
        given_names = [names.give("x", "IMG_0001.JPG") for _ in range(3000)]
    assert given_names[-1] == "IMG_0001 (3000).JPG"
