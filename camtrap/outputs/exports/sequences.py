"""Which frames one trigger took, and the place of each among them; however many files there are.

The bursts are those of `events.bursts`, over all frames that are given, empty ones included. They
are kept in a scratch file of SQLite's own that goes with the object.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from camtrap.events.bursts import bursts_ordered
from camtrap.events.frames import Frame
from camtrap.events.names import image_id


class Step(NamedTuple):
    """A frame's place: the burst, called after its first frame, the number in it from 0, and how
    many frames it has."""

    burst: str
    number: int
    frame_count: int


@dataclass(frozen=True, slots=True)
class _Shot:
    """A frame, as far as bursts go (see `bursts.Shot`)."""

    key: int
    place: int
    deployment: str
    taken_at: datetime | None
    dated: bool
    sequence_index: int | None
    sequence_length: int | None
    maker_event: int | None


class Sequences:
    """The bursts of some frames, which come in the ledger's order; close it at the end."""

    def __init__(self, frames: Iterable[Frame], gap: timedelta) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        # What a crash leaves of a scratch file is worth nothing, so no journal is written.
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA cache_size = -2000;"
            "CREATE TABLE shot (key INTEGER PRIMARY KEY, place INTEGER, deployment TEXT,"
            " taken_at TEXT, dated INTEGER, sequence_index INTEGER, sequence_length INTEGER,"
            " maker_event INTEGER, name TEXT);"
            "CREATE TABLE step (key INTEGER PRIMARY KEY, burst INTEGER, number INTEGER,"
            " count INTEGER); BEGIN;"
        )
        self._db.executemany(
            "INSERT INTO shot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_row(place, frame) for place, frame in enumerate(frames)),
        )
        for burst in bursts_ordered(self._ordered(), gap):
            self._db.executemany(
                "INSERT INTO step VALUES (?, ?, ?, ?)",
                ((shot.key, burst[0].key, number, len(burst)) for number, shot in enumerate(burst)),
            )

    def close(self) -> None:
        """Forget all of it."""
        self._db.close()

    def of(self, file_id: int) -> Step:
        """The place of one of the frames in its burst; raises `KeyError` for any other."""
        row = self._db.execute(
            "SELECT name, number, count FROM step JOIN shot ON shot.key = burst WHERE step.key = ?",
            (file_id,),
        ).fetchone()
        if row is None:
            raise KeyError(file_id)
        return Step(*row)

    def _ordered(self) -> Iterator[_Shot]:
        # The order of `bursts.order`; ISO times without a zone sort as text as they do in time.
        rows = self._db.execute(
            "SELECT key, place, deployment, taken_at, dated, sequence_index, sequence_length,"
            " maker_event FROM shot"
            " ORDER BY deployment, coalesce(taken_at, '9999-12-31T23:59:59.9'),"
            " coalesce(maker_event, -1), coalesce(sequence_index, -1), place, key"
        )
        for key, place, deployment, taken_at, dated, *numbers in rows:
            moment = None if taken_at is None else datetime.fromisoformat(taken_at)
            yield _Shot(key, place, deployment, moment, bool(dated), *numbers)


def _row(place: int, frame: Frame) -> tuple[object, ...]:
    capture = frame.entry.capture
    return (
        frame.entry.file_id,
        place,
        frame.deployment_id,
        None if frame.taken_at is None else frame.taken_at.isoformat(),
        frame.dated,
        capture.sequence_index,
        capture.sequence_length,
        capture.maker_event,
        image_id(frame.entry),
    )
