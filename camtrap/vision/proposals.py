"""The first look: from the detector's raw output to a few boxes that deserve the second look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camtrap.pixels.fit import clipped, overlap
from camtrap.records import Box

UNSEEN = 0.002
"""The score that a look counts with where it has no box over what another look saw."""


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


def promising(found: tuple[Proposal, ...], least_share: float) -> tuple[Proposal, ...]:
    """Those of a picture's boxes, best first, whose score is at least a share of the best one's.

    Where one box is nearly sure, what the others hold cannot change what the picture is called.
    """
    return tuple(p for p in found if p.score >= least_share * found[0].score)


def joined(
    looks: Sequence[tuple[Proposal, ...]], *, min_score: float, max_overlap: float, max_count: int
) -> tuple[Proposal, ...]:
    """Join what looks at several sizes of one picture propose, best first.

    Boxes of different looks that overlap by more than `max_overlap` are one place: it keeps the box
    with the highest score, and the mean of all looks' log-odds as its score. So a place must
    convince at every size: what is only texture seldom does. The single best place is always kept.
    """
    places: list[Proposal] = []
    for proposal in sorted((p for look in looks for p in look), key=lambda p: -p.score):
        if all(overlap(proposal.box, other.box) <= max_overlap for other in places):
            places.append(proposal)
    scored = [Proposal(place.box, _mean_score(place.box, looks, max_overlap)) for place in places]
    scored.sort(key=lambda p: -p.score)
    return tuple(p for i, p in enumerate(scored[:max_count]) if i == 0 or p.score >= min_score)


def _mean_score(box: Box, looks: Sequence[tuple[Proposal, ...]], max_overlap: float) -> float:
    best = [
        max((p.score for p in look if overlap(p.box, box) > max_overlap), default=UNSEEN)
        for look in looks
    ]
    odds = (min(max(score, 1e-4), 1 - 1e-4) for score in best)
    mean = sum(math.log(score / (1 - score)) for score in odds) / len(looks)
    return 1 / (1 + math.exp(-mean))
