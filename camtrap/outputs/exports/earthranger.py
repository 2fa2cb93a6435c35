"""Events for EarthRanger: what its events API takes, one a season's event, for patrols alone.

Fields after EarthRanger's API documentation ("Events"): `time` with an offset, `location` in words,
`priority` 0 grey, 100 green, 200 amber, 300 red; keys of `event_details` are those of the event
type on the site, which silently drops others. `earthranger_event_type.yaml` makes that type.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.events.sun import utc_of
from camtrap.ledger.rows import Entry
from camtrap.outputs import events_csv
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.json_stream import plain
from camtrap.outputs.exports.sites import default_offset
from camtrap.outputs.season_events import SEEN, SeasonEvent
from camtrap.outputs.tables import replacing
from camtrap.outputs.waypoints import PATROL
from camtrap.records import State
from camtrap.taxonomy import config_folder

EVENT_TYPE = "camera_trap_detection"
SPEC = "earthranger_event_type.yaml"
KEY = "camtrap_key"
"""The detail by which an event is known again on the site."""

PRIORITIES: Mapping[State, int] = {
    State.LEOPARD: 300,
    State.PERSON: 200,
    State.VEHICLE: 200,
    State.UNSURE: 100,
    State.OTHER: 0,
    State.PREY: 0,
}
_ALLOWED = (0, 100, 200, 300)
_SLUG = re.compile(r"[a-z0-9_]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events go out, and as what.

    `since` is camera-local when it has no zone. `priorities` are EarthRanger's, by label;
    `utc_offset` is for cameras of which nothing tells it.
    """

    labels: tuple[State, ...] = PATROL
    since: datetime | None = None
    event_type: str = EVENT_TYPE
    priorities: Mapping[State, int] = field(default_factory=lambda: PRIORITIES)
    utc_offset: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """An event as EarthRanger takes it.

    `key` is made of its first picture and its label. `files` are the numbers of its files in the
    ledger, `best` is the one to show. `body` holds everything but the key.
    """

    key: str
    label: State
    time: datetime
    body: dict[str, Any]
    files: tuple[int, ...]
    best: Entry

    def keyed(self, key: str) -> dict[str, Any]:
        """What is sent, with the key by which the site is to know it."""
        return {**self.body, "event_details": {KEY: key, **self.body["event_details"]}}


def choice_of(options: Mapping[str, str]) -> Choice:
    """The format's options; raises `ConfigError` with an example for what they are not."""
    event_type = options.get("event-type", EVENT_TYPE)
    if not _SLUG.fullmatch(event_type):
        raise ConfigError(
            f"'{event_type}' is no event type. It is the type's value on the site, in small "
            f"letters, digits and underscores: {EVENT_TYPE}."
        )
    return Choice(
        labels=_labels(options["labels"]) if "labels" in options else PATROL,
        since=_moment(options["since"]) if "since" in options else None,
        event_type=event_type,
        priorities={**PRIORITIES, **_priorities(options.get("priority", ""))},
        utc_offset=default_offset(options),
    )


def _labels(text: str) -> tuple[State, ...]:
    known = {str(label): label for label in SEEN}
    said = [name.strip() for name in text.split(",") if name.strip()]
    if not said or any(name not in known for name in said):
        raise ConfigError(
            f"labels={text}: name one or more of {', '.join(sorted(known))}, with commas between."
        )
    return tuple(dict.fromkeys(known[name] for name in said))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"since={text} is no date. Write it like 2026-03-01 or 2026-03-01T18:00."
        ) from None


def _priorities(text: str) -> dict[State, int]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name.strip() not in SEEN or value.strip() not in map(str, _ALLOWED):
            raise ConfigError(
                f"priority={part}: write a label and one of {', '.join(map(str, _ALLOWED))} (grey, "
                "green, amber, red), like leopard=300."
            )
        found[State(name.strip())] = int(value)
    return found


