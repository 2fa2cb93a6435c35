"""Frames wait for their bursts in a scratch database, and come out in the order of bursts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from camtrap.events.bursts import order
from camtrap.events.frames import Frame
from camtrap.events.shots import StoredShot, create_shots, ordered_shots, store_shots
from tests.events.made import made_frame

START = datetime(2026, 2, 3, 23, 59, 58)

numbers = st.none() | st.integers(0, 3)
moments = st.none() | st.builds(lambda n: START + timedelta(seconds=n / 4), st.integers(0, 16))


@dataclass(frozen=True, slots=True)
class Named(StoredShot):
    name: str


def stored(frames: list[Frame]) -> list[Named]:
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        create_shots(db, "unused TEXT, name TEXT", cache_kb=100)
        store_shots(db, ((frame, ("x", f"#{frame.entry.file_id}")) for frame in frames))
        return list(ordered_shots(db, Named))


@given(st.lists(st.tuples(moments, st.sampled_from("AB"), numbers, numbers, numbers), max_size=12))
def test_they_come_in_the_order_of_bursts(
    told: list[tuple[datetime | None, str, int | None, int | None, int | None]],
) -> None:
    frames = []
    for key, (moment, deployment, index, length, event) in enumerate(told):
        frame = made_frame(
            *(moment, deployment),
            source="exif" if key % 3 else "modified",
            sequence_index=index,
            sequence_length=length,
            maker_event=event,
        )
        frames.append(replace(frame, entry=replace(frame.entry, file_id=100 - key)))
    expected = [
        Named(
            *(frame.entry.file_id, place, frame.deployment_id, frame.taken_at, frame.dated),
            *(frame.entry.capture.sequence_index, frame.entry.capture.sequence_length),
            *(frame.entry.capture.maker_event, f"#{frame.entry.file_id}"),
        )
        for place, frame in enumerate(frames)
    ]
    assert stored(frames) == sorted(expected, key=order)


def test_none_are_none() -> None:
    assert stored([]) == []
