"""The head, the scenes, and the settings of training; no network is run here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camtrap.errors import ConfigError, ModelError
from camtrap.learn.convert import _LITE_NAMES, _YOLOX_NAMES, SOURCES, read_wheel, renamed
from camtrap.learn.head import HeadSettings, fit_head, prior_weights
from camtrap.learn.settings import parse_numbers, read_settings
from camtrap.learn.train import alike
from camtrap.vision.calibration import CLASSES

SETTINGS = Path(__file__).parents[2] / "configs" / "train-amur.toml"


def blobs(seed, per_class=40):
    """Four classes as clouds in 8 dimensions, in two variations each."""
    random = np.random.default_rng(seed)
    names = ["leopard", "prey", "other", "nothing"]
    centres = np.random.default_rng(0).normal(0, 3, (4, 8))
    labels = [name for name in names for _ in range(per_class)]
    which = [names.index(label) for label in labels]
    x = centres[which][:, None] + random.normal(0, 1, (len(labels), 2, 8))
    return x.astype(np.float32), labels


def test_the_head_learns_what_can_be_told_apart():
    features, labels = blobs(1)
    head = fit_head(features, labels, [], HeadSettings(decay=0.001, balance=1.0))
    unseen, truth = blobs(2)
    said = [CLASSES[i] for i in head.logits(unseen[:, 0]).argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(said, truth, strict=True)]) > 0.95


def test_a_class_without_pictures_follows_its_imagenet_group():
    features, labels = blobs(1)
    group = np.random.default_rng(3).uniform(-12, -8, (*features.shape[:2], 1)).astype(np.float32)
    features = np.concatenate([features, group], axis=2)
    head = fit_head(features, labels, ["vehicle"], HeadSettings(decay=0.05, balance=1.0))
    quiet, loud = features[:1, 0].copy(), features[:1, 0].copy()
    quiet[0, -1], loud[0, -1] = -12, 0
    vehicle = CLASSES.index("vehicle")
    assert head.logits(loud)[0, vehicle] - head.logits(quiet)[0, vehicle] > 6


def test_the_prior_is_one_from_a_group_to_its_label_in_the_features_own_unit():
    spread = np.array([1.0, 2.0, 4.0], np.float32)
    weights = prior_weights(["prey"], spread) / spread
    assert weights[CLASSES.index("prey")].tolist() == [0, 0, 1]
    assert weights.sum() == 1


def test_the_same_crops_give_the_same_head():
    features, labels = blobs(1)
    settings = HeadSettings(decay=0.01, balance=0.5)
    once, again = (fit_head(features, labels, [], settings) for _ in range(2))
    assert (once.weight == again.weight).all()


def test_frames_that_are_alike_directly_or_through_others_are_one_scene():
    def at(degrees):
        return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)

    vectors = [at(0), at(80), at(15), at(30), at(95)]
    assert alike(vectors, np.cos(np.radians(16))) == [[0, 2, 3], [1, 4]]
    assert alike([], 0.5) == []


@pytest.mark.parametrize(
    ("said", "numbers"), [("1,5-7", [1, 5, 6, 7]), ([3, 4], [3, 4]), ("9", [9])]
)
def test_numbers(said, numbers):
    assert parse_numbers(said) == numbers


def test_the_shipped_training_settings_can_be_read():
    settings = read_settings(SETTINGS)
    assert settings.group_labels[0] == "leopard"
    members = [n for group in settings.crop_rules()["groups"].values() for n in group]
    assert len(members) == len(set(members)), "an ImageNet class speaks for one label only"
    assert all(0 <= number < 1000 for number in members)


def test_misspelt_training_settings_are_refused(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text(SETTINGS.read_text(encoding="utf-8").replace("seed", "sead"), encoding="utf-8")
    with pytest.raises(ConfigError, match="sead, seed"):
        read_settings(path)


def test_another_wheel_than_the_published_one_is_refused(tmp_path):
    wheel = tmp_path / "zamba.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        read_wheel(wheel, SOURCES["detector"])


@pytest.mark.parametrize(
    ("rules", "theirs", "ours"),
    [
        (
            _YOLOX_NAMES,
            "backbone.backbone.dark3.1.m.2.conv2.bn.weight",
            "backbone.stage3.1.blocks.2.expand.norm.weight",
        ),
        (
            _YOLOX_NAMES,
            "backbone.backbone.dark5.1.conv2.conv.weight",
            "backbone.stage5.1.join.conv.weight",
        ),
        (
            _YOLOX_NAMES,
            "backbone.C3_n4.conv3.bn.bias",
            "backbone.out5.join.norm.bias",
        ),
        (_YOLOX_NAMES, "head.reg_convs.1.0.conv.weight", "heads.1.box_tower.0.conv.weight"),
        (
            _LITE_NAMES,
            "_blocks.12._depthwise_conv.weight",
            "blocks.12.depthwise.conv.weight",
        ),
        (_LITE_NAMES, "_bn1.running_var", "last.norm.running_var"),
    ],
)
def test_published_names_become_ours(rules, theirs, ours):
    assert renamed(theirs, rules) == ours
