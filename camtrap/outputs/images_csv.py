"""`images.csv`: one row for every file on the cards, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from camtrap.events import names
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.season_events import SEEN
from camtrap.outputs.tables import write_table
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
    "sha1",
    "model",
    "p_other",
    "p_person",
    "p_vehicle",
)


def write(
    ledger: Ledger, path: Path, event_of: Callable[[int], str], *, excel: bool = False
) -> int:
    """Write the table and return its row count; `event_of` gives the event of a file by its id."""
    models = {run["run_id"]: run["settings"]["model"]["id"] for run in ledger.run_notes()}
    rows = (
        row(
            entry,
            event_of(entry.file_id) if entry.state in SEEN else "",
            models.get(entry.run_id, ""),
        )
        for entry in ledger.entries()
    )
    return write_table(path, HEADER, rows, excel=excel)


def row(entry: Entry, event_id: str, model: str) -> dict[str, Any]:
    """One file as a row; `status` is `ok`, or the state of a file that was not looked at."""
    looked_at = entry.state.is_label
    capture = entry.capture
    best = entry.detections[0] if entry.detections else None
    box = best.box if best else (None, None, None, None)
    return {
        "image_id": names.image_id(entry),
        "deployment_id": names.deployment_id(entry),
        "station_id": names.station_id(entry),
        "event_id": event_id,
        "file_path": names.file_path(entry),
        "file_name": entry.relative_path.rsplit("/", 1)[-1],
        "timestamp": names.timestamp(capture.taken_at, capture.utc_offset),
        "timestamp_source": capture.timestamp_source,
        "label": entry.state if looked_at else None,
        "confidence": _rounded(entry.confidence),
        **{f"p_{label}": _rounded(entry.probabilities.get(label)) for label in LABELS},
        **dict(
            zip(
                ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
                map(_rounded, box),
                strict=True,
            )
        ),
        "detection_confidence": _rounded(best.confidence if best else None),
        "status": "ok" if looked_at else entry.state,
        "error": entry.reason,
        "width_px": entry.width,
        "height_px": entry.height,
        "is_night": names.is_night(entry),
        "sequence_index": capture.sequence_index,
        "sequence_length": capture.sequence_length,
        "trigger": capture.trigger,
        "temperature_c": capture.temperature_c,
        "sha1": entry.content_key,
        "model": model if looked_at else None,
    }


def _rounded(value: float | None) -> float | None:
    """Four decimals: more would claim a precision that no calibration has."""
    return None if value is None else round(value, 4)
