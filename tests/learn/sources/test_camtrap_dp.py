"""Camtrap DP packages: people's observations of pictures and of events become labels."""

from __future__ import annotations

import csv
import json
import logging

import pytest

from camtrap.errors import DataError
from camtrap.learn.sources import read_samples
from camtrap.records import Box
from tests.cards import frame, put

TABLES = {
    "deployments": ["deploymentID", "locationID", "locationName"],
    "media": [
        *("mediaID", "deploymentID", "timestamp", "filePath", "fileName", "fileMediatype"),
    ],
    "observations": [
        *("observationID", "deploymentID", "mediaID", "eventID", "eventStart", "eventEnd"),
        *("observationLevel", "observationType", "scientificName"),
        *("bboxX", "bboxY", "bboxWidth", "bboxHeight"),
        *("classificationMethod", "observationTags"),
    ],
}


class Package:
    """A package in the making; `write` puts it and its pictures into a folder."""

    def __init__(self):
        self.rows: dict[str, list[dict[str, str]]] = {
            "deployments": [],
            "media": [],
            "observations": [],
        }
        self.pictures = []
        self.deployment("d1", locationID="ridge")

    def deployment(self, name, **row):
        self.rows["deployments"].append({"deploymentID": name, **row})

    def media(self, name, minute=0, *, path=None, file="", deployment="d1", kind="image/jpeg"):
        path = f"media/{name}.jpg" if path is None else path
        self.pictures.append(path)
        self.rows["media"].append(
            {
                "mediaID": name,
                "deploymentID": deployment,
                "timestamp": f"2026-02-03T12:{minute:02}:00+10:00",
                "filePath": path,
                "fileName": file,
                "fileMediatype": kind,
            }
        )

    def of_media(self, name, kind="animal", species="", method="human", **row):
        self._observe(name, "media", kind, species, method, deploymentID="d1", **row)

    def of_event(self, start, end, kind="animal", species="", method="human", **row):
        times = {
            "eventStart": f"2026-02-03T02:{start:02}:00Z",  # UTC, ten hours before the camera
            "eventEnd": f"2026-02-03T02:{end:02}:00Z",
        }
        self._observe("", "event", kind, species, method, **{"deploymentID": "d1", **times, **row})

    def _observe(self, name, level, kind, species, method, **row):
        self.rows["observations"].append(
            {
                "mediaID": name,
                "observationLevel": level,
                "observationType": kind,
                "scientificName": species,
                "classificationMethod": method,
                **row,
            }
        )

    def write(self, folder):
        put(folder, {name: frame("prey", n) for n, name in enumerate(self.pictures) if name})
        for table, columns in TABLES.items():
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, columns)
                writer.writeheader()
                writer.writerows(self.rows[table])
        descriptor = {
            "name": "park-2026",
            "resources": [{"name": name, "path": f"{name}.csv"} for name in TABLES],
            "licenses": [
                {"name": "CC0-1.0", "scope": "data"},
                {"name": "CC-BY-4.0", "scope": "media"},
            ],
        }
        (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
        return folder


def labels(folder):
    return {sample.file: sample.label for sample in read_samples(folder)}


def test_a_person_s_observation_of_a_picture(tmp_path):
    package = Package()
    package.media("m1")
    box = dict(
        zip(("bboxX", "bboxY", "bboxWidth", "bboxHeight"), (0.1, 0.2, 0.5, 0.5), strict=True)
    )
    package.of_media("m1", species="Panthera pardus", eventID="e1", **box)
    folder = package.write(tmp_path / "package")
    [sample] = read_samples(folder)
    assert (sample.file, sample.label, sample.species) == (
        "media/m1.jpg", "leopard", "Panthera pardus",
    )  # fmt: skip
    assert (sample.group, sample.event) == ("park-2026 ridge", "park-2026 e1")
    assert sample.licence == "CC-BY-4.0"
    [found] = sample.boxes
    assert found == pytest.approx(Box(0.1, 0.2, 0.5, 0.5))
    assert read_samples(folder / "datapackage.json") == [sample]


@pytest.mark.parametrize(
    ("kind", "species", "label"),
    [
        ("human", "Homo sapiens", "person"),
        ("human", "", "person"),
        ("vehicle", "", "vehicle"),
        ("blank", "", "empty"),
        ("animal", "Cervus nippon", "prey"),
        ("animal", "Ursus thibetanus", "other"),
    ],
)
def test_types_of_observation(tmp_path, kind, species, label):
    package = Package()
    package.media("m1")
    package.of_media("m1", kind, species)
    assert labels(package.write(tmp_path)) == {"media/m1.jpg": label}


def test_an_animal_without_a_name_may_have_a_label_as_its_tag(tmp_path):
    package = Package()
    package.media("m1")
    package.of_media("m1", observationTags="temperature:3 | label:prey")
    assert labels(package.write(tmp_path)) == {"media/m1.jpg": "prey"}


def test_people_win_over_machines_and_machines_alone_do_not_count(tmp_path, caplog):
    package = Package()
    package.media("m1")
    package.media("m2")
    package.of_media("m1", species="Panthera pardus", method="machine")
    package.of_media("m1", "blank")
    package.of_media("m2", species="Panthera pardus", method="machine")
    with caplog.at_level(logging.WARNING):
        assert labels(package.write(tmp_path)) == {"media/m1.jpg": "empty"}
    assert "1 of 2 pictures left out: only a machine" in caplog.text


def test_an_event_labels_the_pictures_within_its_time_that_nobody_named_themselves(tmp_path):
    package = Package()
    package.deployment("d2", locationName="ручей")
    for name, minute in {"m1": 0, "m2": 5, "m3": 9, "m4": 30}.items():
        package.media(name, minute)
    package.media("m5", 5, deployment="d2")
    package.of_event(0, 9, species="Sus scrofa", eventID="e1")
    package.of_event(4, 6, species="Vulpes vulpes", method="machine")
    package.of_event(29, 31, "blank", eventID="e2")
    package.of_event(0, 59, "human", deploymentID="d2")
    package.of_media("m3", "blank")
    found = {s.file: (s.label, s.group, s.event) for s in read_samples(package.write(tmp_path))}
    assert found == {
        "media/m1.jpg": ("prey", "park-2026 ridge", "park-2026 e1"),
        "media/m2.jpg": ("prey", "park-2026 ridge", "park-2026 e1"),
        "media/m3.jpg": ("empty", "park-2026 ridge", "park-2026 d1 2026-02-03T12:09:00"),
        "media/m4.jpg": ("empty", "park-2026 ridge", "park-2026 e2"),
        "media/m5.jpg": ("person", "park-2026 ручей", "park-2026 d2 2026-02-03T12:05:00"),
    }


def test_a_long_event_that_began_before_a_short_one_still_counts(tmp_path):
    package = Package()
    package.media("m1", 40)
    package.of_event(0, 45, species="Sus scrofa")
    package.of_event(30, 31, species="Vulpes vulpes")
    assert labels(package.write(tmp_path)) == {"media/m1.jpg": "prey"}


def test_doubt_videos_and_silence_are_counted_out(tmp_path, caplog):
    package = Package()
    for name in ("m1", "m2", "m3", "m4", "m5"):
        package.media(name)
    package.media("m6", path="media/m6.mp4", kind="video/mp4")
    package.of_media("m1", species="Sus scrofa")
    package.of_media("m2", "unknown")
    package.of_media("m3", "unclassified")
    package.of_media("m4", species="Felidae")
    with caplog.at_level(logging.WARNING):
        assert labels(package.write(tmp_path)) == {"media/m1.jpg": "prey"}
    assert "3 of 6 pictures left out: something in it" in caplog.text
    assert "1 of 6 pictures left out: nobody has said" in caplog.text
    assert "1 of 6 pictures left out: not a picture" in caplog.text
    assert "names that tell no label: Felidae" in caplog.text


def test_a_web_address_is_looked_for_by_file_name(tmp_path):
    package = Package()
    package.media("m1", path="https://x.org/m1/file", file="RCNX0001.JPG")
    package.media("m2", path="https://x.org/m2/file", file="twice.jpg")
    package.pictures = []
    package.of_media("m1", "blank")
    package.of_media("m2", "blank")
    folder = package.write(put(tmp_path / "package", {"note.txt": b""}))
    shelf = put(
        tmp_path / "shelf",
        {"A/RCNX0001.JPG": frame("empty"), "A/twice.jpg": b"", "B/twice.jpg": b""},
    )
    [sample] = read_samples(folder, pictures=shelf)
    assert (sample.path, sample.file) == (shelf / "A/RCNX0001.JPG", "A/RCNX0001.JPG")
    with pytest.raises(DataError, match="2 × not found"):
        read_samples(folder)


def test_na_is_no_value(tmp_path):
    package = Package()
    package.rows["deployments"] = [{"deploymentID": "d1", "locationID": "NA"}]
    package.media("m1")
    package.of_media("m1", "blank", "NA")
    [sample] = read_samples(package.write(tmp_path))
    assert (sample.group, sample.species) == ("park-2026 d1", "")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("media.csv", "mediaID,filePath\nm1,a.jpg\n", "lacks the columns deploymentID"),
        ("datapackage.json", '{"resources": []}', "names no table 'deployments'"),
        ("datapackage.json", "[]", "does not describe"),
        (
            "datapackage.json",
            '{"resources": [{"name": "deployments", "path": "deployments.csv.gz"}]}',
            "not a plain CSV",
        ),
    ],
)
def test_a_broken_package_is_refused(tmp_path, name, text, message):
    folder = Package().write(tmp_path)
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_samples(folder)


def test_a_missing_table_is_refused(tmp_path):
    folder = Package().write(tmp_path)
    (folder / "media.csv").unlink()
    with pytest.raises(DataError, match=r"media\.csv cannot be read"):
        read_samples(folder)
