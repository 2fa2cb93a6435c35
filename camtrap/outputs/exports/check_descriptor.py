"""Checks of `datapackage.json` against Camtrap DP 1.0.2, those included that JSON Schema lets pass.

The rules are those of the profile of tdwg/camtrap-dp, tag 1.0.2, and of Data Package v1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from camtrap.outputs.exports.check_findings import Report
from camtrap.outputs.exports.dp_fields import (
    CAPTURE_METHODS,
    HEADERS,
    LEVELS,
    PACKAGE_NAME,
    RANKS,
    ROLES,
    SAMPLING_DESIGNS,
    VERSION,
)

WHERE = "datapackage.json"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ADDRESS = re.compile(r"https?://\S+")
_CREATED = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{3}")
_SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_NEEDED = (
    *("resources", "profile", "created", "contributors"),
    *("project", "spatial", "temporal", "taxonomic"),
)


def check_descriptor(said: Mapping[str, Any], report: Report) -> None:
    """Check all of a descriptor but the tables behind it."""
    for key in _NEEDED:
        if key not in said:
            report.error("missing-property", WHERE, f"'{key}' is missing.")
    for key, check in _CHECKS.items():
        if key in said:
            check(said[key], report)


def _resources(said: Any, report: Report) -> None:
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        report.error("resources", WHERE, "'resources' is not a list of objects.")
        return
    names = [one.get("name") for one in said]
    for table in HEADERS:
        if names.count(table) != 1:
            report.error("resources", WHERE, f"there must be one resource named '{table}'.")
    for one in said:
        if not isinstance(one.get("name"), str):
            report.error("resources", WHERE, "a resource has no name.")
        elif one["name"] in HEADERS:
            _resource(one, report)


def _resource(said: Mapping[str, Any], report: Report) -> None:
    name = said["name"]
    path = said.get("path")
    if not isinstance(path, str) or not path or not may_be_named(path):
        report.error("resource-path", WHERE, f"the path of '{name}' is not the name of one file.")
    elif not _ADDRESS.fullmatch(path) and (
        path.startswith(("/", "~", ".")) or ".." in path or "\\" in path or ":" in path
    ):
        report.error("resource-path", WHERE, f"the path '{path}' leads out of the package.")
    if said.get("profile") != "tabular-data-resource":
        report.error("resource-profile", WHERE, f"'{name}' has not the profile of a table.")
    schema = said.get("schema")
    if not isinstance(schema, str) or not _ADDRESS.fullmatch(schema):
        report.error(
            "resource-schema",
            WHERE,
            f"the schema of '{name}' is not the address of the standard's.",
        )
    elif VERSION not in schema or not schema.endswith(f"{name}-table-schema.json"):
        report.error("resource-schema", WHERE, f"'{schema}' is not the {VERSION} of '{name}'.")


def may_be_named(path: str) -> bool:
    """False for what no file can be called: with a NUL, which ends a name, or half a character."""
    try:
        return b"\0" not in path.encode()
    except UnicodeEncodeError:
        return False


def _profile(said: Any, report: Report) -> None:
    if not isinstance(said, str) or not _ADDRESS.fullmatch(said):
        # JSON Schema does not enforce "format: uri" without a further package.
        report.error("profile", WHERE, "'profile' is not the address of the standard's profile.")
    elif VERSION not in said or not said.endswith("camtrap-dp-profile.json"):
        report.error("profile", WHERE, f"'{said}' is not the profile of Camtrap DP {VERSION}.")


def _created(said: Any, report: Report) -> None:
    if not isinstance(said, str) or not _CREATED.fullmatch(said) or not _is_moment(said):
        report.error("created", WHERE, f"'created' is {said!r}, not like 2026-04-02T10:00:00Z.")


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _contributors(said: Any, report: Report) -> None:
    if not isinstance(said, list) or not said:
        report.error("contributors", WHERE, "'contributors' names nobody.")
        return
    for person in said:
        if not isinstance(person, dict) or not _text(person.get("title")):
            report.error("contributors", WHERE, "a contributor has no title.")
        elif "role" in person and person["role"] not in ROLES:
            told = f"the role {person['role']!r} is none of {', '.join(ROLES)}."
            report.error("contributors", WHERE, told)


def _project(said: Any, report: Report) -> None:
    if not isinstance(said, dict):
        report.error("project", WHERE, "'project' is not an object.")
        return
    if not isinstance(said.get("title"), str):
        report.error("project", WHERE, "the project has no title.")
    if said.get("samplingDesign") not in SAMPLING_DESIGNS:
        report.error("project", WHERE, f"samplingDesign is none of {', '.join(SAMPLING_DESIGNS)}.")
    if not isinstance(said.get("individualAnimals"), bool):
        report.error("project", WHERE, "individualAnimals is not true or false.")
    for key, known in (("captureMethod", CAPTURE_METHODS), ("observationLevel", LEVELS)):
        values = said.get(key)
        if not isinstance(values, list) or not values or not all(v in known for v in values):
            report.error("project", WHERE, f"{key} is not a list of {', '.join(known)}.")
    if "path" in said and not (isinstance(said["path"], str) and _URI.fullmatch(said["path"])):
        report.error("project", WHERE, "the project's path is not an address.")


def _spatial(said: Any, report: Report) -> None:
    if not isinstance(said, dict) or said.get("type") not in (
        *_SHAPES,
        *("GeometryCollection", "Feature", "FeatureCollection"),
    ):
        report.error("spatial", WHERE, "'spatial' is not GeoJSON.")
        return
    if said["type"] not in _SHAPES:
        return
    points = list(positions(said.get("coordinates")))
    if not points:
        report.error("spatial", WHERE, "'spatial' holds no coordinates.")
    for longitude, latitude in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            told = f"{longitude}, {latitude} is not longitude, latitude."
            report.error("spatial", WHERE, told)


def positions(said: Any) -> list[tuple[float, float]]:
    """All positions in GeoJSON coordinates of whatever depth, as longitude, latitude."""
    if not isinstance(said, list):
        return []
    if len(said) >= 2 and all(_number(value) for value in said):
        return [(said[0], said[1])]
    return [position for part in said for position in positions(part)]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _temporal(said: Any, report: Report) -> None:
    days = [said.get(key) if isinstance(said, dict) else None for key in ("start", "end")]
    for key, day in zip(("start", "end"), days, strict=True):
        if day_of(day) is None:
            report.error("temporal", WHERE, f"temporal.{key} is {day!r}, not like 2026-03-01.")
    start, end = map(day_of, days)
    if start is not None and end is not None and end < start:
        report.error("temporal", WHERE, "temporal.end is before temporal.start.")


def day_of(text: Any) -> date | None:
    """A day written as `2026-03-01`; None for anything else."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _taxonomic(said: Any, report: Report) -> None:
    if not isinstance(said, list):
        report.error("taxonomic", WHERE, "'taxonomic' is not a list.")
        return
    for one in said:
        if not isinstance(one, dict) or not _text(one.get("scientificName")):
            report.error("taxonomic", WHERE, "a taxon has no scientificName.")
            continue
        name = one["scientificName"]
        if "taxonRank" in one and one["taxonRank"] not in RANKS:
            report.error("taxonomic", WHERE, f"the rank of {name} is none of {', '.join(RANKS)}.")
        called = one.get("vernacularNames", {})
        if not isinstance(called, dict) or not all(_LANGUAGE.fullmatch(key) for key in called):
            told = f"vernacularNames of {name} are not by three letters of a language."
            report.error("taxonomic", WHERE, told)