def write(source: Source, out: Path) -> Exported:
    """Write the events as a list, and the event type that the site needs.

    Raises `ConfigError` for a public export: EarthRanger is where a site keeps exact places.
    """
    if source.public:
        raise ConfigError(
            "There is no public form of the earthranger export: it is for the site's own patrols. "
            "Ask for it without --public, or for the public tables with 'camtrap events --public'."
        )
    choice = choice_of(source.options)
    left_out: Counter[str] = Counter()
    path, spec = out / "earthranger_events.json", out / SPEC
    rows = 0
    with replacing(path) as stream:
        stream.write("[")
        for report in reports(source, choice, left_out):
            stream.write(",\n" if rows else "\n")
            stream.write(plain(report.keyed(report.key)))
            rows += 1
        stream.write("\n]\n")
    spec.write_text(event_type_spec(choice.event_type), encoding="utf-8", newline="\n")
    return Exported((path, spec), rows, tuple(notes_of(left_out)))


def event_type_spec(event_type: str) -> str:
    """The specification of the event type for `er events apply`, under this value."""
    text = (config_folder() / SPEC).read_text(encoding="utf-8")
    return text.replace(f"value: {EVENT_TYPE}\n", f"value: {event_type}\n")


def reports(source: Source, choice: Choice, left_out: Counter[str]) -> Iterator[Report]:
    """The season's events as EarthRanger takes them; streams, and counts what it leaves out."""
    runs = {run["run_id"]: run for run in source.ledger.run_notes()}
    for event, files in source.events.with_files(*choice.labels):
        best = source.placing.frame(source.ledger.entry(event.best))
        offset = best.utc_offset or choice.utc_offset
        time = utc_of(event.began, offset)
        if not _wanted(event.start, time, choice.since):
            continue
        if time is None:
            left_out["without time in UTC"] += 1
            continue
        if best.latitude is None or best.longitude is None:
            left_out["without place"] += 1
        first = best.entry if files[0] == event.best else source.ledger.entry(files[0])
        body = {
            "event_type": choice.event_type,
            "title": _title(event),
            "time": _utc(time),
            **_location(best),
            "priority": choice.priorities[event.label],
            "event_details": _details(source, event, best, offset, runs.get(best.entry.run_id)),
        }
        yield Report(key_of(first, event.label), event.label, time, body, tuple(files), best.entry)


def key_of(first: Entry, label: State) -> str:
    """The key of an event by its first picture's bytes and its label; it knows of no season."""
    told = f"{first.content_key or names.image_id(first)} {label}"
    return f"camtrap-{hashlib.sha1(told.encode()).hexdigest()[:20]}"


def notes_of(left_out: Mapping[str, int]) -> Iterator[str]:
    """What is to be known of what was left out or is incomplete."""
    if count := left_out.get("without time in UTC"):
        yield (
            f"{count:,} events are left out, for nothing tells their time in UTC: give the "
            "cameras' utc_offset in stations.csv, or the option utc-offset."
        )
    if count := left_out.get("without place"):
        yield f"{count:,} events have no place: give the stations' coordinates in stations.csv."


def _wanted(start: datetime | None, time: datetime | None, since: datetime | None) -> bool:
    if since is None:
        return True
    moment = time if since.tzinfo is not None else start
    return moment is None or moment >= since


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _title(event: SeasonEvent) -> str:
    doubt = " (to be checked)" if event.needs_review else ""
    return f"{event.label.capitalize()}, station {event.station}{doubt}"


def _location(best: Frame) -> dict[str, Any]:
    if best.latitude is None or best.longitude is None:
        return {}
    place = {"latitude": round(best.latitude, 6), "longitude": round(best.longitude, 6)}
    return {"location": place}


def _details(
    source: Source,
    event: SeasonEvent,
    best: Frame,
    offset: str,
    run: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What the event type's form shows; what is not known is not there."""
    reviewed = event.reviewed
    review = None if reviewed is None else (source.placing.reviews or {}).get(reviewed)
    row = events_csv.row(event, best, run, review)
    told = {
        "label": str(event.label),
        **{name: row[name] for name in _AS_IN_EVENTS_CSV},
        "camera_time": names.timestamp(event.start, offset),
        "event_end": names.timestamp(event.end, offset),
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


_AS_IN_EVENTS_CSV = (
    *("event_id", "station_id", "station_name", "deployment_id", "confidence", "needs_review"),
    *("count_min", "image_count", "best_image", "coordinate_uncertainty_m", "day_night"),
    *("classification_method", "classified_by"),
)

DETAILS = (KEY, "label", *_AS_IN_EVENTS_CSV, "camera_time", "event_end")
"""Every key of `event_details`; the event type on the site has to know them all."""
