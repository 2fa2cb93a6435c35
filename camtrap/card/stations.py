"""`stations.csv`: where each camera stood and when, as people wrote it down.

Read in our own spelling, in camtrapR's (Station, Camera, Setup_date, Retrieval_date, Problem1_from)
and in that of Camtrap DP's deployments.csv (locationID, deploymentStart); case and signs in the
names of columns do not count. `docs/stations.md` lists the columns.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from camtrap.card.deployments import Deployment, Period
from camtrap.card.places import Place, place_of, remarks_on_places
from camtrap.card.spreadsheet import (
    Line,
    Sheet,
    When,
    in_offset,
    is_day_first,
    parse_number,
    parse_offset,
    parse_when,
    read_sheet,
    refuse,
)
from camtrap.card.stays import Stay, adjoined, overlaps
from camtrap.errors import NotesError

STATIONS_NAME = "stations.csv"

COLUMNS = (
    *("station_id", "station_name", "latitude", "longitude", "coordinate_uncertainty_m"),
    *("deployment_id", "camera_id", "start", "end", "utc_offset", "problem1_from", "problem1_to"),
    *("feature_type", "height_m", "bait", "notes", "folder"),
)
"""The columns in our own spelling; problem2_from and so on may follow."""

_STATION = ("stationid", "station", "locationid")
_NAME = ("stationname", "locationname")
_DEPLOYMENT = ("deploymentid", "deployment")
_SERIAL = ("cameraid", "serial", "serialnumber")
_CAMERA_AT_STATION = ("camera",)  # camtrapR's: 'CamA' is another camera at every station
_START = ("start", "setupdate", "deploymentstart", "setup")
_END = ("end", "retrievaldate", "deploymentend", "retrieval")
_UNCERTAINTY = ("coordinateuncertaintym", "coordinateuncertainty")
_HEIGHT = ("heightm", "cameraheight")
_BAIT = ("bait", "baituse")
_NOTES = ("notes", "deploymentcomments", "comments")
_PROBLEM = re.compile(r"problem(\d*)(from|to)", re.ASCII)
_NEXT_STEP = (
    f"Correct {STATIONS_NAME}, then run 'camtrap stations check' on the season; "
    "nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Stations:
    """The deployments of a table, in its order, and what looks odd in it, in words."""

    deployments: tuple[Deployment, ...]
    remarks: tuple[str, ...] = ()


def read_stations(path: Path) -> Stations:
    """Read the table; raises `NotesError` that tells every line that is wrong."""
    return stations_of(read_sheet(path))


def stations_of(sheet: Sheet) -> Stations:
    """The deployments in a table, each with an id of its own; raises `NotesError`."""
    if not any(name in sheet.columns for name in (*_STATION, *_DEPLOYMENT)):
        raise NotesError(
            f"{sheet.path} has no column 'station_id' (or camtrapR's 'Station', or Camtrap DP's "
            f"'locationID'). Its first line must name the columns: {', '.join(COLUMNS)}."
        )
    day_first = is_day_first(
        text
        for line in sheet.lines
        for name, text in line.cells.items()
        if name in _START or name in _END or _PROBLEM.fullmatch(name)
    )
    faults: list[tuple[int, str]] = []
    stays: list[Stay] = []
    remarks: list[str] = []
    for line in sheet.lines:
        reader = _Row(sheet, line, day_first)
        stays.append(reader.stay())
        faults += [(line.number, fault) for fault in reader.faults]
        remarks += [f"{sheet.path}, line {line.number}: {said}" for said in reader.remarks]
    stays, repeated = _with_ids(stays)
    faults += repeated
    if not faults:
        faults += overlaps(stays)
    refuse(sheet.path, faults, _NEXT_STEP)
    places = [(stay.line, stay.deployment) for stay in stays]
    remarks += [f"{sheet.path}, {said}" for said in remarks_on_places(places)]
    return Stations(tuple(stay.deployment for stay in adjoined(stays)), tuple(remarks))


class _Row:
    """One row on its way to a deployment; every fault of it is collected, not only the first."""

    def __init__(self, sheet: Sheet, line: Line, day_first: bool | None) -> None:
        self._sheet, self._line, self._day_first = sheet, line, day_first
        self.faults: list[str] = []
        self.remarks: list[str] = []

    def stay(self) -> Stay:
        get = self._line.get
        station = get(*_STATION) or get(*_DEPLOYMENT)
        if not station:
            self.faults.append("station_id is empty; every row needs the station's short name")
        start, end = self._when(_START), self._when(_END)
        offset = self._offset(start, end)
        first, last = _local(start, offset), _local(end, offset)
        if last is not None and end is not None and end.whole_day:
            last += timedelta(hours=23, minutes=59, seconds=59)
        if first is not None and last is not None and last < first:
            form = "%Y-%m-%d" if first.date() != last.date() else "%Y-%m-%d %H:%M:%S"
            self.faults.append(f"end ({last:{form}}) is before start ({first:{form}})")
        place = self._place()
        deployment = Deployment(
            deployment_id=get(*_DEPLOYMENT),
            station_id=station,
            station_name=get(*_NAME),
            latitude=place.latitude,
            longitude=place.longitude,
            coordinate_uncertainty_m=self._uncertainty(),
            camera_id=get(*_SERIAL) or get(*_CAMERA_AT_STATION),
            start=first,
            end=last,
            utc_offset=offset,
            problems=self._problems(offset),
            feature_type=get("featuretype"),
            height_m=self._number(_HEIGHT),
            bait=get(*_BAIT),
            notes=get(*_NOTES),
            folder=get("folder"),
        )
        return Stay(
            self._line.number,
            deployment,
            starts_on_a_day=start is not None and start.whole_day,
            ends_on_a_day=end is not None and end.whole_day,
            is_serial=bool(get(*_SERIAL)),
        )

    def _when(self, names: tuple[str, ...]) -> When | None:
        text = self._line.get(*names)
        if not text:
            return None
        try:
            return parse_when(text, self._day_first)
        except ValueError as error:
            self.faults.append(f"{self._named(names)}: {error}")
            return None

    def _offset(self, start: When | None, end: When | None) -> str:
        """The column's offset, else the one that stands behind start or end."""
        text = self._line.get("utcoffset")
        if text:
            try:
                return parse_offset(text)
            except ValueError as error:
                self.faults.append(f"{self._named(('utcoffset',))}: {error}")
        return next((when.utc_offset for when in (start, end) if when and when.utc_offset), "")

    def _place(self) -> Place:
        try:
            place = place_of(self._line.get)
        except ValueError as error:
            self.faults.append(str(error))
            return Place()
        if place.remark:
            self.remarks.append(place.remark)
        return place

    def _problems(self, utc_offset: str) -> tuple[Period, ...]:
        """The times in which the camera did not work; a `to` without a time of day is included."""
        numbers = {
            match[1] for name in self._line.cells if (match := _PROBLEM.fullmatch(name)) is not None
        }
        periods = []
        for number in sorted(numbers, key=lambda text: int(text or 0)):
            first, last = f"problem{number}from", f"problem{number}to"
            start, end = self._when((first,)), self._when((last,))
            if start is None or end is None:
                if not (self._line.get(first) and self._line.get(last)):  # else it is told above
                    empty = last if self._line.get(first) else first
                    self.faults.append(
                        f"{self._named((empty,))} is empty, but its other end is not"
                    )
                continue
            moment, until = in_offset(start, utc_offset), in_offset(end, utc_offset)
            if end.whole_day and until < datetime.max - timedelta(days=1):
                until += timedelta(days=1)
            if until <= moment:
                self.faults.append(f"{self._named((last,))} is not after {self._named((first,))}")
                continue
            periods.append(Period(moment, until))
        return tuple(sorted(periods, key=lambda period: period.start))

    def _uncertainty(self) -> int | None:
        metres = self._number(_UNCERTAINTY)
        if metres is None:
            return None
        if metres < 0:
            self.faults.append(f"{self._named(_UNCERTAINTY)} is below zero; it is in metres")
            return None
        return max(1, round(metres))

    def _number(self, names: tuple[str, ...]) -> float | None:
        text = self._line.get(*names)
        if not text:
            return None
        try:
            return parse_number(text)
        except ValueError as error:
            self.faults.append(f"{self._named(names)}: {error}")
            return None

    def _named(self, names: tuple[str, ...]) -> str:
        """A column as the table itself spells it."""
        return next((self._sheet.columns[name] for name in names if name in self._sheet.columns),
                    names[0])  # fmt: skip


