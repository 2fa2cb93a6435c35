"""A ledger as the first version wrote it: its tables word by word, and rows of every kind."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from camtrap.ledger.schema import LEDGER_NAME
from tests.cards import FakePredictor

VERSION_1 = """
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
    taken_at TEXT,
    timestamp_source TEXT,
    raw_timestamp TEXT,
    utc_offset TEXT,
    make TEXT,
    model TEXT,
    serial TEXT,
    latitude REAL,
    longitude REAL,
    orientation INTEGER,
    night_scene INTEGER,
    sequence_index INTEGER,
    sequence_length INTEGER,
    maker_event INTEGER,
    trigger TEXT,
    temperature_c INTEGER,
    moon_phase INTEGER,
    battery_mv INTEGER,
    user_label TEXT,
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

REVIEW_1 = """
CREATE TABLE review (
    review_id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file,
    label TEXT NOT NULL,
    species TEXT NOT NULL DEFAULT '',
    reviewer TEXT NOT NULL DEFAULT '',
    reviewed_at TEXT NOT NULL,
    content_key TEXT NOT NULL DEFAULT ''
)
"""

Row = tuple[object, ...]


def old_season(season: Path, card: Path, names: list[str], *, model: str = "0" * 64) -> Path:
    """Make a season of version 1 that has called every named file of `card` empty.

    A person has said of the first that there is a leopard. The model is the tests' own fake.
    """
    season.mkdir(parents=True)
    db = sqlite3.connect(season / LEDGER_NAME)
    db.executescript(VERSION_1 + REVIEW_1)
    db.execute("PRAGMA user_version = 1")
    db.execute(
        "INSERT INTO card VALUES (1, 'A', ?, '2026-01-01T00:00:00Z')", (str(card.resolve()),)
    )
    said = {
        "model": {"id": "old", "sha256": model},
        "thresholds": FakePredictor().thresholds.as_dict(),
    }
    db.execute("INSERT INTO run VALUES (1, '2026-01-01T00:00:00Z', NULL, ?)", (json.dumps(said),))
    for number, name in enumerate(names, start=1):
        path = card / name
        key = hashlib.sha1(path.read_bytes()).hexdigest()
        db.execute(
            "INSERT INTO file (file_id, card_id, relative_path, size, modified_ns, state,"
            " content_key, run_id, confidence, probabilities, width, height, timestamp_source,"
            " orientation) VALUES (?, 1, ?, ?, ?, 'empty', ?, 1, 0.9, ?, 48, 36, '', 1)",
            (
                number,
                name,
                path.stat().st_size,
                path.stat().st_mtime_ns,
                key,
                json.dumps({"empty": 0.9, "prey": 0.1}),
            ),
        )
        db.execute(
            "INSERT INTO detection VALUES (?, 0, 'prey', 0.1, 0, 0, 1, 1, 0.2, '{}')", (number,)
        )
    db.execute(
        "INSERT INTO review (file_id, label, reviewer, reviewed_at, content_key)"
        " SELECT 1, 'leopard', 'Olga', '2026-01-02T00:00:00Z', content_key FROM file"
        " WHERE file_id = 1"
    )
    db.commit()
    db.close()
    return season


def rows(season: Path) -> dict[str, list[Row]]:
    """Every row of the tables of version 1, columns by their names of then."""
    db = sqlite3.connect(season / LEDGER_NAME)
    try:
        return {
            table: db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            for table, columns in _COLUMNS.items()
        }
    finally:
        db.close()


def _columns() -> dict[str, str]:
    db = sqlite3.connect(":memory:")
    db.executescript(VERSION_1 + REVIEW_1)
    tables = ("card", "run", "file", "detection", "review")
    return {
        table: ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
        for table in tables
    }


_COLUMNS = _columns()
