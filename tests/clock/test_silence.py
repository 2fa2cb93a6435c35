from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, Period
from camtrap.clock.silence import LONGEST_DAYS, silences

FIRST = date(2026, 3, 1)
NOW = datetime(2026, 11, 25)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int) -> datetime:
    return datetime.combine(day(number), datetime.min.time())


@pytest.mark.parametrize(("between", "is_long"), [(30, False), (31, True), (90, True)])
def test_more_than_thirty_days_are_long(between: int, is_long: bool) -> None:
    found = silences([day(0), day(between + 1)], [], NOW)
    assert found == ([((day(1), day(between)), between)] if is_long else [])


def test_set_up_and_retrieval_count_where_they_are_known() -> None:
    stay = Deployment("a", "a", start=at(0), end=at(120))
    assert silences([day(50), day(60)], [stay], NOW) == [
        ((day(0), day(49)), 50),
        ((day(61), day(120)), 60),
    ]
    assert silences([day(50), day(60)], [], NOW) == []


def test_a_retrieval_to_come_is_no_silence() -> None:
    stay = Deployment("a", "a", start=at(0), end=at(120))
    assert silences([day(0), day(10)], [stay], at(45)) == []


def test_a_problem_that_people_noted_is_no_silence() -> None:
    stay = Deployment("a", "a", problems=(Period(at(10), at(60)),))
    assert silences([day(0), day(70)], [stay], NOW) == []
    # What is left beside it is one when it is long itself.
    assert silences([day(0), day(120)], [stay], NOW) == [((day(61), day(119)), 59)]


def test_without_a_picture_there_is_nothing_to_tell() -> None:
    assert silences([], [Deployment("a", "a", start=at(0), end=at(200))], NOW) == []


@given(st.sets(st.integers(0, 400), min_size=1))
def test_a_silence_holds_no_picture_and_cannot_be_longer(numbers: set[int]) -> None:
    days = {day(number) for number in numbers}
    covered = set()
    for (first, last), count in silences(days, [], NOW):
        assert count == (last - first).days + 1 > LONGEST_DAYS
        assert first - timedelta(days=1) in days
        assert last + timedelta(days=1) in days
        covered |= {first + timedelta(days=n) for n in range(count)}
    assert not covered & days
    rest = sorted({day(n) for n in range(min(numbers), max(numbers) + 1)} - covered - days)
    runs = 0
    for before, after in zip([None, *rest], rest, strict=False):
        runs = runs + 1 if before == after - timedelta(days=1) else 1
        assert runs <= LONGEST_DAYS
