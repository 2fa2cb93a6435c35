"""Plans of tiles: everything is covered, what is small enough is whole somewhere, none too many."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.pixels.tiles import TILE_OVERLAP, TILE_SIDE, Tile, plan_tiles, pyramid, scale_for

lengths = st.integers(1, 20_000)
scales = st.floats(0.05, 2.0)
places = st.floats(0, 1, exclude_max=True)


def at_scale(width: int, height: int, scale: float) -> tuple[Tile, ...]:
    return plan_tiles(width, height, scales=[scale])


@given(lengths, lengths, scales, places, places)
def test_every_point_lies_in_a_tile(
    width: int, height: int, scale: float, across: float, down: float
) -> None:
    x, y = int(across * width), int(down * height)
    assert any(
        tile.left <= x < tile.right and tile.top <= y < tile.bottom
        for tile in at_scale(width, height, scale)
    )


@given(lengths, lengths, scales, st.floats(0, 1), st.floats(0, 1), places, places)
def test_a_box_up_to_the_overlap_is_whole_in_some_tile(
    width: int, height: int, scale: float, wide: float, high: float, across: float, down: float
) -> None:
    limit = min(TILE_OVERLAP, TILE_SIDE - 1) / scale
    box_width, box_height = wide * min(limit, width), high * min(limit, height)
    left, top = across * (width - box_width), down * (height - box_height)
    assert any(
        tile.left <= left
        and left + box_width <= tile.right + 1e-6
        and tile.top <= top
        and top + box_height <= tile.bottom + 1e-6
        for tile in at_scale(width, height, scale)
    )


@given(lengths, lengths, scales)
def test_tiles_are_no_more_than_their_steps_need(width: int, height: int, scale: float) -> None:
    span = int(TILE_SIDE / scale + 1e-6)
    step = span - math.ceil(TILE_OVERLAP / scale)
    most = math.prod(math.ceil(max(length - span, 0) / step) + 1 for length in (width, height))
    assert len(at_scale(width, height, scale)) <= most


@given(lengths, lengths, scales)
def test_tiles_lie_in_the_picture_and_none_is_twice_there(
    width: int, height: int, scale: float
) -> None:
    tiles = plan_tiles(width, height, scales=[scale, scale])
    assert len(set(tiles)) == len(tiles)
    for tile in tiles:
        assert 0 <= tile.left < tile.right <= width
        assert 0 <= tile.top < tile.bottom <= height
        assert max(tile.width, tile.height) * tile.scale == pytest.approx(TILE_SIDE)


@given(lengths, lengths)
def test_without_scales_the_last_tile_is_the_whole_picture(width: int, height: int) -> None:
    *_, last = plan_tiles(width, height)
    assert last[:4] == (0, 0, width, height)
    assert last.scale == TILE_SIDE / max(width, height)


def test_scales_halve_from_the_picture_itself_to_the_whole_of_it() -> None:
    assert pyramid(4000, 3000) == (1.0, 0.5, 0.25, 0.16)
    assert pyramid(640, 480) == (1.0,)
    assert pyramid(320, 200) == (2.0,)


@pytest.mark.parametrize(
    ("size", "count"),
    [((640, 480), 1), ((641, 480), 3), ((4000, 3000), 65), ((13_000, 9_230), 632)],
)
def test_how_many_tiles_a_picture_has(size: tuple[int, int], count: int) -> None:
    assert len(plan_tiles(*size)) == count


@pytest.mark.parametrize(
    ("metres_a_pixel", "animal", "scale"),
    [(0.005, 1.0, 0.24), (0.01, 1.0, 0.48), (0.05, 1.0, 2.0), (0.005, 0.5, 0.48)],
)
def test_where_the_ground_is_known_one_scale_gives_the_animal_its_pixels(
    metres_a_pixel: float, animal: float, scale: float
) -> None:
    assert scale_for(metres_a_pixel, animal) == pytest.approx(scale)


@pytest.mark.parametrize("distance", [0.0, -1.0, float("nan")])
def test_a_distance_that_is_none_has_no_scale(distance: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        scale_for(distance, 1.0)


@pytest.mark.parametrize(
    "said",
    [
        {"width": 0},
        {"height": -3},
        {"overlap": TILE_SIDE},
        {"overlap": -1},
        {"scales": [0.0]},
        {"scales": [float("inf")]},
    ],
)
def test_a_plan_that_cannot_be_is_refused(said) -> None:
    with pytest.raises(ValueError, match=r"no tiles|cannot overlap|no scale"):
        plan_tiles(**{"width": 1000, "height": 1000, **said})
