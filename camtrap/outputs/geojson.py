"""`patrol.geojson`: the same waypoints for QGIS and web maps, as GeoJSON (RFC 7946).

Longitude comes first, WGS84, and no `crs`. One feature stands on each line, so that a person can
read it.
"""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

from camtrap.outputs.tables import replacing
from camtrap.outputs.waypoints import STATION, Drawn, Waypoint, Waypoints


def write(path: Path, waypoints: Waypoints) -> Drawn:
    """Write the file and say what is in it; raises `SeasonError` when it cannot be written."""
    stations = events = left_out = 0
    with replacing(path) as stream:
        stream.write('{"type": "FeatureCollection",\n"name": "camtrap patrol",\n')
        if waypoints.notice:  # a member of our own, as section 6.1 allows
            stream.write(f'"description": {_text(waypoints.notice)},\n')
        stream.write('"features": [')
        separator = "\n"
        for waypoint in chain(waypoints.stations(), waypoints.events()):
            if waypoint is None:
                left_out += 1
                continue
            stations += waypoint.kind == STATION
            events += waypoint.kind != STATION
            stream.write(separator + _text(feature(waypoint)))
            separator = ",\n"
        stream.write("\n]}\n")
    return Drawn(stations, events, left_out)


def feature(waypoint: Waypoint) -> dict[str, Any]:
    """One waypoint as a feature; what is unknown has no member."""
    prefix = "station:" if waypoint.kind == STATION else ""
    return {
        "type": "Feature",
        "id": prefix + waypoint.key,
        "geometry": {
            "type": "Point",
            "coordinates": [round(waypoint.longitude, 6), round(waypoint.latitude, 6)],
        },
        "properties": {k: v for k, v in waypoint.properties().items() if v is not None},
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
