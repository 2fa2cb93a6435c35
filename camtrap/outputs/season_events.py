"""All events of a season, in a scratch file: however many they are, few are in memory at a time.

The file is SQLite's own, in the computer's folder for temporary files, and vanishes with the
object. Nothing of it is kept: the ledger and the season's own tables alone say what is known.

Frames become bursts, bursts show labels, and what they show becomes events (`docs/events.md`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from camtrap.errors import SeasonError
from camtrap.events.bursts import bursts_ordered
from camtrap.events.frames import Frame
from camtrap.events.fusion import Look, Shown, fuse
from camtrap.events.grouping import Event, Sighting, group_ordered
from camtrap.events.rules import Rules
from camtrap.events.static import Cluster, Still, stills
from camtrap.outputs import looks
from camtrap.outputs.census import Tally, counted
from camtrap.outputs.event_tables import CREATE, FINISH, FIRST, LAST
from camtrap.records import State

SEEN = frozenset(
    {State.LEOPARD, State.PREY, State.OTHER, State.PERSON, State.VEHICLE, State.UNSURE}
)
"""Labels of events; bursts in which every frame is empty make none."""

_CACHE_KB = 500

_COLUMNS = (
    'name, deployment, label, start, "end", image_count, count_min, best, confidence,'
    " shown, station, dated, shown_confidence, leopard, needs_review, reviewed"
)

CERTAIN = "shown_confidence DESC, name"
LATEST = f"coalesce(start, '{FIRST}') DESC, {CERTAIN}"
LIKE_A_LEOPARD = f"leopard DESC, {CERTAIN}"
"""Orders in which a page may ask for events."""


@dataclass(frozen=True, slots=True)
class SeasonEvent:
    """An event as every output names it.

    `deployment` is that of its first frame: a station may have two cameras. `best` is the number of
    the file that shows it most certainly, and `confidence` the fused chance of that file's burst.
    `shown` is the file that stands for it on a page, of which `shown_confidence` and `leopard` are
    told; `dated` is true when its time is the camera's. `reviewed` is the number of the file in
    which a person named it last, None when nobody did.
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
    needs_review: bool = False
    reviewed: int | None = None

    @property
    def began(self) -> datetime | None:
        """When it began, unless only the file's own date would tell."""
        return self.start if self.dated else None