def _local(when: When | None, utc_offset: str) -> datetime | None:
    return None if when is None else in_offset(when, utc_offset)


def _with_ids(stays: list[Stay]) -> tuple[list[Stay], list[tuple[int, str]]]:
    """Every row with an id: its own, else station and first day, with the camera where it needs it.

    Ids that are given twice are faults.
    """
    given = Counter(stay.deployment.deployment_id for stay in stays)
    made = Counter(_made_id(stay) for stay in stays if not stay.deployment.deployment_id)
    named, lines, faults = [], dict[str, int](), list[tuple[int, str]]()
    for stay in stays:
        name = stay.deployment.deployment_id
        if not name:
            name = _made_id(stay)
            if (made[name] > 1 or given[name]) and stay.deployment.camera_id:
                name = _made_id(stay, camera=stay.deployment.camera_id)
        if name and name in lines:
            faults.append(
                (
                    stay.line,
                    f"the deployment '{name}' is the one of line {lines[name]} again; give each "
                    "row a deployment_id, camera_id or start of its own",
                )
            )
        lines.setdefault(name, stay.line)
        named.append(replace(stay, deployment=replace(stay.deployment, deployment_id=name)))
    return named, faults


def _made_id(stay: Stay, camera: str = "") -> str:
    deployment = stay.deployment
    day = f"{deployment.start:%Y-%m-%d}" if deployment.start else ""
    return "_".join(part for part in (deployment.station_id, camera, day) if part)
