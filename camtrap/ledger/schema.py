"""The ledger's tables; SQLite's `user_version` keeps their version, and a newer one is refused.

`CREATE` makes the newest version. `MIGRATIONS` lead an older ledger there, one version a step, and
no step removes a row. A step that was released is never changed: another is put behind it. People's
reviews have a table of their own, which is made with the first of them (`ledger/reviews`).
"""

from __future__ import annotations

LEDGER_NAME = "ledger.sqlite"
VERSION = 2

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

CREATE: tuple[str, ...] = (*_TABLES, _RECONCILIATION)
"""The statements that make a ledger of `VERSION`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "ALTER TABLE file ADD COLUMN full_key TEXT NOT NULL DEFAULT ''",
        _RECONCILIATION,
    ),
)
"""The first leads from version 1 to 2, and so on; each is applied in one transaction."""

assert len(MIGRATIONS) == VERSION - 1
