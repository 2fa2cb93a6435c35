"""Boxes put together across seams and scales: each animal once and whole, two stay two."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.pixels.fit import clipped, overlap
from camtrap.pixels.tiles import Tile, plan_tiles
from camtrap.records import Box
from camtrap.vision.proposals import Proposal
from camtrap.vision.seams import Seen, merged, seen_in

WIDTH, HEIGHT = 2000, 1500
RULES: dict[str, Any] = {"min_score": 0.05, "max_overlap": 0.5, "max_count": 100}

Place = tuple[float, float, float, float]
"""Left, top, width and height in pixels of the picture."""


def look(animals: list[Place], tiles: tuple[Tile, ...], least: float = 8.0) -> list[Seen]:
    """What a perfect detector sees: of each animal in each tile what lies in it, with jitter."""
    seen = []
    for tile in tiles:
        for number, (left, top, width, height) in enumerate(animals):
            box = Box(
                (left - tile.left) / tile.width,
                (top - tile.top) / tile.height,
                width / tile.width,
                height / tile.height,
            )
            part = clipped(box)
            pixels = min(part.width * tile.width, part.height * tile.height) * tile.scale
            share = part.width * part.height / (box.width * box.height)
            if pixels >= least:
                score = round(0.9 * (0.4 + 0.6 * share) - 0.01 * number, 6)
                seen.append(seen_in(tile, Proposal(part, score), WIDTH, HEIGHT))
    return seen


def found_in(animals: list[Place], scales: tuple[float, ...] = ()) -> list[Box]:
    tiles = plan_tiles(WIDTH, HEIGHT, scales=scales)
    return [proposal.box for proposal in merged(look(animals, tiles), **RULES)]


def assert_found(animals: list[Place], boxes: list[Box]) -> None:
    assert len(boxes) == len(animals)
    for left, top, width, height in animals:
        true = Box(left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT)
        assert max(overlap(true, box) for box in boxes) > 0.8


TILES = plan_tiles(WIDTH, HEIGHT, scales=[1.0])
FIRST_SEAM = TILES[0].right
LOWER_SEAM = TILES[0].bottom


@pytest.mark.parametrize("scales", [(1.0,), (), (1.0, 0.5)])
@pytest.mark.parametrize(
    "animal",
    [
        (200, 200, 60, 40),
        (FIRST_SEAM - 30, 200, 60, 40),
        (200, LOWER_SEAM - 20, 60, 40),
        (FIRST_SEAM - 30, LOWER_SEAM - 20, 60, 40),
        (FIRST_SEAM - 100, LOWER_SEAM - 60, 110, 110),
        (0, 0, 50, 50),
        (WIDTH - 70, HEIGHT - 40, 70, 40),
    ],
)
def test_one_animal_is_one_box_wherever_it_lies(animal: Place, scales) -> None:
    assert_found([animal], found_in([animal], scales))


@pytest.mark.parametrize(
    "animal",
    [
        (FIRST_SEAM - 250, 100, 400, 200),  # longer than the overlap: whole in no tile
        (100, LOWER_SEAM - 250, 200, 400),
        (FIRST_SEAM - 300, LOWER_SEAM - 300, 480, 480),  # in four of them
    ],
)
def test_an_animal_that_no_tile_holds_is_put_together_from_its_pieces(animal: Place) -> None:
    assert_found([animal], found_in([animal], (1.0,)))


@pytest.mark.parametrize("scales", [(1.0,), ()])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((300, 300, 60, 30), (300, 335, 60, 30)),  # side by side
        ((FIRST_SEAM - 30, 300, 60, 30), (FIRST_SEAM - 30, 335, 60, 30)),
        ((FIRST_SEAM - 62, 300, 60, 30), (FIRST_SEAM + 2, 300, 60, 30)),  # head to tail
        ((200, LOWER_SEAM - 32, 60, 30), (200, LOWER_SEAM + 2, 60, 30)),
        ((FIRST_SEAM - 30, LOWER_SEAM - 32, 60, 30), (FIRST_SEAM - 30, LOWER_SEAM + 2, 60, 30)),
        ((300, 300, 100, 60), (370, 340, 60, 60)),  # a fawn partly behind its mother
    ],
)
def test_two_animals_stay_two(first: Place, second: Place, scales) -> None:
    assert_found([first, second], found_in([first, second], scales))


def test_what_a_coarse_look_takes_for_one_is_two_where_a_finer_look_sees_two() -> None:
    deer = [Seen(Box(x, 0.5, 0.02, 0.02), 0.8, 1.0) for x in (0.50, 0.53, 0.56)]
    herd = Seen(Box(0.495, 0.495, 0.09, 0.03), 0.7, 0.25)
    assert [p.box for p in merged([herd, *deer], **RULES)] == [one.box for one in deer]
    # One of them alone may be its head.
    assert len(merged([herd, deer[0]], **RULES)) == 2


def test_the_pictures_own_edge_cuts_nothing() -> None:
    tile = Tile(0, 0, 640, 640, 1.0)
    whole = seen_in(tile, Proposal(Box(0, 0, 0.1, 0.1), 0.9), WIDTH, HEIGHT)
    assert not whole.is_cut
    cut = seen_in(tile, Proposal(Box(0.9, 0.995, 0.1, 0.005), 0.9), WIDTH, HEIGHT)
    assert (cut.cut_left, cut.cut_top, cut.cut_right, cut.cut_bottom) == (False, False, True, True)


def test_boxes_come_in_shares_of_the_whole_picture() -> None:
    tile = Tile(1000, 500, 1640, 1140, 1.0)
    one = seen_in(tile, Proposal(Box(0.25, 0.5, 0.5, 0.25), 0.9), WIDTH, HEIGHT)
    assert one.box == pytest.approx((1160 / 2000, 820 / 1500, 320 / 2000, 160 / 1500))


def test_the_best_box_stays_however_faint_and_there_are_never_too_many() -> None:
    faint = [Seen(Box(0.1 * n, 0.1, 0.05, 0.05), 0.001 * n) for n in range(9)]
    assert [p.score for p in merged(faint, **RULES)] == [0.008]
    many = [Seen(Box(0.01 * n, 0.1, 0.005, 0.05), 0.5) for n in range(90)]
    assert len(merged(many, **{**RULES, "max_count": 7})) == 7
    assert merged([], **RULES) == ()


@given(
    st.lists(
        st.tuples(
            st.floats(0, WIDTH - 200),
            st.floats(0, HEIGHT - 200),
            st.floats(10, 200),
            st.floats(10, 200),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_what_was_seen_does_not_matter(
    animals: list[Place], order: random.Random
) -> None:
    seen = look(animals, plan_tiles(WIDTH, HEIGHT))
    shuffled = [*seen, *seen[:3]]
    order.shuffle(shuffled)
    assert merged(shuffled, **RULES) == merged(seen, **RULES)


@given(
    st.floats(10, WIDTH - 140), st.floats(10, HEIGHT - 140), st.floats(24, 110), st.floats(24, 110)
)
def test_an_animal_up_to_the_overlap_is_one_box_at_any_place(
    left: float, top: float, width: float, height: float
) -> None:
    animal = (left, top, width, height)
    assert_found([animal], found_in([animal], (1.0,)))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), unique=True, max_size=12))
def test_as_many_boxes_come_out_as_animals_stand_apart(places: list[tuple[int, int]]) -> None:
    animals: list[Place] = [(x * 200.0 + 30, y * 187.0 + 20, 70, 50) for x, y in places]
    boxes = found_in(animals)
    if animals:
        assert_found(animals, boxes)
