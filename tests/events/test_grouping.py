"""Events: one station, one label, and less than the interval between two records."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.config import EVENT_RULES, LAST_INDEPENDENT, LAST_RECORD
from camtrap.events.grouping import Event, Sighting, group, group_ordered, independent

NIGHT = datetime(2026, 2, 3, 23, 45)
GAP = timedelta(minutes=30)


def sighting(
    key: int,
    minutes: float | None = 0,
    label: str = "prey",
    station: str = "ST01",
    confidence: float = 0.9,
    boxes: int = 1,
    lasting: float = 0,
) -> Sighting:
    taken_at = None if minutes is None else NIGHT + timedelta(minutes=minutes)
    ended_at = None if taken_at is None else taken_at + timedelta(minutes=lasting)
    return Sighting(key, station, label, taken_at, confidence, boxes, ended_at)


def keys(*sightings: Sighting, rule: str = LAST_RECORD) -> list[list[int]]:
    """The keys of each event's sightings, event by event."""
    return [[one.key for one in event.sightings] for event in group(sightings, GAP, rule)]


@pytest.mark.parametrize(
    ("minutes", "new_event"), [(0, False), (29.99, False), (30, True), (31, True), (1e4, True)]
)
def test_an_event_ends_when_the_interval_has_passed(minutes: float, new_event: bool) -> None:
    assert independent(NIGHT, NIGHT + timedelta(minutes=minutes), GAP) is new_event
    for rule in EVENT_RULES:
        expected = [[1], [2]] if new_event else [[1, 2]]
        assert keys(sighting(1), sighting(2, minutes), rule=rule) == expected


@pytest.mark.parametrize(
    "current",
    [sighting(2, 1, label="leopard"), sighting(2, 1, station="ST02"), sighting(2, None)],
)
def test_label_place_and_time_must_fit(current: Sighting) -> None:
    assert sorted(keys(sighting(1), current)) == [[1], [2]]


def test_a_time_that_is_not_known_joins_nothing_on_either_side() -> None:
    assert independent(None, NIGHT, GAP)
    assert independent(None, None, GAP)


# camtrapR: "the second one must be at least minDeltaTime minutes after the last independent record
# of the same species (lastIndependentRecord), or after the last record (lastRecord)".
@pytest.mark.parametrize(
    ("rule", "minutes", "expected"),
    [
        (LAST_RECORD, [0, 20, 40, 60], [[0, 1, 2, 3]]),
        (LAST_INDEPENDENT, [0, 20, 40, 60], [[0, 1], [2, 3]]),
        (LAST_INDEPENDENT, [0, 29, 30, 59, 60], [[0, 1], [2, 3], [4]]),
        (LAST_RECORD, [0, 29, 59, 88], [[0, 1], [2, 3]]),
    ],
)
def test_the_interval_is_counted_as_camtrapr_counts_it(
    rule: str, minutes: list[int], expected: list[list[int]]
) -> None:
    assert keys(*(sighting(n, m) for n, m in enumerate(minutes)), rule=rule) == expected


def test_a_burst_is_never_split() -> None:
    long = sighting(1, 0, lasting=45)
    assert keys(long, sighting(2, 60)) == [[1, 2]]
    assert keys(long, sighting(2, 75)) == [[1], [2]]
    assert keys(long, sighting(2, 30), rule=LAST_INDEPENDENT) == [[1], [2]]


def test_of_two_cameras_the_one_that_stays_longer_counts() -> None:
    frames = [sighting(1, 0, lasting=40), sighting(2, 5), sighting(3, 60)]
    assert keys(*frames) == [[1, 2, 3]]
    [event] = group(frames[:2], GAP)
    assert event.end == NIGHT + timedelta(minutes=40)


def test_the_interval_is_counted_from_the_last_record_not_the_first() -> None:
    assert keys(*(sighting(n, 20 * n) for n in range(6))) == [[0, 1, 2, 3, 4, 5]]


def test_midnight_does_not_part_an_event() -> None:
    [event] = group([sighting(1, 10), sighting(2, 20)], GAP)
    assert (event.start, event.end) == (datetime(2026, 2, 3, 23, 55), datetime(2026, 2, 4, 0, 5))


def test_a_deer_between_two_leopards_does_not_part_them() -> None:
    frames = [sighting(1, 0, "leopard"), sighting(2, 1, "prey"), sighting(3, 2, "leopard")]
    assert keys(*frames) == [[1, 3], [2]]


def test_doubtful_frames_group_among_themselves() -> None:
    assert keys(sighting(1, 0, "unsure"), sighting(2, 1), sighting(3, 2, "unsure")) == [[1, 3], [2]]


def test_frames_without_a_time_come_last_and_each_alone() -> None:
    assert keys(sighting(3, None), sighting(2, None), sighting(4, 0)) == [[4], [2], [3]]


def test_frames_of_one_moment_keep_the_order_of_their_files() -> None:
    assert keys(sighting(3), sighting(1), sighting(2)) == [[1, 2, 3]]


