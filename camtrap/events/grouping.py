"""Frames into events: one station, one label, and no gap of 30 minutes or more between two records.

This is the simple rule: a new event begins when the independence interval has passed since the last
record of that label at that station. What the model could not name (`unsure`) groups like a label
of its own, so that nobody has to look at twenty doubtful frames of one boar one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

DEFAULT_GAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One picture in which something was seen; `key` is what the caller knows the picture by."""

    key: int
    deployment: str
    label: str
    taken_at: datetime | None
    confidence: float
    box_count: int


@dataclass(frozen=True, slots=True)
class Event:
    """Sightings of one label at one deployment in time order; `best` is the most certain one."""

    deployment: str
    label: str
    sightings: tuple[Sighting, ...]

    @property
    def start(self) -> datetime | None:
        return self.sightings[0].taken_at

    @property
    def end(self) -> datetime | None:
        return self.sightings[-1].taken_at

    @property
    def best(self) -> Sighting:
        return max(self.sightings, key=lambda sighting: sighting.confidence)

    @property
    def count_min(self) -> int | None:
        """The most boxes in one frame: at least so many animals were there; None without boxes."""
        return max(sighting.box_count for sighting in self.sightings) or None


def independent(previous: Sighting, current: Sighting, gap: timedelta) -> bool:
    """True when `current` starts a new event.

    Another deployment or label does, `gap` or more since `previous`, and a time that is not known.
    """
    if (previous.deployment, previous.label) != (current.deployment, current.label):
        return True
    if previous.taken_at is None or current.taken_at is None:
        return True
    return current.taken_at - previous.taken_at >= gap


def group(sightings: Iterable[Sighting], gap: timedelta = DEFAULT_GAP) -> Iterator[Event]:
    """Group sightings, in any order, into events ordered by deployment, start and label."""
    yield from sorted(group_ordered(sorted(sightings, key=_order), gap), key=_event_order)


def group_ordered(ordered: Iterable[Sighting], gap: timedelta = DEFAULT_GAP) -> Iterator[Event]:
    """Group sightings that come by deployment, label, time and key, those without a time last.

    The events come in that order too, and the frames of no more than one are held.
    """
    run: list[Sighting] = []
    for sighting in ordered:
        if run and independent(run[-1], sighting, gap):
            yield Event(run[0].deployment, run[0].label, tuple(run))
            run = []
        run.append(sighting)
    if run:
        yield Event(run[0].deployment, run[0].label, tuple(run))


def _order(sighting: Sighting) -> tuple[str, str, datetime, int]:
    return (
        sighting.deployment,
        sighting.label,
        sighting.taken_at or datetime.max,
        sighting.key,
    )


def _event_order(event: Event) -> tuple[str, datetime, str, int]:
    return event.deployment, event.start or datetime.max, event.label, event.sightings[0].key
