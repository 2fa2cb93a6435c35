"""Ground in many pictures counts once: against rectangles, rasters and sums."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.drone.area import covered_m2
from camtrap.drone.local import degrees_of

ORIGIN = (43.1, 131.5)
Point = tuple[float, float]


def ring(corners: Sequence[Point], origin: Point = ORIGIN) -> list[Point]:
    return [degrees_of(*origin, *corner) for corner in corners]


def square(east: float, north: float, side: float = 100.0, turn: float = 0.0) -> list[Point]:
    """A square around a point, turned by so many degrees."""
    reach = side / math.sqrt(2)
    angles = [math.radians(45 + turn + 90 * corner) for corner in range(4)]
    return [(east + reach * math.cos(a), north + reach * math.sin(a)) for a in angles]


def test_no_ground_has_no_area() -> None:
    assert covered_m2([]) == 0
    assert covered_m2([[], ring([(0, 0), (1, 1)])]) == 0
    assert covered_m2([ring([(0, 0), (100, 0), (200, 0)])]) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("turn", [0, 1, 13, 30, 45, 60, 89.9])
def test_one_square(turn: float) -> None:
    assert covered_m2([ring(square(0, 0, turn=turn))]) == pytest.approx(10_000, rel=1e-4)


def test_the_direction_of_a_ring_does_not_matter() -> None:
    corners = ring(square(5, 5, turn=20))
    assert covered_m2([corners[::-1]]) == pytest.approx(covered_m2([corners]), rel=1e-9)


def test_twice_the_same_is_once() -> None:
    corners = ring(square(0, 0, turn=33))
    assert covered_m2([corners] * 50) == pytest.approx(10_000, rel=1e-4)


def test_far_apart_areas_add_up() -> None:
    apart = [ring(square(0, 0)), ring(square(1_000, 0)), ring(square(0, 1_000, 50))]
    assert covered_m2(apart) == pytest.approx(22_500, rel=1e-3)


def test_what_overlaps_counts_once() -> None:
    assert covered_m2([ring(square(0, 0)), ring(square(30, 40))]) == pytest.approx(
        20_000 - 70 * 60, rel=1e-3
    )


def test_a_hole_is_not_covered() -> None:
    frame = [square(e, n) for e in (-100, 0, 100) for n in (-100, 0, 100) if (e, n) != (0, 0)]
    assert covered_m2(map(ring, frame)) == pytest.approx(80_000, rel=1e-3)


def test_a_ring_may_bend_inwards() -> None:
    star = [(100.0, 100.0), (0.0, 30.0), (-100.0, 100.0), (-30.0, 0.0)]
    star += [(-east, -north) for east, north in star]
    expected = 40_000 - 2 * 100 * 70 - 2 * 100 * 70
    assert covered_m2([ring(star)]) == pytest.approx(expected, rel=1e-3)
    in_the_bend = ring(square(80, 0, side=20))
    assert covered_m2([ring(star), in_the_bend]) == pytest.approx(expected + 400, rel=1e-3)
    assert covered_m2([ring(star), ring(square(0, 0, side=20))]) == pytest.approx(expected, 1e-3)


def test_across_the_date_line() -> None:
    chukotka = (66.0, 179.9999)
    corners = [ring(square(0, 0), chukotka), ring(square(50, 0), chukotka)]
    assert any(east < 0 for _, east in corners[1]) and any(east > 0 for _, east in corners[0])
    assert covered_m2(corners) == pytest.approx(15_000, rel=1e-3)


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.floats(-150, 150), st.floats(-150, 150), st.floats(60, 130), st.floats(0, 90)),
        min_size=1,
        max_size=8,
    )
)
def test_a_raster_finds_the_same(squares: list[tuple[float, float, float, float]]) -> None:
    planes = [square(*each) for each in squares]
    found = covered_m2(map(ring, planes))
    cell = 1.0
    axis = np.arange(-250, 250, cell) + cell / 2
    east, north = np.meshgrid(axis, axis)
    is_covered = np.zeros(east.shape, bool)
    for plane in planes:
        inside = np.ones(east.shape, bool)
        for start, end in zip(plane, [*plane[1:], plane[0]], strict=True):
            inside &= (end[0] - start[0]) * (north - start[1]) >= (end[1] - start[1]) * (
                east - start[0]
            )
        is_covered |= inside
    assert found == pytest.approx(float(is_covered.sum()) * cell**2, rel=0.02)
