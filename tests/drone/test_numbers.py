"""Numbers as drones write them: read, or unknown, and never an error."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from camtrap.drone.numbers import between, first_of, listed, number_of


@pytest.mark.parametrize(
    "value, number",
    [
        ("+31.20", 31.2),
        ("4971569/65536", 4971569 / 65536),
        (" -7 ", -7.0),
        (IFDRational(88, 10), 8.8),
        ((24,), 24.0),
        (3, 3.0),
        ("", None),
        ("12/0", None),
        ("1/2/3", None),
        ("nan", None),
        ("-inf", None),
        (IFDRational(1, 0), None),
        (b"\x01", None),
        ((1, 2), None),
        (None, None),
    ],
)
def test_a_number_is_finite_or_none(value: object, number: float | None) -> None:
    assert number_of(value) == pytest.approx(number)


@given(st.text(), st.integers(1, 9))
def test_no_text_raises(text: str, count: int) -> None:
    number, numbers = number_of(text), listed(text, count)
    assert number is None or math.isfinite(number)
    assert numbers is None or len(numbers) == count


def test_the_first_within_bounds_counts() -> None:
    said = {"a": "x", "b": "91", "c": "-45", "d": "3"}
    assert first_of(said, ("a", "b", "c", "d"), 90) == -45
    assert first_of(said, ("a", "b", "e"), 90) is None
    assert between(5.0, 5, 6) == 5.0
    assert between(6.1, 5, 6) is None
    assert between(None, 5, 6) is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
def test_a_list_comes_back(numbers: list[float]) -> None:
    assert listed(", ".join(map(repr, numbers)), len(numbers)) == tuple(numbers)
    assert listed(",".join(map(repr, numbers)), len(numbers) + 1) is None
    assert listed(",".join([*map(repr, numbers), ""]), len(numbers)) is None
