"""A large picture as a plan of overlapping tiles, at one scale or several; without pixels.

A drone's picture has ten times the pixels that the first look takes, and its animals are small:
scaled down as a whole, a deer would be a speck. Cut into tiles, each is looked at like a picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

TILE_SIDE = 640
"""Pixels of the longer side at which a tile is looked at: those of the model's first look."""

TILE_OVERLAP = 128
"""Pixels, at the tile's scale, that neighbours share: no animal up to that size is cut in both.
The scales are a factor of two apart, so an animal is whole at a size of 64 pixels or more, or at
the picture's own scale."""

LEAST_ANIMAL_PIXELS = 48
"""Pixels of an animal's length at which it is looked at, where that can be chosen: the middle, on a
logarithmic scale, of the lengths that the detector for tiles learnt (`learn.aerial.scene`)."""

MOST_ENLARGED = 2.0
"""A picture is enlarged by no more than this: it costs four times the tiles."""


class Tile(NamedTuple):
    """A rectangle in whole pixels of the upright picture, and the scale at which it is looked at.

    `scale` is pixels of the first look for one of the picture's; 1 is the picture as it is.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def plan_tiles(
    width: int,
    height: int,
    *,
    side: int = TILE_SIDE,
    overlap: int = TILE_OVERLAP,
    scales: Sequence[float] = (),
) -> tuple[Tile, ...]:
    """Tiles that cover a picture at each scale: by scale as given, then by rows, left to right.

    `side` and `overlap` are in pixels of the first look. Without `scales` it is looked at as it is,
    at half the size, and so on, until the whole picture is one tile. At each scale every point lies
    in a tile, and every box of up to `overlap / scale` picture pixels a side lies whole in one.

    Raises `ValueError` for a picture without pixels, and for an overlap that leaves no way ahead.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width} x {height} has no tiles")
    if not 0 <= overlap < side:
        raise ValueError(f"tiles of {side} pixels cannot overlap by {overlap}")
    tiles: list[Tile] = []
    for scale in scales or pyramid(width, height, side):
        span, shared = _in_picture_pixels(scale, side, overlap)
        if span >= max(width, height):  # as every small picture is looked at, enlarged if need be
            tiles.append(Tile(0, 0, width, height, side / max(width, height)))
            continue
        for top in _starts(height, span, shared):
            for left in _starts(width, span, shared):
                right, bottom = min(left + span, width), min(top + span, height)
                tiles.append(Tile(left, top, right, bottom, side / span))
    return tuple(dict.fromkeys(tiles))


def pyramid(width: int, height: int, side: int = TILE_SIDE) -> tuple[float, ...]:
    """1, 1/2, 1/4, ... and last the scale at which the picture's longer side is `side`."""
    longest = max(width, height)
    scales = []
    scale = 1.0
    while longest * scale > side:
        scales.append(scale)
        scale /= 2
    return (*scales, side / longest)


def scale_for(
    metres_a_pixel: float, animal_metres: float, least_pixels: float = LEAST_ANIMAL_PIXELS
) -> float:
    """The scale at which an animal of this length has enough pixels, at most `MOST_ENLARGED`.

    `metres_a_pixel` is the ground sampling distance. Raises `ValueError` unless both lengths are
    over 0.
    """
    if not (metres_a_pixel > 0 and animal_metres > 0):
        raise ValueError("a ground sampling distance and an animal's length are more than 0")
    return min(MOST_ENLARGED, least_pixels * metres_a_pixel / animal_metres)


_SLACK = 1e-6  # of a pixel: what rounding takes from a side that fits exactly


def _in_picture_pixels(scale: float, side: int, overlap: int) -> tuple[int, int]:
    """What a tile spans, and what neighbours share, in whole pixels of the picture."""
    if not 0 < scale < float("inf"):
        raise ValueError(f"{scale} is no scale")
    span = max(1, int(side / scale + _SLACK))
    return span, min(math.ceil(overlap / scale - _SLACK), span - 1)


def _starts(length: int, span: int, shared: int) -> Iterator[int]:
    """Where tiles begin along one side: spread evenly, the last one flush with the end."""
    if length <= span:
        yield 0
        return
    steps = -(-(length - span) // (span - shared))
    for step in range(steps + 1):
        # In whole numbers, so that no gap is wider than span - shared.
        yield step * (length - span) // steps
