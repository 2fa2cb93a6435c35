"""Regions of a large picture at their full resolution, without more of it in memory than needed.

What libraries offer: libjpeg decodes a JPEG from its first line on, and neither Pillow nor
torchvision can begin in its middle; so a JPEG is decoded once, as it is stored, and regions are cut
from that (4 bytes a pixel, as Pillow holds it). A TIFF consists of strips or tiles that decode by
themselves: only the rows that are asked for are decoded, each time anew. Turning is done to what
was cut, because a turned copy of the whole would double the memory.

Every row is decoded once before a picture is handed out, in Pillow's strict mode, so that one that
is cut short is never half seen.
"""

from __future__ import annotations

import io
import struct
from typing import Any, Protocol

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from camtrap.errors import TruncatedPicture
from camtrap.pixels.decode import (
    SCALE_MARGIN,
    TURNS,
    Frame,
    Pixels,
    decode_frame,
    is_infrared,
    opened_with_note,
    orientation,
    to_rgb,
)
from camtrap.pixels.fit import Region, fitted_size
from camtrap.pixels.limits import LIMITS, Limits
from camtrap.pixels.tiles import TILE_SIDE

REDUCTION = 4
"""What is looked at at a quarter or less is cut from a copy of this part of the size, which is made
while the rows are decoded for the first time."""

BAND_ROWS = 512
"""Rows that are decoded at a time; a multiple of `REDUCTION`."""

STRIP_ROWS = 64
"""A TIFF that is one long strip without compression is read in strips of so many rows."""

SEGMENT_PIXELS = 1 << 24
"""A TIFF whose strips are larger than this gains nothing by them, and is decoded as a whole."""

_WHOLE_FILE = 1 << 29


class Rows(Protocol):
    """The rows of a picture as they are stored, decoded when they are asked for."""

    @property
    def size(self) -> tuple[int, int]: ...

    def rgb(self, box: tuple[int, int, int, int]) -> Image.Image:
        """The pixels of a box (left, top, right, bottom) as RGB."""
        ...


