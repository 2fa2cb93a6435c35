"""A model that finds bright blobs on a dark ground, for pictures that are looked at in tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camtrap.pixels.decode import Pixels, decode_crops
from camtrap.pixels.fit import Region, square_around
from camtrap.records import Box
from camtrap.vision.calibration import CLASSES, Calibration, Thresholds
from camtrap.vision.predictor import Look, Predictor
from camtrap.vision.proposals import Proposal
from tests.cards import FakePredictor

COLOURS = {"leopard": (250, 60, 20), "prey": (60, 250, 20), "other": (60, 60, 250)}
_BRIGHT = 150
GROUND = (40, 45, 38)
_LEAST = 3  # pixels a side: what is smaller is passed over

Place = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


def painted(
    size: tuple[int, int], animals: Sequence[tuple[str, Place]], seed: int = 0
) -> Image.Image:
    """A dark picture with an evenly coloured rectangle for each animal."""
    width, height = size
    noise = np.random.default_rng(seed).integers(-8, 9, (height, width, 1))
    pixels = np.clip(np.array(GROUND) + noise, 0, 255).astype(np.uint8)
    for label, (left, top, wide, high) in animals:
        pixels[top : top + high, left : left + wide] = COLOURS[label]
    return Image.fromarray(pixels)


class BlobPredictor(FakePredictor):
    """Proposes every bright blob, and names it by its colour in the crop; the rule is the real."""

    def __init__(self, *, batch_size: int = 1) -> None:
        super().__init__()
        self.default_batch_size = batch_size
        self.thresholds = Thresholds(0.3, 0.3, 0.3, 0.3, 0.3, 0.9, 0.1)
        self.proposing = {"min_score": 0.05, "max_overlap": 0.5, "max_count": 4}
        self.least_share = 0.0
        self._calibration = Calibration(1.0, 1.0, 0.0, 1.0)
        self.seen: list[tuple[int, ...]] = []

    judge = Predictor.judge
    _map = staticmethod(map)  # type: ignore[assignment]

    @property
    def frame_side(self) -> int:
        return 640

    def _crops(self, look: Look, found: Sequence[Proposal]) -> list[Pixels]:
        regions = self.crop_regions([p.box for p in found], look.frame.width, look.frame.height)
        return decode_crops(look.data, regions, self.crop_rules[0], frame=look.frame)

    @property
    def crop_rules(self) -> tuple[int, int]:
        return 64, 127

    def first_look(
        self, frames: Sequence[Pixels], *, max_count: int = 0
    ) -> list[tuple[Proposal, ...]]:
        self.seen.append((len(frames), *frames[0].shape))
        return [self._blobs(frame)[: max_count or 4] for frame in frames]

    def crop_regions(self, boxes: Sequence[Box], width: int, height: int) -> list[Region]:
        return [square_around(box, width, height, 1.25) for box in boxes]

    def second_look(self, crops: Sequence[Pixels]) -> list[list[float]]:
        return [self._named(crop) for crop in crops]

    def _blobs(self, frame: Pixels) -> tuple[Proposal, ...]:
        height, width, _ = frame.shape
        found = []
        for left, top, right, bottom in blobs(frame.max(axis=2) > _BRIGHT):
            if min(right - left, bottom - top) >= _LEAST:
                box = Box(
                    left / width, top / height, (right - left) / width, (bottom - top) / height
                )
                # What is larger is surer, so that a whole animal stands above its pieces.
                found.append(Proposal(box, 0.5 + 0.4 * min(1.0, (right - left) / 100)))
        return tuple(sorted(found, key=lambda p: (-p.score, p.box)))

    def _named(self, crop: Pixels) -> list[float]:
        bright = crop[crop.max(axis=2) > _BRIGHT].astype(int)
        logits = dict.fromkeys(CLASSES, -4.0)
        if not len(bright):
            return list({**logits, "nothing": 4.0}.values())
        mean = bright.mean(axis=0)
        label = min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))
        return list({**logits, label: 4.0}.values())


def blobs(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of every connected part of a mask."""
    boxes: list[list[int]] = []
    for row in np.flatnonzero(mask.any(axis=1)):
        line = np.diff(np.concatenate([[0], mask[row].astype(np.int8), [0]]))
        starts, stops = np.flatnonzero(line == 1), np.flatnonzero(line == -1)
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            touching = [box for box in boxes if box[3] >= row and box[0] < stop and start < box[2]]
            whole = [start, int(row), stop, int(row) + 1]
            for box in touching:
                boxes.remove(box)
                whole = [
                    min(whole[0], box[0]), min(whole[1], box[1]),
                    max(whole[2], box[2]), max(whole[3], box[3]),
                ]  # fmt: skip
            boxes.append(whole)
    return [(box[0], box[1], box[2], box[3]) for box in boxes]
