"""What each picture teaches the detector: its own boxes as the published detector drew them, and
whether anything is alive in it at all.

The picture's label says that there is an animal; where it is, nobody drew. Where the published
detector is sure, its boxes are taken; where it is not, a second opinion says which of them may be
the animal. A picture in which neither sees one teaches nothing: it was labelled by its sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camtrap.learn.dataset import Sample
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.looks import Seen
from camtrap.records import Box, State

SURE = 0.3
"""From this score on, a box of a picture with an animal is taken to hold it."""

ALMOST = 0.6
"""Boxes with this share of the likeliest one's chance may be the animal as well."""

Marks = NDArray[np.float32]
"""(n, 6): x, y, width, height of each box, 0..1 of the picture, its score and its chance of being
alive; best score first."""


class Mark(NamedTuple):
    """One box of a picture: the detector's score, and the chance, 0..1, that it holds something
    alive in a second opinion."""

    box: Box
    score: float
    alive: float


@dataclass(frozen=True, slots=True)
class Taught:
    """A picture to learn from; `width` and `height` are the upright picture's, in pixels.

    `stand_in` is a copy whose ground was patched where no animal is, shown in its place at times.
    """

    path: Path
    file: str
    width: int
    height: int
    empty: bool
    marks: tuple[Mark, ...]
    stand_in: Path | None = None

    @property
    def best(self) -> float:
        """The score of the best box; 0 without one."""
        return self.marks[0].score if self.marks else 0.0

    def table(self) -> Marks:
        """The boxes as an array that moves with the pixels."""
        rows = [(*mark.box, mark.score, mark.alive) for mark in self.marks]
        return np.array(rows, np.float32).reshape(-1, 6)


class Chosen(NamedTuple):
    """Rows of `Marks` that may be the animal, the likeliest first; `sure` when the detector is."""

    rows: tuple[int, ...]
    sure: bool


def taught_of(
    samples: Sequence[Sample],
    seen: Sequence[Seen],
    alive: Mapping[int, Sequence[float]],
    stand_ins: Mapping[str, Path],
    settings: DetectorTuning,
) -> list[Taught | None]:
    """What each sample teaches, None where it teaches nothing.

    `alive` holds, for the samples that need it, the second opinion on each box; `stand_ins` the
    patched copy of a file, where there is one. A sample's source does not matter: what is not to be
    learnt from belongs in another split of the manifest.
    """
    taught: list[Taught | None] = []
    for index, (sample, each) in enumerate(zip(samples, seen, strict=True)):
        said = alive.get(index) or [proposal.score for proposal in each.found]
        marks = tuple(
            Mark(proposal.box, proposal.score, chance)
            for proposal, chance in zip(each.found, said, strict=True)
        )
        empty = sample.label == State.EMPTY
        one = Taught(
            sample.path, sample.file, each.width, each.height, empty, marks,
            stand_ins.get(sample.file),
        )  # fmt: skip
        taught.append(one if empty or can_be_seen(marks, settings) else None)
    return taught


def is_doubtful(sample: Sample, seen: Seen) -> bool:
    """True where only a second opinion can tell which box is the animal."""
    return sample.label != State.EMPTY and bool(seen.found) and seen.found[0].score < SURE


def can_be_seen(marks: Sequence[Mark], settings: DetectorTuning) -> bool:
    """True when a look or the second opinion sees the animal of the label."""
    return any(
        mark.score >= settings.least_score or mark.alive >= settings.least_alive for mark in marks
    )


def choose(marks: Marks) -> Chosen:
    """The boxes of a picture with animals that are to be learnt as such.

    All that are sure; without one, the likeliest to be alive, and those nearly as likely.
    """
    scores, alive = marks[:, 4], marks[:, 5]
    if (scores >= SURE).any():
        return Chosen(tuple(np.flatnonzero(scores >= SURE).tolist()), True)
    if not len(marks):
        return Chosen((), False)
    first = int(alive.argmax())
    near = np.flatnonzero(alive >= ALMOST * alive[first]).tolist()
    return Chosen((first, *(row for row in near if row != first)), False)
