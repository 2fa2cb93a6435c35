"""The pictures of which an audit tells, in a scratch file: however many, few are in memory at once.

Each picture that was put away knows its burst, its station and score band, and a number drawn by
lot from the audit's seed and the picture's own content. That lot is the same whenever and wherever
the season is looked at, so the first pictures by lot are a simple random sample that can be drawn
again, and a larger one begins with the smaller (permanent random numbers; Ohlsson, in: Business
Survey Methods, 1995).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from camtrap.audit.strata import Cell
from camtrap.audit.targets import MISSES, PUT_AWAY, band_of, score_of
from camtrap.errors import SeasonError
from camtrap.events.bursts import bursts_ordered
from camtrap.events.frames import Frame
from camtrap.events.shots import StoredShot, create_shots, ordered_shots, store_shots
from camtrap.ledger.audits import Picture

_CACHE_KB = 500
_MORE = "hit INTEGER, cell INTEGER, lot INTEGER, content_key TEXT"


@dataclass(frozen=True, slots=True)
class _Put(StoredShot):
    """A frame on its way into bursts; `cell` is None for one that is not of the population.

    `hit` is not 0 when the target was found in it, by the model or a person.
    """

    hit: int
    cell: int | None
    lot: int


class Population:
    """The pictures that were put away, of some frames; use it as a context manager.

    `frames` are those that the model looked at, in the order of the ledger, as the model called
    them. `words` is what people had said of files before the audit began: these are not of the
    population any more. Raises `SeasonError` when there is no room for temporary files.

    `cells` counts the pictures by station and band; `bursts` counts bursts in which nothing of the
    target was found by their number of pictures.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        target: str,
        seed: int,
        words: Mapping[int, str],
        burst_gap: timedelta,
    ) -> None:
        self.cells: Counter[Cell] = Counter()
        self.bursts: Counter[int] = Counter()
        self._numbers: dict[Cell, int] = {}
        self._named: list[Cell] = []
        self._target, self._seed, self._words = target, seed, words
        self._db = sqlite3.connect("", isolation_level=None)
        try:
            create_shots(self._db, _MORE, _CACHE_KB)
            self._db.execute(
                "CREATE TABLE picture"
                " (key INTEGER PRIMARY KEY, burst INTEGER, cell INTEGER, lot INTEGER)"
            )
            store_shots(self._db, ((frame, self._told(frame)) for frame in frames))
            for burst in bursts_ordered(ordered_shots(self._db, _Put), burst_gap):
                self._keep(burst)
            self._db.execute("CREATE INDEX by_lot ON picture (cell, lot, key)")
            self._db.execute("CREATE INDEX by_burst ON picture (burst)")
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._db.close()
            raise SeasonError(
                f"The sample cannot be drawn: {error}. Check the free space of the folder for "
                "temporary files, then type the same command again."
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

    def draw(self, strata: Sequence[tuple[Sequence[Cell], int]]) -> list[Picture]:
        """The first pictures by lot of each stratum (cells, and how many), with their bursts."""
        found: dict[int, Picture] = {}
        for number, (cells, count) in enumerate(strata):
            chosen = ", ".join(str(self._numbers[cell]) for cell in cells)
            rows = self._db.execute(
                "SELECT key, burst, content_key FROM picture JOIN shot USING (key)"
                f" WHERE picture.cell IN ({chosen}) ORDER BY picture.lot, key LIMIT ?",
                (count,),
            )
            for rank, (file_id, burst, key) in enumerate(rows):
                found[file_id] = Picture(file_id, burst, number, rank, key)
        for burst in {picture.burst for picture in found.values()}:
            for file_id, key in self._db.execute(
                "SELECT key, content_key FROM picture JOIN shot USING (key) WHERE burst = ?",
                (burst,),
            ):
                found.setdefault(file_id, Picture(file_id, burst, None, None, key))
        return [found[file_id] for file_id in sorted(found)]

    def _told(self, frame: Frame) -> tuple[object, ...]:
        """The columns `_MORE` of a frame."""
        entry = frame.entry
        word = self._words.get(entry.file_id)
        number = None
        if word is None and entry.state in PUT_AWAY[self._target]:
            cell = frame.station_id, band_of(score_of(entry, self._target))
            number = self._numbers.setdefault(cell, len(self._numbers))
            if number == len(self._named):
                self._named.append(cell)
        return (
            (word or entry.state.value) in MISSES[self._target],
            number,
            lot_of(self._seed, entry.content_key or str(entry.file_id)),
            entry.content_key,
        )

    def _keep(self, burst: list[_Put]) -> None:
        inside = [put for put in burst if put.cell is not None]
        if not inside:
            return
        self.cells.update(self._named[put.cell] for put in inside if put.cell is not None)
        if not any(put.hit for put in burst):
            self.bursts[len(inside)] += 1
        first = inside[0].key
        self._db.executemany(
            "INSERT INTO picture VALUES (?, ?, ?, ?)",
            ((put.key, first, put.cell, put.lot) for put in inside),
        )


def lot_of(seed: int, key: str) -> int:
    """A picture's lot, evenly in 0..2^63 - 1: nothing but the seed and the key decides it."""
    digest = hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
