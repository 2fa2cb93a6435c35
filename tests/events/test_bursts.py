"""Bursts: the maker's sequences, and what is a few seconds apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.exif import parse_capture
from camtrap.events.bursts import (
    DEFAULT_BURST_GAP,
    MOST_FRAMES,
    bursts,
    bursts_ordered,
    is_numbered,
    order,
    same_burst,
)
from camtrap.events.fusion import Look
from tests.events.looks import look

EXAMPLE = Path(__file__).parents[3] / "shared/reference/camtrap-dp/example/media"


def keys(shots: Iterable[Look]) -> list[list[int]]:
    return [[shot.key for shot in burst] for burst in bursts(shots)]


@pytest.mark.parametrize(("seconds", "same"), [(0, True), (1, True), (5, True), (5.1, False)])
def test_frames_a_few_seconds_apart_are_of_one_trigger(seconds: float, same: bool) -> None:
    assert same_burst(look(1, 0), look(2, seconds), DEFAULT_BURST_GAP) is same


def test_the_gap_is_that_between_neighbours() -> None:
    assert keys(look(n, 4 * n) for n in range(5)) == [[0, 1, 2, 3, 4]]


def test_an_empty_frame_splits_no_burst() -> None:
    assert keys([look(1, 0, prey=0.9), look(2, 4), look(3, 8, prey=0.9)]) == [[1, 2, 3]]


def test_midnight_splits_no_burst() -> None:
    assert keys([look(1, 15 * 60 - 1), look(2, 15 * 60)]) == [[1, 2]]


def test_two_cameras_make_two_bursts() -> None:
    assert keys([look(1, 0), look(2, 0, deployment="ST02"), look(3, 1)]) == [[1, 3], [2]]


def test_the_maker_parts_triggers_that_follow_at_once() -> None:
    shots = [
        look(n, n // 2, sequence=(n % 3 + 1, 3), event=40 + n // 3) for n in range(6)
    ]  # half a second apart, and no pause between the two triggers
    assert keys(shots) == [[0, 1, 2], [3, 4, 5]]


def test_the_maker_joins_a_slow_sequence() -> None:
    shots = [look(n, 30 * n, sequence=(n + 1, 3), event=40) for n in range(3)]
    assert keys(shots) == [[0, 1, 2]]


def test_a_sequence_with_missing_pictures_is_one() -> None:
    assert keys([look(1, 0, sequence=(1, 5), event=7), look(2, 9, sequence=(4, 5), event=7)]) == [
        [1, 2]
    ]


def test_without_a_count_of_triggers_the_number_alone_tells() -> None:
    numbers = [1, 2, 3, 1, 3, 2]
    shots = [look(n, n, sequence=(number, 3)) for n, number in enumerate(numbers)]
    assert keys(shots) == [[0, 1, 2], [3, 4], [5]]


def test_a_count_that_began_anew_is_another_trigger() -> None:
    day = 86_400
    shots = [look(1, 0, sequence=(1, 3), event=1), look(2, day, sequence=(2, 3), event=1)]
    assert keys(shots) == [[1], [2]]


def test_one_of_one_is_no_sequence() -> None:
    assert keys([look(1, 0, sequence=(1, 1), event=5), look(2, 2, sequence=(1, 1), event=6)]) == [
        [1, 2]
    ]


def test_what_copying_dated_is_no_burst() -> None:
    assert keys([look(1, 0, dated=False), look(2, 0, dated=False), look(3, 1)]) == [[1], [2], [3]]


def test_copied_files_of_a_numbered_sequence_are_one() -> None:
    shots = [look(n, 0, dated=False, sequence=(n + 1, 3), event=9) for n in range(3)]
    assert keys(shots) == [[0, 1, 2]]


def test_frames_without_a_time_come_last_and_each_alone() -> None:
    assert keys([look(2, None), look(1, None), look(3, 0)]) == [[3], [1], [2]]


def test_file_numbers_that_begin_anew_keep_the_order_of_the_sequence() -> None:
    shots = [look(9, 0, sequence=(1, 3), event=4), look(1, 0, sequence=(2, 3), event=4)]
    assert keys(shots) == [[9, 1]]


def test_a_clock_that_stands_still_fills_no_memory() -> None:
    sizes = [len(burst) for burst in bursts_ordered(look(n, 0) for n in range(450))]
    assert sizes == [MOST_FRAMES, MOST_FRAMES, 50]


def test_a_burst_comes_as_soon_as_it_is_over() -> None:
    stream = iter([look(1, 0), look(2, 60), look(3, 120)])
    assert [shot.key for shot in next(bursts_ordered(stream))] == [1]
    assert next(stream).key == 3


def test_the_official_example_is_one_sequence() -> None:
    if not EXAMPLE.is_dir():
        pytest.skip("the Camtrap DP example is not here")
    shots = []
    for key, path in enumerate(sorted(EXAMPLE.glob("*.JPG"))):
        capture = parse_capture(path.read_bytes())
        shots.append(
            Look(
                key,
                "example",
                look(1).label,
                capture.taken_at,
                True,
                capture.sequence_index,
                capture.sequence_length,
                capture.maker_event,
            )
        )
    assert len(shots) == 10
    assert len(list(bursts(shots))) == 1


shots = st.lists(
    st.builds(
        look,
        key=st.just(0),
        seconds=st.none() | st.integers(0, 60) | st.sampled_from([1e4, 0.5]),
        deployment=st.sampled_from(["ST01", "ST02"]),
        dated=st.sampled_from([True, True, False]),
        sequence=st.none() | st.tuples(st.integers(1, 3), st.sampled_from([1, 3])),
        event=st.none() | st.integers(1, 3),
    ),
    max_size=20,
).map(lambda found: [replace(shot, key=n, place=n) for n, shot in enumerate(found)])


@given(shots, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(found: list[Look], random: Random) -> None:
    assert keys(random.sample(found, len(found))) == keys(found)


@given(shots)
def test_every_frame_is_in_exactly_one_burst(found: list[Look]) -> None:
    assert sorted(key for burst in keys(found) for key in burst) == [shot.key for shot in found]


@given(shots)
def test_grouping_bursts_again_changes_nothing(found: list[Look]) -> None:
    for burst in bursts(found):
        assert list(bursts(burst)) == [burst]


@given(shots, st.integers(-100_000, 100_000))
def test_a_correction_of_the_whole_clock_changes_no_burst(found: list[Look], seconds: int) -> None:
    away = timedelta(seconds=seconds)
    moved = [
        replace(shot, taken_at=shot.taken_at + away) if shot.taken_at else shot for shot in found
    ]
    assert keys(moved) == keys(found)


@given(shots)
def test_plain_frames_are_parted_exactly_where_the_gap_is_wider(found: list[Look]) -> None:
    plain = [
        replace(shot, dated=True)
        for shot in found
        if not is_numbered(shot) and shot.taken_at is not None
    ]
    inside = {(a.key, b.key) for burst in bursts(plain) for a, b in pairwise(burst)}
    for one, other in pairwise(sorted(plain, key=order)):
        assert one.taken_at is not None
        assert other.taken_at is not None
        near = other.taken_at - one.taken_at <= DEFAULT_BURST_GAP
        assert ((one.key, other.key) in inside) is (near and one.deployment == other.deployment)
