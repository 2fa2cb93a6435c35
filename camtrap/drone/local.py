"""Metres east and north of a place, and degrees again: a plane that touches the ellipsoid there.

One degree is as long as the ellipsoid is curved at the place (WGS84, NIMA TR8350.2; the radii of
curvature in the meridian and the prime vertical: Torge and Müller, Geodesy, section 4.1). Within
2 km of the place this is right to 1 m up to 60 degrees north and south, within 500 m to 7 cm.
"""

from __future__ import annotations

import math

_SEMI_MAJOR_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY_SQUARED = _FLATTENING * (2 - _FLATTENING)

POLE = 89.0
"""Degrees of latitude beyond which a plane is no use, because east turns with every step."""


def degrees_of(
    latitude: float, longitude: float, east_m: float, north_m: float
) -> tuple[float, float]:
    """Latitude and longitude, -180..180, of what lies so many metres from a place."""
    north_radius, east_radius = _radii(latitude)
    north = latitude + math.degrees(north_m / north_radius)
    east = longitude + math.degrees(east_m / east_radius)
    return north, wrapped(east)


def metres_of(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> tuple[float, float]:
    """Metres east and north from a place to another one near it."""
    north_radius, east_radius = _radii(latitude)
    east = math.radians(wrapped(other_longitude - longitude)) * east_radius
    return east, math.radians(other_latitude - latitude) * north_radius


def wrapped(longitude: float) -> float:
    """The same longitude from -180 up to 180, which is excluded."""
    if -180 <= longitude < 180:
        return longitude
    return (longitude + 180) % 360 - 180


def _radii(latitude: float) -> tuple[float, float]:
    """Metres a radian to the north, and a radian of longitude to the east."""
    sine = math.sin(math.radians(latitude))
    below = 1 - _ECCENTRICITY_SQUARED * sine * sine
    prime_vertical = _SEMI_MAJOR_M / math.sqrt(below)
    meridian = prime_vertical * (1 - _ECCENTRICITY_SQUARED) / below
    return meridian, prime_vertical * math.cos(math.radians(latitude))
