"""COCO Camera Traps: pictures, bursts and labels as LILA's data sets have them.

The format: https://lila.science/coco-camera-traps (no version number). Sizes and boxes are in
pixels of the picture as it is stored, before the rotation flag. A file that repeats another is not
in it, because a data set must not hold a picture twice; a video is not either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from camtrap.events.frames import Frame
from camtrap.events.names import file_path, image_id
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.json_stream import Ready, json_object, plain
from camtrap.outputs.exports.opening import last_finished, models
from camtrap.outputs.exports.recognised import PATHS_AS_ON_CARDS, inside
from camtrap.outputs.exports.sequences import Sequences
from camtrap.outputs.exports.sites import shows_people, sites
from camtrap.outputs.exports.stored import flag_of, stored_box, stored_size
from camtrap.records import UNSURE, Box, State, outranks

FILE_NAME = "camtrap_coco.json"
VERSION = "1.0"

CATEGORIES = ("empty", "leopard", "prey", "other", "person", "vehicle", "unsure")
"""By their numbers; 0 is empty, as the format wants it."""

_NUMBERS = {name: number for number, name in enumerate(CATEGORIES)}
_CORRUPT = (State.UNREADABLE, State.TRUNCATED)
_WANTED = frozenset(State(name) for name in CATEGORIES) | frozenset(_CORRUPT)
_LEFT_OUT = {
    State.DUPLICATE: "{:,} files that repeat another are left out.",
    State.SKIPPED: "{:,} videos and other files that were not looked at are left out.",
    State.PENDING: "{:,} files wait to be looked at and are left out; type 'camtrap run' first.",
}


def write(source: Source, out: Path) -> Exported:
    """Write one document; the rows are its annotations. Raises `SeasonError`."""
    path = out / FILE_NAME
    places = _places(source)
    names = models(source)
    count: Counter[str] = Counter()
    with (
        closing(Sequences(_pictures(source), source.settings.burst_gap)) as sequences,
        json_object(path) as document,
        # They stand behind the pictures, and another look at all pictures would cost more.
        TemporaryFile("w+", encoding="utf-8", newline="\n") as annotations,
    ):
        document.put("info", _info(source))
        document.put(
            "categories", [{"id": number, "name": name} for number, name in enumerate(CATEGORIES)]
        )
        with document.array("images") as add:
            for frame in _pictures(source, count):
                location = places.get(frame.deployment_id, frame.station_id)
                add(image(source, frame, sequences, location))
                for annotation in annotations_of(frame, names.get(frame.entry.run_id or 0, "")):
                    annotations.write(plain(annotation) + "\n")
        annotations.seek(0)
        rows = document.put_all("annotations", (Ready(line.rstrip("\n")) for line in annotations))
    return Exported((path,), rows, _notes(source, count))


def _pictures(source: Source, count: Counter[str] | None = None) -> Iterator[Frame]:
    """The frames that come in; `count` learns of those that do not."""
    for frame in source.frames():
        if source.public and shows_people(frame):
            kind = "people"
        elif frame.label in _WANTED:
            yield frame
            kind = "corrupt" if frame.label in _CORRUPT else ""
        else:
            kind = frame.label.value
        if kind and count is not None:
            count[kind] += 1


def _places(source: Source) -> dict[str, str]:
    """The stations' names for everybody, by deployment; empty where the season's own will do."""
    if not source.public:
        return {}
    return {key: site.station_id for key, site in sites(source, _WANTED).items()}


def _info(source: Source) -> dict[str, Any]:
    info: dict[str, Any] = {
        "version": VERSION,
        "description": "A season of camera traps, triaged with camtrap. Labels are a model's "
        "where label_source is machine, and people's where it is human.",
    }
    if finished := last_finished(source):
        info |= {"year": int(finished[:4]), "date_created": finished}
    return info


def image(source: Source, frame: Frame, sequences: Sequences, location: str) -> dict[str, Any]:
    """One picture, without what is not known of it."""
    entry = frame.entry
    burst, number, count = sequences.of(entry.file_id)
    told: dict[str, Any] = {"id": image_id(entry), "file_name": file_path(entry)}
    if entry.width and entry.height:
        flag = flag_of(entry.relative_path, entry.capture.orientation)
        told["width"], told["height"] = stored_size(entry.width, entry.height, flag)
    if frame.taken_at is not None and frame.dated:
        told["datetime"] = frame.taken_at.isoformat(" ", "seconds")
    told |= {
        "location": location,
        "seq_id": burst,
        "seq_num_frames": count,
        "frame_num": number,
    }
    if frame.label in _CORRUPT:
        told["corrupt"] = True
    if not source.public and (event := source.events.event_of(entry.file_id)):
        told["event_id"] = event
    return told


def annotations_of(frame: Frame, model: str) -> Iterator[dict[str, Any]]:
    """What a picture shows: one for each box, one without a box where there is none.

    Where a person has spoken, only boxes of that person's label count. Boxes of a doubtful picture
    are as doubtful, and so is one of a rarer concern than the picture's label: the model weighed it
    and did not believe it. A picture that could not be read has no annotation.
    """
    if frame.label not in _NUMBERS:
        return
    picture = image_id(frame.entry)
    for place, (label, score, sides) in enumerate(_seen(frame)):
        told: dict[str, Any] = {
            "id": f"{picture}-{place}",
            "image_id": picture,
            "category_id": _NUMBERS[label],
            "sequence_level_annotation": False,
        }
        if sides:
            told["bbox"] = sides
        review = frame.review
        told["label_source"] = "machine" if review is None else "human"
        if review is None and score is not None:
            told["score"] = round(score, 4)
        if review is None and model:
            told["model"] = model
        if review is not None and review.species:
            told["species"] = review.species
        yield told


def _seen(frame: Frame) -> list[tuple[str, float | None, list[float]]]:
    """Label, probability and box in pixels (none: the whole picture); the picture's own first."""
    entry, label = frame.entry, frame.label.value
    found: list[tuple[str, float | None, list[float]]] = []
    for box in entry.detections if label != State.EMPTY else ():
        if frame.review is not None and box.label != label:
            continue
        name = UNSURE if label == UNSURE or outranks(box.label, label) else box.label
        if (sides := pixels(frame, box.box)) and name in _NUMBERS:
            found.append((name, box.confidence, sides))
    if all(name != label for name, _, _ in found):
        found.insert(0, (label, entry.confidence, []))
    return found


