"""Figures of merit with their intervals; small counts are the rule in this field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z = 1.959964  # 95 %, two-sided


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `count`, with its 95 % Wilson interval (Wilson 1927)."""

    right: int
    count: int

    @property
    def value(self) -> float:
        return self.right / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        if not self.count:
            return 0.0, 1.0
        n, p, z2 = self.count, self.value, _Z * _Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] ({self.right}/{self.count})"


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
    confidence: Sequence[float] | NDArray[np.float64], right: Sequence[bool], bins: int = 10
) -> float:
    """Expected calibration error (Naeini et al. 2015): mean gap between said and true, 0..1.

    Pictures are put into `bins` of equal width by their confidence; each bin's gap between mean
    confidence and share of right ones counts by its pictures.
    """
    said, truth = np.asarray(confidence, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs((said - truth)[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(said)) if len(said) else math.nan
