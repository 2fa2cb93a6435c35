"""Coordinates as people write them, degrees or UTM, and the slips that show without a map."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from camtrap.card.deployments import Deployment
from camtrap.card.spreadsheet import parse_number

FAR_KM = 500.0
"""A station so far from the middle of all others is told of: a study area is smaller."""

_EARTH_KM = 6371.0
_LATITUDE, _LONGITUDE = ("latitude", "lat"), ("longitude", "lon", "long")
_EASTING, _NORTHING = ("utmx", "easting"), ("utmy", "northing")
_ZONE = re.compile(r"(\d{1,2})\s*([A-Za-z]?)", re.ASCII)
_BANDS = "CDEFGHJKLMNPQRSTUVWX"  # MGRS has no I and no O

Get = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Place:
    """WGS84 degrees, or None where not told; `remark` is something odd about it, in words."""

    latitude: float | None = None
    longitude: float | None = None
    remark: str = ""


def place_of(get: Get) -> Place:
    """The place in a row whose cells `get` gives; raises `ValueError` with a sentence.

    Degrees are taken where there are any, else UTM metres with their zone (WGS84).
    """
    north, east = get(*_LATITUDE), get(*_LONGITUDE)
    if north or east:
        if not (north and east):
            raise ValueError("only one of latitude and longitude is filled; give both or none")
        return _degrees(_number("latitude", north), _number("longitude", east))
    easting, northing = get(*_EASTING), get(*_NORTHING)
    if not (easting or northing):
        return Place()
    if not (easting and northing):
        raise ValueError("only one of utm_x and utm_y is filled; give both or none")
    zone = get("utmzone", "zone")
    if not zone:
        raise ValueError(
            "utm_x and utm_y tell no place without their zone; add a column utm_zone with zone and "
            "hemisphere, such as 52N, or give latitude and longitude"
        )
    return _from_utm(_number("utm_x", easting), _number("utm_y", northing), zone)


def _number(name: str, text: str) -> float:
    try:
        return parse_number(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}; write decimal degrees, such as 43.1158") from None


def _degrees(latitude: float, longitude: float) -> Place:
    if latitude == 0 and longitude == 0:
        raise ValueError(
            "latitude and longitude are both 0, which is in the Gulf of Guinea; leave both empty "
            "where the place is not known"
        )
    if abs(latitude) > 90 and abs(latitude) <= 180 and abs(longitude) <= 90:
        raise ValueError(
            f"latitude {latitude:g} is beyond 90 degrees: latitude and longitude look swapped"
        )
    if abs(latitude) > 90:
        raise ValueError(
            f"latitude {latitude:g} is beyond 90 degrees; write decimal degrees, or use utm_x, "
            "utm_y and utm_zone for metres"
        )
    if abs(longitude) > 180:
        raise ValueError(f"longitude {longitude:g} is beyond 180 degrees; write decimal degrees")
    return Place(latitude, longitude)


def _from_utm(easting: float, northing: float, zone: str) -> Place:
    match = _ZONE.fullmatch(zone)
    number, letter = (int(match[1]), match[2].upper()) if match else (0, "")
    if not 1 <= number <= 60 or not letter or letter not in _BANDS:
        raise ValueError(f"utm_zone is '{zone}'; write zone and hemisphere, such as 52N or 44N")
    import utm

    # N and S are hemispheres here: as a band, S would lie north of the equator.
    is_north = letter == "N" or (letter > "N" and letter != "S")
    try:
        latitude, longitude = utm.to_latlon(easting, northing, number, northern=is_north)
    except utm.OutOfRangeError as error:
        raise ValueError(
            f"utm_x {easting:g} and utm_y {northing:g} are not in zone {zone}: {error}; utm_x is "
            "the east value of six digits, utm_y the north value"
        ) from None
    remark = ""
    if letter == "S":
        remark = (
            f"utm_zone {zone} is read as the southern hemisphere; for 32 to 40 degrees north "
            f"write {number}N"
        )
    return Place(float(latitude), float(longitude), remark)


def remarks_on_places(places: Sequence[tuple[int, Deployment]]) -> list[str]:
    """What looks wrong among the places of all rows, as `line N: ...`.

    Whether a place lies in the sea is not told, because no map is at hand. Told is a station far
    from all others, and whether latitude and longitude the other way round would lie near them; and
    a station whose rows lie apart.
    """
    known = [
        (line, d.station_id, d.latitude, d.longitude)
        for line, d in places
        if d.latitude is not None and d.longitude is not None
    ]
    remarks = []
    seen: dict[str, tuple[int, float, float]] = {}
    for line, station, latitude, longitude in known:
        before, north, east = seen.setdefault(station, (line, latitude, longitude))
        apart = distance_km(latitude, longitude, north, east)
        if apart > 1:
            remarks.append(
                f"line {line}: station {station} lies {apart:,.0f} km from where line {before} has "
                "it; a station is one place"
            )
    if len({station for _, station, *_ in known}) < 3:  # of two, either may be the wrong one
        return remarks
    for line, station, latitude, longitude in known:
        others = [each for each in known if each[1] != station]
        north = median(each[2] for each in others)
        east = median(each[3] for each in others)
        away = distance_km(latitude, longitude, north, east)
        if away <= FAR_KM:
            continue
        told = f"line {line}: station {station} lies {away:,.0f} km from the middle of the others"
        if abs(longitude) <= 90 and distance_km(longitude, latitude, north, east) < FAR_KM:
            told += "; latitude and longitude look swapped"
        else:
            told += "; check its latitude and longitude, and that it does not lie in the sea"
        remarks.append(told)
    return remarks


def distance_km(latitude: float, longitude: float, north: float, east: float) -> float:
    """Kilometres along a sphere between two places in degrees (haversine)."""
    a, b = math.radians(latitude), math.radians(north)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(east - longitude) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
