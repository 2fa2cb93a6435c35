"""From two looks to one answer: the calibrated rule that joins them, and the thresholds that
decide.

Pure functions over numbers; no network is needed to read or test them. The evidence of one box is
the detector's score and the classifier's logits for the crop, the last of which is `nothing`.

The rule for one box, with `logit(p) = ln(p / (1 - p))` and the parameters of `Calibration`:

    alive = sigmoid(detector * logit(score) + classifier * (logsumexp(living logits) - nothing
    logit) + bias) share = softmax(living logits / temperature)

and for the picture, over its boxes: `1 - P(empty) = max(alive)`, divided among the living labels in
proportion to `max(alive * share)` of each, so that a leopard beside a deer is seen as both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from camtrap.errors import ModelError
from camtrap.records import LABELS, UNSURE, State

NOTHING = "nothing"
LIVING = tuple(label for label in LABELS if label != State.EMPTY)
CLASSES = (*LIVING, NOTHING)
"""The classifier's classes, in the order of its outputs."""

_SCORE_FLOOR = 1e-4  # a score of 0 would be infinitely certain


@dataclass(frozen=True, slots=True)
class Calibration:
    """The few numbers of the rule; fitted on sites that the classifier was not trained on."""

    detector: float
    classifier: float
    bias: float
    temperature: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a probability becomes a label; each 0..1.

    A picture is `empty` when P(empty) reaches `empty`, and a living label when its own probability
    reaches that label's threshold; `leopard` is asked first. `doubt` is the P(leopard) from which a
    picture may not be put away as anything else: it becomes `unsure`.
    """

    leopard: float
    prey: float
    other: float
    person: float
    vehicle: float
    empty: float
    doubt: float

    def __post_init__(self) -> None:
        for name, value in self.as_dict().items():
            if not 0.0 <= value <= 1.0:
                raise ModelError(f"The threshold {name}={value} is not between 0 and 1.")

    def as_dict(self) -> dict[str, float]:
        """The thresholds by name, for JSON."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, said: Mapping[str, Any]) -> Thresholds:
        """Read thresholds as `model.json` and settings files hold them; raises `ModelError`."""
        try:
            return cls(**{name: float(value) for name, value in said.items()})
        except (TypeError, ValueError) as error:
            raise ModelError(f"Thresholds cannot be used: {error}.") from error


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both looks say of one box: the score, 0..1, and one logit a class of `CLASSES`."""

    score: float
    logits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BoxChances:
    """Calibrated chances of one box: that anything is alive in it, and of each living label."""

    alive: float
    labels: Mapping[str, float]


def judge_box(evidence: Evidence, rule: Calibration) -> BoxChances:
    """Apply the rule to one box; `labels` sums to `alive`."""
    score, margin = rule_inputs(evidence)
    alive = sigmoid(rule.detector * score + rule.classifier * margin + rule.bias)
    scaled = [logit / rule.temperature for logit in evidence.logits[:-1]]
    total = log_sum_exp(scaled)
    shares = (math.exp(logit - total) for logit in scaled)
    return BoxChances(
        alive, {label: alive * share for label, share in zip(LIVING, shares, strict=True)}
    )


def rule_inputs(evidence: Evidence) -> tuple[float, float]:
    """What the rule weighs: the score's logit, and the margin of the living over `nothing`."""
    *living, nothing = evidence.logits
    score = min(max(evidence.score, _SCORE_FLOOR), 1 - _SCORE_FLOOR)
    return math.log(score / (1 - score)), log_sum_exp(living) - nothing


def judge_picture(boxes: Sequence[BoxChances]) -> dict[str, float]:
    """Join the boxes of one picture into one probability a label of `LABELS`, summing to 1."""
    seen = max((box.alive for box in boxes), default=0.0)
    strongest = {label: max((box.labels[label] for box in boxes), default=0.0) for label in LIVING}
    total = sum(strongest.values())
    chances = {
        label: seen * strength / total if total > 0 else 0.0
        for label, strength in strongest.items()
    }
    return {**chances, State.EMPTY.value: 1.0 - seen}


def decide(chances: Mapping[str, float], thresholds: Thresholds) -> tuple[State, float]:
    """The picture's state and its probability; `unsure` carries the best label's."""
    leopard = chances["leopard"]
    if leopard >= thresholds.leopard:
        return State.LEOPARD, leopard
    best = max(LABELS, key=lambda label: chances[label])
    if leopard < thresholds.doubt:
        if chances["empty"] >= thresholds.empty:
            return State.EMPTY, chances["empty"]
        living = max(LIVING[1:], key=lambda label: chances[label])
        if chances[living] >= getattr(thresholds, living):
            return State(living), chances[living]
    return State(UNSURE), chances[best]


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), safe for any x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def log_sum_exp(values: Sequence[float]) -> float:
    """ln of the sum of e^value, safe for large values."""
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values))
