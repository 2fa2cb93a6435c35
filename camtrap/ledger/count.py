"""A second count of a card's files, made apart from the scan, so that neither can hide a fault.

Media files by their suffix count, whatever else is wrong with them; what nobody sees behind the
suffix is no part of it. Passed over are what computers
leave on cards, by the same rules as in `card/scan` but written down a second time: files that begin
with `._` (a Mac's own notes); folders that begin with a dot, `$RECYCLE.BIN`, `System Volume
Information`, `lost+found` and `FOUND.000` to `FOUND.999` (recycle bins, indexes, repairs of the
disk); folders that hold a season; and folders that a link leads to when the walk has been there or
will come there by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from camtrap.card.scan import (
    HEIC_SUFFIXES,
    IMAGE_SUFFIXES,
    RAW_SUFFIXES,
    UNREAD_SUFFIXES,
    VIDEO_SUFFIXES,
)
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import LEDGER_NAME

MEDIA_SUFFIXES = IMAGE_SUFFIXES | HEIC_SUFFIXES | VIDEO_SUFFIXES | RAW_SUFFIXES | UNREAD_SUFFIXES

_UNSEEN = ". \t\r\n\u00a0\u2060\ufeff" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F)))
)
"""What nobody sees behind a name: dots, blanks, and marks of the direction of writing."""

_COMPUTERS_OWN = frozenset(["$recycle.bin", "system volume information", "lost+found"])


@dataclass(slots=True)
class FolderSum:
    """How many names a folder holds, and the sum of their hashes: equal sums are equal names."""

    count: int = 0
    hashes: int = 0

    def add(self, name: str) -> None:
        """Take one name in, in any order."""
        self.count += 1
        self.hashes = (self.hashes + hash(name)) & 0xFFFF_FFFF_FFFF_FFFF


@dataclass(slots=True)
class CardCount:
    """The media files of each folder (POSIX, relative; empty for the card itself).

    `others` counts files of no medium, and `unlisted` names the folders that could not be listed.
    """

    folders: dict[str, FolderSum] = field(default_factory=dict)
    others: int = 0
    unlisted: list[Path] = field(default_factory=list)

    @property
    def files(self) -> int:
        return sum(folder.count for folder in self.folders.values())


def count_card(root: Path) -> CardCount:
    """Count the media files under `root`; holds one folder's names at a time, and no file's."""
    count = CardCount()
    for folder, names in media_names(root, count):
        total = count.folders.setdefault(folder, FolderSum())
        for name in names:
            total.add(name)
    return count


def media_names(root: Path, count: CardCount) -> Iterator[tuple[str, list[str]]]:
    """Each folder with media files and their names; the rest is noted in `count`."""
    home = os.path.realpath(root)
    reached: set[str] = set()  # real folders that links have led to
    behind_links: set[str] = set()

    def note(error: OSError) -> None:
        count.unlisted.append(Path(error.filename or root))

    for path, folders, files in os.walk(root, followlinks=True, onerror=note):
        is_card = path == os.fspath(root)
        if not is_card and LEDGER_NAME in (*files, *folders):
            folders.clear()
            continue
        if not is_card and (_is_link(path) or str(Path(path).parent) in behind_links):
            real = os.path.realpath(path)
            if real in reached or Path(real).is_relative_to(home):
                folders.clear()
                continue
            reached.add(real)
            behind_links.add(str(Path(path)))
        folders[:] = sorted(name for name in folders if not is_computers_own(name))
        media = [text_of(name) for name in files if is_media(name)]
        count.others += len(files) - len(media)
        if media:
            folder = "" if is_card else os.path.relpath(path, root).replace(os.sep, "/")
            yield text_of(folder), media


def is_computers_own(folder: str) -> bool:
    """True for a folder's name that no camera gives; see the top of this module."""
    name = folder.lower()
    if name.startswith(".") or name in _COMPUTERS_OWN:
        return True
    stem, _, number = name.partition(".")
    return stem == "found" and len(number) == 3 and number.isascii() and number.isdigit()


def is_media(name: str) -> bool:
    """True for the name of a picture or film, read or not."""
    if name.startswith("._"):
        return False
    name = name.rstrip(_UNSEEN)
    return "." in name and name[name.rindex(".") + 1 :].lower() in MEDIA_SUFFIXES


def _is_link(path: str) -> bool:
    is_junction = getattr(os.path, "isjunction", None)  # Windows, from Python 3.12
    return Path(path).is_symlink() or bool(is_junction and is_junction(path))
