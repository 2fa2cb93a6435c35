"""Noise that hangs on place and seed alone: points go in, values 0..1 come out, always the same."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def hashed(cells: Array, seed: int) -> Array:
    """A value 0..1 for each whole-numbered cell; `cells` is (..., 2 or 3), the answer (...)."""
    mixed = np.full(cells.shape[:-1], (seed * 668265263 + 374761393) % 2**32, dtype=np.uint32)
    for axis in range(cells.shape[-1]):
        mixed ^= cells[..., axis].astype(np.int64).astype(np.uint32)
        mixed *= np.uint32(2654435761)
        mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(2246822519)
    mixed ^= mixed >> np.uint32(13)
    return mixed.astype(np.float32) / np.float32(2**32)


def smooth_noise(points: Array, seed: int) -> Array:
    """Value noise 0..1 with cells of size one; `points` is (..., 2 or 3)."""
    corner = np.floor(points)
    weight = points - corner
    weight = weight * weight * (3 - 2 * weight)
    axes = points.shape[-1]
    total = np.zeros(points.shape[:-1], dtype=np.float32)
    for index in range(2**axes):
        offset = np.array([(index >> axis) & 1 for axis in range(axes)])
        share = np.where(offset == 1, weight, 1 - weight).prod(axis=-1)
        total += (share * hashed(corner + offset, seed)).astype(np.float32)
    return total


def fractal_noise(points: Array, seed: int, octaves: int = 4) -> Array:
    """Noise 0..1 with detail at `octaves` scales, each half as large and half as strong."""
    total = np.zeros(points.shape[:-1], dtype=np.float32)
    strength, weight = 0.0, 1.0
    for octave in range(octaves):
        total += np.float32(weight) * smooth_noise(points * 2.03**octave, seed + octave)
        strength += weight
        weight *= 0.5
    return total / np.float32(strength)


def smoothstep(low: float, high: float, values: Array) -> Array:
    """0 below `low`, 1 above `high`, and a soft slope between; `low` may lie above `high`."""
    ramp = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp))
