"""The head: a linear layer on frozen features, pulled towards what its inputs are known to mean.

Softmax regression with an L2 penalty on the distance from a prior. The prior is zero for the
backbone's own features, and one from each group of ImageNet classes to the label that it speaks
for, so that a class with next to no pictures (people, vehicles) falls back on what ImageNet taught.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from camtrap.vision.calibration import CLASSES
from camtrap.vision.head import Floats, Head

_RARE = (
    20  # a class with fewer crops than this weighs as if it had so many: one picture must not rule
)


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """`decay` pulls towards the prior; `balance` 0..1 goes from equal crops to equal classes."""

    decay: float
    balance: float


def fit_head(
    features: Floats,
    labels: Sequence[str],
    group_labels: Sequence[str],
    settings: HeadSettings,
) -> Head:
    """Fit a head to features (n, v, d) of n crops in v variations.

    The last `len(group_labels)` of the d features are those of the ImageNet groups; `group_labels`
    says for which label each speaks.
    """
    _, variations, width = features.shape
    mean = features.mean(axis=(0, 1))
    spread = features.std(axis=(0, 1)) + 1e-2
    x = torch.from_numpy((features.reshape(-1, width) - mean) / spread)
    classes = np.array([CLASSES.index(label) for label in labels])
    y = torch.from_numpy(classes.repeat(variations))
    per_class = np.maximum(np.bincount(classes, minlength=len(CLASSES)), _RARE)
    crop_weight = torch.tensor(per_class**-settings.balance, dtype=torch.float32)[y]
    prior = torch.from_numpy(prior_weights(group_labels, spread))
    weight = prior.clone().requires_grad_()
    bias = torch.zeros(len(CLASSES), requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weight, bias], max_iter=100, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = F.cross_entropy(x @ weight.T + bias, y, reduction="none")
        total = (each * crop_weight).sum() / crop_weight.sum()
        total = total + settings.decay * (weight - prior).square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    # The standardisation is folded in, so that use needs nothing but the weights.
    scaled = weight.detach().numpy() / spread
    return Head(
        scaled.astype(np.float32), (bias.detach().numpy() - scaled @ mean).astype(np.float32)
    )


def prior_weights(group_labels: Sequence[str], spread: Floats) -> Floats:
    """(classes, d) weights for standardised features: from each group to its label.

    Such a weight is one in the feature's own unit; all others are zero.
    """
    weights = np.zeros((len(CLASSES), len(spread)), np.float32)
    first = len(spread) - len(group_labels)
    for position, label in enumerate(group_labels):
        weights[CLASSES.index(label), first + position] = spread[first + position]
    return weights
