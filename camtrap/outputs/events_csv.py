"""`events.csv`: one row an event, which is what a ranger reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from camtrap.events.grouping import DEFAULT_GAP, Event, Sighting, group
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs import names
from camtrap.outputs.tables import write_table
from camtrap.records import State

HEADER = (
    "event_id",
    "station_id",
    "station_name",
    "date_local",
    "time_local",
    "label",
    "scientific_name",
    "confidence",
    "needs_review",
    "count_min",
    "image_count",
    "best_image",
    "latitude",
    "longitude",
    "coordinate_uncertainty_m",
    "event_start",
    "event_end",
    "timezone_offset",
    "day_night",
    "solar_elevation_deg",
    "temperature_c",
    "moon_phase",
    "deployment_id",
    "camera_id",
    "camera_model",
    "classification_method",
    "classified_by",
    "classified_at",
    "review_label",
    "reviewed_by",
    "reviewed_at",
    "clock_issue",
    "timestamp_source",
    "comments",
)

SEEN = frozenset(
    {State.LEOPARD, State.PREY, State.OTHER, State.PERSON, State.VEHICLE, State.UNSURE}
)
"""States that make an event; empty frames make none."""


@dataclass(frozen=True, slots=True)
class SeasonEvents:
    """All events of a season with their names, and the entry of each event's best frame."""

    events: tuple[tuple[str, Event], ...]
    best: Mapping[str, Entry]

    def event_of(self) -> dict[int, str]:
        """The event's name by file id, for every frame that is part of one."""
        return {s.key: name for name, event in self.events for s in event.sightings}


def collect(ledger: Ledger, gap: timedelta = DEFAULT_GAP) -> SeasonEvents:
    """Group the season's sightings and fetch what the tables tell of each event's best frame."""
    events = tuple(named(group(sightings(ledger.entries()), gap)))
    wanted = {event.best.key: name for name, event in events}
    best = {wanted[entry.file_id]: entry for entry in ledger.entries() if entry.file_id in wanted}
    return SeasonEvents(events, best)


def sightings(entries: Iterable[Entry]) -> Iterator[Sighting]:
    """What was seen, frame by frame; empty, unread and double frames are left out."""
    for entry in entries:
        if entry.state in SEEN:
            yield Sighting(
                key=entry.file_id,
                deployment=names.deployment_id(entry),
                label=entry.state,
                taken_at=entry.capture.taken_at,
                confidence=entry.confidence or 0.0,
                box_count=sum(d.label == entry.state for d in entry.detections),
            )


def named(events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    """Number the events of each deployment in their order: `ST01_e0001`."""
    numbers: Counter[str] = Counter()
    for event in events:
        numbers[event.deployment] += 1
        yield f"{event.deployment}_e{numbers[event.deployment]:04d}", event


def write(ledger: Ledger, path: Path, season: SeasonEvents, *, excel: bool = False) -> int:
    """Write the table and return the number of events."""
    runs = {run["run_id"]: run for run in ledger.runs()}
    rows = (
        row(name, event, season.best[name], runs[season.best[name].run_id])
        for name, event in season.events
    )
    return write_table(path, HEADER, rows, excel=excel)


def row(name: str, event: Event, best: Entry, run: Mapping[str, Any]) -> dict[str, Any]:
    """One event as a row. Place, sun and review stay empty: nothing here knows them."""
    capture = best.capture
    start, end = event.start, event.end
    night = names.is_night(best)
    return {
        **dict.fromkeys(HEADER),
        "event_id": name,
        "station_id": names.station_id(best),
        "date_local": start.date().isoformat() if start else None,
        "time_local": start.time().isoformat(timespec="seconds") if start else None,
        "label": event.label,
        "confidence": round(event.best.confidence, 4),
        "needs_review": event.label == State.UNSURE,
        "count_min": event.count_min,
        "image_count": len(event.sightings),
        "best_image": names.file_path(best),
        "latitude": _rounded(capture.latitude),
        "longitude": _rounded(capture.longitude),
        "event_start": names.timestamp(start, capture.utc_offset),
        "event_end": names.timestamp(end, capture.utc_offset),
        "timezone_offset": capture.utc_offset,
        "day_night": None if night is None else ("night" if night else "day"),
        "temperature_c": capture.temperature_c,
        "moon_phase": capture.moon_phase,
        "deployment_id": event.deployment,
        "camera_id": capture.serial,
        "camera_model": "-".join(part for part in (capture.make, capture.model) if part),
        "classification_method": "machine",
        "classified_by": run["settings"]["model"]["id"],
        "classified_at": run["started_at"],
        "timestamp_source": capture.timestamp_source,
    }


def _rounded(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 6)
