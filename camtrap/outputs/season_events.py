"""All events of a season, in a scratch file: however many they are, few are in memory at a time.

The file is SQLite's own, in the computer's folder for temporary files, and vanishes with the
object. Nothing of it is kept: the ledger alone says what is known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from camtrap.errors import SeasonError
from camtrap.events import names
from camtrap.events.grouping import DEFAULT_GAP, Event, Sighting, group_ordered
from camtrap.ledger.rows import Entry
from camtrap.records import State

SEEN = frozenset(
    {State.LEOPARD, State.PREY, State.OTHER, State.PERSON, State.VEHICLE, State.UNSURE}
)
"""States that make an event; empty frames make none."""

_LAST, _FIRST = datetime.max.isoformat(), datetime.min.isoformat()
"""Where events without a time are put. ISO times without a zone sort as text as they do in time."""

_CACHE_KB = 500

_CREATE = """
CREATE TABLE sighting (
    file_id INTEGER PRIMARY KEY, place INTEGER, deployment TEXT, station TEXT, label TEXT,
    taken_at TEXT, dated INTEGER, confidence REAL, box_count INTEGER, leopard REAL
);
CREATE TABLE grouped (
    event_id INTEGER PRIMARY KEY, deployment TEXT, label TEXT, start TEXT, "end" TEXT,
    image_count INTEGER, count_min INTEGER, first INTEGER, best INTEGER, confidence REAL,
    shown INTEGER
);
CREATE TABLE frame (file_id INTEGER PRIMARY KEY, event_id INTEGER);
CREATE INDEX frame_by_event ON frame (event_id);
CREATE TABLE event (
    event_id INTEGER PRIMARY KEY, place INTEGER, name TEXT, deployment TEXT, label TEXT,
    start TEXT, "end" TEXT, image_count INTEGER, count_min INTEGER, best INTEGER, confidence REAL,
    shown INTEGER, station TEXT, dated INTEGER, shown_confidence REAL, leopard REAL
);
"""

# Of a doubtful event, the frame most like a leopard is the one that a person has to see.
_SHOW = f"""
UPDATE grouped SET shown = (
    SELECT frame.file_id FROM frame JOIN sighting USING (file_id)
    JOIN grouped AS same USING (event_id) WHERE frame.event_id = grouped.event_id
    ORDER BY leopard DESC, frame.file_id != same.best, place LIMIT 1
) WHERE label = '{State.UNSURE}'
"""

# Events are numbered within their deployment, in the order of their first frames.
_NAME = f"""
INSERT INTO event SELECT event_id,
    row_number() OVER (ORDER BY deployment, coalesce(start, '{_LAST}'), label, first),
    deployment || printf('_e%04d', row_number() OVER
        (PARTITION BY deployment ORDER BY coalesce(start, '{_LAST}'), label, first)),
    deployment, label, start, "end", image_count, count_min, best, confidence,
    shown, station, dated, shown_confidence, leopard
FROM grouped JOIN (
    SELECT file_id AS shown, station, dated, confidence AS shown_confidence, leopard FROM sighting
) USING (shown)
"""

_COLUMNS = (
    'name, deployment, label, start, "end", image_count, count_min, best, confidence,'
    " shown, station, dated, shown_confidence, leopard"
)

CERTAIN = "shown_confidence DESC, name"
LATEST = f"coalesce(start, '{_FIRST}') DESC, {CERTAIN}"
LIKE_A_LEOPARD = f"leopard DESC, {CERTAIN}"
"""Orders in which a page may ask for events."""


@dataclass(frozen=True, slots=True)
class SeasonEvent:
    """An event as every output names it.

    `best` is the number of its most certain file, and `confidence` that file's. `shown` is the file
    that stands for it on a page, of which `station`, `shown_confidence` and `leopard` are told;
    `dated` is true when its time is the camera's.
    """

    name: str
    deployment: str
    label: State
    start: datetime | None
    end: datetime | None
    image_count: int
    count_min: int | None
    best: int
    confidence: float
    shown: int
    station: str
    dated: bool
    shown_confidence: float
    leopard: float

    @property
    def began(self) -> datetime | None:
        """When it began, unless only the file's own date would tell."""
        return self.start if self.dated else None


