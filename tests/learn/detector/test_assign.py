"""Which cells answer for an animal."""

from __future__ import annotations

import pytest
import torch

from camtrap.learn.detector.assign import cell_centres, cells_of, overlaps, stride_of


def box(*values):
    return torch.tensor(values, dtype=torch.float32)


# Cells


def test_cells_come_in_the_order_of_the_network_row_by_row():
    cells = cell_centres(64, 96)
    assert len(cells) == 8 * 12 + 4 * 6 + 2 * 3
    assert cells[0].tolist() == [4, 4, 8]
    assert cells[1].tolist() == [12, 4, 8]
    assert cells[12].tolist() == [4, 12, 8]
    assert cells[96].tolist() == [8, 8, 16]
    assert cells[-1].tolist() == [80, 48, 32]


# Overlaps


@pytest.mark.parametrize(
    ("other", "share"),
    [
        ((50, 50, 20, 10), 1.0),
        ((60, 50, 20, 10), 1 / 3),
        ((50, 50, 10, 10), 0.5),
        ((70, 50, 20, 10), 0.0),
        ((50, 90, 20, 10), 0.0),
    ],
    ids=["same", "half beside", "inside", "touching", "apart"],
)
def test_overlap_is_intersection_over_union(other, share):
    assert overlaps(box(other), box(50, 50, 20, 10)).tolist() == pytest.approx([share], abs=1e-5)


# Strides


@pytest.mark.parametrize(
    ("size", "stride"),
    [((20, 20), 8), ((55, 57), 8), ((60, 60), 16), ((300, 10), 8), ((112, 112), 32)],
)
def test_the_stride_suits_the_size(size, stride):
    assert stride_of(*size) == stride


# Who answers


@pytest.fixture
def silent():
    """Boxes of no size and very low log-odds on an input of 128 x 128."""
    cells = cell_centres(128, 128)
    boxes = torch.cat((cells[:, :2], torch.ones(len(cells), 2)), dim=1)
    return cells, boxes, torch.full((len(cells),), -9.0)


def test_cells_whose_box_is_on_the_animal_answer_the_surest_first(silent):
    cells, boxes, logits = silent
    target = box(68, 68, 40, 40)
    row = 8 * 16 + 8  # the stride-8 cell whose centre is 68, 68
    for cell, logit in ((row, -1.0), (row + 1, 2.0), (row - 16, 0.0)):
        boxes[cell] = target
        logits[cell] = logit
    chosen, covering = cells_of(target, boxes, logits, cells, 4)
    assert chosen.tolist() == [row + 1, row - 16, row]
    assert covering[row].item() == pytest.approx(1)
    assert cells_of(target, boxes, logits, cells, 2)[0].tolist() == [row + 1, row - 16]


def test_of_cells_as_sure_the_better_box_answers(silent):
    cells, boxes, logits = silent
    target = box(68, 68, 40, 40)
    row = 8 * 16 + 8
    boxes[row], boxes[row + 1] = box(72, 68, 40, 40), target
    logits[row] = logits[row + 1] = 0.0
    assert cells_of(target, boxes, logits, cells, 4)[0].tolist() == [row + 1, row]


def test_a_cell_far_from_the_centre_does_not_answer_however_good_its_box(silent):
    cells, boxes, logits = silent
    target = box(68, 68, 40, 40)
    boxes[0], logits[0] = target, 9.0
    assert 0 not in cells_of(target, boxes, logits, cells, 4)[0].tolist()


@pytest.mark.parametrize(("side", "stride"), [(30, 8), (80, 16), (120, 32)])
def test_without_a_box_on_it_the_nearest_cells_of_its_stride_answer(silent, side, stride):
    cells, boxes, logits = silent
    target = box(60, 60, side, side)
    chosen, _ = cells_of(target, boxes, logits, cells, 4)
    assert len(chosen) == 3
    assert set(cells[chosen, 2].tolist()) == {stride}
    away = (cells[chosen, :2] - 60).abs().max().item()
    assert away <= 1.5 * stride
    nearest = (cells[:, :2] - 60).square().sum(dim=1).masked_fill(cells[:, 2] != stride, 1e9)
    assert chosen[0] == nearest.argmin()
