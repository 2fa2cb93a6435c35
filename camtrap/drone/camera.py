"""A drone's camera as a pinhole: from a point in the picture to a point on the ground.

A `DroneCapture` becomes a `View` where it tells enough; `flags_of` says what is missing. The ground
is flat and lies as much below the drone as its altitude says, unless the view has a terrain. What
the lens bends is straightened where the header has its measures; else the lens is a pinhole with
its axis through the middle of the picture, and what a wide one bends at the edges (1 to 2% of a
picture's width, more without the maker's correction) is part of the errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Protocol

from camtrap.drone.flight import DroneCapture
from camtrap.drone.lens import LENS_IGNORED, Lens, straightened
from camtrap.drone.local import POLE, degrees_of
from camtrap.drone.rotation import Vector, applied, rotation

FULL_FRAME_DIAGONAL_MM = 43.2666
"""A 35 mm equivalent compares diagonals with those of 36 by 24 mm (CIPA DCG-001)."""

LEAST_DEPRESSION = 10.0
"""Degrees below the horizon from which a ray is followed to the ground. Above, a degree of pitch
moves the point by more than half of the altitude."""


class Terrain(Protocol):
    """The shape of the ground: metres above the place of take-off, None where it is not known."""

    def __call__(self, latitude: float, longitude: float) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Errors:
    """What may be wrong, as one standard deviation of each; the defaults are ours.

    `position_m` of each horizontal axis: GPS without correction, whose standard promises 8 m for
    95% on average over the globe (GPS SPS Performance Standard, 2020), and open sky gives better.
    `altitude_m`: a barometer drifts by some metres in a flight. `terrain_m`: the ground is not
    where the flat plane, or the terrain, has it; raise it in hills. Angles in degrees: gimbals are
    steady to a tenth, but their horizon and above all the compass are not. `focal` is relative.
    `pixels`: how well a box is centred on the animal, along each side.
    """

    position_m: float = 2.5
    altitude_m: float = 2.0
    terrain_m: float = 3.0
    pitch: float = 1.0
    roll: float = 1.0
    yaw: float = 5.0
    focal: float = 0.02
    pixels: float = 5.0


@dataclass(frozen=True, slots=True)
class View:
    """A camera in the air: where, how turned, and how long its focal length is in pixels.

    `height_m` is above the flat ground, or above the place of take-off where there is a `terrain`.
    Width and height are the stored picture's, before `orientation` turns it upright. `focal_px` is
    that of the pinhole to whose picture `lens` is straightened.
    """

    latitude: float
    longitude: float
    height_m: float
    pitch: float
    yaw: float
    roll: float
    focal_px: float
    width: int
    height: int
    orientation: int = 1
    errors: Errors = Errors()
    flags: tuple[str, ...] = ()
    terrain: Terrain | None = field(default=None, compare=False)
    lens: Lens | None = None


def flags_of(drone: DroneCapture) -> tuple[str, ...]:
    """Why points of this picture have no place on the ground; empty when they have one."""
    has_place = drone.latitude is not None and drone.longitude is not None
    wanting = {
        "no_position": not has_place or abs(drone.latitude or 0) > POLE,
        "no_altitude": drone.relative_altitude_m is None or drone.relative_altitude_m <= 0,
        "no_pitch": drone.pitch is None,
        "no_yaw": drone.yaw is None and drone.flight_yaw is None,
        "no_focal": _focal(drone) is None,
        "no_size": drone.width <= 0 or drone.height <= 0,
    }
    return tuple(flag for flag, is_wanting in wanting.items() if is_wanting)


def view_of(
    drone: DroneCapture, errors: Errors | None = None, terrain: Terrain | None = None
) -> View | None:
    """The camera of a picture; None where `flags_of` has something to say.

    What the header knows of its own errors (RTK) takes the place of `errors`; the focal length's is
    never less than there, and more where its source is worse. Without the gimbal's yaw the
    aircraft's is taken, with an error of at least 10 degrees and the flag `yaw_from_flight`. An
    unknown roll is 0. A lens that is told but cannot be used has the flag `lens_ignored`.
    """
    focal = _focal(drone)
    if flags_of(drone) or focal is None:
        return None
    errors = errors or Errors()
    yaw, flags = drone.yaw, tuple[str, ...]()
    if yaw is None:
        yaw, flags = drone.flight_yaw, ("yaw_from_flight",)
        errors = replace(errors, yaw=max(errors.yaw, 10.0))
    lens = _lens(drone)
    if drone.lens_ignored or lens is not drone.lens:
        flags = (*flags, LENS_IGNORED)
    if drone.position_error_m is not None:
        errors = replace(errors, position_m=drone.position_error_m)
    if drone.height_error_m is not None:
        errors = replace(errors, altitude_m=drone.height_error_m)
    return View(
        latitude=drone.latitude or 0.0,
        longitude=drone.longitude or 0.0,
        height_m=drone.relative_altitude_m or 0.0,
        pitch=drone.pitch or 0.0,
        yaw=yaw or 0.0,
        roll=drone.roll or 0.0,
        focal_px=focal[0],
        width=drone.width,
        height=drone.height,
        orientation=drone.orientation,
        errors=replace(errors, focal=max(errors.focal, focal[1])),
        flags=flags,
        terrain=terrain,
        lens=lens,
    )


def _lens(drone: DroneCapture) -> Lens | None:
    """The measured lens; None under a digital zoom, for it was measured without."""
    return None if (drone.digital_zoom or 1.0) > 1 else drone.lens


def _focal(drone: DroneCapture) -> tuple[float, float] | None:
    """The focal length in pixels and its relative error: as measured, by sensor or equivalent.

    Where the sensor and the 35 mm equivalent tell different stories, the error is half of what they
    differ by. The equivalent is taken to hold the digital zoom already, the length is not.
    """
    zoom = drone.digital_zoom or 1.0
    lens = _lens(drone)
    if lens is not None:
        return lens.fx, 0.005
    if drone.focal_px is not None:
        return drone.focal_px * zoom, 0.005
    equivalent = None
    if drone.focal_35mm is not None:
        diagonal = math.hypot(drone.width, drone.height)
        equivalent = drone.focal_35mm * diagonal / FULL_FRAME_DIAGONAL_MM
    if drone.focal_length_mm is None or drone.sensor_width_mm is None:
        return None if equivalent is None else (equivalent, 0.03)
    long_side = max(drone.width, drone.height)
    focal = drone.focal_length_mm / drone.sensor_width_mm * long_side * zoom
    if equivalent is None or zoom > 1:
        return focal, 0.02
    return focal, max(0.02, abs(focal - equivalent) / focal / 2)


def ray_of(view: View, x: float, y: float) -> Vector:
    """The direction of a point of the upright picture, 0..1 each, as north, east, down.

    Its length is such that the part along the camera's axis is the focal length in pixels.
    """
    across, along = _stored(x, y, view.orientation)
    right, down = (across - 0.5) * view.width, (along - 0.5) * view.height
    if view.lens is not None:
        right, down = straightened(view.lens, right, down)
    return applied(rotation(view.yaw, view.pitch, view.roll), (view.focal_px, right, down))


def ground_of(view: View, x: float, y: float) -> tuple[float, float] | None:
    """Metres east and north of the drone where a point of the upright picture meets the ground.

    None for what is less than `LEAST_DEPRESSION` below the horizon, or outside of the terrain.
    """
    ray = ray_of(view, x, y)
    scale = reach_of(view, ray)
    return None if scale is None else (ray[1] * scale, ray[0] * scale)


def reach_of(view: View, ray: Vector, depression: float = LEAST_DEPRESSION) -> float | None:
    """How often a ray goes into its way to the ground; None where it does not get there.

    `depression` is how many degrees the ray must point below the horizon.
    """
    level = math.hypot(ray[0], ray[1])
    if ray[2] <= 0 or math.degrees(math.atan2(ray[2], level)) < depression:
        return None
    if view.terrain is None:
        return view.height_m / ray[2]
    return _meeting(view, ray, view.terrain)


def gsd_m(view: View) -> float:
    """Metres of ground that a pixel in the middle of the picture is wide; infinite at the horizon.

    Along the way the camera looks it is more, by the sine of the depression.
    """
    ray = ray_of(view, 0.5, 0.5)
    scale = reach_of(view, ray)
    return math.inf if scale is None else scale


def _stored(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the upright picture lies in the stored one (EXIF Orientation, 1..8)."""
    across = (x, 1 - x, 1 - x, x, y, y, 1 - y, 1 - y)
    along = (y, y, 1 - y, 1 - y, x, 1 - x, 1 - x, x)
    place = orientation - 1 if 1 <= orientation <= 8 else 0
    return across[place], along[place]


_STEPS = 256
_HALVINGS = 30


def _meeting(view: View, ray: Vector, terrain: Terrain) -> float | None:
    """Where a ray first goes under the terrain: steps along it, then halving.

    Looked for no further than the flat ground 500 m below the drone's own.
    """
    furthest = (view.height_m + 500) / ray[2]
    clear = 0.0
    for step in range(1, _STEPS + 1):
        # Short steps near the drone, long ones far away, where the ray is near the ground for long.
        under = furthest * (step / _STEPS) ** 2
        above = _above(view, ray, under, terrain)
        if above is None:
            return None
        if above <= 0:
            for _ in range(_HALVINGS):
                middle = (clear + under) / 2
                above = _above(view, ray, middle, terrain)
                if above is not None and above > 0:
                    clear = middle
                else:
                    under = middle
            return under
        clear = under
    return None


def _above(view: View, ray: Vector, scale: float, terrain: Terrain) -> float | None:
    """Metres of a point of the ray above the ground under it."""
    place = degrees_of(view.latitude, view.longitude, ray[1] * scale, ray[0] * scale)
    ground = terrain(*place)
    return None if ground is None else view.height_m - ray[2] * scale - ground
