"""A made flight: a drone mows a rectangle, and animals at known places are in its pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from camtrap.drone.camera import Errors, View
from camtrap.drone.census import Sighting, sighting_of
from camtrap.drone.ground import DRIFT_M, Footprint, footprint_of, place_box
from camtrap.drone.local import degrees_of
from camtrap.records import Box
from tests.drone.pinhole import seen

ORIGIN = (43.1, 131.5)
SIZE, FOCAL, HEIGHT = (4000, 3000), 2773.0, 60.0
WIDE, LONG = HEIGHT * SIZE[0] / FOCAL, HEIGHT * SIZE[1] / FOCAL
START = datetime(2026, 1, 10, 9, 0)
TYPICAL = Errors(position_m=DRIFT_M)
"""What is wrong with the header of each frame by itself: all that is assumed, but GPS drifts."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Flight:
    """What came of it: the frames' ground, and what was seen of which animal."""

    footprints: list[Footprint]
    sightings: list[Sighting]
    animal_of: dict[str, int]
    area_m2: float
    """Of the rectangle that the exact footprints cover together."""


def mown(
    animals: list[Point],
    strips: int = 10,
    frames: int = 20,
    overlap: float = 0.7,
    errors: Errors = TYPICAL,
    found: float = 1.0,
    bias: Point = (0.0, 0.0),
    seed: int = 0,
) -> Flight:
    """Strips to the north and back. Each frame's header has errors of its own, and all have a bias
    in metres and one error of the focal length; an animal in a frame is found with this
    probability.
    """
    random = np.random.default_rng(seed)
    focal = FOCAL * (1 + errors.focal * float(random.standard_normal()))
    footprints, sightings, animal_of = [], [], {}
    across, along = WIDE * (1 - overlap), LONG * (1 - overlap)
    for strip in range(strips):
        yaw = 0.0 if strip % 2 == 0 else 180.0
        for step in range(frames):
            row = step if strip % 2 == 0 else frames - 1 - step
            at = (strip * across, row * along)
            frame = f"DJI_{strip * frames + step:04}.JPG"
            taken_at = START + timedelta(seconds=4 * (strip * frames + step) + 20 * strip)
            footprints.append(footprint_of(_view(at, yaw, bias)))
            told = _disturbed(replace(_view(at, yaw, bias), focal_px=focal), errors, random)
            for number, animal in enumerate(animals):
                pixel = seen(
                    (animal[0] - at[0], animal[1] - at[1], -HEIGHT), (yaw, -90, 0), FOCAL, SIZE
                )
                assert pixel is not None
                if not (min(pixel) > 0 and max(pixel) < 1) or random.random() > found:
                    continue
                x = pixel[0] + random.normal(0, errors.pixels) / SIZE[0]
                y = pixel[1] + random.normal(0, errors.pixels) / SIZE[1]
                placed = place_box(told, Box(x - 0.01, y - 0.01, 0.02, 0.02), "prey")
                key = f"{frame}#{number}"
                sighting = sighting_of(key, frame, placed, "prey", 0.9, taken_at)
                assert sighting is not None
                sightings.append(sighting)
                animal_of[key] = number
    area = ((strips - 1) * across + WIDE) * ((frames - 1) * along + LONG)
    return Flight(footprints, sightings, animal_of, area)


def _view(at: Point, yaw: float, bias: Point) -> View:
    place = degrees_of(*ORIGIN, at[0] + bias[0], at[1] + bias[1])
    return View(*place, HEIGHT, -90.0, yaw, 0.0, FOCAL, *SIZE)


def _disturbed(view: View, errors: Errors, random: np.random.Generator) -> View:
    """What the header says of a view; how wrong it may be stays what everybody assumes."""
    noise = random.standard_normal(6)
    place = degrees_of(
        view.latitude,
        view.longitude,
        errors.position_m * noise[0],
        errors.position_m * noise[1],
    )
    return replace(
        view,
        latitude=place[0],
        longitude=place[1],
        height_m=view.height_m + math.hypot(errors.altitude_m, errors.terrain_m) * noise[2],
        pitch=view.pitch + errors.pitch * noise[3],
        roll=view.roll + errors.roll * noise[4],
        yaw=view.yaw + errors.yaw * noise[5],
    )
