"""Numbers as drones write them: within bounds, or unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping


def number_of(value: object) -> float | None:
    """A finite number from EXIF's rationals, or from XMP's `+31.20` and `4971569/65536`."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, bytes):
        return None
    try:
        if isinstance(value, str):
            above, _, below = value.partition("/")
            number = float(above) / float(below or 1)
        else:
            number = float(value)  # type: ignore[arg-type]  # a rational, or not a number at all
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def between(number: float | None, low: float, high: float) -> float | None:
    """The number, where it is from `low` to `high`; else None."""
    return number if number is not None and low <= number <= high else None


def first_of(said: Mapping[str, str], names: Iterable[str], limit: float) -> float | None:
    """The first of these properties that is a number from -limit to limit."""
    for name in names:
        number = between(number_of(said.get(name)), -limit, limit)
        if number is not None:
            return number
    return None


def listed(text: str, count: int) -> tuple[float, ...] | None:
    """Numbers with commas between them; None unless there are `count` and all are finite."""
    numbers = [number_of(part) for part in text.split(",")]
    found = tuple(number for number in numbers if number is not None)
    return found if len(numbers) == len(found) == count else None
