"""Labelled pictures from a Camtrap DP package: what people observed, by picture or event.

The format: https://camtrap-dp.tdwg.org, version 1.0.2.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from camtrap.errors import DataError
from camtrap.imports.camtrap_dp import BOX, DESCRIPTOR, TYPES, moment_of, table_path, tagged_label
from camtrap.imports.documents import read_json
from camtrap.imports.said import Said, rarest_concern, relative_box
from camtrap.imports.tables import table_rows
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import MISSING, NOT_A_PICTURE, UNSEEN, Gathering, Pictures
from camtrap.taxonomy import Taxonomy

NOT_HUMAN = "only a machine has said what is in it"

_NEEDED = {
    "deployments": ("deploymentID",),
    "media": ("mediaID", "deploymentID", "filePath"),
    "observations": ("deploymentID", "observationLevel", "observationType"),
}
_WANTED = {
    "deployments": (*_NEEDED["deployments"], "locationID", "locationName"),
    "media": (*_NEEDED["media"], "timestamp", "fileName", "fileMediatype"),
    "observations": (
        *_NEEDED["observations"],
        *("mediaID", "eventID", "eventStart", "eventEnd", "scientificName", *BOX),
        *("classificationMethod", "observationTags"),
    ),
}

Row = Mapping[str, str]


def read_camtrap_dp(path: Path, taxonomy: Taxonomy, pictures: Path | None = None) -> list[Sample]:
    """Every picture of a package (its folder or `datapackage.json`) that a person has named.

    People's observations of the picture itself count; where there are none, those of the event
    within whose time the picture of the same deployment lies. Machine observations never count,
    and one that does not say its method is taken for a person's. `unknown` and `unclassified` are
    no labels. A tag `label:prey` in `observationTags`, as camtrap writes it, names the label of an
    animal without a scientific name. The group is the deployment's location, or else the
    deployment.

    A picture is looked for by `filePath`, then by `fileName` anywhere below `pictures` (the
    package's folder when not given). Raises `DataError` when a table is missing or lacks a column,
    or when no picture is left.
    """
    descriptor = path / DESCRIPTOR if path.is_dir() else path
    package = read_json(descriptor)
    if not isinstance(package, dict):
        raise DataError(f"{descriptor} does not describe a data package.")
    tables = {name: _rows(descriptor, package, name) for name in _NEEDED}
    places = {
        row["deploymentID"]: row["locationID"] or row["locationName"] or row["deploymentID"]
        for row in tables["deployments"]
    }
    observed = _Observed(tables["observations"])
    gathering = Gathering(descriptor, str(package.get("name") or descriptor.resolve().parent.name))
    folder = Pictures(pictures or descriptor.parent)
    licence = _licence(package)
    for media in tables["media"]:
        if not (media["fileMediatype"] or "image/").startswith("image/"):
            gathering.leave_out(NOT_A_PICTURE)
            continue
        taken_at = moment_of(media["timestamp"])
        people = observed.by_people(media, taken_at)
        if not people:
            by_machine = media["mediaID"] in observed.by_machine
            gathering.leave_out(NOT_HUMAN if by_machine else UNSEEN)
            continue
        said = [_said(row, taxonomy) for row in people]
        truth = rarest_concern(said)
        if truth is None:
            gathering.leave_out_untold(said)
            continue
        name = media["fileName"]
        picture = folder.find(media["filePath"], name) or folder.find_by_name(name)
        if picture is None:
            gathering.leave_out(MISSING)
            continue
        deployment = media["deploymentID"]
        event = next((row["eventID"] for row in people if row["eventID"]), "")
        gathering.add(
            picture,
            folder.name_of(picture),
            truth,
            camera=deployment,
            group=f"{gathering.source} {places.get(deployment, deployment)}",
            event=f"{gathering.source} {event}" if event else "",
            taken_at=taken_at.replace(tzinfo=None) if taken_at else None,
            licence=licence,
        )
    return gathering.samples()


@dataclass(frozen=True, slots=True)
class _EventRow:
    start: datetime
    end: datetime
    row: Row


class _Observed:
    """People's observations by picture, and by deployment and time; machines' pictures by id."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_machine: set[str] = set()
        self._of_media: dict[str, list[Row]] = defaultdict(list)
        self._of_deployment: dict[str, list[_EventRow]] = defaultdict(list)
        for row in rows:
            if row["classificationMethod"] == "machine":
                self.by_machine.add(row["mediaID"])
            elif media := row["mediaID"]:
                self._of_media[media].append(row)
            elif event := _event_row(row):
                self._of_deployment[row["deploymentID"]].append(event)
        self._longest = {
            deployment: max(event.end - event.start for event in events)
            for deployment, events in self._of_deployment.items()
        }
        for events in self._of_deployment.values():
            events.sort(key=attrgetter("start"))

    def by_people(self, media: Row, taken_at: datetime | None) -> list[Row]:
        """What people observed in a picture, or else in the events around it."""
        own = self._of_media.get(media["mediaID"])
        if own or taken_at is None:
            return own or []
        deployment = media["deploymentID"]
        events = self._of_deployment.get(deployment, [])
        if not events:
            return []
        start = attrgetter("start")
        try:
            earliest = taken_at - self._longest[deployment]
        except OverflowError:  # an event that lasts since before the year 1
            earliest = events[0].start
        first = bisect_left(events, earliest, key=start)
        last = bisect_right(events, taken_at, key=start)
        return [event.row for event in events[first:last] if event.end >= taken_at]


def _event_row(row: Row) -> _EventRow | None:
    start, end = moment_of(row["eventStart"]), moment_of(row["eventEnd"])
    if start is None or end is None or end < start:
        return None
    return _EventRow(start, end, row)


def _said(row: Row, taxonomy: Taxonomy) -> Said:
    kind = row["observationType"]
    label: str | None = TYPES.get(kind)
    species = row["scientificName"]
    if kind == "animal":
        label = taxonomy.label_of(species) or (tagged_label(row["observationTags"]) or None)
    box = relative_box([float(row[name]) for name in BOX]) if _has_box(row) else None
    return Said(label, species, box)


def _has_box(row: Row) -> bool:
    try:
        return all(float(row[name]) >= 0 for name in BOX)
    except ValueError:
        return False


def _licence(package: dict[str, Any]) -> str:
    """The licence of the pictures; that of the tables is another."""
    licences = package.get("licenses")
    for licence in licences if isinstance(licences, list) else ():
        if isinstance(licence, dict) and licence.get("scope") == "media":
            return str(licence.get("name") or licence.get("path") or "")
    return ""


def _rows(descriptor: Path, package: dict[str, Any], name: str) -> Iterator[Row]:
    """A table's rows, with what stands for "no value" as an empty text."""
    path = table_path(descriptor, package, name, packed=False)
    return table_rows(path, _WANTED[name], _NEEDED[name], paths=("filePath", "fileName"))
