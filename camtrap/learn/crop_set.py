"""The crops of a training run: which there are, how often each is drawn, and their pixels.

A crop is cut from its file by the very code that cuts it in use, and varied anew each epoch. What
an epoch shows depends on the seed and the epoch's number alone, so a run that was stopped goes on
as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camtrap.batches import in_batches
from camtrap.learn.augment import Change, augment
from camtrap.learn.crops import jittered
from camtrap.pixels.decode import Pixels, decode_crops
from camtrap.pixels.fit import square_around
from camtrap.records import Box
from camtrap.vision.calibration import CLASSES

READ_AHEAD = 4
"""Batches made ready while the network works on one."""


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """A box of one picture that holds `label`, a class of the classifier.

    `width` and `height` are the upright picture's, in pixels.
    """

    path: Path
    file: str
    width: int
    height: int
    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class CropRules:
    """How crops are cut: side in pixels, context around the box, grey fill; as in `model.json`."""

    side: int
    context: float
    fill: int


def pixels_of(
    crop: LabelledCrop,
    rules: CropRules,
    random: np.random.Generator | None,
    vary: Change = augment,
) -> Pixels:
    """The crop (side, side, 3) as use would cut it, or a random variation of it."""
    box = crop.box if random is None else jittered(crop.box, random)
    region = square_around(box, crop.width, crop.height, rules.context)
    pixels = decode_crops(crop.path.read_bytes(), [region], rules.side, rules.fill)[0]
    return pixels if random is None else vary(pixels, random)


def draw(
    labels: Sequence[str], count: int, balance: float, most: int, random: np.random.Generator
) -> list[int]:
    """Which crops an epoch shows: about `count` indices, every class by its number ** (1 -
    balance).

    No crop is drawn more than `most` times, so that one picture of a person is not all that the
    network knows of people. Within a class, crops are gone through before any comes again.
    """
    classes = np.array([CLASSES.index(label) for label in labels], np.int64)
    sizes = np.bincount(classes, minlength=len(CLASSES))
    wanted = np.where(sizes > 0, np.maximum(sizes, 1) ** (1.0 - balance), 0.0)
    wanted = wanted / wanted.sum() * count
    drawn: list[int] = []
    for number in np.flatnonzero(sizes):
        members = np.flatnonzero(classes == number)
        left = min(round(float(wanted[number])), most * len(members))
        while left > 0:
            drawn += random.permutation(members)[:left].tolist()
            left -= len(members)
    return [drawn[i] for i in random.permutation(len(drawn))]


def batches(
    crops: Sequence[LabelledCrop],
    order: Sequence[int],
    rules: CropRules,
    *,
    size: int,
    seed: Sequence[int] | None,
    workers: int,
    vary: Change = augment,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (n, side, side, 3) bytes and (n,) class numbers, in `order`, made by other threads.

    With a `seed`, every place in the order has a generator of its own; without, crops are plain.
    """
    places = list(enumerate(order))
    with ThreadPoolExecutor(workers, thread_name_prefix="crops") as pool:

        def one(place: tuple[int, int]) -> Pixels:
            number, index = place
            random = None if seed is None else np.random.default_rng([*seed, number])
            return pixels_of(crops[index], rules, random, vary)

        def submit(batch: list[tuple[int, int]]) -> tuple[list[Future[Pixels]], list[int]]:
            return [pool.submit(one, place) for place in batch], [i for _, i in batch]

        waiting = map(submit, in_batches(places, size))
        queue = list(islice(waiting, READ_AHEAD))
        try:
            while queue:
                futures, indices = queue.pop(0)
                pixels = np.stack([future.result() for future in futures])
                queue += islice(waiting, 1)
                classes = [CLASSES.index(crops[i].label) for i in indices]
                yield torch.from_numpy(pixels), torch.tensor(classes)
        finally:
            for futures, _ in queue:
                for future in futures:
                    future.cancel()


def normalised(pixels: Tensor, mean: float, std: float) -> Tensor:
    """(n, side, side, 3) bytes to (n, 3, side, side) floats, as the backbone wants them."""
    return pixels.permute(0, 3, 1, 2).float().sub(mean).div(std)


def class_weights(labels: Sequence[str], balance: float, rare: int) -> NDArray[np.float32]:
    """(classes,) weights of mean 1 over the crops: number ** -balance, rare classes held back."""
    numbers = [CLASSES.index(label) for label in labels]
    sizes = np.maximum(np.bincount(numbers, minlength=len(CLASSES)), rare)
    weights: NDArray[np.float32] = sizes.astype(np.float32) ** -balance
    weights /= weights[numbers].mean()
    return weights
