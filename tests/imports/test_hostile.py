"""Files that nobody means well with: too deep, too long, or of another kind than their place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from camtrap.imports.said import LONGEST_NAME, Naming
from camtrap.imports.told import UNNAMED, UNSEEN
from camtrap.taxonomy import read_taxonomy
from tests.imports.test_readers import package, told

DEEP = ("[" * 3000 + "]" * 3000, '{"a": ' * 3000 + "1" + "}" * 3000)
"""Deeper than Python can write out, and no deeper than the file may say."""

MEGADETECTOR = """{{"images": [{{"file": {file}, "camtrap": {beside}, "detections": [
    {{"category": {category}, "conf": {conf}, "bbox": {bbox}, "classifications": [[{number}, 0.9]]}}
]}}], "detection_categories": {{"1": {name}}}, "classification_categories": {{"3": {species}}},
"info": {{"detector": {model}}}}}"""
OURS = '{{"label": "prey", "label_source": "machine", "species": {0}}}'
GOOD = {
    "file": '"a.jpg"',
    "beside": "null",
    "category": '"1"',
    "conf": "0.9",
    "number": '"3"',
    "bbox": "[0, 0, 1, 1]",
    "name": '"animal"',
    "species": '"leopard"',
    "model": '"md"',
}


@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize(
    ("place", "label"),
    [
        *(("file", "leopard"), ("bbox", "leopard"), ("model", "leopard"), ("category", "leopard")),
        *(("name", "leopard"), ("number", "animal"), ("species", "animal")),
        ("beside", "leopard"),
    ],
)
def test_what_lies_too_deep_in_a_batch_counts_for_nothing(tmp_path, deep, place, label) -> None:
    path = tmp_path / "md.json"
    path.write_text(MEGADETECTOR.format(**{**GOOD, place: deep}))
    assert told(path) == {"" if place == "file" else "a.jpg": label}


@pytest.mark.parametrize("deep", DEEP)
def test_what_lies_too_deep_beside_a_label_leaves_the_label(tmp_path, deep) -> None:
    path = tmp_path / "md.json"
    path.write_text(MEGADETECTOR.format(**{**GOOD, "beside": OURS.format(deep)}))
    assert told(path) == {"a.jpg": "prey"}


@pytest.mark.parametrize("deep", DEEP)
def test_what_lies_too_deep_in_predictions_counts_for_nothing(tmp_path, deep) -> None:
    path = tmp_path / "p.json"
    detection = '{{"category": {0}, "conf": 0.9, "label": "animal"{1}}}'
    answer = f', "processed_classification": {{"class": {deep}}}'
    path.write_text(
        f'{{"predictions": [{{"filepath": "a", "prediction": {deep}, "model_version": {deep}}},'
        f' {{"filepath": "b", "detections": [{detection.format(deep, "")}]}},'
        f' {{"filepath": "c", "detections": [{detection.format(1, answer)}]}},'
        f' {{"filepath": {deep}, "prediction": "leopard"}}]}}'
    )
    assert told(path) == {"a": UNSEEN, "b": "animal", "c": "animal", "": "leopard"}


@pytest.mark.parametrize("deep", DEEP)
def test_what_lies_too_deep_in_coco_counts_for_nothing(tmp_path, deep) -> None:
    path = tmp_path / "coco.json"
    path.write_text(
        f'{{"images": [{{"id": 1, "file_name": "a", "width": {deep}, "height": 9}},'
        f' {{"id": {deep}, "file_name": "b"}}, {{"id": 3, "file_name": {deep}}}],'
        f' "annotations": [{{"image_id": 1, "category_id": 1, "bbox": {deep}}},'
        f' {{"image_id": {deep}, "category_id": 1}}, {{"image_id": 1, "category_id": {deep}}},'
        f' {{"image_id": 1, "category_id": 1, "bbox_relative": [{deep}]}},'
        f' {{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "species": {deep}}},'
        f' {{"image_id": 3, "category_id": 2}}],'
        f' "categories": [{{"id": 1, "name": "leopard"}}, {{"id": 2, "name": {deep}}}]}}'
    )
    assert told(path) == {"a": "leopard", "b": UNSEEN, "": UNSEEN}


def test_an_annotation_without_a_picture_is_not_of_pictures_without_a_number(tmp_path) -> None:
    path = tmp_path / "coco.json"
    path.write_text(
        '{"images": [{"file_name": "a"}, {"id": null, "file_name": "b"}],'
        ' "annotations": [{"category_id": 1}], "categories": [{"id": 1, "name": "leopard"}]}'
    )
    assert told(path) == {"a": UNSEEN, "b": UNSEEN}


@pytest.mark.parametrize("piece", ["(", "[", "a ", "aA", ";", "leopard "])
def test_a_name_as_long_as_a_cell_may_be_takes_no_time(tmp_path: Path, piece: str) -> None:
    name = piece * (130_000 // len(piece))
    table = tmp_path / "t.csv"
    table.write_text(f'File,RelativePath,Species\na.jpg,b,"{name}"\n')
    dp = package(tmp_path / "dp", "m1,d1,,a.jpg\n", f'o1,d1,m1,,,media,animal,"{name}",,,,,human,,')
    batch = tmp_path / "md.json"
    batch.write_text(MEGADETECTOR.format(**{**GOOD, "species": f'"{name}"'}))
    start = time.monotonic()
    assert told(table) == {"b/a.jpg": UNNAMED}
    assert told(dp) == {"a.jpg": "animal"}
    assert told(batch) == {"a.jpg": "animal"}
    assert time.monotonic() - start < 5  # it was 50 to 150 seconds each


def test_a_name_that_is_too_long_is_told_by_its_beginning() -> None:
    naming = Naming(read_taxonomy())
    longest = f"leopard{' ' * (LONGEST_NAME - 7)}"
    assert naming.said(longest).label == "leopard"
    said = naming.said(f"{longest} ")
    assert (said.label, said.vague, said.species) == (None, "", f"{longest}…")