def _name(said: Any, report: Report) -> None:
    if not isinstance(said, str) or not PACKAGE_NAME.fullmatch(said):
        told = f"the name {said!r} may hold only small letters, digits and - . _ /."
        report.error("name", WHERE, told)


def _licenses(said: Any, report: Report) -> None:
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        report.error("licenses", WHERE, "'licenses' is not a list of objects.")
        return
    scopes = [one.get("scope") for one in said]
    known = ("data", "media")
    if not all(one in scopes for one in known) or not all(one in known for one in scopes):
        report.error("licenses", WHERE, "there must be a licence of scope data and one of media.")
    if not all(_text(one.get("name")) or _text(one.get("path")) for one in said):
        report.error("licenses", WHERE, "a licence has neither name nor path.")


def _sources(said: Any, report: Report) -> None:
    if not isinstance(said, list) or not all(
        isinstance(one, dict) and _text(one.get("title")) for one in said
    ):
        report.error("sources", WHERE, "each of 'sources' needs a title.")


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_CHECKS = {
    "resources": _resources,
    "profile": _profile,
    "created": _created,
    "contributors": _contributors,
    "project": _project,
    "spatial": _spatial,
    "temporal": _temporal,
    "taxonomic": _taxonomic,
    "name": _name,
    "licenses": _licenses,
    "sources": _sources,
}
