"""A small Camtrap DP that is right in every way, to be spoilt, and the official validators."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from camtrap.outputs.exports.dp_fields import HEADERS, PROFILE_URL, schema_url

SCHEMAS = Path(__file__).parent / "camtrap_dp"

# The profile refers to a GeoJSON schema on the net; so much of RFC 7946 do our packages use.
_GEOJSON = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["Point", "Polygon"]},
        "coordinates": {"type": "array", "minItems": 1},
    },
}

Row = dict[str, Any]
Spoil = Callable[["Package"], None]


class Package:
    """A descriptor and three tables, as plain values that a test may change."""

    def __init__(self) -> None:
        place = "ST01_2026-03"
        self.header = {name: list(header) for name, header in HEADERS.items()}
        self.tables: dict[str, list[Row]] = {
            "deployments": [
                {
                    "deploymentID": place,
                    "locationID": "ST01",
                    "latitude": "43.10012",
                    "longitude": "131.50455",
                    "coordinateUncertainty": "10",
                    "deploymentStart": "2026-03-01T08:00:00+05:45",
                    "deploymentEnd": "2026-04-01T09:30:00+05:45",
                    "timestampIssues": "false",
                    "featureType": "trailGame",
                }
            ],
            "media": [_media(1, "2026-03-05T02:14:09"), _media(2, "2026-03-05T02:14:10")],
            "observations": [
                _observation(
                    "o1",
                    mediaID="m1",
                    eventEnd="2026-03-05T02:14:09+05:45",
                    count="1",
                    bboxX="0.1",
                    bboxY="0.2",
                    bboxWidth="0.3",
                    bboxHeight="0.4",
                ),
                _observation(
                    "o2",
                    mediaID="m2",
                    eventStart="2026-03-05T02:14:10+05:45",
                    observationType="blank",
                    scientificName="",
                ),
                _observation("o3", observationLevel="event", count="1"),
            ],
        }
        self.said: dict[str, Any] = {
            "profile": PROFILE_URL,
            "name": "ridge-2026-03",
            "created": "2026-04-02T10:00:00Z",
            "title": "A ridge in March",
            "contributors": [{"title": "Patrol 3", "role": "contact"}],
            "licenses": [
                {"name": "CC0-1.0", "scope": "data"},
                {"name": "CC-BY-4.0", "scope": "media"},
            ],
            "resources": [
                {
                    "name": name,
                    "path": f"{name}.csv",
                    "profile": "tabular-data-resource",
                    "format": "csv",
                    "mediatype": "text/csv",
                    "encoding": "utf-8",
                    "schema": schema_url(name),
                }
                for name in HEADERS
            ],
            "project": {
                "title": "Leopards",
                "samplingDesign": "targeted",
                "captureMethod": ["activityDetection"],
                "individualAnimals": False,
                "observationLevel": ["media", "event"],
            },
            "spatial": {"type": "Point", "coordinates": [131.50455, 43.10012]},
            "temporal": {"start": "2026-03-01", "end": "2026-04-01"},
            "taxonomic": [{"scientificName": "Panthera pardus", "taxonRank": "species"}],
        }

    def write(self, folder: Path) -> Path:
        """Write it, for a check to read."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.tables.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(
                    stream, self.header[name], extrasaction="ignore", lineterminator="\n"
                )
                writer.writeheader()
                writer.writerows(rows)
        (folder / "datapackage.json").write_text(json.dumps(self.said), encoding="utf-8")
        return folder


def _media(number: int, local: str) -> Row:
    return {
        "mediaID": f"m{number}",
        "deploymentID": "ST01_2026-03",
        "captureMethod": "activityDetection",
        "timestamp": f"{local}+05:45",
        "filePath": f"ST01/100RECNX/RCNX003{number}.JPG",
        "filePublic": "false",
        "fileName": f"RCNX003{number}.JPG",
        "fileMediatype": "image/jpeg",
    }


def _observation(name: str, **said: str) -> Row:
    return {
        "observationID": name,
        "deploymentID": "ST01_2026-03",
        "eventID": "ST01_2026-03_e0001",
        "eventStart": "2026-03-05T02:14:09+05:45",
        "eventEnd": "2026-03-05T02:14:10+05:45",
        "observationLevel": "media",
        "observationType": "animal",
        "scientificName": "Panthera pardus",
        "classificationMethod": "machine",
        "classifiedBy": "camtrap 0.1.0 (amur 2026.11)",
        "classificationTimestamp": "2026-04-02T10:00:00Z",
        "classificationProbability": "0.93",
        **said,
    }


# -- the official validators, offline


def official_faults(folder: Path) -> list[str]:
    """What jsonschema says of the descriptor and frictionless of the tables; nothing when right."""
    said = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    faults = [error.message for error in _validator().iter_errors(said)]
    return faults + _table_faults(folder, said)


@lru_cache(maxsize=1)
def _validator() -> Any:
    registry: Any = Registry().with_resources(
        [
            (
                "https://specs.frictionlessdata.io/schemas/data-package.json",
                _resource(_read("data-package.json")),
            ),
            ("http://json.schemastore.org/geojson.json", _resource(_GEOJSON)),
        ]
    )
    kind = jsonschema.Draft4Validator
    return kind(
        _read("camtrap-dp-profile.json"), registry=registry, format_checker=kind.FORMAT_CHECKER
    )


def _resource(said: Mapping[str, Any]) -> Any:
    return Resource.from_contents(said, default_specification=DRAFT4)


def _read(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def _table_faults(folder: Path, said: Mapping[str, Any]) -> list[str]:
    # The schemas' addresses are replaced by the schemas, and the profile was checked before.
    local: Any = {key: value for key, value in copy.deepcopy(said).items() if key != "profile"}
    for one in local["resources"]:
        if one["name"] in HEADERS:
            one["schema"] = _read(f"{one['name']}-table-schema.json")
    try:
        report = frictionless.Package.from_descriptor(local, basepath=str(folder)).validate()
    except frictionless.FrictionlessException as error:
        return [one.message for one in (error.error, *error.reasons)]
    faults = [error.message for error in report.errors]
    return faults + [error.message for task in report.tasks for error in task.errors]
