"""Pictures for the browser: decoded in a few threads of their own, upright, kept in the season.

What comes out holds pixels alone, without any metadata. A browser asks by a file's number, and
where that file lies is the ledger's word; when its card is away, what is kept serves.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from camtrap.errors import SeasonError, UnreadablePicture
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.thumbnails import LIMIT, SCREENS, TINY, Thumbnails
from camtrap.pixels.decode import decode_frame, opened, upright_size
from camtrap.pixels.fit import clipped
from camtrap.records import Box
from camtrap.review.answers import Refused, not_found

SIDES = SCREENS
"""Pixels of the longer side that a page may ask for; a thumbnail has `TINY`."""

CROP_SIDES = (320, 640)
CROP_MARGIN = 0.15
"""Of the box's longer side, around an animal's crop: a coat ends where its background begins."""

_CROP_QUALITY = 90
_PRUNE_SHARE = 20
"""The folder is looked through whenever so small a part of its limit is new."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its tag, which is another for another picture under the same number; `data` is
    None where the browser has it already."""

    tag: str
    data: bytes | None


class Pictures:
    """The pictures of one season; `limit` is what is kept at most, in bytes."""

    def __init__(self, season: Path, *, limit: int = LIMIT, threads: int = 0) -> None:
        self._season = season
        self._kept = Thumbnails(season, limit=limit)
        # More threads than cores only take memory: one large picture needs up to a gigabyte.
        self._pool = ThreadPoolExecutor(threads or max(2, os.cpu_count() or 2), "review-pictures")
        self._limit, self._new, self._lock = limit, limit, threading.Lock()

    def close(self) -> None:
        """End the threads; what is being decoded is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def thumbnail(self, file_id: int, tag: str = "") -> Picture:
        """A small picture of a file; `tag` is that which the browser has."""
        return await self._in_thread(lambda: self._picture(file_id, TINY, tag))

    async def picture(self, file_id: int, side: int, tag: str = "") -> Picture:
        """A picture of one of `SIDES`, or of its own size where it is smaller."""
        if side not in SIDES:
            raise Refused(400, "side", f"'side' is one of {', '.join(map(str, SIDES))}.")
        return await self._in_thread(lambda: self._picture(file_id, side, tag))

    async def crop(self, file_id: int, number: int, side: int, tag: str = "") -> Picture:
        """One detection with some of what is around it, of one of `CROP_SIDES`."""
        if side not in CROP_SIDES:
            raise Refused(400, "side", f"'side' is one of {', '.join(map(str, CROP_SIDES))}.")
        return await self._in_thread(lambda: self._crop(file_id, number, side, tag))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _picture(self, file_id: int, side: int, tag: str) -> Picture:
        entry = self._entry(file_id)
        ours = _tag_of(entry, str(side))
        if tag == ours:
            return Picture(ours, None)
        return Picture(ours, self._made(entry, lambda: self._kept.plain(entry, side)))

    def _crop(self, file_id: int, number: int, side: int, tag: str) -> Picture:
        entry = self._entry(file_id)
        if not 0 <= number < len(entry.detections):
            raise not_found(f"box {number} in that picture")
        box = entry.detections[number].box
        name = f"crop {side} {' '.join(f'{edge:.5f}' for edge in box)}"
        ours = _tag_of(entry, name)
        if tag == ours:
            return Picture(ours, None)

        def make() -> bytes:
            try:
                return self._kept.made(entry, name, lambda data: cropped(data, box, side))
            except PictureAway:  # of what is kept, then
                return cropped(self._kept.plain(entry, max(SIDES)), box, side)

        return Picture(ours, self._made(entry, make))

    def _made(self, entry: Entry, make: Callable[[], bytes]) -> bytes:
        try:
            data = make()
        except PictureAway:
            raise Refused(
                404,
                "away",
                f"The card {entry.card} is not plugged in, and no copy of the picture is kept.",
                card=entry.card,
            ) from None
        except UnreadablePicture:
            raise Refused(
                404, "unreadable", "The picture cannot be decoded.", card=entry.card
            ) from None
        with self._lock:
            self._new += len(data)
            due = self._new * _PRUNE_SHARE >= self._limit
            if due:
                self._new = 0
        if due:
            self._kept.prune()
        return data

    def _entry(self, file_id: int) -> Entry:
        try:
            with Ledger(self._season) as ledger:
                return ledger.entry(file_id)
        except SeasonError:
            raise not_found("such picture") from None


def cropped(data: bytes, box: Box, side: int) -> bytes:
    """A JPEG of a box with `CROP_MARGIN` around it, its longer side at most `side` pixels, cut from
    as many pixels as that needs; raises as `decode_frame`."""
    around = CROP_MARGIN * max(box.width, box.height)
    part = clipped(
        Box(box.x - around, box.y - around, box.width + 2 * around, box.height + 2 * around)
    )
    with opened(data) as image:
        longest = max(upright_size(image))
    share = max(part.width, part.height, 1 / longest)
    frame = decode_frame(data, min(math.ceil(side / share), longest), least=0)
    height, width = frame.pixels.shape[:2]
    left, top = int(part.x * width), int(part.y * height)
    right = max(left + 1, round((part.x + part.width) * width))
    bottom = max(top + 1, round((part.y + part.height) * height))
    buffer = io.BytesIO()
    piece = Image.fromarray(np.ascontiguousarray(frame.pixels[top:bottom, left:right]))
    piece.thumbnail((side, side))
    piece.save(buffer, "JPEG", quality=_CROP_QUALITY)
    return buffer.getvalue()


def _tag_of(entry: Entry, what: str) -> str:
    known = entry.content_key or f"{entry.file_id} {entry.size}"
    return f'"{hashlib.sha256(f"{known} {what}".encode()).hexdigest()[:32]}"'
