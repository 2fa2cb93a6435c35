"""Names of files and folders that every system takes, and no two of them the same.

The rules are those of Windows, which refuses most: no `<>:"/\\\\|?*` and no control characters, no
dot or space at the end, no device's name, no difference in capitals alone. Names come from cards,
and cards come from anywhere; characters that turn the direction of writing are left out, because
they make `gpj.exe` of `exe.jpg`.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata

MOST_BYTES = 200
"""File systems take 255 bytes of UTF-8 (some 255 characters); numbers come behind."""

_REFUSED = re.compile(r'[<>:"/\\|?*]+')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])", re.IGNORECASE)
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def safe_name(text: str, instead: str = "_") -> str:
    """One name of a file or folder, as near to `text` as may be; `instead` when nothing is left."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE)
    text = _REFUSED.sub("_", text).strip(" ")
    stem, suffix = _split(text)
    room = MOST_BYTES - len(suffix.encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    name = (stem + suffix).rstrip(" .")
    # A leading dot hides a file, and `..` is another folder.
    name = re.sub(r"^\.+", "_", name)
    if _DEVICE.fullmatch(name.partition(".")[0].rstrip(" ")):
        name = f"_{name}"
    return name or instead


class UniqueNames:
    """Gives each name once, with a number behind the ones that were given before.

    Names that differ in capitals alone count as the same. What was given is kept in a scratch file
    of SQLite's own, so that a million names cost no memory.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA cache_size = -500;"
            "CREATE TABLE given (name TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID; BEGIN;"
        )

    def close(self) -> None:
        """Forget all names."""
        self._db.close()

    def give(self, folder: str, name: str) -> str:
        """The name in that folder: itself, or with ` (2)`, ` (3)` ... before its suffix."""
        unique, number = name, self._count(folder, name)
        while not self._take(folder, unique):
            number += 1
            stem, suffix = _split(name)
            unique = f"{stem} ({number}){suffix}"
        if unique != name:
            self._db.execute(
                "UPDATE given SET count = ? WHERE name = ?", (number, _key(folder, name))
            )
        return unique

    def _count(self, folder: str, name: str) -> int:
        row = self._db.execute(
            "SELECT count FROM given WHERE name = ?", (_key(folder, name),)
        ).fetchone()
        return 1 if row is None else int(row[0])

    def _take(self, folder: str, name: str) -> bool:
        added = self._db.execute(
            "INSERT OR IGNORE INTO given VALUES (?, 1)", (_key(folder, name),)
        ).rowcount
        return added > 0


def _key(folder: str, name: str) -> str:
    # macOS and Windows compare without capitals, macOS also without the way accents are written.
    return unicodedata.normalize("NFKD", f"{folder}/{name}".casefold())


def _split(name: str) -> tuple[str, str]:
    """A name and its suffix with the dot; a long one is part of the name."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and len(suffix) <= 8 else (name, "")
