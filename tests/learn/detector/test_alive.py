"""The second opinion: chances of doubtful boxes, by heads that saw nothing of the box's fold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from camtrap.errors import DataError
from camtrap.learn.crop_set import LabelledCrop
from camtrap.learn.dataset import Sample
from camtrap.learn.detector import alive
from camtrap.learn.detector.alive import (
    EVEN,
    alive_chances,
    joined,
    out_of_fold_chances,
    second_opinions,
)
from camtrap.learn.looks import Seen
from camtrap.learn.prepare import Prepared, silent
from camtrap.records import Box
from camtrap.vision.calibration import CLASSES
from camtrap.vision.proposals import Proposal
from tests.learn.small import quick_settings

SETTINGS = replace(quick_settings(), groups={"leopard": {"cats": [288]}})
BOX = Box(0.1, 0.1, 0.2, 0.2)


@pytest.mark.parametrize(
    ("living", "nothing", "chance"),
    [(0.0, 0.0, 5 / 6), (-50.0, 0.0, 0.0), (50.0, 0.0, 1.0), (0.0, np.log(5), 0.5)],
)
def test_a_chance_is_that_of_anything_but_nothing(living, nothing, chance):
    logits = np.full((1, len(CLASSES)), living, np.float32)
    logits[0, -1] = nothing
    assert alive_chances(logits).tolist() == pytest.approx([chance], abs=1e-5)


@pytest.mark.parametrize("chance", [0.01, 0.5, 0.99])
def test_an_even_score_leaves_the_heads_chance(chance):
    assert joined(chance, EVEN) == pytest.approx(chance)


def test_of_two_boxes_alike_to_the_head_the_better_one_is_likelier():
    assert joined(0.5, 0.02) < joined(0.5, 0.05) < joined(0.5, 0.2)
    assert joined(0.3, 0.1) < joined(0.6, 0.1)
    assert 0 < joined(0.0, 0.0) < joined(1.0, 1.0) <= 1


def crop(label):
    return LabelledCrop(Path("p"), "p", 9, 9, BOX, label)


def prepared(found=((0.9,), (0.1, 0.05), (0.2,), (0.1,))):
    """Four pictures in two folds; the first feature says alive in fold 0, the second in fold 1."""
    labels = ("prey", "prey", "prey", "empty")
    samples = tuple(Sample(Path(n), n, label, n, "", "")
                    for n, label in zip("abcd", labels, strict=True))  # fmt: skip
    seen = tuple(Seen(9, 9, tuple(Proposal(BOX, score) for score in each)) for each in found)
    owner = np.array([0, 0, 1, 1] * 10)
    crops = tuple(crop(label) for label in ("prey", "nothing") * 20)
    features = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]] * 10, np.float32)
    return Prepared(samples, seen, crops, owner, features, (0, 1, 0, 1))


def test_each_box_is_judged_by_what_the_other_folds_taught():
    features = np.array([[1, -1, 0], [1, -1, 0]], np.float32)
    first, second = out_of_fold_chances(features, np.array([0, 1]), prepared(), SETTINGS)
    assert first < 0.4, "in fold 1 the second feature means alive, and here it is low"
    assert second > 0.6, "in fold 0 the first does, and here it is high"


def test_a_fold_that_is_all_there_is_cannot_be_judged():
    alone = replace(prepared(), fold_of=(0, 0, 0, 0))
    with pytest.raises(DataError, match="more sites"):
        out_of_fold_chances(np.zeros((1, 3), np.float32), np.array([0]), alone, SETTINGS)


class Looking:
    """Gives features to crops and counts them."""

    name = "stub 1"

    def __init__(self):
        self.crops = 0

    def __call__(self, classifier, crops, rules, kept, stage, report):
        self.crops += len(crops)
        return np.array([[0, 1 - 2 * (i % 2), 0] for i in range(len(crops))], np.float32)


@pytest.fixture
def looking(monkeypatch):
    stub = Looking()
    monkeypatch.setattr(alive, "features_of", stub)
    return stub


def test_only_animals_that_were_hardly_found_are_judged(looking, tmp_path):
    said = second_opinions(prepared(), SETTINGS, looking, tmp_path, silent)
    assert {index: len(chances) for index, chances in said.items()} == {1: 2, 2: 1}
    assert looking.crops == 3
    assert all(0 <= chance <= 1 for chances in said.values() for chance in chances)


def test_what_was_judged_is_kept_for_the_same_question(looking, tmp_path):
    said = second_opinions(prepared(), SETTINGS, looking, tmp_path, silent)
    assert second_opinions(prepared(), SETTINGS, looking, tmp_path, silent) == said
    assert looking.crops == 3
    other = replace(SETTINGS, head={"decay": 1.0, "balance": 0.5})
    assert second_opinions(prepared(), other, looking, tmp_path, silent) != said
    assert looking.crops == 6


def test_where_all_is_sure_nothing_is_asked(looking, tmp_path):
    sure = prepared(((0.9,), (0.8,), (0.7,), (0.1,)))
    assert second_opinions(sure, SETTINGS, looking, tmp_path, silent) == {}
    assert looking.crops == 0
