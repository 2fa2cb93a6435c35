"""Cut and paste: an animal put on empty ground, and an animal taken off its ground.

Cameras that only ever gave animals teach a network that their ground means an animal, and cameras
that only gave empty frames the reverse. Pasting and removing animals break that tie: afterwards the
same ground is seen with and without. Everything here goes from arrays to arrays; no file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from camtrap.learn.augment import night
from camtrap.learn.blend import (
    FINEST,
    Area,
    Floats,
    area_around,
    carried,
    fade,
    grown,
    matched,
    mixed,
    soft,
)
from camtrap.learn.dataset import Sample
from camtrap.learn.prints import Random
from camtrap.pixels.decode import Pixels, is_infrared
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
_SHARPEST = 1.5  # an animal is enlarged at most so much
_CUT = 0.05  # a box that ends so near the crop's edge was cut by its frame
_LEAST_MATTE = 0.3
_MATTE_SIDE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """A frame that shows the ground behind another frame's animals.

    `pixels` are shifted so that they lie on that frame; `likeness` is the correlation of the
    surroundings, -1..1.
    """

    index: int
    pixels: Pixels
    likeness: float


def paste_animal(
    ground: Pixels, animal: Pixels, box: Box, random: Random, *, place: Box | None = None
) -> Pixels:
    """The ground with the animal on it.

    `animal` is a crop with some of its own surroundings, `box` the animal's box in that crop, and
    `place` where the box comes to lie in the ground (drawn by `choose_place` when left out). The
    animal is mirrored half the time, scaled, matched to the place in light and contrast, and
    feathered. A colour animal is made infra-red for an infra-red ground; an infra-red animal on a
    colour ground raises `ValueError`, because it would be the only grey thing in the picture.
    """
    if is_infrared(animal) and not is_infrared(ground):
        raise ValueError("An infra-red animal does not belong on a colour ground.")
    if is_infrared(ground) and not is_infrared(animal):
        animal = night(animal, random)
    if random.random() < 0.5:
        animal, box = animal[:, ::-1], Box(1 - box.x - box.width, box.y, box.width, box.height)
    place = place or choose_place(ground, animal, box, random)
    height, width, _ = ground.shape
    # The crop comes along with its surroundings: what the ring around the animal is measured on.
    size = (
        max(8, round(place.width * width / box.width)),
        max(8, round(place.height * height / box.height)),
    )
    left, top = round(place.x * width - box.x * size[0]), round(place.y * height - box.y * size[1])
    seen = Area(max(left, 0), max(top, 0), min(left + size[0], width), min(top + size[1], height))
    scaled = np.asarray(Image.fromarray(animal).resize(size, Image.Resampling.BICUBIC))
    patch = scaled[seen.top - top : seen.bottom - top, seen.left - left : seen.right - left]
    there = ground[seen.top : seen.bottom, seen.left : seen.right]
    oval = _oval(place, seen, (width, height))
    cover = _matte(patch, oval)
    light = matched if cover is None else _lit
    laid = light(there.astype(np.float32), patch.astype(np.float32), oval)
    done = ground.copy()
    done[seen.top : seen.bottom, seen.left : seen.right] = mixed(
        there, laid, oval if cover is None else cover
    )
    return done


def choose_place(ground: Pixels, animal: Pixels, box: Box, random: Random) -> Box:
    """A place for the animal's box in the ground.

    Its feet come into the lower half, lower when it is larger, as perspective has it; it is never
    shown much larger in pixels than it was seen. An animal that was cut by the edge of its own
    frame (its box ends where the crop ends) is put at the same edge of the ground.
    """
    height, width, _ = ground.shape
    own_height, own_width = box.height * animal.shape[0], box.width * animal.shape[1]
    cut_below = box.y + box.height > 1 - _CUT
    feet = 1.0 if cut_below else random.uniform(0.5, 0.97)
    tall = (0.12 + 0.7 * (feet - 0.5)) * random.uniform(0.6, 1.4) * height
    scale = min(tall / own_height, 0.8 * width / own_width, height / own_height, _SHARPEST)
    tall, wide = own_height * scale / height, own_width * scale / width
    x, y = random.uniform(0, 1 - wide), max(feet - tall, 0.0)
    if box.x < _CUT:
        x = 0.0
    elif box.x + box.width > 1 - _CUT:
        x = 1 - wide
    return Box(x, 0.0 if box.y < _CUT and not cut_below else y, wide, tall)


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


def _lit(place: Floats, patch: Floats, oval: Floats) -> Floats:
    """The animal's patch in the light of the place, its own contrast kept in proportion.

    A flash lights animal and ground alike, so the patch is multiplied by how much brighter the new
    ground is, as far as the animal stays within what a camera can show.
    """
    ring, inside = oval <= 0, oval >= 1
    if not ring.any() or not inside.any():
        return patch
    gain = float((place[ring].mean() + 5) / (patch[ring].mean() + 5))
    brightest = float(np.quantile(patch[inside].mean(axis=1), 0.98))
    gain = float(np.clip(gain, 0.55, max(0.55, min(1.5, 225 / max(brightest, 1.0)))))
    laid = patch * gain
    offset = carried(place - laid, ring.astype(np.float32), FINEST)
    return laid + np.clip(offset, -25, float(np.clip(235 - brightest * gain, 0, 25)))


def _matte(patch: Pixels, oval: Floats) -> Floats | None:
    """Where the animal is within its oval, 0..1: what stands out from its own surroundings.

    The surroundings are carried into the oval; what is brighter (or, for a dark animal, darker) by
    more than they vary belongs to the animal, and gaps up to the size of a rosette are closed. None
    where little stands out (fur like leaves): then the seam lies on similar ground anyway.
    """
    ring, inside = oval <= 0, oval >= 1
    if not ring.any() or not inside.any():
        return None
    grey = patch.astype(np.float32).mean(axis=2, keepdims=True)
    around = carried(grey, ring.astype(np.float32), FINEST)
    differs = (grey - around)[..., 0]
    usual = max(4.0, float(np.quantile(np.abs(differs[ring]), 0.8)))
    if float(differs[inside].mean()) < 0:
        differs = -differs
    stands_out = (np.clip(differs / usual - 1, 0, 1) * 255).astype(np.uint8)
    rows, columns = np.nonzero(inside)
    long_side = max(int(np.ptp(rows)), int(np.ptp(columns)))
    # At most so fine: filters as wide as rosettes are slow on large pictures.
    scale = min(1.0, _MATTE_SIDE / max(long_side, 1))
    long_side = round(long_side * scale)
    size = (max(1, round(patch.shape[1] * scale)), max(1, round(patch.shape[0] * scale)))
    close, thin = max(3, long_side // 18) | 1, max(3, long_side // 40) | 1
    closed = (
        Image.fromarray(stands_out)
        .resize(size, Image.Resampling.BOX)
        .filter(ImageFilter.MedianFilter(3))
        .filter(ImageFilter.MaxFilter(close))
        .filter(ImageFilter.MinFilter(close))
        .filter(ImageFilter.MinFilter(thin))
        .filter(ImageFilter.MaxFilter(thin))
        .filter(ImageFilter.GaussianBlur(max(1.0, long_side / 90)))
        .resize(oval.shape[::-1], Image.Resampling.BILINEAR)
    )
    matte = np.asarray(closed, np.float32) / 255
    if float(matte[inside].mean()) < _LEAST_MATTE:
        return None
    cover: Floats = (matte * oval).astype(np.float32)
    return cover


def _oval(place: Box, seen: Area, size: tuple[int, int]) -> Floats:
    """1 on the animal's box with its corners rounded, falling softly to 0 around it.

    At an edge of the ground there is no fall: an animal may go on beyond the frame.
    """
    y, x = np.mgrid[seen.top : seen.bottom, seen.left : seen.right].astype(np.float32)

    def reach(start: float, length: float, pixels: int, at: Floats) -> Floats:
        beyond = 0.5 * length
        first = start - (beyond if start <= 0 else 0)
        last = start + length + (beyond if start + length >= 0.999 else 0)
        half = (last - first) * pixels / 2
        distance: Floats = np.abs(at - first * pixels - half) / half
        return distance

    across, down = reach(place.x, place.width, size[0], x), reach(place.y, place.height, size[1], y)
    radius = np.sqrt(np.hypot(across**2, down**2)).astype(np.float32)
    oval = soft((1 + 2 * _FEATHER - radius) / np.float32(2 * _FEATHER))
    # Where the crop ends before the oval does, the cover has to end with the crop.
    oval *= fade(seen.left, seen.right, size[0], 0.5 * _FEATHER)
    oval *= fade(seen.top, seen.bottom, size[1], 0.5 * _FEATHER)[:, None]
    return oval


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
