"""Events in a scratch file are the events that bursts, fusion and grouping in memory would give."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.config import EVENT_RULES
from camtrap.errors import SeasonError
from camtrap.events import names
from camtrap.events.bursts import bursts
from camtrap.events.frames import Frame
from camtrap.events.fusion import Look, Shown, Sign, fuse
from camtrap.events.grouping import Event, Sighting, group
from camtrap.events.rules import Rules
from camtrap.ledger.reviews import Review
from camtrap.ledger.rows import Entry
from camtrap.outputs import season_events
from camtrap.outputs.season_events import CERTAIN, LATEST, LIKE_A_LEOPARD, SeasonEvents
from camtrap.records import LABELS, Box, Capture, Detection, State
from tests.events.looks import THRESHOLDS, chances

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
    sequence: tuple[int, int] | None = None,
    card: str = "A",
    chance: bool = False,
) -> Entry:
    taken_at = None if minutes is None else NIGHT + timedelta(minutes=minutes)
    index, length = sequence or (None, None)
    told = {"leopard": leopard} if leopard else {}
    if chance:
        told = chances(leopard=leopard, prey=0.35)
    return Entry(
        file_id=file_id,
        card=card,
        root=Path("/cards/A"),
        relative_path=f"{station}/DCIM/{file_id:04}.JPG",
        size=1,
        state=state,
        reason="",
        content_key="",
        duplicate_of=None,
        run_id=1,
        confidence=confidence,
        probabilities=told,
        width=4,
        height=3,
        infrared=None,
        capture=Capture(taken_at, source, sequence_index=index, sequence_length=length),
        detections=(Detection(state, 0.9, Box(0, 0, 1, 1), 0.9),) * boxes,
    )


def framed(found: Entry, review: str = "") -> Frame:
    """An entry placed by its folders, with a person's word on top."""
    said = Review(found.file_id, review, "", "Анна", f"2026-05-01T00:00:{found.file_id:02}Z")
    return Frame(
        entry=found,
        label=State(review) if review else found.state,
        station_id=names.station_id(found),
        deployment_id=names.deployment_id(found),
        taken_at=found.capture.taken_at,
        utc_offset="",
        review=said if review else None,
    )


def frame(file_id: int, *said: object, review: str = "", **more: object) -> Frame:
    return framed(entry(file_id, *said, **more), review)  # type: ignore[arg-type]


frames = st.lists(
    st.builds(
        frame,
        file_id=st.just(0),
        station=st.sampled_from(["ST01", "ST02", "ручей", ""]),
        card=st.sampled_from(["A", "B"]),
        state=st.sampled_from(
            [State.LEOPARD, State.UNSURE, State.UNSURE, State.EMPTY, State.DUPLICATE]
        ),
        minutes=st.none() | st.sampled_from([0, 0.00001, 0.05, 0.1, 1, 29, 30, 31, 59, 60, 5000]),
        confidence=st.sampled_from([None, 0.5, 0.7, 0.7]),
        leopard=st.sampled_from([0.0, 0.1, 0.3]),
        boxes=st.integers(0, 3),
        source=st.sampled_from(["exif", "modified"]),
        sequence=st.none() | st.tuples(st.integers(1, 3), st.just(3)),
        chance=st.booleans(),
        review=st.sampled_from(["", "", "", "prey", "unsure", "empty"]),
    ),
    max_size=25,
).flatmap(
    lambda found: st.permutations(range(1, len(found) + 1)).map(
        lambda numbers: [
            framed(replace(each.entry, file_id=number), each.review.label if each.review else "")
            for each, number in zip(found, numbers, strict=True)
        ]
    )
)
some_rules = st.builds(
    Rules,
    event_rule=st.sampled_from(EVENT_RULES),
    static=st.just(False),
    thresholds=st.sampled_from([None, THRESHOLDS]),
)


@dataclass(frozen=True)
class Expected:
    """An event in memory, with what its bursts show."""

    name: str
    event: Event
    shown: tuple[Shown, ...]

    @property
    def keys(self) -> set[int]:
        return {look.key for each in self.shown for look in each.looks}

    @property
    def best(self) -> Shown:
        return max(self.shown, key=lambda each: each.confidence)


def look_of(place: int, each: Frame) -> Look:
    said = each.entry.probabilities
    return Look(
        each.entry.file_id,
        each.deployment_id,
        each.label,
        each.taken_at,
        each.dated,
        each.entry.capture.sequence_index,
        each.entry.capture.sequence_length,
        None,
        place,
        each.review is not None,
        each.entry.confidence or 0.0,
        said if all(label in said for label in LABELS) else None,
        tuple(Sign(d.label, d.confidence, d.confidence, d.box) for d in each.entry.detections),
    )


def in_memory(found: list[Frame], rules: Rules) -> list[Expected]:
    """The events in their order, from all frames at once."""
    looks = [look_of(n, each) for n, each in enumerate(found) if each.label.is_label]
    stations = {each.deployment_id: each.station_id for each in found}
    shown = [
        each for burst in bursts(looks, rules.burst_gap) for each in fuse(burst, rules.thresholds)
    ]
    sightings = []
    for key, each in enumerate(shown):
        times = [look.taken_at for look in each.looks if look.taken_at is not None]
        sightings.append(
            Sighting(
                key,
                stations[each.looks[0].deployment],
                each.label,
                min(times, default=None),
                each.confidence,
                each.box_count,
                max(times, default=None),
                len(each.looks),
            )
        )
    events = sorted(
        group(sightings, rules.gap, rules.event_rule),
        key=lambda event: (
            shown[event.sightings[0].key].looks[0].deployment,
            event.start or datetime.max,
            event.label,
            event.sightings[0].key,
        ),
    )
    numbers: Counter[str] = Counter()
    expected = []
    for event in events:
        parts = tuple(shown[sighting.key] for sighting in event.sightings)
        deployment = parts[0].looks[0].deployment
        numbers[deployment] += 1
        expected.append(Expected(f"{deployment}_e{numbers[deployment]:04d}", event, parts))
    return expected


