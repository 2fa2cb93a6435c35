"""Tables for R's camtrapR: stations with their effort, and one record an event.

The columns are those of camtrapR 3.0 (`cameraOperation`, `detectionHistory`). Times are
camera-local without a zone, as the package wants them (`dateFormat = "ymd HMS"`); which zone they
are in is told in the notes, for its argument `timeZone`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import utm

from camtrap.errors import SeasonError
from camtrap.ledger.store import ALL_STATES
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.dp_project import read_project
from camtrap.outputs.exports.dp_sinks import table
from camtrap.outputs.exports.sites import PEOPLE, Site, sites
from camtrap.outputs.exports.taxa import ANIMALS, Taxa, common_name, species_of
from camtrap.outputs.season_events import SeasonEvent
from camtrap.records import State
from camtrap.taxonomy import read_taxonomy

STATIONS, RECORDS = "stations.csv", "records.csv"

STATION_HEADER = (
    *("Station", "Camera", "utm_x", "utm_y", "utm_zone", "longitude", "latitude"),
    *("Setup_date", "Retrieval_date"),
)
RECORD_HEADER = (
    *("Station", "Camera", "Species", "DateTimeOriginal", "Date", "Time"),
    *("delta.time.secs", "delta.time.mins", "delta.time.hours", "delta.time.days"),
    *("Directory", "FileName", "n_images", "metadata_count"),
)

FORMAT = "%Y-%m-%d %H:%M:%S"

_CREATE = """
PRAGMA journal_mode = OFF; PRAGMA cache_size = -2000;
CREATE TABLE record (station TEXT, camera TEXT, species TEXT, start TEXT, directory TEXT,
    file TEXT, images INTEGER, count INTEGER, place INTEGER);
BEGIN;
"""
_ORDER = "SELECT * FROM record ORDER BY station, species, start, place"


def write(source: Source, out: Path) -> Exported:
    """Write `stations.csv` and `records.csv`; raises `SeasonError` when no camera has dates."""
    project = read_project(source.season, source.options)
    taxa = Taxa(read_taxonomy(), project.taxa)
    known = sites(source, ALL_STATES - {State.DUPLICATE})
    told = {key: site for key, site in known.items() if site.start and site.end}
    if not told:
        raise SeasonError(
            f"{source.season} has no camera with a set-up and a retrieval, nor dated pictures. "
            f"Enter them in {source.season / 'stations.csv'}."
        )
    labels = names(told.values())
    paths = out / STATIONS, out / RECORDS
    rows, lost = _write_stations(paths[0], told, labels), Counter[str]()
    with table(paths[1], RECORD_HEADER) as add:
        for row in _records(source, told, labels, taxa, lost):
            add(row)
            rows += 1
    return Exported(paths, rows, tuple(_notes(source, known, told, lost)))


def names(told: Iterable[Site]) -> dict[str, str]:
    """Names of stations and cameras that camtrapR can tell apart from its own separators.

    It joins station and camera with `__CAM_` and sessions with `__SESS_`, so two underscores in a
    row become one; names stay different.
    """
    labels: dict[str, str] = {}
    for name in sorted({name for site in told for name in (site.station_id, site.deployment_id)}):
        safe = name
        while "__" in safe:
            safe = safe.replace("__", "_")
        unique, number = safe, 1
        while unique in labels.values():
            number += 1
            unique = f"{safe}-{number}"
        labels[name] = unique
    return labels


# -- stations


def _write_stations(path: Path, told: dict[str, Site], labels: dict[str, str]) -> int:
    count = max(len(site.problems) for site in told.values())
    problems = [f"Problem{n}_{end}" for n in range(1, count + 1) for end in ("from", "to")]
    zone, north = common_zone(told.values())
    with table(path, (*STATION_HEADER, *problems)) as add:
        for site in told.values():
            add({**dict.fromkeys(problems), **station_row(site, labels, zone, north)})
    return len(told)


def common_zone(told: Iterable[Site]) -> tuple[int | None, bool]:
    """The zone of the UTM grid in which most stations lie, so that all are in one grid, and whether
    it is one north of the equator."""
    places = [
        (utm.latlon_to_zone_number(site.latitude, site.longitude), site.latitude >= 0)
        for site in told
        if site.longitude is not None and site.latitude is not None
    ]
    return Counter(places).most_common(1)[0][0] if places else (None, True)


def station_row(
    site: Site, labels: dict[str, str], zone: int | None, north: bool
) -> dict[str, Any]:
    """One deployment: to camtrapR it is a camera at its station, with an effort of its own."""
    row: dict[str, Any] = {
        **dict.fromkeys(STATION_HEADER),
        "Station": labels[site.station_id],
        "Camera": labels[site.deployment_id],
        "Setup_date": _moment(site.start),
        "Retrieval_date": _moment(site.end),
    }
    if site.latitude is not None and site.longitude is not None:
        row |= {"longitude": round(site.longitude, 6), "latitude": round(site.latitude, 6)}
        row |= _on_utm(site.latitude, site.longitude, zone, north)
    for number, problem in enumerate(site.problems, 1):
        row[f"Problem{number}_from"] = _moment(_within(site, problem.start))
        row[f"Problem{number}_to"] = _moment(_within(site, problem.end))
    return row


def _on_utm(latitude: float, longitude: float, zone: int | None, north: bool) -> dict[str, Any]:
    """Metres on the season's grid; nothing for what lies too far from it."""
    try:
        x, y, *_ = utm.from_latlon(
            latitude, longitude, force_zone_number=zone, force_northern=north
        )
    except utm.OutOfRangeError:
        return {}
    return {
        "utm_x": round(float(x), 1),
        "utm_y": round(float(y), 1),
        "utm_zone": f"{zone}{'N' if north else 'S'}",
    }


