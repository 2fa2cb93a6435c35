"""`patrol.kml`: the same waypoints for Google Earth and phones, as KML 2.2 (OGC 07-147r2).

Written by hand, because the order of elements is the schema's: name, description, TimeStamp,
styleUrl, ExtendedData, Point. Names of styles are the labels; no id begins with a digit.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from camtrap.outputs.gpx import short_name
from camtrap.outputs.tables import cell, replacing
from camtrap.outputs.waypoints import STATION, Drawn, Waypoint, Waypoints, degrees, xml_text

COLOURS = {
    "leopard": "ff0000ff",
    "person": "ffff7000",
    "vehicle": "ff00a5ff",
    STATION: "ff50b000",
}
"""Colours of the icons, in KML's order: alpha, blue, green, red."""

_WHITE = "ffffffff"
_NAMESPACE = "http://www.opengis.net/kml/2.2"


def write(path: Path, waypoints: Waypoints) -> Drawn:
    """Write the file and say what is in it; raises `SeasonError` when it cannot be written."""
    stations = events = left_out = 0
    with replacing(path) as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        stream.write(f'<kml xmlns="{_NAMESPACE}">\n<Document>\n')
        head = Element("Document")
        _add(head, "name", "camtrap patrol")
        _add(head, "description", waypoints.notice)
        for kind in (STATION, *waypoints.labels):
            colour = COLOURS.get(kind, _WHITE)
            style = SubElement(head, "Style", id=kind)
            SubElement(SubElement(style, "IconStyle"), "color").text = colour
        for element in head:
            stream.write(_line(element))
        for waypoint in chain(waypoints.stations(), waypoints.events()):
            if waypoint is None:
                left_out += 1
                continue
            stations += waypoint.kind == STATION
            events += waypoint.kind != STATION
            stream.write(_line(placemark(waypoint)))
        stream.write("</Document>\n</kml>\n")
    return Drawn(stations, events, left_out)


def placemark(waypoint: Waypoint) -> Element:
    """One waypoint as a placemark. Without a known zone there is no time: KML would take it as UTC.

    The local time is among the extended data in any case.
    """
    mark = Element("Placemark")
    _add(mark, "name", short_name(waypoint))
    _add(mark, "description", waypoint.told)
    if waypoint.utc:
        _add(SubElement(mark, "TimeStamp"), "when", waypoint.utc)
    _add(mark, "styleUrl", f"#{waypoint.kind}")
    extended = SubElement(mark, "ExtendedData")
    for name, value in waypoint.properties().items():
        if value is not None:
            data = SubElement(extended, "Data", name=name)
            SubElement(data, "value").text = xml_text(cell(value))
    point = SubElement(mark, "Point")
    _add(point, "coordinates", f"{degrees(waypoint.longitude)},{degrees(waypoint.latitude)}")
    return mark


def _add(parent: Element, tag: str, text: str) -> None:
    if text:
        SubElement(parent, tag).text = xml_text(text)


def _line(element: Element) -> str:
    return tostring(element, encoding="unicode") + "\n"
