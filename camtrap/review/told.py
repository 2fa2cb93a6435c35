"""People's words beside the queue index, in tables that last as long as its connection.

Each event that has a word is summed up, so that the queue need not look at its frames.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from camtrap.ledger.decisions import Word
from camtrap.ledger.opening import transaction
from camtrap.records import CONCERN, State

WEIGHT: Mapping[str, int] = {
    label: place for place, label in enumerate((*CONCERN[:-1], State.UNSURE, State.EMPTY))
}
"""Of several words on the frames of one event, that of the least weight here names the event."""

# `whole` is true where every frame of the event has a word.
CREATE = """
CREATE TEMP TABLE word (
    file_id INTEGER PRIMARY KEY, event INTEGER, version INTEGER, label TEXT, species TEXT,
    reviewer TEXT, reviewed_at TEXT
);
CREATE INDEX temp.word_by_event ON word (event);
CREATE TEMP TABLE told (
    event INTEGER PRIMARY KEY, words INTEGER, label TEXT, species TEXT, reviewer TEXT,
    reviewed_at TEXT, mixed INTEGER, whole INTEGER
);
CREATE INDEX temp.told_whole ON told (whole);
CREATE TEMP TABLE touched (event INTEGER PRIMARY KEY);
"""

_TOUCH = "INSERT OR IGNORE INTO touched SELECT event FROM file WHERE file_id = ?"
_KEEP = "INSERT INTO word SELECT file_id, event, ?, ?, ?, ?, ? FROM file WHERE file_id = ?"
_WHEN = " ".join(f"WHEN '{label}' THEN {weight}" for label, weight in WEIGHT.items())

# The label is that of the gravest word, the name and the time are those of the newest.
_TELL = f"""
INSERT INTO told
SELECT event, count(*),
    max(label) FILTER (WHERE grave = 1), max(species) FILTER (WHERE grave = 1),
    max(reviewer) FILTER (WHERE newest = 1), max(reviewed_at) FILTER (WHERE newest = 1),
    count(DISTINCT label || char(10) || species) > 1, count(*) >= max(frames)
FROM (
    SELECT word.*, frames,
        row_number() OVER (
            PARTITION BY event ORDER BY CASE word.label {_WHEN} END, version DESC
        ) AS grave,
        row_number() OVER (PARTITION BY event ORDER BY version DESC) AS newest
    FROM touched JOIN word USING (event) JOIN event USING (event)
) GROUP BY event
"""


def take(db: sqlite3.Connection, words: Mapping[int, Word | None]) -> None:
    """Take over what is new: of each file the word that counts now, or that none does."""
    with transaction(db):
        db.execute("DELETE FROM touched")
        db.executemany("DELETE FROM word WHERE file_id = ?", ((number,) for number in words))
        db.executemany(_TOUCH, ((number,) for number in words))
        db.executemany(
            _KEEP,
            (
                (word.version, word.label, word.species, word.reviewer, word.reviewed_at, number)
                for number, word in words.items()
                if word is not None
            ),
        )
        db.execute("DELETE FROM told WHERE event IN (SELECT event FROM touched)")
        db.execute(_TELL)
