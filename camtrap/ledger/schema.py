"""The ledger's tables; SQLite's `user_version` keeps their version, and a newer one is refused.

`CREATE` makes the newest version. `MIGRATIONS` lead an older ledger there, one version a step, and
no step removes a row. A step that was released is never changed: another is put behind it. People's
reviews have a table of their own, which is made with the first of them (`ledger/reviews`).

Whatever outputs are made of lies in tables that are `watched`: every changed row of theirs counts,
so that outputs need not be written again while nothing has changed (`ledger/exported`). A new table
is watched, or named in `UNWATCHED` when no output tells of it.
"""

from __future__ import annotations

import sqlite3

LEDGER_NAME = "ledger.sqlite"
VERSION = 3

UNWATCHED = frozenset(["change", "export", "reconciliation", "source", "observation"])
"""Tables of which no output tells; what others said (`ledger/observations`) is in none of a run."""


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """True when a ledger has a table; those of reviews and imports come with the first of them."""
    found = db.execute("SELECT 1 FROM main.sqlite_master WHERE name = ?", (name,)).fetchone()
    return found is not None


CAPTURE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("taken_at", "TEXT"),
    ("timestamp_source", "TEXT"),
    ("raw_timestamp", "TEXT"),
    ("utc_offset", "TEXT"),
    ("make", "TEXT"),
    ("model", "TEXT"),
    ("serial", "TEXT"),
    ("latitude", "REAL"),
    ("longitude", "REAL"),
    ("orientation", "INTEGER"),
    ("night_scene", "INTEGER"),
    ("sequence_index", "INTEGER"),
    ("sequence_length", "INTEGER"),
    ("maker_event", "INTEGER"),
    ("trigger", "TEXT"),
    ("temperature_c", "INTEGER"),
    ("moon_phase", "INTEGER"),
    ("battery_mv", "INTEGER"),
    ("user_label", "TEXT"),
)
"""One column a field of `records.Capture`, in the same order and under the same names."""

_CAPTURE = ",\n    ".join(f"{name} {kind}" for name, kind in CAPTURE_COLUMNS)

_RECONCILIATION = """
CREATE TABLE reconciliation (
    reconciliation_id INTEGER PRIMARY KEY,
    card_id INTEGER NOT NULL REFERENCES card,
    run_id INTEGER REFERENCES run,      -- empty where nothing was left to triage
    checked_at TEXT NOT NULL,
    on_card INTEGER NOT NULL,           -- files that a second, separate count saw
    states TEXT NOT NULL,               -- JSON object, files of the card in each state
    gone INTEGER NOT NULL,              -- known files that no longer lie on the card
    missing TEXT NOT NULL               -- JSON object, folder: files that no state accounts for
)
"""

_CHANGE = """
CREATE TABLE change (
    count INTEGER NOT NULL              -- of rows that were changed in watched tables; one row
)
"""

_EXPORT = """
CREATE TABLE export (
    made_of TEXT NOT NULL,              -- the last outputs' fingerprint; one row
    account TEXT NOT NULL,              -- JSON object, what the outputs told of the season
    files TEXT NOT NULL                 -- JSON object, an output's path: the key of all its bytes
)
"""


def watched(table: str) -> tuple[str, ...]:
    """The statements after which each changed row of a table counts."""
    return tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{event} AFTER {event.upper()} ON {table}"
        " BEGIN UPDATE change SET count = count + 1; END"
        for event in ("insert", "update", "delete")
    )


_WATCHING = (
    _CHANGE,
    "INSERT INTO change VALUES (0)",
    *(statement for table in ("card", "run", "file", "detection") for statement in watched(table)),
)
_BY_TIME = "CREATE INDEX file_by_time ON file (modified_ns, size)"
"""By which a card is recognised: times of files seldom repeat."""

_TABLES = (
    """
CREATE TABLE card (
    card_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    root TEXT NOT NULL,         -- a BLOB where the path is not valid UTF-8
    added_at TEXT NOT NULL
)
""",
    """
CREATE TABLE run (
    run_id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    settings TEXT NOT NULL
)
""",
    f"""
CREATE TABLE file (
    file_id INTEGER PRIMARY KEY,
    card_id INTEGER NOT NULL REFERENCES card,
    relative_path TEXT NOT NULL,
    raw_path BLOB,              -- set only where the name is not valid UTF-8
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    content_key TEXT NOT NULL DEFAULT '',
    duplicate_of INTEGER REFERENCES file,
    run_id INTEGER REFERENCES run,
    confidence REAL,
    probabilities TEXT,         -- JSON object, one calibrated value a label
    width INTEGER,
    height INTEGER,
    infrared INTEGER,
    {_CAPTURE},
    full_key TEXT NOT NULL DEFAULT '',  -- of every byte, where --verify full was asked for
    UNIQUE (card_id, relative_path)
)
""",
    "CREATE INDEX file_by_state ON file (state, card_id, relative_path)",
    "CREATE INDEX file_by_content ON file (content_key) WHERE content_key != ''",
    "CREATE INDEX file_by_original ON file (duplicate_of) WHERE duplicate_of IS NOT NULL",
    """
CREATE TABLE detection (
    file_id INTEGER NOT NULL REFERENCES file,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    score REAL NOT NULL,
    probabilities TEXT NOT NULL,
    PRIMARY KEY (file_id, number)
) WITHOUT ROWID
""",
)

CREATE: tuple[str, ...] = (*_TABLES, _RECONCILIATION, _EXPORT, _BY_TIME, *_WATCHING)
"""The statements that make a ledger of `VERSION`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "ALTER TABLE file ADD COLUMN full_key TEXT NOT NULL DEFAULT ''",
        _RECONCILIATION,
    ),
    (_EXPORT, _BY_TIME, *_WATCHING),
)
"""The first leads from version 1 to 2, and so on; each is applied in one transaction."""

assert len(MIGRATIONS) == VERSION - 1
