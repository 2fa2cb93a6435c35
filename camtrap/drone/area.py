"""The ground that many pictures show, counted once.

The footprints lie in a plane around the middle of them all. A line from west to east is in a
footprint from where it first cuts its edge to where it next does; lengths that several share count
once, and the lengths of many lines, half a strip apart from the edges, make the area. Lines are
exact and only their number is not: with 2,000 of them the area of a single footprint is right to
0.01%, and that of hundreds to better than 0.1%, which the tests check.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from camtrap.drone.local import metres_of, wrapped

Numbers = NDArray[np.float64]
LatLon = tuple[float, float]

LINES = 2_000


def covered_m2(footprints: Iterable[Sequence[LatLon]], lines: int = LINES) -> float:
    """Square metres that are in one footprint or more; each is a ring of (latitude, longitude) in
    either direction, not closed, that does not cross itself. Fewer than three corners are no area.

    Degrees count as they do in the middle: a survey of 10 km is right to 0.1% at 45 degrees.
    """
    rings = [ring for ring in footprints if len(ring) >= 3]
    if not rings:
        return 0.0
    latitude, longitude = _middle(rings)
    planes = [np.array([metres_of(latitude, longitude, *corner) for corner in r]) for r in rings]
    south = min(float(plane[:, 1].min()) for plane in planes)
    north = max(float(plane[:, 1].max()) for plane in planes)
    strip = (north - south) / lines
    if strip <= 0:
        return 0.0
    cuts = [_cuts(plane, south, strip, lines) for plane in planes]
    line = np.concatenate([cut[0] for cut in cuts])
    west, east = (np.concatenate([cut[side] for cut in cuts]) for side in (1, 2))
    return _length_of_union(line, west, east) * strip


def _middle(rings: list[Sequence[LatLon]]) -> LatLon:
    """A place among all corners; longitudes are counted from the first, for 180 lies near -180."""
    latitudes = [corner[0] for ring in rings for corner in ring]
    first = rings[0][0][1]
    aside = [wrapped(corner[1] - first) for ring in rings for corner in ring]
    longitude = wrapped(first + (min(aside) + max(aside)) / 2)
    return (min(latitudes) + max(latitudes)) / 2, longitude


def _cuts(plane: Numbers, south: float, strip: float, lines: int) -> tuple[Numbers, ...]:
    """The lines that cut a ring: their numbers, and from where to where they are in it."""
    low, high = float(plane[:, 1].min()), float(plane[:, 1].max())
    first = max(int(np.ceil((low - south) / strip - 0.5)), 0)
    last = min(int(np.floor((high - south) / strip - 0.5)), lines - 1)
    line = np.arange(first, last + 1)
    y = south + (line + 0.5) * strip
    cuts = np.full((len(plane), len(line)), np.inf)
    for cut, start, end in zip(cuts, plane, np.roll(plane, -1, axis=0), strict=True):
        # One end of an edge belongs to it, so that a corner is no cut, or two.
        is_cut = (start[1] <= y) != (end[1] <= y)
        share = (y[is_cut] - start[1]) / (end[1] - start[1])
        cut[is_cut] = start[0] + share * (end[0] - start[0])
    cuts.sort(axis=0)
    west, east = cuts[0:-1:2].ravel(), cuts[1::2].ravel()
    is_real = np.isfinite(east) & (east > west)
    line = np.tile(line, len(plane) // 2)
    return line[is_real].astype(np.float64), west[is_real], east[is_real]


def _length_of_union(line: Numbers, west: Numbers, east: Numbers) -> float:
    """The length of all stretches together; what several of one line share counts once."""
    if not len(line):
        return 0.0
    order = np.lexsort((west, line))
    line, west, east = line[order], west[order], east[order]
    # Lines are laid behind each other, so that one running maximum serves all of them.
    base = west.min()
    width = east.max() - base + 1
    west, east = west - base + line * width, east - base + line * width
    furthest = np.concatenate(([-np.inf], np.maximum.accumulate(east)[:-1]))
    return float(np.sum(np.maximum(east - np.maximum(west, furthest), 0)))
