"""Frames as rows of the scratch file in which a season's events are made.

Only what bursts and events ask of a frame is kept, and of an empty one hardly anything: most of a
season is empty.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from camtrap.events.frames import Frame
from camtrap.events.fusion import Look, Sign
from camtrap.records import LABELS, UNSURE, Box, Detection, State
from camtrap.vision.calibration import LIVING

_LAST = datetime.max.isoformat()
"""Where frames without a time are put. ISO times without a zone sort as text as they do in time."""

CREATE = """
CREATE TABLE look (
    file_id INTEGER PRIMARY KEY, place INTEGER, deployment TEXT, station TEXT, label TEXT,
    reviewed_at TEXT, taken_at TEXT, dated INTEGER, sequence_index INTEGER, sequence_length INTEGER,
    maker_event INTEGER, confidence REAL, leopard REAL, chances BLOB, signs BLOB
);
"""

INSERT = f"INSERT INTO look VALUES ({', '.join('?' * 15)})"

_COLUMNS = (
    "file_id, deployment, label, taken_at, dated, sequence_index, sequence_length, maker_event,"
    " place, reviewed_at, confidence, chances, signs"
)
_ORDER = (
    f"deployment, coalesce(taken_at, '{_LAST}'), coalesce(maker_event, -1),"
    " coalesce(sequence_index, -1), place, file_id"
)
_CHANCES = struct.Struct(f"<{len(LABELS)}d")
_SIGN = struct.Struct("<b6d")
_NAMES = (*LABELS, UNSURE)
_NUMBER = {label: number for number, label in enumerate(_NAMES)}


def row_of(place: int, frame: Frame) -> tuple[Any, ...] | None:
    """A frame as a row; None for one that was not looked at. `place` is its place in the season."""
    if not frame.label.is_label:
        return None
    entry, capture = frame.entry, frame.entry.capture
    # A frame that the model put away shows nothing; what a person finds empty may still hold what
    # never moves.
    shows = frame.label is not State.EMPTY or frame.review is not None
    return (
        entry.file_id,
        place,
        frame.deployment_id,
        frame.station_id,
        frame.label.value,
        frame.review.reviewed_at if frame.review is not None else None,
        frame.taken_at.isoformat() if frame.taken_at is not None else None,
        frame.dated,
        capture.sequence_index,
        capture.sequence_length,
        capture.maker_event,
        entry.confidence or 0.0,
        entry.probabilities.get("leopard", 0.0),
        _packed_chances(entry.probabilities) if shows else None,
        b"".join(map(_packed_sign, entry.detections)) or None if shows else None,
    )


def looks(db: sqlite3.Connection, *, with_boxes: bool = False) -> Iterator[Look]:
    """Every frame by camera and time, as `bursts.order` has it; streams.

    `with_boxes` leaves out those without, except leopards.
    """
    chosen = f"WHERE signs IS NOT NULL OR label = '{State.LEOPARD}'" if with_boxes else ""
    rows = db.execute(f"SELECT {_COLUMNS} FROM look {chosen} ORDER BY {_ORDER}")
    return map(_look_of, rows)


def _look_of(row: tuple[Any, ...]) -> Look:
    key, deployment, label, taken_at, dated, index, length, event, place = row[:9]
    reviewed_at, confidence, chances, signs = row[9:]
    return Look(
        key,
        deployment,
        State(label),
        datetime.fromisoformat(taken_at) if taken_at is not None else None,
        bool(dated),
        index,
        length,
        event,
        place,
        reviewed_at is not None,
        confidence,
        dict(zip(LABELS, _CHANCES.unpack(chances), strict=True)) if chances else None,
        tuple(map(_sign_of, _SIGN.iter_unpack(signs))) if signs else (),
    )


def _packed_chances(chances: dict[str, float]) -> bytes | None:
    try:
        return _CHANCES.pack(*map(chances.__getitem__, LABELS))
    except KeyError:  # a picture that was not looked at, or one of an older model
        return None


def _packed_sign(detection: Detection) -> bytes:
    said = detection.probabilities
    alive = sum(said.get(label, 0.0) for label in LIVING) if said else detection.confidence
    number = _NUMBER.get(detection.label, -1)
    return _SIGN.pack(number, detection.confidence, alive, *detection.box)


def _sign_of(values: tuple[Any, ...]) -> Sign:
    number, confidence, alive, *box = values
    return Sign(_NAMES[number] if number >= 0 else "", confidence, alive, Box(*box))
