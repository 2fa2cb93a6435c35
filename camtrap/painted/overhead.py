"""An animal as a drone sees it: from straight above or at a slant, without perspective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camtrap.painted.animals import BUILDS, Pose, skeleton
from camtrap.painted.coats import paint
from camtrap.painted.render import Surface

Floats = NDArray[np.float32]

LIGHT = (-0.4, 0.85, -0.35)
"""Where the light comes from, in the animal's own axes: forward, up, to its left."""

_HIGHEST = 1.7  # metres: no animal is taller
_REACH = 1.6  # metres from its middle, to each side
_GAMMA = 2.2


@dataclass(frozen=True, slots=True, eq=False)
class Overhead:
    """An animal from above: `colour` (rows, columns, 3) in 0..255, black where nothing is, and
    `alpha` (rows, columns), 0..1, of the animal alone."""

    colour: Floats
    alpha: Floats


def from_above(
    species: str,
    pose: Pose,
    *,
    heading: float,
    metres_a_pixel: float,
    pitch: float,
    coat: int = 7,
    light: tuple[float, float, float] = LIGHT,
) -> Overhead:
    """Paint a species of `BUILDS`.

    `heading` in degrees turns it about its middle; `pitch` is degrees below the horizon at which
    the camera looks down, 90 straight down. `coat` is the seed of its pattern. The picture is
    square and holds the whole animal.
    """
    surface = Surface(skeleton(BUILDS[species], pose))
    side = int(2 * _REACH / metres_a_pixel)
    points, ray = _rays(side, metres_a_pixel / 2, np.radians(heading), np.radians(pitch))
    hit = _walk(surface, points, ray)
    normals = surface.normals(points[hit])
    shine = 0.35 + 0.65 * np.clip(normals @ np.array(light, np.float32), 0, 1)
    skin = paint(species, points[hit], normals, surface.part(points[hit]), coat)
    colour = np.zeros((len(points), 3), np.float32)
    colour[hit] = 255 * np.clip(1.6 * skin * shine[:, None], 0, 1) ** (1 / _GAMMA)
    alpha = hit.astype(np.float32)
    # Painted at twice the size, so that edges are soft.
    small_colour = _halved((colour * alpha[:, None]).reshape(2 * side, 2 * side, 3))
    small_alpha = _halved(alpha.reshape(2 * side, 2 * side, 1))[..., 0]
    whole = np.maximum(small_alpha, np.float32(1e-3))[..., None]
    return Overhead(np.asarray(small_colour / whole, np.float32), small_alpha)


def _rays(side: int, fine: float, turn: float, slant: float) -> tuple[Floats, Floats]:
    """Where each pixel's line of sight starts and its unit direction, in the animal's axes."""
    rows, columns = np.mgrid[0 : 2 * side, 0 : 2 * side].astype(np.float32)
    right, down = (columns - side) * fine, (rows - side) * fine
    cos, sin = np.float32(np.cos(slant)), np.float32(np.sin(slant))

    def turned(across: Floats, up: Floats, towards: Floats) -> Floats:
        x = np.cos(turn) * across + np.sin(turn) * towards
        z = -np.sin(turn) * across + np.cos(turn) * towards
        return np.stack([x, up, z], axis=-1).reshape(-1, 3).astype(np.float32)

    # A row of the picture is a line across the view: up and towards the camera by the slant.
    one = np.ones_like(right)
    back = np.float32(_HIGHEST)
    points = turned(right, 0.5 - down * cos + back * sin, down * sin + back * cos)
    return points, turned(0 * one, -sin * one, -cos * one)


def _walk(surface: Surface, points: Floats, ray: Floats) -> NDArray[np.bool_]:
    """Move points along their rays to the skin, in place; True for those that reach it."""
    active = np.arange(len(points))
    hit = np.zeros(len(points), bool)
    for _ in range(60):  # along the view, no farther than the skin is away
        gap = surface.distance(points[active])
        hit[active[gap < 0.003]] = True
        active = active[gap >= 0.003]
        points[active] += 0.7 * np.maximum(gap[gap >= 0.003], 0.003)[:, None] * ray[active]
        active = active[points[active, 1] > -0.02]
        if not len(active):
            break
    return hit


def _halved(picture: Floats) -> Floats:
    rows, columns, channels = picture.shape
    halved = picture.reshape(rows // 2, 2, columns // 2, 2, channels).mean(axis=(1, 3))
    return np.asarray(halved, np.float32)
