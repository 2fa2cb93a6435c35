"""What a document of each format must hold, where its own validators do not look: sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any


def megadetector_faults(document: dict[str, Any]) -> Iterator[str]:
    """Faults that `validate_batch_results` of megadetector-utils 10.0.28 lets pass, and its own."""
    info = document["info"]
    if info.get("format_version") != "1.6":
        yield "format_version is not the text 1.6"
    categories = document["detection_categories"]
    classes = document["classification_categories"]
    if set(categories.values()) & set(classes.values()):
        yield "a word is in both category maps"
    for table in (categories, classes):
        if len(set(table.values())) != len(table) or not all(
            name.strip() for name in table.values()
        ):
            yield "a name stands twice in a map, or is blank"
        if not all(re.fullmatch(r"\d+", key) for key in table):
            yield "a category is no number in quotes"
    if document["classification_category_descriptions"].keys() != classes.keys():
        yield "descriptions are not of the classes"
    for name, times in Counter(image["file"] for image in document["images"]).items():
        if times > 1:
            yield f"{name} is listed twice"
    for image in document["images"]:
        if image["file"].startswith("/") or not image["file"]:
            yield "a path is not relative"
        if image.get("failure"):
            if image["detections"] is not None:
                yield f"{image['file']}: a failure with detections"
            continue
        if not isinstance(image["detections"], list):
            yield f"{image['file']}: no list of detections"
        for found in image["detections"]:
            yield from _detection_faults(found, categories, classes)


def _detection_faults(
    found: dict[str, Any], categories: dict[str, str], classes: dict[str, str]
) -> Iterator[str]:
    if found["category"] not in categories:
        yield "an unknown category"
    if type(found["conf"]) is not float or not 0 <= found["conf"] <= 1:
        yield f"conf {found['conf']!r} is no share"
    yield from _box_faults(found["bbox"])
    pairs = found.get("classifications", [])
    if any(key not in classes for key, _ in pairs):
        yield "an unknown class"
    if any(a < b for (_, a), (_, b) in pairwise(pairs)):
        yield "classes are not sorted"
    if not all(type(score) is float and 0 <= score <= 1 for _, score in pairs):
        yield "a score is no share"


def _box_faults(sides: list[float]) -> Iterator[str]:
    if len(sides) != 4 or not all(type(side) is float for side in sides):
        yield "a box is not four numbers"
        return
    x, y, width, height = sides
    if min(sides) < 0 or x + width > 1 + 1e-6 or y + height > 1 + 1e-6:
        yield f"the box {sides} leaves the picture"


def coco_faults(document: dict[str, Any]) -> Iterator[str]:
    """Faults that `integrity_check_json_db` lets pass, and the gravest of its own."""
    names = {category["id"]: category["name"] for category in document["categories"]}
    if names.get(0) != "empty" or len(names) != len(document["categories"]):
        yield "category 0 is not empty, or a number stands twice"
    if not all(re.fullmatch(r"[a-z_]+", name) for name in names.values()):
        yield "a name is not in small letters"
    images = {image["id"]: image for image in document["images"]}
    if len(images) != len(document["images"]):
        yield "an image's id stands twice"
    if len({image["file_name"] for image in images.values()}) != len(images):
        yield "a file stands twice"
    for image in images.values():
        if type(image["id"]) is not str or not image["location"]:
            yield "an id is no text, or a location is missing"
        if ("width" in image) != ("height" in image):
            yield "width without height"
    yield from _sequence_faults(document["images"])
    ids = Counter(annotation["id"] for annotation in document["annotations"])
    if any(times > 1 for times in ids.values()):
        yield "an annotation's id stands twice"
    told = {annotation["image_id"] for annotation in document["annotations"]}
    for image in images.values():
        if (image["id"] in told) == bool(image.get("corrupt")):
            yield f"{image['file_name']}: nothing is told of it, or it is corrupt and told"
    for annotation in document["annotations"]:
        if annotation["image_id"] not in images or annotation["category_id"] not in names:
            yield "an annotation of nothing"
            continue
        if "bbox" in annotation:
            yield from _pixel_faults(annotation, images[annotation["image_id"]])


def _sequence_faults(images: list[dict[str, Any]]) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    counts: dict[str, set[int]] = {}
    for image in images:
        numbers.setdefault(image["seq_id"], []).append(image["frame_num"])
        counts.setdefault(image["seq_id"], set()).add(image["seq_num_frames"])
    for name, found in numbers.items():
        if sorted(found) != list(range(len(found))) or counts[name] != {len(found)}:
            yield f"the frames of {name} are numbered {sorted(found)} of {counts[name]}"


def _pixel_faults(annotation: dict[str, Any], image: dict[str, Any]) -> Iterator[str]:
    x, y, width, height = annotation["bbox"]
    if min(x, y) < 0 or min(width, height) <= 0:
        yield f"the box {annotation['bbox']} has no room"
    if x + width > image["width"] + 0.01 or y + height > image["height"] + 0.01:
        yield f"the box {annotation['bbox']} leaves {image['width']} x {image['height']}"
    if annotation["category_id"] == 0:
        yield "a box of nothing"


def speciesnet_faults(document: dict[str, Any]) -> Iterator[str]:
    """What readers of the new generation count on."""
    if not re.fullmatch(r"\d{8}", document["info"]["format_version"]):
        yield "format_version is no date"
    paths = Counter(told["filepath"] for told in document["predictions"])
    if any(times > 1 for times in paths.values()):
        yield "a file stands twice"
    labels = {"0": "whole_image_classification", "1": "animal", "2": "human", "3": "vehicle"}
    for told in document["predictions"]:
        if ("failures" in told) == ("detections" in told):
            yield f"{told['filepath']}: neither or both of failures and detections"
            continue
        found = told.get("detections", [])
        if sum(one["category"] == "0" for one in found) > 1:
            yield "two whole pictures"
        for one in found:
            if labels[one["category"]] != one["label"] or not 0 <= one["conf"] <= 1:
                yield "a label is not its category's, or conf is no share"
            yield from _box_faults(one["bbox"])
            raw = one["raw_classifications"]
            if any(a < b for a, b in pairwise(raw["scores"])):
                yield "classes are not sorted"
            if len(raw["scores"]) != len(raw["classes"]) or len(set(raw["classes"])) != len(
                raw["classes"]
            ):
                yield "classes and scores do not match"
            for name in (*raw["classes"], one["processed_classification"]["class"]):
                if name.count(";") != 6 or name != name.lower():
                    yield f"{name} is not seven words in small letters"
