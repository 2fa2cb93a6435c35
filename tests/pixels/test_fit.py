"""Geometry: sizes, squares around boxes, and how much two boxes share."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camtrap.pixels.fit import (
    WHOLE,
    Region,
    clipped,
    fitted_size,
    overlap,
    padded,
    square_around,
)
from camtrap.records import Box

shares = st.floats(0, 1, allow_subnormal=False)
sides = st.integers(1, 8000)
boxes = st.builds(Box, shares, shares, shares, shares)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((4000, 3000), 640, (640, 480)),
        ((3000, 4000), 640, (480, 640)),
        ((320, 240), 640, (640, 480)),
        ((1920, 1080), 640, (640, 360)),
        ((1, 1), 640, (640, 640)),
        ((9000, 3), 640, (640, 1)),
    ],
)
def test_the_longer_side_becomes_the_side_and_no_side_vanishes(
    size: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    assert fitted_size(*size, side) == expected


@pytest.mark.parametrize(("length", "expected"), [(1, 32), (31, 32), (32, 32), (33, 64)])
def test_a_length_is_padded_up_to_the_next_multiple(length: int, expected: int) -> None:
    assert padded(length, 32) == expected


def test_a_square_has_context_times_the_longer_side_around_the_box() -> None:
    region = square_around(Box(0.4, 0.4, 0.2, 0.1), 1000, 1000, 1.5)
    assert region == pytest.approx((350, 300, 650, 600))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(0.0, 0.5, 0.1, 0.1), (0, 450, 200, 650)),
        (Box(0.9, 0.5, 0.1, 0.1), (800, 450, 1000, 650)),
        (Box(0.5, 0.0, 0.1, 0.1), (450, 0, 650, 200)),
        (Box(0.5, 0.9, 0.1, 0.1), (450, 800, 650, 1000)),
    ],
)
def test_a_square_that_leaves_the_frame_is_moved_into_it(
    box: Box, expected: tuple[float, ...]
) -> None:
    assert square_around(box, 1000, 1000, 2.0) == pytest.approx(expected)


def test_a_square_larger_than_the_frame_is_cut_at_the_frame() -> None:
    region = square_around(Box(0.25, 0.0, 0.5, 1.0), 1600, 900, 1.2)
    assert (region.top, region.bottom) == (0.0, 900.0)
    assert region.width == pytest.approx(1080)


@given(boxes, sides, sides, st.floats(1, 4))
def test_a_region_always_lies_in_the_frame(
    box: Box, width: int, height: int, context: float
) -> None:
    region = square_around(box, width, height, context)
    assert 0 <= region.left < region.right <= width + 1e-6
    assert 0 <= region.top < region.bottom <= height + 1e-6


@given(boxes, st.integers(50, 8000), st.integers(50, 8000))
def test_a_region_holds_all_of_a_box_that_lies_in_the_frame(
    box: Box, width: int, height: int
) -> None:
    inside = clipped(box)
    region = square_around(inside, width, height, 1.2)
    assert region.left <= inside.x * width + 1e-6
    assert region.right >= (inside.x + inside.width) * width - 1e-6
    assert region.top <= inside.y * height + 1e-6
    assert region.bottom >= (inside.y + inside.height) * height - 1e-6


def test_width_and_height_of_a_region_are_those_between_its_edges() -> None:
    assert (Region(1.5, 2, 4, 10).width, Region(1.5, 2, 4, 10).height) == (2.5, 8)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(0.2, 0.2, 0.4, 0.4), Box(0.2, 0.2, 0.4, 0.4)),
        (Box(-0.1, -0.2, 0.3, 0.3), Box(0.0, 0.0, 0.2, 0.1)),
        (Box(0.9, 0.9, 0.3, 0.3), Box(0.9, 0.9, 0.1, 0.1)),
        (Box(1.2, 0.1, 0.3, 0.3), Box(1.0, 0.1, 0.0, 0.3)),
    ],
)
def test_a_box_is_clipped_to_its_part_in_the_frame(box: Box, expected: Box) -> None:
    assert clipped(box) == pytest.approx(expected)


@given(
    st.builds(Box, st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 3), st.floats(0, 3)),
)
def test_a_clipped_box_lies_in_the_frame_and_stays_when_clipped_again(box: Box) -> None:
    once = clipped(box)
    assert 0 <= once.x <= once.x + once.width <= 1 + 1e-9
    assert 0 <= once.y <= once.y + once.height <= 1 + 1e-9
    assert clipped(once) == pytest.approx(once)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (WHOLE, WHOLE, 1.0),
        (WHOLE, Box(0, 0, 0.5, 0.5), 0.25),
        (Box(0, 0, 0.5, 1), Box(0.25, 0, 0.5, 1), 1 / 3),
        (Box(0, 0, 0.5, 0.5), Box(0.5, 0.5, 0.5, 0.5), 0.0),
        (Box(0, 0, 0.2, 0.2), Box(0.7, 0.7, 0.2, 0.2), 0.0),
    ],
)
def test_overlap_is_the_shared_part_of_the_joint_area(a: Box, b: Box, expected: float) -> None:
    assert overlap(a, b) == pytest.approx(expected)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_between_0_and_1(a: Box, b: Box) -> None:
    assert overlap(a, b) == overlap(b, a)
    assert 0.0 <= overlap(a, b) <= 1.0 + 1e-9


@given(boxes)
def test_a_box_overlaps_itself_wholly(box: Box) -> None:
    assume(box.width > 1e-3 and box.height > 1e-3)
    assert overlap(box, box) == pytest.approx(1.0)
