"""Each format as others write it: what is taken, what is left out, and what is refused."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from camtrap.errors import ConfigError, DataError
from camtrap.imports.registry import reader_named, reader_of
from camtrap.imports.said import Naming
from camtrap.imports.told import BY_OTHERS, MALFORMED, UNNAMED, UNREAD, UNSEEN, Asked
from camtrap.taxonomy import read_taxonomy

NAMING = Naming(read_taxonomy())
LEOPARD = "g;mammalia;carnivora;felidae;panthera;pardus;leopard"
CAT = "g;mammalia;carnivora;felidae;prionailurus;bengalensis;leopard cat"


def told(path: Path, kind: str = "", **options: str) -> dict[str, str]:
    """What each picture is said to be, or why nothing is."""
    reader = reader_of(path)
    asked = Asked(kind or reader.kind, NAMING, options)
    return {
        one.names[0]: one.word.label if one.word else one.why_not
        for one in reader.read(path, asked).told
    }


def put(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def megadetector(images: list[Any], **more: Any) -> dict[str, Any]:
    # Its own programs write the pictures first.
    return {
        "images": images,
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "info": {"format_version": "1.6", "detector": "md_v5a.0.0.pt"},
        **more,
    }


def seen(category: str, conf: Any, *classes: tuple[str, float]) -> dict[str, Any]:
    box = [0.1, 0.1, 0.2, 0.2]
    return {"category": category, "conf": conf, "bbox": box, "classifications": list(classes)}


# -- MegaDetector


def test_a_detector_alone_tells_animals_people_vehicles_and_nothing(tmp_path) -> None:
    images = [
        {"file": "a.jpg", "detections": [seen("1", 0.9)]},
        {"file": "b.jpg", "detections": [seen("2", 0.9), seen("1", 0.95)]},
        {"file": "c.jpg", "detections": [seen("3", 0.9)]},
        {"file": "d.jpg", "detections": []},
        {"file": "e.jpg", "detections": [seen("1", 0.19)], "max_detection_conf": 0.19},
        {"file": "f.jpg", "failure": "Failure image access"},
        {"file": "g.jpg", "detections": None, "failure": None},
        {"file": "h.jpg", "detections": [{"category": "1", "conf": "x"}]},
        {"file": "i.jpg", "detections": ["x"]},
    ]
    path = put(tmp_path / "md.json", megadetector(images))
    assert told(path) == {
        "a.jpg": "animal",
        "b.jpg": "person",
        "c.jpg": "vehicle",
        "d.jpg": "empty",
        "e.jpg": "empty",
        "f.jpg": UNREAD,
        "g.jpg": UNREAD,
        "h.jpg": MALFORMED,
        "i.jpg": MALFORMED,
    }
    assert told(path, threshold="0.1")["e.jpg"] == "animal"
    reading = reader_of(path).read(path, Asked("machine", NAMING))
    assert (reading.name, reading.note) == ("md_v5a.0.0.pt", "A detection counts from 0.2 on.")


@pytest.mark.parametrize("version", [1.0, "1.1", "1.2", 1.3, "1.4", "1.5", "1.6", None])
def test_all_versions_are_read(tmp_path, version) -> None:
    document = megadetector([{"file": "a.jpg", "detections": [seen("1", 0.9)]}])
    document["info"]["format_version"] = version
    assert told(put(tmp_path / "md.json", document)) == {"a.jpg": "animal"}


def test_the_files_own_threshold_stands_over_the_usual_one(tmp_path) -> None:
    document = megadetector([{"file": "a.jpg", "detections": [seen("1", 0.5)]}])
    document["info"]["detector_metadata"] = {"typical_detection_threshold": 0.8}
    assert told(put(tmp_path / "md.json", document)) == {"a.jpg": "empty"}


def test_a_class_is_what_seven_words_say_and_not_what_it_is_called(tmp_path) -> None:
    images = [
        {"file": "a.jpg", "detections": [seen("1", 0.9, ("0", 0.8), ("1", 0.1))]},
        {"file": "b.jpg", "detections": [seen("1", 0.9, ("1", 0.8))]},
        {"file": "c.jpg", "detections": [seen("1", 0.9, ("2", 0.8))]},
        {"file": "d.jpg", "detections": [seen("1", 0.9, ("3", 0.8))]},
        {"file": "e.jpg", "detections": [seen("1", 0.9, ("4", 0.8))]},
    ]
    more = {
        "classification_categories": {
            "0": "leopard",
            "1": "leopard",
            "2": "roe deer",
            "3": "blorb",
            "4": "blank",
        },
        "classification_category_descriptions": {"0": CAT, "1": LEOPARD},
    }
    labels = told(put(tmp_path / "md.json", megadetector(images, **more)))
    assert list(labels.values()) == ["other", "leopard", "prey", "animal", "empty"]


# -- SpeciesNet


def new_generation(path: str, *detections: tuple[str, float, str], **more: Any) -> dict[str, Any]:
    found = [
        {
            "category": category,
            "label": {"0": "whole_image_classification", "1": "animal"}.get(category, "human"),
            "conf": conf,
            "bbox": [0, 0, 1, 1],
            "processed_classification": {"class": name, "score": 0.9, "source": "classifier"},
        }
        for category, conf, name in detections
    ]
    return {"filepath": path, "detections": found, "model_version": "5.0.6", **more}


def test_both_generations_of_speciesnet(tmp_path) -> None:
    old = [
        {"filepath": "a.jpg", "prediction": LEOPARD, "prediction_score": 0.9, "detections": []},
        {"filepath": "b.jpg", "prediction": CAT, "prediction_score": 0.9},
        {"filepath": "c.jpg", "prediction": "g;mammalia;carnivora;felidae;;;cat family"},
        {"filepath": "d.jpg", "prediction": "g;;;;;;blank", "failures": ["GEOLOCATION"]},
        {"filepath": "e.jpg", "failures": ["DETECTOR"], "model_version": "4.0.1a"},
        {"filepath": "f.jpg", "prediction": f"g;{';'.join(['no cv result'] * 6)}"},
    ]
    new = [
        new_generation("g.jpg", ("1", 0.9, LEOPARD), ("1", 0.95, CAT)),
        new_generation("h.jpg", ("1", 0.05, LEOPARD), ("0", 1.0, "g;;;;;;blank")),
        new_generation("i.jpg", ("0", 1.0, LEOPARD)),
        new_generation("j.jpg"),
        new_generation("k.jpg", failures=["CLASSIFIER"]),
        new_generation("l.jpg", ("2", 0.9, "")),
        {"filepath": "m.jpg", "detections": [{"category": "1", "conf": []}]},
    ]
    document = {"info": {"format_version": "20261015"}, "predictions": old + new}
    assert list(told(put(tmp_path / "p.json", document)).values()) == [
        *("leopard", "other", "animal", "empty", UNREAD, "unsure"),
        *("leopard", "empty", "leopard", "empty", UNREAD, "person", "empty"),
    ]


# -- COCO Camera Traps


def test_coco_takes_annotations_of_the_kind_that_is_asked_for(tmp_path) -> None:
    document = {
        "annotations": [
            {"id": "1", "image_id": "a", "category_id": 1, "bbox": [1, 1, 5, 5]},
            {"id": "2", "image_id": "a", "category_id": 2},
            {"id": "3", "image_id": 7, "category_id": 0},
            {"id": "4", "image_id": "c", "category_id": 1, "label_source": "machine"},
            {"id": "5", "image_id": "e", "category_id": 9},
            {"id": "6", "image_id": "f", "category_id": 3},
        ],
        "images": [
            {"id": "a", "file_name": "a.jpg", "width": 10, "height": 10},
            {"id": 7, "file_name": "b.jpg"},
            {"id": "c", "file_name": "c.jpg"},
            {"id": "d", "file_name": "d.jpg", "corrupt": True},
            {"id": "e", "file_name": "e.jpg"},
            {"id": "f", "file_name": "f.jpg"},
        ],
        "categories": [
            *({"id": 0, "name": "empty"}, {"id": 1, "name": "roe_deer"}),
            *({"id": 2, "name": "panthera pardus"}, {"id": 3, "name": "blorb"}),
        ],
    }
    path = put(tmp_path / "coco.json", document)
    labels = ["leopard", "empty", BY_OTHERS["human"], UNREAD, UNSEEN, UNNAMED]
    assert list(told(path).values()) == labels
    assert told(path, "machine")["c.jpg"] == "prey"


# -- Camtrap DP

OBSERVATIONS = (
    "observationID,deploymentID,mediaID,eventStart,eventEnd,observationLevel,observationType,"
    "scientificName,bboxX,bboxY,bboxWidth,bboxHeight,classificationMethod,classificationProbability"
    ",observationTags\n"
)
MEDIA = "mediaID,deploymentID,timestamp,filePath\n"


def package(folder: Path, media: str, observations: str, *, packed: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    end = ".csv.gz" if packed else ".csv"
    for name, content in (("media", MEDIA + media), ("observations", OBSERVATIONS + observations)):
        data = content.encode()
        (folder / f"{name}{end}").write_bytes(gzip.compress(data) if packed else data)
    names = ("deployments", "media", "observations")
    resources = [{"name": name, "path": f"{name}{end}"} for name in names]
    put(folder / "datapackage.json", {"name": "p", "resources": resources})
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_camtrap_dp_files_before_events_and_people_by_default(tmp_path, packed) -> None:
    media = (
        "m1,d1,2026-01-01T10:00:00Z,a.jpg\nm2,d1,2026-01-01T10:00:30Z,b.jpg\n"
        "m3,d1,2026-01-01T20:00:00+10:00,c.jpg\nm4,d2,2026-01-01T10:00:00Z,d.jpg\n"
        "m5,d1,2026-01-01T10:00:10Z,e.jpg\nm6,d1,2026-01-01T10:00:10Z,f.jpg\n"
        "m7,d1,,g.jpg\n"
    )
    observations = (
        "o1,d1,m1,,,media,animal,Panthera pardus,,,,,human,,\n"
        "o2,d1,m2,,,media,blank,,,,,,machine,0.9,\n"
        # In zone +10:00 the third file lies in this event too.
        "o3,d1,,2026-01-01T10:00:00Z,2026-01-01T10:01:00Z,event,animal,Sus scrofa,,,,,human,,\n"
        "o4,d1,m5,,,media,unclassified,,,,,,,,\n"
        "o5,d1,m6,,,media,animal,Blorbus blorbus,0.1,0.1,0.5,0.5,human,,label:prey\n"
    )
    path = package(tmp_path / "dp", media, observations, packed=packed)
    assert told(path) == {
        "a.jpg": "leopard",
        "b.jpg": BY_OTHERS["human"],
        "c.jpg": "prey",
        "d.jpg": UNSEEN,
        "e.jpg": UNSEEN,
        "f.jpg": "prey",
        "g.jpg": UNSEEN,
    }
    assert told(path / "datapackage.json", "machine")["b.jpg"] == "empty"


# -- tables


def test_timelapse_by_the_columns_of_the_template(tmp_path) -> None:
    text = (
        "\ufeffRootFolder;File;RelativePath;DateTime;DeleteFlag;Animal;Sure\r\n"
        "A;1.JPG;100EK\\sub;2026-01-01 10:00:00;false;Panthera pardus;0,9\r\n"
        'A;2.JPG;;;false;"cow; calf";\r\nA;3.JPG;;;false;;\r\nA;4.JPG;;;false;unknown;\r\n'
    )
    path = put(tmp_path / "t.csv", text)
    with pytest.raises(DataError, match="no column 'Species'"):
        told(path)
    assert told(path, label="animal") == {
        "A/100EK\\sub/1.JPG": "leopard",
        "A/2.JPG": UNNAMED,
        "A/3.JPG": UNSEEN,
        "A/4.JPG": "unsure",
    }


def test_camtrapr_records(tmp_path) -> None:
    path = put(
        tmp_path / "r.csv",
        "Station,Species,DateTimeOriginal,Directory,FileName\n"
        "S1,Panthera pardus,2026-01-01 10:00:00,C:/x/S1,a.JPG\nS1,NA,,C:/x/S1,b.JPG\n"
        "S1,roe deer,,C:/x/S1,\n",
    )
    assert told(path) == {"C:/x/S1/a.JPG": "leopard", "C:/x/S1/b.JPG": UNSEEN, "C:/x/S1": UNSEEN}


# -- what is refused

BAD = {
    "empty.json": b"",
    "list.json": b"[1, 2]",
    "number.json": b"1",
    "cut.json": b'{"images": [{"file": "a.jpg", "detections": [], "detection_cate',
    "nan.json": b'{"predictions": [{"filepath": "a", "prediction_score": NaN}]}',
    "deep.json": b'{"x": ' + b"[" * 100_000,
    "deeper.json": b'{"predictions": [' + b"[" * 100_000,
    "records.json": b'{"predictions": [1]}',
    "dictionary.json": b'{"predictions": {"a": [1]}, "detection_categories": 1, "images": {}}',
    "huge.json": b'{"predictions": [{"filepath": 1' + b"0" * 10_000 + b"}]}",
    "categories.json": b'{"images": [], "detection_categories": [1]}',
    "coco.json": b'{"images": [], "annotations": [], "categories": [{"id": 1}]}',
    "package.json": b'{"resources": [{"name": "media", "path": "http://x/y.csv"}]}',
    "latin.csv": "File,RelativePath,Species\né.jpg,,x\n".encode("latin-1"),
    "line.csv": b"File,RelativePath,Species\n" + b"a" * 3_000_000,
    "field.csv": b"File,RelativePath,Species\n" + b"a" * 200_000 + b",x,y\n",
    "nothing.csv": b"",
    "columns.csv": b"a,b,c\n1,2,3\n",
    "picture.jpg": b"\xff\xd8\xff\xe0",
    "zeros.json": bytes(1000),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_such_file_is_told_in_words(tmp_path, name) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name])
    with pytest.raises(DataError) as caught:
        told(path)
        # A dictionary in place of a list holds no records, which is no file to be taken either.
        assert name == "dictionary.json"
        raise DataError(str(path))
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_a_broken_archive_and_a_missing_table_are_told(tmp_path) -> None:
    path = package(tmp_path / "dp", "m1,d1,,a.jpg\n", "", packed=True)
    (path / "media.csv.gz").write_bytes((path / "media.csv.gz").read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot be read"):
        told(path)
    (path / "media.csv.gz").unlink()
    with pytest.raises(DataError, match="media"):
        told(path)
    with pytest.raises(DataError, match="none of the formats"):
        reader_of(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        reader_of(tmp_path / "none")
    with pytest.raises(ConfigError, match="no format 'x'"):
        reader_named("x")


@pytest.mark.parametrize("value", ["x", "2", "-0.1", "nan"])
def test_a_threshold_is_a_share(tmp_path, value) -> None:
    path = put(tmp_path / "md.json", megadetector([]))
    with pytest.raises(ConfigError, match="threshold"):
        told(path, threshold=value)


def test_a_cells_limit_holds_when_a_library_raised_pythons(tmp_path) -> None:
    path = tmp_path / "field.csv"
    path.write_bytes(BAD["field.csv"])
    before = csv.field_size_limit(1 << 30)
    try:
        with pytest.raises(DataError, match="too long"):
            told(path)
    finally:
        csv.field_size_limit(before)
