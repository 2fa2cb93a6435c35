"""What is fuzzed of exports and `camtrap push`: what a site or a person wrote for them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter

from camtrap.errors import ConfigError, DataError
from camtrap.outputs.exports.check_camtrap_dp import check
from camtrap.outputs.exports.dp_fields import BASE_URL, HEADERS, PROFILE_URL
from camtrap.outputs.exports.dp_project import read_project
from camtrap.outputs.exports.smart_mapping import check as check_mapping
from camtrap.outputs.exports.smart_mapping import read_mapping
from camtrap.outputs.exports.smart_model import read_data_model
from camtrap.outputs.outline import read_outline
from camtrap.push.earthranger import EarthRanger, Refused, detail_of, refusal
from camtrap.push.patience import Passing, retry_after_of
from camtrap.push.site import site_of
from camtrap.taxonomy import config_folder, read_taxonomy
from tests.reliability.fuzzing import Target, from_file
from tests.reliability.hostile import IN_SHORT_JSON, IN_TOML, IN_XML

_SITE = "https://site.example.org"
_MOST_REQUESTS = 20


def export_targets(folder: Path) -> list[Target]:
    """Readers of a site's own files, and of what a site answers; files lie below `folder`."""
    model = folder / "smart_datamodel.xml"
    model.write_bytes(_MODEL)
    mapping = folder / "smart_mapping.toml"
    wrong = (ConfigError,)
    written = (config_folder() / "species-amur.toml").read_bytes()

    def in_model(path: Path) -> object:
        return list(check_mapping(read_mapping(path), read_data_model(model)))

    def project(path: Path) -> object:
        return read_project(folder, {"project": str(path)}).todo

    return [
        Target("smart mapping", _MAPPING, from_file(mapping, in_model), wrong, 2, IN_TOML),
        Target(
            "smart data model",
            [_MODEL, _ENTITIES + _MODEL.partition(b"?>")[2].replace(b'"Leopard"', b'"&b;"')],
            from_file(folder / "model.xml", read_data_model),
            wrong,
            hostile=IN_XML,
        ),
        Target("project", _PROJECT, from_file(folder / "p.toml", project), wrong, 2, IN_TOML),
        Target(
            "species list",
            [written],
            from_file(folder / "s.toml", read_taxonomy),
            wrong,
            hostile=IN_TOML,
        ),
        Target(
            "outline",
            [json.dumps(one).encode() for one in _OUTLINES],
            from_file(folder / "outline.json", read_outline),
            wrong,
            2,
            IN_SHORT_JSON,
        ),
        *_check_targets(folder / "checked"),
        Target("answer", _ANSWERS, _answered(), (Passing, Refused), hostile=IN_SHORT_JSON),
        Target("refusal", _REFUSALS, _refused, share=2, hostile=IN_SHORT_JSON),
        Target("retry after", _WAITS, lambda data: retry_after_of(data.decode("latin-1")), share=4),
        Target("site", _SITES, lambda data: site_of(data.decode("latin-1")), wrong, share=4),
    ]


def _check_targets(folder: Path) -> list[Target]:
    """`camtrap validate` of a package in which one file is changed."""
    folder.mkdir(exist_ok=True)
    good = {"datapackage.json": json.dumps(_PACKAGE).encode()}
    good |= {f"{name}.csv": _table(name, rows) for name, rows in _ROWS.items()}

    def target(changed: str) -> Target:
        def call(data: bytes) -> object:
            for name, content in good.items():
                (folder / name).write_bytes(data if name == changed else content)
            return [str(finding) for finding in check(folder).findings]

        hostile = IN_SHORT_JSON if changed.endswith("json") else (b'"' + b"(" * 50_000 + b'"',)
        return Target(f"check {changed}", [good[changed]], call, (DataError,), hostile=hostile)

    return [target(name) for name in good]


