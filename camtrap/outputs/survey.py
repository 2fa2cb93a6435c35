"""What the brief tells, gathered in one pass over the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from camtrap.events.frames import Frame, Placing, placing
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.census import Tally
from camtrap.outputs.markup import day_of
from camtrap.outputs.season_events import SeasonEvent, SeasonEvents
from camtrap.records import State

UNREAD = (State.UNREADABLE, State.TRUNCATED)
HERDS = (State.PREY, State.OTHER)
UNREAD_LISTED = 20


@dataclass(frozen=True, slots=True)
class Sight:
    """An event and the frame that stands for it on the page."""

    event: SeasonEvent
    frame: Frame


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
    placing: Placing

    def sights(self, order: str, limit: int, *labels: State) -> list[Sight]:
        """The first events of some labels, in an order of `season_events`."""
        return list(map(self.sight, self.events.first(order, limit, *labels)))

    def sight(self, event: SeasonEvent) -> Sight:
        """An event with its frame."""
        return Sight(event, self.placing.frame(self.ledger.entry(event.shown)))


def survey(ledger: Ledger, events: SeasonEvents, placed: Placing | None = None) -> Survey:
    """Count events by station; the files were counted while the events were made.

    `placed` is how the events' files were placed; None reads the season's own tables.
    """
    placed = placed or placing(ledger)
    stations = {
        name: Tally(states=tally.states.copy(), first=tally.first, last=tally.last)
        for name, tally in events.stations.items()
    }
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
    return Survey(
        ledger, events, dict(sorted(stations.items())), whole, herds, hours, unread, placed
    )


def span(tally: Tally, unknown: str) -> str:
    """First and last day as `2026-03-01 to 2026-05-30`."""
    first, last = day_of(tally.first), day_of(tally.last)
    return (first if first == last else f"{first} to {last}") or unknown
