"""Which frames of a clip are kept: where it changes, every few seconds, and never too many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from camtrap.video.change import (
    CHANGED,
    GLANCE_SIZE,
    Glance,
    Kept,
    difference,
    glance_at,
    kept_after,
)

Grey = NDArray[np.uint8]
WIDTH, HEIGHT = GLANCE_SIZE
RATE = 10


def scene(seed: int = 0, least: int = 60, most: int = 160) -> Grey:
    """Ground with light and shade."""
    random = np.random.default_rng(seed)
    coarse: Grey = random.integers(least, most, (HEIGHT // 4, WIDTH // 4), dtype=np.uint8)
    return coarse.repeat(4, axis=0).repeat(4, axis=1)


def with_animal(grey: Grey, x: int, *, side: int = 3, level: int = 220) -> Grey:
    shown = grey.copy()
    shown[10 : 10 + side, x : x + side] = level
    return shown


def exposed(grey: Grey, gain: float, offset: float) -> Grey:
    shown: Grey = np.rint(grey * gain + offset).clip(0, 255).astype(np.uint8)
    return shown


def passed(greys: Sequence[Grey], most: int = 20, steady: float = 3.0) -> tuple[Kept, ...]:
    """What is kept of these, `RATE` a second."""
    kept: tuple[Kept, ...] = ()
    for number, grey in enumerate(greys):
        kept = kept_after(kept, number, number / RATE, glance_at(grey), most, steady)
    return kept


def seconds(kept: Sequence[Kept]) -> list[float]:
    return [each.seconds for each in kept]


# -- two frames


def test_a_frame_does_not_differ_from_itself() -> None:
    assert difference(glance_at(scene()), glance_at(scene())) == 0.0


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.0, 1.4])
@pytest.mark.parametrize("offset", [-20, 0, 25])
def test_exposure_is_no_change(gain: float, offset: int) -> None:
    found = difference(glance_at(scene()), glance_at(exposed(scene(), gain, offset)))
    assert found < CHANGED / 2


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.0, 1.15])
def test_an_animal_is_one_whatever_the_exposure(gain: float) -> None:
    animal = exposed(with_animal(scene(), 8), gain, 0)
    assert difference(glance_at(scene()), glance_at(animal)) > CHANGED


def test_what_covers_the_whole_picture_is_a_change() -> None:
    """Before a camera that looks into the dark, an animal is all that the flash lights."""
    dark = np.full((HEIGHT, WIDTH), 4, np.uint8)
    near = dark.copy()
    near[:, : WIDTH * 2 // 3] = 90
    assert difference(glance_at(dark), glance_at(near)) > CHANGED


def test_noise_in_fog_is_no_change() -> None:
    random = np.random.default_rng(0)
    fog = [(128 + random.integers(-1, 2, (HEIGHT, WIDTH))).astype(np.uint8) for _ in range(9)]
    first, *others = map(glance_at, fog)
    assert max(difference(first, other) for other in others) < CHANGED


@pytest.mark.parametrize(("side", "level", "seen"), [(1, 220, True), (1, 90, False), (3, 90, True)])
def test_what_is_small_is_seen_where_it_stands_out(side: int, level: int, seen: bool) -> None:
    ground = np.full((HEIGHT, WIDTH), 60, np.uint8)
    small = with_animal(ground, 5, side=side, level=level)
    assert (difference(glance_at(ground), glance_at(small)) > CHANGED) is seen


greys = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
)


@given(greys, greys)
def test_a_difference_is_the_same_both_ways_and_in_grey_levels(one: Grey, other: Grey) -> None:
    found = difference(glance_at(one), glance_at(other))
    assert found == difference(glance_at(other), glance_at(one))
    assert 0.0 <= found <= 255.0


@given(greys, st.integers(0, 40), st.integers(1, 5))
def test_a_glance_does_not_depend_on_exposure(grey: Grey, offset: int, gain: int) -> None:
    dim = (grey // 6).astype(np.uint8)  # so that nothing is clipped
    brighter = (dim * gain + offset).astype(np.uint8)
    one, other = glance_at(dim), glance_at(brighter)
    if one.contrast > 4.0:
        assert np.allclose(one.relative, other.relative, atol=1e-4)


# -- a clip


def test_of_a_still_scene_only_what_is_due_is_kept() -> None:
    kept = passed([scene()] * 60)
    assert seconds(kept) == [0.0, 3.0]
    assert all(each.is_steady for each in kept)


def test_an_animal_between_two_moments_is_kept_and_the_scene_behind_it_is_not() -> None:
    film = [with_animal(scene(), n - 20) if 22 <= n < 28 else scene() for n in range(60)]
    kept = passed(film)
    shown = [each.number for each in kept if not each.is_steady]
    assert shown
    assert all(22 <= number < 28 for number in shown)
    assert seconds(kept)[0] == 0.0 and 3.0 in seconds(kept)


def test_a_flicker_of_exposure_keeps_nothing() -> None:
    film = [exposed(scene(), 0.75 + 0.25 * np.sin(n), 8 * np.cos(3 * n)) for n in range(60)]
    assert seconds(passed(film)) == [0.0, 3.0]


def test_an_animal_that_comes_slowly_is_kept_once_it_is_there() -> None:
    """From one frame to the next nothing changes, but against what is kept everything does."""
    film = [with_animal(scene(), 8, level=round(110 + 110 * n / 59), side=5) for n in range(60)]
    found = [each for each in passed(film, steady=1000.0) if each.number]
    assert found
    assert found[0].change >= CHANGED


def test_an_animal_that_does_not_stand_out_is_kept_because_its_time_comes() -> None:
    dim = scene().copy()
    dim[10:13, 8:11] += 3
    film = [scene()] * 5 + [dim] * 55
    assert [each.number for each in passed(film)] == [0, 30]


def test_what_changes_more_takes_the_place_of_what_changes_less() -> None:
    random = np.random.default_rng(1)
    windy = []
    for _ in range(200):
        grass = scene().astype(int)
        grass[18:] += random.integers(-14, 15, (HEIGHT - 18, WIDTH))
        windy.append(grass.clip(0, 255).astype(np.uint8))
    film = [with_animal(each, n - 150) if 152 <= n < 158 else each for n, each in enumerate(windy)]
    kept = passed(film, most=8)
    assert len(kept) == 8
    assert any(152 <= each.number < 158 for each in kept)


def test_a_crowd_of_frames_of_one_animal_leaves_room_for_a_fainter_one() -> None:
    film = [scene()] * 200
    for n in range(20, 50):
        film[n] = with_animal(scene(), n - 20, side=9, level=255)
    for n in range(140, 148):
        film[n] = with_animal(scene(), 8, level=20, side=2)
    kept = passed(film, most=10, steady=1000.0)
    assert any(20 <= each.number < 50 for each in kept)
    assert any(140 <= each.number < 148 for each in kept)


def test_what_is_due_takes_no_more_than_half_of_the_room() -> None:
    kept = passed([scene()] * 1200, most=8)
    steady = [each.seconds for each in kept if each.is_steady]
    assert steady == [0.0, 48.0, 96.0]
    gaps = {round(later - earlier, 3) for earlier, later in pairwise(seconds(kept))}
    assert len(kept) <= 8 and max(gaps) <= 48.0


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_there_may_be_very_little_room(most: int) -> None:
    film = [with_animal(scene(), 12) if 100 <= n < 110 else scene() for n in range(400)]
    kept = passed(film, most=most)
    assert kept[0].number == 0
    assert len(kept) <= most
    assert most == 1 or any(100 <= each.number < 110 for each in kept)


# -- laws

steps = st.lists(
    st.tuples(st.floats(0.1, 8.0), st.integers(0, 255), st.booleans()), min_size=1, max_size=60
)


def glances() -> dict[tuple[int, bool], Glance]:
    return {
        (level, there): glance_at(with_animal(scene(), 8, level=level) if there else scene())
        for level in range(0, 256, 5)
        for there in (True, False)
    }


GLANCES = glances()


@given(steps, st.integers(1, 12), st.floats(0.2, 20.0))
def test_the_kept_are_few_and_in_order_and_the_first_is_among_them(
    film: list[tuple[float, int, bool]], most: int, steady: float
) -> None:
    kept: tuple[Kept, ...] = ()
    at = 0.0
    for number, (step, level, there) in enumerate(film):
        before = {each.number for each in kept}
        kept = kept_after(kept, number, at, GLANCES[level // 5 * 5, there], most, steady)
        at += step
        numbers = [each.number for each in kept]
        assert numbers == sorted(set(numbers))
        assert numbers[0] == 0 and kept[0].is_steady
        assert len(numbers) <= most
        assert set(numbers) <= before | {number}  # what was passed over does not come back
        assert len(before - set(numbers)) <= 1
        assert sum(each.is_steady for each in kept) <= (most + 1) // 2
    assert all(each.change >= 0.0 for each in kept)


@given(st.integers(1, 400), st.integers(3, 12), st.sampled_from([0.5, 1.0, 2.0]))
def test_no_long_stretch_is_left_out(count: int, most: int, steady: float) -> None:
    kept = passed([scene()] * count, most, steady)
    times = [each.seconds for each in kept if each.is_steady]
    length = (count - 1) / RATE
    gaps = [later - earlier for earlier, later in pairwise([*times, length])]
    # Thinned by half whenever there are too many, so at worst half as close as there is room for.
    bound = max(steady, 2 * length / max(1, (most + 1) // 2 - 1)) + 2 / RATE
    assert max(gaps) <= bound


@given(steps, st.integers(1, 12))
def test_the_same_frames_give_the_same_answer(
    film: list[tuple[float, int, bool]], most: int
) -> None:
    def run() -> list[int]:
        kept: tuple[Kept, ...] = ()
        at = 0.0
        for number, (step, level, there) in enumerate(film):
            kept = kept_after(kept, number, at, GLANCES[level // 5 * 5, there], most, 3.0)
            at += step
        return [each.number for each in kept]

    assert run() == run()
