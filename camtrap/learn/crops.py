"""Training crops: where in a labelled picture the label is true, and where nothing is.

The detector says where; the picture's label says what. Crops of `nothing` come from empty pictures
and, as importantly, from the ground around the animals in all others: otherwise the classifier
would learn to tell the cameras that gave empty pictures from those that gave animals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camtrap.learn.dataset import Sample
from camtrap.pixels.fit import overlap
from camtrap.records import Box, State
from camtrap.vision.calibration import NOTHING
from camtrap.vision.proposals import Proposal

SURE = 0.05
"""From this detector score on, the best box of a picture with an animal is taken to hold it."""

CLEAR = 0.25
"""From this best score on, weak boxes elsewhere in the picture are taken to hold nothing."""

WEAK = 0.05
GROUND_CROPS = 1
WEAK_CROPS = 2


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A box that holds `label`, a class of the classifier.

    `score` is the detector's, 0 where it saw none.
    """

    box: Box
    label: str
    score: float


def labelled_boxes(
    sample: Sample, found: Sequence[Proposal], aspect: float, random: np.random.Generator
) -> list[LabelledBox]:
    """The boxes of one picture that are worth learning from; `aspect` is its width over its height.

    Boxes whose content is doubtful (a second strong box, a weak best one) are left out.
    """
    if sample.label == State.EMPTY:
        boxes = [LabelledBox(p.box, NOTHING, p.score) for p in found]
        return boxes + _ground(found, 0.0, aspect, random, GROUND_CROPS)
    if not found or found[0].score < SURE:
        return []
    boxes = [LabelledBox(found[0].box, sample.label, found[0].score)]
    if found[0].score >= CLEAR:
        boxes += [
            LabelledBox(p.box, NOTHING, p.score)
            for p in found[1:]
            if p.score < WEAK and _apart(p.box, found, 0.1)
        ][:WEAK_CROPS]
        boxes += _ground(found, WEAK, aspect, random, GROUND_CROPS)
    return boxes


def _ground(
    found: Sequence[Proposal],
    strong: float,
    aspect: float,
    random: np.random.Generator,
    count: int,
) -> list[LabelledBox]:
    """Random squares that touch no box of score `strong` or more; fewer without room."""
    boxes: list[LabelledBox] = []
    for _ in range(10 * count):
        if len(boxes) == count:
            break
        height = float(np.exp(random.uniform(np.log(0.08), np.log(0.6))))
        width = min(height / aspect, 1.0)
        box = Box(random.uniform(0, 1 - width), random.uniform(0, 1 - height), width, height)
        if all(p.score < strong or overlap(box, p.box) < 0.01 for p in found):
            boxes.append(LabelledBox(box, NOTHING, 0.0))
    return boxes


def _apart(box: Box, found: Sequence[Proposal], most: float) -> bool:
    return all(overlap(box, p.box) <= most for p in found if p.score >= WEAK and p.box != box)


def jittered(box: Box, random: np.random.Generator) -> Box:
    """The box moved and resized a little, as another detector or frame would give it."""
    scale = float(np.exp(random.uniform(np.log(0.8), np.log(1.3))))
    width, height = box.width * scale, box.height * scale
    x = box.x + (box.width - width) / 2 + random.uniform(-0.12, 0.12) * box.width
    y = box.y + (box.height - height) / 2 + random.uniform(-0.12, 0.12) * box.height
    return Box(x, y, width, height)
