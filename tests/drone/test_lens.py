"""What a lens bends is straightened: against a camera made another way, and as headers tell it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from camtrap.drone.area import covered_m2
from camtrap.drone.camera import Errors, View, ground_of, view_of
from camtrap.drone.flight import DroneCapture, parse_drone_capture
from camtrap.drone.ground import area_of, footprint_of, place_box
from camtrap.drone.lens import Lens, is_sound, lens_of, straightened
from camtrap.drone.local import degrees_of, metres_of
from camtrap.drone.transect import looks_at
from camtrap.records import Box
from tests.drone.packets import CAMERA, MAVIC, attributes, elements, packet, picture
from tests.drone.pinhole import seen_bent

SIZE = (4864, 3648)
# A Phantom 4 RTK's, as its pictures have it.
PHANTOM = Lens(
    *(3659.78, 3653.17, -7.71, 45.9),
    *(-0.269478, 0.115681, -0.0000875619, -0.000306177, -0.0357628),
)
BARREL = Lens(4500.0, 4500.0, 0.0, 0.0, -0.3, 0.0, 0.0, 0.0, 0.0)
CUSHION = Lens(3700.0, 3710.0, 60.0, -40.0, 0.25, -0.05, 0.004, -0.003, 0.02)
LENSES = {"phantom": PHANTOM, "barrel": BARREL, "cushion": CUSHION}
HEIGHT = 60.0
CORNERS = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]

each_lens = pytest.mark.parametrize("lens", LENSES.values(), ids=LENSES)


def looking(lens: Lens | None, pitch: float = -90.0, yaw: float = 0.0, roll: float = 0.0) -> View:
    focal = 3660.0 if lens is None else lens.fx
    return View(43.1, 131.5, HEIGHT, pitch, yaw, roll, focal, *SIZE, lens=lens)


# -- the ray through a pixel


@each_lens
@given(
    st.floats(0, 1), st.floats(0, 1), st.floats(-95, -40), st.floats(-180, 180), st.floats(-9, 9)
)
def test_what_lies_under_a_pixel_is_seen_there(
    lens: Lens, x: float, y: float, pitch: float, yaw: float, roll: float
) -> None:
    found = ground_of(looking(lens, pitch, yaw, roll), x, y)
    assume(found is not None)
    assert found is not None
    again = seen_bent((*found, -HEIGHT), (yaw, pitch, roll), lens, SIZE)
    assert again == pytest.approx((x, y), abs=1e-9)


@each_lens
@pytest.mark.parametrize("corner", CORNERS)
def test_corners_are_found_to_a_hundredth_of_the_height(
    lens: Lens, corner: tuple[float, float]
) -> None:
    """The point is searched for on the ground from below the drone, which knows of no inverse."""
    east, north, step = 0.0, 0.0, 1.0
    while step > 1e-3:
        around = [(east + i * step, north + j * step) for i in (-1, 0, 1) for j in (-1, 0, 1)]

        def miss(at: tuple[float, float]) -> float:
            place = seen_bent((*at, -HEIGHT), (0, -90, 0), lens, SIZE)
            assert place is not None
            return math.dist((place[0] * SIZE[0], place[1] * SIZE[1]), _pixel(corner))

        best = min(around, key=miss)
        if best == (east, north):
            step /= 2
        east, north = best
    found = ground_of(looking(lens), *corner)
    assert found is not None
    assert math.dist(found, (east, north)) < 0.01 * HEIGHT
    as_if_straight = ground_of(replace(looking(lens), lens=None), *corner)
    assert as_if_straight is not None
    assert math.dist(as_if_straight, (east, north)) > 0.05 * HEIGHT


def _pixel(at: tuple[float, float]) -> tuple[float, float]:
    return at[0] * SIZE[0], at[1] * SIZE[1]


@given(
    st.floats(-0.35, 0.4),
    st.floats(-0.2, 0.3),
    st.floats(-0.1, 0.1),
    st.floats(-0.01, 0.01),
    st.floats(-0.01, 0.01),
    st.floats(2_500, 20_000),
    st.floats(0, 1),
    st.floats(0, 1),
)
@settings(max_examples=300)
def test_through_every_sound_lens_points_come_back(
    k1: float, k2: float, k3: float, p1: float, p2: float, focal: float, x: float, y: float
) -> None:
    lens = Lens(focal, focal * 1.01, 30.0, -20.0, k1, k2, p1, p2, k3)
    assume(is_sound(lens, SIZE))
    right, down = straightened(lens, (x - 0.5) * SIZE[0], (y - 0.5) * SIZE[1])
    again = seen_bent((right, -down, -lens.fx), (0, -90, 0), lens, SIZE)
    assert again == pytest.approx((x, y), abs=1e-9)


@given(st.builds(Lens, *(st.floats(allow_nan=False, allow_infinity=False) for _ in range(9))))
def test_no_lens_raises_or_takes_for_ever(lens: Lens) -> None:
    assert is_sound(lens, SIZE) in (True, False)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_lens_bends_the_picture_as_it_is_stored(orientation: int) -> None:
    x, y = 0.1, 0.8
    across = (x, 1 - x, 1 - x, x, y, y, 1 - y, 1 - y)[orientation - 1]
    along = (y, y, 1 - y, 1 - y, x, 1 - x, 1 - x, x)[orientation - 1]
    view = looking(CUSHION, -70.0)
    turned = replace(view, orientation=orientation)
    assert ground_of(turned, x, y) == pytest.approx(ground_of(view, across, along))


def test_a_lens_that_bends_nothing_changes_nothing() -> None:
    straight = Lens(3660.0, 3660.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for corner in CORNERS:
        assert ground_of(looking(straight, -60.0), *corner) == pytest.approx(
            ground_of(looking(None, -60.0), *corner), abs=1e-9
        )
    bent, plain = footprint_of(looking(straight, -60.0)), footprint_of(looking(None, -60.0))
    assert bent.area_m2 == pytest.approx(plain.area_m2, rel=1e-9)


# -- boxes and footprints


@each_lens
def test_a_box_at_the_edge_is_as_long_as_in_the_middle(lens: Lens) -> None:
    for place in [(0.0, 0.0), (30.0, 20.0), (-35.0, 25.0)]:
        sides = []
        for east, north in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            at = seen_bent((place[0] + east, place[1] + north, -HEIGHT), (0, -90, 0), lens, SIZE)
            assert at is not None
            sides.append(at)
        left, right, bottom, top = sides
        box = Box(left[0], top[1], right[0] - left[0], bottom[1] - top[1])
        placed = place_box(looking(lens), box)
        # Far out a square is no square in the picture, and its box larger than it is.
        assert placed.length_m == pytest.approx(2.0, rel=0.08)
        assert placed.across_m == pytest.approx(2.0, rel=0.08)


@pytest.mark.parametrize("error", ["focal", "pixels", "pitch"])
def test_errors_widen_the_radius_of_a_bent_corner(error: str) -> None:
    view = replace(looking(PHANTOM), errors=Errors())
    wider = replace(view, errors=replace(Errors(), **{error: 2 * getattr(Errors(), error)}))
    box = Box(0.0, 0.0, 0.02, 0.02)
    before, after = place_box(view, box).uncertainty_m, place_box(wider, box).uncertainty_m
    assert before is not None and after is not None
    assert before < after < 2 * before


@each_lens
@pytest.mark.parametrize("pitch, x, y", [(-90.0, 0.03, 0.04), (-60.0, 0.95, 0.9)])
def test_the_true_place_is_within_the_radius_in_95_of_100_cases(
    lens: Lens, pitch: float, x: float, y: float
) -> None:
    random = np.random.default_rng(3)
    truth = replace(looking(lens, pitch), errors=Errors())
    errors, place = truth.errors, ground_of(truth, x, y)
    assert place is not None
    is_within = []
    for noise in random.standard_normal((500, 9)):
        told = replace(
            truth,
            height_m=HEIGHT + math.hypot(errors.altitude_m, errors.terrain_m) * noise[0],
            pitch=pitch + errors.pitch * noise[1],
            roll=errors.roll * noise[2],
            yaw=errors.yaw * noise[3],
            focal_px=lens.fx * (1 + errors.focal * noise[4]),
        )
        at = x + errors.pixels * noise[5] / SIZE[0], y + errors.pixels * noise[6] / SIZE[1]
        placed = place_box(told, Box(at[0] - 0.005, at[1] - 0.005, 0.01, 0.01))
        assert placed.latitude is not None and placed.longitude is not None
        assert placed.uncertainty_m is not None
        east, north = metres_of(43.1, 131.5, placed.latitude, placed.longitude)
        found = east + errors.position_m * noise[7], north + errors.position_m * noise[8]
        is_within.append(math.dist(found, place) <= placed.uncertainty_m)
    assert np.mean(is_within) >= 0.95


@each_lens
@pytest.mark.parametrize("pitch, roll", [(-90.0, 0.0), (-60.0, 5.0)])
def test_the_ground_of_a_picture_is_what_it_shows(lens: Lens, pitch: float, roll: float) -> None:
    """Against a raster of points, of which each is in the picture or not."""
    footprint = footprint_of(looking(lens, pitch, 20.0, roll))
    assert len(footprint.corners) == 32 and footprint.flags == ()
    plane = [metres_of(43.1, 131.5, *corner) for corner in footprint.corners]
    assert footprint.area_m2 == pytest.approx(area_of(plane), rel=1e-4)
    assert covered_m2([footprint.corners]) == pytest.approx(footprint.area_m2, rel=1e-3)
    cell, shown = 2.0, 0
    for i in range(-80, 80):
        for j in range(-80, 80):
            point = ((i + 0.5) * cell, (j + 0.5) * cell, -HEIGHT)
            # Beyond its fold, the formula puts points into the picture that no lens does.
            if _is_before(point, pitch):
                at = seen_bent(point, (20.0, pitch, roll), lens, SIZE)
                shown += at is not None and min(at) >= 0 and max(at) <= 1
    assert shown * cell**2 == pytest.approx(footprint.area_m2, rel=0.02)


def _is_before(point: tuple[float, float, float], pitch: float) -> bool:
    """True within 50 degrees of where the camera looks."""
    yaw, down = math.radians(20.0), math.radians(-pitch)
    axis = (math.sin(yaw) * math.cos(down), math.cos(yaw) * math.cos(down), -math.sin(down))
    return sum(map(math.prod, zip(point, axis, strict=True))) > 0.64 * math.hypot(*point)


def test_the_sides_of_a_barrel_are_not_cut_short_nor_its_corners_filled() -> None:
    footprint = footprint_of(looking(BARREL))
    plane = [metres_of(43.1, 131.5, *corner) for corner in footprint.corners]
    corners, left = plane[::8], plane[4]
    assert area_of(plane) < 0.95 * area_of(corners)
    # The middle of the left side lies further in than the straight line between its corners.
    between = degrees_of(43.1, 131.5, (corners[0][0] + left[0]) / 2, left[1])
    within = degrees_of(43.1, 131.5, 0.99 * left[0], left[1])
    assert looks_at(*between, [footprint]) == 0
    assert looks_at(*within, [footprint]) == 1


# -- what headers tell


DEWARP = "2018-03-13;" + ",".join(f"{number:.12f}" for number in PHANTOM)
CENTRE = {"CalibratedOpticalCenterX": "2432.0", "CalibratedOpticalCenterY": "1824.0"}
DJI_SAYS = {"DewarpData": DEWARP, "DewarpFlag": "0", **CENTRE}


def drone(said: dict[str, str], size: tuple[int, int] = SIZE, **more: Any) -> DroneCapture:
    found = parse_drone_capture(picture(attributes({**MAVIC, **said}), size=size, **more))
    assert found is not None
    return found


def test_dji_tells_its_lens() -> None:
    found = drone(DJI_SAYS | {"CalibratedFocalLength": "3666.666504"})
    assert found.lens == pytest.approx(PHANTOM)
    assert not found.lens_ignored
    view = view_of(found, Errors(focal=0))
    assert view is not None
    assert (view.focal_px, view.errors.focal, view.flags) == (3659.78, 0.005, ())
    assert view.lens == found.lens


def test_a_picture_that_was_straightened_has_no_lens() -> None:
    found = drone(DJI_SAYS | {"DewarpFlag": "1", "CalibratedFocalLength": "3666.666504"})
    assert (found.lens, found.lens_ignored, found.focal_px) == (None, False, 3666.666504)


@pytest.mark.parametrize("absent", ["DewarpFlag", *CENTRE])
def test_a_lens_that_may_be_another_pictures_is_ignored(absent: str) -> None:
    said = {name: text for name, text in DJI_SAYS.items() if name != absent}
    assert lens_of(said, SIZE, None) == (None, True)


@pytest.mark.parametrize(
    "size",
    [(2432, 1824), (4864, 3200), (4600, 3648), (9728, 7296), (3648, 4864)],
    ids=["smaller", "lower", "narrower", "larger", "turned"],
)
def test_a_lens_of_the_whole_picture_says_nothing_of_a_part(size: tuple[int, int]) -> None:
    assert lens_of(DJI_SAYS, size, None) == (None, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2018-03-13;",
        "2018-03-13;1,2,3",
        DEWARP + ",0.1",
        DEWARP.replace("3659", "nan"),
        DEWARP.replace("3659", "1e999"),
        "2018-03-13;0,0,0,0,0,0,0,0,0",
        "2018-03-13;3659.78,3653.17,-7.71,45.9,-2.69,0.11,0,0,-0.03",
        "2018-03-13;3659.78,3653.17,-7.71,45.9,0,0,9,0,0",
        "2018-03-13;3659.78,3653.17,2432,1824,-0.26,0.11,0,0,-0.03",
        "2018-03-13;366.78,365.17,0,0,-0.26,0.11,0,0,-0.03",
        "2018-03-13;3659.78,1653.17,0,0,-0.26,0.11,0,0,-0.03",
        "fx=3659.78;fy",
    ],
)
def test_what_is_no_lens_is_ignored_and_says_so(text: str) -> None:
    assert lens_of(DJI_SAYS | {"DewarpData": text}, SIZE, None) == (None, True)


def test_a_date_is_not_needed() -> None:
    lens, is_ignored = lens_of(DJI_SAYS | {"DewarpData": DEWARP.partition(";")[2]}, SIZE, None)
    assert lens == pytest.approx(PHANTOM)
    assert not is_ignored


def test_an_ignored_lens_flags_the_view_and_changes_nothing_else() -> None:
    more: Any = {"detail": {0x920A: 8.8, 0xA405: 24}, "model": "FC6310"}
    broken, without = drone({"DewarpData": "x"}, **more), drone({}, **more)
    assert broken.lens_ignored and not without.lens_ignored
    flagged, plain = view_of(broken), view_of(without)
    assert flagged is not None and plain is not None
    assert flagged == replace(plain, flags=("lens_ignored",))
    assert place_box(flagged, Box(0.4, 0.4, 0.1, 0.1)).flags == ("lens_ignored",)


def test_under_a_digital_zoom_the_lens_is_another() -> None:
    found = drone(DJI_SAYS, detail={0xA404: 2.0, 0x920A: 8.8}, model="FC6310")
    view = view_of(found)
    assert view is not None
    assert (view.lens, view.flags) == (None, ("lens_ignored",))


def test_a_capture_from_json_is_the_same() -> None:
    found = drone(DJI_SAYS)
    assert found.lens is not None
    assert DroneCapture(**json.loads(json.dumps(asdict(found)))) == found


# -- Pix4D's way

REDEDGE = {
    "ModelType": "perspective",
    "PrincipalPoint": "2.28596,1.80131",
    "PerspectiveFocalLength": "5.42003343",
    "PerspectiveFocalLengthUnits": "mm",
    "PerspectiveDistortion": "-0.1009,0.14382,-0.026905,-0.000188,0.000524",
}
PLANE = {0xA20E: 266.666667, 0xA210: 4}


def told_by(said: dict[str, str], detail: dict[int, Any]) -> DroneCapture:
    data = picture(
        elements({"Pitch": "0", **said}), "MicaSense", "RedEdge-M", detail, size=(1280, 960)
    )
    found = parse_drone_capture(data)
    assert found is not None
    return found


def test_pix4d_tells_a_lens_in_millimetres() -> None:
    found = told_by(REDEDGE, PLANE)
    assert found.lens == pytest.approx(
        (1445.342, 1445.342, -30.41, 0.349, -0.1009, 0.14382, -0.000188, 0.000524, -0.026905),
        abs=0.001,
    )


def test_its_coefficients_may_be_a_list() -> None:
    entries = "".join(
        f"<rdf:li>{text}</rdf:li>" for text in REDEDGE["PerspectiveDistortion"].split(",")
    )
    told = "".join(
        f"<c:{name}>{f'<rdf:Seq>{entries}</rdf:Seq>' if 'Distortion' in name else text}</c:{name}>"
        for name, text in REDEDGE.items()
    )
    told = f'<rdf:Description xmlns:c="{CAMERA}"><c:Pitch>0</c:Pitch>{told}</rdf:Description>'
    data = picture(packet(told), "MicaSense", "RedEdge-M", PLANE, size=(1280, 960))
    found = parse_drone_capture(data)
    assert found is not None
    assert found.lens == told_by(REDEDGE, PLANE).lens
    assert found.lens is not None


@pytest.mark.parametrize(
    "unit, resolution", [(2, 266.666667 * 25.4), (3, 2666.66667), (4, 266.666667)]
)
def test_all_units_of_the_sensor(unit: int, resolution: float) -> None:
    found = told_by(REDEDGE, {0xA20E: resolution, 0xA210: unit})
    assert found.lens is not None
    assert found.lens.fx == pytest.approx(1445.342, abs=0.001)


@pytest.mark.parametrize(
    "change, detail",
    [
        ({"ModelType": "fisheye"}, PLANE),
        ({"PerspectiveFocalLengthUnits": "px"}, PLANE),
        ({"PrincipalPoint": "1.1,0.9"}, PLANE),
        ({"PrincipalPoint": "2.2"}, PLANE),
        ({"PerspectiveFocalLength": "far"}, PLANE),
        ({"PerspectiveDistortion": "-0.1,0.1"}, PLANE),
        ({}, {}),
        ({}, {0xA20E: 133.3, 0xA210: 4}),
    ],
)
def test_what_pix4d_cannot_mean_is_ignored(change: dict[str, str], detail: dict[int, Any]) -> None:
    found = told_by(REDEDGE | change, detail)
    assert (found.lens, found.lens_ignored) == (None, True)


def test_a_fisheye_is_flagged_without_coefficients_too() -> None:
    assert told_by({"ModelType": "fisheye"}, {}).lens_ignored
    assert not told_by({"ModelType": "perspective"}, {}).lens_ignored
