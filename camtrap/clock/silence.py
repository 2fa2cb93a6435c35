"""Long silences: a camera that stood there and took nothing, or wrote a date that hides it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from camtrap.card.deployments import Deployment

LONGEST_DAYS = 30
"""A camera at a trail that takes nothing for longer is dead, covered, or wrote other dates."""

Days = tuple[date, date]


def silences(
    days: Collection[date], stays: Sequence[Deployment], now: datetime
) -> list[tuple[Days, int]]:
    """Stretches of more than thirty days without a picture, each with its days.

    `days` are those of the pictures of one deployment, `stays` its row (or none); from set-up to
    the first picture and from the last to retrieval count too, where those dates are known. Days
    that people noted as a problem are no silence, and end one.
    """
    busy = set(days)
    known = sorted(days)
    if not known:
        return []
    first, last = known[0], known[-1]
    for stay in stays:
        if stay.start is not None and stay.start.date() < first:
            first = stay.start.date()
        if stay.end is not None and last < stay.end.date() <= now.date():
            last = stay.end.date()
        for problem in stay.problems:
            day = max(problem.start.date(), first)
            while day <= min(problem.end.date(), last):
                busy.add(day)
                day += timedelta(days=1)
    edges = sorted({first - timedelta(days=1), *busy, last + timedelta(days=1)})
    found = []
    for before, after in pairwise(edges):
        count = (after - before).days - 1
        if count > LONGEST_DAYS:
            found.append(((before + timedelta(days=1), after - timedelta(days=1)), count))
    return found
