"""The queue index of a season, open: what to look at next, and what people have said of it by now.

The file `cache/review.sqlite` holds what the machine said (`index_build`), and may be deleted at
any time. People's words come from the ledger, where every decision lies, into tables of this
process's own; only what is new is fetched. An index that no longer fits the ledger serves until a
new one is built in a thread.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import xxhash

from camtrap.errors import CamtrapError
from camtrap.ledger.decisions import Mark, words_since
from camtrap.ledger.lock import holder, is_alive
from camtrap.ledger.opening import transaction
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.review import told
from camtrap.review.index_build import AUDIT_RANK, FORMAT, RANKS, Stopped, build, fingerprint
from camtrap.review.queue import Question, counted

log = logging.getLogger(__name__)

NAME = Path("cache") / "review.sqlite"

READY, BUILDING = "ready", "building"
ASK_SECONDS = 15.0
"""How often at most the index is compared with the ledger while pages ask for it."""

SHARE = 20
"""An index that took a second to build is built again after so many seconds at the earliest."""

_COUNTS_KEPT = 64
_PATIENCE = 5.0  # seconds in which a building that was stopped may end

_NO_AUDIT = xxhash.xxh3_64_hexdigest(b"[]")


class Index:
    """The index of one season; `start` opens it, `close` ends it and any building.

    Several threads may ask at once, and take turns. `build_now` builds in the calling thread, for
    tests and for who can wait. `problem` says why there is no newer one, '' where all is well;
    `generation` grows with everything that changes an answer.
    """

    def __init__(
        self, season: Path, *, clock: Callable[[], float] = time.monotonic, threads: bool = True
    ) -> None:
        self.season = season
        self._clock, self._threads = clock, threads
        self._lock = threading.RLock()
        self._turn = threading.Lock()  # of who builds; taken before the other one
        self._own: tempfile.TemporaryDirectory[str] | None = None
        self.path = self._place()
        self._db: sqlite3.Connection | None = None
        self._watch: sqlite3.Connection | None = None
        self._seen = -1
        self._mark = Mark()
        self._made_of = ""
        self._audit: Sequence[int] = ()
        self._stop = threading.Event()
        self._builder: threading.Thread | None = None
        self._next = 0.0
        self.generation = 0
        self.problem = ""
        self._counted: dict[Question, int] = {}
        self._counted_at = 0

    def start(self) -> None:
        """Open the index that stands, if any fits, and see to a newer one."""
        self._open()
        self.look()

    def close(self) -> None:
        """Stop any building and close the file."""
        self._stop.set()
        if self._builder is not None:
            self._builder.join(_PATIENCE)
        with self._lock:
            self._shut()
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        if self._own is not None:
            self._own.cleanup()

    @property
    def state(self) -> str:
        """`ready`, or `building` where there is none to show yet."""
        return READY if self._db is not None else BUILDING

    @property
    def is_building(self) -> bool:
        """True while a newer one is built."""
        return self._builder is not None and self._builder.is_alive()

    def look(self) -> None:
        """Compare with the ledger when that is due, and build in a thread where it has changed."""
        with self._lock:
            if self._clock() < self._next or self.is_building or self._stop.is_set():
                return
            self._next = self._clock() + ASK_SECONDS
            if self._threads:
                name = "review-index"
                self._builder = threading.Thread(target=self._renew, name=name, daemon=True)
                self._builder.start()
        if not self._threads:
            self._renew()

    def build_now(self) -> None:
        """Build where the ledger has changed, and wait for it; raises what `build` raises."""
        with self._turn:
            self._build()

    def audit(self, files: Sequence[int]) -> None:
        """Let these files, drawn from what was put away, be looked at in this order, before what
        the machine is sure of."""
        with self._lock:
            self._audit = files
            if self._db is not None:
                self._place_audit(self._db)
                self.generation += 1

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """The index's connection, to ask only, with all words of the ledger; None without index.

        Nobody else has it meanwhile.
        """
        with self._lock:
            if self._db is not None:
                self._catch_up(self._db)
            yield self._db

    def total(self, db: sqlite3.Connection, question: Question) -> int:
        """How many events a question has, asked while `reading`; pages ask part by part, so it is
        kept while nothing changes."""
        if self._counted_at != self.generation or len(self._counted) > _COUNTS_KEPT:
            self._counted, self._counted_at = {}, self.generation
        whole = replace(question, order="queue", offset=0, limit=0)
        if whole not in self._counted:
            self._counted[whole] = counted(db, whole)
        return self._counted[whole]

    def ledger_version(self) -> int:
        """A number that changes whenever anything has been written to the ledger."""
        with self._lock:
            if self._watch is None:
                path = self.season / LEDGER_NAME
                self._watch = sqlite3.connect(
                    path, isolation_level=None, check_same_thread=False, timeout=30
                )
            number: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
        return number

    # -- the file

    def _place(self) -> Path:
        path = self.season / NAME
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whether files can be made there shows only when one is.
            with tempfile.TemporaryFile(dir=path.parent):
                return path
        except OSError as error:
            log.debug("no index is kept in %s: %s", path.parent, error)
            self._own = tempfile.TemporaryDirectory(prefix="camtrap-review-")
            return Path(self._own.name) / path.name

    def _open(self) -> None:
        """Open the file where it is a whole index of our format."""
        with self._lock:
            self._shut()
            if not self.path.is_file():
                return
            db = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=10
            )
            try:
                facts = dict(db.execute("SELECT key, value FROM meta"))
                if facts.get("format") != str(FORMAT):
                    raise sqlite3.DatabaseError("of another format")
                db.executescript(told.CREATE)
                self._place_audit(db)
            except sqlite3.Error as error:
                log.debug("%s is not used: %s", self.path, error)
                db.close()
                return
            self._db, self._made_of = db, facts["made_of"]
            self._mark, self._seen = Mark(), -1
            self.generation += 1

    def _shut(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _renew(self) -> None:
        try:
            with self._turn:
                self._build()
        except Stopped:
            log.debug("the index's building was stopped")
        except (CamtrapError, OSError, sqlite3.Error) as error:
            if str(error) != self.problem:  # it is tried again and again
                log.warning("The review's index is not renewed: %s", error)
            self.problem = str(error)
        else:
            self.problem = ""

    def _build(self) -> None:
        began = self._clock()
        with Ledger(self.season) as ledger:
            if self._db is not None and fingerprint(ledger) == self._made_of:
                return
            mode = ledger.db.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal" and self._db is not None and holder(self.season) is not None:
            return  # without a write-ahead log a long reader would keep the run from writing
        self._remove_parts()
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        build(self.season, self._put, part, self._stop.is_set)
        took = self._clock() - began
        log.debug("the index was built in %.1f seconds", took)
        with self._lock:
            self._next = self._clock() + max(ASK_SECONDS, SHARE * took)

    def _remove_parts(self) -> None:
        """Remove what processes left that were ended while they built."""
        for part in self.path.parent.glob(f"{self.path.name}.*.part"):
            number = part.name.split(".")[-2]
            if number.isdigit() and not is_alive(int(number)):
                part.unlink(missing_ok=True)

    def _put(self, part: Path) -> None:
        """Let a new index take the place of the one that is open."""
        with self._lock:
            if self._stop.is_set():
                raise Stopped
            self._shut()
            try:
                part.replace(self.path)
            except OSError as error:  # on Windows, when another process has it open
                log.debug("%s cannot be replaced: %s", self.path, error)
                if self._own is None:
                    self._own = tempfile.TemporaryDirectory(prefix="camtrap-review-")
                self.path = Path(self._own.name) / self.path.name
                shutil.copyfile(part, self.path)
            self._open()

    # -- the audit

    def _place_audit(self, db: sqlite3.Connection) -> None:
        key = xxhash.xxh3_64_hexdigest(json.dumps(list(self._audit)).encode())
        row = db.execute("SELECT value FROM meta WHERE key = 'audit'").fetchone()
        if (row[0] if row else _NO_AUDIT) == key:
            return
        ranks = " ".join(f"WHEN '{label}' THEN {rank}" for label, rank in RANKS.items())
        with transaction(db):
            db.execute(
                f"UPDATE event SET rank = CASE label {ranks} END, sort = leopard"
                " WHERE event IN (SELECT event FROM audit)"
            )
            db.execute("DELETE FROM audit")
            db.executemany(
                "INSERT OR IGNORE INTO audit SELECT event, ? FROM file WHERE file_id = ?",
                enumerate(self._audit),
            )
            db.execute(
                f"UPDATE event SET rank = {AUDIT_RANK}, sort = -audit.place FROM audit"
                f" WHERE audit.event = event.event AND rank > {AUDIT_RANK}"
            )
            db.execute("INSERT OR REPLACE INTO meta VALUES ('audit', ?)", (key,))

    # -- people's words

    def _catch_up(self, db: sqlite3.Connection) -> None:
        """Fetch the words that are new in the ledger."""
        version = self.ledger_version()
        if version == self._seen:
            return
        while True:
            mark, words = words_since(self.season, self._mark)
            if words:
                told.take(db, words)
                self.generation += 1
            if mark == self._mark:
                break
            self._mark = mark
        self._seen = version


@contextmanager
def opened(season: Path) -> Iterator[Index]:
    """An index that is built where it has to be, before the block begins."""
    index = Index(season, threads=False)
    try:
        index.start()
        with suppress(Stopped):
            index.build_now()
        yield index
    finally:
        index.close()


def facts(db: sqlite3.Connection) -> dict[str, Any]:
    """What `index_build` has counted: files by state, events, the first and the last date."""
    found = dict(db.execute("SELECT key, value FROM meta"))
    return {
        "states": json.loads(found["states"]),
        "events": int(found["events"]),
        "first_date": found["first_date"],
        "last_date": found["last_date"],
    }