class LargePicture:
    """A picture of which regions can be cut; `width` and `height` are those of the upright one.

    `note` tells what was left out of its metadata.
    """

    def __init__(self, rows: Rows, flag: int, note: str = "", limits: Limits = LIMITS) -> None:
        self._rows = rows
        self._flag = flag
        self._limits = limits
        self.note = note
        width, height = rows.size
        self.width, self.height = (height, width) if flag in (5, 6, 7, 8) else (width, height)
        self._reduction = REDUCTION
        while self._reduction > 1 and max(width, height) < SCALE_MARGIN * TILE_SIDE * (
            self._reduction
        ):
            self._reduction //= 2
        self._reduced = _reduced(rows, self._reduction)

    def cut(
        self,
        region: Region,
        size: tuple[int, int],
        resample: Image.Resampling = Image.Resampling.BILINEAR,
    ) -> Pixels:
        """The pixels of a region of the upright picture, scaled to `size` (width, height).

        The region is clipped to the picture, and takes at least the pixel that it lies in.
        """
        left, top, right, bottom = self._stored(region)
        turned = self._flag in (5, 6, 7, 8)
        stored_size = (size[1], size[0]) if turned else size
        if min((right - left) / stored_size[0], (bottom - top) / stored_size[1]) >= self._reduction:
            source, shares = self._reduced, self._reduction
            box = (
                left / shares,
                top / shares,
                min(right / shares, source.width),
                min(bottom / shares, source.height),
            )
        else:
            outer = (int(left), int(top), int(-(-right // 1)), int(-(-bottom // 1)))
            source = self._rows.rgb(outer)
            box = (left - outer[0], top - outer[1], right - outer[0], bottom - outer[1])
        piece = source.resize(stored_size, resample, box=box)
        turn = TURNS.get(self._flag)
        return np.asarray(piece if turn is None else piece.transpose(turn))

    def crop(self, region: Region, side: int, fill: int = 127) -> Pixels:
        """A region scaled into a `side` x `side` square, as `decode_crops` does."""
        width, height = fitted_size(
            max(1, round(region.width * 16)), max(1, round(region.height * 16)), side
        )
        piece = self.cut(region, (width, height), Image.Resampling.BICUBIC)
        canvas = np.full((side, side, 3), fill, np.uint8)
        left, top = (side - width) // 2, (side - height) // 2
        canvas[top : top + height, left : left + width] = piece
        return canvas

    def frame(self, side: int) -> Frame:
        """The whole picture with its longer side at `side` pixels."""
        whole = Region(0.0, 0.0, float(self.width), float(self.height))
        pixels = self.cut(whole, fitted_size(self.width, self.height, side))
        return Frame(
            pixels,
            self.width,
            self.height,
            is_infrared(pixels),
            note=self.note,
            limits=self._limits,
        )

    def _stored(self, region: Region) -> tuple[float, float, float, float]:
        """Where a region of the upright picture lies in the stored one, clipped to it."""
        width, height = self.width, self.height
        left = min(max(region.left, 0.0), width - 1.0)
        top = min(max(region.top, 0.0), height - 1.0)
        right = min(max(region.right, left + 1.0), float(width))
        bottom = min(max(region.bottom, top + 1.0), float(height))
        from_right, to_right = width - right, width - left
        from_bottom, to_bottom = height - bottom, height - top
        return {
            2: (from_right, top, to_right, bottom),
            3: (from_right, from_bottom, to_right, to_bottom),
            4: (left, from_bottom, right, to_bottom),
            5: (top, left, bottom, right),
            6: (top, from_right, bottom, to_right),
            7: (from_bottom, from_right, to_bottom, to_right),
            8: (from_bottom, left, to_bottom, right),
        }.get(self._flag, (left, top, right, bottom))


def open_large(data: bytes, limits: Limits = LIMITS) -> LargePicture:
    """Open a picture for regions; every row of it has been decoded once when this returns.

    Raises `TruncatedPicture` when the data end early, and `UnreadablePicture` when they cannot be
    decoded, or when the picture has more pixels than the limits allow.
    """
    with opened_with_note(data, limits) as (image, note):
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            directory = image.tag_v2
            segments = _segments_of(image, data)
            if segments is not None:
                flag = directory.get(_ORIENTATION, 1)
                return LargePicture(segments, flag if flag in TURNS else 1, note, limits)
        flag = orientation(image)  # a TIFF is loaded by this, turned, and has no flag any more
        image.decodermaxblock = _WHOLE_FILE  # type: ignore[attr-defined]
        image.load()
        return LargePicture(_Loaded(image), flag, note, limits)


def large_frame(data: bytes, side: int, limits: Limits = LIMITS) -> Frame:
    """As `decode_frame`, and of a large TIFF no more in memory than a band of rows."""
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return open_large(data, limits).frame(side)
    return decode_frame(data, side, limits=limits)


def _reduced(rows: Rows, reduction: int) -> Image.Image:
    """The whole picture at a part of its size, made band by band: each row is decoded here."""
    width, height = rows.size
    if reduction == 1:
        return rows.rgb((0, 0, width, height))
    whole = Image.new("RGB", (-(-width // reduction), -(-height // reduction)))
    for top in range(0, height, BAND_ROWS):
        band = rows.rgb((0, top, width, min(top + BAND_ROWS, height)))
        whole.paste(band.reduce(reduction), (0, top // reduction))
    return whole


class _Loaded:
    """A picture that is decoded as a whole and kept as it was stored."""

    def __init__(self, image: Image.Image) -> None:
        # 16 bits and floats are spread over their own range, which a region does not know.
        self._image = to_rgb(image) if image.mode[0] in "IF" else image

    @property
    def size(self) -> tuple[int, int]:
        return self._image.size

    def rgb(self, box: tuple[int, int, int, int]) -> Image.Image:
        return to_rgb(self._image.crop(box))


# -- TIFF: strips and tiles (TIFF 6.0, sections 3 and 15)

_ORIENTATION = 274
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


def _segments_of(image: TiffImagePlugin.TiffImageFile, data: bytes) -> _Segments | None:
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
    return _Segments(data, tags, tiled, across, rows, offsets, counts)


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


class _Segments:
    """A TIFF whose rows are decoded when they are asked for, as a small TIFF of their own.

    The last rows stay decoded: tiles of one row of the plan share them.
    """

    def __init__(
        self,
        data: bytes,
        tags: ImageFileDirectory_v2,
        tiled: bool,
        across: int,
        rows: int,
        offsets: tuple[int, ...],
        counts: tuple[int, ...],
    ) -> None:
        self._data = data
        self._tags = tags
        self._tiled = tiled
        self._across = across
        self._rows = rows
        self._places = list(zip(offsets, counts, strict=True))
        self._band: tuple[int, int, Image.Image] | None = None

    @property
    def size(self) -> tuple[int, int]:
        return int(self._tags[_WIDTH]), int(self._tags[_LENGTH])

    def rgb(self, box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        if self._band is None or not self._band[0] <= top < bottom <= self._band[1]:
            self._band = None  # freed before the next one is made
            self._band = self._decoded(top // self._rows, -(-bottom // self._rows))
        first, _, image = self._band
        return to_rgb(image.crop((left, top - first, right, bottom - first)))

    def _decoded(self, first: int, last: int) -> tuple[int, int, Image.Image]:
        """Rows of strips or tiles, from the first up to the last: their top, bottom and pixels."""
        top, bottom = first * self._rows, min(last * self._rows, self.size[1])
        small = io.BytesIO(self._as_file(first, last, bottom - top))
        with Image.open(small, formats=["TIFF"]) as image:
            image.load()
            return top, bottom, image.copy() if image.mode == "P" else image

    def _as_file(self, first: int, last: int, height: int) -> bytes:
        """A TIFF of these rows alone: their data as they are, and the tags that explain them."""
        pieces, offsets, counts = [], [], []
        position = 8
        for offset, count in self._places[first * self._across : last * self._across]:
            if offset + count > len(self._data):
                raise TruncatedPicture("the TIFF's data end before its last row")
            pieces.append(self._data[offset : offset + count])
            offsets.append(position)
            counts.append(count)
            position += count
        if position % 2:
            pieces.append(b"\0")
            position += 1
        values = {tag: self._tags[tag] for tag in _KEPT if tag in self._tags}
        kinds = {tag: self._tags.tagtype[tag] for tag in values}
        own = {
            _LENGTH: height,
            **({} if self._tiled else {_ROWS_PER_STRIP: self._rows}),
            (_TILE_OFFSETS if self._tiled else _STRIP_OFFSETS): tuple(offsets),
            (_TILE_COUNTS if self._tiled else _STRIP_COUNTS): tuple(counts),
        }
        values |= own
        kinds |= dict.fromkeys(own, _LONG)
        order = "<" if self._tags.prefix == b"II" else ">"
        start = self._tags.prefix + struct.pack(order + "HL", 42, position)
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
