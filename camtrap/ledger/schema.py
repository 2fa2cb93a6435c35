"""The ledger's tables; SQLite's `user_version` keeps their version, and a newer one is refused."""

from __future__ import annotations

LEDGER_NAME = "ledger.sqlite"
VERSION = 1

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

CREATE = f"""
CREATE TABLE card (
    card_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    root TEXT NOT NULL,         -- a BLOB where the path is not valid UTF-8
    added_at TEXT NOT NULL
);
CREATE TABLE run (
    run_id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    settings TEXT NOT NULL
);
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
    UNIQUE (card_id, relative_path)
);
CREATE INDEX file_by_state ON file (state, card_id, relative_path);
CREATE INDEX file_by_content ON file (content_key) WHERE content_key != '';
CREATE INDEX file_by_original ON file (duplicate_of) WHERE duplicate_of IS NOT NULL;
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
) WITHOUT ROWID;
"""
