"""What was there in truth, and what must come of it: slowly, from the published rules alone.

Nothing of `camtrap.events` is used here. Events are what is connected by less than the interval,
found by comparing every record with every other; effort is counted day by day, as camtrapR's
`cameraOperation` does with date-times, and histories as its `detectionHistory` does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from camtrap.records import Detection, State

DAY, INTERVAL = timedelta(days=1), timedelta(minutes=30)
PRECEDENCE = (State.LEOPARD, State.PERSON, State.VEHICLE, State.PREY, State.OTHER, State.UNSURE)
"""Which label of a trigger its empty frames go to (docs/events.md)."""


class Problem(NamedTuple):
    """A time in which a camera did not work, without its end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """One camera at its station."""

    name: str
    station: str
    start: datetime
    end: datetime
    camera: str
    problems: tuple[Problem, ...] = ()

    def is_broken(self, moment: datetime) -> bool:
        return any(each.start <= moment < each.end for each in self.problems)


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame: when it was taken in truth, what was there, and what the model says of it.

    `animal` is the event's label, None for nothing and for the rock; `index` counts from 0 within
    the trigger. `is_rock` is a picture of the rock alone; with `beside_rock` it is the last of the
    boxes, and there is an animal as well.
    """

    stay: Stay
    trigger: int
    index: int
    length: int
    taken_at: datetime
    animal: State | None
    label: State
    boxes: tuple[Detection, ...]
    chances: Mapping[str, float]
    is_night: bool = False
    is_rock: bool = False
    beside_rock: bool = False

    def count(self, label: State) -> int:
        """How many of a label are in it."""
        boxes = self.boxes[:-1] if self.beside_rock else self.boxes
        return sum(each.label == label for each in boxes)


class Record(NamedTuple):
    """What one trigger shows of one label."""

    start: datetime
    end: datetime
    animals: int
    images: int


class TrueEvent(NamedTuple):
    """An event, as far as it can be compared; `animals` is None where no frame has a box of it."""

    station: str
    label: str
    start: datetime
    end: datetime
    animals: int | None
    images: int


# -- events


def true_events(pictures: Sequence[Picture]) -> list[TrueEvent]:
    """Every event of the season, in order."""
    kept = kept_in_sight(pictures)
    named = {each.trigger: each.label for each in kept if each.label is not State.UNSURE}
    shown = [replace(each, animal=named.get(each.trigger, State.UNSURE)) for each in kept]
    rest = [each for each in pictures if not (each.is_rock and each in kept)]
    found = []
    for (station, label), records in _records([*rest, *shown]).items():
        for event in _connected(records):
            most = max(each.animals for each in event)
            found.append(
                TrueEvent(
                    station,
                    str(label),
                    min(each.start for each in event),
                    max(each.end for each in event),
                    most or None,
                    sum(each.images for each in event),
                )
            )
    return sorted(found)


def kept_in_sight(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures of the rock that do make an event: a leopard was there less than the interval
    before or after. Nobody may put those away but a person.
    """
    leopards: dict[Stay, list[datetime]] = defaultdict(list)
    for each in pictures:
        if each.label is State.LEOPARD:
            leopards[each.stay].append(each.taken_at)
    return [
        each
        for each in pictures
        if each.is_rock
        and any(abs(each.taken_at - moment) < INTERVAL for moment in leopards[each.stay])
    ]


def _records(pictures: Iterable[Picture]) -> dict[tuple[str, State], list[Record]]:
    triggers: dict[int, list[Picture]] = defaultdict(list)
    for picture in pictures:
        triggers[picture.trigger].append(picture)
    records: dict[tuple[str, State], list[Record]] = defaultdict(list)
    for frames in triggers.values():
        there = {each.animal for each in frames if each.animal is not None}
        for label in there:
            is_first = label == min(there, key=PRECEDENCE.index)
            of_it = [e for e in frames if e.animal == label or (e.animal is None and is_first)]
            times = [each.taken_at for each in of_it]
            count = max(each.count(label) for each in of_it)
            records[frames[0].stay.station, label].append(
                Record(min(times), max(times), count, len(of_it))
            )
    return records


def _connected(records: Sequence[Record]) -> Iterable[list[Record]]:
    """Sets of records of which none is the interval or more away from all others."""
    left = list(records)
    while left:
        event = fresh = [left.pop()]
        while fresh:
            near = [each for each in left if any(_are_near(each, one) for one in fresh)]
            left = [each for each in left if each not in near]
            event, fresh = event + near, near
        yield event


def _are_near(one: Record, other: Record) -> bool:
    return one.start - other.end < INTERVAL and other.start - one.end < INTERVAL


# -- effort


def last_pictures(pictures: Iterable[Picture]) -> dict[str, datetime]:
    """The time of each deployment's last picture."""
    last: dict[str, datetime] = {}
    for each in pictures:
        last[each.stay.name] = max(each.taken_at, last.get(each.stay.name, each.taken_at))
    return last


def operation(stay: Stay, end: datetime) -> dict[date, Fraction]:
    """The part of each day on which a camera worked: from set-up to `end`, without its problems."""
    parts = {}
    day = datetime.combine(stay.start.date(), datetime.min.time())
    while day < end:
        whole = _shared(stay.start, end, day)
        broken = sum(
            (_shared(max(e.start, stay.start), min(e.end, end), day) for e in stay.problems),
            timedelta(),
        )
        parts[day.date()] = Fraction(int((whole - broken).total_seconds()), 86_400)
        day += DAY
    return parts


def _shared(start: datetime, end: datetime, day: datetime) -> timedelta:
    return max(min(end, day + DAY) - max(start, day), timedelta())


def histories(
    worked: Mapping[str, Counter[date]], events: Iterable[TrueEvent], label: str, days: int = 7
) -> dict[str, list[str]]:
    """Rows of 1, 0 and NA by station: occasions begin with the survey's first day."""
    seen = {(each.station, each.start.date()) for each in events if each.label == label}
    every = [day for station in worked.values() for day in station]
    first, last = min(every), max(every)
    rows: dict[str, list[str]] = {}
    for station, parts in sorted(worked.items()):
        rows[station] = []
        begin = first
        while begin <= last:
            occasion = [begin + n * DAY for n in range(days)]
            effort = sum(parts[day] for day in occasion)
            is_seen = any((station, day) in seen for day in occasion)
            rows[station].append("NA" if not effort else "1" if is_seen else "0")
            begin += days * DAY
    return rows
