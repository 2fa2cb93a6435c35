"""`datapackage.json` of a Camtrap DP: what people told of the project, and what the data show."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from camtrap import __version__
from camtrap.outputs.exports.base import Source
from camtrap.outputs.exports.dp_fields import (
    CAPTURE_METHODS,
    LEVELS,
    PROFILE_URL,
    schema_url,
)
from camtrap.outputs.exports.dp_project import LEAST_DESIGN, NOBODY_NAMED, Project
from camtrap.outputs.exports.sites import Site
from camtrap.outputs.exports.taxa import taxon

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9._-]+")
_DEFAULT_NAME = "camera-trap-season"
_DEFAULT_TITLE = "Camera-trap season"


def descriptor(
    source: Source,
    project: Project,
    told: Sequence[Site],
    tables: Mapping[str, str],
    *,
    species: Collection[str],
    methods: Collection[str],
    levels: Collection[str],
    created: str,
    has_names: bool = False,
) -> dict[str, Any]:
    """The descriptor; `tables` are the files' names, `created` is UTC with `Z`.

    `has_names` tells that people named single animals.
    """
    texts = project.texts
    return {
        "resources": [resource(name, path) for name, path in tables.items()],
        "profile": PROFILE_URL,
        "name": texts.get("name") or package_name("" if source.public else source.season.name),
        **_given(texts, "id"),
        "created": created,
        "title": texts.get("title") or _DEFAULT_TITLE,
        "contributors": [dict(person) for person in project.contributors]
        or [{"title": NOBODY_NAMED, "role": "contact"}],
        "description": description(source, project),
        **_given(texts, "version"),
        **({"keywords": list(project.keywords)} if project.keywords else {}),
        **_given(texts, "homepage"),
        "sources": [{"title": "camtrap", "version": __version__}],
        **_licenses(project),
        **_given(texts, "bibliographicCitation"),
        "project": about(project, methods, levels, has_names=has_names),
        **({"coordinatePrecision": source.grid} if source.public else {}),
        "spatial": spatial(told),
        "temporal": temporal(told),
        "taxonomic": [taxon(name) for name in sorted(species)],
    }


def resource(name: str, path: str) -> dict[str, Any]:
    """One table as the standard wants it listed."""
    return {
        "name": name,
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema_url(name),
    }


def package_name(text: str) -> str:
    """Text as a package's name: small letters, digits and hyphens."""
    return _NOT_IN_A_NAME.sub("-", text.lower()).strip("-._") or _DEFAULT_NAME


def description(source: Source, project: Project) -> str:
    """What people told, then the rules by which the rows came about, then what nobody told."""
    rules = source.events.rules
    minutes = rules.gap.total_seconds() / 60
    counted = "any record" if rules.event_rule == "last_record" else "the last independent record"
    parts = [
        project.texts.get("description", ""),
        f"An event is what one station saw of one label, until {minutes:g} minutes have passed "
        f"since {counted}; its count is the most boxes in one frame, at least 1; the probability "
        "of a machine's event is the fused one of the burst that shows it best.",
        "Media rows hold one row for each box and overlap; event rows do not.",
        "The label of each row is in its tags: prey and other animals are no taxa.",
    ]
    if source.public:
        parts.append(
            f"Coordinates are rounded to {source.grid:g} degrees; pictures of people and vehicles "
            "are left out; names of stations, files and cameras are replaced."
        )
    if project.todo:
        parts.append(f"Not told by a person: {', '.join(project.todo)}.")
    return " ".join(part for part in parts if part)


def about(
    project: Project,
    methods: Collection[str],
    levels: Collection[str],
    *,
    has_names: bool = False,
) -> dict[str, Any]:
    """The property `project`; without any trigger told, cameras are taken to wait for movement."""
    said = dict(project.project)
    return {
        **said,
        "title": said.get("title") or project.texts.get("title") or _DEFAULT_TITLE,
        "samplingDesign": said.get("samplingDesign", LEAST_DESIGN),
        "captureMethod": [m for m in CAPTURE_METHODS if m in methods] or [CAPTURE_METHODS[0]],
        "individualAnimals": said.get("individualAnimals", has_names),
        "observationLevel": [level for level in LEVELS if level in levels] or list(LEVELS),
    }


def _licenses(project: Project) -> dict[str, Any]:
    """Both licences or none: the standard takes no single one, and nobody else may choose."""
    data, media = project.licenses.get("data"), project.licenses.get("media")
    if not data or not media:
        return {}
    return {"licenses": [_license(data, "data"), _license(media, "media")]}


def _license(text: str, scope: str) -> dict[str, str]:
    return {"path" if ":" in text else "name": text, "scope": scope}


def _given(texts: Mapping[str, str], key: str) -> dict[str, str]:
    return {key: texts[key]} if texts.get(key) else {}


def spatial(told: Sequence[Site]) -> dict[str, Any]:
    """The box around all stations as GeoJSON (longitude first), a point for a single place."""
    longitudes = [round(s.longitude, 6) for s in told if s.longitude is not None]
    latitudes = [round(s.latitude, 6) for s in told if s.latitude is not None]
    west, east = min(longitudes), max(longitudes)
    south, north = min(latitudes), max(latitudes)
    if (west, south) == (east, north):
        return {"type": "Point", "coordinates": [west, south]}
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def temporal(told: Sequence[Site]) -> dict[str, str]:
    """The first and the last day on which a camera stood."""
    return {
        "start": min(s.start for s in told if s.start is not None).date().isoformat(),
        "end": max(s.end for s in told if s.end is not None).date().isoformat(),
    }
