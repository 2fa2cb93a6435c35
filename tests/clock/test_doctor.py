from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.deployments import Offset
from camtrap.card.offsets import MOST_SECONDS
from camtrap.clock.doctor import examine
from camtrap.clock.finding import DAY, HOUR, Finding, Kind
from camtrap.clock.shots import Shot
from camtrap.clock.track import Site, track_of
from tests.clock.simulated import NOW, PLACES, first_where, moved, shots, site

few = settings(max_examples=12)  # each is a season of thousands of pictures
SEEDS = st.integers(0, 10_000)
STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31)).map(
    lambda day: day.replace(hour=7 + day.hour % 11, minute=day.minute, second=0, microsecond=0)
)


def found_in(where: Site, taken: list[Shot], now: datetime = NOW) -> list[Finding]:
    return examine(track_of(where, taken), now)


def the_only(found: list[Finding]) -> Finding:
    assert len(found) == 1, [(each.kind, each.evidence, each.seconds) for each in found]
    return found[0]


# -- a clean season


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(PLACES)),
    STARTS,
    st.integers(3, 300),
    SEEDS,
    st.floats(1, 30),
    st.floats(-3, 4),
    st.booleans(),
)
def test_a_clean_season_gives_no_finding(
    place: str, start: datetime, days: int, seed: int, per_day: float, dusk: float, numbered: bool
) -> None:
    where = site(place, start, days)
    taken = shots(where, seed=seed, per_day=per_day, dusk=dusk)
    if not numbered:
        taken = [replace(shot, number=None) for shot in taken]
    assert found_in(where, taken) == []
    # The same without set-up and retrieval, and without a place.
    stay = replace(where.stays[0], start=None, end=None)
    assert found_in(replace(where, stays=(stay,)), taken) == []
    assert found_in(Site("card-ST01"), taken) == []


@pytest.mark.parametrize(
    ("place", "start"),
    [
        ("Spain in summer time", datetime(2025, 3, 25, 10)),
        ("Spain in summer time", datetime(2025, 10, 20, 10)),
        ("Lapland", datetime(2025, 10, 20, 10)),
    ],
)
def test_the_night_of_summer_time_is_no_fault_of_a_clock_that_is_not_changed(
    place: str, start: datetime
) -> None:
    where = site(place, start, 12)
    assert found_in(where, shots(where, per_day=150)) == []


def test_new_years_eve_is_no_reset() -> None:
    where = site(start=datetime(2026, 1, 1, 0, 3), days=30)
    assert found_in(where, shots(where)) == []
    where = site(start=datetime(2025, 12, 20, 10), days=30)
    taken = shots(where)
    midnight = first_where(taken, lambda shot: shot.taken_at >= datetime(2026, 1, 1))
    gone = datetime(2026, 1, 1, 0, 2) - taken[midnight].taken_at
    burst = [
        replace(shot, taken_at=shot.taken_at + gone) if i in range(midnight, midnight + 3) else shot
        for i, shot in enumerate(taken)
    ]
    assert found_in(where, burst) == []


def test_a_camera_that_rolls_over_in_one_folder_is_no_fault() -> None:
    where = site(days=60)
    taken = [
        replace(shot, number=(0, (shot.number[1] + 8999) % 9999 + 1))
        for shot in shots(where, per_day=20)
        if shot.number
    ]
    assert max(shot.number[1] for shot in taken if shot.number) == 9999
    assert found_in(where, taken) == []


def test_a_camera_with_a_white_flash_or_a_stuck_filter_is_no_fault() -> None:
    where = site()
    taken = shots(where)
    for night in (True, False):
        assert found_in(where, [replace(shot, is_night=night) for shot in taken]) == []


@few
@given(st.floats(0, 0.25), SEEDS)
def test_some_grey_days_are_no_fault(share: float, seed: int) -> None:
    where = site(days=40)
    chance = random.Random(seed)
    taken = [
        replace(shot, is_night=True if chance.random() < share else shot.is_night)
        for shot in shots(where, seed=seed)
    ]
    assert found_in(where, taken) == []


# -- faults that were put in


@few
@given(SEEDS, st.sampled_from(["Primorye", "Nepal", "Kenya", "Chile"]), STARTS)
def test_a_reset_at_set_up_is_found(seed: int, place: str, start: datetime) -> None:
    where = site(place, start)
    right = shots(where, seed=seed)
    wrong = int((datetime(2019, 1, 1, 0, 4) - start).total_seconds())
    fault = the_only(found_in(where, moved(right, wrong)))
    assert fault.kind == Kind.RESET
    assert fault.seconds is not None
    assert abs(fault.seconds + wrong) <= 60
    assert (fault.start, fault.end) == (None, None)
    assert fault.file_count == len(right)
    assert fault.score > 0.9


