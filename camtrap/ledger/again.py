"""Files that are looked at again because somebody asks for it: the failed, the changed, or all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from camtrap.ledger.forget import forget, forget_all
from camtrap.ledger.rows import CardEntry, text_of
from camtrap.ledger.store import Ledger
from camtrap.records import ImageFile, State

FAILED = (State.UNREADABLE, State.TRUNCATED)
"""The states of files that could not be read or decoded, or on which the model failed."""

_PAGE = 1000


class Keyed(NamedTuple):
    """A file that was read, and the keys that its bytes had; `full_key` may be empty."""

    file: ImageFile
    content_key: str
    full_key: str


def redo(ledger: Ledger) -> int:
    """Make all files but the skipped pending, in one transaction; returns how many.

    People's reviews stay, and count as before. Raises `SeasonError` when it cannot be written.
    """
    with ledger.writing():
        return forget_all(ledger.db)


def failed(ledger: Ledger, card: CardEntry) -> Iterator[ImageFile]:
    """The files of a card in one of the states `FAILED`, in path order."""
    states = ", ".join(f"'{state}'" for state in FAILED)
    return (keyed.file for keyed in _pages(ledger, card, f"state IN ({states})"))


def read_before(ledger: Ledger, card: CardEntry) -> Iterator[Keyed]:
    """The files of a card whose bytes were read, in path order; safe while some start again."""
    return _pages(ledger, card, "content_key != '' AND state NOT IN ('pending', 'skipped')")


def start_again(
    ledger: Ledger, card: CardEntry, files: Sequence[ImageFile], *, same_bytes: bool
) -> None:
    """Make files pending, in one transaction; see `forget` for what `same_bytes` keeps."""
    with ledger.writing():
        for file in files:
            row = ledger.db.execute(
                "SELECT file_id FROM file WHERE card_id = ? AND relative_path = ?",
                (card.card_id, text_of(file.relative_path)),
            ).fetchone()
            said = {"state": State.PENDING, "reason": ""}
            forget(ledger.db, row["file_id"], said, same_bytes=same_bytes)


def note_full_keys(ledger: Ledger, card: CardEntry, keys: Iterable[tuple[ImageFile, str]]) -> None:
    """Note the keys of files' whole bytes, in one transaction."""
    with ledger.writing():
        ledger.db.executemany(
            "UPDATE file SET full_key = ? WHERE card_id = ? AND relative_path = ?",
            [(key, card.card_id, text_of(file.relative_path)) for file, key in keys],
        )


def _pages(ledger: Ledger, card: CardEntry, condition: str) -> Iterator[Keyed]:
    last = ""
    while True:
        rows = ledger.db.execute(
            "SELECT relative_path, raw_path, size, modified_ns, content_key, full_key FROM file"
            f" WHERE card_id = ? AND relative_path > ? AND {condition}"
            " ORDER BY relative_path LIMIT ?",
            (card.card_id, last, _PAGE),
        ).fetchall()
        for row in rows:
            last = row["relative_path"]
            name = os.fsdecode(row["raw_path"]) if row["raw_path"] is not None else last
            file = ImageFile(card.root, name, row["size"], row["modified_ns"])
            yield Keyed(file, row["content_key"], row["full_key"])
        if len(rows) < _PAGE:
            return
