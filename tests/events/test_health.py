"""Whether a camera lives, sees at night, has power and room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.events.fieldwork import Post, fieldwork
from camtrap.events.frames import Frame
from camtrap.events.health import is_full, is_low
from camtrap.events.watch import Watches
from tests.events.made import made_frame

D = datetime
START, END = D(2026, 3, 1, 12), D(2026, 6, 1, 12)
PLACE = Deployment("ST01-a", "ST01", start=START, end=END)


def post_of(frames: Iterable[Frame], place: Deployment | None = PLACE, *others: Frame) -> Post:
    watches = Watches(FieldNotes((place,) if place else ()))
    for frame in (*frames, *others):
        watches.note(frame)
    return next(p for p in fieldwork(watches).posts if p.deployment_id == "ST01-a")


def days(first: int, last: int, hour: int = 12, *, night: bool = False) -> list[Frame]:
    day_0 = START.replace(hour=0)
    moments = [day_0 + timedelta(days=n, hours=hour, minutes=1) for n in range(first, last)]
    return [made_frame(moment, night=night, place=None) for moment in moments]


def test_a_camera_that_lives_to_its_retrieval_is_well() -> None:
    health = post_of([*days(0, 92), *days(0, 92, 23, night=True)]).health
    assert health.dead_since is None
    assert health.night_failed_since is None
    assert health.silent_days is not None and health.silent_days < 1
    assert health.image_count == 184
    assert health.frames_a_day == pytest.approx(2.0)
    assert health.outside_count == 0


def test_a_dead_camera_tells_its_last_picture_and_how_long_it_was_silent() -> None:
    post = post_of([*days(0, 40), *days(0, 40, 23, night=True)])
    last = D(2026, 4, 9, 23, 1)
    assert (post.health.dead_since, post.health.last_image_at) == (last, last)
    assert post.health.silent_days == (END - last) / timedelta(days=1)
    assert post.effort.end == last


def test_without_a_retrieval_the_silence_goes_on_to_the_season_s_end() -> None:
    other = made_frame(D(2026, 5, 1, 12, 1), "B", station="ST02")
    health = post_of(days(0, 10), None, other).health
    assert health.silent_days == 52
    assert health.dead_since is None  # it may have been taken down that day


def test_of_a_camera_without_a_picture_nothing_is_known() -> None:
    health = post_of([]).health
    assert (health.image_count, health.last_image_at, health.silent_days) == (0, None, None)
    assert not health.full


def test_a_camera_that_takes_no_more_pictures_at_night_is_blind() -> None:
    frames = [*days(0, 92), *days(0, 30, 2, night=True)]
    assert post_of(frames).health.night_failed_since == D(2026, 3, 30, 12, 1)


@pytest.mark.parametrize(
    ("frames", "failed"),
    [
        ([*days(0, 40), *days(0, 30, 2, night=True)], False),  # ten nights: too few
        ([*days(0, 30), *days(0, 30, 2, night=True)], False),  # it died altogether
        ([*days(0, 92), *days(0, 92, 2, night=False)], False),  # a white flash: dark by the hour
        ([*days(0, 92), *days(0, 92, 20, night=True)], False),  # infra-red in the evening
        ([*days(0, 92), *days(0, 90, 2, night=True)[::15]], False),  # nights were always rare
        (days(0, 92), True),  # never one at night
        (days(0, 20), False),  # never one, in twenty days
    ],
)
def test_a_blind_camera_is_told_from_a_quiet_night(frames: list[Frame], failed: bool) -> None:
    assert (post_of(frames).health.night_failed_since is not None) is failed


def test_the_battery_is_told_with_the_last_picture_and_not_the_last_file() -> None:
    told = [(1, 9000), (3, 7000), (2, 8000)]
    frames = [
        made_frame(START + timedelta(days=n), battery_mv=mv, temperature_c=-n) for n, mv in told
    ]
    health = post_of(frames).health
    assert (health.battery_mv, health.battery_from_mv, health.battery_low) == (7000, 9000, True)
    assert (health.coldest_c, health.warmest_c) == (-3, -1)
    assert health.days is not None
    assert [day.battery_mv for day in health.days.values()] == [9000, 8000, 7000]


@pytest.mark.parametrize(
    ("voltages", "low"), [([], False), ([9000], False), ([9000, 7201], False), ([9000, 7200], True)]
)
def test_a_battery_is_low_at_four_fifths(voltages: list[int], low: bool) -> None:
    assert is_low(voltages) is low


@pytest.mark.parametrize(
    ("gigabytes", "dead", "full"),
    [
        (31.2, True, True),
        (31.2, False, False),  # it works on, so there is room
        (20.0, True, False),
        (3.7, True, True),
        (0.0, True, False),
        (29.0, True, True),
        (28.0, True, False),
    ],
)
def test_a_card_is_full_when_a_usual_size_is_taken(
    gigabytes: float, dead: bool, full: bool
) -> None:
    assert is_full(int(gigabytes * 1e9), dead=dead) is full


def test_the_fullest_card_of_a_camera_counts() -> None:
    frames = [
        made_frame(START + timedelta(days=n), size=int(1.5e9), card="B" if n > 19 else "A")
        for n in range(30)
    ]
    health = post_of(frames).health
    assert (health.card_bytes, health.full, health.dead_since is None) == (
        30_000_000_000,
        True,
        False,
    )


def test_the_busiest_day_is_told() -> None:
    extra = [made_frame(START + timedelta(days=4, minutes=n)) for n in range(50)]
    health = post_of([*days(0, 10), *extra]).health
    assert (health.busiest_day, health.busiest_count) == (date(2026, 3, 5), 51)


def test_pictures_of_a_wrong_clock_are_counted_and_change_nothing() -> None:
    good = days(0, 92)
    reset = [made_frame(D(2017, 1, 1, 0, n)) for n in range(5)]
    health = post_of([*good, *reset]).health
    assert (health.outside_count, health.first_image_at) == (5, D(2026, 3, 1, 12, 1))
