"""Geometry between a picture, the detector's input and the classifier's crops; without pixels."""

from __future__ import annotations

from typing import NamedTuple

from camtrap.records import Box


class Region(NamedTuple):
    """A rectangle in pixels of the upright picture: left, top, right, bottom (may be fractions)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def fitted_size(width: int, height: int, side: int) -> tuple[int, int]:
    """The size (width, height) at which a picture's longer side is `side`; never below 1 pixel."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def padded(length: int, multiple: int) -> int:
    """`length` rounded up to a multiple, as the network's strides need it."""
    return -(-length // multiple) * multiple


def square_around(box: Box, width: int, height: int, context: float) -> Region:
    """The square of `context` times the box's longer side around its centre, moved into the frame.

    Where the frame is too small for the square, the region is cut at the frame, no longer square.
    """
    side = max(box.width * width, box.height * height, 1.0) * context
    left, right = _inside((box.x + box.width / 2) * width, side, width)
    top, bottom = _inside((box.y + box.height / 2) * height, side, height)
    return Region(left, top, right, bottom)


def _inside(centre: float, side: float, length: int) -> tuple[float, float]:
    if side >= length:
        return 0.0, float(length)
    start = min(max(centre - side / 2, 0.0), length - side)
    return start, start + side


def clipped(box: Box) -> Box:
    """The part of a box that lies in the frame; width and height may come out as 0."""
    left, top = min(max(box.x, 0.0), 1.0), min(max(box.y, 0.0), 1.0)
    right = min(max(box.x + box.width, 0.0), 1.0)
    bottom = min(max(box.y + box.height, 0.0), 1.0)
    return Box(left, top, right - left, bottom - top)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    common = _common(a, b)
    return common / (a.width * a.height + b.width * b.height - common) if common else 0.0


def covered(a: Box, b: Box) -> float:
    """The share of the smaller of two boxes that lies in the other, 0..1."""
    common = _common(a, b)
    return common / min(a.width * a.height, b.width * b.height) if common else 0.0


def share_within(a: Box, b: Box) -> float:
    """The share of the first box that lies in the second, 0..1."""
    common = _common(a, b)
    return common / (a.width * a.height) if common else 0.0


def _common(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return width * height if width > 0 and height > 0 else 0.0
