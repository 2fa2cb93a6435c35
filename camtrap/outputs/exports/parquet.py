"""Files and boxes as Apache Parquet, for DuckDB, pandas, Polars, R's arrow and all that read it.

`images.parquet` has a row for every file, whatever became of it, and `detections.parquet` one for
every box of the model. Columns have types, so that a time is a time and an empty cell is unknown.
Rows are written in groups; a million files take no more memory than one group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.ledger.store import ALL_STATES
from camtrap.outputs.events_csv import NOBODY
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_rows import media_id, told_event
from camtrap.outputs.exports.opening import models
from camtrap.outputs.exports.recognised import inside
from camtrap.outputs.exports.sites import Site, shows_people, sites
from camtrap.outputs.tables import rounded
from camtrap.records import LABELS, Detection

GROUP_ROWS = 10_000
"""Rows that are in memory before they are written as a group."""

_TEXT, _NUMBER, _INT, _TRUTH = pa.string(), pa.float64(), pa.int32(), pa.bool_()
# Cameras tell the second and no zone; a zone would claim an instant that nobody knows.
_LOCAL = pa.timestamp("ms")
_CHANCES = tuple((f"p_{label}", _NUMBER) for label in LABELS)

IMAGES = pa.schema(
    [
        ("image_id", _TEXT),
        ("deployment_id", _TEXT),
        ("station_id", _TEXT),
        ("event_id", _TEXT),
        ("file_path", _TEXT),
        ("taken_at", _LOCAL),
        ("taken_at_raw", _LOCAL),
        ("utc_offset", _TEXT),
        ("timestamp_source", _TEXT),
        ("label", _TEXT),
        ("label_source", _TEXT),
        ("species", _TEXT),
        ("reviewed_by", _TEXT),
        ("model_label", _TEXT),
        ("confidence", _NUMBER),
        *_CHANCES,
        ("model", _TEXT),
        ("status", _TEXT),
        ("error", _TEXT),
        ("duplicate_of", _TEXT),
        ("latitude", _NUMBER),
        ("longitude", _NUMBER),
        ("coordinate_uncertainty_m", _INT),
        ("width_px", _INT),
        ("height_px", _INT),
        ("size_bytes", pa.int64()),
        ("is_night", _TRUTH),
        ("sequence_index", _INT),
        ("sequence_length", _INT),
        ("trigger", _TEXT),
        ("temperature_c", _INT),
    ]
)
"""`images.parquet`: `taken_at` is camera-local and corrected, `taken_at_raw` the camera's own."""

DETECTIONS = pa.schema(
    [
        ("image_id", _TEXT),
        ("detection", _INT),
        ("label", _TEXT),
        ("confidence", _NUMBER),
        ("score", _NUMBER),
        ("bbox_x", _NUMBER),
        ("bbox_y", _NUMBER),
        ("bbox_width", _NUMBER),
        ("bbox_height", _NUMBER),
        *_CHANCES,
        ("model", _TEXT),
    ]
)
"""`detections.parquet`: boxes of the upright picture, from the top left, each side 0..1."""


class Table:
    """A file of rows; use it as a context manager, so that the last group is written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema)
        self._columns: dict[str, list[Any]] = {name: [] for name in schema.names}
        self._held = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row that has exactly the schema's columns."""
        if len(row) != len(self._columns):
            raise ValueError(f"row does not fit the schema: {row.keys() ^ self._columns.keys()}")
        for name, held in self._columns.items():
            held.append(row[name])
        self._held += 1
        self.rows += 1
        if self._held == GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.table(self._columns, schema=self._schema))
        for held in self._columns.values():
            held.clear()
        self._held = 0


