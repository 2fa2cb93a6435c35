"""COCO Camera Traps, as LILA and others publish it: people's labels as a rule.

The format: https://lila.science/coco-camera-traps (no version number). A picture without any
annotation has not been looked at and is not empty. What camtrap itself wrote says of each
annotation whether a person or a machine stands behind it (`label_source`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camtrap.errors import DataError
from camtrap.imports.documents import document_head, plain_text, records, text
from camtrap.imports.said import Naming, Said, relative_box, share_of
from camtrap.imports.scratch import fill, scratch
from camtrap.imports.told import (
    BY_OTHERS,
    KINDS,
    UNREAD,
    UNSEEN,
    Asked,
    Reading,
    Told,
    told_of,
)
from camtrap.ledger.rows import text_of
from camtrap.records import Box

LISTS = ("images", "annotations")

_TABLES = """
CREATE TABLE annotation (image TEXT, category TEXT, species TEXT, box TEXT, relative TEXT,
    score REAL, kind TEXT);
"""
_INDEX = "CREATE INDEX by_image ON annotation (image)"
_OF_IMAGE = (
    "SELECT category, species, box, relative, score, kind FROM annotation"
    " WHERE image = ? AND image != '' ORDER BY rowid"
)


def read(path: Path, asked: Asked) -> Reading:
    """The annotated pictures of one file; raises `DataError` for what is no such file."""
    head, there = document_head(path, LISTS)
    if missing := [name for name in LISTS if name not in there]:
        raise DataError(f"{path} is no COCO Camera Traps: it has no list '{missing[0]}'.")
    names = categories(path, head)
    return Reading("", _pictures(path, names, asked))


def categories(path: Path, head: dict[str, Any]) -> dict[str, str]:
    """The names of categories by their numbers."""
    listed = head.get("categories")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise DataError(f"{path}: 'categories' is not a list of records.")
    try:
        return {plain_text(one["id"]): plain_text(one["name"]) for one in listed}
    except KeyError as error:
        raise DataError(f"{path}: a category lacks its {error}.") from error


def _pictures(path: Path, names: dict[str, str], asked: Asked) -> Iterator[Told]:
    with scratch(_TABLES) as db:
        rows = (_row(annotation) for annotation in records(path, "annotations"))
        fill(db, "INSERT INTO annotation VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute(_INDEX)
        for image in records(path, "images"):
            file = (text(image, "file_name"),)
            if image.get("corrupt"):
                yield Told(file, why_not=UNREAD)
                continue
            found = db.execute(_OF_IMAGE, (text_of(text(image, "id")),)).fetchall()
            wanted = [row for row in found if row[-1] in ("", asked.kind)]
            if not wanted:
                yield Told(file, why_not=BY_OTHERS[asked.kind] if found else UNSEEN)
                continue
            yield told_of(file, [_said(row, image, names, asked.naming) for row in wanted])


def _row(annotation: dict[str, Any]) -> tuple[Any, ...]:
    kind = annotation.get("label_source")
    return (
        text_of(text(annotation, "image_id")),
        text_of(text(annotation, "category_id")),
        text_of(text(annotation, "species")),
        _sides(annotation.get("bbox")),
        _sides(annotation.get("bbox_relative")),
        share_of(annotation.get("score")),
        kind if kind in KINDS else "",
    )


def _sides(box: Any) -> str:
    """The sides of a box as JSON; what is no list of numbers may lie too deep to be written."""
    is_box = isinstance(box, list) and all(isinstance(side, str | int | float) for side in box)
    return json.dumps(box if is_box else None)


def _said(
    row: tuple[Any, ...], image: dict[str, Any], names: dict[str, str], naming: Naming
) -> Said:
    """One annotation: its category, and the species where that is named beside it."""
    category, species, box, relative, score, _ = row
    said = naming.said(names.get(category, ""), None, score)
    return Said(
        said.label,
        species or said.species,
        box_in(json.loads(box), json.loads(relative), image),
        said.confidence,
        said.vague,
    )


def box_in(pixels: Any, relative: Any, image: dict[str, Any]) -> Box | None:
    """The box of an annotation; one in pixels needs the size that the document gives."""
    if relative:
        return relative_box(relative)
    width, height = image.get("width"), image.get("height")
    if not pixels or not width or not height:
        return None
    return relative_box(pixels, width, height)
