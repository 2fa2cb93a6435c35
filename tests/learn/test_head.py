"""The head: what it learns, and what it believes of classes without pictures."""

from __future__ import annotations

import numpy as np

from camtrap.learn.head import HeadSettings, fit_head, prior_weights
from camtrap.vision.calibration import CLASSES


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
