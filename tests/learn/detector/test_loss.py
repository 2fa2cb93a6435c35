"""What is told to be wrong: empties that convince, animals that do not, and new words elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from camtrap.learn.detector.assign import cell_centres
from camtrap.learn.detector.loss import (
    animal_loss,
    batch_loss,
    empty_loss,
    held_loss,
    rank_loss,
    strength,
)
from camtrap.learn.detector.network import Said
from tests.learn.detector.made import TUNING

SIDE = 128
CELLS = cell_centres(SIDE, SIDE)
MIDDLE_ROW = 8 * 16 + 8
TARGET = torch.tensor([[68.0, 68.0, 40.0, 40.0]])


def said(level=-6.0, **cells):
    """Quiet everywhere, boxes of 20 pixels; `cells` are log-odds by `c<number>`."""
    boxes = torch.cat((CELLS[:, :2], torch.full((len(CELLS), 2), 20.0)), dim=1)
    logits = torch.full((len(CELLS),), level)
    for name, value in cells.items():
        logits[int(name[1:])] = value
    boxes[MIDDLE_ROW] = TARGET[0]
    return Said(torch.zeros_like(boxes), boxes, logits)


def animal(now, was, sure=True, targets=TARGET, **changes):
    return animal_loss(now, was, targets, sure, CELLS, replace(TUNING, **changes)).loss.item()


QUIET = said()
TEACHER = said(**{f"c{MIDDLE_ROW}": 0.0})


# Empty pictures


def test_an_empty_picture_costs_the_more_the_more_convincing_it_is():
    costs = [empty_loss(said(c5=level), QUIET, TUNING).loss.item() for level in (-6, -2, 0, 3)]
    assert costs == sorted(costs)
    assert costs[-1] > costs[0] + 3


def test_a_convincing_cell_is_pushed_down_and_others_hardly():
    logits = said(c5=1.0).logits.requires_grad_()
    now = said()._replace(logits=logits)
    empty_loss(now, said(c5=1.0), TUNING).loss.backward()
    assert logits.grad is not None
    assert logits.grad.argmax() == 5
    assert logits.grad[5] > 10 * logits.grad[6].abs()


def test_a_cell_that_rises_above_the_teacher_costs_even_where_it_is_weak():
    still, risen = said(level=-9.0), said(level=-8.0)
    same = empty_loss(risen, risen, TUNING).loss
    assert empty_loss(risen, still, TUNING).loss - same == pytest.approx(0.7, abs=1e-4)
    assert empty_loss(still, risen, TUNING).loss < same


def test_the_weight_of_empty_pictures_is_the_settings():
    heavy = replace(TUNING, empty_weight=2.0)
    loud = said(c5=2.0)
    once, twice = (empty_loss(loud, loud, each).loss for each in (TUNING, heavy))
    assert twice == pytest.approx(2 * once.item())


# Pictures with animals


@pytest.mark.parametrize("sure", [True, False])
def test_an_animal_costs_the_less_the_more_it_is_seen(sure):
    costs = [
        animal(said(**{f"c{MIDDLE_ROW}": level}), TEACHER, sure) for level in (-4.0, -1.0, 1.0, 4.0)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1] + 1


def test_scores_that_are_right_cost_next_to_nothing():
    found = said(**{f"c{MIDDLE_ROW}": 6.0})
    assert animal(found, found) < 0.01
    assert empty_loss(said(level=-9.0), said(level=-9.0), TUNING).loss < 0.01


@pytest.mark.parametrize("level", [-3.0, 2.0], ids=["weaker", "stronger"])
def test_a_place_elsewhere_is_held_to_what_the_teacher_said(level):
    was = said(c0=0.0, **{f"c{MIDDLE_ROW}": 0.0})
    now = said(c0=level, **{f"c{MIDDLE_ROW}": 0.0})
    assert animal(now, was) > animal(was, was) + 0.1
    logits = now.logits.clone().requires_grad_()
    animal_loss(now._replace(logits=logits), was, TARGET, True, CELLS, TUNING).loss.backward()
    assert logits.grad is not None
    assert (logits.grad[0] > 0) == (level > 0), "a step downhill goes back to the teacher"


def test_without_distillation_nothing_is_held():
    was = said(c0=0.0, **{f"c{MIDDLE_ROW}": 0.0})
    now = said(c0=3.0, **{f"c{MIDDLE_ROW}": 0.0})
    assert animal(now, was, distillation=0) == pytest.approx(animal(was, was, distillation=0))


def test_where_neither_says_anything_nothing_is_held():
    everywhere = torch.ones(3, dtype=torch.bool)
    quiet, quieter = torch.tensor([-7.0, -8.0, -9.0]), torch.tensor([-9.0, -6.5, -20.0])
    assert held_loss(quiet, quieter, everywhere) == 0
    loud = torch.tensor([2.0, -8.0, -9.0])
    assert held_loss(loud, quieter, everywhere) == pytest.approx(8.5)
    assert held_loss(loud, quieter, ~everywhere) == 0


def test_a_box_beside_a_sure_animal_costs_and_is_moved_back():
    beside = TEACHER.boxes.clone()
    beside[MIDDLE_ROW, 0] += 10
    boxes = beside.requires_grad_()
    now = TEACHER._replace(boxes=boxes)
    assert animal(now, TEACHER) > animal(TEACHER, TEACHER) + 0.1
    animal_loss(now, TEACHER, TARGET, True, CELLS, TUNING).loss.backward()
    assert boxes.grad is not None
    assert boxes.grad[MIDDLE_ROW, 0] > 0
    assert not boxes.grad[:MIDDLE_ROW].any()


def test_where_the_detector_is_not_sure_no_box_is_moved():
    boxes = (TEACHER.boxes + 3).requires_grad_()
    animal_loss(
        TEACHER._replace(boxes=boxes, raw=TEACHER.raw + boxes.sum() * 0), TEACHER, TARGET, False,
        CELLS, TUNING,
    ).loss.backward()  # fmt: skip
    assert boxes.grad is None or not boxes.grad.any()


def test_of_doubtful_boxes_one_that_convinces_is_enough_and_the_first_counts_most():
    two = torch.cat((TARGET, torch.tensor([[20.0, 20.0, 20.0, 20.0]])))
    corner = int((CELLS[:, :2] - 20).abs().sum(dim=1).argmin())
    neither, first, second = (
        animal(said(**cells), TEACHER, False, two, distillation=0, box_weight=0)
        for cells in ({}, {f"c{MIDDLE_ROW}": 2.0}, {f"c{corner}": 2.0})
    )
    assert first < second < neither


# Batches


def test_the_soft_maximum_is_near_the_largest_and_above_it():
    assert strength(torch.tensor([2.0, -9.0, -9.0])) == pytest.approx(2.0, abs=1e-3)
    assert strength(torch.tensor([2.0, 2.0])) > 2


def test_animals_have_to_stand_above_empties():
    high, low = [torch.tensor(3.0)], [torch.tensor(-3.0), torch.tensor(-2.0)]
    assert rank_loss(high, low) < 0.05
    assert rank_loss(low, high) > 5


def side_by_side(each):
    return Said(
        torch.stack([one.raw for one in each]),
        torch.stack([one.boxes for one in each]),
        torch.stack([one.logits for one in each]),
    )


def marks(*rows):
    return np.array(rows, np.float32).reshape(-1, 6)


@pytest.fixture
def batch():
    def loss(now, was, empty, own, **changes):
        return batch_loss(
            side_by_side(now), side_by_side(was), [(SIDE, SIDE)] * len(empty), empty, own,
            (SIDE, SIDE), replace(TUNING, **changes),
        )  # fmt: skip

    return loss


IN_MIDDLE = marks((48 / SIDE, 48 / SIDE, 40 / SIDE, 40 / SIDE, 0.8, 0.9))


def test_a_batch_is_the_mean_of_its_pictures_and_says_its_parts(batch):
    total, parts = batch([TEACHER, QUIET], [TEACHER, QUIET], [False, True], [IN_MIDDLE, IN_MIDDLE],
                         rank_weight=0)  # fmt: skip
    alone = animal(TEACHER, TEACHER) + empty_loss(QUIET, QUIET, TUNING).loss.item()
    assert total.item() == pytest.approx(alone / 2, rel=1e-4)
    assert parts.keys() == {"empty", "animal", "held", "boxes"}


def test_boxes_of_a_padded_picture_are_where_its_own_size_says(batch):
    # The picture is the upper left part; its box is at the place of the middle cell all the same.
    small = marks((48 / 96, 48 / 96, 40 / 96, 40 / 96, 0.8, 0.9))
    whole, _ = batch([TEACHER], [TEACHER], [False], [IN_MIDDLE])
    both = side_by_side([TEACHER])
    part, _ = batch_loss(both, both, [(96, 96)], [False], [small], (SIDE, SIDE), TUNING)
    assert part.item() == pytest.approx(whole.item(), rel=1e-4)


def test_a_picture_whose_animals_were_cut_off_counts_for_nothing(batch):
    total, parts = batch([TEACHER], [TEACHER], [False], [marks()])
    assert (total.item(), parts) == (0, {})


def test_the_wrong_way_round_costs_more_than_the_right_one(batch):
    right, _ = batch([TEACHER, QUIET], [TEACHER, QUIET], [False, True], [IN_MIDDLE, IN_MIDDLE])
    wrong, _ = batch([TEACHER, QUIET], [TEACHER, QUIET], [True, False], [IN_MIDDLE, IN_MIDDLE])
    assert wrong > right + 1
