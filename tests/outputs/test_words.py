"""The words of the pages: the same keys and gaps in each language, none missing and none unused."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import camtrap.outputs
from camtrap.errors import ConfigError
from camtrap.outputs.markup import Safe
from camtrap.outputs.next_visits import Reason
from camtrap.outputs.words import FORMS, LANGUAGES, PLURALS, Words, words
from camtrap.records import State

ROOM = Path(camtrap.outputs.__file__).parent
PAGES = [*ROOM.glob("brief*.py"), ROOM / "leopards_page.py", ROOM / "words" / "__init__.py"]

# What a key may end in where the code puts it together.
ENDS = {
    "label.": {*map(str, State), "doubt"},
    "why.": set(map(str, Reason)),
    "time.": {"filename", "modified"},
    "column.": {
        "station",
        "label",
        "events",
        "frames",
        "first",
        "last",
        "files",
        "empty",
        "unread",
    },
    "map.key.": {"leopard", "person", "seen", "nothing", "dead"},
}


def asked_for() -> set[str]:
    """Every key that the pages' code can ask for."""
    found: set[str] = set()
    for path in PAGES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                start = node.values[0]
                if isinstance(start, ast.Constant) and start.value in ENDS:
                    found |= {f"{start.value}{end}" for end in ENDS[start.value]}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def gaps(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


def every_gap(said: Words, key: str) -> set[str]:
    form = said.forms[key]
    return gaps(form) if isinstance(form, str) else set().union(*map(gaps, form.values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_with_the_same_gaps(language: str) -> None:
    english, said = words("en"), words(language)
    assert said.forms.keys() == english.forms.keys()
    for key in english.forms:
        assert every_gap(said, key) == every_gap(english, key), key
        assert isinstance(said.forms[key], str) == isinstance(english.forms[key], str), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_counted_word_has_all_forms_of_its_language(language: str) -> None:
    for key, form in words(language).forms.items():
        if not isinstance(form, str):
            assert set(form) == set(FORMS[language]), key


def test_no_key_is_unused() -> None:
    assert words("en").forms.keys() - asked_for() == set()


def test_what_the_code_puts_together_exists() -> None:
    known = words("en").forms.keys()
    assert {start + end for start, ends in ENDS.items() for end in ends} <= known | {
        f"time.{source}" for source in ("filename", "modified")
    }


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 событий"),
        (1, "1 событие"),
        (2, "2 события"),
        (4, "4 события"),
        (5, "5 событий"),
        (11, "11 событий"),
        (12, "12 событий"),
        (14, "14 событий"),
        (21, "21 событие"),
        (22, "22 события"),
        (111, "111 событий"),
        (112, "112 событий"),
        (1001, "1\u00a0001 событие"),
    ],
)
def test_russian_counts_as_russian_does(number: int, told: str) -> None:
    assert words("ru").count("events", number) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "1,902 events"), ("ru", "1\u00a0902 события"), ("zh", "1,902 次事件")],
)
def test_thousands_are_apart(language: str, told: str) -> None:
    assert words(language).count("events", 1902) == told


@given(st.sampled_from(LANGUAGES), st.integers(0, 10**9))
def test_every_number_has_a_form(language: str, number: int) -> None:
    assert PLURALS[language](number) in FORMS[language]


@pytest.mark.parametrize(
    ("language", "chance", "told"),
    [
        ("en", 0.0, "under 1 %"),
        ("en", 0.97, "97 %"),
        ("ru", 0.9999, "более 99 %"),
        ("zh", 0.62, "62%"),
    ],
)
def test_no_chance_is_called_certain(language: str, chance: float, told: str) -> None:
    assert words(language).percent(chance) == told


@pytest.mark.parametrize(("language", "told"), [("en", "0.4"), ("ru", "0,4"), ("zh", "0.4")])
def test_decimals_have_the_point_of_their_language(language: str, told: str) -> None:
    assert words(language).decimal(0.4, 4) == told
    assert words(language).decimal(200.0) == "200"


@given(st.text())
def test_what_fills_a_gap_is_escaped(value: str) -> None:
    said = words("en")("card.said_by", name=value)
    assert not re.search(r"[<>\"]", said)
    assert "\n" not in said


def test_markup_in_a_gap_stays_markup() -> None:
    assert words("en")("card.said_by", name=Safe("<b>Anna</b>")) == "said by <b>Anna</b>"


def test_a_language_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="en, ru, zh"):
        words("fr")