def test_events_come_by_place_then_start_then_label() -> None:
    events = list(
        group(
            [
                sighting(1, 0, "prey", "ST02"),
                sighting(2, 90, "leopard", "ST01"),
                sighting(3, 0, "prey", "ST01"),
                sighting(4, 0, "leopard", "ST01"),
            ],
            GAP,
        )
    )
    assert [event.sightings[0].key for event in events] == [4, 3, 2, 1]


def test_no_sightings_make_no_events() -> None:
    assert list(group([])) == []


def test_the_best_frame_is_the_most_certain_and_the_earliest_of_equals() -> None:
    [event] = group(
        [sighting(1, 0, confidence=0.7), sighting(2, 1, confidence=0.9), sighting(3, 2)], GAP
    )
    assert event.best.key == 2


@pytest.mark.parametrize(("boxes", "count"), [([1, 3, 2], 3), ([0, 1], 1), ([0, 0], None)])
def test_the_count_is_that_of_the_fullest_frame_and_never_a_guess(
    boxes: list[int], count: int | None
) -> None:
    event = Event("ST01", "prey", tuple(sighting(n, n, boxes=b) for n, b in enumerate(boxes)))
    assert event.count_min == count


sightings = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 300)),
        st.sampled_from(["leopard", "prey", "unsure"]),
        st.sampled_from(["ST01", "ST02"]),
        st.sampled_from([0.5, 0.7, 0.9]),
    ),
    max_size=25,
).map(lambda rows: [sighting(key, *row) for key, row in enumerate(rows)])


@given(sightings, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(seen: list[Sighting], random: Random) -> None:
    shuffled = random.sample(seen, len(seen))
    assert list(group(shuffled, GAP)) == list(group(seen, GAP))


@given(sightings)
def test_every_sighting_is_in_exactly_one_event(seen: list[Sighting]) -> None:
    grouped = [one.key for event in group(seen, GAP) for one in event.sightings]
    assert sorted(grouped) == [one.key for one in seen]


def slowly(seen: list[Sighting], rule: str) -> list[list[int]]:
    """The same by looking back at everything before each record, as the rule is worded."""
    ordered = sorted(seen, key=lambda one: (one.taken_at or datetime.max, one.key))
    begins: dict[int, int] = {}  # each record's key: the key of the one that began its event
    for place, current in enumerate(ordered):
        before = [
            one
            for one in ordered[:place]
            if (one.station, one.label) == (current.station, current.label)
            and one.taken_at is not None
            and (rule == LAST_RECORD or begins[one.key] == one.key)
        ]
        begins[current.key] = current.key
        if before and current.taken_at is not None:
            last = before[-1]
            assert last.taken_at is not None
            if current.taken_at - last.taken_at < GAP:
                begins[current.key] = begins[last.key]
    events: dict[int, list[int]] = {}
    for one in ordered:
        events.setdefault(begins[one.key], []).append(one.key)
    return sorted(events.values())


@given(sightings, st.sampled_from(EVENT_RULES))
def test_events_are_those_of_the_rule_read_slowly(seen: list[Sighting], rule: str) -> None:
    assert sorted(keys(*seen, rule=rule)) == slowly(seen, rule)


@given(sightings, st.sampled_from(EVENT_RULES))
def test_grouping_an_event_again_changes_nothing(seen: list[Sighting], rule: str) -> None:
    for event in group(seen, GAP, rule):
        assert list(group(event.sightings, GAP, rule)) == [event]


@given(sightings, st.integers(-200_000, 200_000))
def test_a_change_of_the_whole_clock_moves_events_and_changes_none(
    seen: list[Sighting], minutes: int
) -> None:
    away = timedelta(minutes=minutes)
    moved = [
        replace(one, taken_at=one.taken_at + away, ended_at=None) if one.taken_at else one
        for one in seen
    ]
    assert keys(*moved) == keys(*seen)


@given(sightings)
def test_inside_an_event_records_are_near_and_between_events_they_are_not(
    seen: list[Sighting],
) -> None:
    events = list(group(seen, GAP))
    last: dict[tuple[str, str], datetime] = {}
    for event in events:
        assert {(one.station, one.label) for one in event.sightings} == {
            (event.station, event.label)
        }
        times = [one.taken_at for one in event.sightings]
        known = [time for time in times if time is not None]
        assert len(known) == len(times) or len(times) == 1
        assert all(b - a < GAP for a, b in pairwise(known))
        assert known == sorted(known)
        place = (event.station, event.label)
        if known and place in last:
            assert known[0] - last[place] >= GAP
        if known:
            last[place] = known[-1]


@given(sightings)
def test_a_stream_in_order_gives_the_same_events(seen: list[Sighting]) -> None:
    ordered = sorted(
        seen, key=lambda one: (one.station, one.label, one.taken_at or datetime.max, one.key)
    )
    events = list(group_ordered(iter(ordered), GAP))
    assert sorted(map(repr, events)) == sorted(map(repr, group(seen, GAP)))
    assert [one for event in events for one in event.sightings] == ordered


def test_an_event_of_a_stream_comes_as_soon_as_it_is_over() -> None:
    stream = iter([sighting(1, 0), sighting(2, 60), sighting(3, 120)])
    assert next(group_ordered(stream, GAP)).sightings == (sighting(1, 0),)
    assert next(stream) == sighting(3, 120)
