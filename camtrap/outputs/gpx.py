"""`patrol.gpx`: waypoints for a hand-held GPS or a phone, as GPX 1.1 (Topografix).

Order of a waypoint's elements by the schema: time, name, cmt, desc, sym, type. The time is in UTC,
as the standard demands; where the zone is unknown, the local time is in the description alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from camtrap import __version__
from camtrap.outputs.tables import replacing
from camtrap.outputs.waypoints import STATION, Drawn, Waypoint, Waypoints, degrees, xml_text

LONGEST_NAME = 30
"""Characters of a name that Garmin's devices show."""

SYMBOLS = {
    "leopard": "Flag, Red",
    "person": "Flag, Blue",
    "vehicle": "Car",
    STATION: "Flag, Green",
}
"""Names of Garmin's own symbols."""

_OTHER_SYMBOL = "Waypoint"
_NAMESPACE = "http://www.topografix.com/GPX/1/1"


def write(path: Path, waypoints: Waypoints) -> Drawn:
    """Write the file and say what is in it; raises `SeasonError` when it cannot be written."""
    names: set[str] = set()
    stations = events = left_out = 0
    with replacing(path) as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        stream.write(f'<gpx xmlns="{_NAMESPACE}" version="1.1" creator="camtrap {__version__}">\n')
        metadata = Element("metadata")
        _add(metadata, "name", "camtrap patrol")
        _add(metadata, "desc", waypoints.notice)
        stream.write(_line(metadata))
        for station in waypoints.stations():
            stream.write(_line(_waypoint(station, names)))
            stations += 1
        for event in waypoints.events():
            if event is None:
                left_out += 1
                continue
            stream.write(_line(_waypoint(event, names)))
            events += 1
        stream.write("</gpx>\n")
    return Drawn(stations, events, left_out)


def short_name(waypoint: Waypoint) -> str:
    """A name that a device shows in full: `leopard 03-05 02:14 ST01`, or the station's."""
    if waypoint.kind == STATION:
        name = waypoint.station_id
    else:
        when = waypoint.start.strftime("%m-%d %H:%M") if waypoint.start else ""
        name = " ".join(part for part in (waypoint.kind, when, waypoint.station_id) if part)
    return xml_text(name)[:LONGEST_NAME].strip()


def unique(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken: older devices keep one waypoint of a name."""
    for candidate in _candidates(name):
        if candidate not in names:
            names.add(candidate)
            return candidate
    raise AssertionError("numbers do not end")


def _candidates(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        tail = f"~{number}"
        yield name[: LONGEST_NAME - len(tail)] + tail
        number += 1


def _waypoint(waypoint: Waypoint, names: set[str]) -> Element:
    point = Element("wpt", lat=degrees(waypoint.latitude), lon=degrees(waypoint.longitude))
    _add(point, "time", waypoint.utc)
    _add(point, "name", unique(short_name(waypoint), names))
    _add(point, "cmt", waypoint.key)
    _add(point, "desc", waypoint.told)
    _add(point, "sym", SYMBOLS.get(waypoint.kind, _OTHER_SYMBOL))
    _add(point, "type", waypoint.kind)
    return point


def _add(parent: Element, tag: str, text: str) -> None:
    if text:
        SubElement(parent, tag).text = xml_text(text)


def _line(element: Element) -> str:
    return tostring(element, encoding="unicode") + "\n"
