"""`events.csv`: one row an event, which is what a ranger reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from camtrap.events import names
from camtrap.events.grouping import DEFAULT_GAP
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.season_events import SEEN, SeasonEvent, SeasonEvents
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


def collect(ledger: Ledger, gap: timedelta = DEFAULT_GAP) -> SeasonEvents:
    """Group what the season's files show; to be closed when all tables are written."""
    return SeasonEvents(ledger.entries(SEEN), gap)


def write(ledger: Ledger, path: Path, events: SeasonEvents, *, excel: bool = False) -> int:
    """Write the table and return the number of events."""
    runs = {run["run_id"]: run for run in ledger.run_notes()}

    def rows() -> Iterator[dict[str, Any]]:
        for event in events:
            best = ledger.entry(event.best)
            yield row(event, best, runs[best.run_id])

    return write_table(path, HEADER, rows(), excel=excel)


def row(event: SeasonEvent, best: Entry, run: Mapping[str, Any]) -> dict[str, Any]:
    """One event as a row. Place, sun and review stay empty: nothing here knows them."""
    capture = best.capture
    start, end = event.start, event.end
    night = names.is_night(best)
    return {
        **dict.fromkeys(HEADER),
        "event_id": event.name,
        "station_id": names.station_id(best),
        "date_local": start.date().isoformat() if start else None,
        "time_local": start.time().isoformat(timespec="seconds") if start else None,
        "label": event.label,
        "confidence": round(event.confidence, 4),
        "needs_review": event.label == State.UNSURE,
        "count_min": event.count_min,
        "image_count": event.image_count,
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
