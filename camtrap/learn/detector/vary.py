"""Pictures as they might have been taken: nearer, farther, mirrored, in other light; the boxes move
along.

Changes are milder than those of crops (see `learn.augment`), because the teacher has to know the
picture still: it tells what everything else in it is. Boxes are `Marks`, relative to the picture.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from camtrap.learn.detector.targets import Marks
from camtrap.pixels.decode import Pixels
from camtrap.pixels.fit import fitted_size

PLAIN, NEARER = 0.35, 0.4
"""Chances of a picture as it is and of a part of it; the rest is shown smaller on black."""

MOST_NEAR, MOST_FAR = 0.75, 0.72
"""The smallest part of the sides that is shown, and the smallest size of the whole."""

KEPT = 0.03
"""A part of a picture holds all its boxes from this score on."""

_MARGIN = 0.02


def vary(
    pixels: Pixels, marks: Marks, side: int, random: np.random.Generator
) -> tuple[Pixels, Marks]:
    """One random variation of a picture (height, width, 3) with longer side at most `side`; the
    same generator state gives the same one."""
    chance = random.random()
    if chance < PLAIN:
        pixels, marks = scaled(pixels, side), marks.copy()
    elif chance < PLAIN + NEARER:
        pixels, marks = nearer(pixels, marks, side, random)
    else:
        pixels, marks = farther(pixels, marks, side, random)
    if random.random() < 0.5:
        pixels, marks = mirror(pixels, marks)
    return light(pixels, random), marks


def scaled(pixels: Pixels, side: int) -> Pixels:
    """The picture with its longer side at `side`."""
    height, width, _ = pixels.shape
    if max(height, width) == side:
        return pixels
    size = fitted_size(width, height, side)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def nearer(
    pixels: Pixels, marks: Marks, side: int, random: np.random.Generator
) -> tuple[Pixels, Marks]:
    """A part of the picture at full size, placed so that no box of `KEPT` is cut; of the others,
    those whose centre is outside are dropped."""
    height, width, _ = pixels.shape
    low, high = _held(marks)
    share = min(1.0, max(random.uniform(MOST_NEAR, 1.0), *(high - low)))
    # Corners from which the part still holds everything between `low` and `high`.
    first, last = np.maximum(high - share, 0.0), np.minimum(low, 1 - share)
    corner = random.uniform(np.minimum(first, last), np.maximum(first, last))
    size = (width, height)
    area = (*(corner * size), *((corner + share) * size))
    image = Image.fromarray(pixels).resize(
        fitted_size(width, height, side), Image.Resampling.BILINEAR, box=area
    )
    moved = marks.copy()
    moved[:, :2] = (marks[:, :2] - corner) / share
    moved[:, 2:4] = marks[:, 2:4] / share
    centre = moved[:, :2] + moved[:, 2:4] / 2
    inside = ((centre > 0) & (centre < 1)).all(axis=1)
    return np.asarray(image), moved[inside]


def farther(
    pixels: Pixels, marks: Marks, side: int, random: np.random.Generator
) -> tuple[Pixels, Marks]:
    """The whole picture smaller, anywhere on black."""
    height, width, _ = pixels.shape
    full = fitted_size(width, height, side)
    scale = random.uniform(MOST_FAR, 1.0)
    small = (max(8, int(full[0] * scale)), max(8, int(full[1] * scale)))
    left, top = (
        int(random.integers(0, max(0, f - s) + 1)) for f, s in zip(full, small, strict=True)
    )
    shown = np.zeros((full[1], full[0], 3), np.uint8)
    image = Image.fromarray(pixels).resize(small, Image.Resampling.BILINEAR)
    shown[top : top + small[1], left : left + small[0]] = np.asarray(image)[: full[1], : full[0]]
    moved = marks.copy()
    share = np.array(small, np.float32) / full
    moved[:, :2] = marks[:, :2] * share + np.array((left, top), np.float32) / full
    moved[:, 2:4] = marks[:, 2:4] * share
    return shown, moved


def mirror(pixels: Pixels, marks: Marks) -> tuple[Pixels, Marks]:
    """Left becomes right."""
    moved = marks.copy()
    moved[:, 0] = 1 - marks[:, 0] - marks[:, 2]
    return np.ascontiguousarray(pixels[:, ::-1]), moved


def light(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Another camera: grey, tint, exposure, contrast and noise, each at times."""
    values = pixels.astype(np.float32) / 255
    if random.random() < 0.2:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if random.random() < 0.15:
        values = values * random.uniform((0.85, 0.85, 0.85), (1.1, 1.1, 1.15)).astype(np.float32)
    if random.random() < 0.7:
        values = np.clip(values, 0, 1) ** random.uniform(0.75, 1.33)
        values = (values - 0.5) * random.uniform(0.8, 1.2) + 0.5 + random.uniform(-0.08, 0.08)
    if random.random() < 0.25:
        grain = random.standard_normal((*values.shape[:2], 1)).astype(np.float32)
        values = values + grain * np.float32(random.uniform(0.005, 0.03))
    changed: Pixels = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return changed


def _held(marks: Marks) -> tuple[np.ndarray, np.ndarray]:
    """Top left and bottom right of what must stay in the picture, (x, y) each."""
    if not len(marks):
        return np.full(2, 0.5), np.full(2, 0.5)
    kept = marks[marks[:, 4] >= KEPT] if (marks[:, 4] >= KEPT).any() else marks[:1]
    low = np.maximum(kept[:, :2].min(axis=0) - _MARGIN, 0.0)
    high = np.minimum((kept[:, :2] + kept[:, 2:4]).max(axis=0) + _MARGIN, 1.0)
    return low.astype(np.float64), high.astype(np.float64)
