"""Which pictures are looked at tile by tile, how many tiles that makes, and how long it will take.

A drone's pictures are known by what their headers say; `--drone` takes every picture for one. Where
a header also tells height, lens and a view straight down, the ground sampling distance gives one
scale that suits the smallest animal, instead of all scales.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from camtrap.config import DRONE_ALWAYS, DRONE_AUTO
from camtrap.drone.camera import gsd_m, view_of
from camtrap.drone.flight import DroneCapture, parse_drone_capture
from camtrap.drone.makers import maker_of
from camtrap.engine.stages import read_file
from camtrap.errors import UnreadablePicture
from camtrap.pixels.decode import Frame, Pixels
from camtrap.pixels.limits import LIMITS, Limits
from camtrap.pixels.regions import large_frame
from camtrap.pixels.tiles import TILE_SIDE, Tile, plan_tiles, scale_for
from camtrap.records import Capture, ImageFile

SMALLEST_ANIMAL_METRES = 1.0
"""Length, without tail, of the smallest animal of interest: a roe deer."""

STRAIGHT_DOWN = -70.0
"""Degrees: a camera that looks down at least so steeply sees its whole picture at about one scale
(1.3 at the edges); at a slant, the far end is much coarser than the middle."""

_SAMPLE = 5
"""Pictures of a card that are read to tell how long it will take."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """The rule by which pictures are cut into tiles; `mode` is the setting `drone`."""

    mode: str = DRONE_AUTO
    limits: Limits = LIMITS

    def drone_of(self, data: bytes, capture: Capture) -> DroneCapture | None:
        """What a picture that is taken for a drone's says of the flight; None for all others.

        Make and model are asked first, so that an ordinary picture costs nothing.
        """
        forced = self.mode == DRONE_ALWAYS
        if forced or (self.mode == DRONE_AUTO and maker_of(capture.make, capture.model)):
            limit = self.limits.metadata
            return parse_drone_capture(data, forced=forced, metadata_limit=limit)
        return None

    def frame(self, data: bytes, side: int) -> Frame:
        """The first decode of such a picture; raises as `decode_frame`."""
        return large_frame(data, side, self.limits)

    def tiles(self, drone: DroneCapture, width: int, height: int) -> tuple[Tile, ...]:
        """The plan of an upright picture of this size; empty for one that a single look takes."""
        if max(width, height) <= TILE_SIDE:
            return ()
        return plan_tiles(width, height, scales=_scales(drone))


def _scales(drone: DroneCapture) -> tuple[float, ...]:
    """The one scale that suits, where the distance of the ground is known; else none: all."""
    view = view_of(drone)
    if view is None or view.pitch > STRAIGHT_DOWN:
        return ()
    distance = gsd_m(view)
    return (scale_for(distance, SMALLEST_ANIMAL_METRES),) if 0 < distance < 100 else ()


class Forecast(NamedTuple):
    """What is to be looked at tile by tile: pictures, their tiles, and seconds; about."""

    pictures: int
    tiles: int
    seconds: float

    def __str__(self) -> str:
        minutes = max(1, round(self.seconds / 60))
        hours, minutes = divmod(minutes, 60)
        span = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
        noun = "picture" if self.pictures == 1 else "pictures"
        return (
            f"about {self.pictures:,} large {noun}, {self.tiles:,} tiles at "
            f"{self.tiles / max(self.seconds, 1e-9):.1f} a second: some {span}"
        )


def forecast(
    files: Sequence[ImageFile],
    pending: int,
    tiling: Tiling,
    first_look: Callable[[Sequence[Pixels]], object],
    *,
    batch: int = 1,
    workers: int = 1,
) -> Forecast | None:
    """How long the tiles of `pending` files will take, told from some; None where none are seen.

    The networks are timed on one batch of tiles. On a CPU (`batch` 1) each worker is as fast as
    that; decoding and second looks come on top. Files that cannot be read say nothing.
    """
    from camtrap.card.exif import parse_capture
    from camtrap.pixels.decode import opened, upright_size

    counts: list[int] = []
    for file in _some(files):
        try:
            data = read_file(file)
            drone = tiling.drone_of(data, parse_capture(data, tiling.limits.metadata))
            if drone is None:
                counts.append(0)
                continue
            with opened(data, tiling.limits) as image:
                counts.append(len(tiling.tiles(drone, *upright_size(image))))
        except UnreadablePicture:
            continue
    tiled = [count for count in counts if count]
    if not tiled:
        return None
    share = pending / len(counts)
    tiles = round(sum(tiled) * share)
    seconds = tiles * _seconds_a_tile(first_look, batch) / (workers if batch == 1 else 1)
    return Forecast(round(len(tiled) * share), tiles, seconds)


def _some(files: Sequence[ImageFile]) -> list[ImageFile]:
    """A few files, spread evenly."""
    step = max(1, -(-len(files) // _SAMPLE))
    return list(files[step // 2 :: step])


def _seconds_a_tile(first_look: Callable[[Sequence[Pixels]], object], batch: int) -> float:
    random = np.random.default_rng(0)
    tile = random.integers(0, 256, (TILE_SIDE, TILE_SIDE, 3), dtype=np.uint8)
    first_look([tile] * batch)  # what a first call sets up is not counted
    began = time.perf_counter()
    first_look([tile] * batch)
    return (time.perf_counter() - began) / batch
