"""Crops of leopards for HotSpotter and for Whiskerbook or another Wildbook, with people's names.

The export's folder is a HotSpotter database: crops in `images`, and three tables in `_hsdb`
(`exports.hotspotter`). Beside them lie `wildbook.csv` for Wildbook's bulk import and `crops.csv`,
which tells everything of every crop, those that are missing too. Where cameras stand is in none of
it unless it is asked for.

Wildbook's fields are those of its manual (https://wildbook.docs.wildme.org, "Bulk Import": a row an
encounter, 200 at most, no columns without data, file names of Latin letters, digits, periods and
spaces; seen November 2026). Nothing here was uploaded to a Wildbook.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError, SeasonError, UnreadablePicture
from camtrap.events.frames import Frame
from camtrap.events.names import file_path
from camtrap.ledger.individuals import NO_BOX, UNKNOWN, Crop, Said, individuals
from camtrap.ledger.store import ALL_STATES
from camtrap.outputs.animal_crops import Cut, cut, leopard_boxes, worth
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_sinks import Add, table
from camtrap.outputs.exports.hotspotter import HotSpotter
from camtrap.outputs.exports.moving import copy_out
from camtrap.outputs.exports.opening import models
from camtrap.outputs.exports.pictures_at import path_on_card
from camtrap.outputs.exports.plain_names import plain_names, plain_text
from camtrap.outputs.exports.registry import chosen
from camtrap.outputs.exports.sites import Site, shows_people, sites
from camtrap.outputs.exports.wildbook import Encounter, Wildbook
from camtrap.outputs.pictures import PictureAway, read_picture
from camtrap.outputs.season_events import SeasonEvent
from camtrap.records import Box, State

IMAGES = "images"
"""The name that HotSpotter wants for the folder of a database's pictures."""

CROPS_DEFAULT = 12
"""Crops of one animal in one event: a long visit of one leopard must not fill a database."""

HEADER = (
    *("crop", "problem", "individual_id", "named_by", "flank", "flank_by", "event", "station"),
    *("deployment", "taken_at", "picture", "box", "label_source", "model"),
    *("x", "y", "width", "height", "crop_width", "crop_height"),
)
"""The columns of `crops.csv`; x to height are the animal's box in pixels of the crop."""

_PART = 40  # letters of a part of a file's name


@dataclass(frozen=True, slots=True)
class Animal:
    """A leopard in one picture; `box` is None where no box shows it."""

    frame: Frame
    number: int
    box: Box | None
    worth: float
    said: Said


@dataclass(slots=True)
class _Writing:
    """One export under way."""

    source: Source
    out: Path
    known: Mapping[str, Site]
    plain: Mapping[str, str]
    models: Mapping[int, str]
    most: int
    add: Add
    wildbook: Wildbook
    hotspotter: HotSpotter
    count: Counter[str] = field(default_factory=Counter)
    away: Counter[str] = field(default_factory=Counter)


def write(source: Source, out: Path) -> Exported:
    """Write crops and tables; the rows are the crops that lie there.

    Raises `ConfigError` for an option that cannot be meant, `SeasonError` when there are crops to
    cut and no picture is where it was.
    """
    with_place = chosen(source.options, "coordinates", ("no", "yes")) == "yes"
    location, most = source.options.get("location", ""), _most(source.options)
    said = individuals(source.season)
    plain = plain_names({one.individual_id for one in said.values()} - {""})
    known = sites(source, ALL_STATES - {State.DUPLICATE})
    with ExitStack() as stack:
        writing = _Writing(
            source,
            out,
            known,
            plain,
            models(source),
            most,
            stack.enter_context(table(out / "crops.csv", HEADER)),
            stack.enter_context(Wildbook(out, location=location, with_place=with_place)),
            stack.enter_context(HotSpotter(out / "_hsdb")),
        )
        for event, files in source.events.with_files(State.LEOPARD):
            writing.count["events"] += 1
            _write_event(writing, event, files, said)
    lost, placed = sum(writing.away.values()), writing.count["placed"]
    if lost and not placed:
        raise SeasonError(
            f"None of the {lost:,} pictures is where it was. {_where(writing.away)} Put the cards "
            "in where they were, and type the same command again."
        )
    return Exported((out,), placed, tuple(_notes(writing)), lost)