@few
@given(SEEDS, st.floats(0.2, 0.8))
def test_a_reset_on_the_way_is_found(seed: int, share: float) -> None:
    where = site()
    right = shots(where, seed=seed)
    step = first_where(right, lambda shot: shot.file_id > share * len(right))
    wrong = int((datetime(2015, 1, 1, 0, 1) - right[step].taken_at).total_seconds())
    taken = moved(right, wrong, step)
    fault = the_only(found_in(where, taken))
    assert fault.kind == Kind.RESET
    assert fault.seconds is not None
    assert abs(fault.seconds + wrong) <= 60
    assert (fault.first_file, fault.last_file) == (step + 1, len(taken))
    assert fault.start == taken[step].taken_at
    assert fault.score >= 0.8


def test_a_maker_s_own_date_is_known_by_its_return() -> None:
    where = site()
    taken = shots(where)
    for share in (0.3, 0.6):
        step = int(share * len(taken)) // 3 * 3
        wrong = datetime(2020, 6, 1, 12, 3) - taken[step].taken_at
        taken = moved(taken, int(wrong.total_seconds()), step)
    found = found_in(where, taken)
    assert [each.kind for each in found] == [Kind.RESET, Kind.RESET]
    assert found[1].seconds is not None
    assert found[0].seconds is not None
    assert found[0].end is not None


@few
@given(SEEDS, st.sampled_from(["Primorye", "Nepal", "Kenya", "Chile"]), st.booleans())
def test_am_for_pm_is_found(seed: int, place: str, is_late: bool) -> None:
    # In the morning a clock is set twelve hours late, after noon twelve hours early.
    where = site(place, datetime(2026, 3, 10, 10 if is_late else 15))
    wrong = (12 if is_late else -12) * HOUR
    fault = the_only(found_in(where, moved(shots(where, seed=seed), wrong)))
    assert fault.kind == Kind.DAYLIGHT
    assert fault.seconds == -wrong
    assert (fault.start, fault.end) == (None, None)
    assert fault.score >= 0.9


@few
@given(SEEDS)
def test_half_a_day_for_a_part_of_the_time_is_found(seed: int) -> None:
    where = site(days=120)
    right = shots(where, seed=seed)
    step = first_where(right, lambda shot: shot.file_id > len(right) / 2)
    found = found_in(where, moved(right, 12 * HOUR, step))
    fault = found[0]
    assert fault.seconds == -12 * HOUR
    assert fault.kind == Kind.DAYLIGHT
    # The edge lies where the sun first tells, not far from the truth.
    assert fault.start is not None
    assert abs(fault.start - right[step].taken_at) < timedelta(days=2)


@few
@given(SEEDS, st.sampled_from([4, -4, 6, -7]))
def test_another_zone_is_found_to_the_hour(seed: int, hours: int) -> None:
    where = site("Kenya", days=200)
    fault = found_in(where, moved(shots(where, seed=seed, per_day=40), hours * HOUR))[0]
    assert fault.kind == Kind.DAYLIGHT
    assert fault.seconds is not None
    assert abs(fault.seconds + hours * HOUR) <= 2 * HOUR


def test_a_camera_set_to_utc_is_found() -> None:
    where = site("Primorye")
    fault = found_in(where, moved(shots(where), -10 * HOUR))[0]
    assert (fault.kind, fault.seconds) == (Kind.DAYLIGHT, 10 * HOUR)
    assert "UTC" in fault.proposal


@few
@given(SEEDS, st.sampled_from([1, 3, 12]), st.integers(1, 9))
def test_a_wrong_year_is_found(seed: int, days: int, years: int) -> None:
    where = site(start=datetime(2025, 7, 10, 14, 20), days=20 + days)
    right = shots(where, seed=seed)
    for sign in (1, -1):
        shifted = datetime(2025 + sign * years, 7, 10, 14, 20) - datetime(2025, 7, 10, 14, 20)
        wrong = int(shifted.total_seconds())
        fault = the_only(found_in(where, moved(right, wrong)))
        expected = Kind.AFTER_RETRIEVAL if sign > 0 else Kind.BEFORE_SETUP
        if sign > 0 and years > 1:
            expected = Kind.FUTURE
        assert fault.kind == expected
        assert fault.seconds == -wrong
        assert "year" in fault.proposal


