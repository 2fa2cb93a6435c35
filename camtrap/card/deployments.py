"""Stations and deployments as a season's `stations.csv` tells them, and which one a file is of.

A station is a place; a deployment is one camera at it from set-up to retrieval. All times here are
camera-local and have no zone, as the pictures' are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """A time from `start` up to, and not including, `end`."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """True when the moment lies in it."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Deployment:
    """One row of `stations.csv`.

    Latitude and longitude are WGS84 degrees, `coordinate_uncertainty_m` metres (1 or more),
    `utc_offset` like `+10:00`, `height_m` metres above ground; `problems` are the times in which
    the camera did not work. `folder` is where its files lie on the cards, where that is told and is
    not the deployment's or the station's own name. Unknown is None or empty.
    """

    deployment_id: str
    station_id: str
    station_name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    coordinate_uncertainty_m: int | None = None
    camera_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    utc_offset: str = ""
    problems: tuple[Period, ...] = ()
    feature_type: str = ""
    height_m: float | None = None
    bait: str = ""
    notes: str = ""
    folder: str = ""

    def runs_at(self, moment: datetime) -> bool:
        """True when the moment lies between set-up and retrieval, as far as those are known."""
        return (self.start is None or moment >= self.start) and (
            self.end is None or moment <= self.end
        )


@dataclass(frozen=True, slots=True)
class Offset:
    """One row of `clock_offsets.csv`: `seconds` to add to what a deployment's camera wrote from
    `start` up to `end` (both by the camera's own, uncorrected clock; None is without a bound)."""

    deployment_id: str
    seconds: int
    start: datetime | None = None
    end: datetime | None = None
    reason: str = ""

    def holds(self, moment: datetime) -> bool:
        """True when a time that the camera wrote is to be corrected by this."""
        return (self.start is None or moment >= self.start) and (
            self.end is None or moment < self.end
        )


@dataclass(frozen=True, slots=True)
class FieldNotes:
    """What people wrote down about the cameras of a season; nothing, where they wrote nothing."""

    deployments: tuple[Deployment, ...] = ()
    offsets: tuple[Offset, ...] = ()

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self.deployments)


NO_NOTES = FieldNotes()