def leopard(each: Frame) -> float:
    return each.entry.probabilities.get("leopard", 0.0)


@given(frames, some_rules)
def test_events_are_those_of_grouping_in_memory(found: list[Frame], rules: Rules) -> None:
    expected = in_memory(found, rules)
    reviewed = {each.entry.file_id for each in found if each.review}
    with SeasonEvents(found, rules) as events:
        assert len(events) == len(expected)
        for told, wanted in zip(events, expected, strict=True):
            event = wanted.event
            assert (told.name, told.station, told.label) == (
                wanted.name,
                event.station,
                event.label,
            )
            assert (told.start, told.end) == (event.start, event.end)
            assert (told.image_count, told.count_min) == (len(wanted.keys), event.count_min)
            assert told.image_count == event.image_count
            assert (told.best, told.confidence) == (wanted.best.best.key, wanted.best.confidence)
            said = {
                look.key
                for each in wanted.shown
                for look in each.looks
                if look.reviewed and look.label == event.label
            }
            assert told.reviewed == max(said & reviewed, default=None)
            doubt = any(each.needs_review for each in wanted.shown)
            settled = told.reviewed is not None and told.label is not State.UNSURE
            assert told.needs_review is (doubt and not settled)
        event_of = {each.entry.file_id: events.event_of(each.entry.file_id) for each in found}
    names_of = {key: wanted.name for wanted in expected for key in wanted.keys}
    assert event_of == {each.entry.file_id: names_of.get(each.entry.file_id, "") for each in found}


@given(frames, some_rules)
def test_a_doubtful_event_is_shown_by_the_frame_most_like_a_leopard(
    found: list[Frame], rules: Rules
) -> None:
    by_id = {each.entry.file_id: each for each in found}
    members = {wanted.name: wanted.keys for wanted in in_memory(found, rules)}
    with SeasonEvents(found, rules) as events:
        for event in events:
            wanted = by_id[event.best]
            if event.label == State.UNSURE:
                for each in found:  # as the card lies: the first of equals
                    inside = each.entry.file_id in members[event.name]
                    if inside and leopard(each) > leopard(wanted):
                        wanted = each
            assert event.shown == wanted.entry.file_id
            assert event.shown_confidence == (wanted.entry.confidence or 0.0)
            assert event.leopard == leopard(wanted)
            assert event.began == (event.start if wanted.dated else None)


@given(frames)
def test_files_are_counted_by_station(found: list[Frame]) -> None:
    with SeasonEvents(found) as events:
        counts = {name: tally.states.total() for name, tally in events.stations.items()}
    assert counts == Counter(each.station_id for each in found)


def test_a_station_with_two_cameras_makes_one_event() -> None:
    found = [
        frame(1, "ST01", State.PREY, 0, card="A"),
        frame(2, "ST01", State.PREY, 5, 0.95, card="B"),
    ]
    with SeasonEvents(found) as events:
        [event] = events
    assert (event.name, event.station, event.deployment) == ("A-ST01_e0001", "ST01", "A-ST01")
    assert (event.best, event.image_count) == (2, 2)


def test_what_never_moves_makes_no_event_and_is_told() -> None:
    false = [frame(n, "ST01", State.UNSURE, 20 * n, 0.4, chance=True) for n in range(1, 60)]
    rules = Rules(thresholds=THRESHOLDS)
    with SeasonEvents(false, rules) as events:
        assert list(events) == []
        assert {events.suppressed_by(n) for n in range(1, 60)} == {"A-ST01_s01"}
        [(cluster, count)] = events.suspects()
        assert (cluster.name, count) == ("A-ST01_s01", 59)
    with SeasonEvents(false, replace(rules, static=False)) as events:
        assert [event.image_count for event in events] == [59]
        assert events.suppressed_by(1) == ""
        assert list(events.suspects()) == []


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
        frame(1, "ST01", State.PERSON, 0, 0.7),
        frame(2, "ST02", State.PERSON, 60, 0.7),
        frame(3, "ST03", State.PERSON, None, 0.8),
        frame(4, "ST04", State.VEHICLE, 90, 0.9),
        frame(5, "ST05", State.UNSURE, 0, 0.9, 0.1),
        frame(6, "ST06", State.UNSURE, 0, 0.4, 0.2),
    ]
    with SeasonEvents(found) as events:
        assert [event.best for event in events.first(order, limit, *labels)] == expected
        everything = [event.best for event in events.ordered(order, *labels)]
        assert everything[:limit] == expected


def test_past_9999_events_names_only_grow() -> None:
    found = (frame(n, minutes=60 * n) for n in range(1, 10_002))
    with SeasonEvents(found) as events:
        assert [event.name for event in events][-2:] == ["A-ST01_e10000", "A-ST01_e10001"]


def test_no_room_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(season_events, "FINISH", ["INSERT INTO nowhere VALUES (1)"])
    with pytest.raises(SeasonError, match="temporary files"):
        SeasonEvents([frame(1)])


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with SeasonEvents(frame(n, minutes=60 * n) for n in range(1, 3000)) as events:
        assert len(events) == 2999
    assert list(tmp_path.iterdir()) == []
