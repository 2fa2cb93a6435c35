"""What a drone saw as GeoJSON features (RFC 7946): boxes, animals, and the ground of each picture.

Longitude comes first, WGS84, seven digits. Rings go counter-clockwise and are closed; one that
crosses 180 degrees is cut there in two, as section 3.1.9 asks. What is unknown has no member. The
places are exact: who may see them is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from camtrap.drone.census import Animal
from camtrap.drone.ground import Footprint, Placed

LatLon = tuple[float, float]

_DIGITS = 7  # a centimetre
_METRES = 2


def sighting_feature(
    key: str,
    placed: Placed,
    label: str,
    confidence: float | None = None,
    animal: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One box: where its centre meets the ground, with its radius, size, marks and animal.

    A box without a place is a feature without geometry, which the standard allows. `more` are
    further properties.
    """
    properties = {
        "kind": "sighting",
        "label": label,
        "confidence": _rounded(confidence, 4),
        "uncertainty_m": _rounded(placed.uncertainty_m, _METRES),
        "size_m": _rounded(placed.length_m, _METRES),
        "across_m": _rounded(placed.across_m, _METRES),
        "gsd_m": _rounded(placed.gsd_m, 4),
        "flags": list(placed.flags),
        "animal": animal,
        **more,
    }
    return _feature(key, _point(placed.latitude, placed.longitude), properties)


def animal_feature(animal: Animal, looked: int | None = None, **more: Any) -> dict[str, Any]:
    """One animal of the census; `looked` is how many frames show its place."""
    properties = {
        "kind": "animal",
        "animal": animal.number,
        "label": animal.label,
        "confidence": _rounded(animal.confidence, 4),
        "uncertainty_m": _rounded(animal.uncertainty_m, _METRES),
        "seen": len(animal.sightings),
        "looked": looked,
        "first": animal.first.isoformat() if animal.first else None,
        "last": animal.last.isoformat() if animal.last else None,
        **more,
    }
    geometry = _point(animal.latitude, animal.longitude)
    return _feature(f"animal:{animal.number}", geometry, properties)


def footprint_feature(frame: str, footprint: Footprint, **more: Any) -> dict[str, Any]:
    """The ground of one picture; without geometry where it shows none."""
    properties = {
        "kind": "footprint",
        "frame": frame,
        "area_m2": _rounded(footprint.area_m2, 1),
        "flags": list(footprint.flags),
        **more,
    }
    return _feature(f"footprint:{frame}", polygon_of(footprint.corners), properties)


def collection(features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All of them as one object."""
    return {"type": "FeatureCollection", "features": list(features)}


def polygon_of(corners: Sequence[LatLon]) -> dict[str, Any] | None:
    """A ring of (latitude, longitude), counter-clockwise, as a geometry; None without area.

    It becomes a MultiPolygon where it crosses 180 degrees.
    """
    if len(corners) < 3:
        return None
    first = corners[0][1]
    # Longitudes that run on past 180, so that neighbours are neighbours.
    ring = [(first + math.remainder(east - first, 360), north) for north, east in corners]
    low, high = min(east for east, _ in ring), max(east for east, _ in ring)
    if low >= -180 and high <= 180:
        return {"type": "Polygon", "coordinates": [_closed(ring, 0)]}
    edge, turn = (180.0, -360.0) if high > 180 else (-180.0, 360.0)
    inside = _clipped(ring, edge, 1 if turn < 0 else -1)
    beyond = _clipped(ring, edge, -1 if turn < 0 else 1)
    parts = [_closed(part, by) for part, by in ((inside, 0.0), (beyond, turn)) if len(part) >= 3]
    return {"type": "MultiPolygon", "coordinates": [[part] for part in parts]}


def _clipped(
    ring: Sequence[tuple[float, float]], edge: float, side: int
) -> list[tuple[float, float]]:
    """The part of a ring west (1) or east (-1) of a meridian."""
    kept = []
    for place, (east, north) in enumerate(ring):
        east_before, north_before = ring[place - 1]
        is_in, was_in = side * (edge - east) >= 0, side * (edge - east_before) >= 0
        if is_in != was_in:
            share = (edge - east_before) / (east - east_before)
            kept.append((edge, north_before + share * (north - north_before)))
        if is_in:
            kept.append((east, north))
    return kept


def _closed(ring: Sequence[tuple[float, float]], turn: float) -> list[list[float]]:
    rounded = [[round(east + turn, _DIGITS), round(north, _DIGITS)] for east, north in ring]
    return [*rounded, rounded[0]]


def _point(latitude: float | None, longitude: float | None) -> dict[str, Any] | None:
    if latitude is None or longitude is None:
        return None
    return {
        "type": "Point",
        "coordinates": [round(longitude, _DIGITS), round(latitude, _DIGITS)],
    }


def _feature(
    key: str, geometry: dict[str, Any] | None, properties: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": key,
        "geometry": geometry,
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None or not math.isfinite(number) else round(number, digits)
