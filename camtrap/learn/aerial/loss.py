"""What a detector is told of a made tile, where every animal is known and nothing else is one.

Cells that answer for an animal are chosen as in `learn.detector.assign`, by what the detector
itself says at that moment; all other cells are to be silent, the louder the more (focal loss, Lin
and others 2017, arXiv:1708.02002).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from camtrap.learn.detector.assign import cells_of, overlaps
from camtrap.learn.detector.network import Said

PARTS = ("animal", "nothing", "boxes")

_CELLS = 6  # that answer for one animal
_UNTOUCHED = 0.25  # overlap with an animal from which a cell need not be silent
_SIZE_WEIGHT = 0.2


def tile_loss(
    said: Said, targets: Tensor, cells: Tensor, nothing_weight: float, box_weight: float
) -> tuple[Tensor, dict[str, float]]:
    """The loss of one tile, and its parts by name; `targets` (k, 4) in input pixels, k may be 0."""
    claimed = torch.zeros(len(cells), dtype=torch.bool, device=cells.device)
    near = claimed.clone()
    told, drawn = [], []
    boxes, logits = said.boxes.detach(), said.logits.detach()
    for target in targets:
        chosen, covering = cells_of(target, boxes, logits, cells, _CELLS)
        near |= covering > _UNTOUCHED
        claimed[chosen] = True
        told.append(F.softplus(-said.logits[chosen]).mean())
        own = said.boxes[chosen]
        size = (own[:, 2:].clamp(min=1).log() - target[2:].log()).abs().mean()
        drawn.append((1 - overlaps(own, target)).mean() + _SIZE_WEIGHT * size)
    quiet = said.logits[~(claimed | near)]
    loud = (quiet.sigmoid().square() * F.softplus(quiet)).sum()
    zero = said.logits.sum() * 0
    animal = torch.stack(told).mean() if told else zero
    box = torch.stack(drawn).mean() if drawn else zero
    nothing = loud / (_CELLS * max(1, len(targets)))
    named = {"nothing": nothing} | ({"animal": animal, "boxes": box} if told else {})
    loss = animal + nothing_weight * nothing + box_weight * box
    return loss, {name: float(part.detach()) for name, part in named.items()}


def batch_loss(
    said: Said,
    boxes: Sequence[Tensor],
    cells: Tensor,
    nothing_weight: float,
    box_weight: float,
) -> tuple[Tensor, dict[str, float]]:
    """The mean loss of a batch, and the mean of each of `PARTS` over the tiles it is about."""
    losses = []
    parts: dict[str, list[float]] = {name: [] for name in PARTS}
    for index, targets in enumerate(boxes):
        loss, named = tile_loss(said.of(index), targets, cells, nothing_weight, box_weight)
        losses.append(loss)
        for name, value in named.items():
            parts[name].append(value)
    means = {name: sum(each) / len(each) for name, each in parts.items() if each}
    return torch.stack(losses).mean(), means
