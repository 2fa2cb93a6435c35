"""An animal taken off its ground: the place where it was, shown as another frame has it.

Cameras that only ever gave animals teach a network that their ground means an animal. Afterwards
the same ground is seen with and without. Everything here goes from arrays to arrays; no file is
read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from camtrap.learn.blend import (
    Area,
    Floats,
    area_around,
    carried,
    fade,
    grown,
    matched,
    mixed,
)
from camtrap.learn.dataset import Sample
from camtrap.pixels.decode import Pixels
from camtrap.pixels.fit import clipped
from camtrap.records import Box, State
from camtrap.vision.proposals import Proposal

SURE = 0.25
"""From this best score on, the detector is believed to have found the animal of a frame."""

WEAK = 0.05
"""Boxes from this score on may hold an animal, or a part of one: they are taken off as well, and a
donor may have none there."""

MARGIN = 0.12
"""So much of a box's sides is taken off around it: detectors cut tails, ears and shadows."""

LARGEST = 0.6
"""No donor is looked for when the animals take more than this share of the frame."""

MIN_LIKENESS = 0.25
"""The detail of a donor's surroundings correlates at least so much with the frame's; below, the
view has moved."""

_FEATHER = 0.12
_RING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """A frame that shows the ground behind another frame's animals.

    `pixels` are shifted so that they lie on that frame; `likeness` is the correlation of the
    surroundings, -1..1.
    """

    index: int
    pixels: Pixels
    likeness: float


def remove_animal(frame: Pixels, box: Box, donor: Pixels) -> Pixels:
    """The frame with the place of the box shown as the donor has it.

    `donor` is a frame of the same camera and size, aligned with it, whose ground lies open there
    (see `find_donor`). Light and contrast are matched along the edge and the edge is feathered.
    """
    if donor.shape != frame.shape:
        raise ValueError("Frame and donor must be of one size.")
    area = area_around(box, frame, MARGIN)
    seen = grown(area, _ring_width(area), frame)
    there = frame[seen.top : seen.bottom, seen.left : seen.right]
    patch = donor[seen.top : seen.bottom, seen.left : seen.right]
    cover = _rectangle(seen, area, frame)
    done = frame.copy()
    done[seen.top : seen.bottom, seen.left : seen.right] = mixed(
        there, matched(there.astype(np.float32), patch.astype(np.float32), cover), cover
    )
    return done


def find_donor(
    index: int,
    samples: Sequence[Sample],
    boxes_of: Callable[[int], Sequence[Proposal]],
    pixels_of: Callable[[int], Pixels],
    *,
    min_likeness: float = MIN_LIKENESS,
) -> Donor | None:
    """The frame of the same camera that best shows the ground behind the animals of `index`.

    `boxes_of` gives the detector's boxes of a sample, best first, and `pixels_of` its frame. A
    donor is of the same group and size, none of its boxes touches the animals' places, its own
    animal was surely found (or it is labelled empty), and what surrounds those places looks alike
    in both. None when there is no such frame, or when it is not sure where the animals are.
    """
    regions = animal_regions(boxes_of(index))
    if not regions:
        return None
    frame = pixels_of(index)
    best: Donor | None = None
    for other, sample in enumerate(samples):
        if other == index or sample.group != samples[index].group:
            continue
        found = boxes_of(other)
        if sample.label != State.EMPTY and (not found or found[0].score < SURE):
            continue
        boxes = [p.box for p in found if p.score >= WEAK]
        if any(_touch(region, box) for region in regions for box in boxes):
            continue
        pixels = pixels_of(other)
        if pixels.shape != frame.shape:
            continue
        moved, shift = aligned(pixels, frame)
        # The shift brings the donor's animal along; near the places' edge that matters.
        shifted = [box._replace(x=box.x + shift[0], y=box.y + shift[1]) for box in boxes]
        if any(_touch(region, box) for region in regions for box in shifted):
            continue
        alike = min(likeness(frame, moved, region) for region in regions)
        if alike >= min_likeness and (best is None or alike > best.likeness):
            best = Donor(other, moved, alike)
    return best


def animal_regions(found: Sequence[Proposal]) -> tuple[Box, ...]:
    """What must be taken off a frame to empty it; nothing where that is not sure or too much."""
    if not found or found[0].score < SURE:
        return ()
    regions = tuple(clipped(p.box) for p in found if p.score >= WEAK)
    if sum(box.width * box.height for box in _outermost(regions)) > LARGEST:
        return ()
    return _outermost(regions)


