"""Variations of a picture: whatever happens to its pixels, the boxes stay on their animals."""

from __future__ import annotations

import numpy as np
import pytest

from camtrap.learn.detector.vary import farther, light, mirror, nearer, scaled, vary
from camtrap.records import Box
from tests.learn.detector.made import ground, with_square

RED = (230, 20, 20)
BOX = Box(0.55, 0.3, 0.2, 0.25)
SIDE = 256


def table(*rows):
    return np.array(rows, np.float32).reshape(-1, 6)


def picture(box=BOX, size=(320, 240)):
    """Dark ground with a red square; gives its boxes too, a surely seen and a weak one."""
    pixels = with_square(ground(3, size), box, RED)
    return pixels, table((*box, 0.8, 0.9), (0.05, 0.05, 0.1, 0.1, 0.01, 0.2))


def red_box(pixels):
    """Where the square is, 0..1."""
    values = pixels.astype(int)
    is_red = values[..., 0] - values[..., 1] > 90
    rows, columns = np.flatnonzero(is_red.any(axis=1)), np.flatnonzero(is_red.any(axis=0))
    height, width = is_red.shape
    return np.array([
        columns[0] / width, rows[0] / height,
        (columns[-1] + 1 - columns[0]) / width, (rows[-1] + 1 - rows[0]) / height,
    ])  # fmt: skip


CHANGES = {
    "nearer": lambda p, m, r: nearer(p, m, SIDE, r),
    "farther": lambda p, m, r: farther(p, m, SIDE, r),
    "mirror": lambda p, m, r: mirror(p, m),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("size", [(320, 240), (180, 320)], ids=["wide", "tall"])
def test_the_box_stays_on_its_animal(change, seed, size):
    pixels, marks = picture(size=size)
    shown, moved = CHANGES[change](pixels, marks, np.random.default_rng(seed))
    np.testing.assert_allclose(moved[0, :4], red_box(shown), atol=0.02)
    assert moved[0, 4:].tolist() == marks[0, 4:].tolist(), "what is said of the box stays"


@pytest.mark.parametrize("seed", range(20))
def test_no_box_that_counts_is_cut(seed):
    box = Box(0.0, 0.62, 0.3, 0.38)
    pixels, marks = picture(box)
    shown, moved = nearer(pixels, marks, SIDE, np.random.default_rng(seed))
    assert moved[0, :2].min() >= -1e-6
    assert (moved[0, :2] + moved[0, 2:4]).max() <= 1 + 1e-6
    np.testing.assert_allclose(moved[0, :4], red_box(shown), atol=0.02)


def test_a_weak_box_that_is_left_outside_is_dropped():
    counts = set()
    for seed in range(20):
        pixels, marks = picture(Box(0.8, 0.8, 0.15, 0.15))
        _, moved = nearer(pixels, marks, SIDE, np.random.default_rng(seed))
        counts.add(len(moved))
        centres = moved[:, :2] + moved[:, 2:4] / 2
        assert ((centres > 0) & (centres < 1)).all()
    assert counts == {1, 2}


def test_boxes_as_large_as_the_picture_leave_nothing_to_cut():
    pixels, _ = picture()
    marks = table((0, 0, 1, 1, 0.9, 0.9))
    _, moved = nearer(pixels, marks, SIDE, np.random.default_rng(0))
    np.testing.assert_allclose(moved, marks, atol=1e-6)


def test_a_picture_without_boxes_can_be_varied():
    for seed in range(8):
        shown, moved = vary(ground(0, (320, 240)), table(), SIDE, np.random.default_rng(seed))
        assert (shown.shape, moved.shape) == ((192, 256, 3), (0, 6))


def test_farther_is_smaller_on_black():
    pixels, marks = picture()
    shown, moved = farther(pixels, marks, SIDE, np.random.default_rng(1))
    assert shown.shape == (192, 256, 3)
    assert moved[0, 2] < marks[0, 2]
    assert (shown.sum(axis=2) == 0).mean() > 0.05


def test_mirrored_twice_is_as_before():
    pixels, marks = picture()
    again, moved = mirror(*mirror(pixels, marks))
    np.testing.assert_array_equal(again, pixels)
    np.testing.assert_allclose(moved, marks, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "shape"),
    [((320, 240), (192, 256)), ((240, 320), (256, 192)), ((256, 100), (100, 256))],
)
def test_the_longer_side_is_what_is_asked_for(size, shape):
    assert scaled(ground(0, size), SIDE).shape[:2] == shape


def test_light_moves_nothing():
    pixels, _ = picture()
    changed = 0
    for seed in range(20):
        shown = light(pixels, np.random.default_rng(seed))
        assert shown.shape == pixels.shape
        changed += not np.array_equal(shown, pixels)
        inside = shown[80:120, 190:230].astype(int).mean()
        assert inside > shown[200:, :100].astype(int).mean(), "the square is still brighter"
    assert changed > 10


def test_the_same_generator_gives_the_same_variation_and_another_another():
    pixels, marks = picture()
    one, same, other = (
        vary(pixels, marks, SIDE, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one[0], same[0])
    np.testing.assert_array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


def test_what_is_given_is_not_changed():
    pixels, marks = picture()
    before = pixels.copy(), marks.copy()
    for seed in range(10):
        vary(pixels, marks, SIDE, np.random.default_rng(seed))
    np.testing.assert_array_equal(pixels, before[0])
    np.testing.assert_array_equal(marks, before[1])
