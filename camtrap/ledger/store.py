"""The ledger: a few verbs over one SQLite file, in which every file has one state.

One process writes. What `record` was given is on disk when `record` returns.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from camtrap.batches import in_batches
from camtrap.errors import SeasonError
from camtrap.ledger.listing import ListingCount, enter
from camtrap.ledger.opening import connect, transaction
from camtrap.ledger.results import store
from camtrap.ledger.rows import (
    DETECTION_COLUMNS,
    ENTRY_COLUMNS,
    CardEntry,
    Entry,
    Glimpse,
    detection_of,
    entry_of,
    path_of,
    stored_path,
    text_of,
)
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.special import clip_column, clip_from
from camtrap.records import Detection, ImageFile, Prediction, State

ALL_STATES = frozenset(State)
_BATCH = 1000


class Ledger:
    """Opens, or with `create` makes, the ledger of a season; use it as a context manager.

    Raises `SeasonError` when there is none, when it is of a newer version, or when it is no ledger.
    """

    def __init__(self, season: Path, *, create: bool = False) -> None:
        self.season = season
        path = season / LEDGER_NAME
        if not create and not path.is_file():
            raise SeasonError(
                f"{season} is not a season: it holds no {LEDGER_NAME}. "
                f"Make one with 'camtrap run CARD --out {season}'."
            )
        try:
            season.mkdir(parents=True, exist_ok=True)
            self._db = connect(path)
        except (OSError, sqlite3.Error) as error:
            raise _cannot_open(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was recorded stays."""
        self._db.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The open connection, for the other modules of this room."""
        return self._db

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of the block is on disk when it ends, or nothing of it.

        Raises `SeasonError` when the disk is full or another run is writing.
        """
        try:
            with transaction(self._db):
                yield
        except sqlite3.Error as error:
            raise SeasonError(
                f"The ledger in {self.season} cannot be written: {error}. Check the free space and "
                "that no other camtrap writes there, then run the same command again."
            ) from error

    # -- cards and their files

    def cards(self) -> list[CardEntry]:
        """Every card of the season, in the order in which they came."""
        return self._cards("SELECT card_id, name, root FROM card ORDER BY card_id")

    def cards_numbered(self, card_ids: Iterable[int]) -> list[CardEntry]:
        """The cards of these numbers, in the order in which they came."""
        numbers = ", ".join(str(int(card_id)) for card_id in card_ids)
        return self._cards(
            f"SELECT card_id, name, root FROM card WHERE card_id IN ({numbers}) ORDER BY card_id"
        )

    def card_at(self, root: Path, *, without_files: bool = False) -> CardEntry | None:
        """The first card that lay at `root` last, or the first of those that hold no file."""
        condition = "NOT EXISTS (SELECT 1 FROM file WHERE file.card_id = card.card_id)"
        cards = self._cards(
            # In capitals alone, paths of Windows do not differ.
            "SELECT card_id, name, root FROM card WHERE root = ? COLLATE NOCASE"
            f" AND {condition if without_files else 'true'} ORDER BY card_id",
            (stored_path(root),),
        )
        return next((card for card in cards if card.root == root), None)

    def _cards(self, query: str, values: tuple[Any, ...] = ()) -> list[CardEntry]:
        return [
            CardEntry(card_id, name, path_of(root))
            for card_id, name, root in self._stream(query, values)
        ]

    def add_card(self, name: str, root: Path) -> CardEntry:
        """Add a card; when the name is taken, a number in brackets is put behind it.

        Behind a hyphen it would make `ST01-2`, which may be the name of a deployment.
        """
        name = text_of(name)
        unique, number = name, 1
        while self._db.execute("SELECT 1 FROM card WHERE name = ?", (unique,)).fetchone():
            number += 1
            unique = f"{name} ({number})"
        with self.writing():
            cursor = self._db.execute(
                "INSERT INTO card (name, root, added_at) VALUES (?, ?, ?)",
                (unique, stored_path(root), utc_now()),
            )
        assert cursor.lastrowid is not None
        return CardEntry(cursor.lastrowid, unique, root)

    def move_card(self, card: CardEntry, root: Path) -> CardEntry:
        """Note that a card now lies elsewhere (another drive letter or mount point)."""
        with self.writing():
            self._db.execute(
                "UPDATE card SET root = ? WHERE card_id = ?", (stored_path(root), card.card_id)
            )
        return CardEntry(card.card_id, card.name, root)

    def sharing(self, files: Iterable[ImageFile]) -> Counter[int]:
        """How many of `files` each card knows with the same path, size and time, by `card_id`.

        Cards that know none are not in it. However many cards there are, each file is one question.
        """
        query = "SELECT card_id FROM file WHERE modified_ns = ? AND size = ? AND relative_path = ?"
        return Counter(
            card_id
            for file in files
            for (card_id,) in self._stream(
                query, (file.modified_ns, file.size, text_of(file.relative_path))
            )
        )

    def register(self, card: CardEntry, files: Iterable[ImageFile]) -> ListingCount:
        """Enter the files of a card: new ones as `pending` or `skipped`; changed ones start again.

        So do files that could not be read at all, or on which the model failed: card readers have
        loose contacts, and devices run out of memory.
        """
        count: Counter[str] = Counter()
        for batch in in_batches(files, _BATCH):
            with self.writing():
                for file in batch:
                    count[enter(self._db, card, file)] += 1
        return ListingCount(**count)

    def pending(self, card: CardEntry) -> Iterator[ImageFile]:
        """The files of a card still to be read, in path order; safe while results are recorded."""
        last = ""
        while True:
            rows = self._db.execute(
                "SELECT relative_path, raw_path, size, modified_ns FROM file"
                " WHERE state = 'pending' AND card_id = ? AND relative_path > ?"
                " ORDER BY relative_path LIMIT ?",
                (card.card_id, last, _BATCH),
            ).fetchall()
            for row in rows:
                last = row["relative_path"]
                name = os.fsdecode(row["raw_path"]) if row["raw_path"] is not None else last
                yield ImageFile(card.root, name, row["size"], row["modified_ns"])
            if len(rows) < _BATCH:
                return

    # -- results

    def start_run(self, settings: dict[str, Any]) -> int:
        """Note that a run begins, with all settings that bear on its results."""
        with self.writing():
            cursor = self._db.execute(
                "INSERT INTO run (started_at, settings) VALUES (?, ?)",
                (utc_now(), json.dumps(settings, ensure_ascii=False, sort_keys=True)),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def finish_run(self, run_id: int) -> None:
        """Note that a run came to its end."""
        with self.writing():
            self._db.execute("UPDATE run SET finished_at = ? WHERE run_id = ?", (utc_now(), run_id))

    def runs(self) -> list[dict[str, Any]]:
        """Every run: `run_id`, `started_at`, `finished_at` (UTC), `settings`, and `files`.

        `files` counts those of which the run had the last word.
        """
        # Counted here, because SQLite would sort the season to group it.
        count = Counter(run_id for (run_id,) in self._stream("SELECT run_id FROM file"))
        return [{**run, "files": count[run["run_id"]]} for run in self.run_notes()]

    def run_notes(self) -> list[dict[str, Any]]:
        """Every run as `runs` gives it, without `files`: counting them walks over the season."""
        rows = self._db.execute("SELECT * FROM run ORDER BY run_id").fetchall()
        return [{**dict(row), "settings": json.loads(row["settings"])} for row in rows]

    def record(
        self, card: CardEntry, run_id: int, results: Iterable[tuple[ImageFile, Prediction]]
    ) -> list[Prediction]:
        """Commit results, in the order given; returns them as they were stored.

        A picture whose content the season knows becomes `duplicate`, whatever was predicted.
        """
        with self.writing():
            return [store(self._db, card, run_id, file, said) for file, said in results]

    # -- what is known

    def totals(self) -> Counter[State]:
        """How many files are in each state."""
        rows = self._db.execute("SELECT state, count(*) AS n FROM file GROUP BY state")
        return Counter({State(row["state"]): row["n"] for row in rows})

    def pending_bytes(self, card: CardEntry) -> tuple[int, int]:
        """Count and bytes of a card's files that are still to be read."""
        row = self._db.execute(
            "SELECT count(*) AS n, coalesce(sum(size), 0) AS bytes FROM file"
            " WHERE state = 'pending' AND card_id = ?",
            (card.card_id,),
        ).fetchone()
        return row["n"], row["bytes"]

    def entries(self, states: Collection[State] = ALL_STATES) -> Iterator[Entry]:
        """Every file in one of `states`, by card and path; streams, whatever the season's size."""
        detections = self._grouped_detections(states)
        upcoming = next(detections, None)
        rows = self._stream(
            f"SELECT {ENTRY_COLUMNS}, {clip_column(self._db)} FROM file JOIN card USING (card_id)"
            f" WHERE {_in_states(states)} ORDER BY card_id, relative_path"
        )
        for row in rows:
            found: tuple[Detection, ...] = ()
            if upcoming is not None and upcoming[0] == row[0]:
                found = upcoming[1]
                upcoming = next(detections, None)
            yield entry_of(row, found, clip_from(row[-1]))

    def _grouped_detections(
        self, states: Collection[State]
    ) -> Iterator[tuple[int, tuple[Detection, ...]]]:
        columns = ", ".join(f"detection.{name}" for name in DETECTION_COLUMNS)
        rows = self._stream(
            f"SELECT file_id, {columns} FROM file JOIN detection USING (file_id)"
            f" WHERE {_in_states(states)} ORDER BY card_id, relative_path, number"
        )
        for file_id, group in groupby(rows, key=itemgetter(0)):
            yield file_id, tuple(detection_of(row[1:]) for row in group)

    def entry(self, file_id: int, *, with_boxes: bool = True) -> Entry:
        """One file by its number; raises `SeasonError` when the ledger holds none of it.

        Without boxes, which are most of the work, it has no detections.
        """
        found: Iterable[Any] = ()
        if with_boxes:
            columns = ", ".join(DETECTION_COLUMNS)
            found = self._stream(
                f"SELECT {columns} FROM detection WHERE file_id = ? ORDER BY number", (file_id,)
            )
        row = self._stream(
            f"SELECT {ENTRY_COLUMNS}, {clip_column(self._db)} FROM file JOIN card USING (card_id)"
            " WHERE file_id = ?",
            (file_id,),
        ).fetchone()
        if row is None:
            raise SeasonError(f"The ledger in {self.season} does not know a file number {file_id}.")
        return entry_of(row, tuple(map(detection_of, found)), clip_from(row[-1]))

    def glimpses(self) -> Iterator[Glimpse]:
        """Every file, by card and path, with no more than a census asks; streams."""
        rows = self._stream(
            "SELECT card.name, relative_path, state, timestamp_source, taken_at FROM file"
            " JOIN card USING (card_id) ORDER BY card_id, relative_path"
        )
        return map(Glimpse._make, rows)

    def _stream(self, query: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """A query's rows as plain tuples, which are made faster than rows with names."""
        cursor = self._db.cursor()
        cursor.row_factory = None
        return cursor.execute(query, values)


def _in_states(states: Collection[State]) -> str:
    """A condition on `file.state` that SQLite meets row by row, in the order of the query."""
    if len(states) == len(ALL_STATES):
        return "true"
    # The plus keeps SQLite from the index by state, after which it would have to sort the season.
    return f"+file.state IN ({', '.join(repr(state.value) for state in sorted(states))})"


def _cannot_open(path: Path, error: Exception) -> SeasonError:
    return SeasonError(
        f"The ledger {path} cannot be opened: {error}. "
        "Check the free space and that the folder can be written to, then run the same command "
        "again, or choose another folder with --out."
    )


def utc_now() -> str:
    """The present moment as ISO 8601 in UTC, to the second, with `Z`."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
