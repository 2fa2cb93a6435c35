"""What is fuzzed of `camtrap import`: each format's reader to its end, and all into a season."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError, DataError
from camtrap.imports.bring import Request, bring
from camtrap.imports.registry import reader_named, reader_of
from camtrap.imports.said import LABELS_TOLD, Naming
from camtrap.imports.told import KINDS, Asked, Told
from camtrap.ledger.store import Ledger
from camtrap.records import Box
from camtrap.taxonomy import Taxonomy
from tests.outputs.exports.made import Row, made_season
from tests.reliability.fuzzing import Call, Target, from_file
from tests.reliability.hostile import IN_JSON, IN_TABLES


def import_targets(folder: Path, taxonomy: Taxonomy) -> list[Target]:
    """Every reader of others' predictions and labels; files are written below `folder`."""
    naming = Naming(taxonomy)
    documents = {"megadetector": _MEGADETECTOR, "speciesnet": _SPECIESNET, "coco": _COCO}
    written = {name: [json.dumps(one).encode() for one in of] for name, of in documents.items()}
    tables = {"timelapse": _TIMELAPSE, "camtrapr": _CAMTRAPR}
    targets = []
    for seeds, suffix, hostile in ((written, "json", IN_JSON), (tables, "csv", IN_TABLES)):
        for name, own in seeds.items():
            read = from_file(folder / f"{name}.{suffix}", _reader(name, naming))
            targets.append(
                Target(f"import {name}", own, read, (DataError,), share=2, hostile=hostile)
            )
    for name, table in (("media.csv", _MEDIA), ("observations.csv", _OBSERVATIONS)):
        (folder / name).write_bytes(table)  # of the descriptor, when it is read as any JSON
    targets += _package_targets(folder / "imported", _reader("camtrap-dp", naming))
    for suffix, mixed, hostile in (
        ("json", [_DESCRIPTOR, *chain(*written.values())], IN_JSON),
        ("csv", [*_TIMELAPSE, *_CAMTRAPR], IN_TABLES),
    ):
        read = from_file(folder / f"any.{suffix}", reader_of)
        targets.append(Target(f"import any {suffix}", mixed, read, (DataError,), hostile=hostile))
        call = from_file(folder / f"brought.{suffix}", _into_season(folder, taxonomy))
        errors = (DataError, ConfigError)
        targets.append(Target(f"bring {suffix}", mixed, call, errors, hostile=hostile))
    return targets


def _reader(name: str, naming: Naming) -> Any:
    """Reads a file in the format of this name to its end, and looks at each picture."""
    reader = reader_named(name)

    def read(path: Path) -> None:
        for kind in KINDS:
            for told in reader.read(path, Asked(kind, naming)).told:
                assert_is_sound(told)

    return read


def assert_is_sound(told: Told) -> None:
    """What the season relies on, whatever stood in the file."""
    assert told.names
    assert all(isinstance(name, str) for name in told.names)
    assert (told.word is None) == bool(told.why_not)
    if told.word is None:
        return
    assert told.word.label in LABELS_TOLD
    confidences = [told.word.confidence, *(said.confidence for said in told.word.boxes)]
    assert all(one is None or 0 <= one <= 1 for one in confidences)
    for said in told.word.boxes:
        assert said.box is not None
        assert_is_inside(said.box)


def assert_is_inside(box: Box) -> None:
    """A box lies in its picture, but for what rounding adds, and is not empty."""
    assert 0 <= box.x <= 1
    assert 0 <= box.y <= 1
    assert 0 < box.width <= 1
    assert 0 < box.height <= 1


def _package_targets(folder: Path, read: Any) -> list[Target]:
    """A package of which one file is changed; the last one packed, and changed as it lies there."""
    folder.mkdir(exist_ok=True)
    good = {"datapackage.json": _DESCRIPTOR, "media.csv": _MEDIA, "observations.csv": _OBSERVATIONS}
    targets = []
    for changed, seed in good.items():
        hostile = IN_JSON if changed.endswith("json") else IN_TABLES
        targets.append(
            Target(
                f"import camtrap-dp {changed}",
                [seed],
                _package_reader(folder, {**good, changed: None}, read),
                (DataError,),
                hostile=hostile,
            )
        )
    packed = {
        "datapackage.json": _DESCRIPTOR.replace(b"media.csv", b"media.csv.gz"),
        "observations.csv": _OBSERVATIONS,
        "media.csv.gz": None,
    }
    seeds = [
        gzip.compress(_MEDIA, mtime=0),
        gzip.compress(_MEDIA.decode().encode("utf-16"), 1, mtime=0),
    ]
    return [
        *targets,
        Target(
            "import camtrap-dp media.csv.gz",
            seeds,
            _package_reader(folder, packed, read),
            (DataError,),
        ),
    ]


