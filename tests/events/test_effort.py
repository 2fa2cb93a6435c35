"""Trap-nights: the time a camera worked, as camtrapR counts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, Period
from camtrap.events.effort import (
    NO_EFFORT,
    Bound,
    Shown,
    by_day,
    clipped,
    days_of,
    effort,
    joined,
    longest_silence,
    seems_dead,
    unlikely,
    without,
)

D = datetime
FIRST = D(2026, 3, 1)

moments = st.integers(0, 60 * 24 * 20).map(lambda minutes: FIRST + timedelta(minutes=minutes))
periods = st.lists(st.builds(Period, moments, moments), max_size=6)


def span(start: datetime, end: datetime) -> tuple[Period, ...]:
    return (Period(start, end),)


def seen(*days: datetime) -> Shown:
    return Shown(days[0], days[-1], tuple(dict.fromkeys(day.date() for day in days)))


def every_day(start: datetime, count: int) -> Shown:
    return seen(*(start + timedelta(days=n) for n in range(count)))


def row(
    start: datetime | None, end: datetime | None, problems: Sequence[Period] = ()
) -> Deployment:
    return Deployment("ST01-a", "ST01", start=start, end=end, problems=tuple(problems))


# -- camtrapR's figures


def test_a_day_of_set_up_at_eight_counts_two_thirds() -> None:
    days = dict(by_day(span(D(2026, 3, 1, 8), D(2026, 3, 3))))
    assert days == {date(2026, 3, 1): pytest.approx(0.6667, abs=5e-5), date(2026, 3, 2): 1.0}


def test_two_stations_and_a_problem_add_up_by_the_hour() -> None:
    # camtrapR 3.0.3 gave 49.6458 for two stations of 1191.5 hours in all. The first is that one of
    # 745.5 hours; the second is made here for the rest: 20 days less 1 day and 10 hours.
    one = effort(row(D(2026, 3, 1, 8), D(2026, 4, 1, 9, 30)), every_day(D(2026, 3, 1, 9), 32))
    broken = Period(D(2026, 3, 10, 12), D(2026, 3, 11, 22))
    two = effort(
        row(D(2026, 3, 2, 10), D(2026, 3, 22, 10), [broken]), every_day(D(2026, 3, 2, 11), 20)
    )
    assert one.trap_nights == pytest.approx(31.0625)
    assert two.trap_nights == pytest.approx(18.5833, abs=5e-5)
    assert (one.trap_nights or 0) + (two.trap_nights or 0) == pytest.approx(49.6458, abs=5e-5)
    assert dict(by_day(two.worked))[date(2026, 3, 10)] == 0.5
    assert dict(by_day(two.worked))[date(2026, 3, 11)] == pytest.approx(2 / 24)


@pytest.mark.parametrize(
    ("start", "end", "nights"),
    [
        (D(2009, 4, 2, 12), D(2009, 5, 14, 12), 42),
        (D(2009, 4, 3, 12), D(2009, 5, 16, 12), 43),
        (D(2009, 4, 4, 12), D(2009, 5, 17, 12), 43),
    ],
)
def test_dates_alone_count_from_noon_to_noon(start: datetime, end: datetime, nights: float) -> None:
    # The stations that come with camtrapR; without times it takes noon, half a day at each end.
    found = effort(row(start, end), every_day(start, 40))
    assert found.trap_nights == nights
    assert found.active_days == nights + 1


# -- what tells it


def test_without_a_table_the_pictures_tell_and_it_is_said() -> None:
    found = effort(None, seen(D(2026, 3, 1, 6), D(2026, 3, 4, 18)))
    assert (found.start_from, found.end_from) == (Bound.PICTURES, Bound.PICTURES)
    assert found.trap_nights == 3.5


def test_what_the_table_leaves_open_the_pictures_tell() -> None:
    found = effort(row(None, D(2026, 3, 5)), seen(D(2026, 3, 1, 6), D(2026, 3, 4, 18)))
    assert (found.start, found.start_from) == (D(2026, 3, 1, 6), Bound.PICTURES)
    assert (found.end, found.end_from) == (D(2026, 3, 5), Bound.TABLE)
    found = effort(row(D(2026, 2, 28), None), seen(D(2026, 3, 1, 6), D(2026, 3, 4, 18)))
    assert (found.start_from, found.end_from) == (Bound.TABLE, Bound.PICTURES)
    assert found.end == D(2026, 3, 4, 18)


def test_a_planned_camera_without_pictures_has_no_known_effort() -> None:
    found = effort(row(D(2026, 3, 1), D(2026, 4, 1)), None)
    assert found == NO_EFFORT
    assert (found.trap_nights, found.active_days) == (None, None)


def test_one_picture_alone_is_no_effort_but_a_known_one() -> None:
    found = effort(None, seen(D(2026, 3, 1, 6)))
    assert (found.trap_nights, found.active_days, found.known) == (0.0, 0, True)


def test_an_end_before_the_start_is_no_effort_below_zero() -> None:
    found = effort(row(D(2026, 3, 9), None), seen(D(2026, 3, 1), D(2026, 3, 2)))
    assert found.trap_nights == 0.0


# -- dead cameras


def test_a_dead_camera_is_missing_effort() -> None:
    shown = every_day(D(2026, 3, 1, 12), 30)
    found = effort(row(D(2026, 3, 1, 12), D(2026, 5, 1, 12)), shown)
    assert (found.end, found.end_from) == (shown.last, Bound.DEAD)
    assert found.trap_nights == 29
    as_told = effort(row(D(2026, 3, 1, 12), D(2026, 5, 1, 12)), shown, cut_dead=False)
    assert (as_told.end_from, as_told.trap_nights) == (Bound.TABLE, 61)


def test_a_dead_camera_s_problems_before_its_death_are_still_missing() -> None:
    shown = every_day(D(2026, 3, 1, 12), 30)
    broken = Period(D(2026, 3, 5), D(2026, 3, 6))
    found = effort(row(D(2026, 3, 1, 12), D(2026, 5, 1, 12), [broken]), shown)
    assert (found.trap_nights, found.end_from) == (28, Bound.DEAD)


def test_a_silence_that_somebody_wrote_down_is_no_death() -> None:
    shown = every_day(D(2026, 3, 1, 12), 30)
    broken = Period(D(2026, 3, 31), D(2026, 5, 1))
    found = effort(row(D(2026, 3, 1), D(2026, 5, 1), [broken]), shown)
    assert (found.end_from, found.trap_nights) == (Bound.TABLE, 30)


@pytest.mark.parametrize(
    ("days", "silence", "dead"),
    [
        (range(30), 6, False),  # too short a silence
        (range(30), 8, True),
        (range(0, 100, 5), 30, False),  # a quiet place: 1 in 5, and 0.8 ** 30 is more than 0.001
        (range(0, 100, 5), 40, True),
        ([*range(10), *range(30, 40)], 38, False),  # it was silent for half of that before
        ([*range(10), *range(30, 40)], 45, True),
        ([0], 300, False),  # nothing but the set-up: nobody can tell
        (range(4), 60, False),
        (range(5), 60, True),
    ],
)
def test_a_silence_is_held_against_what_the_camera_did_before(
    days: Sequence[int], silence: int, dead: bool
) -> None:
    shown = seen(*(D(2026, 3, 1, 12) + timedelta(days=n) for n in days))
    worked = span(D(2026, 3, 1, 12), shown.last + timedelta(days=silence))
    assert seems_dead(shown, worked) is dead


def test_a_silence_is_counted_only_while_the_camera_should_work() -> None:
    shown = seen(D(2026, 3, 1, 9), D(2026, 3, 2, 23), D(2026, 3, 12, 1))
    assert longest_silence(shown, span(FIRST, D(2026, 4, 1))) == 10
    broken = Period(D(2026, 3, 3), D(2026, 3, 11))
    assert longest_silence(shown, without(span(FIRST, D(2026, 4, 1)), [broken])) == 2


@pytest.mark.parametrize(
    ("part", "days", "expected"),
    [(0.5, 9, False), (0.5, 10, True), (0.0, 1e6, False), (1.0, 1, True), (1e-9, 1, False)],
)
def test_chance_is_counted_by_days(part: float, days: float, expected: bool) -> None:
    assert unlikely(part, days) is expected


# -- periods


@given(periods, periods)
def test_time_is_neither_won_nor_lost(one: list[Period], two: list[Period]) -> None:
    left, taken = without(one, two), without(one, without(one, two))
    assert days_of(left) + days_of(taken) == pytest.approx(days_of(joined(one)))
    assert days_of(joined([*left, *taken])) == pytest.approx(days_of(joined(one)))


@given(periods, periods, moments)
def test_a_moment_is_in_what_is_left_when_it_is_in_one_and_not_in_the_other(
    one: list[Period], two: list[Period], moment: datetime
) -> None:
    def inside(each: Sequence[Period]) -> bool:
        return any(period.holds(moment) for period in each)

    assert inside(without(one, two)) == (inside(one) and not inside(two))
    assert inside(joined(one)) == inside(one)


@given(periods)
def test_days_add_up_to_the_whole(found: list[Period]) -> None:
    days = list(by_day(found))
    assert sum(part for _, part in days) == pytest.approx(days_of(joined(found)))
    assert all(0 < part <= 1 for _, part in days)
    assert [day for day, _ in days] == sorted({day for day, _ in days})


@given(periods, moments, moments)
def test_a_clip_holds_what_lies_between(found: list[Period], one: datetime, two: datetime) -> None:
    start, end = min(one, two), max(one, two)
    outside = days_of(clipped(found, datetime.min, start)) + days_of(
        clipped(found, end, datetime.max)
    )
    inside = days_of(clipped(found, start, end))
    assert inside + outside == pytest.approx(days_of(joined(found)))
    assert inside <= (end - start) / timedelta(days=1)


@given(periods)
def test_joined_periods_are_in_order_and_apart(found: list[Period]) -> None:
    told = joined(reversed(found))
    assert told == joined(found) == joined(told)
    assert all(a.end < b.start for a, b in pairwise(told))
