"""A first `stations.csv`, made of what cards tell: folders, serial numbers, GPS, dates.

What nobody wrote on a card stays empty. A person completes it: pictures do not tell where a camera
without GPS stood, nor that it had been dead for a week when it was taken down.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import IO

from camtrap.card.clock import resolve_time
from camtrap.card.deployments import Deployment
from camtrap.card.exif import parse_capture
from camtrap.card.scan import OnError, scan, station_folder
from camtrap.card.stations import COLUMNS
from camtrap.errors import NotesError
from camtrap.records import Capture, ImageFile

SAMPLED = 16
"""Headers that are read of each folder of a card; the first and the last are among them."""

_HEADER_BYTES = 256 * 1024  # a JPEG's metadata stand at its beginning
_JPEG = frozenset([".jpg", ".jpeg", ".jpe", ".jfif"])
_FIXES = 1000
_SECOND = timedelta(seconds=1)
_NOT_A_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """One file as far as a proposal needs it; `taken_at` only where the camera gave it.

    `count` is the number of files for which it stands.
    """

    card: str
    relative_path: str
    taken_at: datetime | None = None
    serial: str = ""
    utc_offset: str = ""
    latitude: float | None = None
    longitude: float | None = None
    count: int = 1


@dataclass(slots=True)
class _Camera:
    first: datetime | None = None
    last: datetime | None = None
    count: int = 0
    offsets: Counter[str] = field(default_factory=Counter)
    fixes: list[tuple[float, float]] = field(default_factory=list)

    def add(self, seen: Seen) -> None:
        self.count += seen.count
        if seen.taken_at is not None:
            self.first = min(self.first or seen.taken_at, seen.taken_at)
            self.last = max(self.last or seen.taken_at, seen.taken_at)
        if seen.utc_offset:
            self.offsets[seen.utc_offset] += 1
        if seen.latitude is not None and seen.longitude is not None and len(self.fixes) < _FIXES:
            self.fixes.append((seen.latitude, seen.longitude))

    def join(self, other: _Camera) -> None:
        """Take what another of the same camera saw."""
        for moment in (other.first, other.last):
            if moment is not None:
                self.add(Seen("", "", moment, count=0))
        self.count += other.count
        self.offsets += other.offsets
        self.fixes += other.fixes[: _FIXES - len(self.fixes)]


def proposed(files: Iterable[Seen], *, of_one_card: bool = False) -> list[Deployment]:
    """One deployment for each camera in each station's folder of each card, in the files' order.

    Start and end are the first and the last picture, to the second. `of_one_card` leaves the card's
    name out of the column `folder` where there is a folder, because a season may call the card
    otherwise.
    """
    cameras: dict[tuple[str, str], dict[str, _Camera]] = {}
    for seen in files:
        where = (seen.card, station_folder(seen.relative_path))
        by_serial = cameras.setdefault(where, {})
        by_serial.setdefault(seen.serial, _Camera()).add(seen)
    rows = []
    for (card, folder), by_serial in cameras.items():
        # Pictures with a broken header are of the camera that told its number. Of several it is one
        # of them, and a row of their own would claim that another camera stood there.
        named = [camera for serial, camera in by_serial.items() if serial]
        nameless = by_serial.pop("", None) if named else None
        if nameless is not None and len(named) == 1:
            named[0].join(nameless)
            nameless = None
        for serial, camera in by_serial.items():
            row = _row(card, folder, serial, camera)
            if nameless is not None:
                more = f"; {nameless.count:,} more in this folder do not tell their camera"
                row = replace(row, notes=row.notes + more)
            rows.append(replace(row, folder=folder) if of_one_card and folder else row)
    return _with_own_ids(rows)


def _row(card: str, folder: str, serial: str, camera: _Camera) -> Deployment:
    station = _tidy(folder) or _tidy(card) or "card"
    first = camera.first.replace(microsecond=0) if camera.first else None
    last = camera.last.replace(microsecond=0) if camera.last else None
    if camera.last and last and last < camera.last and last < datetime.max - _SECOND:
        last += _SECOND  # the table has whole seconds, and the last picture lies within
    return Deployment(
        deployment_id=f"{station}_{first:%Y-%m-%d}" if first else station,
        station_id=station,
        latitude=round(median(fix[0] for fix in camera.fixes), 6) if camera.fixes else None,
        longitude=round(median(fix[1] for fix in camera.fixes), 6) if camera.fixes else None,
        camera_id=serial,
        start=first,
        end=last,
        utc_offset=camera.offsets.most_common(1)[0][0] if camera.offsets else "",
        notes=f"proposed from {camera.count:,} files; start and end are pictures, not visits",
        folder=f"{card}/{folder}" if folder else card,
    )


def _with_own_ids(rows: Sequence[Deployment]) -> list[Deployment]:
    """The rows with ids of which none is there twice."""
    taken: set[str] = set()
    named = []
    for row in rows:
        name, number = row.deployment_id, 1
        while name in taken:
            number += 1
            name = f"{row.deployment_id}_{number}"
        taken.add(name)
        named.append(replace(row, deployment_id=name))
    return named


def seen_on_card(card: Path, *, on_error: OnError | None = None) -> Iterator[Seen]:
    """What a sample of the headers on a card says, folder by folder; the card is only read.

    Raises `CardError` when the card cannot be listed.
    """
    name = card.resolve().name or "card"
    samples: dict[str, _Sample] = {}
    for file in scan(card, on_error=on_error):
        samples.setdefault(station_folder(file.relative_path), _Sample()).take(file)
    for sample in samples.values():
        kept = sample.files()
        for place, file in enumerate(kept):
            capture = _capture(file)
            is_dated = capture.timestamp_source in ("exif", "filename")
            yield Seen(
                card=name,
                relative_path=file.relative_path,
                taken_at=capture.taken_at if is_dated else None,
                serial=capture.serial,
                utc_offset=capture.utc_offset,
                latitude=capture.latitude,
                longitude=capture.longitude,
                count=1 if place else sample.count - len(kept) + 1,
            )


@dataclass(slots=True)
class _Sample:
    """Some files of a folder, evenly taken while they come, and always the first and the last."""

    count: int = 0
    step: int = 1
    kept: list[ImageFile] = field(default_factory=list)
    last: ImageFile | None = None

    def take(self, file: ImageFile) -> None:
        if self.count % self.step == 0:
            self.kept.append(file)
            if len(self.kept) >= SAMPLED:
                self.kept, self.step = self.kept[::2], self.step * 2
        self.count += 1
        self.last = file

    def files(self) -> list[ImageFile]:
        assert self.last is not None
        return self.kept if self.kept[-1] is self.last else [*self.kept, self.last]


def _capture(file: ImageFile) -> Capture:
    capture = Capture()
    if not file.skip_reason:
        try:
            with file.path.open("rb") as stream:
                is_jpeg = file.path.suffix.lower() in _JPEG
                capture = parse_capture(stream.read(_HEADER_BYTES if is_jpeg else -1))
        except OSError:  # a file that cannot be read tells nothing here; a run will say so
            pass
    return resolve_time(capture, file.path.name, file.modified_ns)


def write_proposal(rows: Sequence[Deployment], stream: IO[str]) -> None:
    """Write rows as `stations.csv` has them, times to the minute or second, unknown empty."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        said = {column: getattr(row, column, None) for column in COLUMNS}
        writer.writerow(_cell(said[column]) for column in COLUMNS)


def save_proposal(rows: Sequence[Deployment], path: Path) -> None:
    """Write a new file; raises `NotesError` when it is there already or cannot be written."""
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            write_proposal(rows, stream)
    except FileExistsError:
        raise NotesError(
            f"{path} is there already and was left as it is. Name another file with --out."
        ) from None
    except OSError as error:
        raise NotesError(
            f"{path} cannot be written: {error.strerror or error}. Name another file with --out."
        ) from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _tidy(name: str) -> str:
    """As stations are called where no table names them (`events.names.station_id`)."""
    return _NOT_A_NAME.sub("_", name.replace("/", "-")).strip("_")