def test_a_date_before_2010_is_found_without_any_note() -> None:
    where = site(start=None)
    taken = moved(shots(site()), -20 * 365 * DAY)
    fault = the_only(found_in(where, taken))
    assert (fault.kind, fault.seconds) == (Kind.LONG_AGO, None)
    assert fault.offset is None
    assert "ask" in fault.proposal


def test_one_picture_in_the_future_is_shown_and_not_corrected() -> None:
    where = site()
    taken = shots(where)
    taken[-1] = replace(taken[-1], taken_at=datetime(2031, 5, 5))
    fault = the_only(found_in(where, taken))
    assert (fault.kind, fault.file_count, fault.seconds) == (Kind.FUTURE, 1, None)
    assert fault.first_file == fault.last_file == len(taken)


def busy(where: Site, seed: int) -> tuple[list[Shot], int]:
    """A camera that triggers often, and a place halfway where the next burst follows soon."""
    taken = shots(where, seed=seed, per_day=100)
    half = len(taken) // 2
    step = next(
        i
        for i in range(half, len(taken))
        if taken[i].index == 1 and taken[i].taken_at - taken[i - 1].taken_at < timedelta(minutes=6)
    )
    return taken, step


@few
@given(SEEDS, st.sampled_from([HOUR, DAY, 2 * DAY, 7 * DAY]))
def test_a_clock_that_was_put_back_is_found(seed: int, jump: int) -> None:
    where = site(days=30)
    right, step = busy(where, seed)
    fault = the_only(found_in(where, moved(right, -jump, step)))
    assert fault.kind == Kind.JUMP
    assert fault.seconds == jump
    assert fault.first_file == step + 1
    assert fault.file_count == len(right) - step
    assert fault.score >= 0.4


