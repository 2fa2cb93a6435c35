"""What an epoch shows: which pictures, how often, and in what company."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camtrap.learn.detector.feed import Draw, batches, draw_epoch
from camtrap.learn.detector.targets import Mark, Taught
from tests.learn.detector.made import MIDDLE, TUNING, ground, taught_pictures


def pictures(count, score, *, empty=False, shape=(96, 64), stand_in=None):
    width, height = shape
    marks = (Mark(MIDDLE, score, 0.5),)
    return [Taught(Path("p"), "p", width, height, empty, marks, stand_in) for _ in range(count)]


def drawn(taught, seed=0, **changes):
    plan = draw_epoch(taught, replace(TUNING, **changes), np.random.default_rng(seed))
    return [draw for batch in plan for draw in batch]


@pytest.mark.parametrize(
    ("taught", "times"),
    [
        (pictures(50, 0.5), 1),
        (pictures(50, 0.9, empty=True), 2),
        (pictures(50, 0.01, empty=True), 2),
        (pictures(50, 0.74), 1),
    ],
    ids=["not yet sure", "empty but loud", "empty", "nearly sure"],
)
def test_what_is_not_easy_is_shown_in_every_epoch(taught, times):
    counts = Counter(draw.picture for draw in drawn(taught, easy=0.0))
    assert counts == dict.fromkeys(range(50), times)


def test_of_easy_animals_a_share_is_shown_another_one_each_epoch():
    taught = pictures(400, 0.9)
    one, other = (set(drawn(taught, seed, easy=0.35)) for seed in (0, 1))
    assert 100 < len(one) < 180
    assert one != other
    assert not drawn(taught, easy=0.0)


def test_a_stand_in_is_shown_at_times_where_there_is_one():
    taught = pictures(200, 0.5, stand_in=Path("copy")) + pictures(200, 0.5)
    draws = drawn(taught, patched=0.5)
    stand_ins = [draw.picture for draw in draws if draw.stand_in]
    assert len(draws) == 400
    assert 60 < len(stand_ins) < 140
    assert max(stand_ins) < 200


def test_batches_hold_alike_shapes_and_are_not_in_their_order():
    taught = pictures(16, 0.5) + pictures(16, 0.5, shape=(64, 96))
    orders = set()
    for seed in range(5):
        plan = draw_epoch(taught, TUNING, np.random.default_rng(seed))
        assert [len(batch) for batch in plan] == [4] * 8
        tall = [{draw.picture >= 16 for draw in batch} for batch in plan]
        assert all(len(kinds) == 1 for kinds in tall)
        orders.add(tuple(kinds.pop() for kinds in tall))
    assert len(orders) > 2


@pytest.fixture
def taught(tmp_path):
    return taught_pictures(tmp_path / "pictures", 2)


def test_pictures_are_padded_to_what_the_network_needs(taught):
    [batch] = batches(taught, [[Draw(0), Draw(1)]], 80, seed=[0], workers=1)
    assert batch.pictures.shape == (2, 3, 64, 96)
    assert batch.pictures.dtype == torch.uint8
    assert batch.sizes == ((80, 53),) * 2
    assert not batch.pictures[:, :, 53:].any()
    assert not batch.pictures[:, :, :, 80:].any()
    assert batch.empty == (False, True)


def test_every_place_is_varied_by_its_own_number_however_many_work(taught):
    plan = [[Draw(0), Draw(0)], [Draw(0)]]
    runs = [list(batches(taught, plan, 96, seed=[4, 1], workers=n)) for n in (1, 3)]
    for one, other in zip(*runs, strict=True):
        assert torch.equal(one.pictures, other.pictures)
    first, second = runs[0][0].pictures
    assert not torch.equal(first, second)
    [again, _] = batches(taught, plan, 96, seed=[4, 2], workers=1)
    assert not torch.equal(again.pictures, runs[0][0].pictures)


def test_the_stand_in_is_what_is_shown(taught, tmp_path):
    copy = tmp_path / "copy.png"
    Image.fromarray(np.zeros_like(ground(0))).save(copy)
    one = replace(taught[0], stand_in=copy)
    own, other = batches([one], [[Draw(0)], [Draw(0, True)]], 96, seed=[0], workers=1)
    assert other.pictures.float().mean() < own.pictures.float().mean()
