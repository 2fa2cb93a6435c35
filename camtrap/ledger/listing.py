"""A card's files into the ledger: what is new, what is known, and what starts again."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import Any

from camtrap.ledger.forget import forget
from camtrap.ledger.rows import CardEntry, text_of
from camtrap.records import ImageFile, State


@dataclass(frozen=True, slots=True)
class ListingCount:
    """What registering a card's files found; each file counts once.

    `known` are those known from before, `changed` those that are others by now, and `again` those
    that could not be read, or were skipped for want of a reader, and get another chance.
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
        "SELECT file_id, size, modified_ns, content_key, state,"
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
    # What reads HEIC may have been installed since, as the reason for skipping it told.
    readable_now = row["state"] == State.SKIPPED and not file.skip_reason
    if same and not row["untold"] and not readable_now:
        return "known"
    forget(db, row["file_id"], said, same_bytes=same and bool(row["content_key"]))
    return "again" if same else "changed"
