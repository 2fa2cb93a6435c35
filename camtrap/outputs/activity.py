"""Activity by hour of day: 24 bars over the light of the season at the stations.

Sunrise wanders through a season, so the ground behind the bars is as dark as the part of the days
on which the sun was down at that time, on the cameras' own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from camtrap.events.sun import HORIZON, elevation
from camtrap.outputs.markup import Safe, text
from camtrap.records import State

SLOTS = 96
"""Quarters of an hour in a day, in which the sun is looked for."""

_DAYS = 13
"""Days of the season at which the sun is looked for: month after month in a year."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and by which clock: WGS84 degrees and an offset from UTC like `+10:00`."""

    latitude: float
    longitude: float
    utc_offset: str


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a season by the camera's clock.

    `dark` holds, for each quarter of an hour, the part of the days (0..1) on which the sun was
    down; `sunrise` and `sunset` are the earliest and the latest, None where it does not rise or set
    on each day.
    """

    dark: tuple[float, ...]
    sunrise: tuple[time, time] | None = None
    sunset: tuple[time, time] | None = None


def light(place: Place, first: date, last: date) -> Light | None:
    """The light at a place between two days, both counted; None where it cannot be told."""
    days = _spread(first, last)
    up: list[list[bool]] = []
    for day in days:
        heights = [
            elevation(place.latitude, place.longitude, _moment(day, slot), place.utc_offset)
            for slot in range(SLOTS)
        ]
        if any(height is None for height in heights):
            return None
        up.append([height is not None and height > HORIZON for height in heights])
    dark = tuple(sum(not day[slot] for day in up) / len(up) for slot in range(SLOTS))
    return Light(dark, _times(up, rising=True), _times(up, rising=False))


def _spread(first: date, last: date) -> list[date]:
    """Up to so many days, evenly from the first to the last."""
    count = min((last - first).days + 1, _DAYS)
    if count < 2:
        return [first]
    step = (last - first).days / (count - 1)
    return [first + timedelta(days=round(step * number)) for number in range(count)]


def _moment(day: date, slot: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=slot * 24 * 60 / SLOTS)


def _times(days: Sequence[Sequence[bool]], *, rising: bool) -> tuple[time, time] | None:
    """The earliest and the latest quarter at which the sun comes up, or goes down."""
    slots: list[int] = []
    for up in days:
        changes = [n for n in range(SLOTS) if up[n] == rising and up[n - 1] != rising]
        if len(changes) != 1:
            return None  # it does not rise at all, or the clock's midnight is not the sun's
        slots += changes
    return _clock(min(slots)), _clock(max(slots))


def _clock(slot: int) -> time:
    minutes = slot * 24 * 60 // SLOTS
    return time(minutes // 60, minutes % 60)


def chart(
    label: State, hours: Counter[int], light: Light | None, *, heading: Safe, title: str
) -> Safe:
    """24 bars as SVG, the highest as high as the chart, over the light where it is known.

    `heading` stands above, `title` says in words what the bars say.
    """
    most = max(hours.values(), default=0)
    bars = "".join(
        f'<rect x="{12 * hour + 1}" y="{90 - height:.1f}" width="10" height="{height:.1f}"/>'
        for hour in sorted(hours)
        if (height := 76 * hours[hour] / most)
    )
    ticks = "".join(
        f'<text x="{12 * hour}" y="104" text-anchor="middle">{hour}</text>'
        for hour in (0, 6, 12, 18, 24)
    )
    top = f'<text x="1" y="10">{most}</text>' if most else ""
    return Safe(
        f'<figure class="chart {label}">\n<figcaption>{heading}</figcaption>\n'
        f'<svg viewBox="-6 0 300 108" role="img" aria-labelledby="hours-{label}">'
        f'<title id="hours-{label}">{text(title)}</title>{ground(light)}'
        f'<path d="M0 14H288M0 90.5H288"/>{bars}{top}{ticks}</svg>\n</figure>\n'
    )


def ground(light: Light | None) -> str:
    """The dark of the night behind the bars; equal quarters side by side are one shape."""
    if light is None:
        return ""
    pieces = []
    slot, wide = 0, 288 / SLOTS
    for dark, run in groupby(round(part, 2) for part in light.dark):
        count = len(list(run))
        if dark:
            pieces.append(
                f'<path class="dark" fill-opacity="{0.5 * dark:.2f}"'
                f' d="M{slot * wide:g} 14h{count * wide:g}v76h-{count * wide:g}z"/>'
            )
        slot += count
    return "".join(pieces)