@few
@given(SEEDS, st.sampled_from([2 * DAY, 7 * DAY]))
def test_a_clock_that_was_ahead_for_a_while_is_found(seed: int, jump: int) -> None:
    where = site(days=60)
    right, step = busy(where, seed)
    ahead = first_where(right, lambda shot: shot.file_id > step // 2)
    fault = the_only(found_in(where, moved(right, jump, ahead, step)))
    assert (fault.kind, fault.seconds) == (Kind.JUMP, -jump)
    assert (fault.first_file, fault.last_file) == (ahead + 1, step)


@few
@given(SEEDS, st.sampled_from([HOUR, 12 * HOUR, DAY]))
def test_a_jump_inside_a_burst_is_found(seed: int, jump: int) -> None:
    where = site(start=datetime(2026, 2, 10, 14, 20), days=40)
    right = shots(where, seed=seed)
    step = first_where(right, lambda shot: shot.file_id > len(right) / 2) + 1
    found = found_in(where, moved(right, jump, step))
    fault = next(each for each in found if each.kind == Kind.JUMP)
    assert fault.seconds == -jump
    assert fault.first_file == step + 1


def test_a_clock_that_stands_is_found() -> None:
    where = site()
    taken = shots(where)
    half = len(taken) // 2
    still = [
        replace(shot, taken_at=taken[half].taken_at) if half <= i < half + 30 else shot
        for i, shot in enumerate(taken)
    ]
    fault = the_only(found_in(where, still))
    assert (fault.kind, fault.seconds) == (Kind.STUCK, None)
    assert fault.file_count in (30, 31)  # its neighbour may be of the same second
    assert "triggered" in fault.evidence


def test_without_numbers_the_camera_s_own_count_gives_the_order() -> None:
    where = site(days=30)
    right, step = busy(where, 5)
    taken = [replace(shot, number=None) for shot in moved(right, -DAY, step)]
    assert the_only(found_in(where, taken)).seconds == DAY
    lost = [replace(shot, event=None) for shot in taken]
    assert [each for each in found_in(where, lost) if each.kind == Kind.JUMP] == []


# -- what people corrected is right


@few
@given(SEEDS)
def test_a_correction_that_is_followed_leaves_no_finding(seed: int) -> None:
    where = site("Nepal")
    right = shots(where, seed=seed)
    step = first_where(right, lambda shot: shot.file_id > len(right) / 2)
    wrong = int((datetime(2018, 1, 1, 0, 6) - right[step].taken_at).total_seconds())
    taken = moved(right, wrong, step)
    offset = the_only(found_in(where, taken)).offset
    assert offset is not None
    assert offset.deployment_id == "ST01-a"
    assert found_in(where, [_applied(shot, offset) for shot in taken]) == []


def test_a_correction_that_is_not_enough_is_found_as_a_whole() -> None:
    # Someone took a camera that was twelve hours early for one that was twelve hours late.
    where = site(start=datetime(2026, 2, 10, 15), days=60)
    taken = [replace(shot, applied=-24 * HOUR) for shot in moved(shots(where), 12 * HOUR)]
    fault = found_in(where, taken)[0]
    assert fault.seconds == -12 * HOUR


@few
@given(SEEDS)
def test_the_order_in_which_files_come_does_not_matter(seed: int) -> None:
    where = site(days=20)
    right, step = busy(where, seed)
    taken = moved(right, -DAY, step)
    expected = found_in(where, taken)
    random.Random(seed).shuffle(taken)
    assert found_in(where, taken) == expected


def _applied(shot: Shot, offset: Offset) -> Shot:
    return replace(shot, applied=offset.seconds) if offset.holds(shot.taken_at) else shot


# -- what the table of corrections cannot tell apart


@few
@given(SEEDS, st.sampled_from([HOUR, 12 * HOUR, DAY, 7 * DAY]))
def test_a_correction_of_overlapping_times_is_said_to_move_others_and_proposed_once(
    seed: int, jump: int
) -> None:
    where = site(days=60)
    right, step = busy(where, seed)
    taken = moved(right, -jump, step)
    fault = the_only(found_in(where, taken))
    assert fault.offset is not None
    assert fault.offset.seconds == jump
    others = sum(fault.offset.holds(shot.taken_at) for shot in taken) - fault.file_count
    assert others > 0
    assert (f"moves {others:,} other pictures" in fault.proposal) or others == 1
    again = found_in(where, [_applied(shot, fault.offset) for shot in taken])
    assert again != []  # it is not well, and it does not get worse
    assert all(each.offset is None for each in again)


@few
@given(SEEDS, st.integers(41, 300))  # longer than the season: no time is there twice
def test_a_clock_put_back_by_months_is_found(seed: int, days: int) -> None:
    where = site(start=datetime(2025, 9, 1, 10), days=40)
    right, step = busy(where, seed)
    fault = the_only(found_in(where, moved(right, -days * DAY, step)))
    assert fault.kind == Kind.BACKWARDS
    assert fault.seconds is not None
    assert abs(fault.seconds - days * DAY) <= 3  # the last burst is taken for the retrieval
    assert fault.first_file == step + 1
    assert (fault.start, fault.score) == (right[step].taken_at - timedelta(days=days), 0.8)


@pytest.mark.parametrize("first", [datetime(2031, 5, 5), datetime(2026, 4, 20)])
def test_one_wrong_picture_at_the_beginning_is_not_laid_on_the_others(first: datetime) -> None:
    where = site()
    right = shots(where)
    fault = the_only(found_in(where, [replace(right[0], taken_at=first), *right[1:]]))
    assert fault.kind == Kind.BACKWARDS
    assert fault.first_file == fault.last_file == 1
    assert fault.seconds == (right[0].taken_at - first).total_seconds()


def test_cards_that_were_copied_together_have_no_order() -> None:
    # Two cards' folders in one, with the same numbers months apart.
    where = site(days=60)
    one = shots(where, per_day=5)
    other = [replace(shot, file_id=len(one) + shot.file_id) for shot in moved(one, 30 * DAY)]
    both = Site("card-ST01", (), where.latitude, where.longitude, where.utc_offset)
    assert found_in(both, [*one, *other]) == []


@pytest.mark.parametrize("moment", [datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1)])
@pytest.mark.parametrize("which", ["first", "last", "all"])
def test_the_ends_of_the_calendar_are_told_and_break_nothing(moment: datetime, which: str) -> None:
    where = site(days=20)
    taken = shots(where)
    at = {"first": {0}, "last": {len(taken) - 1}, "all": set(range(len(taken)))}[which]
    odd = [replace(shot, taken_at=moment) if i in at else shot for i, shot in enumerate(taken)]
    for place in (where, Site("card-ST01", (), where.latitude, where.longitude)):
        found = found_in(place, odd)
        assert found != []
        # Nothing is proposed that the table would refuse.
        assert all(each.seconds is None or abs(each.seconds) <= MOST_SECONDS for each in found)
