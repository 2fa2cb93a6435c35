"""What a burst shows: nothing gets surer by repetition, and no leopard is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.events.fusion import ORDER, Look, Shown, Sign, fuse, fused_chances
from camtrap.pixels.fit import overlap
from camtrap.records import LABELS, Box, State
from tests.events.looks import ELSEWHERE, PLACE, THRESHOLDS, chances, look


def shown(*looks: Look, quiet: Iterable[int] = ()) -> list[Shown]:
    return fuse(looks, THRESHOLDS, frozenset(quiet))


def told(*looks: Look, quiet: Iterable[int] = ()) -> dict[str, list[int]]:
    """Each label with the keys of its frames."""
    return {
        each.label.value: [look.key for look in each.looks] for each in shown(*looks, quiet=quiet)
    }


# -- the rule of chances


def test_one_frame_says_what_it_says() -> None:
    said = chances(prey=0.5, leopard=0.1)
    assert fused_chances([said]) == pytest.approx(said, abs=1e-3)


def test_an_animal_in_one_frame_is_not_outvoted_by_empty_ones() -> None:
    fused = fused_chances([chances(prey=0.9), *[chances(other=0.02)] * 5])
    assert fused["empty"] == pytest.approx(0.1)
    assert fused["prey"] > 0.75


def test_doubtful_names_are_averaged_by_how_likely_an_animal_is() -> None:
    fused = fused_chances([chances(prey=0.6, other=0.3), chances(prey=0.05, other=0.15)])
    assert fused["prey"] + fused["other"] == pytest.approx(0.9, abs=0.01)
    assert 0.5 < fused["prey"] < 0.6


def test_nothing_anywhere_is_empty() -> None:
    assert fused_chances([chances(), chances()]) == {**dict.fromkeys(LABELS, 0.0), "empty": 1.0}


some_chances = st.lists(
    st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(lambda values: sum(values) > 0.01),
    min_size=1,
    max_size=6,
).map(
    lambda frames: [
        dict(zip(LABELS, (value / sum(values) for value in values), strict=True))
        for values in frames
    ]
)


@given(some_chances)
def test_fused_chances_sum_to_one(frames: list[dict[str, float]]) -> None:
    fused = fused_chances(frames)
    assert sum(fused.values()) == pytest.approx(1.0)
    assert all(0.0 <= value <= 1.0 for value in fused.values())


@given(some_chances, st.randoms(use_true_random=False))
def test_the_order_of_frames_changes_no_bit(frames: list[dict[str, float]], random: Random) -> None:
    assert fused_chances(random.sample(frames, len(frames))) == fused_chances(frames)


@given(some_chances, st.integers(2, 5))
def test_repetition_makes_nothing_surer(frames: list[dict[str, float]], times: int) -> None:
    assert fused_chances(frames * times) == pytest.approx(fused_chances(frames), abs=1e-9)


@given(some_chances)
def test_a_label_is_no_surer_than_its_surest_frame_could_be(
    frames: list[dict[str, float]],
) -> None:
    fused = fused_chances(frames)
    assert fused["empty"] == pytest.approx(min(frame["empty"] for frame in frames), abs=1e-9)


# -- what a burst shows


def test_a_burst_of_empty_frames_shows_nothing() -> None:
    assert told(look(1, 0), look(2, 1)) == {}


def test_empty_frames_belong_to_the_burst_of_an_animal() -> None:
    assert told(look(1, 0), look(2, 1, prey=0.8), look(3, 2)) == {"prey": [1, 2, 3]}


def test_a_doubtful_frame_goes_with_a_named_one() -> None:
    assert told(look(1, 0, prey=0.3), look(2, 1, prey=0.8)) == {"prey": [1, 2]}


def test_an_animal_seen_weakly_but_named_clearly_elsewhere_is_found() -> None:
    sure_it_lives = look(1, 0, prey=0.38, other=0.29, vehicle=0.25)
    sure_of_name = look(2, 1, prey=0.35)
    assert {sure_it_lives.label, sure_of_name.label} == {State.UNSURE}
    [found] = shown(sure_it_lives, sure_of_name)
    assert found.label is State.PREY
    assert found.confidence >= THRESHOLDS.prey
    assert not found.needs_review


def test_two_species_stay_two_events() -> None:
    frames = [look(1, 0, prey=0.9), look(2, 1, boxes=[ELSEWHERE], other=0.9)]
    assert told(*frames) == {"prey": [1], "other": [2]}
    assert all(each.conflict for each in shown(*frames))


def test_two_species_side_by_side_are_no_conflict() -> None:
    deer = Sign("prey", 0.9, 0.95, ELSEWHERE)
    frames = [look(1, 0, signs=[deer], leopard=0.9), look(2, 1, prey=0.9)]
    assert told(*frames) == {"leopard": [1], "prey": [2]}
    assert not any(each.needs_review for each in shown(*frames))


def test_two_names_in_one_place_are_one_animal() -> None:
    frames = [look(1, 0, prey=0.9), look(2, 1, other=0.5, prey=0.3)]
    assert told(*frames) == {"prey": [1, 2]}
    [found] = shown(*frames)
    assert found.needs_review


def test_two_names_in_one_place_without_a_winner_are_unsure() -> None:
    frames = [look(1, 0, prey=0.42, vehicle=0.4), look(2, 1, other=0.45, person=0.4)]
    assert [frame.label for frame in frames] == [State.PREY, State.OTHER]
    assert told(*frames) == {"unsure": [1, 2]}


def test_a_leopard_is_never_called_prey_by_its_burst() -> None:
    frames = [look(1, 0, leopard=0.21), *[look(n, n, prey=0.95) for n in range(2, 9)]]
    assert frames[0].label is State.LEOPARD
    assert list(told(*frames)) == ["unsure"]


def test_a_leopard_in_one_frame_outweighs_the_empty_ones() -> None:
    frames = [look(1, 0, leopard=0.9), *[look(n, n) for n in range(2, 9)]]
    assert told(*frames) == {"leopard": [1, 2, 3, 4, 5, 6, 7, 8]}


def test_a_rider_is_a_person_and_a_vehicle() -> None:
    assert told(look(1, 0, person=0.9), look(2, 1, vehicle=0.9)) == {"person": [1], "vehicle": [2]}


def test_a_frame_that_may_be_a_leopard_stays_for_a_person_to_see() -> None:
    doubtful = look(2, 1, leopard=0.1, prey=0.8)
    assert doubtful.label is State.UNSURE
    assert told(look(1, 0, prey=0.9), doubtful) == {"prey": [1], "unsure": [2]}
    assert told(look(1, 0, leopard=0.9), doubtful) == {"leopard": [1, 2]}


def test_doubtful_frames_may_become_a_leopard_together() -> None:
    one = look(1, 0, leopard=0.19, prey=0.36, other=0.29, vehicle=0.1)
    other = look(2, 1, leopard=0.19, prey=0.01)
    assert {one.label, other.label} == {State.UNSURE}
    assert list(told(one, other)) == ["leopard"]


def test_quiet_frames_count_as_empty() -> None:
    assert told(look(1, 0, prey=0.3), quiet=[1]) == {}
    assert told(look(1, 0, prey=0.3), look(2, 1, other=0.9), quiet=[1]) == {"other": [1, 2]}


def test_without_thresholds_doubt_stays() -> None:
    doubtful = [look(1, 0, prey=0.3), look(2, 1, prey=0.3)]
    assert [each.label for each in fuse(doubtful, None)] == [State.UNSURE]


# -- people's word


def test_a_person_s_word_stands_for_its_frame_and_its_burst() -> None:
    frames = [look(1, 0, prey=0.9), look(2, 1, review="other", prey=0.9), look(3, 2, prey=0.3)]
    assert told(*frames) == {"other": [1, 2, 3]}
    assert not any(each.needs_review for each in shown(*frames))


def test_a_person_s_empty_stands_for_its_frame_alone() -> None:
    assert told(look(1, 0, review="empty", prey=0.9), look(2, 1, prey=0.9)) == {"prey": [1, 2]}
    assert told(look(1, 0, review="empty", prey=0.9), look(2, 1)) == {}


def test_people_who_name_two_animals_are_both_heard() -> None:
    frames = [look(1, 0, review="prey"), look(2, 1, review="other"), look(3, 2, prey=0.3)]
    assert told(*frames) == {"prey": [1, 3], "other": [2]}


def test_a_leopard_elsewhere_in_the_burst_outlives_a_person_s_word() -> None:
    frames = [look(1, 0, review="prey"), look(2, 1, leopard=0.9)]
    assert told(*frames) == {"leopard": [2], "prey": [1]}


def test_a_person_may_say_that_it_was_no_leopard() -> None:
    assert told(look(1, 0, review="prey", leopard=0.9), look(2, 1)) == {"prey": [1, 2]}


def test_what_a_person_could_not_name_either_need_not_be_asked_again() -> None:
    [found] = shown(look(1, 0, review="unsure", prey=0.3), look(2, 1))
    assert (found.label, found.needs_review) == (State.UNSURE, False)
    [found] = shown(look(1, 0, review="unsure", prey=0.3), look(2, 1, prey=0.3))
    assert found.needs_review


def test_the_frame_that_a_person_named_is_the_best() -> None:
    frames = [look(1, 0, prey=0.95), look(2, 1, review="prey", prey=0.5)]
    assert [each.best.key for each in shown(*frames)] == [2]


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        (PLACE, PLACE, 1.0),
        (PLACE, ELSEWHERE, 0.0),
        (Box(0, 0, 0.2, 0.1), Box(0.1, 0, 0.2, 0.1), 1 / 3),
        (Box(0, 0, 0.2, 0.1), Box(0.2, 0, 0.2, 0.1), 0.0),
        (Box(0, 0, 0, 0), Box(0, 0, 0, 0), 0.0),
    ],
)
def test_overlap(one: Box, other: Box, share: float) -> None:
    assert overlap(one, other) == pytest.approx(share)


# -- laws


def frame_of(
    label: str, strength: float, second: str, box: Box, review: str
) -> tuple[dict[str, float], Box, str]:
    said = {label: strength}
    if second != label:
        said[second] = (1 - strength) * 0.5
    return said, box, review


living = st.sampled_from(["leopard", "prey", "other", "person", "vehicle"])
bursts = st.lists(
    st.builds(
        frame_of,
        living,
        st.sampled_from([0.0, 0.04, 0.1, 0.3, 0.5, 0.95]),
        living,
        st.sampled_from([PLACE, ELSEWHERE]),
        st.sampled_from(["", "", "", "prey", "empty", "unsure", "leopard"]),
    ),
    min_size=1,
    max_size=6,
).map(
    lambda rows: [
        look(n, n, boxes=[box], review=review, **dict[str, Any](said))
        for n, (said, box, review) in enumerate(rows)
    ]
)


@given(bursts)
def test_every_frame_is_in_one_answer_or_there_is_none(burst: list[Look]) -> None:
    keys = sorted(look.key for each in shown(*burst) for look in each.looks)
    assert keys in ([], [look.key for look in burst])
    labels = [each.label for each in shown(*burst)]
    assert labels == sorted(set(labels), key=ORDER.index)


@given(bursts)
def test_only_empty_frames_show_nothing(burst: list[Look]) -> None:
    assert (not shown(*burst)) is all(look.label is State.EMPTY for look in burst)


@given(bursts)
def test_no_confident_leopard_is_lost(burst: list[Look]) -> None:
    for each in shown(*burst):
        for one in each.looks:
            if one.label is State.LEOPARD:
                assert each.label in (State.LEOPARD, State.UNSURE)


@given(bursts)
def test_no_doubtful_leopard_is_put_away(burst: list[Look]) -> None:
    if any(one.reviewed for one in burst):
        return
    for each in shown(*burst):
        for one in each.looks:
            assert one.chances is not None
            if one.chances["leopard"] >= THRESHOLDS.doubt:
                assert each.label in (State.LEOPARD, State.UNSURE)


@given(bursts)
def test_a_frame_that_a_person_named_is_in_the_answer_of_that_name(burst: list[Look]) -> None:
    for each in shown(*burst):
        for one in each.looks:
            if one.reviewed and one.label is not State.EMPTY:
                assert each.label is one.label


@given(bursts, st.randoms(use_true_random=False))
def test_the_order_of_the_frames_does_not_matter(burst: list[Look], random: Random) -> None:
    shuffled = random.sample(burst, len(burst))
    assert shown(*shuffled) == shown(*burst)


@given(bursts)
def test_a_burst_twice_as_long_shows_the_same(burst: list[Look]) -> None:
    again = [replace(look, key=look.key + 100, place=look.place + 100) for look in burst]
    once, twice = shown(*burst), shown(*burst, *again)
    assert [each.label for each in once] == [each.label for each in twice]
    assert [each.confidence for each in twice] == pytest.approx([each.confidence for each in once])
    assert [each.best.key for each in twice] == [each.best.key for each in once]


@given(bursts)
def test_a_single_named_frame_is_what_it_was(burst: list[Look]) -> None:
    for one in burst:
        answers = shown(one)
        assert [each.label for each in answers] == ([] if one.label is State.EMPTY else [one.label])
