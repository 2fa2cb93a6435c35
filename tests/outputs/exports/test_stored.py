"""A box on the stored picture covers the same pixels as on the upright one, for every flag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from camtrap.outputs.exports.stored import flag_of, stored_box, stored_size
from camtrap.records import Box
from tests.cards import ORIENTATION
from tests.outputs.exports.made import boxes


@pytest.mark.parametrize("orientation", range(1, 9))
@given(
    left=st.integers(0, 11), top=st.integers(0, 7), across=st.integers(1, 6), down=st.integers(1, 6)
)
def test_pillow_turns_the_stored_box_into_the_upright_one(
    orientation: int, left: int, top: int, across: int, down: int
) -> None:
    upright_width, upright_height = 12, 8
    right, bottom = min(12, left + across), min(8, top + down)
    box = Box(
        left / upright_width,
        top / upright_height,
        (right - left) / upright_width,
        (bottom - top) / upright_height,
    )
    width, height = stored_size(upright_width, upright_height, orientation)
    x, y, w, h = stored_box(box, orientation)
    pixels = np.zeros((height, width), np.uint8)
    x0, y0 = round(x * width), round(y * height)
    pixels[y0 : y0 + round(h * height), x0 : x0 + round(w * width)] = 255
    stored = Image.fromarray(pixels)
    stored.getexif()[ORIENTATION] = orientation
    upright = np.asarray(ImageOps.exif_transpose(stored))
    expected = np.zeros((upright_height, upright_width), np.uint8)
    expected[top:bottom, left:right] = 255
    assert np.array_equal(upright, expected)


@given(boxes, st.integers(1, 8))
def test_it_stays_in_the_picture_and_keeps_its_area(box: Box, orientation: int) -> None:
    x, y, width, height = stored_box(box, orientation)
    assert min(x, y) >= -1e-6 and x + width <= 1 + 1e-6 and y + height <= 1 + 1e-6
    assert width * height == pytest.approx(box.width * box.height)


def test_unknown_flags_change_nothing() -> None:
    assert stored_box(Box(0.1, 0.2, 0.3, 0.4), 0) == Box(0.1, 0.2, 0.3, 0.4)
    assert stored_size(4, 3, 99) == (4, 3)


def test_tiff_is_turned_by_whoever_reads_it() -> None:
    assert flag_of("a/B.TIF", 6) == 1
    assert flag_of("a/b.jpg", 6) == 6
