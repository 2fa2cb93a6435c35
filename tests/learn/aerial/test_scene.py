"""Made tiles: boxes lie where animals are, and what is drawn is drawn again by the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from camtrap.learn.aerial import scene as scenes
from camtrap.learn.aerial.ground import lay, made_ground, noise, real_ground
from camtrap.learn.aerial.scene import LEAST_SIDE, make_scene
from tests.learn.aerial.made import HERD

SIDE = 160


def scene(number, herd=HERD, empties=()):
    return make_scene(SIDE, herd, empties, np.random.default_rng([7, number]))


SCENES = [scene(number) for number in range(60)]


def test_a_tile_is_a_picture_of_its_side() -> None:
    for made in SCENES:
        assert made.pixels.shape == (SIDE, SIDE, 3)
        assert made.pixels.dtype == np.uint8


def test_some_tiles_are_empty_and_some_hold_several() -> None:
    counts = [len(made.boxes) for made in SCENES]
    assert 10 < counts.count(0) < 40
    assert max(counts) >= 3


def test_boxes_lie_in_the_tile_and_are_large_enough() -> None:
    for made in SCENES:
        for box in made.boxes:
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.width <= 1
            assert box.y + box.height <= 1
            # One that the edge cuts may show less than the least side of a whole one.
            assert max(box.width, box.height) * SIDE >= LEAST_SIDE * 0.5


def test_the_same_seed_draws_the_same_tile() -> None:
    again = scene(3)
    assert (again.pixels == SCENES[3].pixels).all()
    assert again.boxes == SCENES[3].boxes


def test_the_animal_is_where_its_box_is(monkeypatch) -> None:
    monkeypatch.setattr(scenes, "HEAT", 0.0)
    monkeypatch.setattr(
        scenes, "made_ground", lambda side, _: np.zeros((side, side, 3), np.float32)
    )
    inside, outside = [], []
    for number in range(40):
        made = scene(number)
        grey = made.pixels.mean(axis=2)
        mask = np.zeros((SIDE, SIDE), bool)
        for box in made.boxes:
            left, top = int(box.x * SIDE), int(box.y * SIDE)
            right, bottom = int((box.x + box.width) * SIDE), int((box.y + box.height) * SIDE)
            mask[top:bottom, left:right] = True
            inside.append(grey[top:bottom, left:right].max() - np.median(grey[~mask]))
        if made.boxes:
            away = grey[~mask]
            outside.append(np.quantile(away, 0.99) - np.median(away))
    assert len(inside) > 20
    assert np.median(inside) > 60
    assert np.median(outside) < 30


def test_animals_of_one_tile_are_seen_at_one_slant(monkeypatch) -> None:
    seen: list[set[float]] = []
    put = scenes._put

    def noted(picture, animal, *rest):
        seen[-1].add(animal.pitch)
        return put(picture, animal, *rest)

    monkeypatch.setattr(scenes, "_put", noted)
    for number in range(20):
        seen.append(set())
        scene(number)
    assert all(len(pitches) <= 1 for pitches in seen)
    assert {90.0, 45.0} == set().union(*seen)


# Ground


def test_ground_is_as_large_as_asked_and_not_flat() -> None:
    for number in range(8):
        ground = made_ground(SIDE, np.random.default_rng(number))
        assert ground.shape == (SIDE, SIDE, 3)
        assert np.isfinite(ground).all()
        assert ground.std() > 1


def test_real_ground_is_a_part_of_the_picture_whatever_its_shape() -> None:
    picture = np.zeros((90, 200, 3), np.uint8)
    picture[..., 1] = 77
    for number in range(8):
        ground = real_ground([picture], SIDE, np.random.default_rng(number))
        assert ground.shape == (SIDE, SIDE, 3)
        assert ground[..., 1].min() > 76
        assert ground[..., 0].max() < 1


@pytest.mark.parametrize("cells", [2, 7, 150])
def test_noise_is_about_nothing(cells) -> None:
    values = noise(SIDE, cells, np.random.default_rng(1))
    assert values.shape == (SIDE, SIDE)
    assert abs(values.mean()) < 0.3
    assert np.abs(values).max() < 1


@pytest.mark.parametrize("corner", [(-5, -5), (8, 8), (-20, 0), (40, 0)])
def test_what_is_laid_over_an_edge_is_cut(corner) -> None:
    picture = np.zeros((10, 10, 3), np.float32)
    lay(picture, np.full(3, 100.0), np.ones((6, 6)), np.array(corner))
    rows = max(0, min(10, corner[0] + 6) - max(0, corner[0]))
    columns = max(0, min(10, corner[1] + 6) - max(0, corner[1]))
    assert (picture[..., 0] == 100).sum() == rows * columns
