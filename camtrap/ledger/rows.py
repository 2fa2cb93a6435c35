"""Between records and rows: how files, captures and detections go into SQLite and come back."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from camtrap.records import Box, Capture, Clip, Detection, State

_CAPTURE = tuple(f.name for f in fields(Capture))
_SOURCE, _NIGHT = map(_CAPTURE.index, ("timestamp_source", "night_scene"))

ENTRY_COLUMNS = ", ".join(
    (
        *("file_id", "card.name", "card.root", "relative_path", "size", "state", "reason"),
        *("content_key", "duplicate_of", "run_id", "confidence", "probabilities"),
        *("width", "height", "infrared", *_CAPTURE),
    )
)
"""What `entry_of` reads, from `file` joined with `card`, in its order."""

DETECTION_COLUMNS = ("label", "confidence", "x", "y", "width", "height", "score", "probabilities")
"""What `detection_of` reads, in its order."""

Values = Sequence[Any]
"""A row of SQLite. A season has a million, and asking for a column by its name takes its time."""


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as the season knows it: `name` is unique there, `root` is where it lay last."""

    card_id: int
    name: str
    root: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger: a file, its state and what is known of it.

    `clip` is None for a picture, and for a clip of which nothing was stored.
    """

    file_id: int
    card: str
    root: Path
    relative_path: str
    size: int
    state: State
    reason: str
    content_key: str
    duplicate_of: int | None
    run_id: int | None
    confidence: float | None
    probabilities: dict[str, float]
    width: int | None
    height: int | None
    infrared: bool | None
    capture: Capture
    detections: tuple[Detection, ...]
    clip: Clip | None = None

    @property
    def path(self) -> Path:
        """Where the file lay when its card was last seen."""
        return self.root / self.relative_path


class Glimpse(NamedTuple):
    """What a census of the season asks of a file, in the columns' own form."""

    card: str
    relative_path: str
    state: str
    timestamp_source: str | None
    taken_at: str | None


def text_of(value: str) -> str:
    """Text that SQLite can hold: bytes that are not UTF-8 in a file's name are shown as `\\xNN`."""
    try:
        value.encode()
        return value
    except UnicodeEncodeError:
        return _raw(value).decode("utf-8", "backslashreplace")


def stored_path(path: Path) -> str | bytes:
    """A path as SQLite can hold it, whatever bytes its names are made of."""
    text = str(path)
    return text if text_of(text) == text else _raw(text)


@lru_cache(maxsize=16)
def path_of(stored: str | bytes) -> Path:
    """The path that `stored_path` was given."""
    return Path(os.fsdecode(stored))


def _raw(value: str) -> bytes:
    try:
        return os.fsencode(value)
    except UnicodeEncodeError:  # half a character (a lone surrogate), as broken JSON holds it
        return value.encode("utf-8", "surrogatepass")


def capture_values(capture: Capture) -> dict[str, Any]:
    """A capture as one value a column."""
    values = {name: getattr(capture, name) for name in _CAPTURE}
    values["taken_at"] = capture.taken_at.isoformat() if capture.taken_at else None
    return {
        name: text_of(value) if isinstance(value, str) else value for name, value in values.items()
    }


def _capture_of(values: Values) -> Capture:
    if values[_SOURCE] is None:  # every look at a file leaves one, be it empty
        return Capture()
    told = list(values)
    told[0] = told[0] and datetime.fromisoformat(told[0])
    if told[_NIGHT] is not None:
        told[_NIGHT] = bool(told[_NIGHT])
    return Capture(*told)


def detection_of(values: Values) -> Detection:
    """A detection from `DETECTION_COLUMNS`."""
    label, confidence, x, y, width, height, score, probabilities = values
    return Detection(label, confidence, Box(x, y, width, height), score, json.loads(probabilities))


def entry_of(values: Values, detections: tuple[Detection, ...], clip: Clip | None = None) -> Entry:
    """A file as a record, from `ENTRY_COLUMNS`; what comes behind them is not looked at."""
    file_id, card, root, relative_path, size, state, reason = values[:7]
    content_key, duplicate_of, run_id, confidence, probabilities = values[7:12]
    width, height, infrared = values[12:15]
    return Entry(
        file_id,
        card,
        path_of(root),
        relative_path,
        size,
        State(state),
        reason,
        content_key,
        duplicate_of,
        run_id,
        confidence,
        json.loads(probabilities) if probabilities else {},
        width,
        height,
        None if infrared is None else bool(infrared),
        _capture_of(values[15 : 15 + len(_CAPTURE)]),
        detections,
        clip,
    )


def update_file(db: sqlite3.Connection, file_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one row of the table `file`."""
    assignments = ", ".join(f"{column} = ?" for column in values)
    db.execute(f"UPDATE file SET {assignments} WHERE file_id = ?", (*values.values(), file_id))
