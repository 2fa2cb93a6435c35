"""Deployments, files and events as rows of Camtrap DP; pure functions of frames and sites.

Times are camera-local with the deployment's one offset from UTC: cameras keep no summer time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.ledger.individuals import NO_BOX, Crop, Said
from camtrap.ledger.reviews import Review
from camtrap.outputs.events_csv import NOBODY
from camtrap.outputs.exports.dp_fields import CAPTURE_METHODS, FEATURES, HEADERS
from camtrap.outputs.exports.dp_paths import file_path, mediatype, suffix_of
from camtrap.outputs.exports.sites import Site, baited
from camtrap.outputs.exports.taxa import ANIMALS, Taxa, species_of
from camtrap.outputs.season_events import SeasonEvent
from camtrap.records import Box, Detection, State, outranks

SMALLEST_SIDE = 1e-6
"""Of a box, relative; Camtrap DP takes no box without width or height."""

_TYPES = {
    State.PERSON: "human",
    State.VEHICLE: "vehicle",
    State.EMPTY: "blank",
    State.UNSURE: "unknown",
    **dict.fromkeys(ANIMALS, "animal"),
}

_TRIGGERS = {"motion": CAPTURE_METHODS[0], "external sensor": CAPTURE_METHODS[0]}
_TRIGGERS["time lapse"] = CAPTURE_METHODS[1]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """What the rows of a season share: names of species, and who the machine was in each run.

    `machines` holds program with model, and when it ran (UTC), by the run's number. `public` names
    no file and no place. `animals` are what people said of single leopards, by file and box, and
    `animals_of` the names of those in an event.
    """

    taxa: Taxa
    machines: Mapping[int, tuple[str, str]]
    public: bool = False
    animals: Mapping[Crop, Said] = field(default_factory=dict)
    animals_of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def machine(self, run_id: int | None) -> Row:
        """Who classified, for what the machine said."""
        name, when = self.machines.get(run_id or 0, ("", ""))
        return {
            "classificationMethod": "machine",
            "classifiedBy": name,
            "classificationTimestamp": when,
        }

    def human(self, review: Review) -> Row:
        """Who classified, for what a person said; nobody by name where `public`."""
        return {
            "classificationMethod": "human",
            "classifiedBy": NOBODY if self.public else review.reviewer or NOBODY,
            "classificationTimestamp": review.reviewed_at,
        }

    def animal(self, frame: Frame, label: State, number: int) -> Row:
        """Which leopard it is, where a person told; who names one has looked at it."""
        said = self.animals.get((frame.entry.file_id, number))
        if label != State.LEOPARD or said is None or not said.individual_id:
            return {}
        told: Row = {"individualID": said.individual_id}
        if frame.review is None:
            told |= {
                "classificationMethod": "human",
                "classifiedBy": NOBODY if self.public else said.named_by or NOBODY,
                "classificationTimestamp": said.said_at,
                "classificationProbability": None,
            }
        return told


def stamp(moment: datetime | None, site: Site) -> str:
    """`2026-03-05T02:14:09+05:45`: to the second, with the site's offset."""
    return names.timestamp(moment, site.utc_offset)


# -- deployments


def deployment_row(site: Site) -> Row:
    """One deployment."""
    corrections = [f"clock_offset_s:{offset.seconds}" for offset in site.corrections]
    feature = site.feature_type
    tags = [*corrections]
    if feature and feature not in FEATURES:
        tags.append(f"feature:{_tag(feature)}")
    if site.bait and baited(site.bait) and site.bait.casefold() not in ("yes", "true", "да", "是"):
        tags.append(f"bait:{_tag(site.bait)}")
    return _filled(
        "deployments",
        deploymentID=site.deployment_id,
        locationID=site.station_id,
        locationName=site.station_name,
        latitude=_degrees(site.latitude),
        longitude=_degrees(site.longitude),
        coordinateUncertainty=site.uncertainty_m,
        deploymentStart=stamp(site.start, site),
        deploymentEnd=stamp(site.end, site),
        cameraID=site.camera_id,
        cameraModel=site.camera_model,
        cameraHeight=site.height_m,
        timestampIssues=True if site.issues else None,
        baitUse=baited(site.bait),
        featureType=feature if feature in FEATURES else None,
        deploymentTags=" | ".join(tags),
        deploymentComments="; ".join(part for part in (site.notes, *site.issues) if part),
    )


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


