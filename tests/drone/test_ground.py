"""Boxes on the ground: their place, how far it may be off, their size; and what a picture shows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.drone.camera import Errors, View, ground_of
from camtrap.drone.ground import (
    DRIFT_M,
    WITHIN_95,
    area_of,
    footprint_of,
    place_box,
)
from camtrap.drone.local import degrees_of, metres_of
from camtrap.drone.sizes import LENGTHS, size_flag
from camtrap.records import LABELS, Box
from tests.drone.pinhole import seen

SIZE = (4000, 3000)
NADIR = View(43.1, 131.5, 60.0, -90.0, 0.0, 0.0, 2773.0, *SIZE)
EXACT = Errors(0, 0, 0, 0, 0, 0, 0, 0)


def box_around(x: float, y: float, width: float = 0.02, height: float = 0.02) -> Box:
    return Box(x - width / 2, y - height / 2, width, height)


# -- the plane and the ellipsoid


@given(st.floats(-85, 85), st.floats(-180, 179.9), st.floats(-500, 500), st.floats(-500, 500))
def test_metres_come_back_from_degrees(
    latitude: float, longitude: float, east: float, north: float
) -> None:
    place = degrees_of(latitude, longitude, east, north)
    assert -180 <= place[1] < 180
    assert metres_of(latitude, longitude, *place) == pytest.approx((east, north), abs=1e-4)


@given(st.floats(-60, 60), st.floats(-180, 179), st.floats(-500, 500), st.floats(-500, 500))
def test_the_plane_fits_the_ellipsoid_to_seven_centimetres(
    latitude: float, longitude: float, east: float, north: float
) -> None:
    place = degrees_of(latitude, longitude, east, north)
    apart = _geocentric(*place) - _geocentric(latitude, longitude)
    phi, lam = math.radians(latitude), math.radians(longitude)
    to_east = np.array([-math.sin(lam), math.cos(lam), 0])
    to_north = np.array(
        [-math.sin(phi) * math.cos(lam), -math.sin(phi) * math.sin(lam), math.cos(phi)]
    )
    assert math.dist((to_east @ apart, to_north @ apart), (east, north)) < 0.07


def _geocentric(latitude: float, longitude: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """On the surface of WGS84, by the parametric latitude: another way than in the package."""
    semi_major, semi_minor = 6_378_137.0, 6_356_752.314245
    beta = math.atan(semi_minor / semi_major * math.tan(math.radians(latitude)))
    lam = math.radians(longitude)
    away = semi_major * math.cos(beta)
    return np.array([away * math.cos(lam), away * math.sin(lam), semi_minor * math.sin(beta)])


# -- boxes


@given(
    st.floats(-180, 180),
    st.floats(-95, -35),
    st.floats(-15, 15),
    st.floats(20, 300),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_box_stands_where_the_other_camera_saw_it(
    yaw: float, pitch: float, roll: float, height: float, x: float, y: float
) -> None:
    view = replace(NADIR, height_m=height, pitch=pitch, yaw=yaw, roll=roll, errors=EXACT)
    placed = place_box(view, box_around(x, y))
    if placed.latitude is None or placed.longitude is None:
        assert "horizon" in placed.flags
        assert ground_of(view, x, y) is None
        return
    east, north = metres_of(43.1, 131.5, placed.latitude, placed.longitude)
    again = seen((east, north, -height), (yaw, pitch, roll), 2773.0, SIZE)
    assert again == pytest.approx((x, y), abs=1e-6)


def test_a_box_has_its_length_in_metres() -> None:
    placed = place_box(NADIR, box_around(0.5, 0.5, 100 / 4000, 60 / 3000), "prey")
    metre = 60 / 2773
    assert placed.gsd_m == pytest.approx(metre)
    assert placed.length_m == pytest.approx(100 * metre)
    assert placed.across_m == pytest.approx(60 * metre)
    assert placed.flags == ()


def test_a_box_of_a_picture_that_stands_upright_is_measured_along_its_own_sides() -> None:
    turned = replace(NADIR, orientation=6)
    placed = place_box(turned, box_around(0.5, 0.5, 60 / 3000, 100 / 4000))
    assert placed.length_m == pytest.approx(100 * 60 / 2773)


def test_a_pixel_is_a_pixel_however_the_picture_is_turned() -> None:
    view = replace(NADIR, errors=replace(EXACT, pixels=5.0))
    radius = place_box(view, box_around(0.5, 0.5)).uncertainty_m
    assert radius == pytest.approx(5 * WITHIN_95 * 60 / 2773)
    for orientation in range(1, 9):
        turned = replace(view, orientation=orientation)
        assert place_box(turned, box_around(0.5, 0.5)).uncertainty_m == pytest.approx(radius)


def test_far_away_an_animal_of_the_same_size_is_smaller_in_the_picture() -> None:
    oblique = replace(NADIR, pitch=-35.0)
    near, far = (place_box(oblique, box_around(0.5, y)) for y in (0.9, 0.1))
    assert near.length_m is not None and far.length_m is not None
    assert far.length_m > 2 * near.length_m


def test_above_the_horizon_a_box_has_no_place() -> None:
    placed = place_box(replace(NADIR, pitch=0.0), box_around(0.5, 0.2))
    assert placed.latitude is None and placed.uncertainty_m is None
    assert placed.flags == ("horizon",)


def test_where_the_terrain_ends_a_box_has_no_place() -> None:
    unknown = replace(NADIR, terrain=lambda latitude, longitude: None)
    assert place_box(unknown, box_around(0.5, 0.5)).flags == ("no_terrain",)
    level = replace(unknown, pitch=0.0)
    assert place_box(level, box_around(0.5, 0.2)).flags == ("horizon",)


def test_over_flat_terrain_a_box_stands_where_it_stood() -> None:
    level = replace(NADIR, pitch=-50.0, terrain=lambda latitude, longitude: 0.0)
    flat = place_box(replace(level, terrain=None), box_around(0.3, 0.2))
    found = place_box(level, box_around(0.3, 0.2))
    assert found.latitude == pytest.approx(flat.latitude, abs=1e-7)
    assert found.uncertainty_m == pytest.approx(flat.uncertainty_m, rel=0.01)


def test_flags_of_the_view_stay_with_its_boxes() -> None:
    view = replace(NADIR, flags=("yaw_from_flight",))
    assert place_box(view, box_around(0.5, 0.5)).flags == ("yaw_from_flight",)
    assert footprint_of(view).flags == ("yaw_from_flight",)


# -- how far it may be off


def test_straight_below_only_place_tilt_and_pixels_count() -> None:
    placed = place_box(NADIR, box_around(0.5, 0.5))
    tilt = 60 * math.tan(math.radians(1.0 * WITHIN_95))
    pixels = 5 * WITHIN_95 * 60 / 2773
    expected = math.hypot(tilt, 2.5 * WITHIN_95, pixels)
    assert placed.uncertainty_m == pytest.approx(expected, rel=0.01)
    expected = math.hypot(tilt, DRIFT_M * WITHIN_95, pixels)
    assert placed.match_m == pytest.approx(expected, rel=0.01)


def test_without_errors_there_is_no_radius() -> None:
    placed = place_box(replace(NADIR, errors=EXACT, pitch=-50.0), box_around(0.3, 0.3))
    assert placed.uncertainty_m == 0


@pytest.mark.parametrize("error", ["altitude_m", "terrain_m", "pitch", "roll", "yaw", "focal"])
def test_every_error_widens_the_radius(error: str) -> None:
    view = replace(NADIR, pitch=-60.0, errors=Errors())
    wider = replace(view, errors=replace(Errors(), **{error: 3 * getattr(Errors(), error)}))
    box = box_around(0.2, 0.3)
    before, after = place_box(view, box).uncertainty_m, place_box(wider, box).uncertainty_m
    assert before is not None and after is not None
    assert after > before


@pytest.mark.parametrize(
    "pitch, roll, x, y",
    [
        (-90, 0, 0.5, 0.5),
        (-90, 4, 0.95, 0.1),
        (-60, -5, 0.1, 0.9),
        (-45, 0, 0.95, 0.05),
        (-30, 0, 0.3, 0.2),
        (-20, 0, 0.5, 0.4),
    ],
)
def test_the_true_place_is_within_the_radius_in_95_of_100_cases(
    pitch: float, roll: float, x: float, y: float
) -> None:
    random = np.random.default_rng(7)
    misses = []
    for _ in range(800):
        height = float(random.uniform(15, 150))
        truth = replace(NADIR, height_m=height, pitch=pitch, yaw=30.0, roll=roll)
        miss = _miss(truth, x, y, random)
        misses += [miss] if miss is not None else []
    assert len(misses) > 750
    assert np.mean([distance <= radius for distance, radius in misses]) >= 0.95
    # And it is no wild guess either: half of them are more than a fifth of it away.
    assert np.median([distance / radius for distance, radius in misses]) > 0.2


def _miss(
    truth: View, x: float, y: float, random: np.random.Generator
) -> tuple[float, float] | None:
    """How far a box is placed from where it is, and the radius told, when the header tells the
    truth with all errors on it while the picture shows the truth. None without a place."""
    noise = random.standard_normal(9)
    errors, height = truth.errors, truth.height_m
    place = ground_of(truth, x, y)
    assert place is not None
    pixel = seen((*place, -height), (truth.yaw, truth.pitch, truth.roll), 2773.0, SIZE)
    assert pixel is not None
    told = replace(
        truth,
        height_m=height + math.hypot(errors.altitude_m, errors.terrain_m) * noise[0],
        pitch=truth.pitch + errors.pitch * noise[1],
        roll=truth.roll + errors.roll * noise[2],
        yaw=truth.yaw + errors.yaw * noise[3],
        focal_px=2773.0 * (1 + errors.focal * noise[4]),
    )
    x_told = pixel[0] + errors.pixels * noise[5] / SIZE[0]
    y_told = pixel[1] + errors.pixels * noise[6] / SIZE[1]
    placed = place_box(told, box_around(x_told, y_told))
    if placed.latitude is None or placed.longitude is None or placed.uncertainty_m is None:
        return None
    east, north = metres_of(43.1, 131.5, placed.latitude, placed.longitude)
    found = (east + errors.position_m * noise[7], north + errors.position_m * noise[8])
    return math.dist(found, place), placed.uncertainty_m


# -- sizes


def test_every_label_that_is_a_thing_has_a_length() -> None:
    assert set(LENGTHS) == set(LABELS) - {"empty"}


@pytest.mark.parametrize(
    "label, metres, flag",
    [
        ("prey", 0.4, "too_small"),
        ("prey", 1.3, ""),
        ("prey", 4.0, "too_large"),
        ("leopard", 0.5, "too_small"),
        ("leopard", 2.2, ""),
        ("leopard", 3.5, "too_large"),
        ("person", 0.1, "too_small"),
        ("person", 0.5, ""),
        ("vehicle", 0.8, "too_small"),
        ("vehicle", 5.0, ""),
        ("other", 0.1, "too_small"),
        ("unsure", 0.01, ""),
        ("wild boar", 90.0, ""),
    ],
)
def test_boxes_that_cannot_be_what_they_are_called_are_marked(
    label: str, metres: float, flag: str
) -> None:
    assert size_flag(label, metres, metres * 1.2, 0.1) == flag


def test_the_diagonal_is_the_longest_that_fits() -> None:
    assert size_flag("prey", 0.5, 0.7, 0.0) == ""
    assert size_flag("prey", 0.5, 0.59, 0.0) == "too_small"


def test_a_doubtful_altitude_marks_less() -> None:
    assert size_flag("prey", 0.4, 0.5, 0.3) == ""
    assert size_flag("prey", 3.0, 3.2, 0.3) == ""
    assert size_flag("prey", 0.01, 0.01, 5.0) == "too_small"


def test_the_mark_is_on_the_box() -> None:
    forty_centimetres = 0.4 * 2773 / 60
    box = box_around(0.5, 0.5, forty_centimetres / 4000, forty_centimetres / 2 / 3000)
    placed = place_box(NADIR, box, "prey")
    assert placed.flags == ("too_small",)
    assert placed.latitude is not None


def test_from_low_down_an_error_of_the_height_excuses_more() -> None:
    for height, flags in ((15.0, ()), (150.0, ("too_small",))):
        half_a_metre = 0.5 * 2773 / height
        box = box_around(0.5, 0.5, half_a_metre / 4000, 1 / 3000)
        assert place_box(replace(NADIR, height_m=height), box, "prey").flags == flags


# -- what a picture shows


def test_from_straight_above_it_shows_a_rectangle() -> None:
    footprint = footprint_of(NADIR)
    assert len(footprint.corners) == 4
    assert footprint.flags == ()
    assert footprint.area_m2 == pytest.approx((60 / 2773) ** 2 * 4000 * 3000)
    plane = [metres_of(43.1, 131.5, *corner) for corner in footprint.corners]
    assert {(round(abs(e), 2), round(abs(n), 2)) for e, n in plane} == {(43.27, 32.46)}


@settings(max_examples=60)
@given(st.floats(-180, 180), st.floats(-100, 20), st.floats(-60, 60))
def test_corners_are_convex_and_counter_clockwise_and_seen(
    yaw: float, pitch: float, roll: float
) -> None:
    footprint = footprint_of(replace(NADIR, pitch=pitch, yaw=yaw, roll=roll))
    if not footprint.corners:
        assert footprint.flags == ("horizon", "no_ground")
        return
    plane = [metres_of(43.1, 131.5, *corner) for corner in footprint.corners]
    for place, here in enumerate(plane):
        before, after = plane[place - 1], plane[(place + 1) % len(plane)]
        turn = (here[0] - before[0]) * (after[1] - here[1])
        turn -= (here[1] - before[1]) * (after[0] - here[0])
        assert turn > -1e-3
        pixel = seen((*here, -60.0), (yaw, pitch, roll), 2773.0, SIZE)
        assert pixel is not None
        assert all(-1e-5 <= share <= 1 + 1e-5 for share in pixel)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_however_a_picture_is_stored_its_ground_is_the_same(orientation: int) -> None:
    footprint = footprint_of(replace(NADIR, pitch=-60.0, orientation=orientation))
    plain = footprint_of(replace(NADIR, pitch=-60.0))
    assert footprint.area_m2 == pytest.approx(plain.area_m2)
    plane = [metres_of(43.1, 131.5, *corner) for corner in footprint.corners]
    assert area_of(plane) > 0


def test_at_the_horizon_it_is_cut_and_says_so() -> None:
    footprint = footprint_of(replace(NADIR, pitch=-20.0))
    assert footprint.flags == ("horizon",)
    furthest = max(math.hypot(*metres_of(43.1, 131.5, *c)) for c in footprint.corners)
    assert furthest <= 60 / math.tan(math.radians(10)) / math.cos(math.pi / 16) + 0.01


def test_a_picture_of_the_sky_shows_no_ground() -> None:
    footprint = footprint_of(replace(NADIR, pitch=40.0))
    assert (footprint.corners, footprint.area_m2) == ((), 0.0)
    assert footprint.flags == ("horizon", "no_ground")


def test_over_a_terrain_it_is_flat_at_the_height_below_the_drone() -> None:
    over_a_hill = replace(NADIR, height_m=90.0, terrain=lambda latitude, longitude: 30.0)
    assert footprint_of(over_a_hill).area_m2 == pytest.approx(footprint_of(NADIR).area_m2)
    below = replace(NADIR, terrain=lambda latitude, longitude: 70.0)
    assert footprint_of(below).flags == ("no_ground",)
