"""The first look: from the detector's raw output to a few boxes that deserve the second look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camtrap.pixels.fit import clipped, overlap
from camtrap.records import Box


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place in the picture where the detector sees something alive; `score` is its own, 0..1."""

    box: Box
    score: float


def proposals(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    size: tuple[int, int],
    *,
    min_score: float,
    max_overlap: float,
    max_count: int,
) -> tuple[Proposal, ...]:
    """Pick the best boxes that do not cover each other (greedy non-maximum suppression), best
    first.

    `boxes` is (n, 4) as centre x, centre y, width, height in pixels of the detector's input;
    `scores` is (n,), 0..1; `size` is the (width, height) in pixels of the picture's part of that
    input. The single best box is always kept, whatever its score, so that a picture in which the
    detector saw next to nothing still gets a second look.
    """
    if not len(scores):
        return ()
    picked: list[Proposal] = []
    # Equal scores are taken in the order of the cells, so the result never depends on the sort.
    order = np.argsort(-scores, kind="stable")
    for index in order[: 50 * max_count]:
        score = float(scores[index])
        if len(picked) >= max_count or (picked and score < min_score):
            break
        box = _relative(boxes[index], size)
        if box.width <= 0 or box.height <= 0:
            continue
        if all(overlap(box, other.box) <= max_overlap for other in picked):
            picked.append(Proposal(box, score))
    return tuple(picked)


def _relative(box: NDArray[np.float32], size: tuple[int, int]) -> Box:
    x, y, width, height = (float(value) for value in box)
    return clipped(
        Box(
            (x - width / 2) / size[0],
            (y - height / 2) / size[1],
            width / size[0],
            height / size[1],
        )
    )
