"""Between records and rows: how files, captures and detections are written into SQLite and read back."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.records import Box, Capture, Detection, State

_CAPTURE = tuple(f.name for f in fields(Capture))


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as the season knows it: `name` is unique in the season, `root` is where it lay last."""

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
    return os.fsencode(value).decode("utf-8", "backslashreplace") if _has_raw(value) else value


def _has_raw(value: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in value)


def capture_values(capture: Capture) -> dict[str, Any]:
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
    return Detection(
        label=row["label"],
        confidence=row["confidence"],
        box=Box(row["x"], row["y"], row["width"], row["height"]),
        score=row["score"],
        probabilities=json.loads(row["probabilities"]),
    )


def entry_of(row: sqlite3.Row, detections: tuple[Detection, ...]) -> Entry:
    return Entry(
        file_id=row["file_id"],
        card=row["card_name"],
        root=Path(row["root"]),
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
