"""The queue index is built: every event of the season, in the order in which people should look.

It holds what the machine said alone, so that it stays as it is while people decide: events are
those of `events.csv` before anybody's word, and bursts in which nothing was seen stand beside them.
An event is known by the smallest number of its files, which it keeps when the index is built again.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import xxhash

import camtrap
from camtrap.card.field_notes import read_field_notes
from camtrap.errors import SeasonError
from camtrap.events.bursts import bursts_ordered
from camtrap.events.frames import Frame, Placing, placing
from camtrap.events.rules import Rules, rules_of
from camtrap.ledger import individuals
from camtrap.ledger.reviews import live
from camtrap.ledger.schema import has_table
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import settings_of_last_run
from camtrap.outputs.season_events import SEEN, SeasonEvent, SeasonEvents
from camtrap.records import State

FORMAT = 1
"""Another number for another shape of the tables; an index of any other is built anew."""

RANKS: Mapping[str, int] = {
    State.LEOPARD: 0,
    State.PERSON: 1,
    State.VEHICLE: 2,
    State.UNSURE: 3,
    State.PREY: 5,
    State.OTHER: 6,
    State.EMPTY: 7,
}
"""In which order people look; within a label, what is most like a leopard comes first."""

AUDIT_RANK = 4
"""The audit's sample of what the machine put away."""

LAST = datetime.max.isoformat()
"""Where events without a time are put. ISO times without a zone sort as text as they do in time."""

_CREATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE event (
    event INTEGER PRIMARY KEY, name TEXT NOT NULL, station TEXT NOT NULL, deployment TEXT NOT NULL,
    start TEXT, "end" TEXT, label TEXT NOT NULL, confidence REAL NOT NULL, leopard REAL NOT NULL,
    frames INTEGER NOT NULL, count INTEGER, cover INTEGER NOT NULL, dated INTEGER NOT NULL,
    rank INTEGER NOT NULL, sort REAL NOT NULL
);
CREATE TABLE file (
    file_id INTEGER PRIMARY KEY, event INTEGER NOT NULL, place INTEGER NOT NULL,
    label TEXT NOT NULL, taken_at TEXT, suppressed TEXT
);
CREATE TABLE audit (event INTEGER PRIMARY KEY, place INTEGER NOT NULL);
CREATE TABLE station (station TEXT PRIMARY KEY, x REAL, y REAL) WITHOUT ROWID;
CREATE TEMP TABLE seen (
    file_id INTEGER PRIMARY KEY, place INTEGER, deployment TEXT, station TEXT, label TEXT,
    taken_at TEXT, dated INTEGER, sequence_index INTEGER, sequence_length INTEGER,
    maker_event INTEGER, confidence REAL, leopard REAL
);
"""
_FINISH = (
    f"CREATE INDEX event_by_rank ON event (rank, sort DESC, coalesce(start, '{LAST}'), event)",
    f"CREATE INDEX event_by_time ON event (coalesce(start, '{LAST}'), event)",
    f"CREATE INDEX event_by_station ON event (station, coalesce(start, '{LAST}'), event)",
    "CREATE INDEX file_by_event ON file (event, place)",
)
_KEEP_EVENT = f"INSERT INTO event VALUES ({', '.join('?' * 15)})"
_KEEP_FILE = "INSERT INTO file SELECT file_id, ?, ?, label, taken_at, ? FROM seen WHERE file_id = ?"
_AUDIT_TABLES = ("audit", "audit_draw", "audit_picture")
_ASK_FRAMES = 1_000


class Stopped(Exception):  # noqa: N818 - somebody asked for it
    """The building was stopped; nothing was put in place."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A frame in which nothing was seen, as bursts ask for it."""

    key: int
    place: int
    deployment: str
    station: str
    taken_at: datetime | None
    dated: bool
    sequence_index: int | None
    sequence_length: int | None
    maker_event: int | None
    confidence: float
    leopard: float


def fingerprint(ledger: Ledger) -> str:
    """Everything that the index is made of, as short text: all but what people say.

    The ledger counts changed rows of every table; those of words and audits are taken off again.
    """
    db = ledger.db
    counted = db.execute("SELECT coalesce(sum(count), 0) FROM change").fetchone()[0]
    said = {
        "format": FORMAT,
        "camtrap": camtrap.__version__,
        "changes": counted - _said_changes(db),
        "cards": [[card.card_id, card.name] for card in ledger.cards()],
        "settings": settings_of_last_run(ledger).as_dict(),
        "field notes": repr(read_field_notes(ledger.season)),
    }
    text = json.dumps(said, sort_keys=True, default=str)
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


