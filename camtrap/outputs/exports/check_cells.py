"""Single cells and rows of Camtrap DP: what they may hold, and which cells contradict each other.

Pure functions; the tables themselves are walked by `check_tables`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from camtrap.outputs.exports.dp_fields import Field
from camtrap.outputs.exports.sites import MISSING_WORDS


class Wrong(NamedTuple):
    """What is wrong with a cell or a row: the rule's name, the column, and a sentence."""

    rule: str
    column: str
    sentence: str
    error: bool = True


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2})", re.ASCII)
_DRIVE = re.compile(r"[A-Za-z]:(?!//)[\\/]?")

_TRUE = frozenset({"true", "True", "TRUE", "1"})
_FALSE = frozenset({"false", "False", "FALSE", "0"})

_BOX = ("bboxX", "bboxY", "bboxWidth", "bboxHeight")
_BEYOND = 1e-6
"""By so much a box may leave the picture, for the sake of rounding."""

_NAMELESS = frozenset({"blank", "vehicle", "unclassified"})
"""Types of observation that cannot be of a taxon."""


def moment_of(text: str) -> datetime | None:
    """A time with its zone, to the second; None for anything else."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def number_of(text: str) -> float | None:
    """A number; None for anything else, and for what stands for no value."""
    return float(text) if _NUMBER.fullmatch(text) else None


def truth_of(text: str) -> bool | None:
    """A truth value; None for anything else."""
    return True if text in _TRUE else (False if text in _FALSE else None)


def check_cell(field: Field, text: str) -> Iterator[Wrong]:
    """What is wrong with one cell; `required` where it holds none of what must be there."""
    if text in MISSING_WORDS:
        if field.required:
            told = f"'{text}' is read as no value." if text else "it is empty."
            yield Wrong("required", field.name, f"it must be filled, and {told}")
        elif text and field.kind == "string":
            yield Wrong("missing-word", field.name, f"'{text}' is read as no value.", error=False)
        return
    yield from _KINDS[field.kind](field, text)
    if field.choices and text not in field.choices:
        yield Wrong("choice", field.name, f"'{text}' is none of {', '.join(field.choices)}.")
    if field.pattern and not re.match(field.pattern, text):
        yield Wrong("pattern", field.name, f"'{text}' is not of the form that the standard wants.")


def _string(field: Field, text: str) -> Iterator[Wrong]:
    yield from ()


def _any(field: Field, text: str) -> Iterator[Wrong]:
    try:
        json.loads(text)
    except ValueError:
        yield Wrong("json", field.name, "it is not JSON.", error=False)


def _number(field: Field, text: str) -> Iterator[Wrong]:
    if not (_INTEGER if field.kind == "integer" else _NUMBER).fullmatch(text):
        kind = "a whole number" if field.kind == "integer" else "a number"
        yield Wrong("type", field.name, f"'{text}' is not {kind}.")
        return
    value = float(text)
    if field.minimum is not None and value < field.minimum:
        yield Wrong("range", field.name, f"{text} is less than {field.minimum:g}.")
    if field.maximum is not None and value > field.maximum:
        yield Wrong("range", field.name, f"{text} is more than {field.maximum:g}.")


def _boolean(field: Field, text: str) -> Iterator[Wrong]:
    if truth_of(text) is None:
        yield Wrong("type", field.name, f"'{text}' is neither true nor false.")
    elif text not in ("true", "false"):
        told = f"write {str(truth_of(text)).lower()} instead of '{text}'."
        yield Wrong("spelling", field.name, told, error=False)


def _datetime(field: Field, text: str) -> Iterator[Wrong]:
    if moment_of(text) is None:
        told = f"'{text}' is not a time like 2026-03-05T02:14:09+05:45."
        yield Wrong("type", field.name, told)
    elif text[-1] != "Z" and text[-3] != ":":
        told = f"write '{text[:-2]}:{text[-2:]}' instead of '{text}'."
        yield Wrong("spelling", field.name, told, error=False)


_KINDS = {
    "string": _string,
    "any": _any,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "datetime": _datetime,
}


# -- rows: what no Table Schema can say


def check_deployment(row: Mapping[str, str]) -> Iterator[Wrong]:
    """Cells of a deployment that contradict each other."""
    start, end = moment_of(row["deploymentStart"]), moment_of(row["deploymentEnd"])
    if start is not None and end is not None and end < start:
        yield Wrong("deployment-order", "deploymentEnd", "it ends before it starts.")


def check_media(row: Mapping[str, str]) -> Iterator[Wrong]:
    """A path that only one computer understands."""
    path = row["filePath"]
    if "\\" in path or _DRIVE.match(path):
        yield Wrong("path", "filePath", f"'{path}' is a path of Windows; write it with slashes.")


def check_observation(row: Mapping[str, str]) -> Iterator[Wrong]:
    """Cells of an observation that contradict each other."""
    level, kind = row["observationLevel"], row["observationType"]
    has_media = row["mediaID"] not in MISSING_WORDS
    if level == "media" and not has_media:
        yield Wrong("level-media", "mediaID", "an observation of a file names none.")
    if level == "event" and has_media:
        yield Wrong("level-event", "mediaID", "an observation of an event names one file.")
    if level == "event" and row["eventID"] in MISSING_WORDS:
        yield Wrong("level-event-id", "eventID", "an event has no name.", error=False)
    if kind in _NAMELESS and row["scientificName"] not in MISSING_WORDS:
        told = f"'{row['scientificName']}' on what is {kind}."
        yield Wrong("name-on-blank", "scientificName", told)
    if kind in ("blank", "unclassified") and row["count"] not in MISSING_WORDS:
        yield Wrong("count-on-blank", "count", f"a count on what is {kind}.", error=False)
    start, end = moment_of(row["eventStart"]), moment_of(row["eventEnd"])
    if start is not None and end is not None and end < start:
        yield Wrong("event-order", "eventEnd", "it ends before it starts.")
    if row["classificationMethod"] == "machine" and row["classifiedBy"] in MISSING_WORDS:
        yield Wrong("machine", "classifiedBy", "the machine is not named.", error=False)
    yield from _check_box(row)


def _check_box(row: Mapping[str, str]) -> Iterator[Wrong]:
    given = [side for side in _BOX if row[side] not in MISSING_WORDS]
    if not given:
        return
    if len(given) < len(_BOX):
        yield Wrong("box-part", given[0], "a box needs all four of its sides.")
        return
    x, y, width, height = (number_of(row[side]) for side in _BOX)
    if x is not None and width is not None and x + width > 1 + _BEYOND:
        yield Wrong("box-beyond", "bboxWidth", "the box leaves the picture on the right.")
    if y is not None and height is not None and y + height > 1 + _BEYOND:
        yield Wrong("box-beyond", "bboxHeight", "the box leaves the picture at the bottom.")