def aligned(donor: Pixels, frame: Pixels) -> tuple[Pixels, tuple[float, float]]:
    """The donor shifted onto the frame, and the shift (x, y) relative to the frame's size.

    Phase correlation (Kuglin and Hines 1975) on the frame without its date strips; at most 4 % of
    the frame's sides. What the shift leaves open at the edge repeats the donor's edge.
    """
    height, width, _ = frame.shape
    rows = slice(height // 12, height - height // 12)  # the strips never move, the scene does
    window = np.hanning(rows.stop - rows.start)[:, None] * np.hanning(width)[None]
    first, second = (np.fft.rfft2(_detail(each[rows]) * window) for each in (frame, donor))
    cross = first * second.conj()
    peak = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6), window.shape)
    most_y, most_x = max(1, height // 25), max(1, width // 25)
    near = np.roll(peak, (most_y, most_x), (0, 1))[: 2 * most_y + 1, : 2 * most_x + 1]
    y, x = np.unravel_index(int(near.argmax()), near.shape)
    down, right = int(y) - most_y, int(x) - most_x
    rows_from = np.clip(np.arange(height) - down, 0, height - 1)
    columns_from = np.clip(np.arange(width) - right, 0, width - 1)
    moved: Pixels = np.ascontiguousarray(donor[rows_from][:, columns_from])
    return moved, (right / width, down / height)


def likeness(frame: Pixels, donor: Pixels, box: Box) -> float:
    """Correlation, -1..1, of the detail of two frames in a broad ring around the box.

    Only detail counts: what the flash lights, it lights alike wherever the camera looks. 0 where
    the box leaves no ring, or where there is nothing to compare.
    """
    area = area_around(box, frame, MARGIN)
    seen = grown(area, 2 * _ring_width(area), frame)
    ring = np.ones(frame.shape[:2], bool)
    ring[area.top : area.bottom, area.left : area.right] = False
    cut = (slice(seen.top, seen.bottom), slice(seen.left, seen.right))
    kept = ring[cut][::2, ::2]
    if kept.sum() < 64:
        return 0.0
    size = kept.shape[::-1]
    first, second = (
        _detail(np.asarray(Image.fromarray(each[cut]).resize(size, Image.Resampling.BOX)))[kept]
        for each in (frame, donor)
    )
    spread = float(first.std() * second.std())
    if spread < 1e-3:
        return 0.0
    return float(np.mean((first - first.mean()) * (second - second.mean())) / spread)


def _rectangle(seen: Area, area: Area, frame: Pixels) -> Floats:
    """1 inside the area, falling softly to 0 at its edge; an edge of the frame stays 1."""
    height, width = frame.shape[:2]
    cover = np.zeros((seen.bottom - seen.top, seen.right - seen.left), np.float32)
    across = fade(area.left, area.right, width, _FEATHER)
    down = fade(area.top, area.bottom, height, _FEATHER)
    rows = slice(area.top - seen.top, area.bottom - seen.top)
    cover[rows, area.left - seen.left : area.right - seen.left] = down[:, None] * across
    return cover


def _detail(pixels: Pixels) -> Floats:
    """Greys without their slow changes, which the flash makes and not the scene."""
    grey = pixels.astype(np.float32).mean(axis=2)
    slow = carried(grey[..., None], np.ones_like(grey), 3)[..., 0]
    detail: Floats = grey - slow
    return detail


def _ring_width(area: Area) -> int:
    return max(8, int(_RING * max(area.right - area.left, area.bottom - area.top)))


def _touch(region: Box, box: Box) -> bool:
    """True when the box reaches into the region grown by the margin that is taken off."""
    more_x, more_y = MARGIN * region.width + 0.01, MARGIN * region.height + 0.01
    return (
        box.x < region.x + region.width + more_x
        and region.x - more_x < box.x + box.width
        and box.y < region.y + region.height + more_y
        and region.y - more_y < box.y + box.height
    )


def _outermost(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes, those that overlap joined into one around both."""
    joined: list[Box] = []
    for box in boxes:
        while hit := next((other for other in joined if _overlap(box, other)), None):
            joined.remove(hit)
            left, top = min(box.x, hit.x), min(box.y, hit.y)
            right = max(box.x + box.width, hit.x + hit.width)
            bottom = max(box.y + box.height, hit.y + hit.height)
            box = Box(left, top, right - left, bottom - top)
        joined.append(box)
    return tuple(joined)


def _overlap(a: Box, b: Box) -> bool:
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )
