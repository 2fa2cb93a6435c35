"""What is learnt from a labelled picture, and the variations that leave it what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camtrap.learn import augment
from camtrap.learn.crops import jittered, labelled_boxes
from camtrap.learn.dataset import Sample
from camtrap.pixels.decode import is_infrared
from camtrap.pixels.fit import overlap
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

ANIMAL = Proposal(Box(0.4, 0.4, 0.2, 0.2), 0.8)
WEAK = Proposal(Box(0.05, 0.05, 0.1, 0.1), 0.02)
SECOND = Proposal(Box(0.7, 0.1, 0.2, 0.2), 0.6)


def sample(label):
    return Sample(path=Path("a.jpg"), file="a.jpg", label=label, group="", source="", split="train")


def boxes(label, *found, seed=0):
    return labelled_boxes(sample(label), found, 4 / 3, np.random.default_rng(seed))


def test_the_best_box_of_an_animals_picture_holds_the_animal():
    assert (boxes("leopard", ANIMAL)[0].box, boxes("leopard", ANIMAL)[0].label) == (
        ANIMAL.box,
        "leopard",
    )


def test_weak_boxes_and_the_ground_beside_an_animal_hold_nothing():
    rest = boxes("leopard", ANIMAL, WEAK)[1:]
    assert WEAK.box in [each.box for each in rest]
    assert {each.label for each in rest} == {"nothing"}


def test_a_second_strong_box_is_left_out():
    assert SECOND.box not in [each.box for each in boxes("prey", ANIMAL, SECOND)]


def test_a_picture_whose_animal_was_not_found_teaches_nothing():
    assert boxes("prey", WEAK) == []


def test_all_boxes_of_an_empty_picture_hold_nothing():
    labelled = boxes("empty", SECOND, WEAK)
    assert {SECOND.box, WEAK.box} <= {each.box for each in labelled}
    assert {each.label for each in labelled} == {"nothing"}


@pytest.mark.parametrize("seed", range(20))
def test_ground_crops_never_touch_a_strong_box(seed):
    for each in boxes("prey", ANIMAL, SECOND, seed=seed)[1:]:
        assert overlap(each.box, ANIMAL.box) < 0.01
        assert overlap(each.box, SECOND.box) < 0.01


@pytest.mark.parametrize("seed", range(20))
def test_a_jittered_box_still_holds_most_of_the_animal(seed):
    assert overlap(jittered(ANIMAL.box, np.random.default_rng(seed)), ANIMAL.box) > 0.35


COLOUR = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
GREY = np.repeat(COLOUR[..., :1], 3, axis=2)
CHANGES = (*(change for _, change in augment.ALWAYS), augment.night, augment.day)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_keeps_size_and_type_and_does_something(change):
    before = COLOUR.copy()
    changed = change(COLOUR, np.random.default_rng(3))
    assert changed.shape == COLOUR.shape
    assert changed.dtype == np.uint8
    assert (changed != COLOUR).any()
    assert (before == COLOUR).all(), "the picture given must stay as it was"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_same_generator_gives_the_same_crop(change):
    once, again = (change(COLOUR, np.random.default_rng(5)) for _ in range(2))
    assert (once == again).all()


def test_day_becomes_night_and_night_becomes_day():
    smooth = np.zeros((64, 64, 3), np.uint8)
    smooth[..., 0], smooth[..., 1] = np.linspace(20, 240, 64)[None], 90
    nights = [augment.night(smooth, np.random.default_rng(seed)) for seed in range(8)]
    assert all(is_infrared(night) for night in nights)
    gradient = (
        np.repeat(np.linspace(0, 255, 64)[None, :, None], 64, 0).repeat(3, 2).astype(np.uint8)
    )
    days = [augment.day(gradient, np.random.default_rng(seed)) for seed in range(8)]
    assert not all(is_infrared(day) for day in days)


def test_augment_is_repeatable():
    once, again = (augment.augment(GREY, np.random.default_rng(9)) for _ in range(2))
    assert (once == again).all()


PRINTS = (augment.strip, augment.logo, augment.painted_out, augment.mask_strips)


@pytest.mark.parametrize("change", PRINTS, ids=lambda change: change.__name__)
@pytest.mark.parametrize("size", [(16, 16), (40, 300), (300, 40), (260, 260)])
def test_prints_fit_crops_of_any_shape(change, size):
    crop = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    for seed in range(12):
        assert change(crop, np.random.default_rng(seed)).shape == crop.shape


@pytest.mark.parametrize("seed", range(12))
def test_masked_strips_lie_at_top_and_bottom_and_leave_the_middle(seed):
    masked = augment.mask_strips(COLOUR, np.random.default_rng(seed))
    changed = np.flatnonzero((masked != COLOUR).any(axis=(1, 2)))
    assert len(changed)
    assert all(row < 0.16 * 96 or row >= 0.84 * 96 for row in changed)


def test_masked_strips_leave_nothing_of_what_was_printed_there():
    printed = np.full((100, 100, 3), 90, np.uint8)
    printed[:4], printed[-4:] = 255, 255
    for seed in range(20):
        masked = augment.mask_strips(printed, np.random.default_rng(seed))
        covered = [rows for rows in (masked[:4], masked[-4:]) if not (rows == 255).all()]
        assert covered
        assert all(rows.mean() < 220 for rows in covered)


def test_logos_are_orange_often_enough_to_be_no_sign_of_a_class():
    grey = np.full((260, 260, 3), 60, np.uint8)
    orange = 0
    for seed in range(60):
        pixels = augment.logo(grey, np.random.default_rng(seed)).astype(int)
        orange += bool(((pixels[..., 0] > 220) & (pixels[..., 2] < 40)).any())
    assert orange > 15


def test_a_strip_holds_letters_of_at_least_two_shades():
    grey = np.full((260, 260, 3), 60, np.uint8)
    for seed in range(20):
        rows = augment.strip(grey, np.random.default_rng(seed)).reshape(260, -1)
        lettered = [row for row in rows if len(np.unique(row)) > 3]
        assert 4 <= len(lettered) <= 0.16 * 260, seed


def test_a_painted_out_outline_leaves_the_middle_and_the_margin():
    crop = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    for seed in range(20):
        changed = (augment.painted_out(crop, np.random.default_rng(seed)) != crop).any(axis=2)
        assert 0.01 < changed.mean() < 0.4
        assert not changed[80:120, 80:120].any()
