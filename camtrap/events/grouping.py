"""Bursts into events: one station, one label, and no independence interval between two of them.

The interval is counted as camtrapR counts it (`deltaTimeComparedTo`), and a record that comes
exactly when it is over is a new event:

- `last_record`: from the last record of that label at that station, whatever event that was in; an
  animal that stays for hours in front of the camera is one event
- `last_independent`: from the record that began the event; it is an event every interval

Times are camera-local and corrected, so that neither midnight nor a change to summer time that the
camera did not make parts anything. What the model could not name (`unsure`) groups like a label of
its own, so that nobody has to look at twenty doubtful frames of one boar one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from camtrap.config import LAST_RECORD

DEFAULT_GAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A burst, or a single picture, in which something was seen.

    `key` is what the caller knows it by; `taken_at` is when it began and `ended_at` when it ended,
    None when it has no length; `box_count` is that of its fullest frame.
    """

    key: int
    station: str
    label: str
    taken_at: datetime | None
    confidence: float
    box_count: int
    ended_at: datetime | None = None
    image_count: int = 1

    @property
    def end(self) -> datetime | None:
        """The time of its last frame."""
        return self.ended_at or self.taken_at


@dataclass(frozen=True, slots=True)
class Event:
    """Sightings of one label at one station in time order; `best` is the most certain one."""

    station: str
    label: str
    sightings: tuple[Sighting, ...]

    @property
    def start(self) -> datetime | None:
        return self.sightings[0].taken_at

    @property
    def end(self) -> datetime | None:
        """The last of all ends: of two cameras, the one that began first may go on longer."""
        return max((s.end for s in self.sightings if s.end is not None), default=None)

    @property
    def best(self) -> Sighting:
        return max(self.sightings, key=lambda sighting: sighting.confidence)

    @property
    def image_count(self) -> int:
        return sum(sighting.image_count for sighting in self.sightings)

    @property
    def count_min(self) -> int | None:
        """The most boxes in one frame: at least so many animals were there; None without boxes."""
        return max(sighting.box_count for sighting in self.sightings) or None


def independent(since: datetime | None, current: datetime | None, gap: timedelta) -> bool:
    """True when a record is so long after `since` that it begins a new event.

    It does when the gap or more has passed, and when either time is not known.
    """
    return since is None or current is None or current - since >= gap


def group(
    sightings: Iterable[Sighting], gap: timedelta = DEFAULT_GAP, rule: str = LAST_RECORD
) -> Iterator[Event]:
    """Group sightings, in any order, into events ordered by station, start and label."""
    yield from sorted(group_ordered(sorted(sightings, key=_order), gap, rule), key=_event_order)


def group_ordered(
    ordered: Iterable[Sighting], gap: timedelta = DEFAULT_GAP, rule: str = LAST_RECORD
) -> Iterator[Event]:
    """Group sightings that come by station, label, time and key, those without a time last.

    The events come in that order too, and the sightings of no more than one are held.
    """
    run: list[Sighting] = []
    since: datetime | None = None
    for sighting in ordered:
        first = not run or (run[0].station, run[0].label) != (sighting.station, sighting.label)
        if first or independent(since, sighting.taken_at, gap):
            if run:
                yield Event(run[0].station, run[0].label, tuple(run))
            run = []
            since = sighting.end if rule == LAST_RECORD else sighting.taken_at
        elif rule == LAST_RECORD and since is not None and sighting.end is not None:
            since = max(since, sighting.end)
        run.append(sighting)
    if run:
        yield Event(run[0].station, run[0].label, tuple(run))


def _order(sighting: Sighting) -> tuple[str, str, datetime, int]:
    return (
        sighting.station,
        sighting.label,
        sighting.taken_at or datetime.max,
        sighting.key,
    )


def _event_order(event: Event) -> tuple[str, datetime, str, int]:
    return event.station, event.start or datetime.max, event.label, event.sightings[0].key
