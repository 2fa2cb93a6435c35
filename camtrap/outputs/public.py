"""`public/`: what may leave the house. Places on a coarse grid, no people, no names of places.

Where a leopard walks is what a poacher pays for. So all of these files are made from lists of what
may go out, not of what may not: a column that somebody adds stays in the house until it is entered
here. Every station has one place in all of them, because several readings of a GPS near the edge of
a cell would tell where that edge is passed.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError, SeasonError
from camtrap.events.fieldwork import Fieldwork
from camtrap.events.frames import Placing
from camtrap.ledger.store import Ledger
from camtrap.outputs import (
    detection_history,
    events_csv,
    geojson,
    gpx,
    kml,
    stations_report,
    waypoints,
)
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.tables import replacing, write_table
from camtrap.outputs.waypoints import Waypoint, Waypoints
from camtrap.records import State

FOLDER = "public"
NOTICE_NAME = "PUBLIC.txt"

DEFAULT_GRID = 0.1
GRIDS = (0.01, 5.0)
"""Degrees between which a grid lies. A hundredth is a kilometre: finer hides nobody."""

LABELS = (State.LEOPARD, State.PREY, State.OTHER)
"""What may be told. People and vehicles are nobody's business; what is unsure may be a person."""

EVENT_COLUMNS = (
    *("date_local", "time_local", "label", "scientific_name", "confidence", "needs_review"),
    *("count_min", "image_count", "event_start", "event_end", "timezone_offset"),
    *("temperature_c", "moon_phase", "camera_model", "classification_method", "classified_by"),
    *("classified_at", "review_label", "reviewed_at", "clock_issue", "timestamp_source"),
)
"""Columns of `events.csv` that go out. The sun's height does not: with the time it gives a line on
which the station lies, and two of them give its place."""

STATION_COLUMNS = (
    *("utc_offset", "feature_type", "height_m", "in_stations_csv", "image_count"),
    *("undated_count", "outside_count", "effort_start", "effort_start_from", "effort_end"),
    *("effort_end_from", "active_days", "trap_nights", "leopard_events", "prey_events"),
    *("rai_leopard", "rai_leopard_low", "rai_leopard_high"),
    *("rai_prey", "rai_prey_low", "rai_prey_high", "frames_a_day"),
)
"""Columns of `stations_report.csv` that go out."""

DAYS_ONLY = frozenset({"effort_start", "effort_end"})
"""Times that go out as days: by the hour they tell when people came to a camera."""

WRITTEN_ELSEWHERE = frozenset({"scientific_name", "camera_model", "classified_by", "feature_type"})
"""Columns whose words people or cameras wrote: where these hold numbers like coordinates, they stay
at home."""

_CODE = re.compile(r"[^\W\d_]{0,4}[ _.-]?\d{1,3}[^\W\d_]?")
_LIKE_COORDINATES = re.compile(r"\d\s*[.,°º]\s*\d{2}|\d{5}")
_METRES_A_DEGREE = 111_694.0
"""The longest degree of latitude there is (WGS84, at a pole); no degree of longitude is longer."""


def notice(grid: float) -> str:
    """The sentence that every public file carries."""
    return (
        f"Public copy: coordinates are rounded to the nearest multiple of {grid:g} degrees, with "
        "the uncertainty in metres that follows; people, vehicles, names and notes are left out."
    )


def on_grid(degrees: float, grid: float = DEFAULT_GRID) -> float:
    """The nearest multiple of `grid` degrees: the centre of the cell of that width around it."""
    return round(round(degrees / grid) * grid, 6) + 0.0  # no -0.0


def grid_uncertainty_m(
    latitude: float, grid: float = DEFAULT_GRID, own_m: int | None = None
) -> int:
    """Metres within which the true place lies of a cell's centre at `latitude` (already rounded).

    Half the cell's diagonal on the side of the equator, and the place's own uncertainty. Taken from
    the exact latitude, it would tell a part of that.
    """
    half = grid / 2 * _METRES_A_DEGREE
    widest = math.radians(max(abs(latitude) - grid / 2, 0.0))
    return math.ceil(math.hypot(half, half * math.cos(widest))) + (own_m or 0)


