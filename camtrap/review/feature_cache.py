"""Vectors of crops, kept in the season's `cache/features.sqlite`, so that each is made once.

The file is bounded and may be deleted at any time. Where it cannot be kept, memory serves.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

NAME = Path("cache") / "features.sqlite"
MOST = 20_000
"""Vectors that are kept, of 2.5 KB each; a season of thousands of leopard events has fewer."""

_PRUNE_EVERY = 100
_CREATE = (
    "CREATE TABLE IF NOT EXISTS feature"
    " (key TEXT PRIMARY KEY, used REAL NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID"
)

Vector = NDArray[np.float32]


class FeatureCache:
    """Vectors by key, safe to use from several threads."""

    def __init__(self, season: Path, *, most: int = MOST) -> None:
        self._most, self._lock, self._new = most, threading.Lock(), 0
        self._db = self._opened(season / NAME)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def get(self, key: str) -> Vector | None:
        """The vector of a key, of length 1; None where there is none."""
        try:
            with self._lock:
                row = self._db.execute(
                    "SELECT vector FROM feature WHERE key = ?", (key,)
                ).fetchone()
        except sqlite3.Error as error:
            log.debug("no features are read: %s", error)
            return None
        if row is None:
            return None
        vector = np.frombuffer(row[0], np.float16).astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector

    def put(self, key: str, vector: Vector) -> None:
        """Keep a vector; of more than there is room for, those put in first go."""
        try:
            with self._lock:
                self._db.execute(
                    "INSERT OR REPLACE INTO feature VALUES (?, ?, ?)",
                    (key, time.time(), vector.astype(np.float16).tobytes()),
                )
                self._new += 1
                if self._new % _PRUNE_EVERY == 0:
                    self._prune()
        except sqlite3.Error as error:
            log.debug("features are not kept: %s", error)

    def __len__(self) -> int:
        with self._lock:
            count: int = self._db.execute("SELECT count(*) FROM feature").fetchone()[0]
        return count

    def _prune(self) -> None:
        self._db.execute(
            "DELETE FROM feature WHERE key IN"
            " (SELECT key FROM feature ORDER BY used DESC LIMIT -1 OFFSET ?)",
            (self._most,),
        )

    def _opened(self, path: Path) -> sqlite3.Connection:
        for place in (path, None):
            db = None
            try:
                if place is not None:
                    place.parent.mkdir(parents=True, exist_ok=True)
                db = sqlite3.connect(
                    place or ":memory:", isolation_level=None, check_same_thread=False, timeout=10
                )
                # What a cache loses is made anew.
                db.execute("PRAGMA synchronous = OFF")
                db.execute(_CREATE)
                self._db = db
                self._prune()
                return db
            except (OSError, sqlite3.Error) as error:
                log.debug("no features are kept in %s: %s", path, error)
                if db is not None:
                    db.close()
        raise AssertionError("memory has room for an empty table")
