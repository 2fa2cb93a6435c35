"""Which boxes of a picture show its leopard, which of them are the best to look at, and their cut.

A crop holds pixels alone: no metadata of the camera, and so no position, goes with it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from camtrap.pixels.decode import decode_frame, opened, upright_size
from camtrap.pixels.fit import WHOLE, clipped
from camtrap.records import Box, State

MARGIN = 0.15
"""Of the box's longer side, around the animal: a coat ends where its background begins."""

QUALITY = 95
"""JPEG's; rosettes are compared by programs, which see what compression adds."""

_NOT_ANIMALS = (State.PERSON, State.VEHICLE)


class Cut(NamedTuple):
    """A crop as a JPEG, its size in pixels, and the animal's box in it: left, top, width, height
    in pixels."""

    data: bytes
    size: tuple[int, int]
    box: tuple[int, int, int, int]


def leopard_boxes(labels: Mapping[int, str], *, by_person: bool) -> list[int]:
    """The numbers of the boxes that show a leopard, of a picture that is called one.

    They are those that the model calls so; where a person saw a leopard and the model none, every
    box of an animal. `labels` are the boxes' own, by number.
    """
    found = [number for number, label in labels.items() if label == State.LEOPARD]
    if found or not by_person:
        return found
    return [number for number, label in labels.items() if label not in _NOT_ANIMALS]


def worth(box: Box, confidence: float, width: int | None, height: int | None) -> float:
    """How much is to be seen in a box: its side in pixels, less where it is less certain.

    Of a picture of unknown size, sides are told as of one of a megapixel.
    """
    part = clipped(box)
    return confidence * math.sqrt(
        max(part.width, 0.0) * (width or 1000) * max(part.height, 0.0) * (height or 1000)
    )


def cut(data: bytes, box: Box | None) -> Cut:
    """A box with `MARGIN` around it, from all pixels of a picture; without a box, all of it.

    Raises as `decode_frame`.
    """
    with opened(data) as image:
        longest = max(upright_size(image))
    pixels = decode_frame(data, longest).pixels
    height, width = pixels.shape[:2]
    animal = clipped(box if box is not None else WHOLE)
    around = MARGIN * max(animal.width * width, animal.height * height) if box is not None else 0.0
    left, top, right, bottom = _edges(animal, (width, height), around)
    inner = _edges(animal, (width, height), 0.0)
    buffer = io.BytesIO()
    piece = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    piece.save(buffer, "JPEG", quality=QUALITY)
    roi = (inner[0] - left, inner[1] - top, inner[2] - inner[0], inner[3] - inner[1])
    return Cut(buffer.getvalue(), piece.size, roi)


def _edges(part: Box, size: Sequence[int], around: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels, at least one apart and within the picture."""
    width, height = size
    left = min(max(math.floor(part.x * width - around), 0), width - 1)
    top = min(max(math.floor(part.y * height - around), 0), height - 1)
    right = min(max(math.ceil((part.x + part.width) * width + around), left + 1), width)
    bottom = min(max(math.ceil((part.y + part.height) * height + around), top + 1), height)
    return left, top, right, bottom
