"""`images.csv`: one row for every file on the cards, whatever became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camtrap.events import names
from camtrap.events.frames import Frame, Placing, placing
from camtrap.ledger.store import Ledger
from camtrap.outputs.events_csv import NOBODY
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.tables import rounded, write_table
from camtrap.records import LABELS

HEADER = (
    "image_id",
    "deployment_id",
    "station_id",
    "event_id",
    "file_path",
    "file_name",
    "timestamp",
    "timestamp_source",
    "label",
    "confidence",
    "p_leopard",
    "p_prey",
    "p_empty",
    "bbox_x",
    "bbox_y",
    "bbox_width",
    "bbox_height",
    "detection_confidence",
    "status",
    "error",
    "width_px",
    "height_px",
    "is_night",
    "sequence_index",
    "sequence_length",
    "trigger",
    "temperature_c",
    "content_key",
    "model",
    "p_other",
    "p_person",
    "p_vehicle",
    "timestamp_raw",
    "suppressed_by",
    "review_label",
    "reviewed_by",
)


def write(
    ledger: Ledger,
    path: Path,
    events: SeasonEvents,
    placed: Placing | None = None,
    *,
    excel: bool = False,
) -> int:
    """Write the table and return its row count; `placed` is how the events' files were placed."""
    placed = placed or placing(ledger)
    models = {run["run_id"]: run["settings"]["model"]["id"] for run in ledger.run_notes()}
    rows = (
        row(frame, *_told(events, frame), models.get(frame.entry.run_id, ""))
        for frame in placed.frames(ledger)
    )
    return write_table(path, HEADER, rows, excel=excel)


def _told(events: SeasonEvents, frame: Frame) -> tuple[str, str]:
    if not frame.label.is_label:
        return "", ""
    file_id = frame.entry.file_id
    return events.event_of(file_id), events.suppressed_by(file_id)


def row(frame: Frame, event_id: str, suppressed_by: str, model: str) -> dict[str, Any]:
    """One file as a row; `status` is `ok`, or the state of a file that was not looked at.

    `label` and `confidence` are the model's, whatever people said.
    """
    entry, review = frame.entry, frame.review
    looked_at = entry.state.is_label
    capture = entry.capture
    best = entry.detections[0] if entry.detections else None
    box = best.box if best else (None, None, None, None)
    return {
        "image_id": names.image_id(entry),
        "deployment_id": frame.deployment_id,
        "station_id": frame.station_id,
        "event_id": event_id,
        "file_path": names.file_path(entry),
        "file_name": entry.relative_path.rsplit("/", 1)[-1],
        "timestamp": names.timestamp(frame.taken_at, frame.utc_offset),
        "timestamp_source": capture.timestamp_source,
        "label": entry.state if looked_at else None,
        "confidence": rounded(entry.confidence),
        **{f"p_{label}": rounded(entry.probabilities.get(label)) for label in LABELS},
        **dict(
            zip(
                ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
                map(rounded, box),
                strict=True,
            )
        ),
        "detection_confidence": rounded(best.confidence if best else None),
        "status": "ok" if looked_at else entry.state,
        "error": entry.reason,
        "width_px": entry.width,
        "height_px": entry.height,
        "is_night": names.is_night(entry),
        "sequence_index": capture.sequence_index,
        "sequence_length": capture.sequence_length,
        "trigger": capture.trigger,
        "temperature_c": capture.temperature_c,
        "content_key": entry.content_key,
        "model": model if looked_at else None,
        "timestamp_raw": capture.raw_timestamp,
        "suppressed_by": suppressed_by,
        "review_label": review.label if review else None,
        "reviewed_by": (review.reviewer or NOBODY) if review else None,
    }
