"""Crops: of the right boxes, the best first, within the picture, and of pixels alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from camtrap.errors import UnreadablePicture
from camtrap.outputs.animal_crops import MARGIN, cut, leopard_boxes, worth
from camtrap.records import Box
from tests.cards import QUADRANTS, encoded, quadrants, textured

PICTURE = encoded(textured(160, 120))


def test_a_leopard_is_in_the_boxes_that_are_called_so() -> None:
    labels = {0: "prey", 1: "leopard", 2: "leopard"}
    assert leopard_boxes(labels, by_person=False) == [1, 2]
    assert leopard_boxes(labels, by_person=True) == [1, 2]


def test_where_only_a_person_saw_it_it_is_in_any_box_of_an_animal() -> None:
    labels = {0: "prey", 1: "person", 2: "vehicle", 3: "other"}
    assert leopard_boxes(labels, by_person=True) == [0, 3]
    assert leopard_boxes(labels, by_person=False) == [] == leopard_boxes({}, by_person=True)


def test_larger_and_surer_boxes_are_worth_more() -> None:
    small, large = Box(0.1, 0.1, 0.2, 0.2), Box(0.1, 0.1, 0.4, 0.4)
    assert worth(large, 0.9, 4000, 3000) > worth(small, 0.9, 4000, 3000)
    assert worth(small, 0.9, 4000, 3000) > worth(small, 0.5, 4000, 3000)
    assert worth(small, 0.9, 4000, 3000) > worth(large, 0.9, 800, 600)
    assert worth(small, 0.9, None, None) > 0 == worth(Box(1.2, 0, 0.1, 0.1), 0.9, 9, 9)


def test_a_crop_holds_the_box_with_a_margin_upright_and_nothing_but_pixels() -> None:
    # Turned by the flag, what is stored top left lies top right.
    data = encoded(quadrants(160, 120), orientation=6, quality=95)
    found = cut(data, Box(0.6, 0.1, 0.3, 0.3))  # of the upright picture, 120 x 160
    image = Image.open(io.BytesIO(found.data))
    assert image.size == found.size and not image.getexif() and "comment" not in image.info
    x, y, width, height = found.box
    assert (width, height) == (36, 48)
    assert (x, y) == (8, 8)  # the longer side is 48 pixels
    middle = np.asarray(image)[y + height // 2, x + width // 2]
    assert np.allclose(middle, QUADRANTS["red"], atol=12)


def test_without_a_box_it_is_the_whole_picture() -> None:
    found = cut(PICTURE, None)
    assert (found.size, found.box) == ((160, 120), (0, 0, 160, 120))


def test_what_cannot_be_decoded_has_no_crop() -> None:
    with pytest.raises(UnreadablePicture):
        cut(PICTURE[:400], None)


_part = st.floats(-0.2, 1.2, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.builds(Box, _part, _part, st.floats(0, 1.5), st.floats(0, 1.5)))
def test_every_box_has_a_crop_within_the_picture_around_it(box: Box) -> None:
    found = cut(PICTURE, box)
    x, y, width, height = found.box
    across, down = found.size
    assert 1 <= across <= 160 and 1 <= down <= 120
    assert x >= 0 and y >= 0 and width >= 1 and height >= 1
    assert x + width <= across and y + height <= down
    longest = MARGIN * max(min(box.width, 1) * 160, min(box.height, 1) * 120)
    assert x <= longest + 2 and y <= longest + 2
