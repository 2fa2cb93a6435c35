"""The head of a triage model: one linear layer from what was seen in a crop to the classes.

It reads the backbone's features, and for each group of ImageNet classes that the rules name
(leopard-like cats, ungulates, vehicles, ...) the log-probability that the backbone's own ImageNet
head gives the group: by day that has seen more animals than our own pictures hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from camtrap.errors import ModelError
from camtrap.vision.checkpoint import ModelInfo, read_weights

Floats = NDArray[np.float32]

FEATURES = 1280
"""How many features a backbone itself gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Weights (classes, d) and biases (classes,) that give the logits of `CLASSES`."""

    weight: Floats
    bias: Floats

    def logits(self, features: Floats) -> Floats:
        """(n, d) features to (n, classes) logits."""
        return features @ self.weight.T + self.bias


def load_head(info: ModelInfo, feature_count: int) -> Head:
    """The trained head of a triage model; raises `ModelError` when it does not fit."""
    tensors = load(read_weights(info))
    classes = len(info.rules["classes"])
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != {"weight": (classes, feature_count), "bias": (classes,)}:
        raise ModelError(f"{info.weights} does not hold a head of {classes} classes.")
    return Head(**{name: tensor.astype(np.float32) for name, tensor in tensors.items()})


def with_groups(features: Floats, logits: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """What a head reads: (n, d) features, and one log-probability more for each group.

    `logits` (n, 1000) are those of ImageNet's classes, `groups` their numbers.
    """
    known = logits - _log_sum_exp(logits)
    more = [_log_sum_exp(known[:, list(group)]) for group in groups]
    return np.concatenate((features, *more), axis=1)


def _log_sum_exp(values: Floats) -> Floats:
    """(n, k) to (n, 1): ln of the sum of e^value, safe for large values."""
    top = values.max(axis=1, keepdims=True)
    total: Floats = top + np.log(np.exp(values - top).sum(axis=1, keepdims=True))
    return total
