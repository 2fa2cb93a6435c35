"""The calibrated rule and the thresholds, fitted on pictures of sites that the head had not seen.

What comes in are the looks at every picture by a head trained without that picture's site; what
goes out are the few numbers that `vision.calibration` explains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from camtrap.records import LABELS, State
from camtrap.vision.calibration import (
    LIVING,
    Calibration,
    Evidence,
    Thresholds,
    judge_box,
    judge_picture,
    rule_inputs,
)

_ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Looks:
    """One picture's evidence, its true label, and the source it came from."""

    evidence: tuple[Evidence, ...]
    label: str
    source: str


def fit_calibration(pictures: Sequence[Looks]) -> Calibration:
    """Fit the rule: first "alive or not", then the sharpness among the living labels.

    Empty pictures and others count the same in sum, however many there are of each: how empty a
    card is, is not known before it is read. The detector's and the classifier's weight are kept
    positive.
    """
    usable = [p for p in pictures if p.evidence]
    detector, classifier, bias = _fit_alive(usable)
    temperature = _fit_temperature([p for p in usable if p.label != State.EMPTY])
    return Calibration(detector, classifier, bias, temperature)


def _fit_alive(pictures: Sequence[Looks]) -> tuple[float, float, float]:
    """Logistic regression on the picture's strongest box, for the three parameters of `alive`."""
    width = max(len(p.evidence) for p in pictures)
    inputs = np.zeros((len(pictures), width, 2), np.float32)
    present = np.zeros((len(pictures), width), bool)
    for row, picture in enumerate(pictures):
        for column, evidence in enumerate(picture.evidence):
            inputs[row, column] = rule_inputs(evidence)
            present[row, column] = True
    x, mask = torch.from_numpy(inputs), torch.from_numpy(present)
    y = torch.tensor([float(p.label != State.EMPTY) for p in pictures])
    share = y.mean().clamp(0.01, 0.99)
    weight = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share))
    raw = torch.tensor([0.0, 0.0, 0.0], requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.05)
    for _ in range(_ROUNDS):
        optimiser.zero_grad()
        logits = (x * F.softplus(raw[:2])).sum(dim=2) + raw[2]
        strongest = logits.masked_fill(~mask, -torch.inf).amax(dim=1)
        loss = F.binary_cross_entropy_with_logits(strongest, y, weight)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    detector, classifier = F.softplus(raw[:2].detach()).tolist()
    return round(detector, 4), round(classifier, 4), round(float(raw[2].detach()), 4)


def _fit_temperature(pictures: Sequence[Looks]) -> float:
    """The temperature under which the best box's living logits are most likely."""
    logits = torch.tensor([p.evidence[0].logits[:-1] for p in pictures])
    y = torch.tensor([LIVING.index(p.label) for p in pictures])
    candidates = np.exp(np.linspace(np.log(0.3), np.log(5), 60))
    losses = [float(F.cross_entropy(logits / t, y)) for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def chances(pictures: Sequence[Looks], rule: Calibration) -> NDArray[np.float64]:
    """(n, labels) probabilities in the order of `LABELS`."""
    rows = [judge_picture([judge_box(e, rule) for e in p.evidence]) for p in pictures]
    return np.array([[row[label] for label in LABELS] for row in rows])


def choose_thresholds(
    labels: Sequence[str], probabilities: NDArray[np.float64], targets: Mapping[str, float]
) -> Thresholds:
    """The thresholds that reach the targets on these pictures.

    `targets` holds `leopard` (share of leopards to be called so), `doubt` (share of them that may
    not be put away), `animal` (share of pictures with something alive that may not be called empty)
    and `precision` (how often a label other than leopard has to be right).
    """
    truth = np.array(labels)
    leopards = probabilities[truth == State.LEOPARD, LABELS.index("leopard")]
    emptiness = probabilities[truth != State.EMPTY, LABELS.index("empty")]
    leopard = recall_threshold(leopards, targets["leopard"])
    others = {
        label: precision_threshold(
            probabilities[:, LABELS.index(label)],
            truth == label,
            np.argmax(probabilities, axis=1) == LABELS.index(label),
            targets["precision"],
        )
        for label in LIVING[1:]
    }
    return Thresholds(
        leopard=leopard,
        doubt=min(recall_threshold(leopards, targets["doubt"]), leopard),
        # Not called empty means P(empty) below the threshold: the mirror of the others.
        empty=round(1 - recall_threshold(1 - emptiness, targets["animal"]), 4),
        **others,
    )


def recall_threshold(scores: NDArray[np.float64], recall: float) -> float:
    """The highest threshold that at least `recall` of `scores` reach; 0.5 without scores."""
    if not len(scores):
        return 0.5
    ordered = np.sort(scores)
    allowed = int(np.floor((1 - recall) * len(ordered) + 1e-9))
    # Rounded down, so that the score itself still reaches it.
    return float(np.floor(ordered[allowed] * 1e4) / 1e4)


def precision_threshold(
    scores: NDArray[np.float64],
    right: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    precision: float,
) -> float:
    """The lowest threshold, from 0.3, at which those `chosen` at or above it are right often
    enough.

    With fewer than 20 right ones nothing can be chosen by counting: 0.5 then.
    """
    if right.sum() < 20:
        return 0.5
    for threshold in np.arange(0.30, 0.96, 0.01):
        taken = chosen & (scores >= threshold)
        if taken.any() and right[taken].mean() >= precision:
            return round(float(threshold), 4)
    return 0.95