def _package_reader(folder: Path, files: Mapping[str, bytes | None], read: Any) -> Call:
    def call(data: bytes) -> None:
        for name, content in files.items():
            (folder / name).write_bytes(data if content is None else content)
        read(folder)

    return call


def _into_season(folder: Path, taxonomy: Taxonomy) -> Any:
    """Brings a file into a season that knows its pictures; every fourth time it is stored."""
    season = folder / "season"
    if not season.exists():
        made_season(season, [Row(f"a/{name}.jpg", card="CARD1") for name in "12345"])

    def into(path: Path) -> None:
        with Ledger(season) as ledger:
            _, staging = bring(
                ledger,
                Request(path),
                taxonomy,
                replace=True,
                dry_run=path.stat().st_size % 4 != 0,
            )
            for _, observation in staging:
                assert observation.label in LABELS_TOLD
                assert isinstance(json.loads(observation.boxes), list)

    return into


# -- files as others write them

_LEOPARD = "5a5a;mammalia;carnivora;felidae;panthera;pardus;leopard"
_CAT = "5b5b;mammalia;carnivora;felidae;;;cat family"
_BLANK = "5c5c;;;;;;blank"

_MEGADETECTOR: list[dict[str, Any]] = [
    {
        "images": [
            {
                "file": "CARD1/a/1.jpg",
                "detections": [
                    {
                        "category": "1",
                        "conf": 0.9,
                        "bbox": [0.1, 0.1, 0.2, 0.2],
                        "classifications": [["3", 0.8], ["4", 0.1]],
                    },
                    {"category": "2", "conf": 0.05, "bbox": [0.5, 0.5, 0.6, 0.6]},
                ],
            },
            {"file": "CARD1\\a\\2.jpg", "detections": []},
            {"file": "a/3.jpg", "failure": "Failure image access", "detections": None},
            {
                "file": "CARD1/a/4.jpg",
                "detections": [{"category": "3", "conf": 1, "bbox": [0, 0, 1, 1]}],
                "camtrap": {
                    "label": "leopard",
                    "label_source": "machine",
                    "species": "Panthera pardus",
                    "confidence": 0.7,
                },
            },
        ],
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "classification_categories": {"3": "leopard", "4": "wild boar"},
        "classification_category_descriptions": {"3": _LEOPARD, "4": "wild boar"},
        "info": {
            "format_version": "1.6",
            "detector": "md_v5a.0.0.pt",
            "classifier": "own",
            "detector_metadata": {"typical_detection_threshold": 0.2},
            "classifier_metadata": {"typical_classification_threshold": 0.5},
        },
    },
    {
        "info": {"format_version": "1.0", "detector": "md_v4"},
        "detection_categories": {"1": "animal"},
        "images": [
            {
                "file": "CARD1/a/1.jpg",
                "max_detection_conf": 0.9,
                "detections": [{"category": "1", "conf": "0.9", "bbox": [0.1, 0.1, 0.2, 0.2]}],
            }
        ],
    },
]
_SPECIESNET: list[dict[str, Any]] = [
    {
        "predictions": [
            {
                "filepath": "CARD1/a/1.jpg",
                "classifications": {"classes": [_LEOPARD], "scores": [0.9]},
                "detections": [
                    {"category": "1", "label": "animal", "conf": 0.9, "bbox": [0, 0.1, 0.5, 0.5]}
                ],
                "prediction": _LEOPARD,
                "prediction_score": 0.9,
                "prediction_source": "classifier",
                "model_version": "4.0.1a",
            },
            {"filepath": "CARD1/a/2.jpg", "prediction": _BLANK, "failures": ["GEOLOCATION"]},
            {"filepath": "a/3.jpg", "failures": ["DETECTOR"]},
        ]
    },
    {
        "info": {"format_version": "20261015"},
        "predictions": [
            {
                "filepath": "CARD1/a/1.jpg",
                "model_version": "5.0.6",
                "detections": [
                    {
                        "category": "1",
                        "label": "animal",
                        "conf": 0.9,
                        "bbox": [0, 0, 1, 1],
                        "processed_classification": {"class": _CAT, "score": 0.9},
                    },
                    {
                        "category": "0",
                        "label": "whole_image_classification",
                        "conf": 1.0,
                        "bbox": [0, 0, 1, 1],
                        "processed_classification": {"class": _LEOPARD, "score": 0.4},
                    },
                ],
                "camtrap": {"label": "unsure", "label_source": "human", "species": ""},
            },
            {"filepath": "CARD1/a/2.jpg", "detections": []},
        ],
    },
]
_COCO: list[dict[str, Any]] = [
    {
        "info": {"version": "1.0", "contributor": "x"},
        "annotations": [
            {"id": "1", "image_id": "a", "category_id": 1, "bbox": [1, 1, 5, 5]},
            {"id": "2", "image_id": 7, "category_id": 0},
            {
                "id": "3",
                "image_id": "c",
                "category_id": 2,
                "label_source": "machine",
                "score": 0.4,
                "species": "Sus scrofa",
                "bbox_relative": [0.1, 0.1, 0.5, 0.5],
            },
        ],
        "images": [
            {"id": "a", "file_name": "CARD1/a/1.jpg", "width": 10, "height": 10, "location": "s"},
            {"id": 7, "file_name": "CARD1\\a\\2.jpg", "datetime": "2020-01-01 10:00:00"},
            {"id": "c", "file_name": "CARD1/a/3.jpg", "seq_id": "q", "frame_num": 1},
            {"id": "d", "file_name": "CARD1/a/4.jpg", "corrupt": True},
        ],
        "categories": [
            *({"id": 0, "name": "empty"}, {"id": 1, "name": "panthera pardus"}),
            {"id": 2, "name": "prey"},
        ],
    }
]
_DESCRIPTOR = json.dumps(
    {
        "name": "a-package",
        "title": "A package",
        "profile": "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/x.json",
        "resources": [
            {"name": name, "path": f"{name}.csv", "encoding": "utf-8"}
            for name in ("media", "observations")
        ],
    }
).encode()
_MEDIA = (
    b"mediaID,deploymentID,timestamp,filePath,filePublic\n"
    b"m1,d1,2026-01-01T10:00:00Z,CARD1/a/1.jpg,false\n"
    b'm2,d1,2026-01-01T20:00:30+10:00,"CARD1/a/2.jpg",true\n'
    b"m3,d2,,CARD1%2Fa/3.jpg,\n"
)
_OBSERVATIONS = (
    b"observationID,deploymentID,mediaID,eventStart,eventEnd,observationLevel,observationType,"
    b"scientificName,bboxX,bboxY,bboxWidth,bboxHeight,classificationMethod,"
    b"classificationProbability,observationTags\n"
    b"o1,d1,m1,,,media,animal,Panthera pardus,0.1,0.1,0.2,0.2,human,,\n"
    b"o2,d1,,2026-01-01T10:00:00Z,2026-01-01T10:01:00Z,event,blank,,,,,,machine,0.9,\n"
    b"o3,d2,m3,,,media,animal,Blorbus blorbus,,,,,,,label:prey | species:roe deer\n"
)
_TIMELAPSE = [
    b"\xef\xbb\xbfRootFolder,File,RelativePath,DateTime,DeleteFlag,Species,Sure\r\n"
    b"CARD1,1.jpg,a,2026-01-01 10:00:00,false,Panthera pardus,0.9\r\n"
    b'CARD1,2.jpg,a\\sub,,false,"cow; calf",\r\nCARD1,3.jpg,a,,false,unknown,\r\n',
    b"File;RelativePath;Species\n1.jpg;CARD1\\a;roe deer\n\n2.jpg;CARD1\\a;NA\n",
    "File\tRelativePath\tSpecies\n1.jpg\tCARD1/a\tкосуля\n".encode("utf-16"),
]
_CAMTRAPR = [
    b'"Station","Species","DateTimeOriginal","Directory","FileName"\n'
    b'"S1","Panthera pardus","2026-01-01 10:00:00","C:/x/CARD1/a","1.jpg"\n'
    b'"S1","NA",,"C:/x/CARD1/a","2.jpg"\n"S1","roe deer",,"CARD1/a",NA\n',
]