def _table(name: str, rows: list[Mapping[str, str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HEADERS[name], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _answered() -> Callable[[bytes], object]:
    """Everything that is asked of a site, which gives the same answer each time."""
    site = EarthRanger(_SITE, "token")

    def call(data: bytes) -> None:
        asked = count()

        def send(adapter: Any, request: Any, *args: Any, **more: Any) -> requests.Response:
            if next(asked) > _MOST_REQUESTS:
                raise requests.ConnectionError
            response = requests.Response()
            response.status_code, response.url, response.request = 200, request.url, request
            response._content = data
            return response

        with patch.object(HTTPAdapter, "send", send):
            refusals = 0
            for ask in (
                lambda: site.find("k", datetime(2026, 1, 1, tzinfo=UTC)),
                lambda: site.post({"title": "x"}),
                lambda: site.get("1"),
                lambda: site.patch("1", {"title": "y"}),
                lambda: site.attach("1", "a.jpg", b"\xff\xd8", "x"),
            ):
                try:
                    remote = ask()
                    assert remote is None or isinstance(remote.details, dict)
                except (Passing, Refused) as error:
                    refusals += 1
                    last = error
        if refusals == 5:
            raise last

    return call


def _refused(data: bytes) -> None:
    detail = detail_of(data)
    assert detail.isprintable()
    assert len(detail) <= 303
    for status in (400, 401, 403, 404, 413, 418, 429, 503):
        assert isinstance(refusal(_SITE, status, detail, data[:40].decode("latin-1")), Exception)


# -- files as people and programs write them

_MAPPING = [
    (config_folder() / "smart_mapping-example.toml").read_bytes(),
    b'[labels.leopard]\ncategory = "wildlife.cameratrap"\n[labels.leopard.attributes]\n'
    b'species = "carnivora.pantherapardus"\nnumber = { from = "count" }\nsure = true\nx = 1.5\n',
]
_MODEL = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<DataModel xmlns="http://www.smartconservationsoftware.org/xml/1.0/datamodel">
  <languages><language code="en"/></languages>
  <attributes>
    <attribute key="species" isrequired="true" type="TREE">
      <tree key="carnivora" isactive="true">
        <names language_code="en" value="Carnivores"/>
        <children key="pantherapardus"><names language_code="en" value="Leopard"/></children>
        <children key="gone" isactive="false"><children key="below"/></children>
      </tree>
    </attribute>
    <attribute key="kind" type="LIST"><values key="leopard"/><values key="old"/></attribute>
    <attribute key="number" type="NUMERIC"/><attribute key="sure" type="BOOLEAN"/>
  </attributes>
  <categories>
    <category key="wildlife" ismultiple="true" isactive="true">
      <attribute isactive="true" attributekey="number"/>
      <category key="cameratrap"><attribute attributekey="species"/></category>
    </category>
  </categories>
</DataModel>
"""
_ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE DataModel [<!ENTITY a "aaaaaaaaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
)
_PROJECT = [
    b'title = "Leopards"\nname = "leopards"\nkeywords = ["a", "b"]\nhomepage = "https://x.org"\n'
    b'[[contributors]]\ntitle = "Anna Ivanova"\nrole = "contact"\n[project]\n'
    b'samplingDesign = "targeted"\nindividualAnimals = false\npath = "https://x.org/a"\n'
    b'[licenses]\ndata = "CC0-1.0"\nmedia = "CC-BY-4.0"\n[taxa]\nprey = "Mammalia"\n'
    b'"roe deer" = "Capreolus pygargus"\n[wildlife_insights]\nproject_id = "1"\n'
]
_RING = [[131.0, 43.0], [131.5, 43.0], [131.5, 43.5], [131.0, 43.0]]
_OUTLINES: list[dict[str, Any]] = [
    {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [_RING]}},
            {"type": "Feature", "geometry": None},
            {
                "type": "Feature",
                "geometry": {
                    "type": "GeometryCollection",
                    "geometries": [
                        {"type": "LineString", "coordinates": _RING},
                        {"type": "MultiPolygon", "coordinates": [[_RING], [_RING]]},
                        {"type": "Point", "coordinates": [131.0, 43.0, 5.0]},
                    ],
                },
            },
        ],
    },
    {"type": "MultiLineString", "coordinates": [_RING]},
]
_PACKAGE: dict[str, Any] = {
    "name": "a-package",
    "profile": PROFILE_URL,
    "created": "2026-04-02T10:00:00Z",
    "contributors": [{"title": "Anna Ivanova", "role": "contact"}],
    "project": {
        "title": "Leopards",
        "samplingDesign": "targeted",
        "captureMethod": ["activityDetection"],
        "individualAnimals": False,
        "observationLevel": ["media", "event"],
    },
    "spatial": {"type": "MultiPoint", "coordinates": [[131.5, 43.1], [131.6, 43.2]]},
    "temporal": {"start": "2026-01-01", "end": "2026-02-01"},
    "taxonomic": [
        {
            "scientificName": "Panthera pardus",
            "taxonRank": "species",
            "vernacularNames": {"eng": "leopard"},
        }
    ],
    "licenses": [{"name": "CC0-1.0", "scope": "data"}, {"name": "CC-BY-4.0", "scope": "media"}],
    "sources": [{"title": "cards"}],
    "resources": [
        {
            "name": name,
            "path": f"{name}.csv",
            "profile": "tabular-data-resource",
            "schema": f"{BASE_URL}{name}-table-schema.json",
        }
        for name in HEADERS
    ],
}
_AT, _LATER = "2026-01-01T10:00:00+10:00", "2026-01-01T10:01:00+10:00"
_ROWS: dict[str, list[Mapping[str, str]]] = {
    "deployments": [
        {
            "deploymentID": "d1",
            "latitude": "43.15",
            "longitude": "131.55",
            "deploymentStart": "2026-01-01T00:00:00+1000",
            "deploymentEnd": "2026-02-01T00:00:00Z",
            "timestampIssues": "False",
        }
    ],
    "media": [
        {
            "mediaID": "m1",
            "deploymentID": "d1",
            "captureMethod": "activityDetection",
            "timestamp": _AT,
            "filePath": "a/1.jpg",
            "filePublic": "true",
            "fileMediatype": "image/jpeg",
            "exifData": '{"a": 1}',
        }
    ],
    "observations": [
        {
            "observationID": "o1",
            "deploymentID": "d1",
            "mediaID": "m1",
            "eventID": "e1",
            "eventStart": _AT,
            "eventEnd": _LATER,
            "observationLevel": "media",
            "observationType": "animal",
            "scientificName": "Panthera pardus",
            "count": "1",
            "bboxX": "0.1",
            "bboxY": "0.1",
            "bboxWidth": "0.2",
            "bboxHeight": "0.2",
            "classificationMethod": "machine",
            "classifiedBy": "x",
            "classificationProbability": "0.9",
        },
        {
            "observationID": "o2",
            "deploymentID": "d1",
            "eventID": "e1",
            "eventStart": _AT,
            "eventEnd": _LATER,
            "observationLevel": "event",
            "observationType": "human",
        },
    ],
}
_EVENT = {
    "id": "5f9d2c3a-0000-4000-8000-000000000001",
    "serial_number": 17,
    "event_type": "camera_trap_detection",
    "event_details": {"camtrap_key": "k", "label": "leopard", "updates": []},
    "files": [{"id": "x", "filename": "a.jpg"}],
    "state": "new",
}
_ANSWERS = [
    json.dumps({"data": data, "status": {"code": 200, "message": "OK"}}).encode()
    for data in (_EVENT, {"count": 1, "next": None, "results": [_EVENT]}, [_EVENT])
]
_ANSWERS += [_ANSWERS[1].replace(b"null", f'"{_SITE}/api/v1.0/activity/events?page=2"'.encode())]
_REFUSALS = [
    b'{"status": {"code": 400, "message": "Bad Request", "detail": "no such type"}, "data": []}',
    b'{"data": {"event_details": ["\\u0441\\n wrong"]}, "status": {"code": 400}}',
    b"<html><body>Sign in</body></html>",
]
_WAITS = [b"120", b"Wed, 21 Oct 2026 07:28:00 GMT", b"Wed, 21 Oct 2026 07:28:00 +1400"]
_SITES = [b"https://mysite.pamdas.org/api/v1.0", b"http://[::1]:8000", b"https://a:b@x.org:80/?q#f"]
