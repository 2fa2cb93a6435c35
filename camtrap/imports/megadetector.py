"""MegaDetector's batch results, formats 1.0 to 1.6, of a detector alone or with a classifier.

The format: https://lila.science/megadetector-output-format. A picture is what its detections are
that reach a threshold, and empty without any. `animal` is what a detector alone can say. What
camtrap itself wrote says under `camtrap` which label counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from camtrap.imports.documents import document_head, names_table, plain_text, records, text
from camtrap.imports.said import ANIMAL, Naming, Said, Word, relative_box, share_of
from camtrap.imports.told import (
    BY_OTHERS,
    HUMAN,
    MACHINE,
    MALFORMED,
    UNREAD,
    Asked,
    Reading,
    Told,
    share_option,
    told_of,
)
from camtrap.records import LABELS, UNSURE, State

THRESHOLD = 0.2
"""From where a detection counts when the file does not say; usual for MegaDetector 5 and later."""

_OURS = (*LABELS, UNSURE)
_EMPTY_NAME = "empty"


def read(path: Path, asked: Asked) -> Reading:
    """The pictures of one file; the option `threshold` stands over the file's own.

    Raises `DataError` for what is no such file, `ConfigError` for an option.
    """
    head, _ = document_head(path, ("images",))
    categories = Categories(path, head, asked.naming)
    info = head.get("info")
    info = info if isinstance(info, dict) else {}
    chosen = share_option(asked.options, "threshold")
    stated = threshold_of(info.get("detector_metadata"), "typical_detection_threshold")
    threshold = next(t for t in (chosen, stated, THRESHOLD) if t is not None)
    sure = threshold_of(info.get("classifier_metadata"), "typical_classification_threshold") or 0.0
    told = (
        _picture(image, categories, threshold, sure, asked.kind)
        for image in records(path, "images")
    )
    models = [text(info, "detector"), text(info, "classifier")]
    name = " + ".join(dict.fromkeys(model for model in models if model))
    return Reading(name, told, f"A detection counts from {threshold:g} on.")


def threshold_of(metadata: Any, key: str) -> float | None:
    """A threshold of the file's own; None where it states none that can be used."""
    return share_of(metadata.get(key)) if isinstance(metadata, dict) else None


def _picture(
    image: dict[str, Any], categories: Categories, threshold: float, sure: float, kind: str
) -> Told:
    names = (text(image, "file"),)
    word, by = word_beside(image.get("camtrap"))
    detections = image.get("detections")
    failed = bool(image.get("failure")) or not isinstance(detections, list)
    try:
        said = [] if failed else list(_said(detections or [], categories, threshold, sure))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
        return Told(names, why_not=MALFORMED)
    return beside_first(names, said, word, by, kind, failed=failed)


def beside_first(
    names: tuple[str, ...], said: list[Said], word: Word | None, by: str, kind: str, *, failed: bool
) -> Told:
    """What camtrap wrote beside a picture, where that is of the kind asked for; else what was said.

    Predictions are the machine's, whoever had the last word on the picture.
    """
    if word is not None and by == kind:
        boxes = tuple(one for one in said if one.box is not None)
        return Told(names, replace(word, boxes=boxes))
    if failed:
        return Told(names, why_not=UNREAD)
    if word is not None and kind == HUMAN:
        return Told(names, why_not=BY_OTHERS[HUMAN])
    return told_of(names, said)


def _said(
    detections: list[Any], categories: Categories, threshold: float, sure: float
) -> Iterator[Said]:
    strongest, some = 0.0, False
    for detection in detections:
        confidence = 1.0 if detection.get("conf") is None else float(detection["conf"])
        strongest = max(strongest, confidence)
        if confidence >= threshold:
            some = True
            yield categories.said(detection, sure)
    if not some:
        yield Said(State.EMPTY, _EMPTY_NAME, None, max(0.0, 1 - strongest))


def word_beside(beside: Any) -> tuple[Word | None, str]:
    """The label that camtrap wrote beside its predictions, and whose it is."""
    if not isinstance(beside, dict) or beside.get("label") not in _OURS:
        return None, ""
    by = beside.get("label_source")
    species = text(beside, "species") or str(beside["label"])
    word = Word(str(beside["label"]), species, share_of(beside.get("confidence")))
    return (word, str(by)) if by in (HUMAN, MACHINE) else (None, "")


class Categories:
    """What a document's category numbers mean.

    Raises `DataError` when its tables are none.
    """

    def __init__(self, path: Path, document: Mapping[str, Any], naming: Naming) -> None:
        self._naming = naming
        self._detections = names_table(path, document, "detection_categories")
        self._classes = names_table(path, document, "classification_categories")
        self._described = names_table(path, document, "classification_category_descriptions")

    def said(self, detection: dict[str, Any], sure: float = 0.0) -> Said:
        """One detection: what its category says, or what its likeliest class does.

        A class below `sure` does not count. Where a class is described by seven words, as taxa are,
        these come before its name. Raises `TypeError`, `ValueError`, `IndexError`, `KeyError` or
        `AttributeError` for what is no detection.
        """
        box = relative_box(detection.get("bbox") or ())
        confidence = share_of(detection.get("conf"))
        category = self._detections.get(text(detection, "category"), "")
        said = self._naming.said(category, box, confidence)
        if said.label:
            return said
        classes = detection.get("classifications") or []
        if not classes:
            return Said(None, "", box, confidence, said.vague or ANIMAL)
        best = max(classes, key=lambda pair: float(pair[1]))
        if float(best[1]) < sure:
            return Said(None, "", box, confidence, ANIMAL)
        number = plain_text(best[0])
        name, described = self._classes.get(number, ""), self._described.get(number, "")
        share = share_of(best[1])
        for candidate in (described, name) if described.count(";") == 6 else (name, described):
            label, _ = self._naming.told(candidate)
            if label:
                return Said(label, name or candidate, box, share)
        return self._naming.said(name or described, box, share, vague=ANIMAL)
