"""Between records and rows: how files, captures and detections go into SQLite and come back."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.records import Box, Capture, Detection, State

_CAPTURE = tuple(f.name for f in fields(Capture))


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as the season knows it: `name` is unique there, `root` is where it lay last."""

    card_id: int
    name: str
    root: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger: a file, its state and what is known of it."""

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

    @property
    def path(self) -> Path:
        """Where the file lay when its card was last seen."""
        return self.root / self.relative_path


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


def _capture_of(row: sqlite3.Row) -> Capture:
    values = {name: row[name] for name in _CAPTURE if row[name] is not None}
    if "taken_at" in values:
        values["taken_at"] = datetime.fromisoformat(values["taken_at"])
    if "night_scene" in values:
        values["night_scene"] = bool(values["night_scene"])
    return Capture(**values)


def detection_of(row: sqlite3.Row) -> Detection:
    """A row of the table `detection` as a record."""
    return Detection(
        label=row["label"],
        confidence=row["confidence"],
        box=Box(row["x"], row["y"], row["width"], row["height"]),
        score=row["score"],
        probabilities=json.loads(row["probabilities"]),
    )


def entry_of(row: sqlite3.Row, detections: tuple[Detection, ...]) -> Entry:
    """A row of the table `file`, joined with its card's name and root, as a record."""
    return Entry(
        file_id=row["file_id"],
        card=row["card_name"],
        root=path_of(row["root"]),
        relative_path=row["relative_path"],
        size=row["size"],
        state=State(row["state"]),
        reason=row["reason"],
        content_key=row["content_key"],
        duplicate_of=row["duplicate_of"],
        run_id=row["run_id"],
        confidence=row["confidence"],
        probabilities=json.loads(row["probabilities"]) if row["probabilities"] else {},
        width=row["width"],
        height=row["height"],
        infrared=None if row["infrared"] is None else bool(row["infrared"]),
        capture=_capture_of(row),
        detections=detections,
    )


def update_file(db: sqlite3.Connection, file_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one row of the table `file`."""
    assignments = ", ".join(f"{column} = ?" for column in values)
    db.execute(f"UPDATE file SET {assignments} WHERE file_id = ?", (*values.values(), file_id))
