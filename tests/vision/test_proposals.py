"""From raw detector output to a few boxes, and from looks at several sizes to one answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.records import Box
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.checkpoint import find
from camtrap.vision.predictor import Detector
from camtrap.vision.proposals import UNSEEN, Proposal, joined, promising, proposals
from tests.cards import textured

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


def test_boxes_far_below_the_best_are_not_worth_a_second_look():
    found = look((HERE, 0.9), (THERE, 0.1), (NOWHERE, 0.01))
    assert promising(found, 0.02) == found[:2]
    assert promising(found, 0.0) == found


def test_next_to_the_best_box_of_an_empty_picture_everything_is_worth_a_look():
    found = look((HERE, 0.01), (THERE, 0.006), (NOWHERE, 0.005))
    assert promising(found, 0.02) == found


def test_without_boxes_none_is_promising():
    assert promising((), 0.02) == ()


# Looks at several sizes

HERE, NEAR_HERE = Box(0.1, 0.1, 0.2, 0.2), Box(0.11, 0.1, 0.2, 0.2)
THERE, NOWHERE = Box(0.6, 0.6, 0.3, 0.2), Box(0.4, 0.1, 0.1, 0.1)


def look(*found):
    return tuple(Proposal(box, score) for box, score in found)


def join(*looks, **options):
    settings = {"min_score": 0.01, "max_overlap": 0.5, "max_count": 4} | options
    return joined(looks, **settings)


def between(*scores):
    """The mean of the log-odds, as a score."""
    odds = [math.log(score / (1 - score)) for score in scores]
    return 1 / (1 + math.exp(-sum(odds) / len(odds)))


def as_rows(found):
    return [(p.box, pytest.approx(p.score, rel=1e-6)) for p in found]


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param([look((HERE, 0.8))], [(HERE, 0.8)], id="one look is left as it is"),
        pytest.param(
            [look((HERE, 0.8)), look((HERE, 0.8))], [(HERE, 0.8)], id="two that agree are sure"
        ),
        pytest.param(
            [look((HERE, 0.6)), look((NEAR_HERE, 0.9))],
            [(NEAR_HERE, between(0.6, 0.9))],
            id="the box of the surer look, the score of both",
        ),
        pytest.param(
            [look((HERE, 0.8)), look((THERE, 0.8))],
            [(HERE, between(0.8, UNSEEN)), (THERE, between(0.8, UNSEEN))],
            id="what one look alone sees loses",
        ),
        pytest.param(
            [look((HERE, 0.9), (THERE, 0.5)), look((THERE, 0.5))],
            [(THERE, 0.5), (HERE, between(0.9, UNSEEN))],
            id="agreement goes before one look's certainty",
        ),
        pytest.param(
            [look((HERE, 0.003)), look()],
            [(HERE, between(0.003, UNSEEN))],
            id="the best place stays however low",
        ),
        pytest.param(
            [look((HERE, 0.8), (NOWHERE, 0.004)), look((HERE, 0.8), (NOWHERE, 0.004))],
            [(HERE, 0.8)],
            id="the others need the least score",
        ),
        pytest.param(
            [look((HERE, 0.5), (NEAR_HERE, 0.4)), look((NEAR_HERE, 0.4))],
            [(HERE, between(0.5, 0.4))],
            id="one place is told once",
        ),
        pytest.param([look((HERE, 1.0)), look((HERE, 1.0))], [(HERE, 0.9999)], id="never certain"),
        pytest.param([look((HERE, 0.0))], [(HERE, 0.0001)], id="never impossible"),
        pytest.param([look(), look()], [], id="nothing seen, nothing told"),
    ],
)
def test_looks_are_joined(looks, expected):
    assert as_rows(join(*looks)) == expected


def test_joined_places_are_no_more_than_the_count():
    boxes = [(Box(0.2 * i, 0.1, 0.1, 0.1), 0.9 - 0.1 * i) for i in range(5)]
    found = join(look(*boxes), look(*boxes), max_count=3)
    assert as_rows(found) == boxes[:3]


def test_boxes_that_overlap_no_more_than_allowed_stay_two_places():
    found = join(look((HERE, 0.8)), look((NEAR_HERE, 0.7)), max_overlap=0.95)
    assert [p.box for p in found] == [HERE, NEAR_HERE]


boxes = st.builds(Box, *[st.floats(0, 0.5, width=32)] * 2, *[st.floats(0.0625, 0.5, width=32)] * 2)
one_look = st.lists(st.builds(Proposal, boxes, st.floats(0, 1)), max_size=6).map(tuple)


@given(st.lists(one_look, min_size=1, max_size=3))
def test_whatever_was_seen_the_places_are_few_and_best_first(looks):
    found = join(*looks)
    assert len(found) <= 4
    assert bool(found) == any(looks)
    scores = [p.score for p in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score >= 0.01 for score in scores[1:])
    every = [p for each in looks for p in each]
    assert {p.box for p in found} <= {p.box for p in every}
    # A mean of log-odds is never above what the surest look said.
    assert all(score <= max(0.0001, *(p.score for p in every)) + 1e-9 for score in scores)


# The detector's own looks

RULES = {"min_score": 0.005, "max_overlap": 0.5, "max_count": 4}


@pytest.fixture(scope="module")
def detector():
    """The shipped detector."""
    return Detector(find("animal-detector"), TorchBackend(Spec("torch")))


@pytest.fixture(scope="module")
def frames():
    """Frames of two shapes in mixed order, small so that the looks are quick."""
    shapes = [(128, 96), (96, 128), (128, 96)]
    return [np.asarray(textured(*shape, seed=i)) for i, shape in enumerate(shapes)]


def propose(detector, frames, **options):
    return detector.propose(frames, **RULES, **options)


def test_a_frame_gets_the_answer_it_gets_alone(detector, frames):
    together = propose(detector, frames, sides=[128, 96])
    for frame, found in zip(frames, together, strict=True):
        [alone] = propose(detector, [frame], sides=[128, 96])
        said, again = ([(*p.box, p.score) for p in each] for each in (found, alone))
        np.testing.assert_allclose(again, said, atol=1e-3)


def test_every_size_is_looked_at_and_then_joined(detector, frames):
    single = {"min_score": UNSEEN, "max_overlap": 0.5, "max_count": 8}
    looks = [detector.propose(frames[:1], **single, sides=[side])[0] for side in (128, 96)]
    [found] = propose(detector, frames[:1], sides=[128, 96])
    assert found
    assert {p.box for p in found} <= {p.box for each in looks for p in each}
    assert found != propose(detector, frames[:1], sides=[128])[0]


def test_without_sides_the_detectors_own_size_is_looked_at(detector, frames):
    assert propose(detector, frames[:1]) == propose(detector, frames[:1], sides=[detector.side])


def test_boxes_are_relative_to_the_picture_at_every_size(detector, frames):
    for found in propose(detector, frames, sides=[160, 96]):
        for p in found:
            assert 0 <= p.box.x <= p.box.x + p.box.width <= 1 + 1e-6
            assert 0 <= p.box.y <= p.box.y + p.box.height <= 1 + 1e-6
            assert 0 < p.score < 1
