"""A flight in numbers: which frames belong together, the ground they show, animals per km2.

Density is what was seen by what was looked at, and no more: no animal under trees is in it, and
none that fled from the drone. It is not corrected for either, which takes distance sampling or
double observers (Buckland and others, Distance Sampling, 2015).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from camtrap.drone.area import LatLon, covered_m2
from camtrap.drone.census import Animal
from camtrap.drone.ground import HORIZON, Footprint
from camtrap.drone.local import metres_of

LANDED = timedelta(minutes=20)
"""Without a picture for so long it is another flight; to change a battery takes less."""

CAVEAT = (
    "Animals per km2 are animals seen by ground seen. Those under trees, and those that fled or "
    "came back, are not accounted for, so this is no estimate of a population."
)


_NO_GROUND = Footprint()
_EDGE_M = 1e-6  # no nearer to an edge can a place be said to be on one side


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a drone: its name, when it was taken, in camera-local time, and its ground."""

    key: str
    taken_at: datetime | None = None
    footprint: Footprint = _NO_GROUND


@dataclass(frozen=True, slots=True)
class Transect:
    """A flight in numbers.

    `area_km2` is the ground in one frame or more. `counts` are of each label, `per_km2` the same by
    area and empty where there is none. `placed_count` of `frame_count` frames have ground.
    `caveats` are sentences that belong to the figures.
    """

    frame_count: int
    placed_count: int
    area_km2: float
    counts: Mapping[str, int] = field(default_factory=dict)
    per_km2: Mapping[str, float] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()


def flights_of(frames: Iterable[Frame], gap: timedelta = LANDED) -> list[list[Frame]]:
    """Frames of one card in flights: a new one begins `gap` after the last picture.

    Frames without a time cannot be told apart and are one flight, the last.
    """
    frames = list(frames)
    timed = sorted(
        ((frame.taken_at.replace(tzinfo=None), frame) for frame in frames if frame.taken_at),
        key=lambda each: (each[0], each[1].key),
    )
    flights: list[list[Frame]] = []
    before: datetime | None = None
    for taken_at, frame in timed:
        if before is None or taken_at - before >= gap:
            flights.append([])
        flights[-1].append(frame)
        before = taken_at
    untimed = sorted((frame for frame in frames if not frame.taken_at), key=lambda each: each.key)
    return [*flights, untimed] if untimed else flights


def summarize(frames: Sequence[Frame], animals: Iterable[Animal], unplaced: int = 0) -> Transect:
    """The numbers of a flight; `unplaced` boxes had no place and are in none of the counts."""
    placed = [frame for frame in frames if frame.footprint.corners]
    area_km2 = covered_m2(frame.footprint.corners for frame in placed) / 1e6
    counts = dict(sorted(Counter(animal.label for animal in animals).items()))
    caveats = [CAVEAT]
    if len(placed) < len(frames):
        missing = len(frames) - len(placed)
        caveats.append(f"{missing:,} of {len(frames):,} frames have no place and no ground.")
    if unplaced:
        caveats.append(f"{unplaced:,} boxes have no place and were not counted.")
    cut = sum(HORIZON in frame.footprint.flags for frame in placed)
    if cut:
        caveats.append(
            f"{cut:,} frames look at the horizon; their ground ends where places become doubtful."
        )
    return Transect(
        frame_count=len(frames),
        placed_count=len(placed),
        area_km2=area_km2,
        counts=counts,
        per_km2={label: count / area_km2 for label, count in counts.items()} if area_km2 else {},
        caveats=tuple(caveats),
    )


def looks_at(latitude: float, longitude: float, footprints: Iterable[Footprint]) -> int:
    """How many footprints hold a place: an animal that one of nine frames shows is doubtful."""
    return sum(_holds(footprint.corners, latitude, longitude) for footprint in footprints)


def _holds(corners: Sequence[LatLon], latitude: float, longitude: float) -> bool:
    """True when a place is within a ring or on its edge, whichever way the ring goes.

    A line to the east leaves it once more often than it enters it.
    """
    if len(corners) < 3:
        return False
    latitudes = [corner[0] for corner in corners]
    if not min(latitudes) - 1e-9 <= latitude <= max(latitudes) + 1e-9:  # most are far away
        return False
    plane = [metres_of(latitude, longitude, *corner) for corner in corners]
    is_inside = False
    for start, end in zip(plane, [*plane[1:], plane[0]], strict=True):
        length = math.dist(start, end)
        cross = start[0] * end[1] - start[1] * end[0]
        before = start[0] * (start[0] - end[0]) + start[1] * (start[1] - end[1])
        if abs(cross) <= _EDGE_M * length and 0 <= before <= length**2:
            return True
        if (start[1] <= 0) != (end[1] <= 0) and (cross > 0) == (end[1] > start[1]):
            is_inside = not is_inside
    return is_inside
