"""Detection histories: stations by occasions of some days, for occupancy models.

As camtrapR's `detectionHistory` makes them with `day1 = "survey"` and `includeEffort = TRUE`: all
occasions begin at midnight of the survey's first day, and a cell is 1 where the label was seen, 0
where it was not, and NA where the station did not work at all. In camtrapR a detection without
effort vanishes in the NA; here it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

from camtrap.card.deployments import Period
from camtrap.events.effort import clipped, days_of

DEFAULT_DAYS = 7
"""Length of an occasion; a week is the field's habit, and a leopard comes by about so often."""


class Seen(Protocol):
    """An event, as far as histories go."""

    @property
    def name(self) -> str:
        """The event's id."""
        ...

    @property
    def station(self) -> str:
        """Where it was."""
        ...

    @property
    def began(self) -> datetime | None:
        """When it began; None where no camera told it."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """When which station worked, by occasion: the same for every label.

    `occasions` are of one length and follow each other; `effort` has a row for each of `stations`,
    the days worked in each occasion.
    """

    stations: tuple[str, ...]
    occasions: tuple[Period, ...]
    effort: tuple[tuple[float, ...], ...]

    def occasion_of(self, moment: datetime) -> int | None:
        """The number, from 0, of the occasion that holds a moment; None outside of all."""
        if not self.occasions or not self.occasions[0].start <= moment < self.occasions[-1].end:
            return None
        first = self.occasions[0]
        return (moment - first.start) // (first.end - first.start)


@dataclass(frozen=True, slots=True)
class Lost:
    """A detection that no cell can hold, and why: `no time`, `no effort`."""

    event: str
    station: str
    began: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """One label's cells, a row for each station of the sampling: 1, 0, or None for NA.

    `lost` are the detections that stand in no cell.
    """

    cells: tuple[tuple[int | None, ...], ...]
    lost: tuple[Lost, ...]


def sampling(worked: Mapping[str, Sequence[Period]], days: int = DEFAULT_DAYS) -> Sampling:
    """Cut the time in which stations worked into occasions of `days` days, all beginning at once.

    `worked` are periods that do not overlap, by station; stations that never worked keep a row.
    The last occasion may reach beyond the survey's end. Raises `ValueError` for less than a day.
    """
    if days < 1:
        raise ValueError("an occasion is one day or longer")
    stations = tuple(sorted(worked))
    occasions = tuple(_occasions(worked.values(), timedelta(days=days)))
    effort = tuple(tuple(_effort(worked[station], occasions)) for station in stations)
    return Sampling(stations, occasions, effort)


def history(sampled: Sampling, events: Iterable[Seen]) -> History:
    """The detection history of the events of one label.

    An event belongs to the occasion in which it began. Its moment need not lie in a period worked,
    as long as the station worked at all in that occasion: what is written down of set-up times is
    less sure than a picture.
    """
    rows = {station: number for number, station in enumerate(sampled.stations)}
    cells: list[list[int | None]] = [
        [0 if part > 0 else None for part in effort] for effort in sampled.effort
    ]
    lost: list[Lost] = []
    for event in events:
        if event.began is None:
            lost.append(Lost(event.name, event.station, None, "no time"))
            continue
        occasion, row = sampled.occasion_of(event.began), rows.get(event.station)
        if occasion is None or row is None or cells[row][occasion] is None:
            lost.append(Lost(event.name, event.station, event.began, "no effort"))
        else:
            cells[row][occasion] = 1
    return History(tuple(map(tuple, cells)), tuple(lost))


def _occasions(worked: Iterable[Sequence[Period]], length: timedelta) -> Iterator[Period]:
    periods = [period for each in worked for period in each]
    if not periods:
        return
    start = datetime.combine(min(each.start for each in periods).date(), time())
    end = max(each.end for each in periods)
    while start < end:
        yield Period(start, start + length)
        start += length


def _effort(worked: Sequence[Period], occasions: Sequence[Period]) -> Iterator[float]:
    # Both are in order, so that each period is looked at only beside its own occasions.
    waiting = list(worked)
    for occasion in occasions:
        while waiting and waiting[0].end <= occasion.start:
            waiting.pop(0)
        near = [each for each in waiting if each.start < occasion.end]
        yield days_of(clipped(near, occasion.start, occasion.end))