def _within(site: Site, moment: datetime) -> datetime:
    """camtrapR refuses problems before set-up and after retrieval."""
    assert site.start is not None and site.end is not None
    return min(max(moment, site.start), site.end)


# -- records


def _records(
    source: Source, told: dict[str, Site], labels: dict[str, str], taxa: Taxa, lost: Counter[str]
) -> Iterator[dict[str, Any]]:
    """A row an event, by station, species and time, with the time since the one before.

    The file that stands for an event is left out with `public`, as its folder names the place.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.executescript(_CREATE)
        for place, event in enumerate(source.events):
            if values := _record(source, event, told, labels, taxa, lost):
                db.execute(f"INSERT INTO record VALUES ({', '.join('?' * 9)})", (*values, place))
        previous: tuple[str, str, datetime] | None = None
        for station, camera, species, start, directory, file, images, count, _ in db.execute(
            _ORDER
        ):
            moment = datetime.fromisoformat(start)
            seconds = 0
            if previous is not None and previous[:2] == (station, species):
                seconds = int((moment - previous[2]).total_seconds())
            previous = station, species, moment
            yield {
                "Station": station,
                "Camera": camera,
                "Species": species,
                "DateTimeOriginal": moment.strftime(FORMAT),
                "Date": moment.strftime("%Y-%m-%d"),
                "Time": moment.strftime("%H:%M:%S"),
                **deltas(seconds),
                "Directory": directory,
                "FileName": file,
                "n_images": images,
                "metadata_count": count,
            }


def deltas(seconds: int) -> dict[str, Any]:
    """The time since the record before, in four units, rounded as camtrapR rounds them."""
    return {
        "delta.time.secs": seconds,
        "delta.time.mins": round(seconds / 60),
        "delta.time.hours": round(seconds / 3600, 1),
        "delta.time.days": round(seconds / 86400, 1),
    }


def _record(
    source: Source,
    event: SeasonEvent,
    told: dict[str, Site],
    labels: dict[str, str],
    taxa: Taxa,
    lost: Counter[str],
) -> Sequence[Any] | None:
    if event.label == State.UNSURE:
        lost["unsure"] += 1
        return None
    if source.public and event.label in PEOPLE:
        return None
    site = told.get(event.deployment)
    if event.start is None or not event.dated or site is None:
        lost["undated"] += 1
        return None
    best = source.placing.frame(source.ledger.entry(event.best))
    directory, _, file = f"{best.entry.card}/{best.entry.relative_path}".rpartition("/")
    if source.public:
        directory = file = ""
    return (
        labels[site.station_id],
        labels[site.deployment_id],
        species(source, event, taxa),
        event.start.isoformat(timespec="seconds"),
        directory,
        file,
        event.image_count,
        event.count_min,
    )


def species(source: Source, event: SeasonEvent, taxa: Taxa) -> str:
    """What the record is of: the species where it is known, else the label."""
    review = None
    if event.reviewed is not None:
        review = (source.placing.reviews or {}).get(event.reviewed)
    if event.label not in ANIMALS:
        return event.label.value
    known = taxa.scientific_name(event.label, review)
    return known or common_name(species_of(review)) or event.label.value


def _notes(
    source: Source, known: dict[str, Site], told: dict[str, Site], lost: Counter[str]
) -> Iterator[str]:
    offsets = sorted({site.utc_offset or "unknown" for site in told.values()})
    yield f"Times are camera-local, at {', '.join(offsets)} from UTC."
    yield 'Read them with cameraCol = "Camera", dateFormat = "ymd HMS".'
    if silent := len(known) - len(told):
        yield f"{silent} cameras without dates are left out."
    if lost["unsure"]:
        yield f"{lost['unsure']:,} events that are not decided are left out: review them first."
    if lost["undated"]:
        yield f"{lost['undated']:,} events without the camera's own time are left out."
    if any(site.latitude is None for site in told.values()):
        yield "Stations without coordinates have none in the table."


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime(FORMAT)
