"""How long the cameras worked: trap-nights, from set-up to retrieval, without what was broken.

A trap-night is 24 hours of one working camera (or station). A day on which it worked a part counts
for that part, as in camtrapR (`cameraOperation` with date-times: set up at 08:00 is 0.6667 of that
day), so the sum over days is the time worked in days. A camera that died is missing effort and not
absence of animals: its effort ends with its last picture.

All times are camera-local. `docs/effort.md` has the formulas and their sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from camtrap.card.deployments import Deployment, Period

DAY = timedelta(days=1)

DEAD_AFTER_DAYS = 7.0
"""Fewer days without a picture are no sign of anything."""

DEAD_SILENCE_TIMES = 2.0
"""A dead camera is silent for so many times its own longest silence before."""

DEAD_PICTURE_DAYS = 5
"""A camera with pictures on fewer days tells nothing of how often it takes them."""

DEAD_CHANCE = 0.001
"""The silence of a dead camera would come by chance less often than this."""


class Bound(StrEnum):
    """What tells when a camera began or ceased to work."""

    TABLE = "table"
    PICTURES = "pictures"
    DEAD = "dead"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a deployment's dated pictures tell of its effort.

    `first` and `last` are the times of the first and the last picture; `picture_days` the days that
    have one, in order.
    """

    first: datetime
    last: datetime
    picture_days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """When one camera (a deployment) or one place worked.

    `worked` are periods in order that do not touch. `start` and `end` are what they were made
    from, and `start_from` and `end_from` say what told them; `end_from` is `dead` where the
    pictures ended before the camera was fetched. All is empty where nothing tells anything.
    """

    worked: tuple[Period, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    start_from: Bound = Bound.UNKNOWN
    end_from: Bound = Bound.UNKNOWN

    @property
    def trap_nights(self) -> float | None:
        """Days of 24 hours worked; None where nothing tells it."""
        return days_of(self.worked) if self.known else None

    @property
    def active_days(self) -> int | None:
        """Calendar days on which it worked, be it for a part; None where nothing tells it."""
        return sum(1 for _ in by_day(self.worked)) if self.known else None

    @property
    def known(self) -> bool:
        """True when both ends are known."""
        return self.start is not None and self.end is not None


NO_EFFORT = Effort()


def effort(deployment: Deployment | None, shown: Shown | None, *, cut_dead: bool = True) -> Effort:
    """The effort of one deployment: its row of `stations.csv`, and what its pictures show.

    Where set-up or retrieval is not written down, the first or the last picture takes its place. A
    camera without any dated picture has no known effort, whatever is planned in the table: its card
    is not here, or it never worked. With `cut_dead`, the effort of a camera that died ends at its
    last picture.
    """
    if shown is None:
        return NO_EFFORT
    place = deployment or Deployment("", "")
    start_from = Bound.PICTURES if place.start is None else Bound.TABLE
    end_from = Bound.PICTURES if place.end is None else Bound.TABLE
    start = shown.first if place.start is None else place.start
    end = shown.last if place.end is None else place.end
    problems = place.problems
    worked = without(_period(start, end), problems)
    if cut_dead and end_from is Bound.TABLE and seems_dead(shown, worked):
        end, end_from = max(shown.last, start), Bound.DEAD
        worked = without(_period(start, end), problems)
    return Effort(worked, start, end, start_from, end_from)


def seems_dead(shown: Shown, worked: Sequence[Period]) -> bool:
    """True when a camera that should have worked on took no more pictures.

    It took some on `DEAD_PICTURE_DAYS` days or more. Its silence after the last one, within
    `worked`, is `DEAD_AFTER_DAYS` or longer, more than `DEAD_SILENCE_TIMES` its own longest silence
    before, and would come by chance less often than `DEAD_CHANCE`: (1 - p) to the power of the
    silent days, where p is the part of the days before that have a picture.
    """
    if len(shown.picture_days) < DEAD_PICTURE_DAYS:
        return False
    silent = silence_after(shown.last, worked)
    if silent < DEAD_AFTER_DAYS or silent <= DEAD_SILENCE_TIMES * longest_silence(shown, worked):
        return False
    lived = max(days_of(clipped(worked, datetime.min, shown.last)), 1.0)
    # One day is taken off: the first picture is often that of the set-up, which says nothing.
    part = min((len(shown.picture_days) - 1) / lived, 1.0)
    return unlikely(part, silent)


def unlikely(part: float, days: float) -> bool:
    """True when so many days without are less likely than `DEAD_CHANCE` where `part` of them have.

    Days are taken as independent, which animals are not; that is why no rule rests on it alone.
    """
    return part >= 1.0 or (part > 0.0 and days * math.log1p(-part) < math.log(DEAD_CHANCE))


def silence_after(last: datetime, worked: Sequence[Period]) -> float:
    """Days within `worked` after the last picture."""
    return days_of(clipped(worked, last, datetime.max))


def longest_silence(shown: Shown, worked: Sequence[Period]) -> float:
    """The most days within `worked` between two days that have a picture; 0 for a single one.

    From noon to noon, so that two days that follow each other are one day apart.
    """
    noons = [datetime.combine(day, time(12)) for day in shown.picture_days]
    # Most pairs lie a day apart and cannot be the longest, so that `worked` is not asked of them.
    longest = 0.0
    for one, two in pairwise(noons):
        if (two - one) / DAY > longest:
            longest = max(longest, days_of(clipped(worked, one, two)))
    return longest


# -- periods


def joined(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same time as periods in order that neither overlap nor touch; empty ones are left out."""
    found: list[Period] = []
    for period in sorted(periods, key=lambda each: (each.start, each.end)):
        if period.end <= period.start:
            continue
        if found and period.start <= found[-1].end:
            found[-1] = Period(found[-1].start, max(found[-1].end, period.end))
        else:
            found.append(period)
    return tuple(found)


def without(periods: Iterable[Period], problems: Iterable[Period]) -> tuple[Period, ...]:
    """The time of `periods` that lies in none of `problems`."""
    left: list[Period] = []
    broken = joined(problems)
    for period in joined(periods):
        start = period.start
        for problem in broken:
            if problem.end <= start or problem.start >= period.end:
                continue
            left.append(Period(start, problem.start))
            start = problem.end
        left.append(Period(start, period.end))
    return joined(left)


def clipped(periods: Iterable[Period], start: datetime, end: datetime) -> tuple[Period, ...]:
    """The time of `periods` from `start` to `end`."""
    return joined(Period(max(each.start, start), min(each.end, end)) for each in periods)


def days_of(periods: Iterable[Period]) -> float:
    """The length in days of periods that do not overlap."""
    return sum((each.end - each.start for each in periods), timedelta()) / DAY


def by_day(periods: Iterable[Period]) -> Iterator[tuple[date, float]]:
    """Each day with the part of it that lies in `periods`, more than 0 and at most 1, in order."""
    day, part = date.min, timedelta()
    for period in joined(periods):
        start = period.start
        while start < period.end:
            if start.date() != day:
                if part:
                    yield day, part / DAY
                day, part = start.date(), timedelta()
            end = period.end if period.end.date() == day else datetime.combine(day + DAY, time())
            part += end - start
            start = end
    if part:
        yield day, part / DAY


def _period(start: datetime, end: datetime) -> tuple[Period, ...]:
    return (Period(start, end),) if end > start else ()
