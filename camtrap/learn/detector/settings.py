"""How the detector is tuned, as the table `[detector_tuning]` of a settings file says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectorTuning:
    """All that bears on the tuned detector's weights; left out, the detector stays as published.

    `side` is the longer side, in pixels, at which it learns and then looks. `easy` and `patched`
    are chances, 0..1: that a picture with a surely found animal is drawn for an epoch, and that its
    stand-in with patched ground is shown in its place. Pictures whose best box has neither
    `least_score` (the detector's) nor `least_alive` (the classifier's, frozen) teach nothing.
    `target` is the log-odds that pictures with animals are to exceed and empty ones not to reach.
    The weights are those of the parts of the loss; `precision` is as in `learn.tune`.
    """

    side: int
    epochs: int
    batch_size: int
    learning_rate: float
    decay: float
    average: float
    easy: float
    patched: float
    least_score: float
    least_alive: float
    target: float
    empty_weight: float
    distillation: float
    box_weight: float
    rank_weight: float
    precision: str
