"""JSON that is written as it comes reads like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.outputs.exports.json_stream import Ready, json_object, plain
from tests.outputs.exports.made import read_json

plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abё"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(info=plain_values, listed=st.lists(plain_values, max_size=5))
def test_what_was_put_comes_back(tmp_path: Path, info: Any, listed: list[Any]) -> None:
    path = tmp_path / "a.json"
    with json_object(path) as document:
        document.put("info", info)
        assert document.put_all("listed", listed) == len(listed)
    assert read_json(path) == {"info": info, "listed": listed}


@given(plain_values)
def test_json_that_is_ready_is_written_as_it_stands(tmp_path: Path, value: Any) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    for path, put in (one, value), (other, Ready(plain(value))):
        with json_object(path) as document, document.array("a") as add:
            add(put)
    assert one.read_bytes() == other.read_bytes()


@given(st.text(st.characters(codec="utf-8")))
def test_a_value_is_one_line(text: str) -> None:
    assert "\n" not in plain([text]) and "\r" not in plain([text])


def test_a_key_is_put_once_and_nan_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"), json_object(tmp_path / "a.json") as document:
        document.put("a", 1)
        document.put("a", 2)
    with pytest.raises(ValueError, match="JSON"), json_object(tmp_path / "a.json") as document:
        document.put("a", float("nan"))
    assert not (tmp_path / "a.json").exists()
