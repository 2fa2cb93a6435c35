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

from typing import Protocol

import numpy as np
from PIL import Image, TiffImagePlugin

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
from camtrap.pixels.tiff_rows import tiff_rows_of
from camtrap.pixels.tiles import TILE_SIDE

REDUCTION = 4
"""What is looked at at a quarter or less is cut from a copy of this part of the size, which is made
while the rows are decoded for the first time."""

BAND_ROWS = 512
"""Rows that are decoded at a time; a multiple of `REDUCTION`."""

_WHOLE_FILE = 1 << 29
_ORIENTATION = 274


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
        self._is_turned = flag in (5, 6, 7, 8)
        self._limits = limits
        self.note = note
        self.width, self.height = rows.size[::-1] if self._is_turned else rows.size
        self._reduction = REDUCTION
        while self._reduction > max(1.0, max(rows.size) / (SCALE_MARGIN * TILE_SIDE)):
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
        stored_size = size[::-1] if self._is_turned else size
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
            rows = tiff_rows_of(image, data)
            if rows is not None:
                flag = directory.get(_ORIENTATION, 1)
                return LargePicture(rows, flag if flag in TURNS else 1, note, limits)
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
