"""Which file of the season a name in somebody's table means: one, or it is not said.

Names are compared without case, in one spelling of letters (Unicode NFC), and with either slash. A
name means a file, in this order, when it is

1. the card's name and the path on it, as camtrap writes it;
2. the end of where the file lay on this computer, with or without folders above the card;
3. longer than 1, and ends with it.

The first that holds for any file decides, and only when it holds for exactly one. With a card
given, the path on it or its end is meant, and more folders before it may stand there. Nothing else
is tried: cameras number their pictures alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Self

from camtrap.errors import ConfigError
from camtrap.imports.scratch import fill, scratch
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger

AMBIGUOUS = -1

_TABLES = """
CREATE TABLE place (file INTEGER, named TEXT, lay TEXT);
"""
_INDEXES = ("CREATE INDEX by_name ON place (named)", "CREATE INDEX by_lay ON place (lay)")

_DEEPEST = 64
"""Folders of a name that are looked at; no card has so many."""

_LAST = "\U0010ffff"


class Files:
    """A season's files by name; use it as a context manager. `card` narrows it to one card.

    Raises `ConfigError` when the season has no card of that name.
    """

    def __init__(self, ledger: Ledger, card: str = "") -> None:
        cards = {entry.card_id: entry for entry in ledger.cards()}
        if card and card not in {entry.name for entry in cards.values()}:
            known = ", ".join(entry.name for entry in cards.values())
            raise ConfigError(f"The season has no card '{card}'. It has: {known or 'none yet'}.")
        self._card = card
        self._others = {
            reversed_key(one.name) for one in cards.values() if card and one.name != card
        }
        self._open = ExitStack()
        self._db = self._open.enter_context(scratch(_TABLES))
        rows = ledger.db.execute("SELECT file_id, card_id, relative_path FROM file")
        fill(
            self._db,
            "INSERT INTO place VALUES (?, ?, ?)",
            (
                (file_id, reversed_key(path if card else f"{own.name}/{path}"), lay)
                for file_id, card_id, path in rows
                if (own := cards[card_id]).name == card or not card
                for lay in [reversed_key(path if card else f"{text_of(str(own.root))}/{path}")]
            ),
        )
        for statement in _INDEXES:
            self._db.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def find(self, names: Sequence[str]) -> int | None:
        """The file that the first known of these names means.

        None when the season has none, `AMBIGUOUS` when it may be several.
        """
        for name in names:
            found = self._find(name)
            if found is not None:
                return found
        return None

    def _find(self, name: str) -> int | None:
        key = reversed_key(name)
        if not key:
            return None
        for matches in (self._exactly(key), self._ending(key), self._within(key)):
            found = {file for (file,) in matches}
            if found:
                return found.pop() if len(found) == 1 else AMBIGUOUS
        return None

    def _exactly(self, key: str) -> Iterable[tuple[int]]:
        return self._db.execute("SELECT file FROM place WHERE named = ? LIMIT 2", (key,))

    def _ending(self, key: str) -> Iterable[tuple[int]]:
        """Files whose place ends with the name; what is typed from the root is the whole place."""
        return self._db.execute(
            "SELECT file FROM place WHERE lay = ? OR (lay > ? AND lay < ?) LIMIT 2",
            (key, f"{key}/", f"{key}/{_LAST}"),
        )

    def _within(self, key: str) -> Iterable[tuple[int]]:
        """Files with whose card and path the name ends; the longest of them."""
        pieces = key.split("/")[:_DEEPEST]
        fewest = 1 if self._card else 2
        for count in range(len(pieces) - 1, fewest - 1, -1):
            if pieces[count] in self._others:  # what stands before it is another card
                continue
            found = self._db.execute(
                "SELECT file FROM place WHERE named = ? LIMIT 2", ("/".join(pieces[:count]),)
            ).fetchall()
            if found:
                return found
        return []


def reversed_key(name: str) -> str:
    """A path to compare, the file's name first: `A/100/a.JPG` is `a.jpg/100/a`."""
    plain = unicodedata.normalize("NFC", text_of(name).replace("\\", "/")).casefold()
    pieces = [piece for piece in plain.split("/") if piece not in ("", ".")]
    return "/".join(reversed(pieces))
