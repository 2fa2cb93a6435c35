"""Detection histories: 1, 0 and NA, with the effort beside them, and nothing lost in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Period
from camtrap.events.effort import by_day, days_of, joined
from camtrap.events.history import History, history, sampling

D = datetime
FIRST = D(2026, 3, 1)


@dataclass(frozen=True)
class Seen:
    name: str
    station: str
    began: datetime | None


def camtrapr() -> dict[str, list[Period]]:
    """The three stations that come with camtrapR, which takes noon where no hour is told."""
    told = {
        "StationA": (D(2009, 4, 2, 12), D(2009, 5, 14, 12)),
        "StationB": (D(2009, 4, 3, 12), D(2009, 5, 16, 12)),
        "StationC": (D(2009, 4, 4, 12), D(2009, 5, 17, 12)),
    }
    return {name: [Period(*ends)] for name, ends in told.items()}


def cells(found: History) -> list[str]:
    return ["".join("-" if cell is None else str(cell) for cell in row) for row in found.cells]


def test_occasions_are_as_many_as_in_camtrapr() -> None:
    # Its own tests: 3 x 46 by the day of the survey, and 7 weeks.
    by_day, by_week = sampling(camtrapr(), 1), sampling(camtrapr(), 7)
    assert (len(by_day.stations), len(by_day.occasions)) == (3, 46)
    assert len(by_week.occasions) == 7
    assert by_day.effort[0][:3] == (0.5, 1.0, 1.0)
    assert by_day.effort[2][:4] == (0.0, 0.0, 0.5, 1.0)
    assert by_week.effort[1] == (5.5, 7.0, 7.0, 7.0, 7.0, 7.0, 2.5)


def test_cells_are_one_nought_or_na() -> None:
    worked = {
        "ST01": [Period(D(2026, 3, 1, 8), D(2026, 3, 22))],
        "ST02": [Period(D(2026, 3, 9), D(2026, 3, 15)), Period(D(2026, 3, 22), D(2026, 3, 23))],
        "ST03": [],
    }
    sampled = sampling(worked, 7)
    found = history(
        sampled,
        [
            Seen("a", "ST01", D(2026, 3, 8)),
            Seen("b", "ST01", D(2026, 3, 14, 23, 59)),
            Seen("c", "ST02", D(2026, 3, 22, 1)),
        ],
    )
    assert sampled.stations == ("ST01", "ST02", "ST03")
    assert cells(found) == ["010-", "-0-1", "----"]
    assert found.lost == ()


def test_a_detection_without_effort_is_told_and_not_dropped() -> None:
    sampled = sampling({"ST01": [Period(D(2026, 3, 1), D(2026, 3, 3))], "ST02": []}, 1)
    found = history(
        sampled,
        [
            Seen("undated", "ST01", None),
            Seen("before", "ST01", D(2026, 2, 28, 23)),
            Seen("after", "ST01", D(2026, 3, 3)),
            Seen("idle", "ST02", D(2026, 3, 1)),
            Seen("unknown", "ST09", D(2026, 3, 1)),
            Seen("good", "ST01", D(2026, 3, 2)),
        ],
    )
    assert cells(found) == ["01", "--"]
    assert {lost.event: lost.reason for lost in found.lost} == {
        "undated": "no time",
        "before": "no effort",
        "after": "no effort",
        "idle": "no effort",
        "unknown": "no effort",
    }


def test_a_detection_on_a_day_of_part_effort_counts() -> None:
    # The set-up time that somebody wrote down is less sure than a picture.
    sampled = sampling({"ST01": [Period(D(2026, 3, 1, 8), D(2026, 3, 3))]}, 1)
    assert cells(history(sampled, [Seen("a", "ST01", D(2026, 3, 1, 7))])) == ["10"]


def test_without_effort_there_are_no_occasions() -> None:
    sampled = sampling({"ST01": []})
    assert (sampled.occasions, sampled.effort) == ((), ((),))
    found = history(sampled, [Seen("a", "ST01", FIRST)])
    assert (found.cells, [lost.event for lost in found.lost]) == (((),), ["a"])


@pytest.mark.parametrize("days", [0, -7])
def test_an_occasion_is_a_day_or_longer(days: int) -> None:
    with pytest.raises(ValueError, match="one day"):
        sampling({}, days)


moments = st.integers(0, 60 * 24 * 40).map(lambda minutes: FIRST + timedelta(minutes=minutes))
work = st.dictionaries(
    st.sampled_from(["ST01", "ST02", "ST03"]),
    st.lists(st.builds(Period, moments, moments), max_size=4).map(joined),
    max_size=3,
)
sightings = st.lists(
    st.builds(
        Seen,
        st.uuids().map(str),
        st.sampled_from(["ST01", "ST02", "ST03", "ST09"]),
        st.none() | moments | st.just(FIRST - timedelta(days=3)),
    ),
    max_size=20,
)


@given(work, st.integers(1, 15))
def test_effort_adds_up_to_the_trap_nights(
    worked: dict[str, tuple[Period, ...]], days: int
) -> None:
    sampled = sampling(worked, days)
    for station, row in zip(sampled.stations, sampled.effort, strict=True):
        assert sum(row) == pytest.approx(days_of(worked[station]))
        assert all(0 <= part <= days for part in row)
    for one, two in zip(sampled.occasions, sampled.occasions[1:], strict=False):
        assert one.end == two.start
    if sampled.occasions:
        assert sampled.occasions[0].start.time() == time()


@given(work)
def test_an_occasion_of_a_day_holds_that_day_s_part(
    worked: dict[str, tuple[Period, ...]],
) -> None:
    sampled = sampling(worked, 1)
    for station, row in zip(sampled.stations, sampled.effort, strict=True):
        parts = dict(by_day(worked[station]))
        days = [occasion.start.date() for occasion in sampled.occasions]
        assert row == pytest.approx([parts.get(day, 0.0) for day in days])


@given(work, sightings, st.integers(1, 15))
def test_every_detection_is_in_a_cell_or_told_as_lost(
    worked: dict[str, tuple[Period, ...]], events: list[Seen], days: int
) -> None:
    sampled = sampling(worked, days)
    found = history(sampled, events)
    lost = {each.event for each in found.lost}
    held = set()
    for event in events:
        if event.name in lost:
            continue
        assert event.began is not None
        [number] = [n for n, each in enumerate(sampled.occasions) if each.holds(event.began)]
        held.add((sampled.stations.index(event.station), number))
        assert found.cells[sampled.stations.index(event.station)][number] == 1
    ones = {(r, c) for r, row in enumerate(found.cells) for c, cell in enumerate(row) if cell == 1}
    assert ones == held
    for row, effort in zip(found.cells, sampled.effort, strict=True):
        assert [cell is None for cell in row] == [part == 0 for part in effort]
    assert len(lost) + sum(event.name not in lost for event in events) == len(events)
