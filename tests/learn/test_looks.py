"""What the detector saw is kept, and is seen anew for other pictures, rules or detectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from camtrap.errors import UnreadablePicture
from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen, look_at
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from tests.cards import grey_frame, put

RULES = {"min_score": 0.01, "max_count": 2}


class GreyDetector:
    """Sees one box a picture, and in it how bright the picture is."""

    side = 32

    def __init__(self):
        self.frames = []
        self.rules = []

    def propose(self, frames, **rules):
        self.frames += frames
        self.rules.append(rules)
        return [
            (Proposal(Box(0.1, 0.2, 0.3, 0.4), round(float(f.mean()) / 255, 3)),) for f in frames
        ]


@pytest.fixture
def detector():
    return GreyDetector()


@pytest.fixture
def samples(tmp_path):
    """Six pictures, from dark to bright, whose names are not in that order."""
    names = ["e.jpg", "d.jpg", "сайт/a.jpg", "b.jpg", "c.jpg", "f.jpg"]
    greys = [20 + 40 * place for place in range(6)]
    put(
        tmp_path / "pictures",
        {n: grey_frame(g, g) for n, g in zip(names, greys, strict=True)},
    )
    return [
        Sample(tmp_path / "pictures" / name, name, "prey", name, "park", "train") for name in names
    ]


@pytest.fixture
def look(samples, tmp_path, detector):
    def at(which=None, *, key="abc", rules=None, kept=tmp_path / "run" / "looks.json", **options):
        before = len(detector.frames)
        seen = look_at(which or samples, detector, rules or RULES, kept=kept, key=key, **options)
        return seen, len(detector.frames) - before

    return at


def test_pictures_are_looked_at_in_their_order_at_the_detectors_size(look, detector):
    seen, count = look()
    scores = [each.found[0].score for each in seen]
    assert count == 6
    assert scores == sorted(scores)
    assert {(each.width, each.height) for each in seen} == {(48, 36)}
    assert {max(frame.shape) for frame in detector.frames} == {32}
    assert detector.rules[0] == RULES


def test_what_was_seen_is_read_again_and_is_the_same(look):
    seen, _ = look()
    again, count = look()
    assert count == 0
    assert again == seen
    assert isinstance(again[0], Seen)
    assert isinstance(again[0].found[0].box, Box)


@pytest.mark.parametrize("changed", [{"key": "abd"}, {"rules": {**RULES, "max_count": 3}}], ids=str)
def test_another_detector_or_rule_looks_again(look, changed):
    look()
    assert look(**changed)[1] == 6
    assert look(**changed)[1] == 0


def test_other_pictures_are_looked_at(look, samples):
    look()
    assert look(samples[:3])[1] == 3
    assert look(samples[2::-1])[1] == 3, "another order is other pictures"


@pytest.mark.parametrize("broken", [b"", b'{"key": ', b"\xff\xfe\x00", b"{}"], ids=repr)
def test_a_broken_file_is_made_anew(look, tmp_path, broken):
    seen, _ = look()
    path = tmp_path / "run" / "looks.json"
    whole = path.read_bytes()
    path.write_bytes(broken)
    assert look() == (seen, 6)
    assert path.read_bytes() == whole


def test_boxes_come_back_to_the_last_digit(look, detector, tmp_path):
    box = Box(1 / 3, 0.1 + 0.2, float(np.float32(0.7)), 5e-324)
    detector.propose = lambda frames, **_: [(Proposal(box, 2 / 3),)] * len(frames)
    seen, _ = look()
    assert seen[0].found == (Proposal(box, 2 / 3),)
    assert look()[0] == seen


def test_nothing_but_the_result_is_left_in_the_folder(look, tmp_path):
    look()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["looks.json"]
    json.loads((tmp_path / "run" / "looks.json").read_text(encoding="utf-8"))


def test_without_a_place_nothing_is_kept(look, tmp_path):
    assert look(kept=None)[1] == 6
    assert look(kept=None)[1] == 6
    assert not (tmp_path / "run").exists()


def test_every_picture_is_counted_looked_at_or_read(look):
    told = []
    look(on_done=lambda: told.append(1))
    assert len(told) == 6
    look(on_done=lambda: told.append(1))
    assert len(told) == 12


def test_a_picture_that_cannot_be_read_is_an_error_and_nothing_is_kept(look, samples, tmp_path):
    Path(samples[3].path).write_bytes(b"no picture")
    with pytest.raises(UnreadablePicture):
        look()
    assert not (tmp_path / "run").exists()
