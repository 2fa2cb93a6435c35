"""`stations_report.csv`: a row a deployment, with what `stations.csv` tells and what came of it.

A person's own `stations.csv` is read and never written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camtrap.card.deployments import Deployment
from camtrap.events.fieldwork import Fieldwork, Post
from camtrap.events.names import timestamp
from camtrap.events.rai import rai
from camtrap.outputs.season_events import SeasonEvent
from camtrap.outputs.tables import rounded, write_table
from camtrap.records import State

LABELS = (State.LEOPARD, State.PREY)
"""Labels that the table counts."""

HEADER = (
    "station_id",
    "station_name",
    "latitude",
    "longitude",
    "coordinate_uncertainty_m",
    "deployment_id",
    "camera_id",
    "start",
    "end",
    "utc_offset",
    "problem1_from",
    "problem1_to",
    "other_problems",
    "feature_type",
    "height_m",
    "bait",
    "notes",
    "in_stations_csv",
    "image_count",
    "undated_count",
    "outside_count",
    "effort_start",
    "effort_start_from",
    "effort_end",
    "effort_end_from",
    "active_days",
    "trap_nights",
    "leopard_events",
    "prey_events",
    "rai_leopard",
    "rai_leopard_low",
    "rai_leopard_high",
    "rai_prey",
    "rai_prey_low",
    "rai_prey_high",
    "first_image_at",
    "last_image_at",
    "silent_days",
    "dead_since",
    "night_failed_since",
    "battery_mv",
    "battery_low",
    "card_full",
    "coldest_c",
    "warmest_c",
    "frames_a_day",
    "comments",
)


@dataclass(slots=True)
class EventCount:
    """Events by deployment and label: of each all, and those that began at a known time."""

    all: Counter[tuple[str, State]]
    dated: Counter[tuple[str, State]]


def count(events: Iterable[SeasonEvent]) -> EventCount:
    """Count events by the deployment of their first frame."""
    counted = EventCount(Counter(), Counter())
    for event in events:
        key = event.deployment, event.label
        counted.all[key] += 1
        counted.dated[key] += event.began is not None
    return counted


def write(
    path: Path, work: Fieldwork, events: Iterable[SeasonEvent], *, excel: bool = False
) -> int:
    """Write the table and return the number of deployments."""
    return write_table(path, HEADER, rows(work, events), excel=excel)


def rows(work: Fieldwork, events: Iterable[SeasonEvent]) -> Iterator[dict[str, Any]]:
    """Every deployment as a row, exact, by station and set-up."""
    counted = count(events)
    for posts in work.stations.values():
        for post in posts:
            yield row(post, counted)


def row(post: Post, counted: EventCount) -> dict[str, Any]:
    """One deployment as a row; unknown is None."""
    health, effort = post.health, post.effort
    nights = effort.trap_nights

    def moment(value: datetime | None) -> str:
        return timestamp(value, post.utc_offset)

    return {
        **_told(post),
        "latitude": rounded(post.latitude, 6),
        "longitude": rounded(post.longitude, 6),
        "image_count": health.image_count,
        "undated_count": health.undated_count,
        "outside_count": health.outside_count,
        "effort_start": moment(effort.start),
        "effort_start_from": effort.start_from,
        "effort_end": moment(effort.end),
        "effort_end_from": effort.end_from,
        "active_days": effort.active_days,
        "trap_nights": rounded(nights, 4),
        **_seen(post, counted, nights),
        "first_image_at": moment(health.first_image_at),
        "last_image_at": moment(health.last_image_at),
        "silent_days": rounded(health.silent_days, 2),
        "dead_since": moment(health.dead_since),
        "night_failed_since": moment(health.night_failed_since),
        "battery_mv": health.battery_mv,
        "battery_low": health.battery_low if health.battery_mv is not None else None,
        "card_full": health.full,
        "coldest_c": health.coldest_c,
        "warmest_c": health.warmest_c,
        "frames_a_day": rounded(health.frames_a_day, 2),
        "comments": comment(post),
    }


def comment(post: Post) -> str:
    """What a reader has to know of the row's effort, in words; empty for nothing."""
    said: list[str] = []
    if not post.effort.known:
        said.append("no effort: no picture whose time the camera told")
    if post.health.outside_count:
        said.append(f"{post.health.outside_count} pictures of another time than the camera's stay")
    if post.health.dead_since is not None:
        said.append("camera stopped before it was fetched: effort ends with its last picture")
    if post.health.night_failed_since is not None:
        said.append("no pictures at night: animals of the night were missed")
    return "; ".join(said)


def _told(post: Post) -> dict[str, Any]:
    """What `stations.csv` says, or of a camera it does not know, what folders and pictures say."""
    place = post.deployment or Deployment(post.deployment_id, post.station_id)

    def moment(value: datetime | None) -> str:
        return timestamp(value, post.utc_offset)

    first = place.problems[0] if place.problems else None
    return {
        "station_id": post.station_id,
        "station_name": place.station_name,
        "coordinate_uncertainty_m": place.coordinate_uncertainty_m,
        "deployment_id": post.deployment_id,
        "camera_id": post.camera_id,
        "start": moment(place.start),
        "end": moment(place.end),
        "utc_offset": post.utc_offset,
        "problem1_from": moment(first.start) if first else None,
        "problem1_to": moment(first.end) if first else None,
        # ISO 8601 intervals
        "other_problems": "; ".join(
            f"{moment(each.start)}/{moment(each.end)}" for each in place.problems[1:]
        ),
        "feature_type": place.feature_type,
        "height_m": place.height_m,
        "bait": place.bait,
        "notes": place.notes,
        "in_stations_csv": post.deployment is not None,
    }


def _seen(post: Post, counted: EventCount, nights: float | None) -> dict[str, Any]:
    """Events and RAI by label. Without the time of an event nobody knows that it is independent."""
    told: dict[str, Any] = {}
    for label in LABELS:
        key = post.deployment_id, label
        told[f"{label}_events"] = counted.all[key]
        rate = rai(counted.dated[key], nights)
        told[f"rai_{label}"] = rounded(rate.value, 3) if rate else None
        told[f"rai_{label}_low"] = rounded(rate.low, 3) if rate else None
        told[f"rai_{label}_high"] = rounded(rate.high, 3) if rate else None
    return told