def _said_changes(db: sqlite3.Connection) -> int:
    """How many of the ledger's changes are words that came or were taken back, or an audit's draw.

    Whatever else changes these tables makes the index stale, which costs no more than time.
    """
    changes = individuals.changes(db)
    for table in ("review", *_AUDIT_TABLES):
        if has_table(db, table):
            changes += db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    if has_table(db, "review") and live(db) != "true":
        changes += db.execute(
            "SELECT count(*) FROM review WHERE undo_number IS NOT NULL"
        ).fetchone()[0]
    return changes


def build(
    season: Path,
    put: Callable[[Path], None],
    part: Path,
    stopped: Callable[[], bool] = lambda: False,
) -> str:
    """Build the index of a season as the file `part` and hand it to `put`; returns its fingerprint.

    Streams: however large the season, little is in memory. Raises `Stopped` soon after `stopped`
    says so, `SeasonError` when it cannot be
    built, `NotesError` for a table of the season that cannot be used, `OSError` when `part`
    cannot be written.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    try:
        with Ledger(season) as ledger:
            # As for exports: all is of one moment where people may look on while a run writes.
            if ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                ledger.db.execute("BEGIN")
            made_of = fingerprint(ledger)
            _fill(part, ledger, made_of, stopped)
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())  # an index that the power cut short is put in no place
        put(part)
    except sqlite3.Error as error:
        raise SeasonError(
            f"The review's index cannot be built in {part.parent}: {error}. Check the free "
            "space, then start the review again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return made_of


def _fill(path: Path, ledger: Ledger, made_of: str, stopped: Callable[[], bool]) -> None:
    # Without people's words, that is how the machine alone tells the season.
    placed = replace(placing(ledger), reviews=None)
    rules = rules_of(settings_of_last_run(ledger), ledger.run_notes())
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _CREATE)
        db.execute("BEGIN")
        spots = _Spots(placed)
        passing = spots.passing(_noted(db, placed.frames(ledger), stopped))
        with SeasonEvents(passing, rules) as events:
            for event, files in events.with_files(*SEEN):
                if stopped():
                    raise Stopped
                quiet = {number: events.suppressed_by(number) for number in files}
                _keep(db, event, files, quiet)
            _keep_empty(db, rules, events)
        db.executemany("INSERT INTO station VALUES (?, ?, ?)", spots.drawn())
        for statement in _FINISH:
            db.execute(statement)
        db.executemany("INSERT INTO meta VALUES (?, ?)", _facts(db, ledger, made_of).items())
        db.execute("COMMIT")


def _facts(db: sqlite3.Connection, ledger: Ledger, made_of: str) -> dict[str, str]:
    """What the first screen tells of the season, so that nothing needs to be counted for it."""
    totals = {str(state): count for state, count in ledger.totals().items()}
    events, first, last = db.execute(
        "SELECT count(*), min(start) FILTER (WHERE dated), max(start) FILTER (WHERE dated)"
        " FROM event"
    ).fetchone()
    return {
        "format": str(FORMAT),
        "made_of": made_of,
        "states": json.dumps(totals),
        "events": str(events),
        "first_date": (first or "")[:10],
        "last_date": (last or "")[:10],
    }


def _noted(
    db: sqlite3.Connection, frames: Iterable[Frame], stopped: Callable[[], bool]
) -> Iterator[Frame]:
    """The same frames, each that was looked at noted as it passes."""
    query = f"INSERT INTO seen VALUES ({', '.join('?' * 12)})"
    for place, frame in enumerate(frames):
        if place % _ASK_FRAMES == 0 and stopped():
            raise Stopped
        if frame.label.is_label:
            entry, capture = frame.entry, frame.entry.capture
            row = (
                *(entry.file_id, place, frame.deployment_id, frame.station_id, frame.label.value),
                frame.taken_at.isoformat() if frame.taken_at is not None else None,
                *(frame.dated, capture.sequence_index, capture.sequence_length),
                *(capture.maker_event, entry.confidence or 0.0),
                entry.probabilities.get("leopard", 0.0),
            )
            db.execute(query, row)
        yield frame


def _keep(
    db: sqlite3.Connection, event: SeasonEvent, files: list[int], quiet: Mapping[int, str]
) -> None:
    number = min(files)
    db.execute(
        _KEEP_EVENT,
        (
            *(number, event.name, event.station, event.deployment),
            *(_text(event.start), _text(event.end), event.label.value, event.confidence),
            *(event.leopard, len(files), event.count_min, event.shown, event.dated),
            *(RANKS[event.label], event.leopard),
        ),
    )
    rows = ((number, place, quiet[file] or None, file) for place, file in enumerate(files))
    db.executemany(_KEEP_FILE, rows)


def _keep_empty(db: sqlite3.Connection, rules: Rules, events: SeasonEvents) -> None:
    """Bursts of which no event tells: nothing was seen in them, or what never moves."""
    rows = db.execute(
        "SELECT file_id, place, deployment, station, taken_at, dated, sequence_index,"
        " sequence_length, maker_event, confidence, leopard FROM seen"
        " WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.file_id = seen.file_id)"
        f" ORDER BY deployment, coalesce(taken_at, '{LAST}'), coalesce(maker_event, -1),"
        " coalesce(sequence_index, -1), place, file_id"
    )
    for burst in bursts_ordered(map(_shot_of, rows), rules.burst_gap):
        number = min(shot.key for shot in burst)
        likest = max(burst, key=lambda shot: (shot.leopard, -shot.place))
        times = [shot.taken_at for shot in burst if shot.taken_at is not None]
        db.execute(
            _KEEP_EVENT,
            (
                *(number, "", burst[0].station, burst[0].deployment),
                *(_text(min(times, default=None)), _text(max(times, default=None))),
                *(State.EMPTY.value, min(shot.confidence for shot in burst), likest.leopard),
                *(len(burst), None, likest.key, burst[0].dated),
                *(RANKS[State.EMPTY], likest.leopard),
            ),
        )
        files = (
            (number, place, events.suppressed_by(shot.key) or None, shot.key)
            for place, shot in enumerate(burst)
        )
        db.executemany(_KEEP_FILE, files)


def _shot_of(row: tuple[Any, ...]) -> _Shot:
    key, place, deployment, station, taken_at, dated, *rest = row
    moment = None if taken_at is None else datetime.fromisoformat(taken_at)
    return _Shot(key, place, deployment, station, moment, bool(dated), *rest)


class _Spots:
    """Where stations lie to each other: of each, the first place that is told."""

    def __init__(self, placed: Placing) -> None:
        self._found: dict[str, tuple[float, float] | None] = {}
        for deployment in placed.notes:
            self._note(deployment.station_id, deployment.latitude, deployment.longitude)

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, their places noted."""
        for frame in frames:
            if self._found.get(frame.station_id) is None:
                self._note(frame.station_id, frame.latitude, frame.longitude)
            yield frame

    def _note(self, station: str, latitude: float | None, longitude: float | None) -> None:
        place = None if latitude is None or longitude is None else (latitude, longitude)
        self._found[station] = self._found.get(station) or place

    def drawn(self) -> list[tuple[str, float | None, float | None]]:
        """Every station with x to the east and y to the south, 0..1, as a sketch has them.

        Both share one scale. No coordinates can be made of it: neither place nor scale are told.
        """
        known = {name: place for name, place in self._found.items() if place is not None}
        if not known:
            return [(name, None, None) for name in sorted(self._found)]
        middle = math.cos(math.radians(sum(lat for lat, _ in known.values()) / len(known)))
        flat = {name: (lon * middle, -lat) for name, (lat, lon) in known.items()}
        left, top = (min(values) for values in zip(*flat.values(), strict=True))
        right, bottom = (max(values) for values in zip(*flat.values(), strict=True))
        span = max(right - left, bottom - top) or 1.0
        shift_x, shift_y = (span - (right - left)) / 2, (span - (bottom - top)) / 2
        spots: list[tuple[str, float | None, float | None]] = []
        for name in sorted(self._found):
            if name not in flat:
                spots.append((name, None, None))
                continue
            x, y = flat[name]
            place = ((x - left + shift_x) / span, (y - top + shift_y) / span)
            spots.append((name, round(place[0], 4), round(place[1], 4)))
        return spots


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
