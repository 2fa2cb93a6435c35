"""A detector on made tiles whose animals are known: how many it finds, and what else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from camtrap.learn.aerial.tiles import MadeTile
from camtrap.pixels.fit import overlap
from camtrap.vision.predictor import Detector
from camtrap.vision.proposals import Proposal

SCORES = (0.05, 0.1, 0.2, 0.3, 0.5)
LENGTHS = (24, 40, 70)
"""Pixels of an animal's longer side that part the groups."""

FOUND, TOUCHED = 0.3, 0.1
_MOST = 16


@dataclass(slots=True)
class Trial:
    """Animals by length, and by score how many of each were found and how many boxes were none."""

    tiles: int = 0
    animals: Counter[str] = field(default_factory=Counter)
    found: dict[float, Counter[str]] = field(
        default_factory=lambda: {score: Counter() for score in SCORES}
    )
    false: Counter[float] = field(default_factory=Counter)

    def add(self, tile: MadeTile, side: int, proposals: Sequence[Proposal]) -> None:
        """Count one tile of `side` pixels."""
        self.tiles += 1
        for score in SCORES:
            boxes = [each.box for each in proposals if each.score >= score]
            for box in tile.boxes:
                hit = any(overlap(box, other) >= FOUND for other in boxes)
                self.found[score][length_of(max(box.width, box.height) * side)] += hit
            self.false[score] += sum(
                all(overlap(other, box) < TOUCHED for box in tile.boxes) for other in boxes
            )
        for box in tile.boxes:
            self.animals[length_of(max(box.width, box.height) * side)] += 1

    def as_dict(self) -> dict[str, object]:
        """Shares found by score and length, and false boxes a tile by score, for JSON."""
        return {
            "animals": dict(sorted(self.animals.items())),
            "found": {
                str(score): {
                    name: round(self.found[score][name] / count, 4)
                    for name, count in sorted(self.animals.items())
                }
                for score in SCORES
            },
            "false a tile": {
                str(score): round(self.false[score] / max(1, self.tiles), 4) for score in SCORES
            },
        }


def length_of(pixels: float) -> str:
    """The group of an animal's longer side."""
    for low, high in zip((0, *LENGTHS), LENGTHS, strict=False):
        if pixels < high:
            return f"{low:02d} to {high} px"
    return f"{LENGTHS[-1]} px and more"


def try_on(detector: Detector, tiles: Sequence[MadeTile]) -> Trial:
    """The detector's look at each tile as use would take it, one size and up to 16 boxes."""
    trial = Trial()
    for tile in tiles:
        with Image.open(tile.path) as image:
            pixels = np.asarray(image.convert("RGB"))
        [proposals] = detector.propose(
            [pixels], min_score=min(SCORES), max_overlap=0.5, max_count=_MOST
        )
        trial.add(tile, len(pixels), proposals)
    return trial
