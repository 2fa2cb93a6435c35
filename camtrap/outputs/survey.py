"""What the brief tells, gathered in one pass over the files and one over the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from camtrap.events import names
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.markup import day_of
from camtrap.outputs.season_events import SeasonEvent, SeasonEvents, camera_dated
from camtrap.records import State

UNREAD = (State.UNREADABLE, State.TRUNCATED)
HERDS = (State.PREY, State.OTHER)
UNREAD_LISTED = 20


@dataclass(frozen=True, slots=True)
class Sight:
    """An event and the frame that stands for it on the page."""

    event: SeasonEvent
    frame: Entry


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


@dataclass(slots=True)
class Herd:
    """The events of one label at one station: counts, the span of dates, and the most certain."""

    best: SeasonEvent
    events: int = 0
    frames: int = 0
    dates: Tally = field(default_factory=Tally)

    def note(self, event: SeasonEvent) -> None:
        """Count an event."""
        self.events += 1
        self.frames += event.image_count
        self.dates.note(event.began)
        self.best = min(self.best, event, key=lambda each: (-each.shown_confidence, each.name))


@dataclass(frozen=True, slots=True)
class Survey:
    """What the page tells; of files and events it holds counts, not themselves.

    `hours` counts the events of each label by the hour in which they began.
    """

    ledger: Ledger
    events: SeasonEvents
    stations: Mapping[str, Tally]
    whole: Tally
    herds: Mapping[tuple[str, State], Herd]
    hours: Mapping[State, Counter[int]]
    unread: Sequence[Entry]

    def sights(self, order: str, limit: int, *labels: State) -> list[Sight]:
        """The first events of some labels, in an order of `season_events`."""
        return list(map(self.sight, self.events.first(order, limit, *labels)))

    def sight(self, event: SeasonEvent) -> Sight:
        """An event with its frame."""
        return Sight(event, self.ledger.entry(event.shown))


def survey(ledger: Ledger, events: SeasonEvents) -> Survey:
    """Count files and events by station."""
    stations: dict[str, Tally] = {}
    for file in ledger.glimpses():
        tally = stations.setdefault(names.station_id(file), Tally())
        tally.states[State(file.state)] += 1
        if file.taken_at is not None and camera_dated(file.timestamp_source):
            tally.note(datetime.fromisoformat(file.taken_at))
    herds: dict[tuple[str, State], Herd] = {}
    hours: dict[State, Counter[int]] = {}
    for event in events:
        stations[event.station].events[event.label] += 1
        if event.began is not None:
            hours.setdefault(event.label, Counter())[event.began.hour] += 1
        if event.label in HERDS:
            herds.setdefault((event.station, event.label), Herd(event)).note(event)
    whole = Tally()
    for tally in stations.values():
        whole.events.update(tally.events)
        whole.states.update(tally.states)
        whole.note(tally.first)
        whole.note(tally.last)
    unread = list(islice(ledger.entries(UNREAD), UNREAD_LISTED))
    return Survey(ledger, events, dict(sorted(stations.items())), whole, herds, hours, unread)


def span(tally: Tally, unknown: str) -> str:
    """First and last day as `2026-03-01 to 2026-05-30`."""
    first, last = day_of(tally.first), day_of(tally.last)
    return (first if first == last else f"{first} to {last}") or unknown
