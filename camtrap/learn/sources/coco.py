"""Labelled pictures from COCO Camera Traps JSON, as LILA and others publish it.

The format: https://lila.science/coco-camera-traps (no version number).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from camtrap.card.exif import parse_timestamp
from camtrap.imports.coco import box_in, categories
from camtrap.imports.documents import folder_of, records_of, text
from camtrap.imports.said import Said, rarest_concern
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import MISSING, UNSEEN, Gathering, Pictures
from camtrap.taxonomy import Taxonomy


def read_coco(path: Path, document: Any, pictures: Path, taxonomy: Taxonomy) -> list[Sample]:
    """Every annotated picture of a COCO Camera Traps document read from `path`.

    Category names go through the species list; a picture without any annotation was not looked at
    and is not empty. The group is the `location`, or else the folder, or else the sequence; the
    event is the sequence, or else frames of one place less than 30 minutes apart. Boxes are in
    pixels of the size that the document gives, and left out where it gives none.

    Raises `DataError` when the document is of another shape or gives no picture.
    """
    names = categories(path, document)
    labels = {name: taxonomy.label_of(name) for name in names.values()}
    annotations: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for annotation in records_of(path, document, "annotations"):
        annotations[str(annotation.get("image_id"))].append(annotation)
    listed = document.get("licenses")
    licences = {
        str(licence.get("id")): str(licence.get("name", ""))
        for licence in (listed if isinstance(listed, list) else [])
        if isinstance(licence, dict)
    }
    gathering = Gathering(path, path.stem)
    folder = Pictures(pictures)
    for image in records_of(path, document, "images"):
        file = text(image, "file_name")
        found = annotations.get(str(image.get("id")))
        if image.get("corrupt"):
            gathering.leave_out("called corrupt")
            continue
        if not found:
            gathering.leave_out(UNSEEN)
            continue
        said = []
        for annotation in found:
            name = names.get(str(annotation.get("category_id")), "")
            said.append(
                Said(
                    labels.get(name),
                    name,
                    box_in(annotation.get("bbox"), annotation.get("bbox_relative"), image),
                )
            )
        truth = rarest_concern(said)
        if truth is None:
            gathering.leave_out_untold(said)
            continue
        picture = folder.find(file)
        if picture is None:
            gathering.leave_out(MISSING)
            continue
        place = text(image, "location") or folder_of(file)
        sequence = text(image, "seq_id")
        gathering.add(
            picture,
            folder.name_of(picture),
            truth,
            camera=place or "camera",
            group=f"{gathering.source} {place}" if place else "",
            event=f"{gathering.source} {sequence}" if sequence else "",
            taken_at=parse_timestamp(text(image, "datetime")),
            licence=licences.get(text(image, "license"), ""),
        )
    return gathering.samples()
