"""The learner: it says what the detector says, and only what may learn can change."""

from __future__ import annotations

import pytest
import torch

from camtrap.errors import ModelError
from camtrap.learn.detector.network import FROZEN, DetectorLearner, detector_state, fresh_learner
from camtrap.vision.checkpoint import find
from camtrap.vision.yolox import YoloX
from tests.learn.detector.made import small_detector, small_learner

PICTURES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 255


def test_it_says_what_the_detector_says():
    boxes, scores = small_detector()(PICTURES)
    for said in small_learner()(PICTURES):
        torch.testing.assert_close(said.boxes, boxes, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(said.logits.sigmoid(), scores[..., 0], rtol=1e-4, atol=1e-6)


def test_log_odds_are_told_where_scores_round_to_nothing():
    network = small_detector()
    with torch.no_grad():
        for head in network.heads:
            head.get_submodule("object_out").bias.fill_(-200.0)  # type: ignore[operator]
    said, _ = DetectorLearner(network)(PICTURES)
    assert said.logits.isfinite().all()
    assert said.logits.max() < -150


def test_the_first_stages_and_the_teacher_do_not_learn():
    learner = small_learner()
    learnt = learner.learnt()
    assert learnt
    assert not any(
        name.startswith(tuple(f"backbone.{part}." for part in FROZEN)) for name in learnt
    )
    assert any(name.startswith("backbone.stage4.") for name in learnt)
    assert any(name.startswith("heads.0.") for name in learnt)
    now, was = learner(PICTURES)
    assert not was.logits.requires_grad
    now.logits.sum().backward()
    graded = {name for name, value in learner.named_parameters() if value.grad is not None}
    assert graded <= {f"student.{name}" for name in learnt}


def test_weights_that_are_put_are_what_it_says_then():
    learner, other = small_learner(0), small_learner(1)
    learner.put(other.learnt())
    assert all(map(torch.equal, learner.learnt().values(), other.learnt().values()))
    assert not torch.equal(learner(PICTURES)[0].logits, learner(PICTURES)[1].logits)


def test_its_state_is_that_of_the_detector():
    state = detector_state(small_learner())
    own = small_detector().state_dict()
    assert state.keys() == own.keys()
    assert all(torch.equal(state[name], value) for name, value in own.items())


def test_the_published_detector_can_learn():
    learner = fresh_learner(find("animal-detector"))
    assert isinstance(learner.student, YoloX)
    assert not any("norm" in name for name in learner.learnt())


def test_a_backbone_is_no_detector():
    with pytest.raises(ModelError, match="only a YOLOX detector"):
        fresh_learner(find("lite2-imagenet"))
