"""Events in a scratch file are the events that grouping in memory would give."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.events import names
from camtrap.events.grouping import Event, Sighting, group
from camtrap.ledger.rows import Entry
from camtrap.outputs import season_events
from camtrap.outputs.season_events import CERTAIN, LATEST, LIKE_A_LEOPARD, SEEN, SeasonEvents
from camtrap.records import Box, Capture, Detection, State

NIGHT = datetime(2026, 2, 3, 23, 45)


def entry(
    file_id: int,
    station: str = "ST01",
    state: State = State.PREY,
    minutes: float | None = 0,
    confidence: float | None = 0.9,
    leopard: float = 0.0,
    boxes: int = 1,
    source: str = "exif",
) -> Entry:
    taken_at = None if minutes is None else NIGHT + timedelta(minutes=minutes)
    return Entry(
        file_id=file_id,
        card="A",
        root=Path("/cards/A"),
        relative_path=f"{station}/DCIM/{file_id:04}.JPG",
        size=1,
        state=state,
        reason="",
        content_key="",
        duplicate_of=None,
        run_id=1,
        confidence=confidence,
        probabilities={"leopard": leopard} if leopard else {},
        width=4,
        height=3,
        infrared=None,
        capture=Capture(taken_at, source),
        detections=(Detection(state, 0.9, Box(0, 0, 1, 1), 0.9),) * boxes,
    )


entries = st.lists(
    st.builds(
        entry,
        file_id=st.just(0),
        station=st.sampled_from(["ST01", "ST02", "ручей", ""]),
        state=st.sampled_from([State.LEOPARD, State.UNSURE, State.UNSURE, State.EMPTY]),
        minutes=st.none() | st.sampled_from([0, 0.00001, 1, 29, 30, 31, 59, 60, 5000]),
        confidence=st.sampled_from([None, 0.5, 0.7, 0.7]),
        leopard=st.sampled_from([0.0, 0.1, 0.2]),
        boxes=st.integers(0, 3),
        source=st.sampled_from(["exif", "modified"]),
    ),
    max_size=25,
).flatmap(
    lambda found: st.permutations(range(1, len(found) + 1)).map(
        lambda numbers: [
            replace(each, file_id=number) for each, number in zip(found, numbers, strict=True)
        ]
    )
)


def in_memory(found: list[Entry]) -> list[tuple[str, Event]]:
    """The events by their names, from all sightings at once."""
    sightings = [
        Sighting(
            each.file_id,
            names.deployment_id(each),
            each.state,
            each.capture.taken_at,
            each.confidence or 0.0,
            sum(d.label == each.state for d in each.detections),
        )
        for each in found
        if each.state in SEEN
    ]
    numbers: Counter[str] = Counter()
    events = []
    for event in group(sightings):
        numbers[event.deployment] += 1
        events.append((f"{event.deployment}_e{numbers[event.deployment]:04d}", event))
    return events


def leopard(each: Entry) -> float:
    return each.probabilities.get("leopard", 0.0)


@given(entries)
def test_events_are_those_of_grouping_in_memory(found: list[Entry]) -> None:
    expected = in_memory(found)
    with SeasonEvents(found) as events:
        assert len(events) == len(expected)
        for told, (name, event) in zip(events, expected, strict=True):
            assert (told.name, told.deployment, told.label) == (
                name,
                event.deployment,
                event.label,
            )
            assert (told.start, told.end) == (event.start, event.end)
            assert (told.image_count, told.count_min) == (len(event.sightings), event.count_min)
            assert (told.best, told.confidence) == (event.best.key, event.best.confidence)
        event_of = {each.file_id: events.event_of(each.file_id) for each in found}
    frames = {s.key: name for name, event in expected for s in event.sightings}
    assert event_of == {each.file_id: frames.get(each.file_id, "") for each in found}


@given(entries)
def test_a_doubtful_event_is_shown_by_the_frame_most_like_a_leopard(found: list[Entry]) -> None:
    by_id = {each.file_id: each for each in found}
    members = {name: {s.key for s in event.sightings} for name, event in in_memory(found)}
    with SeasonEvents(found) as events:
        for event in events:
            wanted = by_id[event.best]
            if event.label == State.UNSURE:
                for each in found:  # as the card lies: the first of equals
                    if each.file_id in members[event.name] and leopard(each) > leopard(wanted):
                        wanted = each
            assert event.shown == wanted.file_id
            assert event.station == names.station_id(wanted)
            assert event.shown_confidence == (wanted.confidence or 0.0)
            assert event.leopard == leopard(wanted)
            by_camera = wanted.capture.timestamp_source != "modified"
            assert event.began == (event.start if by_camera else None)


@pytest.mark.parametrize(
    ("order", "limit", "labels", "expected"),
    [
        (CERTAIN, 9, [State.PERSON], [3, 1, 2]),
        (CERTAIN, 2, [State.PERSON], [3, 1]),
        (LATEST, 9, [State.PERSON, State.VEHICLE], [4, 2, 1, 3]),
        (LIKE_A_LEOPARD, 9, [State.UNSURE], [6, 5]),
        (CERTAIN, 9, [State.LEOPARD], []),
    ],
)
def test_a_page_asks_for_the_first_of_an_order(
    order: str, limit: int, labels: list[State], expected: list[int]
) -> None:
    found = [
        entry(1, "ST01", State.PERSON, 0, 0.7),
        entry(2, "ST02", State.PERSON, 60, 0.7),
        entry(3, "ST03", State.PERSON, None, 0.8),
        entry(4, "ST04", State.VEHICLE, 90, 0.9),
        entry(5, "ST05", State.UNSURE, 0, 0.9, 0.1),
        entry(6, "ST06", State.UNSURE, 0, 0.4, 0.2),
    ]
    with SeasonEvents(found) as events:
        assert [event.best for event in events.first(order, limit, *labels)] == expected


def test_past_9999_events_names_only_grow() -> None:
    found = (entry(n, minutes=60 * n) for n in range(1, 10_002))
    with SeasonEvents(found) as events:
        assert [event.name for event in events][-2:] == ["A-ST01_e10000", "A-ST01_e10001"]


def test_no_room_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(season_events, "_NAME", "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(SeasonError, match="temporary files"):
        SeasonEvents([entry(1)])


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with SeasonEvents(entry(n, minutes=60 * n) for n in range(1, 3000)) as events:
        assert len(events) == 2999
    assert list(tmp_path.iterdir()) == []
