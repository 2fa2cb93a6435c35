"""A flight in code: ground seen from above, with painted animals at known places.

The animals are those of the sample card, drawn without perspective from straight above or at a
slant; the ground is noise in the colours of late autumn, with dark crowns that fade into it. It
repeats after some hundred metres. It is no forest: figures made with it tell whether tiles, seams
and scales do their work, not what a real flight would give.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camtrap.painted.animals import Pose
from camtrap.painted.overhead import Overhead, from_above
from camtrap.records import Box

SPECIES = ("sika deer", "roe deer", "wild boar", "leopard", "red fox", "tiger")
LABELS = {"leopard": "leopard", "sika deer": "prey", "roe deer": "prey", "wild boar": "prey"}
CANVAS = 4096
FORWARD_OVERLAP = 0.7

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Standing:
    """An animal on the ground: species, heading in degrees, and its place in pixels of the strip.

    The strip is as wide as a frame and as long as the whole flight.
    """

    species: str
    heading: int
    x: int
    y: int


class Drawn(NamedTuple):
    """An animal that is whole in a frame: its box, its species, and its number in the herd."""

    box: Box
    species: str
    animal: int


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame: its pixels, and the animals in it. `top` is its first row in the strip."""

    number: int
    pixels: NDArray[np.uint8]
    animals: tuple[Drawn, ...]
    top: int = 0


def flight(
    frames: int,
    size: tuple[int, int],
    metres_a_pixel: float,
    per_frame: float,
    *,
    pitch: int = 90,
    seed: int = 0,
    only: Container[int] | None = None,
) -> Iterator[Shot]:
    """Frames along a line, 70 % of each in the next; `per_frame` new animals a frame on average.

    `pitch` is degrees below the horizon at which the camera looks down; 90 is straight down. The
    first ground holds none, so that there are empty frames. With `only`, those numbers are made.
    """
    width, height = size
    step = round(height * (1 - FORWARD_OVERLAP))
    herd = _herd(frames, width, height, step, per_frame, seed)
    ground = _ground(seed)
    for number in range(frames):
        if only is not None and number not in only:
            continue
        top = number * step
        rows = np.arange(top, top + height) % CANVAS
        pixels = ground[rows][:, np.arange(width) % CANVAS].copy()
        found = []
        for each, animal in enumerate(herd):
            if not top <= animal.y < top + height:
                continue
            sprite = _sprite(animal.species, animal.heading, metres_a_pixel, pitch)
            box = _stand(pixels, sprite, animal.x, animal.y - top)
            if box is not None:
                found.append(Drawn(box, animal.species, each))
        random = np.random.default_rng((seed, number))
        noise = 2 * random.standard_normal(pixels.shape, dtype=np.float32)
        yield Shot(
            number,
            np.clip(pixels + noise, 0, 255).astype(np.uint8),
            tuple(found),
            top,
        )


def _herd(
    frames: int, width: int, height: int, step: int, per_frame: float, seed: int
) -> list[Standing]:
    """Animals along the strip, a third of them in pairs, none on the first frames' ground."""
    random = np.random.default_rng(seed + 1)
    length = height + step * (frames - 1)
    first = min(height + 2 * step, length // 3)
    herd: list[Standing] = []
    while len(herd) < per_frame * frames:
        species = SPECIES[int(random.integers(len(SPECIES)))]
        heading = int(random.integers(24)) * 15
        x, y = int(random.integers(100, width - 100)), int(random.integers(first, length - 100))
        herd.append(Standing(species, heading, x, y))
        if random.random() < 0.2 and "deer" in species:
            turn = np.radians(heading + 90)
            beside = 26 + int(random.integers(20))
            herd.append(
                Standing(
                    species,
                    heading,
                    x + round(beside * float(np.cos(turn))),
                    y + round(beside * float(np.sin(turn))),
                )
            )
    return herd


def _stand(pixels: NDArray[np.float32], sprite: Overhead, x: int, y: int) -> Box | None:
    """Paint a sprite with its middle at a place; its box where all of it is in the frame."""
    colour, alpha = sprite.colour, sprite.alpha
    rows, columns = alpha.shape
    left, top = x - columns // 2, y - rows // 2
    height, width, _ = pixels.shape
    if left < 0 or top < 0 or left + columns > width or top + rows > height:
        return None  # what is cut by the frame is not drawn, so that it can be no false box either
    patch = pixels[top : top + rows, left : left + columns]
    shade = np.roll(alpha, (3, 3), axis=(0, 1))[..., None] * 0.35
    patch[:] = patch * (1 - shade)
    patch[:] = patch + (colour - patch) * alpha[..., None]
    inside = np.argwhere(alpha > 0.3)
    (first_row, first_column), (last_row, last_column) = inside.min(axis=0), inside.max(axis=0)
    return Box(
        (left + first_column) / width,
        (top + first_row) / height,
        (last_column - first_column + 1) / width,
        (last_row - first_row + 1) / height,
    )


@cache
def _sprite(species: str, heading: int, metres_a_pixel: float, pitch: int) -> Overhead:
    return from_above(
        species,
        Pose(0.2, 0.14, 10, 15),
        heading=heading,
        metres_a_pixel=metres_a_pixel,
        pitch=pitch,
    )


@cache
def _ground(seed: int) -> Floats:
    """(CANVAS, CANVAS, 3), 0..255, the same at opposite edges."""
    random = np.random.default_rng(seed)
    grey = np.zeros((CANVAS, CANVAS), np.float32)
    for cells, strength in ((16, 20), (64, 14), (256, 12), (1024, 12), (CANVAS, 10)):
        noise = Image.fromarray(random.random((cells, cells), dtype=np.float32))
        grey += strength * (np.asarray(noise.resize((CANVAS, CANVAS), 3)) - 0.5)
    picture = 118 + grey[..., None] * np.array([1.1, 1.0, 0.8]) + np.array([8, 0, -26])
    yard = np.zeros((CANVAS, CANVAS), np.float32)
    for _ in range(260):
        radius = int(random.integers(40, 120))
        x, y = random.integers(radius, CANVAS - radius, 2)
        rows, columns = np.mgrid[-radius:radius, -radius:radius]
        crown = np.clip(1.4 * (1 - np.hypot(rows, columns) / radius), 0, 1)
        place = yard[y - radius : y + radius, x - radius : x + radius]
        np.maximum(place, crown, out=place)
    soft = np.clip(yard + 0.015 * grey * (yard > 0), 0, 1)
    fir = np.array([48, 66, 44]) + 0.9 * grey[..., None]
    return np.asarray(picture + (fir - picture) * soft[..., None], np.float32)
