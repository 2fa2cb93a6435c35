"""What the tuned detector is told is wrong: an empty picture that convinces, an animal that does
not, and any answer elsewhere that is no longer the teacher's.

All of it is about log-odds of cells. One number stands for a picture, a soft maximum over its
cells, because the question in use is whether anything in it is alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from camtrap.learn.detector.assign import cell_centres, cells_of, overlaps
from camtrap.learn.detector.network import Said
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.detector.targets import Marks, choose

PARTS = ("empty", "animal", "held", "boxes")
"""Names of the parts that the log tells."""

_SHARPNESS = 2.0  # of the soft maximum
_TOP = 12  # cells of an empty picture that are pushed down
_SURE_CELLS, _DOUBTFUL_CELLS = 4, 6
_EACH_MORE = 0.5  # each cell of a sure animal is to exceed the target by this
_NO_WEAKER = 0.3  # weight of cells that fell below the teacher
_RISE = 0.3  # cells of an empty picture may rise so much above the teacher
_UNTOUCHED = 0.25  # overlap from which a cell is an animal's and not held to the teacher
_SILENT = -6.0  # below this in both, a cell says nothing
_FLOOR = -7.0
_SHOWN = -4.0  # above this, the teacher's boxes are worth keeping
_RAW_WEIGHT, _KEPT_RAW_WEIGHT, _DOUBTFUL_RAW_WEIGHT = 0.2, 0.2, 0.3
_MARGIN = 1.0  # log-odds between animals and empties of a batch


class Judged(NamedTuple):
    """One picture's loss, the number that stands for it, and the named parts of the loss."""

    loss: Tensor
    strength: Tensor
    parts: dict[str, float]


def strength(logits: Tensor) -> Tensor:
    """A soft maximum of log-odds (cells,)."""
    return torch.logsumexp(logits * _SHARPNESS, dim=0) / _SHARPNESS


def empty_loss(now: Said, was: Said, settings: DetectorTuning) -> Judged:
    """Nothing is alive in this picture: its strongest cells have to stay below the target, and no
    cell may rise above the teacher."""
    top = now.logits.topk(min(_TOP, len(now.logits))).values
    whole = strength(top)
    pushed = F.softplus(whole - settings.target)
    pushed = pushed + 0.5 * F.softplus(top - settings.target).mean()
    pushed = settings.empty_weight * pushed
    risen = F.relu(now.logits - was.logits - _RISE).mean()
    return Judged(pushed + risen, whole, {"empty": float(pushed.detach())})


def animal_loss(
    now: Said, was: Said, targets: Tensor, sure: bool, cells: Tensor, settings: DetectorTuning
) -> Judged:
    """Something is alive in one of `targets` (k, 4), k > 0, in all of them when `sure`.

    The picture has to exceed the target; cells elsewhere, and all boxes, stay the teacher's. Where
    it is not sure, the first target is the likeliest, and no box is moved.
    """
    count = _SURE_CELLS if sure else _DOUBTFUL_CELLS
    claimed = torch.zeros(len(cells), dtype=torch.bool, device=cells.device)
    moved = (now.raw - was.raw).abs()
    strengths, each_animal, boxes = [], [], []
    for target in targets:
        chosen, covering = cells_of(target, was.boxes, was.logits, cells, count)
        claimed |= covering > _UNTOUCHED
        claimed[chosen] = True
        own = now.logits[chosen]
        strengths.append(strength(own))
        if sure:
            weaker = F.relu(was.logits[chosen] - own).mean()
            lifted = F.softplus(settings.target + _EACH_MORE - own).mean()
            each_animal.append(lifted + _NO_WEAKER * weaker)
            off = (1 - overlaps(now.boxes[chosen], target)).mean()
            boxes.append(off + _RAW_WEIGHT * moved[chosen].mean())
        else:
            boxes.append(_DOUBTFUL_RAW_WEIGHT * moved[chosen].mean())
    found = torch.stack(strengths)
    whole = found.max() if sure else 0.5 * found[0] + 0.5 * strength(found)
    animal = F.softplus(settings.target - whole)
    if sure:
        animal = animal + torch.stack(each_animal).mean()
    held = held_loss(now.logits, was.logits, ~claimed)
    drawn = torch.stack(boxes).mean()
    kept = moved[was.logits > _SHOWN]
    kept_raw = kept.mean() if len(kept) else moved.sum() * 0
    loss = animal + settings.distillation * held
    loss = loss + settings.box_weight * (drawn + _KEPT_RAW_WEIGHT * kept_raw)
    named = {"animal": animal, "held": held, "boxes": drawn}
    return Judged(loss, whole, {name: float(part.detach()) for name, part in named.items()})


def held_loss(now: Tensor, was: Tensor, where: Tensor) -> Tensor:
    """How far the log-odds (cells,) are from the teacher's, up or down, on the cells of the mask
    `where` in which either of them says something."""
    speaks = where & ((was > _SILENT) | (now.detach() > _SILENT))
    if not speaks.any():
        return now.sum() * 0
    return F.smooth_l1_loss(now[speaks].clamp(min=_FLOOR), was[speaks].clamp(min=_FLOOR))


def rank_loss(animals: Sequence[Tensor], empties: Sequence[Tensor]) -> Tensor:
    """Every animal of a batch has to stand above every empty picture of it by a margin."""
    high, low = torch.stack(list(animals)), torch.stack(list(empties))
    return F.softplus(low[None] - high[:, None] + _MARGIN).mean()


def batch_loss(
    now: Said,
    was: Said,
    sizes: Sequence[tuple[int, int]],
    empty: Sequence[bool],
    marks: Sequence[Marks],
    shape: tuple[int, int],
    settings: DetectorTuning,
) -> tuple[Tensor, dict[str, float]]:
    """The mean loss of a batch, and the mean of each of `PARTS` over the pictures it is about.

    `sizes` are the (width, height) of each picture within the padded input of `shape` (height,
    width), and `marks` its boxes. A picture whose animals were all cut off counts for nothing.
    """
    device = now.logits.device
    cells = cell_centres(*shape, str(device))
    losses: list[Tensor] = []
    animals: list[Tensor] = []
    empties: list[Tensor] = []
    parts: dict[str, list[float]] = {name: [] for name in PARTS}
    for index, (size, is_empty, own) in enumerate(zip(sizes, empty, marks, strict=True)):
        rows, sure = choose(own)
        if is_empty:
            judged = empty_loss(now.of(index), was.of(index), settings)
            empties.append(judged.strength)
        elif rows:
            targets = _in_pixels(own[list(rows)], size).to(device)
            judged = animal_loss(now.of(index), was.of(index), targets, sure, cells, settings)
            animals.append(judged.strength)
        else:
            continue
        losses.append(judged.loss)
        for name, value in judged.parts.items():
            parts[name].append(value)
    total = torch.stack(losses).sum() / len(sizes) if losses else now.logits.sum() * 0
    if animals and empties:
        total = total + settings.rank_weight * rank_loss(animals, empties) / 2
    means = {name: sum(each) / len(each) for name, each in parts.items() if each}
    return total, means


def _in_pixels(marks: Marks, size: tuple[int, int]) -> Tensor:
    x, y, width, height = torch.from_numpy(marks[:, :4]).unbind(dim=1)
    centres = ((x + width / 2) * size[0], (y + height / 2) * size[1])
    return torch.stack((*centres, width * size[0], height * size[1]), dim=1)
