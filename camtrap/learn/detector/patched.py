"""Animals on ground that was patched elsewhere: the stand-ins of frames that were emptied.

An emptied frame differs from the one it comes from in two things: the animal is gone, and a patch
of it was made of another frame. A network could learn to see the second. So the frame with its
animal is shown too with a patch of another frame's ground where nothing is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap.learn.dataset import Sample
from camtrap.learn.emptied import PREFIX, QUALITY, SIDE, is_emptied
from camtrap.learn.looks import Seen
from camtrap.learn.removal import MARGIN, animal_regions, find_donor, remove_animal
from camtrap.pixels.decode import Pixels, decode_frame
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

LIST = "patched.json"
WEAK = 0.03
"""No patch touches a box from this score on, in the frame or in the one that the ground is of."""

_MOST_FRAMES = 200
_TRIES = 40
_GAP = 0.01
_DONOR_GAP = 0.04  # the donor was shifted by at most so much of the frame


def make_patched(
    samples: Sequence[Sample],
    seen: Sequence[Seen],
    which: Sequence[int],
    folder: Path,
    *,
    seed: int,
    on_done: Callable[[], None] = lambda: None,
) -> dict[str, Path]:
    """Write patched copies of the samples `which` into `folder` and give them by the file of the
    picture they stand for.

    A frame without another of its camera, or without room for a patch, has no copy. What was made
    before, from the same pictures and boxes, is used again.
    """
    said: list[Any] = [[s.file, s.group, s.label] for s in samples]
    said += [[[*p.box, p.score] for p in each.found] for each in seen]
    settings = [list(which), seed, SIDE, WEAK]
    key = hashlib.sha256(json.dumps([said, settings]).encode()).hexdigest()
    made = _read(folder / LIST, key)
    if made is None:
        made = {}
        folder.mkdir(parents=True, exist_ok=True)
        camera: _Camera | None = None
        for index in sorted(which, key=lambda i: samples[i].group):
            if camera is None or camera.group != samples[index].group:
                camera = _Camera(samples[index].group, samples, seen)
            random = np.random.default_rng([seed, *samples[index].file.encode()])
            with_ground = camera.frame_and_ground(index)
            pixels = with_ground and patched(*with_ground, seen[index].found, random)
            if pixels is not None:
                made[samples[index].file] = _write(pixels, samples[index].file, folder)
            on_done()
        text = json.dumps({"key": key, "made": made}, indent=1, ensure_ascii=False)
        part = folder / f"{LIST}.{os.getpid()}.part"
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(folder / LIST)
    return {file: folder / name for file, name in made.items()}


def emptied_ones(samples: Sequence[Sample]) -> list[int]:
    """Indices of the samples of which an emptied frame is among the samples."""
    names = {sample.file for sample in samples if is_emptied(sample)}
    return [i for i, sample in enumerate(samples) if f"{PREFIX}{_name(sample.file)}" in names]


def patched(
    frame: Pixels,
    ground: Pixels,
    donor_boxes: Sequence[Box],
    found: Sequence[Proposal],
    random: np.random.Generator,
) -> Pixels | None:
    """The frame with one patch of `ground` for each of its animals, beside them; None where there
    is no room for any.

    `ground` is aligned with the frame, and `donor_boxes` are what stands on it.
    """
    animals = animal_regions(found)
    taken = [*animals, *(p.box for p in found if p.score >= WEAK)]
    done: Pixels | None = None
    for animal in animals:
        place = _free_place(animal, taken, donor_boxes, random)
        if place is not None:
            done = remove_animal(frame if done is None else done, place, ground)
    return done


def _free_place(
    like: Box, taken: Sequence[Box], donor_boxes: Sequence[Box], random: np.random.Generator
) -> Box | None:
    for number in range(_TRIES):
        # Where no patch of about the animal's size finds room, a smaller one may.
        scale = random.uniform(0.6, 1.0) if number < _TRIES // 2 else random.uniform(0.25, 0.7)
        width, height = min(like.width * scale, 0.95), min(like.height * scale, 0.95)
        box = Box(random.uniform(0, 1 - width), random.uniform(0, 1 - height), width, height)
        if clear(box, taken, _GAP) and clear(box, donor_boxes, _GAP + _DONOR_GAP):
            return box
    return None


def clear(place: Box, boxes: Sequence[Box], gap: float) -> bool:
    """True when no box reaches into the place, grown by what is patched around it and the gap."""
    more_x, more_y = MARGIN * place.width + gap, MARGIN * place.height + gap
    return all(
        box.x >= place.x + place.width + more_x
        or box.x + box.width <= place.x - more_x
        or box.y >= place.y + place.height + more_y
        or box.y + box.height <= place.y - more_y
        for box in boxes
    )


class _Camera:
    """The frames of one camera; they are asked for together, and let go together."""

    def __init__(self, group: str, samples: Sequence[Sample], seen: Sequence[Seen]) -> None:
        self.group = group
        self._members = [i for i, sample in enumerate(samples) if sample.group == group]
        self._samples = [samples[i] for i in self._members]
        self._seen = [seen[i] for i in self._members]
        self._frames: dict[int, Pixels] = {}

    def frame_and_ground(self, index: int) -> tuple[Pixels, Pixels, list[Box]] | None:
        """A frame, another of the camera laid on it, and the boxes in that one; None without."""
        own = self._members.index(index)
        donor = find_donor(own, self._samples, lambda i: self._seen[i].found, self._frame)
        if donor is None:
            return None
        boxes = [p.box for p in self._seen[donor.index].found if p.score >= WEAK]
        return self._frame(own), donor.pixels, boxes

    def _frame(self, local: int) -> Pixels:
        if local not in self._frames:
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            seen = self._seen[local]
            side = min(SIDE, max(seen.width, seen.height))
            data = self._samples[local].path.read_bytes()
            self._frames[local] = decode_frame(data, side).pixels
        return self._frames[local]


def _name(file: str) -> str:
    """What `make_emptied` calls the emptied frame of a picture, and so its patched one."""
    return f"{hashlib.sha256(file.encode()).hexdigest()[:16]}.jpg"


def _write(pixels: Pixels, file: str, folder: Path) -> str:
    part = folder / f"{_name(file)}.{os.getpid()}.part"
    Image.fromarray(pixels).save(part, "JPEG", quality=QUALITY)
    part.replace(folder / _name(file))
    return _name(file)


def _read(path: Path, key: str) -> dict[str, str] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict) or said.get("key") != key:
        return None
    made: dict[str, str] = said.get("made", {})
    return made if all((path.parent / name).is_file() for name in made.values()) else None
