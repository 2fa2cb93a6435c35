"""What a training needs before a network learns: scenes, crops, folds, kept features."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from camtrap.errors import DataError
from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen
from camtrap.learn.prepare import (
    alike,
    crops_of,
    features_of,
    proposed_crops,
    silent,
    stored_folds,
    threads,
    with_scenes,
)
from camtrap.learn.settings import read_settings
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from tests.learn.small import RULES, labelled_crops

SETTINGS = read_settings(Path(__file__).parents[2] / "configs" / "train-amur.toml")
HERE, THERE = Box(0.4, 0.4, 0.2, 0.2), Box(0.05, 0.05, 0.1, 0.1)


def sample(file, label="prey", group=""):
    return Sample(Path(file), file, label, group or file, "park", "train")


def at(*degrees):
    """Vectors of two dimensions, by their angle."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


# Scenes


def test_frames_that_are_alike_directly_or_through_others_are_one_scene():
    assert alike(at(0, 80, 15, 30, 95), np.cos(np.radians(16))) == [[0, 2, 3], [1, 4]]


@pytest.mark.parametrize(
    ("degrees", "scenes"),
    [([], []), ([7], [[0]]), ([0, 40, 80], [[0], [1], [2]]), ([5, 5, 5], [[0, 1, 2]])],
)
def test_few_frames(degrees, scenes):
    assert alike(at(*degrees), 0.99) == scenes


def test_a_chain_found_from_both_ends_is_one_scene():
    assert alike(at(0, 30, 20, 10), np.cos(np.radians(11))) == [[0, 1, 2, 3]]


def test_how_bright_a_frame_is_does_not_matter():
    vectors = at(0, 5, 60) * np.array([[1], [50], [2]], np.float32)
    assert alike(vectors, 0.99) == [[0, 1], [2]]


def test_pictures_without_a_site_get_that_of_their_scene():
    samples = [sample("a"), sample("b"), sample("c", group="site 1"), sample("d"), sample("e")]
    named = with_scenes(samples, at(0, 90, 0, 5, 60), similarity=0.99)
    assert [each.group for each in named] == [
        "scene of a",
        "scene of b",
        "site 1",  # what is known is not guessed, however alike the frame
        "scene of a",
        "scene of e",
    ]
    assert [replace(each, group="") for each in named] == [
        replace(each, group="") for each in samples
    ]


# Crops


def seen(*found):
    return Seen(400, 300, tuple(Proposal(box, score) for box, score in found))


def test_crops_know_their_picture():
    samples = [sample("a", "leopard"), sample("b"), sample("c", "empty")]
    looked = [seen((HERE, 0.8), (THERE, 0.01)), seen(), seen((HERE, 0.1))]
    crops, owner = crops_of(samples, looked, 1)
    assert [samples[i].file for i in owner] == [crop.file for crop in crops]
    assert set(owner.tolist()) == {0, 2}, "where no animal was found there is nothing to learn"
    assert (crops[0].label, crops[0].box) == ("leopard", HERE)
    assert {crop.label for crop in crops[1:]} == {"nothing"}
    assert {(crop.width, crop.height) for crop in crops} == {(400, 300)}


def test_the_crops_of_a_picture_do_not_depend_on_the_others():
    one, other = sample("a"), sample("b", "empty")
    looked = [seen((HERE, 0.8)), seen((HERE, 0.1))]
    together, _ = crops_of([one, other], looked, 1)
    alone, owner = crops_of([other], looked[1:], 1)
    assert alone == [crop for crop in together if crop.file == "b"]
    assert owner.tolist() == [0] * len(alone)
    assert crops_of([other], looked[1:], 2)[0] != alone, "the ground is drawn by the seed"


def test_no_pictures_no_crops():
    crops, owner = crops_of([], [], 1)
    assert (crops, owner.shape) == ([], (0,))


def test_in_use_all_boxes_are_looked_at_and_nothing_is_known_of_them():
    crops = proposed_crops(sample("a", "leopard"), seen((HERE, 0.8), (THERE, 0.01)))
    assert [crop.box for crop in crops] == [HERE, THERE]
    assert {crop.label for crop in crops} == {"nothing"}


# Features


class MeanClassifier:
    """A crop's features are the means of its channels."""

    name = "mean 1"

    def __init__(self):
        self.crops = 0

    def features(self, crops):
        self.crops += len(crops)
        return np.stack(crops).astype(np.float32).mean(axis=(1, 2))


@pytest.fixture
def classifier():
    return MeanClassifier()


@pytest.fixture
def look(tmp_path, classifier):
    def at_crops(crops, rules=RULES, report=silent):
        before = classifier.crops
        kept = tmp_path / "run" / "features.npz"
        found = features_of(classifier, crops, rules, kept, "looking", report)
        return found, classifier.crops - before

    return at_crops


def test_features_come_in_the_order_of_the_crops_and_are_kept(look, tmp_path):
    crops = labelled_crops(tmp_path / "crops", 10)
    found, count = look(crops)
    assert (found.shape, found.dtype, count) == ((20, 3), np.float32, 20)
    assert found[::2].min() > found[1::2].max(), "stripes are brighter than ground"
    again, count = look(crops)
    assert count == 0
    np.testing.assert_array_equal(again, found)


def test_other_crops_rules_or_backbones_are_looked_at_anew(look, tmp_path, classifier):
    crops = labelled_crops(tmp_path / "crops", 2)
    look(crops)
    assert look(crops[:2])[1] == 2
    assert look([replace(crops[0], box=HERE), crops[1]])[1] == 2
    assert look(crops[:2], replace(RULES, context=2.0))[1] == 2
    classifier.name = "mean 2"
    assert look(crops[:2], replace(RULES, context=2.0))[1] == 2
    assert look(crops[:2], replace(RULES, context=2.0))[1] == 0


def test_steps_are_told_up_to_all_of_them(look, tmp_path):
    crops = labelled_crops(tmp_path / "crops", 9)
    told = []

    def report(stage, steps):
        told.append((stage, steps))
        return told.append

    look(crops, report=report)
    assert told == [("looking", 18), 16, 18]
    look(crops, report=report)
    assert told[3:] == [("looking", 18), 18]


# Folds


def test_the_split_is_made_once_and_kept(tmp_path):
    samples = [sample(f"{i}.jpg", group=f"site {i % 5}") for i in range(20)]
    path = tmp_path / "run" / "folds.csv"
    made = stored_folds(path, samples, SETTINGS)
    assert len(set(made)) == SETTINGS.fold_count
    assert path.is_file()
    other = replace(SETTINGS, seed=SETTINGS.seed + 1)
    assert stored_folds(path, samples, other) == made
    assert stored_folds(path, samples[::-1], other) == made[::-1]


def test_a_split_of_other_pictures_is_refused(tmp_path):
    path = tmp_path / "folds.csv"
    stored_folds(path, [sample(name) for name in "abcdef"], SETTINGS)
    with pytest.raises(DataError, match=r"folds\.csv misses 1 of 6"):
        stored_folds(path, [sample(name) for name in "abcdeg"], SETTINGS)


def test_fewer_sites_than_folds_are_refused(tmp_path):
    with pytest.raises(DataError, match="2 folds of sites or events, and the settings want 3"):
        stored_folds(tmp_path / "folds.csv", [sample("a"), sample("b")], SETTINGS)


# Threads


def test_threads_are_set_for_the_block_and_then_as_before():
    before = torch.get_num_threads()
    with threads(3):
        assert torch.get_num_threads() == 3
        with pytest.raises(KeyError), threads(2):
            raise KeyError
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
