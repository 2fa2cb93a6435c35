"""From a point in the picture to a point on the ground, against a camera made another way."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camtrap.drone.camera import (
    LEAST_DEPRESSION,
    Errors,
    View,
    flags_of,
    ground_of,
    gsd_m,
    view_of,
)
from camtrap.drone.flight import DroneCapture
from camtrap.drone.rotation import angles_of, multiplied, rotation
from tests.drone.pinhole import axes, seen

SIZE = (4000, 3000)
NADIR = View(43.1, 131.5, 60.0, -90.0, 0.0, 0.0, 2773.0, *SIZE)
PHANTOM = DroneCapture(
    maker="dji", make="DJI", model="FC6310", latitude=43.1, longitude=131.5,
    relative_altitude_m=60.0, pitch=-90.0, yaw=0.0, roll=0.0, focal_length_mm=8.8, focal_35mm=24.0,
    sensor_width_mm=13.2, width=5472, height=3648,
)  # fmt: skip

headings = st.floats(-720, 720)
pitches = st.floats(-100, 10)
rolls = st.floats(-45, 45)


@given(headings, pitches, rolls, st.floats(5, 500), st.floats(-3, 3), st.floats(-3, 3))
def test_a_point_on_the_ground_is_found_again(
    yaw: float, pitch: float, roll: float, height: float, east: float, north: float
) -> None:
    point = (east * height, north * height)
    assume(math.hypot(east, north) < 1 / math.tan(math.radians(LEAST_DEPRESSION + 0.01)))
    place = seen((*point, -height), (yaw, pitch, roll), 2773.0, SIZE)
    assume(place is not None and -1 < place[0] < 2 and -1 < place[1] < 2)
    assert place is not None
    view = replace(NADIR, height_m=height, pitch=pitch, yaw=yaw, roll=roll)
    found = ground_of(view, *place)
    assert found is not None
    assert math.dist(found, point) < 0.0001 * height


@given(headings, st.floats(-35, -10), st.floats(2.5, 5.6))
def test_also_near_the_horizon(yaw: float, pitch: float, away: float) -> None:
    heading = math.radians(yaw)
    point = (60 * away * math.sin(heading), 60 * away * math.cos(heading))
    place = seen((*point, -60), (yaw, pitch, 0), 2773.0, SIZE)
    assert place is not None
    found = ground_of(replace(NADIR, pitch=pitch, yaw=yaw), *place)
    assert found is not None
    assert math.dist(found, point) < 0.6  # 1% of the altitude


@given(headings, st.floats(-89.9, 89.9), st.floats(-180, 180))
def test_both_cameras_have_the_same_axes(yaw: float, pitch: float, roll: float) -> None:
    forward, right, down = rotation(yaw, pitch, roll)
    others = axes(yaw, pitch, roll)
    for ours, other in zip((forward, right, [-v for v in down]), others, strict=True):
        assert (ours[1], ours[0], -ours[2]) == pytest.approx(tuple(other), abs=1e-9)


@given(st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179))
def test_angles_come_back_from_directions(yaw: float, pitch: float, roll: float) -> None:
    assert angles_of(rotation(yaw, pitch, roll)) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_straight_down_the_turn_is_all_yaw() -> None:
    assert angles_of(rotation(100, -90, 60)) == pytest.approx((160, -90, 0))


def test_a_camera_hangs_looking_down_from_what_carries_it() -> None:
    hanging = multiplied(rotation(30, 0, 10), rotation(0, -90, 0))
    forward = hanging[0]
    assert forward[2] == pytest.approx(math.cos(math.radians(10)))
    # The right side is down, so that the camera looks to the left: to 300 degrees.
    heading = math.degrees(math.atan2(forward[1], forward[0])) % 360
    assert heading == pytest.approx(300)


@pytest.mark.parametrize("turns", [-720, -360, 360, 1080])
def test_whole_turns_of_yaw_change_nothing(turns: float) -> None:
    view = replace(NADIR, pitch=-50.0, yaw=170.0, roll=3.0)
    here, there = ground_of(view, 0.2, 0.9), ground_of(replace(view, yaw=170.0 + turns), 0.2, 0.9)
    assert here is not None and there is not None
    assert here == pytest.approx(there, abs=1e-6)


@pytest.mark.parametrize(
    "yaw, top",
    [(0, (0, 1)), (90, (1, 0)), (180, (0, -1)), (-90, (-1, 0)), (270, (-1, 0))],
)
def test_from_straight_above_the_top_of_the_picture_is_where_the_drone_heads(
    yaw: float, top: tuple[float, float]
) -> None:
    found = ground_of(replace(NADIR, yaw=yaw), 0.5, 0)
    reach = 60 * 1500 / 2773
    assert found == pytest.approx((top[0] * reach, top[1] * reach), abs=1e-6)


def test_above_the_least_depression_there_is_no_ground() -> None:
    level = replace(NADIR, pitch=0.0)
    assert ground_of(level, 0.5, 0.5) is None
    assert ground_of(level, 0.5, 0.0) is None
    below = 0.5 + math.tan(math.radians(LEAST_DEPRESSION)) * 2773 / 3000
    assert ground_of(level, 0.5, below - 0.001) is None
    assert ground_of(level, 0.5, below + 0.001) is not None
    assert gsd_m(level) == math.inf


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_is_turned_upright_shows_the_same_ground(orientation: int) -> None:
    from PIL import Image, ImageOps

    stored = Image.new("L", (8, 6))
    stored.putpixel((1, 4), 255)
    stored.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(stored)
    assert upright is not None
    (left, top, _, _) = upright.getbbox() or (0, 0, 0, 0)
    x, y = (left + 0.5) / upright.width, (top + 0.5) / upright.height
    view = replace(NADIR, width=8, height=6, focal_px=6.0, pitch=-70.0)
    expected = ground_of(view, 1.5 / 8, 4.5 / 6)
    found = ground_of(replace(view, orientation=orientation), x, y)
    assert found == pytest.approx(expected, abs=1e-9)


# -- what a header must tell


def test_a_phantom_at_60_metres_has_pixels_of_16_millimetres() -> None:
    view = view_of(PHANTOM)
    assert view is not None
    assert view.focal_px == pytest.approx(8.8 / 13.2 * 5472)
    assert gsd_m(view) == pytest.approx(60 / 3648)


def test_the_35_mm_equivalent_compares_diagonals() -> None:
    view = view_of(replace(PHANTOM, sensor_width_mm=None, width=4000, height=3000))
    assert view is not None
    assert view.focal_px == pytest.approx(24 * 5000 / math.hypot(36, 24), rel=1e-5)
    assert view.errors.focal == 0.03


def test_a_calibration_goes_first_and_is_trusted_most() -> None:
    view = view_of(replace(PHANTOM, focal_px=3666.67), Errors(focal=0))
    assert view is not None
    assert (view.focal_px, view.errors.focal) == (3666.67, 0.005)


def test_lengths_that_contradict_each_other_are_trusted_less() -> None:
    view = view_of(replace(PHANTOM, focal_35mm=48.0))
    assert view is not None
    assert view.errors.focal > 0.4


def test_digital_zoom_makes_the_focal_length_longer() -> None:
    plain, zoomed = view_of(PHANTOM), view_of(replace(PHANTOM, digital_zoom=2.0))
    assert plain is not None and zoomed is not None
    assert zoomed.focal_px == 2 * plain.focal_px
    assert zoomed.errors.focal == plain.errors.focal


@pytest.mark.parametrize(
    "missing, flag",
    [
        ({"latitude": None}, "no_position"),
        ({"latitude": 89.5}, "no_position"),
        ({"relative_altitude_m": None}, "no_altitude"),
        ({"relative_altitude_m": 0.0}, "no_altitude"),
        ({"relative_altitude_m": -3.0}, "no_altitude"),
        ({"pitch": None}, "no_pitch"),
        ({"yaw": None}, "no_yaw"),
        ({"focal_length_mm": None, "focal_35mm": None}, "no_focal"),
        ({"sensor_width_mm": None, "focal_35mm": None}, "no_focal"),
        ({"width": 0}, "no_size"),
    ],
)
def test_what_is_missing_is_named(missing: dict[str, float | None], flag: str) -> None:
    drone = replace(PHANTOM, **missing)  # type: ignore[arg-type]
    assert flag in flags_of(drone)
    assert view_of(drone) is None


def test_nothing_known_is_every_flag() -> None:
    assert flags_of(DroneCapture()) == (
        *("no_position", "no_altitude", "no_pitch", "no_yaw", "no_focal", "no_size"),
    )


def test_the_aircraft_tells_the_heading_where_the_gimbal_does_not() -> None:
    view = view_of(replace(PHANTOM, yaw=None, flight_yaw=33.0))
    assert view is not None
    assert (view.yaw, view.errors.yaw, view.flags) == (33.0, 10.0, ("yaw_from_flight",))


def test_rtk_says_itself_how_good_it_is() -> None:
    view = view_of(replace(PHANTOM, position_error_m=0.02, height_error_m=0.04))
    assert view is not None
    assert (view.errors.position_m, view.errors.altitude_m) == (0.02, 0.04)


def test_an_unknown_roll_is_level() -> None:
    view = view_of(replace(PHANTOM, roll=None))
    assert view is not None and view.roll == 0


# -- ground that is not flat


def test_a_terrain_that_is_flat_changes_nothing() -> None:
    view = replace(NADIR, pitch=-40.0, yaw=20.0)
    flat, same = ground_of(view, 0.3, 0.4), ground_of(replace(view, terrain=_level), 0.3, 0.4)
    assert flat is not None and same is not None
    assert math.dist(flat, same) < 0.01


def test_a_ray_meets_a_slope_where_the_slope_is() -> None:
    # The ground rises one metre in five to the north; the drone looks north, 45 degrees down.
    def slope(latitude: float, longitude: float) -> float:
        return (latitude - 43.1) * 111_100 / 5

    found = ground_of(replace(NADIR, pitch=-45.0, terrain=slope), 0.5, 0.5)
    assert found is not None
    assert found[1] == pytest.approx(60 / 1.2, rel=0.01)


def test_a_ray_stops_at_the_first_hill() -> None:
    def hill(latitude: float, longitude: float) -> float:
        return 30.0 if 40 < (latitude - 43.1) * 111_100 < 80 else 0.0

    found = ground_of(replace(NADIR, pitch=-30.0, terrain=hill), 0.5, 0.5)
    assert found is not None
    assert found[1] == pytest.approx(30 / math.tan(math.radians(30)), abs=0.1)


def test_beyond_the_terrain_nothing_is_known() -> None:
    assert ground_of(replace(NADIR, terrain=lambda latitude, longitude: None), 0.5, 0.5) is None


def _level(latitude: float, longitude: float) -> float:
    return 0.0
