"""Fitting the rule and choosing thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.learn.calibrate import (
    Looks,
    chances,
    choose_thresholds,
    fit_calibration,
    precision_threshold,
    recall_threshold,
)
from camtrap.records import LABELS
from camtrap.vision.calibration import CLASSES, Evidence, sigmoid

TARGETS = {"leopard": 0.95, "doubt": 0.99, "animal": 0.98, "precision": 0.8}


def pictures(count=600, seed=1, source="wcs"):
    """Pictures whose truth follows the rule with the weights 0.8 (score) and 0.5 (classifier)."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        score, nothing = random.uniform(0.02, 0.98), random.normal(0, 3)
        label = str(random.choice(["leopard", "prey", "other"]))
        living = {label: 2.0 + random.normal()}
        logits = tuple(living.get(name, nothing if name == "nothing" else 0.0) for name in CLASSES)
        margin = np.logaddexp.reduce(logits[:-1]) - nothing
        alive = random.random() < sigmoid(0.8 * np.log(score / (1 - score)) + 0.5 * margin - 0.3)
        made.append(Looks((Evidence(score, logits),), label if alive else "empty", source))
    return made


def test_the_rule_that_made_the_pictures_is_found_again():
    made = pictures(2000)
    rule = fit_calibration(made)
    empty = sum(p.label == "empty" for p in made)
    as_if_even = np.log(empty / (len(made) - empty))  # both kinds count the same in the fit
    assert rule.detector == pytest.approx(0.8, abs=0.15)
    assert rule.classifier == pytest.approx(0.5, abs=0.1)
    assert rule.bias == pytest.approx(-0.3 + as_if_even, abs=0.2)


def test_the_fitted_chances_are_calibrated():
    made = pictures(3000)
    living = [p for p in made if p.label != "empty"]
    empty = [p for p in made if p.label == "empty"]
    even = living[: min(len(living), len(empty))] + empty[: min(len(living), len(empty))]
    said = chances(even, fit_calibration(even))[:, LABELS.index("empty")]
    truth = np.array([p.label == "empty" for p in even])
    for low in np.arange(0, 1, 0.2):
        here = (said >= low) & (said < low + 0.2)
        assert truth[here].mean() == pytest.approx(said[here].mean(), abs=0.08)


def test_how_many_pictures_are_empty_does_not_matter():
    made = pictures(3000)
    fewer = [p for i, p in enumerate(made) if p.label != "empty" or i % 4 == 0]
    many, few = fit_calibration(made), fit_calibration(fewer)
    assert few.bias == pytest.approx(many.bias, abs=0.3)


def test_a_misleading_detector_gets_no_negative_weight():
    made = [
        Looks((Evidence(1 - p.evidence[0].score, p.evidence[0].logits),), p.label, p.source)
        for p in pictures(1000)
    ]
    assert 0 <= fit_calibration(made).detector < 0.1


scores = st.lists(st.floats(0, 1), min_size=1, max_size=200).map(np.array)


@given(scores, st.floats(0.5, 1.0))
def test_a_recall_threshold_reaches_its_recall(values, recall):
    threshold = recall_threshold(values, recall)
    assert (values >= threshold).mean() >= recall - 1e-9


def test_a_recall_threshold_is_as_high_as_it_may_be():
    assert recall_threshold(np.array([0.1, 0.5, 0.6, 0.9]), 0.75) == 0.5
    assert recall_threshold(np.array([]), 0.9) == 0.5


def test_a_precision_threshold_is_the_lowest_that_is_right_often_enough():
    values = np.linspace(0.3, 1.0, 200)
    right = values >= 0.6
    threshold = precision_threshold(values, right, np.ones(200, bool), 0.9)
    taken = values >= threshold
    assert right[taken].mean() >= 0.9
    assert right[values >= threshold - 0.02].mean() < 0.9


def test_too_few_right_ones_to_choose_by_counting():
    values = np.linspace(0, 1, 10)
    assert precision_threshold(values, values > 0.5, np.ones(10, bool), 0.9) == 0.5


def test_thresholds_reach_their_targets_on_what_they_were_chosen_on():
    made = pictures(3000)
    said = chances(made, fit_calibration(made))
    labels = np.array([p.label for p in made])
    thresholds = choose_thresholds(list(labels), said, TARGETS)
    leopards = said[labels == "leopard", LABELS.index("leopard")]
    animals = said[labels != "empty", LABELS.index("empty")]
    assert (leopards >= thresholds.leopard).mean() >= 0.95
    assert (leopards >= thresholds.doubt).mean() >= 0.99
    assert (animals < thresholds.empty).mean() >= 0.98 - 1e-3
    assert thresholds.doubt <= thresholds.leopard
