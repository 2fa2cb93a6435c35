"""True-to-life empty pictures of cameras that gave none: their animals taken off.

A camera of which only frames with animals are at hand teaches that its ground means an animal, and
no threshold can be checked on it. Where another frame of the same camera shows what lies behind an
animal, the frame is emptied with that (see `learn.removal`).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen
from camtrap.learn.removal import animal_regions, find_donor, remove_animal
from camtrap.pixels.decode import Pixels, decode_frame
from camtrap.records import State
from camtrap.vision.proposals import Proposal

SIDE = 768
"""Emptied pictures are made with their longer side at most so long."""

QUALITY = 92
LIST = "emptied.json"
PREFIX = "emptied/"


def make_emptied(
    samples: Sequence[Sample],
    seen: Sequence[Seen],
    folder: Path,
    *,
    most: int,
    seed: int,
    on_done: Callable[[], None] = lambda: None,
) -> list[Sample]:
    """Write at most `most` emptied pictures into `folder` and give them as samples.

    They keep the group of the frame they come from, and never leave its fold. Frames are tried in a
    seeded order that takes a group's next frame only after every other group's. What was made
    before, from the same pictures and boxes, is used again.
    """
    said: list[Any] = [[s.file, s.group, s.label] for s in samples]
    said += [[[*p.box, p.score] for p in each.found] for each in seen]
    key = hashlib.sha256(json.dumps([said, most, seed, SIDE]).encode()).hexdigest()
    made = _read(folder / LIST, key)
    if made is None:
        made = {}
        folder.mkdir(parents=True, exist_ok=True)
        frames = _Frames(samples, seen)
        for index in turns(samples, seed):
            if len(made) >= most:
                break
            pixels = frames.emptied(index)
            if pixels is not None:
                name = f"{hashlib.sha256(samples[index].file.encode()).hexdigest()[:16]}.jpg"
                Image.fromarray(pixels).save(folder / name, quality=QUALITY)
                made[samples[index].file] = name
                on_done()
        text = json.dumps({"key": key, "made": made}, indent=1, ensure_ascii=False)
        (folder / LIST).write_text(text, encoding="utf-8", newline="\n")
    else:
        for _ in made:
            on_done()
    by_file = {sample.file: sample for sample in samples}
    return [
        replace(
            by_file[file],
            path=folder / name,
            file=f"{PREFIX}{name}",
            label=State.EMPTY.value,
            species="",
            boxes=(),
        )
        for file, name in made.items()
    ]


def is_emptied(sample: Sample) -> bool:
    """True for a sample that `make_emptied` gave."""
    return sample.file.startswith(PREFIX)


def turns(samples: Sequence[Sample], seed: int) -> list[int]:
    """Indices of the samples with animals, one of each group before the second of any."""
    members: dict[str, list[int]] = defaultdict(list)
    random = np.random.default_rng(seed)
    for index in random.permutation(len(samples)).tolist():
        if samples[index].label != State.EMPTY:
            members[samples[index].group].append(index)
    longest = max(map(len, members.values()), default=0)
    return [each[turn] for turn in range(longest) for each in members.values() if turn < len(each)]


class _Frames:
    """Frames of labelled pictures by index, and what is needed to find donors among them."""

    def __init__(self, samples: Sequence[Sample], seen: Sequence[Seen]) -> None:
        self._samples, self._seen = samples, seen
        self._members: dict[str, list[int]] = defaultdict(list)
        for index, sample in enumerate(samples):
            self._members[sample.group].append(index)
        self._pixels: dict[int, Pixels] = {}

    def emptied(self, index: int) -> Pixels | None:
        """The frame without its animals; None where no other frame shows what is behind them."""
        regions = animal_regions(self._seen[index].found)
        members = self._members[self._samples[index].group]
        if not regions or len(members) < 2:
            return None

        def boxes_of(local: int) -> Sequence[Proposal]:
            return self._seen[members[local]].found

        donor = find_donor(
            members.index(index),
            [self._samples[member] for member in members],
            boxes_of,
            lambda local: self._frame(members[local]),
        )
        if donor is None:
            return None
        pixels = self._frame(index)
        for region in regions:
            pixels = remove_animal(pixels, region, donor.pixels)
        return pixels

    def _frame(self, index: int) -> Pixels:
        if index not in self._pixels:
            if len(self._pixels) > 200:  # a camera's frames are asked for together
                self._pixels.clear()
            seen = self._seen[index]
            side = min(SIDE, max(seen.width, seen.height))
            self._pixels[index] = decode_frame(self._samples[index].path.read_bytes(), side).pixels
        return self._pixels[index]


def _read(path: Path, key: str) -> dict[str, str] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    made: dict[str, str] = said.get("made", {})
    complete = said.get("key") == key and all((path.parent / n).is_file() for n in made.values())
    return made if complete else None