def _most(options: Mapping[str, str]) -> int:
    said = options.get("crops", str(CROPS_DEFAULT))
    if not (said.isascii() and said.isdigit() and 0 < int(said) <= 1000):
        raise ConfigError("The option crops is a whole number from 1 to 1000.")
    return int(said)


# -- which


def animals(
    source: Source, event: SeasonEvent, files: list[int], said: Mapping[Crop, Said]
) -> list[Animal]:
    """The leopards in an event's pictures, as boxes.

    Where there is none, the whole pictures that people gave an individual, or the one that stands
    for the event when people called it a leopard: not each of its frames need show the animal.
    """
    found: list[Animal] = []
    whole: list[Animal] = []
    for file_id in files:
        frame = source.placing.frame(source.ledger.entry(file_id))
        entry, by_person = frame.entry, frame.review is not None
        if by_person and frame.label != State.LEOPARD:
            continue
        labels = {number: box.label for number, box in enumerate(entry.detections)}
        for number in leopard_boxes(labels, by_person=by_person):
            detection, key = entry.detections[number], (file_id, number)
            value = worth(detection.box, detection.confidence, entry.width, entry.height)
            found.append(Animal(frame, number, detection.box, value, said.get(key, Said(*key))))
        key = (file_id, NO_BOX)
        if key in said or (by_person and file_id == event.best):
            whole.append(Animal(frame, NO_BOX, None, 0.0, said.get(key, Said(*key))))
    return found or whole


def _write_event(
    writing: _Writing, event: SeasonEvent, files: list[int], said: Mapping[Crop, Said]
) -> None:
    by_name: dict[str, list[Animal]] = {}
    for animal in animals(writing.source, event, files, said):
        if writing.source.public and shows_people(animal.frame):
            writing.count["people"] += 1
        else:
            by_name.setdefault(animal.said.individual_id, []).append(animal)
    if not by_name:
        writing.count["no crops"] += 1
    occurrence = _occurrence_id(writing.source, event)
    for name, some in sorted(by_name.items()):
        some.sort(key=lambda one: (one.said.flank == UNKNOWN, -one.worth, one.frame.entry.file_id))
        writing.count["more"] += len(some[writing.most :])
        crops = [_write_crop(writing, event, one) for one in some[: writing.most]]
        if placed := [name for name in crops if name]:
            _write_encounter(writing, event, occurrence, name, some, placed)


def _occurrence_id(source: Source, event: SeasonEvent) -> str:
    """An id that no other season has: a Wildbook joins encounters of one id into one sighting."""
    entry = source.ledger.entry(event.best)
    known = f"{entry.content_key or file_path(entry)} {event.start}"
    return f"camtrap-{hashlib.sha1(known.encode()).hexdigest()[:16]}"


# -- getting them there


def _write_crop(writing: _Writing, event: SeasonEvent, animal: Animal) -> str:
    """Put one crop into its place and the tables; returns its name, '' for one that is lost."""
    entry = animal.frame.entry
    name, problem, found = _name_of(writing, animal), "", None
    try:
        path = path_on_card(writing.source.ledger, entry)
        found = cut(read_picture(replace(entry, relative_path=path)), animal.box)
    except PictureAway:
        problem = "card away"
        writing.away[entry.card] += 1
    except UnreadablePicture:
        problem = "unreadable"
        writing.count["unreadable"] += 1
    if found is not None:
        copy_out(found.data, writing.out / IMAGES / name)
        writing.count["placed"] += 1
        plain = writing.plain.get(animal.said.individual_id, "")
        writing.hotspotter.add(name, plain, found.box, animal.said.flank)
    writing.add(_row_of(writing, event, animal, name if found else "", problem, found))
    return name if found is not None else ""


