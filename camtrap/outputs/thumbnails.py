"""Small pictures of a season, kept in its own folder `cache/thumbnails` and never on a card.

So a page can be made again when the card is not plugged in, and a picture is read from a slow card
once. The folder is bounded, may be deleted at any time, and holds pixels without any metadata.
What cannot be kept (no room, a season that may only be read) is made anew each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from camtrap.ledger.rows import Entry
from camtrap.outputs.pictures import PictureAway, drawn, read_picture, scaled
from camtrap.records import Box

log = logging.getLogger(__name__)

FOLDER = Path("cache") / "thumbnails"
LIMIT = 1_000_000_000
"""Bytes that the folder may hold; some 4,000 pictures of `LARGE`, as many of `SMALL`, and what a
person looks at in a week of review."""

LARGE, SMALL = 900, 420
"""The two sizes of pictures on pages: pixels of the longer side."""

TINY, SCREENS = 320, (800, 1600, 3200)
"""Those of the review: in its strips, and on the whole screen."""

SIDES = tuple(sorted((TINY, SMALL, LARGE, *SCREENS)))

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"  # of every whole JPEG


class Thumbnails:
    """The small pictures of one season. `limit` is what the folder may hold, in bytes."""

    def __init__(self, season: Path, *, limit: int = LIMIT) -> None:
        self.folder = season / FOLDER
        self._limit = limit

    def drawn(self, entry: Entry, boxes: Sequence[Box], side: int = LARGE) -> bytes:
        """A JPEG of a frame with boxes drawn in it, at most `side` pixels (`LARGE` or `SMALL`).

        Raises `PictureAway` when it is neither kept nor on its card, `UnreadablePicture` when it
        cannot be decoded.
        """
        return drawn(self.plain(entry, side), boxes)

    def plain(self, entry: Entry, side: int = LARGE) -> bytes:
        """The same without boxes."""
        try:
            return self.made(entry, str(side), lambda data: scaled(data, side))
        except PictureAway:
            # Of another size, then: too small a picture is better than none.
            larger = [other for other in SIDES if other > side]
            for other in (*larger, *reversed(SIDES)):
                if other != side and (kept := self._kept(entry, str(other))):
                    return scaled(kept, side)
            raise

    def made(self, entry: Entry, what: str, make: Callable[[bytes], bytes]) -> bytes:
        """What `make` makes of a file's bytes, a JPEG, kept under the name `what`; raises alike."""
        if kept := self._kept(entry, what):
            return kept
        small = make(read_picture(entry))
        self._keep(entry, what, small)
        return small

    def prune(self) -> None:
        """Delete the pictures that were not used for longest, until the folder is within bounds."""
        found: list[tuple[float, int, Path]] = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*/*"):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._limit:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size

    def _path(self, entry: Entry, what: str) -> Path | None:
        """Where a picture is kept; the same bytes under any name are one picture."""
        if not entry.content_key:
            return None
        name = hashlib.sha256(f"{entry.content_key} {what}".encode()).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}.jpg"

    def _kept(self, entry: Entry, what: str) -> bytes | None:
        path = self._path(entry, what)
        if path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if not (data.startswith(_BEGIN) and data.endswith(_END)):  # the plug was pulled
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def _keep(self, entry: Entry, what: str, data: bytes) -> None:
        path = self._path(entry, what)
        if path is None:
            return
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            log.debug("no thumbnail is kept in %s: %s", self.folder, error)
            with contextlib.suppress(OSError):
                part.unlink()
