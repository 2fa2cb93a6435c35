"""A scratch file of SQLite, for formats whose parts have to be joined; it goes when closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from camtrap.batches import in_batches

_BATCH = 1000


@contextmanager
def scratch(tables: str) -> Iterator[sqlite3.Connection]:
    """Open one with these tables; what a crash leaves of it is worth nothing."""
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -4000; {tables} BEGIN;")
        yield db


def fill(db: sqlite3.Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement for each row, some at a time."""
    for batch in in_batches(rows, _BATCH):
        db.executemany(statement, batch)
