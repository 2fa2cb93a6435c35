"""The same picture twice: which file of the season first showed a content.

Only a file that was looked at can be the original of another: of fifty empty files on a card, each
is unreadable for itself.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from camtrap.ledger.schema import LEDGER_NAME
from camtrap.records import State

_LOOKED_AT = ", ".join(f"'{state}'" for state in State if state.is_label)


class Original(NamedTuple):
    """The file that a duplicate repeats; `shown` is the card's name and the path on it."""

    file_id: int
    shown: str
    width: int | None
    height: int | None
    infrared: int | None


def original_of(
    db: sqlite3.Connection, content_key: str, *, besides: int | None = None
) -> Original | None:
    """The file that showed this content first, if any was looked at; never the file `besides`."""
    if not content_key:
        return None
    # The index is a partial one: without `!= ''` SQLite cannot know that it holds the answer, and
    # every question costs a walk over the season.
    row = db.execute(
        "SELECT file_id, name || '/' || relative_path, width, height, infrared"
        " FROM file JOIN card USING (card_id) WHERE content_key = ? AND content_key != ''"
        f" AND state IN ({_LOOKED_AT}) AND file_id IS NOT ? ORDER BY file_id LIMIT 1",
        (content_key, besides),
    ).fetchone()
    return None if row is None else Original(*row)


class KnownContent:
    """Asks, from any thread and while a run writes, whether the season has seen a content key."""

    def __init__(self, season: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(season / LEDGER_NAME, timeout=30, check_same_thread=False)
        # Every question is for another page of the index, of which no cache holds a season's.
        self._db.execute("PRAGMA cache_size = -500")

    def __call__(self, content_key: str) -> bool:
        with self._lock:
            return original_of(self._db, content_key) is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:  # SQLite crashes the process when a question is under way
            self._db.close()
