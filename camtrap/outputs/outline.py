"""An outline for the map (a reserve, a river, a road) from a GeoJSON file that a person names."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.outputs.map_svg import Line

_DEEPEST = 20
"""Collections within collections; no map has more, and a hostile file could."""


def read_outline(path: Path) -> tuple[Line, ...]:
    """All lines and rings of a GeoJSON file (RFC 7946: longitude before latitude, WGS84).

    Points are passed over. Raises `ConfigError` when the file cannot be read, is no GeoJSON, holds
    no line, or holds coordinates that are not degrees.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The outline {path} cannot be read as GeoJSON: {error}.") from error
    try:
        lines = tuple(_lines(said))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigError(
            f"The outline {path} is no GeoJSON that can be drawn ({error}). Export it again as "
            "GeoJSON, with lines or areas in WGS84 (EPSG:4326)."
        ) from error
    if not lines:
        raise ConfigError(
            f"The outline {path} holds no line and no area. Export the border as GeoJSON again."
        )
    return lines


def _lines(said: Any, depth: int = 0) -> Iterator[Line]:
    if depth > _DEEPEST:
        raise ValueError("too many collections within each other")
    if said is None:  # a feature without a place
        return
    match said["type"]:
        case "FeatureCollection":
            for feature in said["features"]:
                yield from _lines(feature, depth + 1)
        case "Feature":
            yield from _lines(said["geometry"], depth + 1)
        case "GeometryCollection":
            for geometry in said["geometries"]:
                yield from _lines(geometry, depth + 1)
        case "LineString":
            yield _line(said["coordinates"])
        case "MultiLineString" | "Polygon":
            yield from map(_line, said["coordinates"])
        case "MultiPolygon":
            for polygon in said["coordinates"]:
                yield from map(_line, polygon)
        case "Point" | "MultiPoint":
            return
        case other:
            raise ValueError(f"'{other}' is no type of GeoJSON")


def _line(positions: Any) -> Line:
    return tuple(map(_position, positions))


def _position(position: Any) -> tuple[float, float]:
    longitude, latitude = float(position[0]), float(position[1])
    if not (math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 90):
        raise ValueError(f"{longitude:g}, {latitude:g} is no longitude and latitude in degrees")
    return longitude, latitude