def _name_of(writing: _Writing, animal: Animal) -> str:
    """`Narva ST01 20260203 215000 left RCNX0001 f12b0.jpg`; the last word makes it unique."""
    entry, said = animal.frame.entry, animal.said
    moment = animal.frame.taken_at if animal.frame.dated else None
    stem = entry.relative_path.rpartition("/")[2].rpartition(".")[0]
    parts = [
        writing.plain.get(said.individual_id, "unnamed"),
        writing.known[animal.frame.deployment_id].station_id,
        moment.strftime("%Y%m%d %H%M%S") if moment is not None else "undated",
        said.flank if said.flank != UNKNOWN else "flank unknown",
        "" if writing.source.public else stem,
        f"f{entry.file_id}b{animal.number}" if animal.box else f"f{entry.file_id}",
    ]
    texts = (plain_text(part)[:_PART].strip(" .") for part in parts)
    return f"{' '.join(filter(None, texts))}.jpg"


def _row_of(
    writing: _Writing,
    event: SeasonEvent,
    animal: Animal,
    name: str,
    problem: str,
    found: Cut | None,
) -> dict[str, Any]:
    frame, said, public = animal.frame, animal.said, writing.source.public
    site = writing.known[frame.deployment_id]
    x, y, width, height = found.box if found is not None else (None,) * 4
    across, down = found.size if found is not None else (None, None)
    event_name = event.name
    if public:  # events are called after stations
        event_name = f"event-{hashlib.sha1(event.name.encode()).hexdigest()[:10]}"
    return {
        "crop": f"{IMAGES}/{name}" if name else "",
        "problem": problem,
        "individual_id": said.individual_id,
        "named_by": "" if public else said.named_by,
        "flank": said.flank,
        "flank_by": "" if public else said.flank_by,
        "event": event_name,
        "station": site.station_id,
        "deployment": site.deployment_id,
        "taken_at": frame.taken_at.isoformat() if frame.taken_at and frame.dated else None,
        "picture": "" if public else file_path(frame.entry),
        "box": animal.number if animal.box is not None else None,
        "label_source": "human" if frame.review is not None else "machine",
        "model": writing.models.get(frame.entry.run_id or 0, ""),
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "crop_width": across,
        "crop_height": down,
    }


def _write_encounter(
    writing: _Writing,
    event: SeasonEvent,
    occurrence: str,
    name: str,
    some: list[Animal],
    crops: list[str],
) -> None:
    if event.began is None:
        writing.count["undated"] += 1
        return
    site = writing.known[some[0].frame.deployment_id]
    flanks = Counter(one.said.flank for one in some[: writing.most])
    told = ", ".join(f"{flank} {count}" for flank, count in sorted(flanks.items()))
    by_person = bool(name) or any(one.frame.review is not None for one in some)
    writing.wildbook.add(
        Encounter(
            crops=tuple(crops),
            individual=name,
            occurrence=occurrence,
            began=event.began,
            station=site.station_id,
            latitude=site.latitude,
            longitude=site.longitude,
            is_curated=by_person,
            comment=f"camtrap; flanks: {told}; called a leopard by "
            + ("a person" if by_person else "a model"),
        )
    )


# -- what to know


def _where(away: Mapping[str, int]) -> str:
    cards = ", ".join(f"{card} ({count:,})" for card, count in sorted(away.items())[:10])
    return f"They are on {cards}."


def _notes(writing: _Writing) -> Iterator[str]:
    count = writing.count
    if not count["events"]:
        yield "There is no event of a leopard."
    if writing.away:
        yield (
            f"{sum(writing.away.values()):,} crops are missing, because their cards are not where "
            f"they were: {_where(writing.away)} crops.csv names each."
        )
    yield from (tells.format(count[kind]) for kind, tells in _NOTES.items() if count[kind])
    if writing.wildbook.files > 1:
        yield (
            f"A Wildbook takes 200 encounters at once: import the {writing.wildbook.files} tables "
            "wildbook*.csv one after the other."
        )


_NOTES = {
    "more": "{:,} more crops were left where they are; --option crops=... brings more of an event.",
    "people": "{:,} crops of pictures with people or vehicles are left out.",
    "unreadable": "{:,} pictures could not be decoded; crops.csv names them.",
    "no crops": "{:,} events have no box of a leopard.",
    "undated": "{:,} encounters have no time and are not in wildbook.csv, which needs one.",
}
