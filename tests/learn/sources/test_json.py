"""COCO Camera Traps and MegaDetector's format: the label of each picture, and what is left out."""

from __future__ import annotations

import json
import logging

import pytest

from camtrap.errors import DataError
from camtrap.learn.sources import read_samples
from camtrap.records import Box
from tests.cards import frame, put

CATEGORIES = ["empty", "Panthera pardus", "roe_deer", "car", "unicorn", "animal"]


def written(folder, document, pictures):
    put(folder, {name: frame("prey", number) for number, name in enumerate(pictures)})
    path = folder / "park.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def coco(folder, images, annotations, **more):
    """A document of images by file name, and of annotations (file, category, box)."""
    document = {
        "info": {"version": "1"},
        "categories": [{"id": i, "name": name} for i, name in enumerate(CATEGORIES)],
        "images": [{"id": name, "file_name": name, **rest} for name, rest in images.items()],
        "annotations": [
            {
                "id": str(number),
                "image_id": name,
                "category_id": CATEGORIES.index(category),
                **({"bbox": box} if box else {}),
            }
            for number, (name, category, box) in enumerate(annotations)
        ],
        **more,
    }
    return written(folder, document, images)


def test_coco_label_place_sequence_licence_and_box(tmp_path):
    path = coco(
        tmp_path,
        {
            "st 1/a.jpg": {
                "location": 0, "seq_id": "s1", "width": 200, "height": 100, "license": 1,
            },
            "st 1/b.jpg": {"location": "0", "datetime": "2026-02-03 12:00:00"},
            "st 1/c.jpg": {},
            "d.jpg": {},
        },
        [
            ("st 1/a.jpg", "Panthera pardus", [50, 25, 100, 50]),
            ("st 1/a.jpg", "roe_deer", [0, 0, 10, 10]),
            ("st 1/b.jpg", "empty", None),
            ("st 1/c.jpg", "roe_deer", [0, 0, 10, 10]),
            ("d.jpg", "car", None),
        ],
        licenses=[{"id": 1, "name": "CC-BY-4.0"}],
    )  # fmt: skip
    a, b, c, d = read_samples(path)
    assert (a.label, a.species, a.group, a.event) == (
        "leopard", "Panthera pardus", "park 0", "park s1",
    )  # fmt: skip
    assert (a.boxes, a.licence) == ((Box(0.25, 0.25, 0.5, 0.5),), "CC-BY-4.0")
    assert (b.label, b.group, b.event) == ("empty", "park 0", "park 0 2026-02-03T12:00:00")
    assert (c.label, c.group, c.boxes) == ("prey", "park st 1", ())
    assert (d.label, d.group) == ("vehicle", "d.jpg")


def test_coco_without_a_place_goes_by_sequence(tmp_path):
    images = {"a.jpg": {"seq_id": 7}, "b.jpg": {"seq_id": 7}}
    path = coco(tmp_path, images, [(name, "roe_deer", None) for name in images])
    assert [s.group for s in read_samples(path)] == ["park 7", "park 7"]


