"""SpeciesNet's predictions.json of both generations.

To release 4 a picture has one `prediction`; from release 5 each detection has its own
`processed_classification`, and one of category 0 is of the whole picture. A leopard is one by genus
and species (`panthera;pardus`); a name that goes no further than the family is an `animal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from camtrap.imports.documents import plain_text, records, text
from camtrap.imports.megadetector import THRESHOLD, beside_first, word_beside
from camtrap.imports.said import Naming, Said, relative_box, share_of
from camtrap.imports.told import (
    MALFORMED,
    Asked,
    Reading,
    Told,
    share_option,
)
from camtrap.records import State

_WHOLE = "0"


def read(path: Path, asked: Asked) -> Reading:
    """The predictions of one file; with the option `threshold`, detections count from there on.

    Raises `DataError` for what is no such file, `ConfigError` for an option.
    """
    chosen = share_option(asked.options, "threshold")
    threshold = THRESHOLD if chosen is None else chosen
    predictions = records(path, "predictions")
    first = next(predictions, None)
    name = text(first, "model_version") if first else ""
    told = (
        _picture(prediction, asked, threshold)
        for prediction in chain([first] if first else [], predictions)
    )
    note = f"Of single detections, those count that reach {threshold:g}."
    return Reading(f"SpeciesNet {name}" if name and name[0].isdigit() else name, told, note)


def _picture(prediction: dict[str, Any], asked: Asked, threshold: float) -> Told:
    names = (text(prediction, "filepath"),)
    word, by = word_beside(prediction.get("camtrap"))
    detections = prediction.get("detections")
    whole = prediction.get("prediction")
    failed = not whole and (not isinstance(detections, list) or bool(prediction.get("failures")))
    try:
        said = list(_boxes(detections or [], threshold, asked.naming))
        if whole:
            score = share_of(prediction.get("prediction_score"))
            said = [asked.naming.said(plain_text(whole), None, score)]
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
        return Told(names, why_not=MALFORMED)
    said = said or [Said(State.EMPTY, "blank")]
    return beside_first(names, said, word, by, asked.kind, failed=failed)


def _boxes(detections: list[Any], threshold: float, naming: Naming) -> Iterator[Said]:
    for detection in detections:
        is_whole = text(detection, "category") == _WHOLE
        if not is_whole and float(detection.get("conf") or 0.0) < threshold:
            continue
        box = None if is_whole else relative_box(detection.get("bbox") or ())
        answer = detection.get("processed_classification")
        if isinstance(answer, dict) and (name := text(answer, "class")):
            yield naming.said(name, box, share_of(answer.get("score")))
        elif not is_whole:
            yield naming.said(text(detection, "label"), box, share_of(detection.get("conf")))
