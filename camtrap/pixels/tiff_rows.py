"""The rows of a TIFF without the whole of it: strips or tiles that decode by themselves.

A TIFF consists of strips or tiles (TIFF 6.0, sections 3 and 15). Those that hold the rows that are
asked for are put into a small TIFF of their own, which Pillow decodes.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from camtrap.errors import TruncatedPicture
from camtrap.pixels.decode import to_rgb

STRIP_ROWS = 64
"""A TIFF that is one long strip without compression is read in strips of so many rows."""

SEGMENT_PIXELS = 1 << 24
"""A TIFF whose strips are larger than this gains nothing by them, and is decoded as a whole."""

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS = 273, 277, 278, 279
_PLANES, _PREDICTOR, _COLOURS, _TILE_WIDTH, _TILE_LENGTH = 284, 317, 320, 322, 323
_TILE_OFFSETS, _TILE_COUNTS, _EXTRA, _FORMAT, _JPEG_TABLES = 324, 325, 338, 339, 347
_YCBCR = (529, 530, 531, 532)
_KEPT = (
    *(_WIDTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _SAMPLES, _PLANES, _PREDICTOR),
    *(_COLOURS, _TILE_WIDTH, _TILE_LENGTH, _EXTRA, _FORMAT, _JPEG_TABLES, *_YCBCR),
)
_IS_YCBCR = 6  # with colour at half the resolution, so that rows do not stand by themselves
_NONE, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 7, 8, 32946, 32773
_COMPRESSIONS = (_NONE, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS)


def tiff_rows_of(image: TiffImagePlugin.TiffImageFile, data: bytes) -> TiffRows | None:
    """The strips or tiles of a TIFF; None for one that is to be decoded as a whole."""
    tags = image.tag_v2
    tiled = _TILE_OFFSETS in tags
    width, height = tags.get(_WIDTH, 0), tags.get(_LENGTH, 0)
    across = -(-width // tags.get(_TILE_WIDTH, width)) if tiled else 1
    rows = (
        tags.get(_TILE_LENGTH, height) if tiled else min(tags.get(_ROWS_PER_STRIP, height), height)
    )
    offsets = tags.get(_TILE_OFFSETS if tiled else _STRIP_OFFSETS, ())
    counts = tags.get(_TILE_COUNTS if tiled else _STRIP_COUNTS, ())
    offsets, counts = tuple(offsets), tuple(counts)
    if not tiled:
        rows, offsets, counts = _split(tags, rows, offsets, counts)
    if (
        image.mode not in ("RGB", "RGBA", "RGBX", "L", "P", "CMYK", "YCbCr")
        or tags.get(_PLANES, 1) != 1
        or tags.get(_COMPRESSION, _NONE) not in _COMPRESSIONS
        or rows * width > SEGMENT_PIXELS
        or len(offsets) != across * -(-height // rows)
        or len(counts) != len(offsets)
    ):
        return None
    return TiffRows(data, tags, tiled, across, rows, list(zip(offsets, counts, strict=True)))


def _split(
    tags: ImageFileDirectory_v2, rows: int, offsets: tuple[int, ...], counts: tuple[int, ...]
) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """A single strip that is not compressed as several: rows a strip, offsets and sizes.

    Other strips, and one that does not hold what its rows take, come back as they are.
    """
    bits = tags.get(_BITS, (1,))
    row_bytes = tags[_WIDTH] * sum(bits) // 8
    if (
        len(offsets) != 1
        or counts != (row_bytes * rows,)
        or tags.get(_COMPRESSION, _NONE) != _NONE
        or tags.get(_PHOTOMETRIC) == _IS_YCBCR
        or any(count % 8 for count in bits)
        or len(bits) != tags.get(_SAMPLES, 1)
    ):
        return rows, offsets, counts
    size = row_bytes * STRIP_ROWS
    steps = range(0, counts[0], size)
    starts = tuple(offsets[0] + step for step in steps)
    return STRIP_ROWS, starts, tuple(min(size, counts[0] - step) for step in steps)


@dataclass(slots=True, eq=False)
class TiffRows:
    """A TIFF whose rows are decoded when they are asked for, as a small TIFF of their own.

    `places` are where each strip or tile begins and how long it is; `across` of them make `rows`.
    The last rows stay decoded: tiles of one row of the plan share them.
    """

    data: bytes
    tags: ImageFileDirectory_v2
    tiled: bool
    across: int
    rows: int
    places: Sequence[tuple[int, int]]
    _band: tuple[int, int, Image.Image] | None = None

    @property
    def size(self) -> tuple[int, int]:
        return int(self.tags[_WIDTH]), int(self.tags[_LENGTH])

    def rgb(self, box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        if self._band is None or not self._band[0] <= top < bottom <= self._band[1]:
            self._band = None  # freed before the next one is made
            self._band = self._decoded(top // self.rows, -(-bottom // self.rows))
        first, _, image = self._band
        return to_rgb(image.crop((left, top - first, right, bottom - first)))

    def _decoded(self, first: int, last: int) -> tuple[int, int, Image.Image]:
        """Rows of strips or tiles, from the first up to the last: their top, bottom and pixels."""
        top, bottom = first * self.rows, min(last * self.rows, self.size[1])
        small = io.BytesIO(self._as_file(first, last, bottom - top))
        with Image.open(small, formats=["TIFF"]) as image:
            image.load()
            return top, bottom, image.copy() if image.mode == "P" else image

    def _as_file(self, first: int, last: int, height: int) -> bytes:
        """A TIFF of these rows alone: their data as they are, and the tags that explain them."""
        pieces, offsets, counts = [], [], []
        position = 8
        for offset, count in self.places[first * self.across : last * self.across]:
            if offset + count > len(self.data):
                raise TruncatedPicture("the TIFF's data end before its last row")
            pieces.append(self.data[offset : offset + count])
            offsets.append(position)
            counts.append(count)
            position += count
        if position % 2:
            pieces.append(b"\0")
            position += 1
        values = {tag: self.tags[tag] for tag in _KEPT if tag in self.tags}
        kinds = {tag: self.tags.tagtype[tag] for tag in values}
        own = {
            _LENGTH: height,
            **({} if self.tiled else {_ROWS_PER_STRIP: self.rows}),
            (_TILE_OFFSETS if self.tiled else _STRIP_OFFSETS): tuple(offsets),
            (_TILE_COUNTS if self.tiled else _STRIP_COUNTS): tuple(counts),
        }
        values |= own
        kinds |= dict.fromkeys(own, _LONG)
        order = "<" if self.tags.prefix == b"II" else ">"
        start = self.tags.prefix + struct.pack(order + "HL", 42, position)
        return b"".join([start, *pieces, _directory(values, kinds, order, position)])


_SHORT, _LONG, _RATIONAL = 3, 4, 5


def _directory(values: dict[int, Any], kinds: dict[int, int], order: str, position: int) -> bytes:
    """A directory that begins at a place of its file (TIFF 6.0, section 2); the last one there."""
    entries, rest = [], b""
    beyond = position + 2 + 12 * len(values) + 4
    for tag in sorted(values):
        value, kind = values[tag], kinds[tag]
        if isinstance(value, bytes):
            count, packed = len(value), value
        else:
            numbers = value if isinstance(value, tuple) else (value,)
            count = len(numbers)
            if kind == _RATIONAL:
                parts = [part for n in numbers for part in (n.numerator, n.denominator)]
                packed = struct.pack(f"{order}{2 * count}L", *parts)
            else:
                kind = _SHORT if kind == _SHORT else _LONG
                packed = struct.pack(f"{order}{count}{'H' if kind == _SHORT else 'L'}", *numbers)
        if len(packed) <= 4:
            field = packed.ljust(4, b"\0")
        else:
            field = struct.pack(order + "L", beyond + len(rest))
            rest += packed + b"\0" * (len(packed) % 2)
        entries.append(struct.pack(order + "HHL", tag, kind, count) + field)
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4) + rest
