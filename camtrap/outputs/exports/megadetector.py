"""MegaDetector batch results, format 1.6: what the model saw, for Timelapse and its kin.

The format: https://lila.science/megadetector-output-format. One file holds the whole season, with
paths that begin with the card's name, and one more each card, with paths on the card: Timelapse
wants the file in the folder that it opens, and its paths from there. What the detections are of is
the model's word; what a person said is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from camtrap.card.scan import VIDEO_SUFFIXES
from camtrap.events.names import file_path
from camtrap.events.rules import rules_of
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.json_stream import Ready, json_object, plain
from camtrap.outputs.exports.opening import last_finished, last_model
from camtrap.outputs.exports.recognised import Found, Recognised, Recognitions, copy_of
from camtrap.outputs.exports.safe_names import UniqueNames, safe_name
from camtrap.outputs.exports.speciesnet_names import LEOPARD
from camtrap.records import State

# Timelapse warns of a file called `image_recognition_file.json`.
FILE_NAME = "camtrap_recognitions.json"
CARDS = "cards"

FORMAT_VERSION = "1.6"
DETECTION_CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}

# Timelapse takes a file for AddaxAI's when a name of these is also one of those above.
CLASSES = {"0": "leopard", "1": "prey", "2": "other"}
# Readers take a name of seven words for a taxon; prey and other are none.
DESCRIPTIONS = {"0": LEOPARD, "1": ";;;;;;prey", "2": ";;;;;;other animal"}
_NUMBERS = {name: number for number, name in DETECTION_CATEGORIES.items()}
_CLASS_NUMBERS = {name: number for number, name in CLASSES.items()}


def write(source: Source, out: Path) -> Exported:
    """Write the season's file and one a card; the rows are those of the season's.

    Raises `SeasonError` when they cannot be written.
    """
    head = header(source)
    recognitions = Recognitions(source)
    folders = UniqueNames()
    paths = [out / FILE_NAME]
    rows = 0
    with _images(paths[0], head) as add:
        for card, files in groupby(recognitions, key=lambda known: known.frame.entry.card):
            folder = out / CARDS / folders.give("", safe_name(card))
            folder.mkdir(parents=True)
            paths.append(folder / FILE_NAME)
            with _images(paths[-1], head) as add_to_card:
                for known in files:
                    told = image(known, event_name(source, known.frame.entry.file_id))
                    rest = plain(told).removeprefix("{")  # the same in both files
                    add(_named(file_path(known.frame.entry), rest))
                    add_to_card(_named(known.frame.entry.relative_path, rest))
                    rows += 1
    folders.close()
    return Exported(tuple(paths), rows, recognitions.notes)


def _named(file: str, rest: str) -> Ready:
    """A picture under a path; `rest` is all else of its object, without the brace before it."""
    return Ready(f'{{"file": {plain(file)}, {rest}')


@contextmanager
def _images(path: Path, head: dict[str, Any]) -> Iterator[Any]:
    with json_object(path) as document:
        for key, value in head.items():
            document.put(key, value)
        with document.array("images") as add:
            yield add


def header(source: Source) -> dict[str, Any]:
    """All of the document but its images."""
    model, finished = last_model(source), last_finished(source)
    info: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if model:
        info |= {"detector": model, "classifier": model}
    if finished:
        info |= {"detection_completion_time": finished, "classification_completion_time": finished}
    if limits := thresholds(source):
        info["detector_metadata"] = limits
    return {
        "info": info,
        "detection_categories": DETECTION_CATEGORIES,
        "classification_categories": CLASSES,
        "classification_category_descriptions": DESCRIPTIONS,
    }


def thresholds(source: Source) -> dict[str, float]:
    """Where Timelapse puts its slider at first, and how far down a leopard may lie.

    A picture is empty when P(empty) reaches its threshold, so that a confidence beyond the rest is
    of a picture that is not; empty where the season does not tell.
    """
    told = rules_of(source.settings, source.ledger.run_notes()).thresholds
    if told is None:
        return {}
    typical = round(1 - told.empty, 4)
    return {
        "typical_detection_threshold": typical,
        "conservative_detection_threshold": min(typical, told.leopard, told.doubt),
    }


def event_name(source: Source, file_id: int) -> str:
    """The event of a file; empty in public exports, because events are called after stations."""
    return "" if source.public else source.events.event_of(file_id)


def image(known: Recognised, event_id: str) -> dict[str, Any]:
    """One file without its path: detections or a failure, and what is told beside them."""
    frame = known.frame
    told: dict[str, Any] = {}
    if known.failure:
        told = {"failure": known.failure, "detections": None}
        if frame.entry.relative_path.rpartition(".")[2].lower() in VIDEO_SUFFIXES:
            # The format asks both of every video, and takes this for one that was not read.
            told |= {"frame_rate": -1.0, "frames_processed": []}
    else:
        told["detections"] = [detection(found) for found in known.found]
    if frame.taken_at is not None and frame.dated:
        told["datetime"] = frame.taken_at.isoformat(" ", "seconds")
    if known.origin.entry.width and known.origin.entry.height:
        told |= {"width": known.origin.entry.width, "height": known.origin.entry.height}
    if beside := beside_of(known, event_id):
        told["camtrap"] = beside
    return told


def beside_of(known: Recognised, event_id: str) -> dict[str, Any]:
    """What the format has no place for: the label that counts, whose it is, and the event."""
    told: dict[str, Any] = {}
    if known.label:
        word = known.word_of
        told = {"label": known.label, "label_source": "machine" if word.review is None else "human"}
        if word.review is None and word.entry.confidence is not None:
            told["confidence"] = round(word.entry.confidence, 4)
        if word.review is not None and word.review.species:
            told["species"] = word.review.species
    if event_id:
        told["event_id"] = event_id
    if original := copy_of(known):
        told["duplicate_of"] = original
    return told


def detection(found: Found) -> dict[str, Any]:
    """One box; its confidence is the chance that anything alive is in it."""
    category = _NUMBERS.get(found.label, _NUMBERS["animal"])
    told: dict[str, Any] = {
        "category": category,
        "conf": round(float(found.alive), 4),
        "bbox": [float(side) for side in found.box],
    }
    if category == _NUMBERS["animal"]:
        told["classifications"] = [
            [_CLASS_NUMBERS[label], round(float(chance), 4)]
            for label, chance in found.ranked(State.LEOPARD, State.PREY, State.OTHER)
        ]
    return told