def pixels(frame: Frame, box: Box) -> list[float]:
    """Left, top, width and height in pixels of the stored picture, to a hundredth.

    Empty when the picture's size is not known, or nothing of the box lies in it.
    """
    entry = frame.entry
    if not entry.width or not entry.height:
        return []
    flag = flag_of(entry.relative_path, entry.capture.orientation)
    width, height = stored_size(entry.width, entry.height, flag)
    x, y, across, down = stored_box(inside(box), flag)
    left, top = round(max(0.0, x * width), 2), round(max(0.0, y * height), 2)
    right, bottom = min(across, 1.0 - x) * width, min(down, 1.0 - y) * height
    sides = [left, top, round(min(right, width - left), 2), round(min(bottom, height - top), 2)]
    return sides if min(sides[2:]) > 0 else []


def _notes(source: Source, count: Counter[str]) -> tuple[str, ...]:
    notes = [tells.format(count[kind]) for kind, tells in _LEFT_OUT.items() if count[kind]]
    if count["corrupt"]:
        notes.insert(0, f"{count['corrupt']:,} files that could not be read are told as corrupt.")
    if count["people"]:
        notes.append(f"{count['people']:,} files with people or vehicles are left out.")
    if source.public:
        notes.append(PATHS_AS_ON_CARDS)
    return tuple(notes)
