"""Dates that cannot be: in the future, before 2010, outside the time in which the camera stood."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from camtrap.clock.finding import DAY, HOUR, Finding, Kind, told
from camtrap.clock.making import Correction, finding
from camtrap.clock.track import Site, Track, moment_of, seconds_of

FIRST_SENSIBLE = datetime(2010, 1, 1)
"""Cards with older pictures are rare; older dates mostly come from clocks that were not set."""

FUTURE_SECONDS = DAY
"""The computer's own clock, and zones, may be so much behind."""

SLACK_SECONDS = 2 * HOUR
"""Set-up and retrieval are written down roughly."""

_OF_A_DAY = ("00:00:00", "11:59:59", "12:00:00", "23:59:59")
"""A day without an hour ends up at its ends, or at noon where two deployments share it
(`card.stays`)."""

_MOST_OF = 0.5
_SAME_VISIT = DAY
_NEAR = 600


def faults_by_bounds(
    track: Track, parts: Iterable[tuple[int, int]], now: datetime
) -> list[Finding]:
    """What lies outside every possible time, part by part of a track."""
    found = []
    for first, last in parts:
        fault = _fault(track, first, last, now)
        if fault is not None:
            found.append(fault)
    return found


def visit(moment: datetime | None) -> tuple[datetime | None, bool]:
    """The time of a visit, and whether it is known better than to the day (then it is noon)."""
    if moment is None:
        return None, False
    clock = moment.time().replace(microsecond=0).isoformat()
    if clock in _OF_A_DAY:
        return datetime.combine(moment.date(), datetime.min.time()) + timedelta(hours=12), False
    return moment, True


def visits(site: Site) -> tuple[int | None, int | None]:
    """The earliest possible set-up and the latest retrieval, in seconds since 1970.

    Where only the day is known they are its ends; None where nothing is.
    """
    low = high = None
    if site.start is not None:
        low = (
            seconds_of(site.start) if visit(site.start)[1] else seconds_of(site.start) // DAY * DAY
        )
    if site.end is not None:
        high = seconds_of(site.end)
        if not visit(site.end)[1]:
            high = high // DAY * DAY + DAY - 1
    return low, high


def _fault(track: Track, first: int, last: int, now: datetime) -> Finding | None:
    time = track.time[first:last]
    start, end = track.site.start, track.site.end
    low, high = visits(track.site)
    limits = (
        (Kind.FUTURE, time > seconds_of(now) + FUTURE_SECONDS, "in the future"),
        (Kind.LONG_AGO, time < seconds_of(FIRST_SENSIBLE), "before 2010"),
        (
            Kind.BEFORE_SETUP,
            np.zeros(len(time), bool) if low is None else time < low - SLACK_SECONDS,
            f"before the camera was set up ({told(start)})" if start else "",
        ),
        (
            Kind.AFTER_RETRIEVAL,
            np.zeros(len(time), bool) if high is None else time > high + SLACK_SECONDS,
            f"after the camera was taken down ({told(end)})" if end else "",
        ),
    )
    for kind, is_outside, words in limits:
        count = int(np.count_nonzero(is_outside))
        if not count:
            continue
        outside = np.flatnonzero(is_outside)
        earliest, latest = moment_of(time[outside].min()), moment_of(time[outside].max())
        evidence = f"{count:,} of {len(time):,} pictures are dated {words}: {told(earliest)}"
        evidence += f" to {told(latest)}" if count > 1 else ""
        correction = None
        if count >= _MOST_OF * len(time):
            correction = _correction(track, first, last, now)
        else:  # the others are right, so this is not one wrong setting
            first, last = first + int(outside[0]), first + int(outside[-1]) + 1
        return finding(track, kind, first, last, evidence, correction, shown=count)
    return None


def _correction(track: Track, first: int, last: int, now: datetime) -> Correction | None:
    """What brings a whole part between set-up and retrieval: years, months, else the visits."""
    time = track.time[first:last]
    begin, finish = int(time.min()), int(time.max())
    start, is_exact_start = visit(track.site.start)
    end, is_exact_end = visit(track.site.end)
    if start is None and end is None:
        return None
    low, high = visits(track.site)
    low = None if low is None else low - SLACK_SECONDS
    high = min(seconds_of(now), seconds_of(now) if high is None else high) + SLACK_SECONDS
    for months, words, score in _settings():
        seconds = _moved(begin, months)
        if seconds is None or (low is not None and begin + seconds < low):
            continue
        is_near = low is None or begin + seconds <= low + SLACK_SECONDS + _SAME_VISIT
        if finish + seconds <= high and is_near:
            return Correction(seconds, score, f"{words} was set wrong", leans_on_visits=True)
    by_start = seconds_of(start) - begin if start else None
    by_end = seconds_of(end) - finish if end else None
    if by_start is not None and by_end is not None and abs(by_start - by_end) <= HOUR:
        better = by_start if is_exact_start or not is_exact_end else by_end
        score = 0.9 if abs(by_start - by_end) <= _NEAR else 0.8
        return Correction(better, score, "the first and the last picture are then those of the "
                          "visits", leans_on_visits=True)  # fmt: skip
    if by_start is not None:
        score = 0.5 if is_exact_start else 0.3
        why = "the first picture is then that of the set-up" + _to_the_day(is_exact_start)
        return Correction(by_start, score, why, leans_on_visits=True)
    assert by_end is not None
    score = 0.4 if is_exact_end else 0.3
    why = "the last picture is then that of the retrieval" + _to_the_day(is_exact_end)
    return Correction(by_end, score, why, leans_on_visits=True)


def _to_the_day(is_exact: bool) -> str:
    return "" if is_exact else ", of which only the day is known"


def _settings() -> Iterable[tuple[int, str, float]]:
    """Slips in setting a clock, as months: years first, then months."""
    for count in range(1, 31):
        for sign in (1, -1):
            yield sign * 12 * count, "the year", 0.8
    for count in range(1, 12):
        for sign in (1, -1):
            yield sign * count, "the month", 0.6


def _moved(seconds: int, months: int) -> int | None:
    """The seconds between a time and the same day and hour so many months on; None if no such."""
    moment = moment_of(seconds)
    total = moment.year * 12 + moment.month - 1 + months
    try:
        return seconds_of(moment.replace(year=total // 12, month=total % 12 + 1)) - seconds
    except ValueError:
        return None
