"""Tiles on disk: made once, and turned together with their boxes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from camtrap.learn.aerial.tiles import MadeTile, make_tiles, shown, turned
from camtrap.records import Box
from tests.learn.aerial.made import HERD

SIDE = 96


def tiles_in(folder, count=6, **options):
    return make_tiles(count, SIDE, HERD, [], folder, seed=3, **options)


def test_tiles_are_made_once_and_read_again(tmp_path) -> None:
    first = tiles_in(tmp_path)
    stamps = [tile.path.stat().st_mtime_ns for tile in first]
    told = []
    assert tiles_in(tmp_path, on_done=lambda: told.append(1)) == first
    assert [tile.path.stat().st_mtime_ns for tile in first] == stamps
    assert not told


@pytest.mark.parametrize("change", [{"count": 7}, {"key": "other"}])
def test_other_tiles_are_made_anew(tmp_path, change) -> None:
    tiles_in(tmp_path)
    told = []
    made = tiles_in(tmp_path, on_done=lambda: told.append(1), **change)
    assert len(told) == len(made)


def test_several_workers_make_the_same_tiles(tmp_path) -> None:
    one, two = tiles_in(tmp_path / "one"), tiles_in(tmp_path / "two", workers=3)
    assert [tile.boxes for tile in one] == [tile.boxes for tile in two]
    assert [t.path.read_bytes() for t in one] == [t.path.read_bytes() for t in two]


@pytest.fixture
def spot(tmp_path) -> MadeTile:
    """A white rectangle of 24 x 8 pixels at (16, 40) on black."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[40:48, 16:40] = 255
    Image.fromarray(pixels).save(tmp_path / "spot.png")
    return MadeTile(tmp_path / "spot.png", (Box(16 / SIDE, 40 / SIDE, 24 / SIDE, 8 / SIDE),))


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_boxes_turn_with_the_pixels(spot, quarters, mirrored) -> None:
    pixels, [box] = turned(spot, quarters, mirrored)
    rows, columns = np.nonzero(pixels[..., 0] > 128)
    found = [
        (columns.min() + columns.max() + 1) / 2,
        (rows.min() + rows.max() + 1) / 2,
        np.ptp(columns) + 1,
        np.ptp(rows) + 1,
    ]
    assert box.tolist() == pytest.approx(found)


def test_an_epoch_shows_every_tile_once(tmp_path) -> None:
    tiles = tiles_in(tmp_path, count=7)
    batches = list(shown(tiles, 3, seed=(1, 0), workers=2))
    assert [len(pictures) for pictures, _ in batches] == [3, 3, 1]
    assert all(pictures.shape[1:] == (3, SIDE, SIDE) for pictures, _ in batches)
    counts = sorted(len(boxes) for _, each in batches for boxes in each)
    assert counts == sorted(len(tile.boxes) for tile in tiles)


def test_the_order_hangs_on_seed_and_epoch_alone(tmp_path) -> None:
    tiles = tiles_in(tmp_path)

    def first(epoch, workers):
        [pictures, _], *_ = shown(tiles, 6, seed=(1, epoch), workers=workers)
        return pictures

    assert torch.equal(first(0, 1), first(0, 3))
    assert not torch.equal(first(0, 1), first(1, 1))
