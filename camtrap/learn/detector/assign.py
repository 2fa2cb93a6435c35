"""Which cells of the detector answer for an animal: those whose boxes the teacher put on it.

A small relative of YOLOX's SimOTA (Ge et al. 2021, arXiv:2107.08430): cells near the animal's
centre whose box already covers it, the surest first. Boxes are centre x, centre y, width, height in
input pixels throughout.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from camtrap.vision.yolox import STRIDES

NEAR_SIDES = 0.35
"""A cell is near when it lies so many of the box's sides from its centre, or `NEAR_CELLS` cells."""

NEAR_CELLS = 1.5
COVERED = 0.45
"""Intersection over union from which a cell's box is on the animal."""

FALLBACK = 3
"""Where no box is on it, so many cells beside the centre answer."""

_LARGEST = ((56.0, 8), (112.0, 16))  # side of a box, in pixels, below which a stride suits it
_WEAKEST = -8.0
_OVERLAP_WEIGHT = 3.0


@lru_cache(maxsize=64)
def cell_centres(height: int, width: int, device: str = "cpu") -> Tensor:
    """(cells, 3): centre x, centre y and stride of each cell of an input of that size, in the
    network's order."""
    parts = []
    for stride in STRIDES:
        ys = torch.arange(height // stride, device=device)
        xs = torch.arange(width // stride, device=device)
        grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
        x, y = ((grid.flatten() + 0.5) * stride for grid in (grid_x, grid_y))
        parts.append(torch.stack((x, y, torch.full_like(x, float(stride))), dim=1))
    return torch.cat(parts)


def overlaps(boxes: Tensor, box: Tensor) -> Tensor:
    """(n,) intersection over union of boxes (n, 4) with one box (4,), 0..1."""
    low = torch.maximum(boxes[:, :2] - boxes[:, 2:] / 2, box[:2] - box[2:] / 2)
    high = torch.minimum(boxes[:, :2] + boxes[:, 2:] / 2, box[:2] + box[2:] / 2)
    common = (high - low).clamp(min=0).prod(dim=1)
    return common / (boxes[:, 2:].prod(dim=1) + box[2:].prod() - common + 1e-6)


def stride_of(width: float, height: float) -> int:
    """The stride whose cells suit a box of that size in pixels."""
    side = (width * height) ** 0.5
    return next((stride for largest, stride in _LARGEST if side < largest), STRIDES[-1])


def cells_of(
    target: Tensor, boxes: Tensor, logits: Tensor, cells: Tensor, count: int
) -> tuple[Tensor, Tensor]:
    """At most `count` cells that answer for the box `target` (4,), best first, and how much every
    cell's box overlaps it (cells,).

    `boxes` (cells, 4) and `logits` (cells,) are the teacher's, `cells` is of `cell_centres`.
    """
    away = (cells[:, :2] - target[:2]).abs()
    reach = torch.maximum(target[2:] * NEAR_SIDES, cells[:, 2:] * NEAR_CELLS)
    covering = overlaps(boxes, target)
    good = (away < reach).all(dim=1) & (covering > COVERED)
    found = int(good.sum())
    if found == 0:
        fitting = cells[:, 2] == stride_of(float(target[2]), float(target[3]))
        distance = away.square().sum(dim=1).masked_fill(~fitting, torch.inf)
        nearest = min(FALLBACK, count, int(fitting.sum()))
        return distance.topk(nearest, largest=False).indices, covering
    merit = logits.clamp(min=_WEAKEST) + _OVERLAP_WEIGHT * covering
    return merit.masked_fill(~good, -torch.inf).topk(min(count, found)).indices, covering
