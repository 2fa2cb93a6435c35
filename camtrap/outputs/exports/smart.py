"""Events for SMART: incidents as SMART Connect takes them, and a plain table to map by hand.

`incidents.json` is a GeoJSON collection; each of its features is the body of one
`POST {server}/api/data/{conservation area}` (shape: smartconnect-client 1.16.0). Its keys are those
of `smart_mapping.toml`, checked against the site's own data model. Experimental: no server of SMART
has been asked. `events.csv` needs neither; it holds the events without a time or a place, too.
"""

from __future__ import annotations

import base64
import math
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError, UnreadablePicture
from camtrap.events.frames import Frame
from camtrap.events.names import file_path
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_rows import told_event
from camtrap.outputs.exports.dp_sinks import table
from camtrap.outputs.exports.json_stream import json_object
from camtrap.outputs.exports.opening import models
from camtrap.outputs.exports.registry import chosen
from camtrap.outputs.exports.sites import Site, shows_people, sites
from camtrap.outputs.exports.smart_mapping import (
    MAPPING_NAME,
    SmartMapping,
    Value,
    check,
    read_mapping,
)
from camtrap.outputs.exports.smart_model import read_data_model
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.public import LABELS as PUBLIC_LABELS
from camtrap.outputs.season_events import SeasonEvent
from camtrap.outputs.tables import guarded
from camtrap.outputs.thumbnails import LARGE, Thumbnails
from camtrap.outputs.waypoints import xml_text
from camtrap.records import State

MODEL_NAME = "smart_datamodel.xml"
NOWHERE = SmartMapping({})

# Two exports of one season give one event the same number, so that it can be looked up in SMART.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "camtrap/smart")

HEADER = (
    *("id", "date", "time", "x", "y", "station_id", "category_key", "species_key", "count"),
    *("comment", "photo", "label", "confidence"),
)


@dataclass(frozen=True, slots=True)
class Incident:
    """One event as it is told: names as they go out, place in WGS84 degrees, None where unknown."""

    event: SeasonEvent
    name: str
    site: Site
    best: Frame
    latitude: float | None
    longitude: float | None
    human: bool
    model: str
    photo: str

    @property
    def confidence(self) -> float | None:
        """The event's; None where a person named it."""
        return None if self.human else round(self.event.confidence, 4)

    @property
    def comment(self) -> str:
        """`camera trap ST01, leopard 0.93, machine (camtrap 1.0)`."""
        if self.human:
            said = f"{self.event.label}, by a person"
        else:
            by = f"machine ({self.model})" if self.model else "machine"
            said = f"{self.event.label} {self.event.confidence:.2f}, {by}"
        return f"camera trap {self.site.station_id}, {said}"

    @property
    def told(self) -> dict[str, Value | None]:
        """What it tells, by the names that a mapping may ask for."""
        event = self.event
        return {
            "count": event.count_min,
            "images": event.image_count,
            "confidence": self.confidence,
            "station": self.site.station_id,
            "station_name": self.site.station_name,
            "event": self.name,
            "label": event.label.value,
            "method": "human" if self.human else "machine",
            "needs_review": event.needs_review,
        }


def write(source: Source, out: Path) -> Exported:
    """Write the table, and the incidents where the site's mapping is told; rows are the table's.

    Raises `ConfigError` for a mapping that cannot be read or whose keys the site does not have.
    """
    mapping, notes = _mapping(source)
    photos = chosen(source.options, "photos", ("no", "yes")) == "yes"
    count: Counter[str] = Counter()
    paths = [out / "events.csv"]
    rows = 0
    with ExitStack() as stack:
        add_row = stack.enter_context(table(paths[0], HEADER))
        add = None
        if mapping.kinds:
            paths.append(out / "incidents.json")
            document = stack.enter_context(json_object(paths[-1]))
            document.put("type", "FeatureCollection")
            add = stack.enter_context(document.array("features"))
        thumbnails = Thumbnails(source.season)
        for incident in _incidents(source, count):
            add_row(row_of(incident, mapping))
            rows += 1
            if add is None:
                continue
            if why := why_not(incident, mapping):
                count[why] += 1
                continue
            attached = _attachment(incident, thumbnails, count) if photos else None
            add(feature_of(incident, mapping, attached))
            count["incidents"] += 1
    told = [tells.format(count[kind]) for kind, tells in _NOTES.items() if count[kind]]
    return Exported(tuple(paths), rows, (*notes, *told), count["missing"])


def _mapping(source: Source) -> tuple[SmartMapping, list[str]]:
    """The site's mapping, checked as far as can be, and what a person should know of that."""
    path = Path(source.options.get("mapping", source.season / MAPPING_NAME))
    if "mapping" not in source.options and not path.is_file():
        return NOWHERE, [
            f"No incidents are written: {MAPPING_NAME} is not in the season. "
            "See configs/smart_mapping-example.toml."
        ]
    mapping = read_mapping(path)
    model = Path(source.options.get("data-model", source.season / MODEL_NAME))
    experimental = "Experimental: no server of SMART has been asked; try a single incident first."
    if "data-model" not in source.options and not model.is_file():
        return mapping, [
            "Keys were not checked: export your data model from SMART as XML, and name it with "
            "--option data-model=FILE.",
            experimental,
        ]
    if wrong := list(check(mapping, read_data_model(model))):
        listed = "\n".join(f"  {sentence}" for sentence in wrong)
        raise ConfigError(f"{path} does not fit the data model {model}:\n{listed}")
    return mapping, [f"All keys are in {model.name}.", experimental]


