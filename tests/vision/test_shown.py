"""Which boxes of a picture are shown and counted."""

from __future__ import annotations

from camtrap.records import Box, Detection, State
from camtrap.vision.calibration import LIVING
from camtrap.vision.predictor import shown

BODY = Box(0.2, 0.3, 0.4, 0.3)
HEAD = Box(0.52, 0.32, 0.06, 0.08)
ELSEWHERE = Box(0.8, 0.3, 0.1, 0.1)


def detection(box, **chances):
    probabilities = dict.fromkeys(LIVING, 0.0) | chances
    label = max(probabilities, key=lambda name: probabilities[name])
    return Detection(label, probabilities[label], box, 0.5, probabilities)


def test_a_head_within_its_animal_is_not_a_second_animal():
    found = shown([detection(HEAD, leopard=0.7), detection(BODY, leopard=0.9)], State.LEOPARD)
    assert [each.box for each in found] == [BODY]


def test_two_animals_apart_are_two():
    found = shown([detection(ELSEWHERE, prey=0.7), detection(BODY, prey=0.9)], State.PREY)
    assert [each.box for each in found] == [BODY, ELSEWHERE]


def test_what_is_more_likely_nothing_is_not_shown():
    assert shown([detection(BODY, prey=0.4)], State.EMPTY) == ()


def test_the_pictures_own_label_comes_first():
    found = shown([detection(ELSEWHERE, prey=0.9), detection(BODY, leopard=0.6)], State.LEOPARD)
    assert [each.label for each in found] == ["leopard", "prey"]


def test_a_leopard_can_always_be_pointed_at():
    doubtful = [detection(BODY, leopard=0.25, prey=0.2), detection(ELSEWHERE, prey=0.9)]
    found = shown(doubtful, State.LEOPARD)
    assert (found[0].label, found[0].box, found[0].confidence) == ("leopard", BODY, 0.25)
    assert len(found) == 2


def test_a_box_that_looks_more_like_prey_still_stands_for_the_leopard_it_may_be():
    found = shown([detection(BODY, leopard=0.4, prey=0.55)], State.LEOPARD)
    assert [(each.label, each.confidence) for each in found] == [("leopard", 0.4)]


def test_no_boxes():
    assert shown([], State.UNSURE) == ()