def test_coco_leaves_out_what_cannot_be_told_and_counts_it(tmp_path, caplog):
    images: dict[str, dict[str, bool]] = {
        **{name: {} for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")},
        "e.jpg": {"corrupt": True},
    }
    path = coco(
        tmp_path,
        images,
        [
            ("a.jpg", "roe_deer", None),
            ("b.jpg", "unicorn", None),
            ("d.jpg", "roe_deer", None),
            ("e.jpg", "empty", None),
        ],
    )
    (tmp_path / "d.jpg").unlink()
    with caplog.at_level(logging.WARNING):
        assert [s.file for s in read_samples(path)] == ["a.jpg"]
    for reason in (
        "nobody has said what is in it",
        "the species list cannot tell",
        "not found on this computer",
        "called corrupt",
    ):
        assert f"1 of 5 pictures left out: {reason}" in caplog.text.replace(
            "something in it that ", ""
        )
    assert "names that tell no label: unicorn" in caplog.text


def test_pictures_may_lie_elsewhere(tmp_path):
    path = coco(tmp_path / "tables", {"a.jpg": {}}, [("a.jpg", "roe_deer", None)])
    (tmp_path / "tables" / "a.jpg").rename(tmp_path / "a.jpg")
    with pytest.raises(DataError, match="1 × not found on this computer"):
        read_samples(path)
    [sample] = read_samples(path, pictures=tmp_path)
    assert (sample.path, sample.file) == (tmp_path / "a.jpg", "a.jpg")


@pytest.mark.parametrize("category", [{"id": 1}, {"name": "deer"}])
def test_a_broken_category_is_refused(tmp_path, category):
    document = {"images": [], "annotations": [], "categories": [category]}
    with pytest.raises(DataError, match="a category lacks"):
        read_samples(written(tmp_path, document, []))


def megadetector(folder, images):
    document = {
        "info": {"format_version": "1.6"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "classification_categories": {"0": "leopard", "1": "roe deer", "2": "animal", "3": "x"},
        "classification_category_descriptions": {
            "3": "id;mammalia;cetartiodactyla;cervidae;cervus;nippon;sika"
        },
        "images": images,
    }
    return written(folder, document, [image["file"] for image in images])


def seen(category, conf, *classes):
    said = {"category": category, "conf": conf, "bbox": [0.1, 0.2, 0.3, 0.4]}
    return {**said, **({"classifications": list(classes)} if classes else {})}


@pytest.mark.parametrize(
    ("detections", "label", "species"),
    [
        ([], "empty", ""),
        ([seen("1", 0.49, ["0", 0.9])], "empty", ""),
        ([seen("1", 0.5, ["1", 0.2], ["0", 0.7])], "leopard", "leopard"),
        ([seen("1", 1.0, ["1", 0.9])], "prey", "roe deer"),
        ([seen("1", 1.0, ["3", 0.9])], "prey", "x"),
        ([seen("2", 0.9)], "person", "person"),
        ([seen("3", 0.9), seen("1", 0.9, ["0", 0.6])], "leopard", "leopard"),
        ([seen("1", 0.9), seen("1", 0.9, ["1", 0.8])], "prey", "roe deer"),
        ([seen("1", None, ["1", 0.8])], "prey", "roe deer"),
    ],
)
def test_megadetector_labels(tmp_path, detections, label, species):
    path = megadetector(tmp_path, [{"file": "ST01/a.jpg", "detections": detections}])
    [sample] = read_samples(path)
    assert (sample.label, sample.species, sample.group) == (label, species, "park ST01")
    assert len(sample.boxes) == (label != "empty")


def test_megadetector_leaves_out_failures_and_nameless_animals(tmp_path, caplog):
    path = megadetector(
        tmp_path,
        [
            {"file": "a.jpg", "detections": []},
            {"file": "b.jpg", "failure": "Failure image access", "detections": None},
            {"file": "c.jpg"},
            {"file": "d.jpg", "detections": [seen("1", 0.9)]},
            {"file": "e.jpg", "detections": [seen("1", 0.9, ["2", 0.9])]},
            {"file": "film.mp4", "detections": []},
        ],
    )
    with caplog.at_level(logging.WARNING):
        assert [(s.file, s.label) for s in read_samples(path)] == [("a.jpg", "empty")]
    assert "2 of 6 pictures left out: its program could not read it" in caplog.text
    assert "2 of 6 pictures left out: something in it" in caplog.text
    assert "1 of 6 pictures left out: not a picture" in caplog.text


@pytest.mark.parametrize(
    "detection", [{"conf": "high"}, {"category": "1", "conf": 1.0, "classifications": [["0"]]}]
)
def test_malformed_detections_are_refused_by_file(tmp_path, detection):
    path = megadetector(tmp_path, [{"file": "a.jpg", "detections": [detection]}])
    with pytest.raises(DataError, match=r"detections of 'a\.jpg' are malformed"):
        read_samples(path)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([1], "none of the JSON kinds"),
        ({"predictions": []}, "none of the JSON kinds"),
        ({"images": {}, "detection_categories": {}}, "'images' is not a list"),
        ({"images": [], "detection_categories": ["animal"]}, "not a table"),
        ({"images": [], "detection_categories": {}}, "gives no labelled picture"),
    ],
)
def test_other_json_is_refused(tmp_path, document, message):
    with pytest.raises(DataError, match=message):
        read_samples(written(tmp_path, document, []))


def test_what_is_no_json_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as JSON"):
        read_samples(path)
