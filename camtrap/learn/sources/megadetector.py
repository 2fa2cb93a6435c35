"""Labelled pictures from a JSON in MegaDetector's batch format that a person made or checked.

What a detector wrote by itself is no truth; whoever hands the file over vouches for it. The format:
https://lila.science/megadetector-output-format, version 1.6.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camtrap.card.exif import parse_timestamp
from camtrap.errors import DataError
from camtrap.imports.documents import folder_of, records_of
from camtrap.imports.megadetector import Categories
from camtrap.imports.said import Naming, Said, rarest_concern
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import MISSING, Gathering, Pictures
from camtrap.records import State
from camtrap.taxonomy import Taxonomy

SURE = 0.5
"""Detections below this confidence do not count: checked files keep the detector's weak ones too,
and nobody goes through those. What a person entered stands there with 1."""


def read_megadetector(
    path: Path, document: Any, pictures: Path, taxonomy: Taxonomy
) -> list[Sample]:
    """Every picture of a batch document read from `path` that can be told.

    A picture is empty when no detection reaches `SURE`. A detection is what its category says or,
    where that is a mere animal, what its best classification says. With neither, the picture is
    left out unless something else living in it has a name. Pictures with a `failure`, or without a
    list of detections, are left out. The group is the `location` or else the folder.

    Raises `DataError` when the document is of another shape or gives no picture.
    """
    names = Categories(path, document, Naming(taxonomy))
    gathering = Gathering(path, path.stem)
    folder = Pictures(pictures)
    for image in records_of(path, document, "images"):
        file = str(image.get("file") or "")
        if image.get("failure") or not isinstance(image.get("detections"), list):
            gathering.leave_out("its program could not read it (failure)")
            continue
        try:
            detections = records_of(path, image, "detections")
            found = [names.said(one) for one in detections if _counts(one)]
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise DataError(
                f"{path}: the detections of '{file}' are malformed ({error})."
            ) from error
        truth = rarest_concern(found or [Said(State.EMPTY)])
        if truth is None:
            gathering.leave_out_untold(found)
            continue
        picture = folder.find(file)
        if picture is None:
            gathering.leave_out(MISSING)
            continue
        place = str(image.get("location") or "") or folder_of(file)
        gathering.add(
            picture,
            folder.name_of(picture),
            truth,
            camera=place or "camera",
            group=f"{gathering.source} {place}" if place else "",
            taken_at=parse_timestamp(str(image.get("datetime") or "")),
        )
    return gathering.samples()


def _counts(detection: dict[str, Any]) -> bool:
    confidence = detection.get("conf")
    return confidence is None or float(confidence) >= SURE
