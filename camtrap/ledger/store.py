"""The ledger: a few verbs over one SQLite file, in which every file of every card has exactly one state.

One process writes. What `record` was given is on disk when `record` returns.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from camtrap.errors import SeasonError
from camtrap.ledger import schema
from camtrap.ledger.rows import (
    CardEntry,
    Entry,
    capture_values,
    detection_of,
    entry_of,
    text_of,
)
from camtrap.records import Detection, ImageFile, Prediction, State

LEDGER_NAME = "ledger.sqlite"
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ListingCount:
    """What registering a card's files found: new ones, ones known from before, and changed ones."""

    new: int = 0
    known: int = 0
    changed: int = 0


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
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare(path)
        except (OSError, sqlite3.Error) as error:
            raise SeasonError(
                f"The ledger {path} cannot be opened: {error}. "
                "Check that the folder can be written to, or choose another with --out."
            ) from error

    def _prepare(self, path: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > schema.VERSION:
            raise SeasonError(f"{path} was written by a newer camtrap. Install that version.")
        # WAL lets a reader look on while a run writes; FULL keeps commits when the power fails.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {schema.CREATE} PRAGMA user_version = {schema.VERSION}; COMMIT;"
            )

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

    # -- cards and their files

    def cards(self) -> list[CardEntry]:
        """Every card of the season, in the order in which they came."""
        rows = self._db.execute("SELECT card_id, name, root FROM card ORDER BY card_id")
        return [CardEntry(row["card_id"], row["name"], Path(row["root"])) for row in rows]

    def add_card(self, name: str, root: Path) -> CardEntry:
        """Add a card; when the name is taken, a number is put behind it."""
        taken = {card.name for card in self.cards()}
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        with self._db:
            cursor = self._db.execute(
                "INSERT INTO card (name, root, added_at) VALUES (?, ?, ?)",
                (unique, str(root), utc_now()),
            )
        assert cursor.lastrowid is not None
        return CardEntry(cursor.lastrowid, unique, root)

    def move_card(self, card: CardEntry, root: Path) -> CardEntry:
        """Note that a card now lies elsewhere (another drive letter or mount point)."""
        with self._db:
            self._db.execute(
                "UPDATE card SET root = ? WHERE card_id = ?", (str(root), card.card_id)
            )
        return CardEntry(card.card_id, card.name, root)

    def count_known(self, card: CardEntry, files: Sequence[ImageFile]) -> int:
        """How many of `files` the ledger holds for this card with the same path, size and time."""
        query = (
            "SELECT 1 FROM file WHERE card_id = ? AND relative_path = ? AND size = ?"
            " AND modified_ns = ?"
        )
        return sum(
            self._db.execute(
                query, (card.card_id, text_of(file.relative_path), file.size, file.modified_ns)
            ).fetchone()
            is not None
            for file in files
        )

    def register(self, card: CardEntry, files: Iterable[ImageFile]) -> ListingCount:
        """Enter the files of a card: new ones as `pending` or `skipped`; changed ones start again."""
        count: Counter[str] = Counter()
        for batch in _batches(files, _BATCH):
            self._db.execute("BEGIN IMMEDIATE")
            for file in batch:
                count[self._register_one(card, file)] += 1
            self._db.execute("COMMIT")
        return ListingCount(count["new"], count["known"], count["changed"])

    def _register_one(self, card: CardEntry, file: ImageFile) -> str:
        name = text_of(file.relative_path)
        row = self._db.execute(
            "SELECT file_id, size, modified_ns FROM file WHERE card_id = ? AND relative_path = ?",
            (card.card_id, name),
        ).fetchone()
        state = State.SKIPPED if file.skip_reason else State.PENDING
        if row is None:
            raw = None if name == file.relative_path else os.fsencode(file.relative_path)
            self._db.execute(
                "INSERT INTO file (card_id, relative_path, raw_path, size, modified_ns, state, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    card.card_id,
                    name,
                    raw,
                    file.size,
                    file.modified_ns,
                    state,
                    text_of(file.skip_reason),
                ),
            )
            return "new"
        if (row["size"], row["modified_ns"]) == (file.size, file.modified_ns):
            return "known"
        self._db.execute("DELETE FROM detection WHERE file_id = ?", (row["file_id"],))
        self._db.execute(
            "UPDATE file SET size = ?, modified_ns = ?, state = ?, reason = ?, content_key = '',"
            " duplicate_of = NULL, confidence = NULL, probabilities = NULL WHERE file_id = ?",
            (file.size, file.modified_ns, state, text_of(file.skip_reason), row["file_id"]),
        )
        return "changed"

    def pending(self, card: CardEntry) -> Iterator[ImageFile]:
        """The files of a card that are still to be read, in path order; safe while results are recorded."""
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
        with self._db:
            cursor = self._db.execute(
                "INSERT INTO run (started_at, settings) VALUES (?, ?)",
                (utc_now(), json.dumps(settings, ensure_ascii=False, sort_keys=True)),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def finish_run(self, run_id: int) -> None:
        """Note that a run came to its end."""
        with self._db:
            self._db.execute("UPDATE run SET finished_at = ? WHERE run_id = ?", (utc_now(), run_id))

    def runs(self) -> list[dict[str, Any]]:
        """Every run of the season: `run_id`, `started_at`, `finished_at` (UTC) and its settings."""
        rows = self._db.execute("SELECT * FROM run ORDER BY run_id").fetchall()
        return [{**dict(row), "settings": json.loads(row["settings"])} for row in rows]

    def record(
        self, card: CardEntry, run_id: int, results: Iterable[tuple[ImageFile, Prediction]]
    ) -> list[Prediction]:
        """Commit results, in the order given; returns them as they were stored.

        A picture whose content the season knows already becomes `duplicate`, whatever was predicted.
        """
        stored = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for file, prediction in results:
                stored.append(self._record_one(card, run_id, file, prediction))
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return stored

    def _record_one(
        self, card: CardEntry, run_id: int, file: ImageFile, prediction: Prediction
    ) -> Prediction:
        name = text_of(file.relative_path)
        original = _original(self._db, prediction.content_key)
        if original is not None:
            prediction = Prediction(
                path=prediction.path,
                state=State.DUPLICATE,
                capture=prediction.capture,
                content_key=prediction.content_key,
                width=prediction.width,
                height=prediction.height,
                infrared=prediction.infrared,
                reason=f"same content as {original[1]}",
            )
        values = {
            "state": prediction.state,
            "reason": text_of(prediction.reason),
            "content_key": prediction.content_key,
            "duplicate_of": original[0] if original is not None else None,
            "run_id": run_id,
            "confidence": prediction.confidence,
            "probabilities": json.dumps(dict(prediction.probabilities)),
            "width": prediction.width,
            "height": prediction.height,
            "infrared": prediction.infrared,
            **capture_values(prediction.capture),
        }
        assignments = ", ".join(f"{column} = ?" for column in values)
        row = self._db.execute(
            f"UPDATE file SET {assignments} WHERE card_id = ? AND relative_path = ? RETURNING file_id",
            (*values.values(), card.card_id, name),
        ).fetchone()
        if row is None:
            raise SeasonError(f"The ledger does not know {file.path}. Run the same command again.")
        self._db.executemany(
            "INSERT INTO detection VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row["file_id"],
                    number,
                    detection.label,
                    detection.confidence,
                    *detection.box,
                    detection.score,
                    json.dumps(dict(detection.probabilities)),
                )
                for number, detection in enumerate(prediction.detections)
            ],
        )
        return prediction

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

    def entries(self) -> Iterator[Entry]:
        """Every file, by card and path; streams, whatever the size of the season."""
        detections = self._grouped_detections()
        upcoming = next(detections, None)
        rows = self._db.execute(
            "SELECT file.*, card.name AS card_name, card.root AS root FROM file"
            " JOIN card USING (card_id) ORDER BY card_id, relative_path"
        )
        for row in rows:
            found: tuple[Detection, ...] = ()
            if upcoming is not None and upcoming[0] == row["file_id"]:
                found = upcoming[1]
                upcoming = next(detections, None)
            yield entry_of(row, found)

    def _grouped_detections(self) -> Iterator[tuple[int, tuple[Detection, ...]]]:
        rows = self._db.execute(
            "SELECT detection.* FROM detection JOIN file USING (file_id)"
            " ORDER BY card_id, relative_path, number"
        )
        current: int | None = None
        found: list[Detection] = []
        for row in rows:
            if row["file_id"] != current:
                if current is not None:
                    yield current, tuple(found)
                current, found = row["file_id"], []
            found.append(detection_of(row))
        if current is not None:
            yield current, tuple(found)


class KnownContent:
    """Asks, from any thread and while a run writes, whether the season has seen a content key."""

    def __init__(self, season: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(season / LEDGER_NAME, timeout=30, check_same_thread=False)

    def __call__(self, content_key: str) -> bool:
        with self._lock:
            return _original(self._db, content_key) is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()


def _original(db: sqlite3.Connection, content_key: str) -> tuple[int, str] | None:
    """The file (id and `card/path`) that first showed this content, if any has been recorded."""
    if not content_key:
        return None
    row: tuple[int, str] | None = db.execute(
        "SELECT file_id, name || '/' || relative_path FROM file JOIN card USING (card_id)"
        " WHERE content_key = ? AND duplicate_of IS NULL AND state != 'pending' LIMIT 1",
        (content_key,),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def utc_now() -> str:
    """The present moment as ISO 8601 in UTC, to the second, with `Z`."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _batches(files: Iterable[ImageFile], size: int) -> Iterator[list[ImageFile]]:
    batch: list[ImageFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
