"""Figures of merit with their intervals; small counts are the rule in this field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camtrap.shares import Share as Share

_Z = 1.959964  # 95 %, two-sided


def auc(scores: Sequence[float] | NDArray[np.float64], positive: Sequence[bool]) -> float:
    """Area under the ROC curve: how often a positive scores above a negative; ties count half."""
    values, truth = np.asarray(scores, float), np.asarray(positive, bool)
    ups, downs = int(truth.sum()), int((~truth).sum())
    if not ups or not downs:
        return math.nan
    return float((_ranks(values)[truth].sum() - ups * (ups + 1) / 2) / (ups * downs))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return ranks


def average_precision(
    scores: Sequence[float] | NDArray[np.float64], positive: Sequence[bool]
) -> float:
    """Mean of the precision at every positive, best first; equal scores are taken together."""
    values, truth = np.asarray(scores, float), np.asarray(positive, bool)
    if not truth.any():
        return math.nan
    order = np.argsort(-values, kind="stable")
    values, truth = values[order], truth[order]
    last = np.append(values[1:] != values[:-1], True)
    found, taken = np.cumsum(truth)[last], (np.arange(len(truth)) + 1)[last]
    gained = np.diff(found, prepend=0)
    return float((gained * found / taken).sum() / truth.sum())


def auc_interval(
    scores: Sequence[float] | NDArray[np.float64], positive: Sequence[bool]
) -> tuple[float, float]:
    """95 % interval of the AUC by Hanley and McNeil (1982)."""
    area = auc(scores, positive)
    ups = int(np.sum(positive))
    downs = len(positive) - ups
    if not ups or not downs:
        return math.nan, math.nan
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    variance = (area * (1 - area) + (ups - 1) * (q1 - area**2) + (downs - 1) * (q2 - area**2)) / (
        ups * downs
    )
    half = _Z * math.sqrt(max(variance, 0.0))
    return max(0.0, area - half), min(1.0, area + half)


def removed_at_recall(
    emptiness: Sequence[float] | NDArray[np.float64], empty: Sequence[bool], recall: float
) -> Share:
    """Empty pictures put away by a threshold on P(empty) that keeps `recall` of the others."""
    values, truth = np.asarray(emptiness, float), np.asarray(empty, bool)
    living = np.sort(values[~truth])
    if not len(living):
        return Share(0, int(truth.sum()))
    # So many of the living may be lost at most; the emptiest-looking of the kept sets the
    # threshold.
    lost = int(np.floor((1 - recall) * len(living) + 1e-9))
    threshold = living[len(living) - 1 - lost]
    return Share(int((values[truth] > threshold).sum()), int(truth.sum()))


def calibration_error(
    confidence: Sequence[float] | NDArray[np.float64],
    right: Sequence[bool],
    bins: int = 10,
    *,
    weights: Sequence[float] | NDArray[np.float64] | None = None,
) -> float:
    """Expected calibration error (Naeini et al. 2015): mean gap between said and true, 0..1.

    Pictures are put into `bins` of equal width by their confidence; each bin's gap between mean
    confidence and share of right ones counts by its pictures, or by the sum of their `weights`.
    """
    said, truth = np.asarray(confidence, float), np.asarray(right, float)
    weight = np.ones(len(said)) if weights is None else np.asarray(weights, float)
    bin_of = _bin_of(said, bins)
    gaps = [abs((weight * (said - truth))[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / weight.sum()) if len(said) else math.nan


def f1(precision: float, recall: float) -> float:
    """Harmonic mean of precision and recall, 0..1; NaN where either is not known."""
    if math.isnan(precision) or math.isnan(recall):
        return math.nan
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def brier(probabilities: NDArray[np.float64], truth: Sequence[int]) -> float:
    """Brier's score (1950) over all labels, 0 best to 2 worst.

    `probabilities` (n, labels) sum to 1 in each row; `truth` holds each row's right column.
    """
    said = np.asarray(probabilities, float)
    if not len(said):
        return math.nan
    right = np.zeros_like(said)
    right[np.arange(len(said)), np.asarray(truth, int)] = 1
    return float(((said - right) ** 2).sum(axis=1).mean())


@dataclass(frozen=True, slots=True)
class Bin:
    """The pictures whose chance lies in `low`..`high`: the mean chance said, and the share right.

    `said` is NaN for a bin without pictures.
    """

    low: float
    high: float
    said: float
    share: Share


def reliability(
    confidence: Sequence[float] | NDArray[np.float64], right: Sequence[bool], bins: int = 10
) -> list[Bin]:
    """What was said against what was true, in `bins` of equal width from 0 to 1, lowest first."""
    said, truth = np.asarray(confidence, float), np.asarray(right, bool)
    bin_of = _bin_of(said, bins)
    found = []
    for number in range(bins):
        inside = bin_of == number
        count = int(inside.sum())
        mean = float(said[inside].mean()) if count else math.nan
        share = Share(int(truth[inside].sum()), count)
        found.append(Bin(number / bins, (number + 1) / bins, mean, share))
    return found


def cluster_intervals(
    groups: Sequence[str],
    statistics: Mapping[str, Callable[[NDArray[np.int64]], float]],
    *,
    rounds: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of statistics of pictures that hang together in groups.

    Whole groups are drawn with replacement (Field and Welsh 2007, the cluster bootstrap); each
    statistic is given the indices of the pictures drawn, with repeats, and may answer NaN, which is
    passed over. Two NaN stand for an interval that cannot be known: fewer than two groups, or a
    statistic that most rounds have no answer to. The same seed gives the same intervals.
    """
    names, member_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < 2:
        return dict.fromkeys(statistics, (math.nan, math.nan))
    members = [np.flatnonzero(member_of == group) for group in range(len(names))]
    random = np.random.default_rng(seed)
    values: dict[str, list[float]] = {name: [] for name in statistics}
    for _ in range(rounds):
        drawn = np.concatenate([members[g] for g in random.integers(0, len(names), len(names))])
        for name, statistic in statistics.items():
            values[name].append(statistic(drawn))
    return {name: _percentiles(found) for name, found in values.items()}


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    known = np.array([value for value in values if not math.isnan(value)])
    if 2 * len(known) < len(values) or not len(known):
        return math.nan, math.nan
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)


def _bin_of(said: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = np.minimum((said * bins).astype(np.int64), bins - 1)
    return numbers