def _incidents(source: Source, count: Counter[str]) -> Iterator[Incident]:
    known = sites(source, frozenset(State))
    told_models, reviews = models(source), source.placing.reviews or {}
    for event in source.events:
        best = source.placing.frame(source.ledger.entry(event.best))
        if source.public and (event.label not in PUBLIC_LABELS or shows_people(best)):
            count["people"] += 1
            continue
        site = known[event.deployment]
        place = site if source.public else best
        on_earth = _on_earth(place.latitude, place.longitude)
        yield Incident(
            event=event,
            name=told_event(event.name, event.deployment, site) if source.public else event.name,
            site=site,
            best=best,
            latitude=round(place.latitude or 0.0, 6) if on_earth else None,
            longitude=round(place.longitude or 0.0, 6) if on_earth else None,
            human=event.reviewed is not None and event.reviewed in reviews,
            model=told_models.get(best.entry.run_id or 0, ""),
            photo="" if source.public else file_path(best.entry),
        )


def row_of(incident: Incident, mapping: SmartMapping) -> dict[str, Any]:
    """One event as a row, in the camera's own time; no cell is a formula to a spreadsheet."""
    began, kind = incident.event.began, mapping.kinds.get(incident.event.label)
    values = kind.values(incident.told) if kind else {}
    row: dict[str, Any] = {
        "id": incident.name,
        "date": began.date().isoformat() if began else None,
        "time": began.time().isoformat("seconds") if began else None,
        "x": incident.longitude,
        "y": incident.latitude,
        "station_id": incident.site.station_id,
        "category_key": kind.category if kind else None,
        "species_key": values.get(mapping.species_attribute),
        "count": incident.event.count_min,
        "comment": incident.comment,
        "photo": incident.photo,
        "label": incident.event.label.value,
        "confidence": incident.confidence,
    }
    return {key: guarded(value) if isinstance(value, str) else value for key, value in row.items()}


def why_not(incident: Incident, mapping: SmartMapping) -> str:
    """Why an event makes no incident; empty when it does."""
    if incident.event.label not in mapping.kinds:
        return "unmapped"
    if incident.event.began is None:
        return "undated"
    return "placeless" if incident.latitude is None else ""


def feature_of(
    incident: Incident, mapping: SmartMapping, attached: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One event as SMART Connect takes it; `why_not` is empty for it.

    Its time is the camera's and has no offset, as SMART has none. The number of an incident is made
    of deployment, begin and label, for events are numbered anew when one is added or corrected.
    """
    event = incident.event
    kind = mapping.kinds[event.label]
    assert event.began is not None
    began = event.began.isoformat(timespec="seconds")
    number = uuid.uuid5(_NAMESPACE, f"{incident.site.deployment_id}/{began}/{event.label}")
    observation = {
        "observationUuid": str(uuid.uuid5(number, "observation")),
        "category": kind.category,
        "attributes": kind.values(incident.told),
    }
    attributes: dict[str, Any] = {
        "incidentId": f"CT-{incident.name}",
        "incidentUuid": str(number),
        "comment": xml_text(incident.comment),
        "observationGroups": [{"observations": [observation]}],
    }
    if attached:
        attributes["attachments"] = [dict(attached)]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [incident.longitude, incident.latitude]},
        "properties": {
            "dateTime": began,
            "smartDataType": "incident",
            "smartFeatureType": "waypoint/new",
            "smartAttributes": attributes,
        },
    }


def _attachment(
    incident: Incident, thumbnails: Thumbnails, count: Counter[str]
) -> dict[str, str] | None:
    try:
        data = thumbnails.plain(incident.best.entry, LARGE)
    except PictureAway:
        count["missing"] += 1
        return None
    except UnreadablePicture:
        count["unreadable"] += 1
        return None
    return {"filename": f"{incident.name}.jpg", "data": base64.b64encode(data).decode("ascii")}


def _on_earth(latitude: float | None, longitude: float | None) -> bool:
    if latitude is None or longitude is None:
        return False
    known = math.isfinite(latitude) and math.isfinite(longitude)
    return known and abs(latitude) <= 90 and abs(longitude) <= 180


_NOTES = {
    "incidents": "{:,} incidents are written.",
    "people": "{:,} events are left out: people, vehicles, and what may be.",
    "unmapped": "{:,} events are no incidents, because the mapping does not have their label.",
    "undated": "{:,} events are no incidents, because no camera told their time.",
    "placeless": "{:,} events are no incidents, because nothing tells their place; enter it in "
    "stations.csv.",
    "missing": "{:,} pictures are not where they were, and are not attached.",
    "unreadable": "{:,} pictures cannot be read any more, and are not attached.",
}
