"""Ground from above: noise in the colours of many places, with things that are no animals; or
pieces of real pictures in which nothing is alive.

All of it is drawn at random and wide of the mark in most ways, so that a detector cannot learn any
one ground (domain randomisation, Tobin and others 2017, arXiv:1703.06907).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from camtrap.painted.overhead import Floats

PALETTE: dict[str, tuple[tuple[int, int, int], ...]] = {
    "autumn leaves": ((126, 102, 70), (104, 84, 62), (142, 120, 88)),
    "dry grass": ((150, 138, 96), (128, 118, 80), (166, 156, 118)),
    "green": ((92, 110, 62), (74, 94, 52), (112, 122, 78)),
    "soil": ((110, 92, 76), (92, 78, 66), (130, 112, 96)),
    "sand": ((188, 166, 134), (170, 148, 118), (202, 184, 156)),
    "rock": ((126, 124, 120), (104, 104, 104), (150, 148, 144)),
    "snow": ((222, 226, 232), (200, 206, 216), (238, 240, 242)),
    "water": ((62, 76, 80), (54, 66, 72), (76, 88, 90)),
}
"""Colours, red, green, blue 0..255, by eye."""

_CELLS = (3, 8, 24, 70, 200)
_SHADOW = 0.45


def noise(side: int, cells: int, random: np.random.Generator) -> Floats:
    """(side, side) smooth noise about 0, -0.5..0.5, with so many cells along a side."""
    grid = Image.fromarray(random.random((cells + 3, cells + 3), dtype=np.float32))
    edge = side / cells
    whole = grid.resize((int(side + 3 * edge) + 1,) * 2, Image.Resampling.BICUBIC)
    begin = int(edge)
    return np.asarray(whole, np.float32)[begin : begin + side, begin : begin + side] - 0.5


def made_ground(side: int, random: np.random.Generator) -> Floats:
    """(side, side, 3), 0..255: one or two kinds of ground with crowns, stones, logs and tracks."""
    first, second = random.choice(sorted(PALETTE), 2)
    picture = _kind(str(first), side, random)
    if random.random() < 0.5:
        edge = noise(side, int(random.integers(1, 6)), random) + random.uniform(-0.3, 0.3)
        share = np.clip(0.5 + edge * random.uniform(2, 40), 0, 1)[..., None]
        picture = picture + (_kind(str(second), side, random) - picture) * share
    if random.random() < 0.3:
        _tracks(picture, random)
    for _ in range(int(random.choice([0, 0, 2, 6, 20]))):
        _crown(picture, random)
    for _ in range(int(random.choice([0, 3, 10, 40]))):
        _thing(picture, random)
    return picture


def real_ground(pictures: Sequence[np.ndarray], side: int, random: np.random.Generator) -> Floats:
    """(side, side, 3), 0..255: a part of one of the pictures (height, width, 3) with nothing alive
    in them, turned and mirrored at random."""
    picture = pictures[int(random.integers(len(pictures)))]
    height, width, _ = picture.shape
    part = int(min(height, width) * random.uniform(0.5, 1.0))
    top, left = int(random.integers(height - part + 1)), int(random.integers(width - part + 1))
    cut = Image.fromarray(picture[top : top + part, left : left + part])
    ground = np.asarray(cut.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    ground = np.rot90(ground, int(random.integers(4)))
    return np.array(ground[:, ::-1] if random.random() < 0.5 else ground)


def _kind(name: str, side: int, random: np.random.Generator) -> Floats:
    dark, light = sorted(PALETTE[name], key=sum)[::2]
    grey = np.zeros((side, side), np.float32)
    for cells in _CELLS:
        strength = random.uniform(0.1, 1.0) * random.choice([0.3, 1.0])
        grey += np.float32(strength) * noise(side, cells, random)
    grey += np.float32(random.uniform(0, 0.5)) * (random.random((side, side), np.float32) - 0.5)
    share = np.clip(0.5 + grey * random.uniform(0.4, 2.0), -0.6, 1.6)[..., None]
    low, high = np.array(dark, np.float32), np.array(light, np.float32)
    tint = random.uniform(0.85, 1.15, 3).astype(np.float32)
    return np.asarray((low + (high - low) * share) * tint * random.uniform(0.7, 1.15), np.float32)


def _tracks(picture: Floats, random: np.random.Generator) -> None:
    """A path or two ruts across the picture, in place."""
    side = len(picture)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    turn = random.uniform(0, np.pi)
    across = (columns - random.uniform(0, side)) * np.cos(turn) + (
        rows - random.uniform(0, side)
    ) * np.sin(turn)
    across = across + random.uniform(0, 60) * noise(side, 3, random)
    apart, width = random.choice([0.0, 18.0, 40.0]), random.uniform(2, 14)
    near = np.clip(1.5 - np.abs(np.abs(across) - apart) / width, 0, 1)[..., None]
    colour = random.uniform(60, 210) * np.array([1.0, 0.95, 0.85], np.float32)
    picture += (colour - picture) * near * np.float32(random.uniform(0.2, 0.8))


def _crown(picture: Floats, random: np.random.Generator) -> None:
    """A tree or bush with its shadow, in place."""
    radius = int(np.exp(random.uniform(np.log(14), np.log(130))))
    rough = noise(2 * radius, max(3, radius // 6), random)
    rows, columns = np.mgrid[-radius:radius, -radius:radius].astype(np.float32)
    away = np.hypot(rows, columns) / radius + rough * random.uniform(0.2, 1.0)
    shape = np.clip((1 - away) * random.uniform(1.2, 8), 0, 1)
    colour = np.array([random.uniform(30, 110), random.uniform(45, 115), random.uniform(25, 70)])
    light = 1 + (columns * random.uniform(-1, 1) + rows * random.uniform(-1, 1)) / (2 * radius)
    leaves = (0.8 + 1.2 * rough + 0.6 * noise(2 * radius, max(4, radius // 2), random)) * light
    place = random.integers(-radius, len(picture), 2)
    shift = random.integers(-radius, radius + 1, 2) // 2
    lay(picture, np.zeros(3), shape * _SHADOW * random.random(), place + shift)
    lay(picture, colour * np.clip(leaves, 0.2, 2)[..., None], shape, place)


def _thing(picture: Floats, random: np.random.Generator) -> None:
    """A stone, a log, a stump or a heap, of an animal's size and with a shadow, in place."""
    long = np.exp(random.uniform(np.log(6), np.log(90)))
    wide = long * (random.uniform(0.04, 0.18) if random.random() < 0.4 else random.uniform(0.5, 1))
    radius = int(long) + 3
    rows, columns = np.mgrid[-radius:radius, -radius:radius].astype(np.float32)
    turn = random.uniform(0, np.pi)
    along = columns * np.cos(turn) + rows * np.sin(turn)
    across = rows * np.cos(turn) - columns * np.sin(turn)
    power = random.choice([2.0, 2.0, 4.0])  # round or with corners
    rough = noise(2 * radius, max(3, radius // 4), random)
    inside = 1 - np.abs(along / long) ** power - np.abs(across / wide) ** power
    shape = np.clip((inside + rough * random.uniform(0, 0.8)) * wide, 0, 1)
    lit = (across * random.uniform(-1, 1) / wide + along * random.uniform(-0.5, 0.5) / long) / 2
    grey = random.uniform(25, 230)
    colour = np.clip(grey * random.uniform(0.85, 1.15, 3), 0, 255)
    skin = np.clip(0.9 + 0.5 * lit + 0.5 * rough, 0.2, 1.6)[..., None]
    place = random.integers(-radius, len(picture), 2)
    shift = (random.integers(-1, 2, 2) * wide * random.random()).astype(int)
    lay(picture, np.zeros(3), shape * _SHADOW * random.random(), place + shift)
    lay(picture, colour * skin, shape * random.uniform(0.5, 1), place)


def lay(picture: Floats, colour: np.ndarray, alpha: np.ndarray, corner: np.ndarray) -> None:
    """Mix colours (rows, columns, 3) or one colour into the picture where they lie within it."""
    rows, columns = alpha.shape
    top, left = int(corner[0]), int(corner[1])
    high, low = max(top, 0), min(top + rows, len(picture))
    near, far = max(left, 0), min(left + columns, picture.shape[1])
    if high >= low or near >= far:
        return
    area = slice(high - top, low - top), slice(near - left, far - left)
    share = alpha[area][..., None]
    own = colour[area] if colour.ndim == 3 else colour
    place = picture[high:low, near:far]
    place += ((own - place) * share).astype(np.float32)
