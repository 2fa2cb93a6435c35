"""The rule that joins both looks, and the thresholds that decide: no network needed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import ModelError
from camtrap.records import LABELS, State
from camtrap.vision.calibration import (
    CLASSES,
    LIVING,
    Calibration,
    Evidence,
    Thresholds,
    decide,
    judge_box,
    judge_picture,
    log_sum_exp,
    sigmoid,
)

RULE = Calibration(detector=1.0, classifier=1.0, bias=0.0, temperature=1.0)
THRESHOLDS = Thresholds(
    leopard=0.4, prey=0.5, other=0.5, person=0.5, vehicle=0.5, empty=0.7, doubt=0.05
)


def logits(**values: float) -> tuple[float, ...]:
    return tuple(values.get(name, 0.0) for name in CLASSES)


def chances(**values: float) -> dict[str, float]:
    """Probabilities with the rest spread on `empty`."""
    said = dict.fromkeys(LABELS, 0.0) | values
    said["empty"] = values.get("empty", 1 - sum(values.values()))
    return said


def test_a_sure_box_of_a_sure_leopard_is_a_leopard():
    box = judge_box(Evidence(0.9, logits(leopard=8, nothing=-5)), RULE)
    assert box.labels["leopard"] > 0.95


def test_the_classifier_can_veto_the_detector():
    grass = judge_box(Evidence(0.5, logits(nothing=9)), RULE)
    assert grass.alive < 0.01


def test_the_detector_alone_counts_when_the_classifier_has_no_opinion():
    # logsumexp of five zeros is ln 5, so the classifier says 5 to 1 here
    box = judge_box(Evidence(0.5, logits()), RULE)
    assert box.alive == pytest.approx(5 / 6)


def test_temperature_softens_the_labels_but_not_whether_something_lives():
    sharp = judge_box(Evidence(0.9, logits(leopard=4)), RULE)
    soft = judge_box(Evidence(0.9, logits(leopard=4)), Calibration(1, 1, 0, 4))
    assert soft.alive == pytest.approx(sharp.alive)
    assert soft.labels["leopard"] < sharp.labels["leopard"]


def test_a_picture_without_boxes_is_empty():
    assert judge_picture([]) == chances(empty=1.0)


def test_a_leopard_beside_a_deer_is_seen_as_both():
    leopard = judge_box(Evidence(0.9, logits(leopard=9, nothing=-9)), RULE)
    deer = judge_box(Evidence(0.9, logits(prey=9, nothing=-9)), RULE)
    picture = judge_picture([deer, leopard])
    assert picture["leopard"] == pytest.approx(picture["prey"], abs=0.01)
    assert picture["leopard"] > 0.4


def test_many_empty_boxes_are_no_stronger_than_one():
    grass = judge_box(Evidence(0.05, logits(nothing=3)), RULE)
    assert judge_picture([grass] * 9)["empty"] == pytest.approx(judge_picture([grass])["empty"])


evidence = st.builds(
    Evidence,
    st.floats(0, 1),
    st.tuples(*(st.floats(-60, 60) for _ in CLASSES)),
)


@given(st.lists(evidence, max_size=5))
def test_a_pictures_chances_always_sum_to_one(boxes):
    picture = judge_picture([judge_box(each, RULE) for each in boxes])
    assert tuple(picture) == LABELS
    assert sum(picture.values()) == pytest.approx(1)
    assert all(0 <= value <= 1 for value in picture.values())


@given(evidence)
def test_a_boxs_labels_sum_to_alive(each):
    box = judge_box(each, RULE)
    assert tuple(box.labels) == LIVING
    assert sum(box.labels.values()) == pytest.approx(box.alive, abs=1e-9)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (chances(leopard=0.9), State.LEOPARD),
        (chances(leopard=0.4), State.LEOPARD),  # at the threshold
        (
            chances(leopard=0.41, prey=0.55),
            State.LEOPARD,
        ),  # asked first, even when prey is likelier
        (chances(leopard=0.39, prey=0.61), State.UNSURE),  # in doubt: never put away as prey
        (chances(leopard=0.05, empty=0.95), State.UNSURE),  # nor as empty
        (chances(leopard=0.04, empty=0.96), State.EMPTY),
        (chances(prey=0.6, empty=0.4), State.PREY),
        (chances(other=0.5, empty=0.5), State.OTHER),
        (chances(prey=0.45, other=0.45), State.UNSURE),
        (chances(prey=0.4, empty=0.6), State.UNSURE),  # not empty enough
        (chances(person=0.99), State.PERSON),
        (chances(vehicle=0.99), State.VEHICLE),
    ],
)
def test_decide(said, state):
    assert decide(said, THRESHOLDS)[0] is state


def test_confidence_is_the_probability_of_the_label():
    assert decide(chances(prey=0.8), THRESHOLDS) == (State.PREY, 0.8)


def test_an_unsure_picture_carries_its_best_labels_probability():
    assert decide(chances(prey=0.45, other=0.35), THRESHOLDS) == (State.UNSURE, 0.45)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_a_threshold_outside_0_to_1_is_refused(value):
    with pytest.raises(ModelError, match="empty"):
        Thresholds.from_mapping(THRESHOLDS.as_dict() | {"empty": value})


def test_a_missing_or_unknown_threshold_is_refused():
    with pytest.raises(ModelError):
        Thresholds.from_mapping({"leopard": 0.5})
    with pytest.raises(ModelError):
        Thresholds.from_mapping(THRESHOLDS.as_dict() | {"unicorn": 0.5})


@pytest.mark.parametrize("x", [-1000.0, -1.0, 0.0, 1.0, 1000.0])
def test_sigmoid_and_log_sum_exp_do_not_overflow(x):
    assert 0 <= sigmoid(x) <= 1
    assert log_sum_exp([x, x]) == pytest.approx(x + math.log(2))
