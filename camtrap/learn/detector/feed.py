"""The pictures of an epoch: which are drawn, in which batches, and their pixels.

Pictures of alike shape share a batch, so that little of it is black. What an epoch shows depends on
the seed and the epoch's number alone, so a run that was stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from camtrap.batches import in_batches
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.detector.targets import Marks, Taught
from camtrap.learn.detector.vary import vary
from camtrap.pixels.decode import FRAME_SIDE, Pixels, decode_frame
from camtrap.pixels.fit import padded

EASY = 0.75
"""From this score on an animal is surely found already; the others are shown in every epoch."""

EMPTY_DRAWS = 2
"""Times that an empty picture is shown in an epoch: there are fewer of them."""

READ_AHEAD = 3
_CHUNK = 10  # batches among which pictures are sorted by shape
_MULTIPLE = 32


class Draw(NamedTuple):
    """One picture of an epoch by its index; `stand_in` shows its copy with patched ground."""

    picture: int
    stand_in: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures (n, 3, height, width), RGB 0..255, padded with black, and what is in each.

    `sizes` are (width, height) of each within the batch.
    """

    pictures: Tensor
    sizes: tuple[tuple[int, int], ...]
    empty: tuple[bool, ...]
    marks: tuple[Marks, ...]


def draw_epoch(
    taught: Sequence[Taught], settings: DetectorTuning, random: np.random.Generator
) -> list[list[Draw]]:
    """The batches of an epoch: every empty picture twice, every animal that is not surely found
    once, and a share of the others."""
    drawn: list[Draw] = []
    for index, picture in enumerate(taught):
        if picture.empty:
            drawn += [Draw(index)] * EMPTY_DRAWS
            continue
        shown = picture.best < EASY or random.random() < settings.easy
        patched = picture.stand_in is not None and random.random() < settings.patched
        if shown:
            drawn.append(Draw(index, patched))
    drawn = [drawn[i] for i in random.permutation(len(drawn))]
    batches: list[list[Draw]] = []
    for chunk in in_batches(drawn, _CHUNK * settings.batch_size):
        chunk.sort(key=lambda draw: taught[draw.picture].height / taught[draw.picture].width)
        batches += in_batches(chunk, settings.batch_size)
    return [batches[i] for i in random.permutation(len(batches))]


def batches(
    taught: Sequence[Taught],
    plan: Sequence[Sequence[Draw]],
    side: int,
    *,
    seed: Sequence[int],
    workers: int,
) -> Iterator[Batch]:
    """Yield the batches of a plan, varied, made by other threads; every place in the plan has a
    random generator of its own."""
    with ThreadPoolExecutor(workers, thread_name_prefix="pictures") as pool:

        def one(draw: Draw, place: tuple[int, int]) -> tuple[Pixels, Marks]:
            random = np.random.default_rng([*seed, *place])
            return shown(taught[draw.picture], draw.stand_in, side, random)

        def submit(
            batch: tuple[int, Sequence[Draw]],
        ) -> tuple[list[Future[tuple[Pixels, Marks]]], Sequence[Draw]]:
            number, draws = batch
            jobs = [pool.submit(one, draw, (number, i)) for i, draw in enumerate(draws)]
            return jobs, draws

        waiting = map(submit, enumerate(plan))
        queue = list(islice(waiting, READ_AHEAD))
        try:
            while queue:
                jobs, draws = queue.pop(0)
                made = [job.result() for job in jobs]
                queue += islice(waiting, 1)
                yield _batch(made, [taught[draw.picture].empty for draw in draws])
        finally:
            for jobs, _ in queue:
                for job in jobs:
                    job.cancel()


def shown(
    picture: Taught, stand_in: bool, side: int, random: np.random.Generator
) -> tuple[Pixels, Marks]:
    """A random variation of the picture or of its stand-in, and its boxes."""
    path = picture.stand_in if stand_in and picture.stand_in is not None else picture.path
    # Decoded at the size of use and only then made smaller, as the looks of use are.
    frame = decode_frame(path.read_bytes(), max(FRAME_SIDE, side))
    return vary(frame.pixels, picture.table(), side, random)


def _batch(made: Sequence[tuple[Pixels, Marks]], empty: Sequence[bool]) -> Batch:
    height = padded(max(pixels.shape[0] for pixels, _ in made), _MULTIPLE)
    width = padded(max(pixels.shape[1] for pixels, _ in made), _MULTIPLE)
    together = np.zeros((len(made), height, width, 3), np.uint8)
    for place, (pixels, _) in zip(together, made, strict=True):
        place[: pixels.shape[0], : pixels.shape[1]] = pixels
    return Batch(
        torch.from_numpy(together).permute(0, 3, 1, 2),
        tuple((pixels.shape[1], pixels.shape[0]) for pixels, _ in made),
        tuple(empty),
        tuple(marks for _, marks in made),
    )
