"""`events.csv`: one row an event, which is what a ranger reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from camtrap.events import names, sun
from camtrap.events.frames import Frame, Placing, placing
from camtrap.events.rules import Rules
from camtrap.ledger.reviews import Review
from camtrap.ledger.store import Ledger
from camtrap.outputs.season_events import SeasonEvent, SeasonEvents
from camtrap.outputs.tables import rounded, write_table

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


NOBODY = "a person"
"""Who reviewed, where the review does not say."""


def collect(
    ledger: Ledger, placed: Placing | None = None, rules: Rules | None = None
) -> SeasonEvents:
    """Group what the season's files show; to be closed when all tables are written.

    `placed` is how files are placed; None reads the season's own tables.
    """
    placed = placed or placing(ledger)
    return SeasonEvents(placed.frames(ledger), rules)


def write(
    ledger: Ledger,
    path: Path,
    events: SeasonEvents,
    placed: Placing | None = None,
    *,
    clock_issues: Collection[str] | None = None,
    excel: bool = False,
) -> int:
    """Write the table and return the number of events; see `rows`."""
    told = rows(ledger, events, placed, clock_issues=clock_issues)
    return write_table(path, HEADER, told, excel=excel)


def rows(
    ledger: Ledger,
    events: SeasonEvents,
    placed: Placing | None = None,
    *,
    clock_issues: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Every event as a row, exact; streams.

    `placed` is how the events' files were placed; None reads the season's own tables.
    `clock_issues` are the deployments whose clock is in doubt, None when nobody looked.
    """
    placed = placed or placing(ledger)
    runs = {run["run_id"]: run for run in ledger.run_notes()}
    for event in events:
        best = placed.frame(ledger.entry(event.best, with_boxes=False))
        review = (placed.reviews or {}).get(event.reviewed) if event.reviewed else None
        yield row(event, best, runs.get(best.entry.run_id), review, clock_issues)


def row(
    event: SeasonEvent,
    best: Frame,
    run: Mapping[str, Any] | None,
    review: Review | None = None,
    clock_issues: Collection[str] | None = None,
) -> dict[str, Any]:
    """One event as a row. What a person said replaces what the machine said of the label."""
    capture = best.entry.capture
    deployment = best.deployment
    start, end = event.start, event.end
    height = sun.elevation(best.latitude, best.longitude, start, best.utc_offset)
    return {
        **dict.fromkeys(HEADER),
        "event_id": event.name,
        "station_id": event.station,
        "station_name": deployment.station_name if deployment else None,
        "date_local": start.date().isoformat() if start else None,
        "time_local": start.time().isoformat(timespec="seconds") if start else None,
        "label": event.label,
        "confidence": None if review else round(event.confidence, 4),
        "needs_review": event.needs_review,
        "count_min": event.count_min,
        "image_count": event.image_count,
        "best_image": names.file_path(best.entry),
        "latitude": rounded(best.latitude, 6),
        "longitude": rounded(best.longitude, 6),
        "coordinate_uncertainty_m": _uncertainty(best),
        "event_start": names.timestamp(start, best.utc_offset),
        "event_end": names.timestamp(end, best.utc_offset),
        "timezone_offset": best.utc_offset,
        "day_night": _phase(best, height),
        "solar_elevation_deg": None if height is None else round(height, 1),
        "temperature_c": capture.temperature_c,
        "moon_phase": capture.moon_phase,
        "deployment_id": event.deployment,
        "camera_id": capture.serial or (deployment.camera_id if deployment else ""),
        "camera_model": "-".join(part for part in (capture.make, capture.model) if part),
        **_classified(run, review),
        "clock_issue": clock_issue(best, clock_issues),
        "timestamp_source": capture.timestamp_source,
    }


def clock_issue(frame: Frame, flagged: Collection[str] | None) -> bool | None:
    """True where a time was corrected or the camera's clock is in doubt; None when nobody looked.

    `flagged` are the deployments in doubt.
    """
    if frame.offset is not None or (flagged is not None and frame.deployment_id in flagged):
        return True
    return None if flagged is None else False


def _classified(run: Mapping[str, Any] | None, review: Review | None) -> dict[str, Any]:
    if review is not None:
        who = review.reviewer or NOBODY
        return {
            "classification_method": "human",
            "classified_by": who,
            "classified_at": review.reviewed_at,
            "review_label": review.label,
            "reviewed_by": who,
            "reviewed_at": review.reviewed_at,
        }
    return {
        "classification_method": "machine",
        "classified_by": run["settings"]["model"]["id"] if run else None,
        "classified_at": run["started_at"] if run else None,
    }


def _phase(frame: Frame, height: float | None) -> str | None:
    """The part of the day by the sun, or as far as the picture tells: `day` or `night`."""
    if height is not None:
        return sun.phase(height)
    night = names.is_night(frame.entry)
    return None if night is None else ("night" if night else "day")


def _uncertainty(frame: Frame) -> int | None:
    """Metres of the table's coordinates; a camera's own GPS does not tell its error."""
    deployment = frame.deployment
    if deployment is None or deployment.latitude is None:
        return None
    return deployment.coordinate_uncertainty_m
