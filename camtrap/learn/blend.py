"""Laying one picture over another without a seam: areas, soft edges, light carried across.

The seam is hidden as in gradient-domain cloning (Perez et al. 2003, with the smooth membrane of
Farbman et al. 2009): around the patch the difference between both pictures is measured, carried
smoothly into it by a pull-push pyramid (Gortler et al. 1996), and added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camtrap.pixels.decode import Pixels
from camtrap.records import Box

Floats = NDArray[np.float32]

FINEST = 2
"""So many halvings before light is carried: texture is averaged away, light stays."""


class Area(NamedTuple):
    """A rectangle of whole pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int


def carried(values: Floats, weights: Floats, finest: int = 0) -> Floats:
    """Values (height, width, channels) carried smoothly to where their weights (0..1) are 0.

    Pull-push: each level halves the picture by weighted means, and fills what it does not know from
    the level below. The first `finest` levels only pass on, so that detail is left out.
    """
    height, width, channels = values.shape
    if height == 1 and width == 1:
        return values
    odd = ((0, height % 2), (0, width % 2))
    weighted = np.pad(values * weights[..., None], (*odd, (0, 0)))
    known = np.pad(weights, odd)
    blocks = (known.shape[0] // 2, 2, known.shape[1] // 2, 2)
    total = known.reshape(blocks).sum(axis=(1, 3))
    means = (
        weighted.reshape(*blocks, channels).sum(axis=(1, 3)) / np.maximum(total, 1e-6)[..., None]
    )
    below = carried(means.astype(np.float32), np.minimum(total, 1).astype(np.float32), finest - 1)
    size = (known.shape[1], known.shape[0])
    filled = np.stack(
        [
            np.asarray(Image.fromarray(below[..., c]).resize(size, Image.Resampling.BILINEAR))
            for c in range(channels)
        ],
        axis=2,
    )[:height, :width]
    if finest > 0:
        return filled
    share = np.minimum(weights, 1)[..., None]
    result: Floats = share * values + (1 - share) * filled
    return result


def area_around(box: Box, frame: Pixels, margin: float) -> Area:
    """The whole pixels of a box grown by `margin` of its sides (4 pixels at least)."""
    height, width = frame.shape[:2]
    more_x = max(4.0, margin * box.width * width)
    more_y = max(4.0, margin * box.height * height)
    return Area(
        max(0, int(box.x * width - more_x)),
        max(0, int(box.y * height - more_y)),
        min(width, int(np.ceil((box.x + box.width) * width + more_x))),
        min(height, int(np.ceil((box.y + box.height) * height + more_y))),
    )


def grown(area: Area, pixels: int, frame: Pixels) -> Area:
    """The area with so many pixels more on every side, in the frame."""
    height, width = frame.shape[:2]
    return Area(
        max(0, area.left - pixels),
        max(0, area.top - pixels),
        min(width, area.right + pixels),
        min(height, area.bottom + pixels),
    )


def matched(place: Floats, patch: Floats, cover: Floats) -> Floats:
    """The patch in the light and contrast that the place has where the cover is 0."""
    ring = cover <= 0
    if not ring.any():
        return patch
    before, after = patch[ring].mean(axis=1), place[ring].mean(axis=1)
    gain = float(np.clip(after.std() / max(float(before.std()), 1e-3), 0.6, 1.6))
    laid = (patch - before.mean()) * gain + before.mean()
    matched_patch: Floats = laid + carried(place - laid, ring.astype(np.float32), FINEST)
    return matched_patch


def mixed(there: Pixels, laid: Floats, cover: Floats) -> Pixels:
    """`laid` over `there` by `cover` (height, width), 0..1."""
    mixed = cover[..., None] * laid + (1 - cover[..., None]) * there
    done: Pixels = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return done


def fade(start: int, stop: int, length: int, share: float) -> Floats:
    """1 from `start` to `stop`, falling softly to 0 over `share` of it at both ends; not where an
    end is the frame's own, at 0 or `length`."""
    width = max(3.0, share * (stop - start))
    at = np.arange(start, stop, dtype=np.float32) + 0.5
    rising = (at - start) / width if start > 0 else np.ones_like(at)
    falling = (stop - at) / width if stop < length else np.ones_like(at)
    return soft(np.minimum(rising, falling))


def soft(values: Floats) -> Floats:
    """Smoothstep: 0 below 0, 1 above 1, without a kink between."""
    inside = np.clip(values, 0, 1)
    result: Floats = (inside * inside * (3 - 2 * inside)).astype(np.float32)
    return result
