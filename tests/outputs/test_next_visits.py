"""Which camera to visit first, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.outputs.next_visits import (
    ORDER,
    SILENT_DAYS,
    Camera,
    Reason,
    Why,
    next_visits,
    reasons,
)

DAY = datetime(2026, 3, 14)
WELL = Camera("ST01", "ST01_2026", file_count=1000)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        (WELL, []),
        (replace(WELL, dead_since=DAY), [Why(Reason.DEAD, DAY)]),
        (replace(WELL, night_failed_since=DAY), [Why(Reason.NIGHT, DAY)]),
        (replace(WELL, full=True), [Why(Reason.FULL)]),
        (replace(WELL, battery_low=True), [Why(Reason.BATTERY)]),
        (replace(WELL, clock_wrong=2), [Why(Reason.CLOCK, number=2)]),
        (
            replace(WELL, leopard_count=3, leopard_at=DAY),
            [Why(Reason.LEOPARD, DAY, 3)],
        ),
        (
            replace(WELL, silent_since=DAY, silent_days=SILENT_DAYS),
            [Why(Reason.SILENT, DAY, 14)],
        ),
        (replace(WELL, silent_since=DAY, silent_days=SILENT_DAYS - 0.1), []),
        (
            replace(WELL, dead_since=DAY, silent_since=DAY, silent_days=90),
            [Why(Reason.DEAD, DAY)],
        ),
        (replace(WELL, unread_count=20), [Why(Reason.UNREAD, number=20)]),
        (replace(WELL, unread_count=19), []),  # below 2 in 100
        (replace(WELL, file_count=2, unread_count=2), []),  # two files tell nothing of a card
    ],
)
def test_each_reason(camera: Camera, expected: list[Why]) -> None:
    assert reasons(camera) == expected


def test_the_most_urgent_comes_first_and_a_second_reason_counts() -> None:
    leopard = replace(WELL, station_id="A", leopard_count=9)
    dead = replace(WELL, station_id="B", dead_since=DAY)
    dead_and_wrong = replace(WELL, station_id="C", dead_since=DAY, clock_wrong=1)
    fine = replace(WELL, station_id="D")
    visits = next_visits([fine, leopard, dead, dead_and_wrong])
    assert [visit.camera.station_id for visit in visits] == ["C", "B", "A"]


def test_more_leopards_come_first_then_the_name() -> None:
    counts = {"a": 1, "b": 1, "c": 5}
    cameras = [replace(WELL, station_id=name, leopard_count=n) for name, n in counts.items()]
    assert [visit.camera.station_id for visit in next_visits(cameras)] == ["c", "a", "b"]


CAMERAS = st.builds(
    Camera,
    st.sampled_from("ABCD"),
    st.sampled_from("abcd"),
    dead_since=st.none() | st.just(DAY),
    full=st.booleans(),
    battery_low=st.booleans(),
    clock_wrong=st.integers(0, 2),
    file_count=st.just(100),
    unread_count=st.integers(0, 9),
    leopard_count=st.integers(0, 3),
)


@given(st.lists(CAMERAS, max_size=8), st.randoms())
def test_the_order_of_cameras_plays_no_part(cameras: list[Camera], random: object) -> None:
    shuffled = list(cameras)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    told = [(v.camera.station_id, v.reasons) for v in next_visits(cameras)]
    assert [(v.camera.station_id, v.reasons) for v in next_visits(shuffled)] == told


@given(st.lists(CAMERAS, max_size=8))
def test_no_camera_with_a_reason_is_left_out_and_urgency_never_rises(cameras: list[Camera]) -> None:
    visits = next_visits(cameras)
    assert len(visits) == sum(bool(reasons(camera)) for camera in cameras)
    first = [ORDER.index(visit.reasons[0].reason) for visit in visits]
    assert first == sorted(first)
