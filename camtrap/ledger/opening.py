"""Opening a ledger: its journal, its version, and the steps that lead an older one to the newest.

A write-ahead log lets people look on while a run writes. It needs memory that processes share,
which network drives and some cards' file systems do not give; there SQLite's older journal serves,
which keeps as much when the power fails and only makes readers wait.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from camtrap.errors import SeasonError
from camtrap.ledger import schema

log = logging.getLogger(__name__)

_CACHE_KB = 1000


def connect(path: Path) -> sqlite3.Connection:
    """Open the file and lead it to the newest version; a new file is made a ledger.

    Raises `SeasonError` when it is of a newer version, `sqlite3.Error` when it cannot be opened.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        _refuse_newer(db, path)
        mode = _set_journal(db)
        if mode != "wal":
            log.warning(
                "%s lies on a drive without a write-ahead log (its journal is '%s'). Nothing is "
                "less safe, but nobody can look into the season while a run writes to it; to have "
                "that, keep the season on a disk of this computer.",
                path,
                mode,
            )
        # FULL keeps commits when the power fails.
        db.execute("PRAGMA synchronous = FULL")
        # Files come and go in order, and a commit changes less than this: more would only be held.
        db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of the block is on disk when it ends, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.rollback()


def _set_journal(db: sqlite3.Connection) -> str:
    """Ask for a write-ahead log; returns the journal that is in use in the end."""
    try:
        mode = _journal(db, "WAL")
        # That the log can be used shows with the first question only.
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        log.debug("no write-ahead log: %s", error)
    else:
        if mode == "wal":
            return mode
    # A log that another computer left is readable without shared memory by one process alone.
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        mode = _journal(db, "DELETE")
    finally:
        db.execute("PRAGMA locking_mode = NORMAL")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # lets go of the lock
    return mode


def _journal(db: sqlite3.Connection, mode: str) -> str:
    return str(db.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]).lower()


def version_of(db: sqlite3.Connection) -> int:
    """The ledger's version; 0 for a new file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    if version_of(db) > schema.VERSION:
        raise SeasonError(f"{path} was written by a newer camtrap. Install that version.")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    while (before := version_of(db)) < schema.VERSION:
        with transaction(db):
            # Asked again inside: another process may have opened the same ledger a moment ago.
            version = version_of(db)
            if version != before:
                continue
            statements = schema.MIGRATIONS[version - 1] if version else schema.CREATE
            for statement in statements:
                db.execute(statement)
            now = version + 1 if version else schema.VERSION
            db.execute(f"PRAGMA user_version = {now}")
        if before:
            log.info("%s was led from version %d to %d", path, before, now)
