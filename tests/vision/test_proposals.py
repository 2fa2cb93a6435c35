"""From raw detector output to a few boxes."""

from __future__ import annotations

import numpy as np
import pytest

from camtrap.vision.proposals import proposals

SIZE = (640, 480)


def pick(boxes, scores, **options):
    settings = {"min_score": 0.05, "max_overlap": 0.5, "max_count": 4} | options
    return proposals(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), SIZE, **settings
    )


def test_boxes_come_out_relative_to_the_picture_best_first():
    found = pick([[320, 240, 64, 48], [64, 48, 128, 96]], [0.2, 0.9])
    assert [p.score for p in found] == pytest.approx([0.9, 0.2])
    assert found[0].box == pytest.approx((0, 0, 0.2, 0.2))
    assert found[1].box == pytest.approx((0.45, 0.45, 0.1, 0.1))


def test_a_box_that_covers_a_better_one_is_dropped():
    assert len(pick([[320, 240, 100, 100], [325, 240, 100, 100]], [0.9, 0.8])) == 1


def test_two_animals_side_by_side_stay_two():
    assert len(pick([[200, 240, 100, 100], [320, 240, 100, 100]], [0.9, 0.8])) == 2


def test_the_best_box_stays_however_low_its_score():
    found = pick([[320, 240, 100, 100], [100, 100, 50, 50]], [0.002, 0.001])
    assert [p.score for p in found] == pytest.approx([0.002])


def test_no_more_than_the_count():
    boxes = [[60 * i + 30, 240, 40, 40] for i in range(8)]
    assert len(pick(boxes, [0.9] * 8, max_count=3)) == 3


def test_boxes_are_clipped_to_the_picture_and_ones_outside_are_dropped():
    # The detector's input is padded below the picture: a box there is of no picture.
    found = pick([[320, 600, 50, 50], [0, 240, 100, 100]], [0.9, 0.5])
    assert len(found) == 1
    assert found[0].box.x == 0
    assert found[0].box.width == pytest.approx(50 / 640)


def test_equal_scores_keep_the_order_of_the_cells():
    found = pick([[100, 100, 20, 20], [300, 100, 20, 20], [500, 100, 20, 20]], [0.5] * 3)
    assert [round(p.box.x, 2) for p in found] == [0.14, 0.45, 0.77]


def test_no_cells_no_boxes():
    assert pick([], []) == ()
