"""Where a box stands and how long it is, and what ground a picture shows.

Positions carry a radius: with the errors of `View.errors` the true place lies within it in 95% of
cases or more. Each error in turn moves the camera to both sides by its 95% radius, the longer of
the two displacements counts, and all are added as if they had nothing to do with each other; the
longest axis of what comes out is the radius. Both choices make it larger than it need be, above all
near the horizon, where a displacement grows faster than its cause.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from camtrap.drone.camera import LEAST_DEPRESSION, View, ray_of, reach_of
from camtrap.drone.local import degrees_of
from camtrap.drone.rotation import Vector
from camtrap.drone.sizes import size_flag
from camtrap.records import Box

Offset = tuple[float, float]
"""Metres east and north."""

HORIZON, NO_GROUND, NO_TERRAIN = "horizon", "no_ground", "no_terrain"

WITHIN_95 = 2.5
"""Standard deviations of a round error in a plane within which 95% lie, rounded up: 2.448 would be
95.0% (Rayleigh), this is 95.6%."""

DRIFT_M = 1.0
"""The error of a position, one standard deviation, that differs between frames of one flight. What
GPS is wrong by at large stays the same for minutes and moves all frames alike."""

_SIDES = 16
"""Sides of the ring around the drone beyond which the ground is too near the horizon."""

_PARTS = 8
"""Straight parts of each side of a bent picture: its area comes out to 0.3% for a mapping drone's
lens, and to 0.7% for a barrel of k1 -0.3 whose corners are near the fold."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A box on the ground: WGS84 degrees, or None with a flag: `horizon`, or `no_terrain` where the
    terrain ends.

    The true place is within `uncertainty_m` for 95% or more. `match_m` is the same without what
    moves all frames of a flight alike. `length_m` and `across_m` are the box's long and short side
    at the distance of its centre, `gsd_m` the metres of a pixel there. Unknown is None.
    """

    latitude: float | None = None
    longitude: float | None = None
    uncertainty_m: float | None = None
    match_m: float | None = None
    length_m: float | None = None
    across_m: float | None = None
    gsd_m: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Footprint:
    """The ground in a picture: corners as latitude and longitude, counter-clockwise, not closed.

    Flags: `horizon` where it was cut because the picture sees too far, `no_ground` where nothing
    was left of it; then there are no corners.
    """

    corners: tuple[tuple[float, float], ...] = ()
    area_m2: float = 0.0
    flags: tuple[str, ...] = ()


def place_box(view: View, box: Box, label: str = "") -> Placed:
    """Where the centre of a box of the upright picture meets the ground, and how large the box is.

    `label` is what it was called, for the mark of a size that is impossible.
    """
    x, y = box.x + box.width / 2, box.y + box.height / 2
    ray = ray_of(view, x, y)
    scale = reach_of(view, ray)
    moved = None if scale is None else _displacements(view, x, y, scale)
    if scale is None or moved is None:
        is_flat = view.terrain is None or reach_of(replace(view, terrain=None), ray) is None
        return Placed(flags=(*view.flags, HORIZON if is_flat else NO_TERRAIN))
    latitude, longitude = degrees_of(view.latitude, view.longitude, ray[1] * scale, ray[0] * scale)
    position = view.errors.position_m
    across, along = (side * scale for side in _sides(view, box))
    long_side, short_side = max(across, along), min(across, along)
    flag = size_flag(label, long_side, math.hypot(across, along), _scale_error(view))
    return Placed(
        latitude=latitude,
        longitude=longitude,
        uncertainty_m=_radius(moved, position),
        match_m=_radius(moved, min(position, DRIFT_M)),
        length_m=long_side,
        across_m=short_side,
        gsd_m=scale,
        flags=(*view.flags, flag) if flag else view.flags,
    )


def footprint_of(view: View) -> Footprint:
    """The ground that a picture shows as far as `LEAST_DEPRESSION` below the horizon, flat.

    It is cut by a ring of 16 sides around the drone. Its sides bend as the lens does, in eight
    parts each, and may bend inwards; without a `lens` they are straight.
    """
    if view.terrain is not None:
        beneath = view.terrain(view.latitude, view.longitude) or 0.0
        view = replace(view, height_m=view.height_m - beneath, terrain=None)
    if view.height_m <= 0:
        return Footprint(flags=(*view.flags, NO_GROUND))
    rays, is_cut = [ray_of(view, *point) for point in _border(view)], False
    slope = math.tan(math.radians(LEAST_DEPRESSION))
    for side in range(_SIDES):
        angle = 2 * math.pi * side / _SIDES
        edge = (-slope * math.cos(angle), -slope * math.sin(angle), 1.0)
        rays, cut_here = _cut(rays, edge)
        is_cut = is_cut or cut_here
    rays = [ray for ray in rays if ray[2] > 0]
    if len(rays) < 3:
        return Footprint(flags=(*view.flags, HORIZON, NO_GROUND))
    plane = [(ray[1] * view.height_m / ray[2], ray[0] * view.height_m / ray[2]) for ray in rays]
    area = area_of(plane)
    if area < 0:  # a picture that is stored as in a mirror
        area, plane = -area, plane[::-1]
    return Footprint(
        corners=tuple(degrees_of(view.latitude, view.longitude, *point) for point in plane),
        area_m2=area,
        flags=(*view.flags, HORIZON) if is_cut else view.flags,
    )


def _border(view: View) -> list[tuple[float, float]]:
    """Points around the upright picture, from its upper left corner downwards."""
    parts = 1 if view.lens is None else _PARTS
    steps = [part / parts for part in range(parts)]
    left, bottom = [(0.0, step) for step in steps], [(step, 1.0) for step in steps]
    return [*left, *bottom, *((1 - x, 1 - y) for x, y in (*left, *bottom))]


def area_of(corners: list[Offset]) -> float:
    """The area within corners in a plane, positive when they go counter-clockwise (shoelace)."""
    following = [*corners[1:], *corners[:1]]
    pairs = zip(corners, following, strict=True)
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairs) / 2


def _sides(view: View, box: Box) -> tuple[float, float]:
    """Width and height of a box in pixels, as a pinhole would have seen it."""
    if view.lens is not None:
        x, y = box.x + box.width / 2, box.y + box.height / 2
        left, right = ray_of(view, box.x, y), ray_of(view, box.x + box.width, y)
        top, bottom = ray_of(view, x, box.y), ray_of(view, x, box.y + box.height)
        return math.dist(left, right), math.dist(top, bottom)
    is_turned = view.orientation >= 5
    across = box.width * (view.height if is_turned else view.width)
    return across, box.height * (view.width if is_turned else view.height)


def _scale_error(view: View) -> float:
    """How wrong metres of size may be, as a share: the height's and the focal length's errors."""
    errors = view.errors
    height = math.hypot(errors.altitude_m, errors.terrain_m) / view.height_m
    return 2 * math.hypot(height, errors.focal)


def _displacements(
    view: View, x: float, y: float, scale: float
) -> list[tuple[float, float]] | None:
    """Metres east and north by which each error may move a point; None where one lifts it off.

    `scale` is that of the undisturbed ray.
    """
    ray = ray_of(view, x, y)
    here = (ray[1] * scale, ray[0] * scale)
    longest = []
    for pair in _disturbed(view, x, y):
        moves = []
        for other, other_ray in pair:
            reach = reach_of(other, other_ray, depression=0)
            if reach is None:
                return None
            moves.append((other_ray[1] * reach - here[0], other_ray[0] * reach - here[1]))
        longest.append(max(moves, key=lambda move: math.hypot(*move)))
    return longest


def _disturbed(view: View, x: float, y: float) -> Iterator[tuple[tuple[View, Vector], ...]]:
    """For each error, the view and the ray with it at both ends of its 95%."""
    errors = view.errors
    height = math.hypot(errors.altitude_m, errors.terrain_m)
    sides = (WITHIN_95, -WITHIN_95)
    changes = [
        [replace(view, height_m=max(view.height_m + side * height, 0.0)) for side in sides],
        [replace(view, pitch=view.pitch + side * errors.pitch) for side in sides],
        [replace(view, yaw=view.yaw + side * errors.yaw) for side in sides],
        [replace(view, roll=view.roll + side * errors.roll) for side in sides],
        [replace(view, focal_px=view.focal_px * (1 + side * errors.focal)) for side in sides],
    ]
    for changed in changes:
        yield tuple((other, ray_of(other, x, y)) for other in changed)
    # What is one pixel of the upright picture is one of the stored one.
    is_turned = view.orientation >= 5
    width, height_px = (view.height, view.width) if is_turned else (view.width, view.height)
    across, along = errors.pixels / width, errors.pixels / height_px
    yield tuple((view, ray_of(view, x + side * across, y)) for side in sides)
    yield tuple((view, ray_of(view, x, y + side * along)) for side in sides)


def _radius(moved: list[Offset], position_m: float) -> float:
    """The 95% radius of all displacements, themselves at 95%, with the error of the position."""
    east = sum(move[0] ** 2 for move in moved)
    north = sum(move[1] ** 2 for move in moved)
    both = sum(move[0] * move[1] for move in moved)
    # The larger eigenvalue of a symmetric matrix of two rows.
    largest = (east + north) / 2 + math.hypot((east - north) / 2, both)
    return math.sqrt(largest + (WITHIN_95 * position_m) ** 2)


def _cut(rays: list[Vector], edge: Vector) -> tuple[list[Vector], bool]:
    """The part of a cone of rays on the inner side of a plane, and whether anything was cut off.

    Sutherland and Hodgman's clipping (Communications of the ACM, 1974), of rays instead of points,
    so that the horizon is nothing special.
    """
    kept: list[Vector] = []
    is_cut = False
    for place, ray in enumerate(rays):
        before = rays[place - 1]
        inner, inner_before = _along(ray, edge), _along(before, edge)
        if (inner >= 0) != (inner_before >= 0):
            share = inner_before / (inner_before - inner)
            kept.append(_between(before, ray, share))
        if inner >= 0:
            kept.append(ray)
        else:
            is_cut = True
    return kept, is_cut


def _along(ray: Vector, edge: Vector) -> float:
    return ray[0] * edge[0] + ray[1] * edge[1] + ray[2] * edge[2]


def _between(start: Vector, end: Vector, share: float) -> Vector:
    return (
        start[0] + (end[0] - start[0]) * share,
        start[1] + (end[1] - start[1]) * share,
        start[2] + (end[2] - start[2]) * share,
    )
