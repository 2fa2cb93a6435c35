"""What a made tile tells: animals are to be loud, everything else silent, boxes right."""

from __future__ import annotations

import torch

from camtrap.learn.aerial.loss import batch_loss, tile_loss
from camtrap.learn.detector.assign import cell_centres
from camtrap.learn.detector.network import Said

SIDE = 128
CELLS = cell_centres(SIDE, SIDE)
MIDDLE = 8 * 16 + 8
TARGET = torch.tensor([[68.0, 68.0, 40.0, 30.0]])
NONE = torch.zeros(0, 4)


def said(at_middle=-6.0, elsewhere=-6.0, box=TARGET[0]):
    boxes = torch.cat((CELLS[:, :2], torch.full((len(CELLS), 2), 20.0)), dim=1)
    boxes[MIDDLE] = box
    logits = torch.full((len(CELLS),), -6.0)
    logits[MIDDLE] = at_middle
    logits[0] = elsewhere
    return Said(torch.zeros_like(boxes), boxes, logits)


def loss(now, targets=TARGET):
    total, _ = tile_loss(now, targets, CELLS, 1.0, 2.0)
    return float(total)


def test_an_animal_costs_the_less_the_louder_it_is() -> None:
    assert loss(said(4.0)) < loss(said(0.0)) < loss(said(-4.0))


def test_a_loud_place_elsewhere_costs() -> None:
    assert loss(said(4.0, elsewhere=3.0)) > loss(said(4.0)) + 0.1


def test_the_same_loudness_costs_where_there_is_no_animal() -> None:
    assert loss(said(3.0), NONE) > loss(said(-6.0), NONE)
    assert loss(said(-6.0), NONE) < 0.01


def test_a_box_that_is_off_costs() -> None:
    off = torch.tensor([74.0, 68.0, 44.0, 30.0])
    assert loss(said(4.0, box=off)) > loss(said(4.0))


def test_gradients_reach_scores_and_boxes() -> None:
    now = said(0.0, elsewhere=1.0, box=torch.tensor([70.0, 68.0, 44.0, 30.0]))
    boxes, logits = now.boxes.requires_grad_(), now.logits.requires_grad_()
    total, _ = tile_loss(Said(now.raw, boxes, logits), TARGET, CELLS, 1.0, 2.0)
    total.backward()
    assert logits.grad is not None
    assert boxes.grad is not None
    assert logits.grad[MIDDLE] < 0 < logits.grad[0]
    assert boxes.grad[MIDDLE].abs().sum() > 0


def test_a_batch_is_the_mean_of_its_tiles() -> None:
    first, second = said(1.0), said(2.0)
    both = Said(*(torch.stack(pair) for pair in zip(first, second, strict=True)))
    total, parts = batch_loss(both, [TARGET, NONE], CELLS, 1.0, 2.0)
    assert float(total) == (loss(first) + loss(second, NONE)) / 2
    assert set(parts) == {"animal", "nothing", "boxes"}


def test_a_batch_of_empty_ground_tells_nothing_of_animals() -> None:
    both = Said(*(part[None] for part in said()))
    _, parts = batch_loss(both, [NONE], CELLS, 1.0, 2.0)
    assert set(parts) == {"nothing"}
