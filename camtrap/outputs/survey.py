"""What the brief tells, gathered in one pass over the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from camtrap.events.grouping import Event
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs import names
from camtrap.outputs.events_csv import SeasonEvents
from camtrap.outputs.markup import day_of
from camtrap.records import State

UNREAD = (State.UNREADABLE, State.TRUNCATED)
UNREAD_LISTED = 20


@dataclass(frozen=True, slots=True)
class Sight:
    """An event and the frame that stands for it on the page."""

    name: str
    event: Event
    frame: Entry

    @property
    def label(self) -> State:
        return State(self.event.label)

    @property
    def station(self) -> str:
        return names.station_id(self.frame)

    @property
    def confidence(self) -> float:
        return self.frame.confidence or 0.0

    @property
    def leopard(self) -> float:
        return self.frame.probabilities.get(State.LEOPARD, 0.0)

    @property
    def start(self) -> datetime | None:
        """When the event began, unless only the file's own date would tell."""
        return self.event.start if camera_time(self.frame) else None


@dataclass(slots=True)
class Tally:
    """Counts and the span of dates, of a station or of everything."""

    events: Counter[str] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def note(self, moment: datetime | None) -> None:
        """Widen the span by a moment, if it is known."""
        if moment is not None:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the page tells, gathered in one pass over the ledger."""

    sights: Sequence[Sight]
    stations: Mapping[str, Tally]
    whole: Tally
    unread: Sequence[Entry]

    def of(self, *labels: State) -> list[Sight]:
        """The sights of some labels, the most certain first."""
        chosen = (sight for sight in self.sights if sight.label in labels)
        return sorted(chosen, key=lambda sight: (-sight.confidence, sight.name))


def survey(ledger: Ledger, events: SeasonEvents) -> Survey:
    """Count files and events by station, and choose the frames to show; holds no other files."""
    stations: dict[str, Tally] = {}
    whole = Tally()
    unread: list[Entry] = []
    unsure = {
        sighting.key: name
        for name, event in events.events
        if event.label == State.UNSURE
        for sighting in event.sightings
    }
    frames = dict(events.best)
    for entry in ledger.entries():
        for tally in (whole, stations.setdefault(names.station_id(entry), Tally())):
            tally.states[entry.state] += 1
            tally.note(camera_time(entry))
        if entry.state in UNREAD and len(unread) < UNREAD_LISTED:
            unread.append(entry)
        # Of a doubtful event, the frame most like a leopard is the one that a person has to see.
        name = unsure.get(entry.file_id)
        if name is not None and _leopard(entry) > _leopard(frames[name]):
            frames[name] = entry
    sights = [Sight(name, event, frames[name]) for name, event in events.events]
    for sight in sights:
        whole.events[sight.label] += 1
        stations[sight.station].events[sight.label] += 1
    return Survey(sights, dict(sorted(stations.items())), whole, unread)


def _leopard(entry: Entry) -> float:
    return entry.probabilities.get(State.LEOPARD, 0.0)


def camera_time(entry: Entry) -> datetime | None:
    """The time that the camera gave; a file's own date changes with copying and dates nothing."""
    return None if entry.capture.timestamp_source == "modified" else entry.capture.taken_at


def span(tally: Tally, unknown: str) -> str:
    """First and last day as `2026-03-01 to 2026-05-30`."""
    first, last = day_of(tally.first), day_of(tally.last)
    return (first if first == last else f"{first} to {last}") or unknown
