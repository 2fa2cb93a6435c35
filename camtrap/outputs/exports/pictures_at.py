"""Where a season's pictures lie now, and whether they are still those that were looked at."""

from __future__ import annotations

import os
from pathlib import Path

from camtrap.card.content import ENDS, SHORT, is_content_of, key_of_ends, kind_of
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger


def picture_path(ledger: Ledger, entry: Entry) -> Path:
    """The file on its card, where that lay last; also for names whose bytes are not UTF-8."""
    return entry.root / path_on_card(ledger, entry)


def path_on_card(ledger: Ledger, entry: Entry) -> str:
    """The path on the card as the file system knows it, POSIX; `relative_path` is for people."""
    if "\\" not in entry.relative_path:  # as which bytes that are not UTF-8 are told there
        return entry.relative_path
    row = ledger.db.execute(
        "SELECT raw_path FROM file WHERE file_id = ?", (entry.file_id,)
    ).fetchone()
    return os.fsdecode(row[0]) if row is not None and row[0] is not None else entry.relative_path


def read_same(entry: Entry, path: Path) -> bytes | None:
    """A file's bytes if they are those that the season knows, else None.

    Cameras begin their numbers anew, so that another card in the same reader has the same names.
    """
    try:
        if path.stat().st_size != entry.size:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    # A file that could not be read has no key; its size must do.
    return data if not entry.content_key or is_content_of(entry.content_key, data) else None


def is_same(entry: Entry, path: Path) -> bool:
    """True when a file is the one that the season knows; reads no more of it than its key needs."""
    if kind_of(entry.content_key) != SHORT:
        return read_same(entry, path) is not None
    try:
        size = path.stat().st_size
        if size != entry.size:
            return False
        with path.open("rb") as stream:
            head = stream.read(ENDS)
            stream.seek(max(ENDS, size - ENDS))
            return key_of_ends(size, head, stream.read(ENDS)) == entry.content_key
    except OSError:
        return False