# -- media


def media_id(frame: Frame, *, public: bool = False) -> str:
    """16 hexadecimal digits that stay the same; of the picture itself where `public`.

    Those of a path could be found by trying names of places.
    """
    if not public:
        return names.image_id(frame.entry)
    secret = f"{names.file_path(frame.entry)}\n{frame.entry.content_key}"
    return hashlib.sha1(secret.encode()).hexdigest()[:16]


def media_row(frame: Frame, site: Site, *, public: bool = False) -> Row:
    """One file that has a time."""
    entry = frame.entry
    suffix = suffix_of(entry.relative_path)
    media = media_id(frame, public=public)
    name = entry.relative_path.rpartition("/")[2]
    if public:
        name = f"{media}.{suffix}" if suffix else media
    return _filled(
        "media",
        mediaID=media,
        deploymentID=site.deployment_id,
        captureMethod=capture_method(frame),
        timestamp=stamp(frame.taken_at, site),
        filePath=f"media/{name}" if public else file_path(names.file_path(entry)),
        filePublic=False,
        fileName=name,
        fileMediatype=mediatype(suffix),
        mediaComments="; ".join(_remarks(frame, public)),
    )


def _remarks(frame: Frame, public: bool) -> Iterator[str]:
    entry = frame.entry
    if not entry.state.is_label:
        # A reason may quote a path.
        yield entry.state.value if public or not entry.reason else f"{entry.state}: {entry.reason}"
    if entry.capture.timestamp_source == "modified":
        yield "time is the file's own date, not the camera's"
    elif entry.capture.timestamp_source == "filename":
        yield "time is from the file's name"


def capture_method(frame: Frame) -> str | None:
    """What made the camera take it; None where the camera does not say."""
    return _TRIGGERS.get(frame.entry.capture.trigger)


# -- observations


def media_observations(
    frame: Frame, site: Site, event_id: str, telling: Telling, *, still: bool = False
) -> Iterator[Row]:
    """What is in one file: a row a box of the label, or one for the whole picture.

    What a person said of the picture stands for its boxes of that label too, and boxes of other
    labels then do not count. A file that nobody looked at is `unclassified`, never blank. `still`
    tells that the model saw what never moves, for which there is no event.
    """
    label = frame.label
    media = media_id(frame, public=telling.public)
    common: Row = {
        "deploymentID": site.deployment_id,
        "mediaID": media,
        "eventID": event_id,
        "eventStart": stamp(frame.taken_at, site),
        "eventEnd": stamp(frame.taken_at, site),
        "observationLevel": "media",
    }
    if not label.is_label:
        yield _filled(
            "observations",
            **common,
            observationID=f"{media}_1",
            observationType="unclassified",
            observationTags=f"state:{label}",
        )
        return
    for number, said in enumerate(_said(frame, telling, still), 1):
        yield _filled("observations", **common, observationID=f"{media}_{number}", **said)


def _said(frame: Frame, telling: Telling, still: bool) -> Iterator[Row]:
    entry, label, review = frame.entry, frame.label, frame.review
    boxes = [(n, d) for n, d in enumerate(entry.detections) if d.label == label]
    if review is not None:
        told = _labelled(label, telling, review) | telling.human(review)
        told |= _tags(frame, label, species_of(review))
        for number, box in boxes:
            yield told | _boxed(box) | telling.animal(frame, label, number)
        if not boxes:
            yield told | telling.animal(frame, label, NO_BOX)
        return
    machine = telling.machine(entry.run_id)
    if label == State.UNSURE:
        # Nobody can say what it is: one row, with the box that most deserves a look.
        tags = _tags(frame, label, "", doubt=True)
        yield (
            _labelled(label, telling) | _boxed(next(iter(entry.detections), None)) | machine | tags
        )
        return
    if not boxes:
        chance = {"classificationProbability": _probability(entry.confidence)}
        told = _labelled(label, telling) | machine | chance | _tags(frame, label, "", still=still)
        yield told | telling.animal(frame, label, NO_BOX)
    for number, found in enumerate(entry.detections if label != State.EMPTY else ()):
        own = State(found.label)
        chance = {"classificationProbability": _probability(found.confidence)}
        tags = _tags(frame, own, "", still=still)
        # What the model weighed and did not believe must not become the picture's word elsewhere;
        # the tag alone tells what it was.
        believed = State.UNSURE if outranks(own, label) else own
        told = _labelled(believed, telling) | _boxed(found) | machine | chance | tags
        yield told | telling.animal(frame, believed, number)


