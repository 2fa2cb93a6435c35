"""Where the sun stood: its height at a place and a moment, and the part of the day that makes.

A picture's time is camera-local; only with its offset from UTC is it a moment, so without one there
is no answer. Positions come from astral, which follows NOAA's solar calculator (after Meeus,
Astronomical Algorithms).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

Phase = Literal["day", "twilight", "night"]

HORIZON = -0.833
"""Degrees at which the sun's upper edge is seen on the horizon: 0.567 of refraction and 0.266 of
its own radius (NOAA). Above it is day."""

CIVIL_DUSK = -6.0
"""Degrees at which civil twilight ends."""

_OFFSET = re.compile(r"([+-])(\d{2}):?([0-5]\d)", re.ASCII)
_WIDEST = timedelta(hours=15)  # the widest in use is +14:00; beyond is a slip of the pen


@lru_cache(maxsize=64)
def zone_of(utc_offset: str) -> timezone | None:
    """The fixed zone of an offset like `+05:45`, `-0330` or `Z`; None for anything else."""
    text = utc_offset.strip()
    if text in ("Z", "z"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    ahead = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if ahead > _WIDEST:
        return None
    return timezone(ahead if match[1] == "+" else -ahead)


def utc_of(taken_at: datetime | None, utc_offset: str) -> datetime | None:
    """The moment in UTC, aware, of a camera-local time; None when either is not known.

    A time that has a zone of its own keeps it, and `utc_offset` is not asked.
    """
    if taken_at is None:
        return None
    if taken_at.tzinfo is None:
        zone = zone_of(utc_offset)
        if zone is None:
            return None
        taken_at = taken_at.replace(tzinfo=zone)
    try:
        return taken_at.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar
        return None


def elevation(
    latitude: float | None, longitude: float | None, taken_at: datetime | None, utc_offset: str
) -> float | None:
    """Degrees of the sun's centre above the horizon, -90..90, without refraction.

    Latitude and longitude are WGS84 degrees, `taken_at` is camera-local (corrected), `utc_offset`
    like `+10:00`. None where any of them is unknown or not on Earth: a guess would call day night.
    """
    moment = utc_of(taken_at, utc_offset)
    if moment is None or latitude is None or longitude is None:
        return None
    return elevation_at(latitude, longitude, moment)


def elevation_at(latitude: float, longitude: float, moment: datetime) -> float | None:
    """As `elevation`, for an aware moment; None for a place that is not on Earth.

    Raises `ValueError` for a naive time, which astral would silently take as UTC.
    """
    if moment.tzinfo is None:
        raise ValueError("The sun's height needs a moment with a zone.")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # NaN is not on Earth either
        return None
    # Imported here: most commands never ask for the sun.
    from astral import Observer
    from astral.sun import elevation as height

    degrees = height(Observer(latitude, longitude), moment, with_refraction=False)
    return degrees if math.isfinite(degrees) else None


def phase(elevation: float) -> Phase:
    """`day` above -0.833 degrees, `twilight` (civil) down to -6 degrees, `night` below."""
    if elevation > HORIZON:
        return "day"
    return "twilight" if elevation >= CIVIL_DUSK else "night"
