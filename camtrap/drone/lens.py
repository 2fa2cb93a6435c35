"""What a lens bends: from where it put a point to where a pinhole would have put it.

Brown's model, as OpenCV's `undistort` has it (D. C. Brown, Decentering Distortion of Lenses,
Photogrammetric Engineering, 1966). A point at x to the right and y down of the axis, in focal
lengths, r from it, is seen at

    x (1 + k1 r^2 + k2 r^4 + k3 r^6) + 2 p1 x y + p2 (r^2 + 2 x^2)
    y (1 + k1 r^2 + k2 r^4 + k3 r^6) + p1 (r^2 + 2 y^2) + 2 p2 x y

Two makers' ways to write such a lens are read.

DJI: `DewarpData` is a date, a semicolon and "fx, fy, cx, cy, k1, k2, p1, p2, k3" in pixels, cx and
cy from the middle of the picture; `DewarpFlag` is 1 where the camera has straightened the picture
already and 0 where it has not (DJI Matrice 4 Series User Manual, Photo File). The formula is that
of OpenCV (DJI Mavic 3M Image Processing Guide, Distortion correction).

Pix4D, written by MicaSense, Sentera and others: `PerspectiveFocalLength` and `PrincipalPoint`, from
the upper left corner, in millimetres; `PerspectiveDistortion` is "R1, R2, R3, T1, T2", and what has
the `ModelType` fisheye is bent by another formula (Pix4D, Specifications of XMP Camera Tags). T1
and T2 are p1 and p2 as in MicaSense's imageprocessing, which hands them to OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from camtrap.drone.numbers import first_of, listed

LENS_IGNORED = "lens_ignored"
"""The flag of a picture whose lens is described in a way that cannot be used for it."""

Point = tuple[float, float]
Size = tuple[int, int]

_STEPS = 20
_EXACT = 1e-12  # of a focal length
_RADII = 32
_MOST_BENT = 2.0
"""How much further from the axis a corner may be in truth than it is seen, or the other way. The
lenses that are known to us stay below 1.3; a fisheye, for which this model is none, does not."""

_DESIGNED, _MEASURED = 0.02, 0.05
"""How far from the middle, as a share of the picture, the centre that a maker drew may lie, and one
that was measured. What lies elsewhere is the centre of a larger picture, before it was cut."""


class Lens(NamedTuple):
    """A lens that was measured, in pixels of the stored picture.

    The axis goes through `cx` to the right and `cy` below of the picture's middle; `fx` and `fy`
    are the focal length along width and height; the rest are the coefficients of the formula.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    k1: float
    k2: float
    p1: float
    p2: float
    k3: float


def straightened(lens: Lens, right: float, down: float) -> Point:
    """Pixels from the axis at which a pinhole of focal length `fx` would have seen a point.

    `right` and `down` are pixels from the middle of the stored picture. Newton's method, at most 20
    steps. What no lens can have seen there (beyond a fold of the formula, where no point of a
    picture lies whose lens `is_sound`) is given where the steps end.
    """
    x, y = _unbent(lens, (right - lens.cx) / lens.fx, (down - lens.cy) / lens.fy)
    return x * lens.fx, y * lens.fx


def is_sound(lens: Lens, size: Size) -> bool:
    """True where the lens can have taken a picture of this width and height.

    Its lengths are those of such a picture, no two points fall on one as far as the corners, and
    no corner is moved by more than a factor of two.
    """
    width, height = size
    if not (width / 5 <= lens.fx <= width * 50 and 0.9 <= lens.fy / lens.fx <= 1.1):
        return False
    if abs(lens.cx) > width * _MEASURED or abs(lens.cy) > height * _MEASURED:
        return False
    furthest = 0.0
    for right, down in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
        seen = (right * width / 2 - lens.cx) / lens.fx, (down * height / 2 - lens.cy) / lens.fy
        point = _unbent(lens, *seen)
        radius, seen_radius = math.hypot(*point), math.hypot(*seen)
        if math.dist(_bent(lens, *point), seen) > 1e-9:
            return False
        if not 1 / _MOST_BENT <= radius / seen_radius <= _MOST_BENT:
            return False
        furthest = max(furthest, radius)
    return all(_grows(lens, furthest * step / _RADII) for step in range(1, _RADII + 1))


