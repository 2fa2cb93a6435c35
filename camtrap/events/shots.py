"""Frames into bursts however many there are: they wait for their order in a scratch database.

The database is a file of SQLite's own that goes when it is closed. Whoever needs more of a frame
than bursts do keeps it in further columns and derives from `StoredShot`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

from camtrap.events.frames import Frame

_LAST = datetime.max.isoformat()
_COLUMNS = (
    "key INTEGER PRIMARY KEY, place INTEGER, deployment TEXT, taken_at TEXT, dated INTEGER,"
    " sequence_index INTEGER, sequence_length INTEGER, maker_event INTEGER"
)


@dataclass(frozen=True, slots=True)
class StoredShot:
    """A frame as far as bursts go (see `bursts.Shot`); `key` is its file's number."""

    key: int
    place: int
    deployment: str
    taken_at: datetime | None
    dated: bool
    sequence_index: int | None
    sequence_length: int | None
    maker_event: int | None


K = TypeVar("K", bound=StoredShot)


def create_shots(db: sqlite3.Connection, more: str, cache_kb: int) -> None:
    """Make the table `shot` in an empty scratch database; `more` are its further columns.

    A transaction is begun. What a crash leaves of such a file is worth nothing, so there is no
    journal. Raises `sqlite3.Error` without room for it, as the functions below do.
    """
    db.executescript(
        f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{cache_kb};"
        f"CREATE TABLE shot ({_COLUMNS}, {more}); BEGIN;"
    )


def store_shots(db: sqlite3.Connection, frames: Iterable[tuple[Frame, tuple[object, ...]]]) -> None:
    """Store frames, which come in the ledger's order, each with its further columns."""
    count = len(db.execute("SELECT * FROM shot").description)
    rows = (_row(place, frame, more) for place, (frame, more) in enumerate(frames))
    db.executemany(f"INSERT INTO shot VALUES ({', '.join('?' * count)})", rows)


def ordered_shots(db: sqlite3.Connection, kind: type[K]) -> Iterator[K]:
    """All of them in the order of `bursts.order`, with the further columns that `kind` names."""
    names = ", ".join(field.name for field in fields(kind))
    # ISO times without a zone sort as text as they do in time.
    rows = db.execute(
        f"SELECT {names} FROM shot ORDER BY deployment, coalesce(taken_at, '{_LAST}'),"
        " coalesce(maker_event, -1), coalesce(sequence_index, -1), place, key"
    )
    for key, place, deployment, taken_at, dated, *rest in rows:
        moment = None if taken_at is None else datetime.fromisoformat(taken_at)
        yield kind(key, place, deployment, moment, bool(dated), *rest)


def _row(place: int, frame: Frame, more: tuple[object, ...]) -> tuple[object, ...]:
    capture = frame.entry.capture
    return (
        *(frame.entry.file_id, place, frame.deployment_id),
        None if frame.taken_at is None else frame.taken_at.isoformat(),
        *(frame.dated, capture.sequence_index, capture.sequence_length, capture.maker_event),
        *more,
    )