def event_row(
    event: SeasonEvent,
    site: Site,
    run_id: int | None,
    review: Review | None,
    telling: Telling,
) -> Row:
    """One event; `run_id` is that of its best picture, `review` the person's word on it."""
    event_id = told_event(event.name, event.deployment, site)
    said = _labelled(event.label, telling, review)
    if event.label not in (State.UNSURE, State.EMPTY):
        said["count"] = event.count_min or 1
    if review is not None:
        said |= telling.human(review)
    else:
        said |= telling.machine(run_id)
        if event.label != State.UNSURE:
            said["classificationProbability"] = _probability(event.confidence)
    animals = telling.animals_of.get(event.name, frozenset())
    if event.label == State.LEOPARD and len(animals) == 1:
        said["individualID"] = next(iter(animals))
    tags = [f"label:{event.label}"]
    if species := species_of(review):
        tags.append(f"species:{_tag(species)}")
    tags.append(f"images:{event.image_count}")
    return _filled(
        "observations",
        observationID=f"{event_id}_{event.label}",
        deploymentID=site.deployment_id,
        eventID=event_id,
        eventStart=stamp(event.start, site),
        eventEnd=stamp(event.end, site),
        observationLevel="event",
        observationTags=" | ".join(tags),
        **said,
    )


def told_event(name: str, deployment_id: str, site: Site) -> str:
    """An event's name with its deployment's as it goes out: `deployment-3_e0007`."""
    return site.deployment_id + name.removeprefix(deployment_id) if name else ""


def _labelled(label: State, telling: Telling, review: Review | None = None) -> Row:
    return {
        "observationType": _TYPES[label],
        "scientificName": telling.taxa.scientific_name(label, review),
    }


def _boxed(found: Detection | None) -> Row:
    if found is None:
        return {}
    x, y, width, height = clamped(found.box)
    told: Row = {"bboxX": x, "bboxY": y, "bboxWidth": width, "bboxHeight": height}
    return told if found.label == State.EMPTY else {**told, "count": 1}


def clamped(box: Box) -> Box:
    """The part of a box that lies in the picture, with six decimals and never without extent."""
    left = min(max(box.x, 0.0), 1.0 - SMALLEST_SIDE)
    top = min(max(box.y, 0.0), 1.0 - SMALLEST_SIDE)
    right, bottom = min(box.x + box.width, 1.0), min(box.y + box.height, 1.0)
    x, y = round(left, 6), round(top, 6)
    width = max(round(right - x, 6), SMALLEST_SIDE)
    height = max(round(bottom - y, 6), SMALLEST_SIDE)
    return Box(x, y, width, height)


def _tags(
    frame: Frame, label: State, species: str, *, doubt: bool = False, still: bool = False
) -> Row:
    tags = [f"label:{label}"]
    if species:
        tags.append(f"species:{_tag(species)}")
    if doubt and (chance := frame.entry.probabilities.get(State.LEOPARD)) is not None:
        tags.append(f"p_leopard:{chance:.4f}")
    if still:
        tags.append("never_moves:true")
    capture = frame.entry.capture
    if capture.temperature_c is not None:
        tags.append(f"temperature_c:{capture.temperature_c}")
    return {"observationTags": " | ".join(tags)}


def _tag(text: str) -> str:
    """Text within a tag: a bar or a colon would end it."""
    return " ".join(text.replace("|", "/").replace(":", " ").split())


def _probability(value: float | None) -> float | None:
    return None if value is None else round(min(max(value, 0.0), 1.0), 4)


def _filled(table: str, **said: Any) -> Row:
    return {**dict.fromkeys(HEADERS[table]), **said}