class Cover:
    """How the stations of a season are called and where they stand in public.

    An id that is a mere code (`ST01`, `CAM-12`) stays; others may be a place's name or hold its
    coordinates, as folders do, and become `site-1`, `site-2`, in an order that tells nothing.
    Raises `ConfigError` for a grid that hides nothing or everything.
    """

    def __init__(self, work: Fieldwork, grid: float = DEFAULT_GRID) -> None:
        least, most = GRIDS
        if not least <= grid <= most:
            raise ConfigError(
                f"A grid of {grid:g} degrees cannot be used; take one from {least:g} to {most:g}."
            )
        self.grid = grid
        self._stations = _stations(work.stations)
        self._deployments: dict[str, str] = {}
        self._places: dict[str, tuple[float, float, int]] = {}
        for station, posts in work.stations.items():
            name = self._stations[station]
            numbered = enumerate(sorted(post.deployment_id for post in posts), 1)
            self._deployments |= {key: f"{name}-d{number}" for number, key in numbered}
            found = waypoints.station_of(posts)
            if found is not None:
                self._places[station] = self._place(found)

    def station(self, station_id: str) -> str:
        """A station's public id."""
        return self._stations[station_id]

    def deployment(self, deployment_id: str) -> str:
        """A deployment's public id."""
        return self._deployments[deployment_id]

    def event(self, name: str) -> str:
        """An event's public id, from `{deployment_id}_e0001`."""
        deployment, _, number = name.rpartition("_e")
        return f"{self._deployments[deployment]}_e{number}"

    def place(self, station_id: str) -> tuple[float | None, float | None, int | None]:
        """Latitude, longitude and uncertainty in metres; None where the place is unknown."""
        return self._places.get(station_id, (None, None, None))

    def hide(self, waypoint: Waypoint) -> Waypoint | None:
        """A waypoint as it may go out."""
        station = waypoint.station_id
        if station not in self._places:
            return None
        latitude, longitude, uncertainty = self._places[station]
        is_station = waypoint.kind == waypoints.STATION
        return replace(
            waypoint,
            key=self.station(station) if is_station else self.event(waypoint.key),
            station_id=self.station(station),
            station_name="",
            deployment_id="" if is_station else self.deployment(waypoint.deployment_id),
            latitude=latitude,
            longitude=longitude,
            uncertainty_m=uncertainty,
        )

    def _place(self, station: Waypoint) -> tuple[float, float, int]:
        latitude = min(max(on_grid(station.latitude, self.grid), -90.0), 90.0)
        longitude = min(max(on_grid(station.longitude, self.grid), -180.0), 180.0)
        return (
            latitude,
            longitude,
            grid_uncertainty_m(latitude, self.grid, station.uncertainty_m),
        )


def write_public(
    ledger: Ledger,
    events: SeasonEvents,
    placed: Placing,
    work: Fieldwork,
    *,
    grid: float = DEFAULT_GRID,
    excel: bool = False,
) -> tuple[Path, ...]:
    """Write all that may go out into the season's folder `public` and return the files.

    `images.csv` is not among them: names of files and folders tell places, and without pictures
    they are of no use. Raises `SeasonError` when a file cannot be written and `ConfigError` for a
    grid that cannot be used.
    """
    cover, folder = Cover(work, grid), ledger.season / FOLDER
    said = notice(grid)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SeasonError(
            f"{folder} cannot be made: {error.strerror or error}. "
            "Take away what is in its place, and run again."
        ) from error
    exact = events_csv.rows(ledger, events, placed)
    write_table(
        folder / "events.csv", events_csv.HEADER, event_rows(exact, cover, said), excel=excel
    )
    posts = stations_report.rows(work, events)
    write_table(
        folder / "stations_report.csv",
        stations_report.HEADER,
        station_rows(posts, cover, said),
        excel=excel,
    )
    detection_history.write(
        folder, work, events, station_of=cover.station, event_of=cover.event, excel=excel
    )
    points = Waypoints(ledger, placed, events, work, labels=LABELS, hide=cover.hide, notice=said)
    gpx.write(folder / "patrol.gpx", points)
    geojson.write(folder / "patrol.geojson", points)
    kml.write(folder / "patrol.kml", points)
    with replacing(folder / NOTICE_NAME) as stream:
        stream.write(f"{said}\n")
    return tuple(folder / name for name in NAMES)


NAMES = (
    "events.csv",
    "stations_report.csv",
    *detection_history.names(),
    "patrol.gpx",
    "patrol.geojson",
    "patrol.kml",
    NOTICE_NAME,
)
"""The files of the folder."""


def event_rows(
    exact: Iterable[Mapping[str, Any]], cover: Cover, said: str
) -> Iterator[dict[str, Any]]:
    """The rows of `events.csv` as they may go out."""
    for row in exact:
        if row["label"] not in LABELS:
            continue
        out = _placed(row, EVENT_COLUMNS, events_csv.HEADER, cover, said)
        out["event_id"] = cover.event(row["event_id"])
        if row["classification_method"] == "human":
            out["classified_by"] = out["reviewed_by"] = events_csv.NOBODY
        yield out


def station_rows(
    exact: Iterable[Mapping[str, Any]], cover: Cover, said: str
) -> Iterator[dict[str, Any]]:
    """The rows of `stations_report.csv` as they may go out."""
    for row in exact:
        yield _placed(row, STATION_COLUMNS, stations_report.HEADER, cover, said)


def _placed(
    row: Mapping[str, Any],
    columns: Iterable[str],
    header: Iterable[str],
    cover: Cover,
    said: str,
) -> dict[str, Any]:
    latitude, longitude, uncertainty = cover.place(row["station_id"])
    return {
        **dict.fromkeys(header),
        **{column: _harmless(column, row[column]) for column in columns},
        "station_id": cover.station(row["station_id"]),
        "deployment_id": cover.deployment(row["deployment_id"]),
        "latitude": latitude,
        "longitude": longitude,
        "coordinate_uncertainty_m": uncertainty,
        "comments": said,
    }


def _harmless(column: str, value: Any) -> Any:
    if column in WRITTEN_ELSEWHERE and value and _LIKE_COORDINATES.search(value):
        return None
    return value[:10] if column in DAYS_ONLY else value


def _stations(found: Iterable[str]) -> dict[str, str]:
    # By a hash, so that the order of the numbers is not that of the names.
    ordered = sorted(found, key=lambda name: hashlib.sha1(name.encode()).digest())
    numbered = {name: f"site-{number}" for number, name in enumerate(ordered, 1)}
    return {name: name if _CODE.fullmatch(name) else told for name, told in numbered.items()}
