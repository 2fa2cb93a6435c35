"""SpeciesNet's predictions.json, of the generation that release 5 writes.

Each detection carries what the model thinks of it (`raw_classifications`) and what it is told to be
(`processed_classification`); a blank picture is a detection of category 0, its whole. Names are
seven words with semicolons. `prey` and `other` are no taxa, so both are `animal` there; our own
label stands beside, under `camtrap`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.events.names import file_path
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.json_stream import json_object
from camtrap.outputs.exports.megadetector import beside_of, event_name
from camtrap.outputs.exports.opening import last_model, models
from camtrap.outputs.exports.recognised import (
    WHOLE_PICTURE,
    Found,
    Recognised,
    Recognitions,
)
from camtrap.outputs.exports.speciesnet_names import ANIMAL, BLANK, HUMAN, LEOPARD, VEHICLE
from camtrap.records import State

FILE_NAME = "predictions.json"
FORMAT_VERSION = "20261015"

CLASS_OF: Mapping[str, str] = {
    State.LEOPARD: LEOPARD,
    State.PREY: ANIMAL,
    State.OTHER: ANIMAL,
    State.PERSON: HUMAN,
    State.VEHICLE: VEHICLE,
    State.EMPTY: BLANK,
}
_ANIMALS = (State.LEOPARD, State.PREY, State.OTHER)
_CATEGORIES = {State.PERSON: ("2", "human"), State.VEHICLE: ("3", "vehicle")}
_ANIMAL = ("1", "animal")
_WHOLE = ("0", "whole_image_classification")


def write(source: Source, out: Path) -> Exported:
    """Write one document, a prediction a file; raises `SeasonError`, and `ConfigError` for a
    country that is none."""
    country = country_of(source.options)
    path = out / FILE_NAME
    recognitions = Recognitions(source)
    names, newest = models(source), last_model(source)

    def predictions() -> Iterator[dict[str, Any]]:
        for known in recognitions:
            model = names.get(known.origin.entry.run_id or 0, "") or newest
            yield prediction(source, known, model, country)

    with json_object(path) as document:
        document.put("info", {"format_version": FORMAT_VERSION})
        rows = document.put_all("predictions", predictions())
    return Exported((path,), rows, recognitions.notes)


def country_of(options: Mapping[str, str]) -> str:
    """The option `country`, empty where it is not given; raises `ConfigError`."""
    country = options.get("country", "")
    if country and not re.fullmatch(r"[A-Z]{3}", country):
        raise ConfigError(
            f"'{country}' is no country's code. Write three capitals (ISO 3166-1): country=RUS."
        )
    return country


def prediction(source: Source, known: Recognised, model: str, country: str) -> dict[str, Any]:
    """One file: its detections or its failures, where it was taken, and our own label."""
    frame = known.frame
    told: dict[str, Any] = {"filepath": file_path(frame.entry)}
    if country:
        told["country"] = country
    # Not in public: rounded one by one, the readings of a GPS near a cell's edge tell the edge.
    if frame.latitude is not None and frame.longitude is not None and not source.public:
        told |= {"latitude": frame.latitude, "longitude": frame.longitude}
    if known.failure:
        # The parts of SpeciesNet that gave nothing.
        told["failures"] = ["DETECTOR", "CLASSIFIER"]
    else:
        told["detections"] = list(detections(known))
    if model:
        told["model_version"] = model
    beside = beside_of(known, event_name(source, frame.entry.file_id))
    if known.failure:
        beside["failure"] = known.failure
    if beside:
        told["camtrap"] = beside
    return told


def detections(known: Recognised) -> Iterator[dict[str, Any]]:
    """The boxes, most certain first; for an empty picture one of the whole, which is blank."""
    entry = known.origin.entry
    for found in sorted(known.found, key=lambda found: -round(found.alive, 4)):
        yield detection(found, in_doubt=entry.state == State.UNSURE)
    if not known.found:
        alive = 1 - entry.probabilities.get(State.EMPTY, entry.confidence or 0.0)
        yield detection(Found(State.EMPTY, WHOLE_PICTURE, alive, entry.probabilities))


def detection(found: Found, *, in_doubt: bool = False) -> dict[str, Any]:
    """One box with its raw chances, which with blank add up to 1, and the label it is given.

    What is in doubt is an animal, as SpeciesNet itself goes up a rank: nobody shall count it as a
    leopard, and nobody as blank.
    """
    is_blank = found.label == State.EMPTY
    category, label = _WHOLE if is_blank else _CATEGORIES.get(State(found.label), _ANIMAL)
    raw = raw_classifications(found)
    answer = CLASS_OF[found.label]
    score = 1 - found.alive if is_blank else found.chances.get(found.label, found.alive)
    if in_doubt and answer == LEOPARD:
        answer, score = ANIMAL, sum(found.chances.get(name, 0.0) for name in _ANIMALS)
    return {
        "category": category,
        "label": label,
        "conf": 1.0 if is_blank else round(float(found.alive), 4),
        "bbox": [float(side) for side in found.box],
        "raw_classifications": {
            "classes": [name for name, _ in raw],
            "scores": [round(score, 4) for _, score in raw],
        },
        "processed_classification": {
            "class": answer,
            "score": round(min(1.0, float(score)), 4),
            "source": "classifier",
        },
    }


def raw_classifications(found: Found) -> list[tuple[str, float]]:
    """Each of SpeciesNet's names with its chance, the highest first."""
    chances = {BLANK: max(0.0, 1.0 - found.alive)}
    for label, chance in found.chances.items():
        if label != State.EMPTY:
            chances[CLASS_OF[label]] = chances.get(CLASS_OF[label], 0.0) + float(chance)
    return sorted(chances.items(), key=lambda pair: (-pair[1], pair[0]))
