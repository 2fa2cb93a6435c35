"""A card's files into the ledger: what is new, what is known, and what starts again."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import Any

from camtrap.ledger import schema
from camtrap.ledger.rows import CardEntry, text_of, update_file
from camtrap.records import ImageFile, State

_NOT_LOOKED_AT = dict.fromkeys(
    (
        *("duplicate_of", "run_id", "confidence", "probabilities"),
        *("width", "height", "infrared"),
        *(name for name, _ in schema.CAPTURE_COLUMNS),
    )
)
"""The columns of a file that only a look at it can fill, empty."""


@dataclass(frozen=True, slots=True)
class ListingCount:
    """What registering a card's files found; each file counts once.

    `known` are those known from before, `changed` those that are others by now, and `again` those
    that could not be read and get another chance.
    """

    new: int = 0
    known: int = 0
    changed: int = 0
    again: int = 0


def enter(db: sqlite3.Connection, card: CardEntry, file: ImageFile) -> str:
    """Enter one file, inside a transaction; returns the field of `ListingCount` that counts it."""
    name = text_of(file.relative_path)
    said: dict[str, Any] = {
        "size": file.size,
        "modified_ns": file.modified_ns,
        "state": State.SKIPPED if file.skip_reason else State.PENDING,
        "reason": text_of(file.skip_reason),
    }
    # A file of which no byte could be read has no content key; one that was decoded has a width.
    row = db.execute(
        "SELECT file_id, size, modified_ns,"
        " state = 'unreadable' AND (content_key = '' OR width IS NOT NULL) AS untold"
        " FROM file WHERE card_id = ? AND relative_path = ?",
        (card.card_id, name),
    ).fetchone()
    if row is None:
        raw = None if name == file.relative_path else os.fsencode(file.relative_path)
        db.execute(
            "INSERT INTO file (card_id, relative_path, raw_path, size, modified_ns, state, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (card.card_id, name, raw, *said.values()),
        )
        return "new"
    same = (row["size"], row["modified_ns"]) == (file.size, file.modified_ns)
    if same and not row["untold"]:
        return "known"
    _start_again(db, row["file_id"], said)
    return "again" if same else "changed"


def _start_again(db: sqlite3.Connection, file_id: int, values: dict[str, Any]) -> None:
    """Forget what was said of a file; files that only repeated it must now speak for themselves."""
    db.execute("DELETE FROM detection WHERE file_id = ?", (file_id,))
    update_file(db, file_id, {**values, "content_key": "", **_NOT_LOOKED_AT})
    repeated = db.execute("SELECT file_id FROM file WHERE duplicate_of = ?", (file_id,)).fetchall()
    for row in repeated:
        _start_again(db, row["file_id"], {"state": State.PENDING, "reason": ""})
