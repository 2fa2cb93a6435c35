"""A second camera, made another way: known points on the ground go into the picture.

A lens bends by adding vectors, along the radius and towards a fixed side. Rotations are built from
axis and angle (Rodrigues) about the camera's own axes, one after another, in east, north and up;
nothing of `camtrap.drone` is used.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def turned(vectors: Array, axis: Array, degrees: float) -> Array:
    """Rows turned about an axis, counter-clockwise when it points at the reader."""
    angle = np.radians(degrees)
    axis = axis / np.linalg.norm(axis)
    return np.array(
        [
            v * np.cos(angle)
            + np.cross(axis, v) * np.sin(angle)
            + axis * (axis @ v) * (1 - np.cos(angle))
            for v in vectors
        ]
    )


@lru_cache(maxsize=64)
def axes(yaw: float, pitch: float, roll: float) -> Array:
    """Forward, right and upward of a camera as rows in east, north, up.

    It begins level and looking north, turns clockwise seen from above, looks up, and rolls.
    """
    frame = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    frame = turned(frame, np.array([0.0, 0.0, 1.0]), -yaw)
    frame = turned(frame, frame[1], pitch)
    return turned(frame, frame[0], roll)


def seen(
    point: tuple[float, float, float],
    angles: tuple[float, float, float],
    focal_px: float,
    size: tuple[int, int],
) -> tuple[float, float] | None:
    """Where a point, metres east, north and up of the camera, lies in the picture; 0..1 inside.

    None for what lies behind the camera.
    """
    forward, right, upward = axes(*angles) @ np.array(point)
    if forward <= 0:
        return None
    across, down = focal_px * right / forward, -focal_px * upward / forward
    return across / size[0] + 0.5, down / size[1] + 0.5


def seen_bent(
    point: tuple[float, float, float],
    angles: tuple[float, float, float],
    lens: tuple[float, ...],
    size: tuple[int, int],
) -> tuple[float, float] | None:
    """The same through a lens: fx, fy, cx, cy, k1, k2, p1, p2, k3, as `DewarpData` has them."""
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = lens
    forward, right, upward = axes(*angles) @ np.array(point)
    if forward <= 0:
        return None
    away = np.array([right, -upward]) / forward
    square = float(away @ away)
    side = np.array([p2, p1])
    bent = away * np.polyval([k3, k2, k1, 1.0], square)
    bent = bent + side * square + 2 * away * float(away @ side)
    across, down = bent * (fx, fy) + (cx, cy)
    return across / size[0] + 0.5, down / size[1] + 0.5
