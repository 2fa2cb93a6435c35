"""What a picture teaches, and which of its boxes is the animal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from camtrap.learn.dataset import Sample
from camtrap.learn.detector.targets import (
    Mark,
    can_be_seen,
    choose,
    is_doubtful,
    taught_of,
)
from camtrap.learn.looks import Seen
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from tests.learn.detector.made import TUNING

BOX = Box(0.1, 0.1, 0.2, 0.2)


def sample(file="a", label="prey", **said):
    return replace(Sample(Path(file), file, label, file, "park", "train"), **said)


def seen(*scores):
    return Seen(400, 300, tuple(Proposal(BOX, score) for score in scores))


def marks(*said):
    return np.array([(*BOX, *each) for each in said], np.float32).reshape(-1, 6)


@pytest.mark.parametrize(
    ("said", "rows", "sure"),
    [
        ([(0.8, 0.1), (0.1, 0.9)], (0,), True),
        ([(0.8, 0.1), (0.3, 0.0), (0.29, 0.9)], (0, 1), True),
        ([(0.2, 0.1), (0.1, 0.9)], (1,), False),
        ([(0.2, 0.6), (0.1, 0.9), (0.05, 0.5)], (1, 0), False),
        ([(0.2, 0.5)], (0,), False),
        ([], (), False),
    ],
    ids=["sure", "two sure", "the likelier", "nearly as likely", "one", "none"],
)
def test_the_boxes_that_are_learnt_as_the_animal(said, rows, sure):
    assert choose(marks(*said)) == (rows, sure)


@pytest.mark.parametrize(
    ("said", "teaches"),
    [
        ([(0.08, 0.0)], True),
        ([(0.07, 0.49)], False),
        ([(0.07, 0.2), (0.01, 0.5)], True),
        ([(0.9, 0.0)], True),
        ([], False),
    ],
)
def test_an_animal_that_nobody_can_see_teaches_nothing(said, teaches):
    assert can_be_seen([Mark(BOX, *each) for each in said], TUNING) is teaches


def test_pictures_nobody_can_see_are_left_out_and_empty_ones_are_not():
    samples = [sample("seen"), sample("hidden"), sample("faint"), sample("none", "empty")]
    looked = [seen(0.6), seen(0.05), seen(0.05, 0.01), seen(0.02)]
    taught = taught_of(samples, looked, {1: (0.1,), 2: (0.2, 0.8)}, {}, TUNING)
    assert [each and each.file for each in taught] == ["seen", None, "faint", "none"]
    assert taught[2] is not None
    assert [mark.alive for mark in taught[2].marks] == [0.2, 0.8]
    assert taught[3] is not None
    assert taught[3].empty


@pytest.mark.parametrize("said", [{"source": "drones"}, {"licence": ""}, {"modality": "drone"}])
def test_where_a_picture_comes_from_does_not_decide_whether_it_teaches(said):
    one, other = taught_of([sample(), sample(**said)], [seen(0.6)] * 2, {}, {}, TUNING)
    assert one == other
    assert one is not None


def test_a_stand_in_belongs_to_its_picture():
    copies = {"b": Path("copy.jpg")}
    taught = taught_of([sample("a"), sample("b")], [seen(0.6)] * 2, {}, copies, TUNING)
    assert [each and each.stand_in for each in taught] == [None, Path("copy.jpg")]


@pytest.mark.parametrize(
    ("label", "scores", "doubtful"),
    [
        ("prey", (0.29,), True),
        ("prey", (0.3, 0.1), False),
        ("person", (0.1,), True),
        ("empty", (0.1,), False),
        ("prey", (), False),
    ],
)
def test_a_second_opinion_is_needed_where_an_animal_was_hardly_found(label, scores, doubtful):
    assert is_doubtful(sample(label=label), seen(*scores)) is doubtful


def test_boxes_as_a_table_keep_their_order():
    [one] = taught_of([sample()], [seen(0.6, 0.2)], {0: (0.5, 0.25)}, {}, TUNING)
    assert one is not None
    np.testing.assert_allclose(one.table()[:, 4:], [(0.6, 0.5), (0.2, 0.25)])
    assert one.best == 0.6
    assert replace(one, marks=()).table().shape == (0, 6)
    assert replace(one, marks=()).best == 0