class SeasonEvents:
    """The events of some entries; use it as a context manager, or it goes with the last reference.

    `entries` come in the order of the ledger; those that show nothing are passed over. Raises
    `SeasonError` when there is no room for temporary files.
    """

    def __init__(self, entries: Iterable[Entry], gap: timedelta = DEFAULT_GAP) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        try:
            # What a crash leaves of a scratch file is worth nothing, so no journal is written.
            # It is read and written in order, to which a large cache adds nothing but memory.
            self._db.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{_CACHE_KB}; {_CREATE} BEGIN;"
            )
            rows = (_row(place, entry) for place, entry in enumerate(entries))
            self._db.executemany(
                "INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (row for row in rows if row is not None),
            )
            for event_id, event in enumerate(group_ordered(self._sightings(), gap)):
                self._keep(event_id, event)
            self._db.execute(_SHOW)
            self._db.execute(_NAME)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._db.close()
            raise SeasonError(
                f"The events cannot be grouped: {error}. Check the free space of the folder for "
                "temporary files, then run the same command again."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def __len__(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
        return count

    def __iter__(self) -> Iterator[SeasonEvent]:
        """Every event, by deployment, start and label; streams."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM event ORDER BY place")
        return map(_event_of, rows)

    def first(self, order: str, limit: int, *labels: State) -> list[SeasonEvent]:
        """The first events of some labels in one of the orders above."""
        wanted = ", ".join("?" * len(labels))
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM event WHERE label IN ({wanted}) ORDER BY {order} LIMIT ?",
            (*labels, limit),
        )
        return list(map(_event_of, rows))

    def event_of(self, file_id: int) -> str:
        """The name of the event that a file is part of; empty when it is part of none."""
        row = self._db.execute(
            "SELECT name FROM frame JOIN event USING (event_id) WHERE file_id = ?", (file_id,)
        ).fetchone()
        return "" if row is None else row[0]

    def _sightings(self) -> Iterator[Sighting]:
        rows = self._db.execute(
            "SELECT file_id, deployment, label, taken_at, confidence, box_count FROM sighting"
            f" ORDER BY deployment, label, coalesce(taken_at, '{_LAST}'), file_id"
        )
        for file_id, deployment, label, taken_at, confidence, box_count in rows:
            yield Sighting(file_id, deployment, label, _moment(taken_at), confidence, box_count)

    def _keep(self, event_id: int, event: Event) -> None:
        best = event.best
        self._db.execute(
            "INSERT INTO grouped VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event_id,
                event.deployment,
                event.label,
                _text(event.start),
                _text(event.end),
                len(event.sightings),
                event.count_min,
                event.sightings[0].key,
                best.key,
                best.confidence,
                best.key,
            ),
        )
        self._db.executemany(
            "INSERT INTO frame VALUES (?, ?)",
            ((sighting.key, event_id) for sighting in event.sightings),
        )


def camera_dated(timestamp_source: str | None) -> bool:
    """True when the camera gave the time; a file's own date changes with copying."""
    return timestamp_source != "modified"


def _row(place: int, entry: Entry) -> tuple[Any, ...] | None:
    """What was seen in a frame; empty, unread and double frames are left out."""
    if entry.state not in SEEN:
        return None
    return (
        entry.file_id,
        place,
        names.deployment_id(entry),
        names.station_id(entry),
        entry.state,
        _text(entry.capture.taken_at),
        camera_dated(entry.capture.timestamp_source),
        entry.confidence or 0.0,
        sum(detection.label == entry.state for detection in entry.detections),
        entry.probabilities.get(State.LEOPARD, 0.0),
    )


def _event_of(row: tuple[Any, ...]) -> SeasonEvent:
    name, deployment, label, start, end, *counts = row
    image_count, count_min, best, confidence, shown, station, dated, *chances = counts
    return SeasonEvent(
        name,
        deployment,
        State(label),
        _moment(start),
        _moment(end),
        image_count,
        count_min,
        best,
        confidence,
        shown,
        station,
        bool(dated),
        *chances,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