def write(source: Source, out: Path) -> Exported:
    """Write both tables; the rows are those of both together.

    For everybody, people and vehicles are left out, and so are paths, for folders name places.
    Raises `OSError` when they cannot be written.
    """
    known = sites(source, ALL_STATES)
    names_of_models = models(source)
    count: Counter[str] = Counter()
    paths = out / "images.parquet", out / "detections.parquet"
    with ExitStack() as stack:
        images = stack.enter_context(Table(paths[0], IMAGES))
        detections = stack.enter_context(Table(paths[1], DETECTIONS))
        for frame, origin in _wanted(source, count):
            model = names_of_models.get(frame.entry.run_id or 0, "")
            site, event = known[frame.deployment_id], _event(source, frame, known)
            row = image_row(frame, origin, site, event, model, public=source.public)
            images.add(row)
            for number, found in enumerate(frame.entry.detections):
                detections.add(detection_row(row["image_id"], number, found, model))
    notes = []
    if count["people"]:
        notes.append(f"{count['people']:,} files with people or vehicles are left out.")
    return Exported(paths, images.rows + detections.rows, tuple(notes))


def _wanted(source: Source, count: Counter[str]) -> Iterator[tuple[Frame, Frame | None]]:
    """The frames that come in, each with the one that it repeats."""
    for frame in source.frames():
        original = frame.entry.duplicate_of
        origin = None if original is None else source.placing.frame(source.ledger.entry(original))
        if source.public and any(shows_people(each) for each in (frame, origin) if each):
            count["people"] += 1
        else:
            yield frame, origin


def image_row(
    frame: Frame, origin: Frame | None, site: Site, event: str, model: str, *, public: bool = False
) -> dict[str, Any]:
    """One file; `origin` is the one that it repeats, and unknown is None."""
    entry, capture, review = frame.entry, frame.entry.capture, frame.review
    looked_at = entry.state.is_label
    told = frame.label.value if frame.label.is_label else None
    # A camera's own GPS may tell another place for each picture; in public a station has one.
    place = site if public else frame
    row = {
        "image_id": media_id(frame, public=public),
        "deployment_id": site.deployment_id,
        "station_id": site.station_id,
        "event_id": event,
        "file_path": None if public else names.file_path(entry),
        "taken_at": frame.taken_at,
        "taken_at_raw": capture.taken_at,
        "utc_offset": site.utc_offset or frame.utc_offset,
        "timestamp_source": capture.timestamp_source,
        "label": told,
        "label_source": told and ("human" if review else "machine"),
        "species": review.species if review else None,
        "reviewed_by": ((NOBODY if public else review.reviewer) or NOBODY) if review else None,
        "model_label": entry.state.value if looked_at else None,
        "confidence": rounded(entry.confidence),
        **_chances(entry.probabilities),
        "model": model if looked_at else None,
        "status": "ok" if looked_at else entry.state.value,
        "error": None if public else entry.reason,
        "duplicate_of": None if origin is None else media_id(origin, public=public),
        "latitude": rounded(place.latitude, 6),
        "longitude": rounded(place.longitude, 6),
        "coordinate_uncertainty_m": site.uncertainty_m,
        "width_px": entry.width,
        "height_px": entry.height,
        "size_bytes": entry.size,
        "is_night": names.is_night(entry),
        "sequence_index": capture.sequence_index,
        "sequence_length": capture.sequence_length,
        "trigger": capture.trigger,
        "temperature_c": capture.temperature_c,
    }
    return {name: None if value == "" else value for name, value in row.items()}


def _event(source: Source, frame: Frame, known: Mapping[str, Site]) -> str:
    """The event's name; in public that of its deployment there, for events are called after it."""
    name = source.events.event_of(frame.entry.file_id) if frame.label.is_label else ""
    if not source.public:
        return name
    # At a station with two cameras it may be called after the other one.
    deployment = name.rpartition("_e")[0]
    return told_event(name, deployment, known[deployment]) if deployment in known else ""


def detection_row(image_id: str, number: int, found: Detection, model: str) -> dict[str, Any]:
    """One box, as the model gave it."""
    x, y, width, height = inside(found.box)
    return {
        "image_id": image_id,
        "detection": number,
        "label": found.label,
        "confidence": rounded(found.confidence),
        "score": rounded(found.score),
        "bbox_x": x,
        "bbox_y": y,
        "bbox_width": width,
        "bbox_height": height,
        **_chances(found.probabilities),
        "model": model or None,
    }


def _chances(told: Mapping[str, float]) -> dict[str, float | None]:
    return {f"p_{label}": rounded(told.get(label)) for label in LABELS}
