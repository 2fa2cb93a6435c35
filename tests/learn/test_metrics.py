"""Figures of merit against values computed by hand or by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.learn.metrics import (
    Share,
    auc,
    auc_interval,
    average_precision,
    brier,
    calibration_error,
    cluster_intervals,
    f1,
    reliability,
    removed_at_recall,
)

scored = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    # Wilson's interval without continuity correction, as Newcombe (1998), table I, gives it
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1),
    ],
)
def test_wilson_interval_as_published(right, count, low, high):
    assert Share(right, count).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_says_nothing():
    assert math.isnan(Share(0, 0).value)
    assert Share(0, 0).interval == (0.0, 1.0)


@given(scored)
def test_auc_is_the_chance_that_a_positive_scores_higher(pairs):
    scores = [float(s) for s, _ in pairs]
    truth = [t for _, t in pairs]
    ups = [s for s, t in zip(scores, truth, strict=True) if t]
    downs = [s for s, t in zip(scores, truth, strict=True) if not t]
    if not ups or not downs:
        assert math.isnan(auc(scores, truth))
        return
    wins = sum((u > d) + 0.5 * (u == d) for u in ups for d in downs)
    assert auc(scores, truth) == pytest.approx(wins / (len(ups) * len(downs)))


def test_auc_interval_holds_the_area_and_narrows_with_more_pictures():
    few = auc_interval([1, 3, 2, 4], [False, True, False, True] and [False, False, True, True])
    many = auc_interval([1, 3, 2, 4] * 50, [False, False, True, True] * 50)
    area = auc([1, 3, 2, 4], [False, False, True, True])
    assert few[0] <= area <= few[1]
    assert many[1] - many[0] < few[1] - few[0]


def test_average_precision_by_hand():
    # precision at the positives, best first: 1/1 and 2/3
    assert average_precision([0.9, 0.8, 0.7, 0.1], [True, False, True, False]) == pytest.approx(
        (1 + 2 / 3) / 2
    )


def test_average_precision_does_not_depend_on_the_order_of_equal_scores():
    assert average_precision([0.5, 0.5], [True, False]) == 0.5
    assert average_precision([0.5, 0.5], [False, True]) == 0.5


def test_removed_at_recall_by_hand():
    emptiness = [0.1, 0.2, 0.3, 0.9, 0.25, 0.5, 0.95, 0.99]
    empty = [False] * 4 + [True] * 4
    # All four animals kept: only what looks emptier than the emptiest animal (0.9) goes.
    assert removed_at_recall(emptiness, empty, 1.0) == Share(2, 4)
    # One of four may be lost: everything above 0.3 goes.
    assert removed_at_recall(emptiness, empty, 0.75) == Share(3, 4)


@given(scored, st.sampled_from([0.9, 0.95, 0.98, 1.0]))
def test_removing_never_costs_more_animals_than_allowed(pairs, recall):
    emptiness = [s / 9 for s, _ in pairs]
    empty = [t for _, t in pairs]
    share = removed_at_recall(emptiness, empty, recall)
    living = [e for e, t in zip(emptiness, empty, strict=True) if not t]
    removed = sorted((e for e, t in zip(emptiness, empty, strict=True) if t), reverse=True)
    if living and share.right:
        lost = sum(e >= removed[share.right - 1] for e in living)
        assert lost <= (1 - recall) * len(living) + 1e-6


def test_calibration_error_by_hand():
    # Of two at 0.9 one is right (gap 0.4), of two at 0.5 one is right (no gap); half of each
    said = [0.9, 0.9, 0.5, 0.5]
    assert calibration_error(said, [True, False, True, False]) == pytest.approx(0.2)
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert math.isnan(calibration_error([], []))


def test_calibration_error_by_weight():
    # Both bins of one picture: gaps 0.1 and 0.5, the second counting three times as much.
    assert calibration_error([0.9, 0.5], [True, False], weights=[1, 3]) == pytest.approx(
        (0.1 + 3 * 0.5) / 4
    )


@pytest.mark.parametrize(
    ("precision", "recall", "value"),
    [(1, 1, 1.0), (0.5, 1, 2 / 3), (0, 0, 0.0), (math.nan, 1, math.nan), (1, math.nan, math.nan)],
)
def test_f1_is_the_harmonic_mean(precision, recall, value):
    assert f1(precision, recall) == pytest.approx(value, nan_ok=True)


def test_brier_by_hand():
    # 0.3^2 + 0.3^2 for a label given 0.7, and 2 for one given nothing
    said = np.array([[0.7, 0.3], [1.0, 0.0]])
    assert brier(said, [0, 1]) == pytest.approx((0.18 + 2) / 2)
    assert math.isnan(brier(np.zeros((0, 2)), []))


def test_reliability_puts_every_picture_into_one_bin():
    low, high = reliability([0.1, 0.3, 0.5, 1.0], [False, True, True, True], bins=2)
    assert (low.low, low.high, low.share) == (0.0, 0.5, Share(1, 2))
    assert (high.low, high.high, high.share) == (0.5, 1.0, Share(2, 2))
    assert (low.said, high.said) == pytest.approx((0.2, 0.75))


def test_a_bin_without_pictures_says_nothing():
    empty = reliability([1.0], [True], bins=2)[0]
    assert math.isnan(empty.said)
    assert empty.share.count == 0


def test_cluster_intervals_are_wider_where_pictures_of_a_group_are_alike():
    values = np.array([0.0, 1.0] * 20)
    alike = [f"g{number % 2 + 2 * (number // 20)}" for number in range(40)]  # 4 groups, all alike

    def mean(drawn):
        return float(values[drawn].mean())

    [(low, high)] = cluster_intervals(alike, {"mean": mean}).values()
    alone = cluster_intervals([str(n) for n in range(40)], {"mean": mean})["mean"]
    assert low == 0
    assert high == 1
    assert 0.3 < alone[0] < 0.5 < alone[1] < 0.7


def test_cluster_intervals_repeat_and_pass_over_what_has_no_answer():
    groups = ["a", "b", "c", "d"]
    values = np.array([1.0, 2.0, 3.0, math.nan])

    def largest(drawn):
        return float(np.nanmax(values[drawn])) if (drawn != 3).any() else math.nan

    statistics = {"largest": largest, "never": lambda drawn: math.nan}
    once, twice = (cluster_intervals(groups, statistics, rounds=50, seed=3) for _ in range(2))
    assert once["largest"] == twice["largest"]
    assert 1 <= once["largest"][0] <= once["largest"][1] <= 3
    assert all(map(math.isnan, once["never"]))


def test_one_group_gives_no_interval():
    found = cluster_intervals(["a", "a"], {"mean": lambda drawn: 1.0})
    assert all(map(math.isnan, found["mean"]))
