"""The tiles of a course: made once, kept as JPEG in the run's folder, and shown turned."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from camtrap.batches import in_batches
from camtrap.learn.aerial.herd import Painted
from camtrap.learn.aerial.scene import make_scene
from camtrap.pixels.decode import Pixels
from camtrap.records import Box

LIST = "tiles.json"
QUALITY = (60, 96)
VERSION = 3
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class MadeTile:
    """A tile on disk and its boxes, relative to it."""

    path: Path
    boxes: tuple[Box, ...]


def make_tiles(
    count: int,
    side: int,
    herd: Sequence[Painted],
    empties: Sequence[Pixels],
    folder: Path,
    *,
    seed: int,
    key: str = "",
    workers: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> list[MadeTile]:
    """`count` tiles in `folder`; those that were made before, of the same seed and with the same
    `key` for what they are made of, are used again."""
    mark = hashlib.sha256(
        json.dumps([VERSION, count, side, len(herd), len(empties), seed, key]).encode()
    ).hexdigest()
    listed = folder / LIST
    kept = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else {}
    if kept.get("key") != mark:
        folder.mkdir(parents=True, exist_ok=True)

        def one(number: int) -> list[list[float]]:
            random = np.random.default_rng([seed, number])
            scene = make_scene(side, herd, empties, random)
            Image.fromarray(scene.pixels).save(
                _path(folder, number), quality=int(random.integers(*QUALITY))
            )
            on_done()
            return [list(map(float, box)) for box in scene.boxes]

        with ThreadPoolExecutor(workers, thread_name_prefix="tiles") as pool:
            kept = {"key": mark, "boxes": list(pool.map(one, range(count)))}
        part = folder / f"{LIST}.{os.getpid()}.part"
        part.write_text(json.dumps(kept), encoding="utf-8", newline="\n")
        part.replace(listed)
    return [
        MadeTile(_path(folder, number), tuple(Box(*box) for box in boxes))
        for number, boxes in enumerate(kept["boxes"])
    ]


def shown(
    tiles: Sequence[MadeTile], batch_size: int, *, seed: Sequence[int], workers: int
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """The tiles of one epoch in random order, each turned and mirrored at random: pictures (n, 3,
    side, side) 0..255, and of each its boxes (k, 4) as centre and size in pixels."""
    order = np.random.default_rng(seed).permutation(len(tiles)).tolist()

    def one(index: int) -> tuple[Pixels, np.ndarray]:
        random = np.random.default_rng([*seed, index])
        return turned(tiles[index], int(random.integers(4)), bool(random.integers(2)))

    with ThreadPoolExecutor(workers, thread_name_prefix="tiles") as pool:
        waiting = ([pool.submit(one, i) for i in batch] for batch in in_batches(order, batch_size))
        queue = list(islice(waiting, _AHEAD))
        while queue:
            made = [job.result() for job in queue.pop(0)]
            queue += islice(waiting, 1)
            pictures = torch.from_numpy(np.stack([pixels for pixels, _ in made]))
            yield pictures.permute(0, 3, 1, 2), [torch.from_numpy(boxes) for _, boxes in made]


def turned(tile: MadeTile, quarters: int, mirrored: bool) -> tuple[Pixels, np.ndarray]:
    """The tile turned by so many quarters against the clock, and then mirrored; its boxes (k, 4)
    as centre x, centre y, width, height in pixels."""
    with Image.open(tile.path) as image:
        pixels = np.asarray(image.convert("RGB"))
    side = len(pixels)
    boxes = np.array(tile.boxes, np.float32).reshape(-1, 4) * side
    boxes[:, :2] += boxes[:, 2:] / 2
    for _ in range(quarters):
        x, y, width, height = boxes.T.copy()
        boxes = np.stack([y, side - x, height, width], axis=1)
    if mirrored:
        boxes[:, 0] = side - boxes[:, 0]
    pixels = np.rot90(pixels, quarters)
    return np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels), boxes


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.jpg"