def lens_of(
    said: Mapping[str, str], size: Size, px_per_mm: float | None
) -> tuple[Lens | None, bool]:
    """The lens of a picture by its properties, and whether one was told that cannot be used.

    `said` are properties by name, Pix4D's with `Camera:` before it; `size` is the stored picture's,
    `px_per_mm` its pixels on a millimetre of the sensor. Neither for a picture that has been
    straightened, and for one that tells of no lens.
    """
    if said.get("DewarpFlag") == "1":
        return None, False
    if "DewarpData" in said:
        lens = _dji(said, size)
    elif "Camera:PerspectiveDistortion" in said or said.get("Camera:ModelType") == "fisheye":
        lens = _pix4d(said, size, px_per_mm)
    else:
        return None, False
    return (lens, False) if lens is not None and is_sound(lens, size) else (None, True)


def _dji(said: Mapping[str, str], size: Size) -> Lens | None:
    """None too where nobody says that the picture is still bent, or that it has its full size."""
    numbers = listed(said["DewarpData"].rpartition(";")[2], len(Lens._fields))
    centre = [first_of(said, (f"CalibratedOpticalCenter{axis}",), 1e6) for axis in "XY"]
    is_whole = all(
        place is not None and abs(place - side / 2) <= side * _DESIGNED
        for place, side in zip(centre, size, strict=True)
    )
    if numbers is None or not is_whole or said.get("DewarpFlag") != "0":
        return None
    return Lens(*numbers)


def _pix4d(said: Mapping[str, str], size: Size, px_per_mm: float | None) -> Lens | None:
    name = "Camera:PerspectiveDistortion"
    # One text, or a list whose further entries `parse_xmp` numbers.
    parts = [said.get(name, ""), *(said.get(f"{name}[{place}]", "") for place in range(2, 6))]
    bends = listed(",".join(filter(None, parts)), 5)
    centre = listed(said.get("Camera:PrincipalPoint", ""), 2)
    focal = first_of(said, ("Camera:PerspectiveFocalLength",), 1e4)
    is_metric = said.get("Camera:PerspectiveFocalLengthUnits", "mm") == "mm"
    is_pinhole = said.get("Camera:ModelType", "perspective") == "perspective"
    if bends is None or centre is None or focal is None or px_per_mm is None:
        return None
    if not (is_metric and is_pinhole):
        return None
    cx, cy = (place * px_per_mm - side / 2 for place, side in zip(centre, size, strict=True))
    k1, k2, k3, p1, p2 = bends
    return Lens(focal * px_per_mm, focal * px_per_mm, cx, cy, k1, k2, p1, p2, k3)


def _bent(lens: Lens, x: float, y: float) -> Point:
    """Where the lens puts a point, both in focal lengths from the axis."""
    square = x * x + y * y
    radial = 1 + square * (lens.k1 + square * (lens.k2 + square * lens.k3))
    return (
        x * radial + 2 * lens.p1 * x * y + lens.p2 * (square + 2 * x * x),
        y * radial + lens.p1 * (square + 2 * y * y) + 2 * lens.p2 * x * y,
    )


def _unbent(lens: Lens, seen_x: float, seen_y: float) -> Point:
    """The inverse of `_bent`: the point that is seen there, by Newton's method."""
    x, y = seen_x, seen_y
    for _ in range(_STEPS):
        square = x * x + y * y
        radial = 1 + square * (lens.k1 + square * (lens.k2 + square * lens.k3))
        # How `radial` grows with the square of the radius, doubled as the chain rule has it.
        growth = 2 * (lens.k1 + square * (2 * lens.k2 + 3 * square * lens.k3))
        across = radial + growth * x * x + 2 * lens.p1 * y + 6 * lens.p2 * x
        along = radial + growth * y * y + 6 * lens.p1 * y + 2 * lens.p2 * x
        mixed = growth * x * y + 2 * lens.p1 * x + 2 * lens.p2 * y
        spread = across * along - mixed * mixed
        if not (spread > 0 and across > 0):
            break
        bent_x, bent_y = _bent(lens, x, y)
        miss_x, miss_y = seen_x - bent_x, seen_y - bent_y
        step_x = (along * miss_x - mixed * miss_y) / spread
        step_y = (across * miss_y - mixed * miss_x) / spread
        x, y = x + step_x, y + step_y
        if abs(step_x) + abs(step_y) < _EXACT:
            break
    return x, y


def _grows(lens: Lens, radius: float) -> bool:
    """True where points further out are seen further out (the slope along the radius)."""
    square = radius * radius
    return 1 + square * (3 * lens.k1 + square * (5 * lens.k2 + square * 7 * lens.k3)) > 0
