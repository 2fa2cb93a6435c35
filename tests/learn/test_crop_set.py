"""The crops of a training run: which an epoch draws, and that their pixels are those of use."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import TruncatedPicture
from camtrap.learn.crop_set import batches, class_weights, draw, normalised, pixels_of
from camtrap.pixels.decode import decode_crops
from camtrap.pixels.fit import square_around
from camtrap.records import Box
from camtrap.vision.calibration import CLASSES
from tests.cards import encoded, textured
from tests.learn.small import RULES, labelled_crops

# Which crops


def drawn(labels, count, *, balance=0.5, most=4, seed=0):
    return draw(labels, count, balance, most, np.random.default_rng(seed))


def numbers_of(labels, order):
    return Counter(labels[i] for i in order)


LABELS = ["leopard"] * 100 + ["prey"] * 25 + ["person"] * 4


@pytest.mark.parametrize(
    ("balance", "count", "expected"),
    [
        (0.0, 129, {"leopard": 100, "prey": 25, "person": 4}),  # as they are
        (0.5, 170, {"leopard": 100, "prey": 50, "person": 16}),  # 10 : 5 : 2, person at most 4 * 4
        (0.5, 85, {"leopard": 50, "prey": 25, "person": 10}),
        (1.0, 36, {"leopard": 12, "prey": 12, "person": 12}),  # all alike
    ],
)
def test_balance_goes_from_as_they_are_to_all_alike(balance, count, expected):
    assert numbers_of(LABELS, drawn(LABELS, count, balance=balance)) == expected


def test_one_picture_of_a_person_is_not_drawn_for_ever():
    labels = ["leopard"] * 50 + ["person"]
    assert numbers_of(labels, drawn(labels, 100, balance=1.0, most=3)) == {
        "leopard": 50,
        "person": 3,
    }


@given(
    labels=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=40),
    count=st.integers(1, 200),
    balance=st.floats(0, 1),
    most=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_draw_keeps_the_rules(labels, count, balance, most, seed):
    order = drawn(labels, count, balance=balance, most=most, seed=seed)
    times = Counter(order)
    assert set(times) <= set(range(len(labels)))
    assert all(n <= most for n in times.values())
    # Rounding may add half a crop a class.
    assert len(order) <= count + len(set(labels)) / 2
    for label in set(labels):
        own = [times[i] for i, each in enumerate(labels) if each == label]
        assert max(own) - min(own) <= 1, "all are gone through before one comes again"
    assert order == drawn(labels, count, balance=balance, most=most, seed=seed)


def test_another_epoch_draws_others_of_a_large_class():
    one, other = (set(drawn(["prey"] * 100, 30, seed=seed)) for seed in (1, 2))
    assert len(one) == len(other) == 30
    assert len(one - other) > 10


def test_classes_come_mixed():
    order = drawn(LABELS, 129, balance=0.0)
    first_half = numbers_of(LABELS, order[:64])
    assert 5 <= first_half["prey"] <= 20
    assert order != drawn(LABELS, 129, balance=0.0, seed=1)


# Their pixels


@pytest.fixture
def crops(tmp_path):
    """Four crops off the middle of four detailed pictures, and four of two kinds."""
    more = []
    for number in range(4):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(encoded(textured(seed=number)))
        template = labelled_crops(tmp_path, 1)[0]
        box = Box(0.1 * number, 0.05, 0.3, 0.4)
        more.append(replace(template, path=path, file=path.name, width=160, height=120, box=box))
    return more + labelled_crops(tmp_path, 2)


def all_of(crops, order, *, size=3, seed=None, workers=2):
    got = list(batches(crops, order, RULES, size=size, seed=seed, workers=workers))
    return torch.cat([p for p, _ in got]), torch.cat([c for _, c in got]), [len(p) for p, _ in got]


def test_plain_crops_are_what_use_would_cut(crops):
    pixels, _, _ = all_of(crops, range(len(crops)))
    for crop, row in zip(crops, pixels.numpy(), strict=True):
        region = square_around(crop.box, crop.width, crop.height, RULES.context)
        expected = decode_crops(crop.path.read_bytes(), [region], RULES.side, RULES.fill)[0]
        np.testing.assert_array_equal(row, expected)
        np.testing.assert_array_equal(pixels_of(crop, RULES, None), expected)


def test_batches_keep_the_order_and_the_last_is_shorter(crops):
    order = [5, 0, 5, 2, 7, 1, 4]
    pixels, classes, sizes = all_of(crops, order)
    plain, _, _ = all_of(crops, range(len(crops)))
    assert sizes == [3, 3, 1]
    assert (pixels.shape[1:], pixels.dtype) == ((64, 64, 3), torch.uint8)
    assert torch.equal(pixels, plain[order])
    assert classes.tolist() == [CLASSES.index(crops[i].label) for i in order]


@pytest.mark.parametrize("seed", [None, [7, 1]])
@pytest.mark.parametrize(("workers", "size"), [(1, 3), (4, 3), (3, 2), (8, 16)])
def test_workers_and_batches_do_not_change_the_pixels(crops, seed, workers, size):
    order = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]
    pixels, classes, _ = all_of(crops, order, seed=seed, workers=1)
    again, same_classes, _ = all_of(crops, order, seed=seed, workers=workers, size=size)
    assert torch.equal(pixels, again)
    assert torch.equal(classes, same_classes)


def test_a_crop_is_varied_by_seed_and_place_alone(crops):
    pixels, _, _ = all_of(crops, [0, 1, 0], seed=[7, 1])
    other_neighbours, _, _ = all_of(crops, [0, 3, 0], seed=[7, 1])
    other_epoch, _, _ = all_of(crops, [0, 1, 0], seed=[7, 2])
    assert torch.equal(pixels[[0, 2]], other_neighbours[[0, 2]])
    assert not torch.equal(pixels[0], pixels[2]), "each time it comes it looks otherwise"
    assert not torch.equal(pixels[0], other_epoch[0])
    plain, _, _ = all_of(crops, [0])
    assert not torch.equal(pixels[0], plain[0])


def test_more_crops_than_are_read_ahead_come_all(crops):
    order = list(range(8)) * 3
    _, classes, sizes = all_of(crops, order, size=2)
    assert sizes == [2] * 12
    assert len(classes) == 24


def test_no_crops_no_batches(crops):
    assert list(batches(crops, [], RULES, size=2, seed=None, workers=2)) == []


def test_who_stops_listening_does_not_wait_for_the_rest(crops):
    stream = batches(crops, range(8), RULES, size=1, seed=None, workers=1)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []


def test_a_damaged_picture_stops_the_training_instead_of_teaching_grey(crops):
    data = crops[2].path.read_bytes()
    crops[2].path.write_bytes(data[: len(data) // 2])
    with pytest.raises(TruncatedPicture):
        all_of(crops, range(4))


# Numbers


def test_pixels_become_what_the_backbone_wants():
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    seen = normalised(pixels, 127.0, 128.0)
    assert seen.shape == (1, 3, 1, 1)
    assert seen.flatten().tolist() == [-127 / 128, 0.0, 1.0]


def test_class_weights_have_a_mean_of_one_and_hold_rare_classes_back():
    labels = ["leopard"] * 80 + ["prey"] * 20 + ["person"]
    weights = class_weights(labels, 1.0, rare=20)
    by = dict(zip(CLASSES, weights.tolist(), strict=True))
    assert by["prey"] == pytest.approx(4 * by["leopard"])
    assert by["person"] == by["prey"], "one picture does not weigh as twenty"
    assert np.mean([by[label] for label in labels]) == pytest.approx(1)
    assert class_weights(labels, 0.0, rare=20).tolist() == pytest.approx([1] * len(CLASSES))
