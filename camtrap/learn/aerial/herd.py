"""A herd of painted animals from above, to be put on ground: many species, gaits and slants.

Painting one takes half a second, so they are painted once, at a fine scale, and kept in a folder;
scenes make them smaller, turn them and change their light.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camtrap.painted.animals import BUILDS, Pose
from camtrap.painted.overhead import Floats, from_above

METRES_A_PIXEL = 0.012
"""Finer than any scene: animals are only ever made smaller."""

PITCHES = (90.0, 90.0, 75.0, 60.0, 45.0, 35.0)
"""Degrees below the horizon, drawn from: straight down is the rule of surveys."""

VERSION = 1
_SOLID = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """One animal, cut to its outline: `colour` (rows, columns, 3) 0..255 and `alpha` (rows,
    columns) 0..1, at `METRES_A_PIXEL`; `pitch` is the camera's."""

    species: str
    pitch: float
    colour: Floats
    alpha: Floats


def paint_herd(
    count: int, folder: Path, *, seed: int, on_done: Callable[[], None] = lambda: None
) -> list[Painted]:
    """`count` animals, species in turn; those that lie in `folder` already are read."""
    folder.mkdir(parents=True, exist_ok=True)
    herd = []
    for number in range(count):
        species = sorted(BUILDS)[number % len(BUILDS)]
        key = hashlib.sha256(json.dumps([VERSION, seed, number, METRES_A_PIXEL]).encode())
        path = folder / f"{key.hexdigest()[:16]}.npz"
        if not path.is_file():
            one = paint_one(species, np.random.default_rng([seed, number]))
            part = path.with_suffix(".part")
            with part.open("wb") as stream:
                np.savez_compressed(
                    stream,
                    colour=one.colour.round().astype(np.uint8),
                    alpha=(one.alpha * 255).round().astype(np.uint8),
                    pitch=one.pitch,
                )
            part.replace(path)
        with np.load(path, allow_pickle=False) as kept:
            herd.append(
                Painted(
                    species,
                    float(kept["pitch"]),
                    kept["colour"].astype(np.float32),
                    kept["alpha"].astype(np.float32) / 255,
                )
            )
        on_done()
    return herd


def paint_one(species: str, random: np.random.Generator) -> Painted:
    """An animal in a pose, coat, light and slant of its own."""
    pose = Pose(
        gait=float(random.random()),
        stride=float(random.uniform(0.05, 0.4)),
        head_drop=float(random.uniform(-10, 60)),
        head_turn=float(random.uniform(-60, 60)),
        crouch=float(random.choice([0.0, 0.0, 0.1, 0.2])),
    )
    pitch = float(random.choice(PITCHES))
    turn = random.uniform(0, 2 * np.pi)
    height = random.uniform(0.35, 1.0)
    level = np.sqrt(1 - height**2)
    seen = from_above(
        species,
        pose,
        heading=float(random.uniform(0, 360)),
        metres_a_pixel=METRES_A_PIXEL,
        pitch=pitch,
        coat=int(random.integers(1000)),
        light=(float(level * np.cos(turn)), float(height), float(level * np.sin(turn))),
    )
    rows, columns = np.nonzero(seen.alpha > 0)
    area = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    return Painted(species, pitch, seen.colour[area], seen.alpha[area])
