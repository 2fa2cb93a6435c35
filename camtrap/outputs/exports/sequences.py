"""Which frames one trigger took, and the place of each among them; however many files there are.

The bursts are those of `events.bursts`, over all frames that are given, empty ones included. They
are kept in a scratch file of SQLite's own that goes with the object.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from camtrap.events.bursts import bursts_ordered
from camtrap.events.frames import Frame
from camtrap.events.names import image_id
from camtrap.events.shots import StoredShot, create_shots, ordered_shots, store_shots


class Step(NamedTuple):
    """A frame's place: the burst, called after its first frame, the number in it from 0, and how
    many frames it has."""

    burst: str
    number: int
    frame_count: int


class Sequences:
    """The bursts of some frames, which come in the ledger's order; close it at the end."""

    def __init__(self, frames: Iterable[Frame], gap: timedelta) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        create_shots(self._db, "name TEXT", cache_kb=2_000)
        self._db.execute(
            "CREATE TABLE step (key INTEGER PRIMARY KEY, burst INTEGER, number INTEGER,"
            " count INTEGER)"
        )
        store_shots(self._db, ((frame, (image_id(frame.entry),)) for frame in frames))
        for burst in bursts_ordered(ordered_shots(self._db, StoredShot), gap):
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