class SeasonEvents:
    """The events of some frames; use it as a context manager, or it goes with the last reference.

    `frames` come in the order of the ledger, of every state; what was not looked at makes no event.
    `stations` counts all of them by station. Raises `SeasonError` when there is no room for
    temporary files.
    """

    def __init__(self, frames: Iterable[Frame], rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.stations: dict[str, Tally] = {}
        self._stills: dict[str, Still] = {}
        self._db = sqlite3.connect("", isolation_level=None)
        try:
            # What a crash leaves of a scratch file is worth nothing, so no journal is written.
            # It is read and written in order, to which a large cache adds nothing but memory.
            self._db.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{_CACHE_KB}; {CREATE} BEGIN;"
            )
            rows = (
                looks.row_of(place, frame)
                for place, frame in enumerate(counted(frames, self.stations))
            )
            self._db.executemany(looks.INSERT, (row for row in rows if row is not None))
            if self.rules.static:
                boxed = looks.looks(self._db, with_boxes=True)
                self._stills = dict(stills(boxed, self.rules))
            for look, shown in self._bursts():
                self._keep_shown(look, shown)
            grouped = group_ordered(self._sightings(), self.rules.gap, self.rules.event_rule)
            for event_id, event in enumerate(grouped):
                self._keep_event(event_id, event)
            for statement in FINISH:
                self._db.execute(statement)
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

    def ordered(self, order: str, *labels: State) -> Iterator[SeasonEvent]:
        """The events of some labels in one of the orders above; streams."""
        return self._ordered(order, -1, labels)

    def first(self, order: str, limit: int, *labels: State) -> list[SeasonEvent]:
        """The first events of some labels in one of the orders above."""
        return list(self._ordered(order, limit, labels))

    def _ordered(self, order: str, limit: int, labels: Sequence[State]) -> Iterator[SeasonEvent]:
        wanted = ", ".join("?" * len(labels))
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM event WHERE label IN ({wanted}) ORDER BY {order} LIMIT ?",
            (*labels, limit),
        )
        return map(_event_of, rows)

    def with_files(self, *labels: State) -> Iterator[tuple[SeasonEvent, list[int]]]:
        """The events of some labels in the order of `__iter__`, with their files' numbers; streams.

        An event's files come in the order in which they were taken, those without a time last.
        """
        wanted = ", ".join("?" * len(labels))
        rows = self._db.execute(
            f"SELECT {_COLUMNS}, event_id FROM event WHERE label IN ({wanted}) ORDER BY place",
            labels,
        )
        for *row, event_id in rows:
            files = self._db.execute(
                "SELECT file_id FROM part JOIN member USING (shown_id) JOIN look USING (file_id)"
                f" WHERE event_id = ? ORDER BY coalesce(taken_at, '{LAST}'), look.place",
                (event_id,),
            )
            yield _event_of(tuple(row)), [file_id for (file_id,) in files]

    def event_of(self, file_id: int) -> str:
        """The name of the event that a file is part of; empty when it is part of none."""
        row = self._db.execute(
            "SELECT name FROM member JOIN part USING (shown_id) JOIN event USING (event_id)"
            " WHERE file_id = ?",
            (file_id,),
        ).fetchone()
        return "" if row is None else row[0]

    def suppressed_by(self, file_id: int) -> str:
        """The name of the cluster for which a frame shows nothing; empty for nearly all."""
        row = self._db.execute(
            "SELECT cluster FROM suppressed WHERE file_id = ?", (file_id,)
        ).fetchone()
        return "" if row is None else row[0]

    def suspects(self) -> Iterator[tuple[Cluster, int]]:
        """What does not move, camera by camera, and how many frames are suppressed for it."""
        counts = dict(
            self._db.execute("SELECT cluster, count(*) FROM suppressed GROUP BY cluster").fetchall()
        )
        for _, still in sorted(self._stills.items()):
            for cluster in still.clusters:
                yield cluster, counts.get(cluster.name, 0)

    def _bursts(self) -> Iterator[tuple[Look, Shown]]:
        """What each burst shows, with its first frame."""
        for burst in bursts_ordered(looks.looks(self._db), self.rules.burst_gap):
            if all(look.label is State.EMPTY for look in burst):
                continue
            quiet = dict(self._suppressed(burst))
            self._db.executemany("INSERT INTO suppressed VALUES (?, ?)", quiet.items())
            if still := self._stills.get(burst[0].deployment):
                burst = [still.counted(look, self.rules) for look in burst]
            for shown in fuse(burst, self.rules.thresholds, frozenset(quiet)):
                yield burst[0], shown

    def _suppressed(self, burst: list[Look]) -> Iterator[tuple[int, str]]:
        still = self._stills.get(burst[0].deployment)
        if still is None or not still.clusters:
            return
        for look in burst:
            if name := still.suppressing(look, self.rules):
                yield look.key, name

    def _keep_shown(self, look: Look, shown: Shown) -> None:
        times = [look.taken_at for look in shown.looks if look.taken_at is not None]
        shown_id = self._db.execute(
            'INSERT INTO shown (deployment, station, label, start, "end", confidence, image_count,'
            " box_count, best, needs_review)"
            " VALUES (?, (SELECT station FROM look WHERE file_id = ?), ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                look.deployment,
                look.key,
                shown.label.value,
                _text(min(times, default=None)),
                _text(max(times, default=None)),
                shown.confidence,
                len(shown.looks),
                shown.box_count,
                shown.best.key,
                shown.needs_review,
            ),
        ).lastrowid
        self._db.executemany(
            "INSERT INTO member VALUES (?, ?)", ((look.key, shown_id) for look in shown.looks)
        )

    def _sightings(self) -> Iterator[Sighting]:
        rows = self._db.execute(
            'SELECT shown_id, station, label, start, confidence, box_count, "end", image_count'
            f" FROM shown ORDER BY station, label, coalesce(start, '{LAST}'), shown_id"
        )
        for shown_id, station, label, start, confidence, box_count, end, image_count in rows:
            yield Sighting(
                shown_id,
                station,
                label,
                _moment(start),
                confidence,
                box_count,
                _moment(end),
                image_count,
            )

    def _keep_event(self, event_id: int, event: Event) -> None:
        first = event.sightings[0].key
        self._db.execute(
            "INSERT INTO grouped SELECT ?, (SELECT deployment FROM shown WHERE shown_id = ?), ?, ?,"
            " ?, ?, ?, ?, ?, best, confidence, best, 0, NULL FROM shown WHERE shown_id = ?",
            (
                event_id,
                first,
                event.station,
                event.label,
                _text(event.start),
                _text(event.end),
                event.image_count,
                event.count_min,
                first,
                event.best.key,
            ),
        )
        self._db.executemany(
            "INSERT INTO part VALUES (?, ?)",
            ((sighting.key, event_id) for sighting in event.sightings),
        )


def _event_of(row: tuple[Any, ...]) -> SeasonEvent:
    name, deployment, label, start, end, *rest = row
    image_count, count_min, best, confidence, shown, station, dated, *rest = rest
    shown_confidence, leopard, needs_review, reviewed = rest
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
        shown_confidence,
        leopard,
        bool(needs_review),
        reviewed,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
