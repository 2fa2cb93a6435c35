"""A large picture looked at tile by tile: one verdict on the whole of it, with all its boxes.

Each tile gets the first look that an ordinary picture gets, by the same rules; what the tiles see
is put together across their seams; the second look and the calibrated rule are those of every
picture. The tiles of one picture always go in the same batches, whatever else is being judged, so
the same picture gets the same answer.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Protocol, TypeVar

import numpy as np

from camtrap.batches import in_batches
from camtrap.pixels.decode import Pixels
from camtrap.pixels.fit import Region, fitted_size
from camtrap.pixels.limits import LARGE, one_large
from camtrap.pixels.regions import LargePicture, open_large
from camtrap.pixels.tiles import TILE_SIDE, Tile
from camtrap.records import Box
from camtrap.vision.predictor import Look, Verdict
from camtrap.vision.proposals import Proposal, promising
from camtrap.vision.seams import Seen, merged, seen_in

TILE_BOXES = 16
"""Boxes that one tile may propose: a herd is more than the four that a camera's picture holds."""

MOST_BOXES = 256
"""Boxes of one picture that get a second look. Texture alone proposes hundreds in a large one, and
each costs a fifth of a tile."""

GPU_TILES = 16
"""Tiles that a GPU sees at once."""

_WAVE = 4  # batches for each thread that are cut while others are looked at: memory stays flat

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class TileModel(Protocol):
    """What of a predictor is asked here."""

    @property
    def default_batch_size(self) -> int: ...

    @property
    def proposing(self) -> dict[str, object]: ...

    @property
    def least_share(self) -> float: ...

    @property
    def crop_rules(self) -> tuple[int, int]: ...

    def first_look(
        self, frames: Sequence[Pixels], *, max_count: int = 0
    ) -> list[tuple[Proposal, ...]]: ...

    def crop_regions(self, boxes: Sequence[Box], width: int, height: int) -> list[Region]: ...

    def second_look(self, crops: Sequence[Pixels]) -> list[list[float]]: ...

    def joined_verdict(
        self, found: Sequence[Proposal], logits: Sequence[Sequence[float]]
    ) -> Verdict: ...


def judge_tiled(model: TileModel, look: Look) -> Verdict:
    """One verdict on a picture that has `tiles`.

    Pictures above `LARGE` pixels take turns, and each has all processor cores. Raises
    `UnreadablePicture` when the full-size pixels cannot be decoded.
    """
    is_large = look.frame.width * look.frame.height > LARGE
    with one_large if is_large else contextlib.nullcontext():
        picture = open_large(look.data, look.frame.limits)
        # A laptop's ordinary pictures are judged side by side, so one of them needs no more cores.
        with _workers(is_large and model.default_batch_size == 1) as spread:
            found = look_at_tiles(model, picture, look.tiles, spread)
            promised = promising(found[:MOST_BOXES], model.least_share) if found else ()
            logits = _second_looks(model, picture, promised, spread)
    verdict = model.joined_verdict(promised, logits)
    if len(promised) < MOST_BOXES:
        return verdict
    note = f"only the {MOST_BOXES} likeliest places of this picture were looked at closely"
    return replace(verdict, reason=note)


def look_at_tiles(
    model: TileModel,
    picture: LargePicture,
    tiles: Sequence[Tile],
    spread: Spread | None = None,
) -> tuple[Proposal, ...]:
    """The first look at each tile, put together: boxes in shares of the picture, best first.

    One box more than `MOST_BOXES` tells that there were more.
    """
    size = 1 if model.default_batch_size == 1 else GPU_TILES
    spread = spread or Spread(None)

    def first_look(batch: list[tuple[Tile, Pixels]]) -> list[Seen]:
        found = model.first_look([pixels for _, pixels in batch], max_count=TILE_BOXES)
        return [
            seen_in(tile, proposal, picture.width, picture.height)
            for (tile, _), proposals in zip(batch, found, strict=True)
            for proposal in proposals
        ]

    cut = ((tile, _cut(picture, tile)) for tile in tiles)
    seen = chain.from_iterable(spread(first_look, in_batches(cut, size)))
    rules = model.proposing
    return merged(
        seen,
        min_score=float(rules["min_score"]),  # type: ignore[arg-type]
        max_overlap=float(rules["max_overlap"]),  # type: ignore[arg-type]
        max_count=MOST_BOXES,
    )


def _second_looks(
    model: TileModel, picture: LargePicture, found: Sequence[Proposal], spread: Spread
) -> list[list[float]]:
    side, fill = model.crop_rules
    regions = model.crop_regions(
        [proposal.box for proposal in found], picture.width, picture.height
    )
    size = 1 if model.default_batch_size == 1 else GPU_TILES
    # By rows, as a TIFF is decoded, and then back into the order of the boxes.
    order = sorted(range(len(regions)), key=lambda place: (regions[place].top, place))
    crops = (picture.crop(regions[place], side, fill) for place in order)
    logits = list(chain.from_iterable(spread(model.second_look, in_batches(crops, size))))
    back = dict(zip(order, logits, strict=True))
    return [back[place] for place in range(len(regions))]


def _cut(picture: LargePicture, tile: Tile) -> Pixels:
    region = Region(*map(float, tile[:4]))
    return np.ascontiguousarray(
        picture.cut(region, fitted_size(tile.width, tile.height, TILE_SIDE))
    )


class Spread:
    """Calls a function for one item after the other, in several threads where there is a pool.

    Items are made here, one at a time, and only a few ahead of the threads.
    """

    def __init__(self, pool: ThreadPoolExecutor | None, threads: int = 1) -> None:
        self._pool = pool
        self._threads = threads

    def __call__(self, function: Callable[[_In], _Out], items: Iterator[_In]) -> Iterator[_Out]:
        if self._pool is None:
            yield from map(function, items)
            return
        for wave in in_batches(items, _WAVE * self._threads):
            yield from self._pool.map(function, wave)


@contextlib.contextmanager
def _workers(wanted: bool) -> Iterator[Spread]:
    threads = os.cpu_count() or 1
    if not wanted or threads == 1:
        yield Spread(None)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="tiles") as pool:
        yield Spread(pool, threads)
