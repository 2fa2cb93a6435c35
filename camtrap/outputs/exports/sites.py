"""Where the cameras stood, as exports for other people's tools tell it: one `Site` a deployment.

A first walk over the season's frames gathers what the field notes leave open: first and last
picture, camera, offset from UTC. It holds one small record a deployment, however many files there
are.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from typing import Any

from camtrap.card.deployments import Deployment, Offset, Period
from camtrap.errors import ConfigError
from camtrap.events.frames import Frame
from camtrap.events.sun import zone_of
from camtrap.outputs.exports.base import Source
from camtrap.outputs.public import grid_uncertainty_m, on_grid
from camtrap.records import State

PEOPLE = frozenset({State.PERSON, State.VEHICLE})
"""What a public export leaves out."""

MISSING_WORDS = frozenset({"", "NA", "NaN", "nan"})
"""What R, pandas and Camtrap DP read as no value: no station may be called so."""

_OFFSET_OPTION = "utc-offset"


@dataclass(frozen=True, slots=True)
class Site:
    """One deployment as exports tell it: field notes first, and what its pictures show after that.

    `key` is the deployment's id in the season; `deployment_id` and `station_id` are those that go
    out, unique, and never a word that other programs take for no value. `start` and `end` are
    camera-local; `utc_offset` is like `+10:00`, or empty where nothing tells it, and `offsets` are
    all that its camera wrote. `issues` are sentences about its times. Unknown is None or empty.
    """

    key: str
    deployment_id: str
    station_id: str
    station_name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    uncertainty_m: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    utc_offset: str = ""
    offsets: tuple[str, ...] = ()
    corrections: tuple[Offset, ...] = ()
    camera_id: str = ""
    make: str = ""
    model: str = ""
    feature_type: str = ""
    height_m: float | None = None
    bait: str = ""
    notes: str = ""
    problems: tuple[Period, ...] = ()
    issues: tuple[str, ...] = ()

    @property
    def camera_model(self) -> str:
        """Make and model as Camtrap DP wants them, with a hyphen."""
        return "-".join(part for part in (self.make, self.model) if part)


@dataclass(slots=True)
class _Tally:
    """What the frames of one deployment show."""

    station_id: str
    deployment: Deployment | None
    first: datetime | None = None
    last: datetime | None = None
    place: tuple[float, float] | None = None
    offsets: Counter[str] = field(default_factory=Counter)
    cameras: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    copied: int = 0

    def add(self, frame: Frame) -> None:
        capture = frame.entry.capture
        moment = frame.taken_at
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)
            self.copied += not frame.dated
        if self.place is None and frame.latitude is not None and frame.longitude is not None:
            self.place = frame.latitude, frame.longitude
        if capture.utc_offset:
            self.offsets[capture.utc_offset] += 1
        if capture.serial or capture.model:
            self.cameras[capture.serial, capture.make, capture.model] += 1


def sites(source: Source, states: Collection[State]) -> dict[str, Site]:
    """The season's deployments by their id there, in the order of these ids.

    Those of the field notes come too when they have no file, because a camera that saw nothing is
    effort. With `source.public` they are blurred and renamed (see `blurred`).
    """
    tallies: dict[str, _Tally] = {}
    for frame in source.frames(states):
        if source.public and shows_people(frame):
            continue
        tally = tallies.get(frame.deployment_id)
        if tally is None:
            tally = tallies[frame.deployment_id] = _Tally(frame.station_id, frame.deployment)
        tally.add(frame)
    for deployment in source.placing.notes.deployments:
        if deployment.deployment_id not in tallies:
            tallies[deployment.deployment_id] = _Tally(deployment.station_id, deployment)
    default = default_offset(source.options)
    corrections = source.placing.notes.offsets
    found = [_site(key, tallies[key], corrections, default) for key in sorted(tallies)]
    told = blurred(found, source.grid) if source.public else renamed(found)
    return {site.key: site for site in told}


def _site(key: str, tally: _Tally, corrections: Iterable[Offset], default: str) -> Site:
    place = tally.deployment or Deployment(key, tally.station_id)
    serial, make, model = max(tally.cameras, key=lambda c: tally.cameras[c], default=("", "", ""))
    latitude, longitude = place.latitude, place.longitude
    if (latitude is None or longitude is None) and tally.place is not None:
        latitude, longitude = tally.place
    start, end = place.start or tally.first, place.end or tally.last
    offsets = tuple(sorted({offset_text(text) for text in tally.offsets} - {""}))
    camera_s = offsets[0] if len(offsets) == 1 else ""
    return Site(
        key=key,
        deployment_id=key,
        station_id=tally.station_id,
        station_name=place.station_name,
        latitude=latitude,
        longitude=longitude,
        uncertainty_m=place.coordinate_uncertainty_m,
        start=start,
        end=end,
        utc_offset=offset_text(place.utc_offset) or camera_s or ("" if offsets else default),
        offsets=offsets,
        corrections=tuple(c for c in corrections if c.deployment_id == key),
        camera_id=place.camera_id or serial,
        make=make,
        model=model,
        feature_type=place.feature_type,
        height_m=place.height_m,
        bait=place.bait,
        notes=place.notes,
        problems=place.problems,
        issues=tuple(_issues(tally, start, end)),
    )


def _issues(tally: _Tally, start: datetime | None, end: datetime | None) -> Iterator[str]:
    if tally.copied:
        yield f"{tally.copied} pictures have only the file's own date"
    if tally.first is not None and start is not None and tally.first < start:
        yield "pictures before the camera was set up"
    if tally.last is not None and end is not None and tally.last > end:
        yield "pictures after the camera was taken down"


def shows_people(frame: Frame) -> bool:
    """True when a person or a vehicle may be in the picture: by its label, or by one of its boxes.

    A person's word that it is something else does not clear a box: both may be in the picture. Of a
    doubtful picture, the likeliest label that is not empty counts.
    """
    if frame.label in PEOPLE or any(d.label in PEOPLE for d in frame.entry.detections):
        return True
    if frame.label != State.UNSURE:
        return False
    chances = {k: v for k, v in frame.entry.probabilities.items() if k != State.EMPTY}
    return max(chances, key=lambda label: chances[label], default="") in PEOPLE


def default_offset(options: Mapping[str, str]) -> str:
    """The option `utc-offset`, for deployments of which nothing tells it; empty when not given.

    Raises `ConfigError` when it is no offset.
    """
    said = options.get(_OFFSET_OPTION, "")
    told = offset_text(said)
    if said and not told:
        raise ConfigError(f"utc-offset={said} is no offset from UTC. Write it like +10:00.")
    return told


def offset_text(text: str) -> str:
    """An offset from UTC as `+05:45`, whatever way it was written; empty when it is none."""
    zone = zone_of(text)
    return "" if zone is None else _text_of(zone)


def _text_of(zone: timezone) -> str:
    minutes = (zone.utcoffset(None) or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def renamed(found: Iterable[Site]) -> list[Site]:
    """The sites with ids that no program takes for a missing value; they stay unique."""
    found = list(found)
    stations = _safe({site.station_id for site in found})
    deployments = _safe({site.key for site in found})
    return [
        replace(
            site,
            station_id=stations[site.station_id],
            deployment_id=deployments[site.deployment_id],
        )
        for site in found
    ]


def _safe(names: set[str]) -> dict[str, str]:
    """Each name, with underscores behind it where it would be read as no value."""
    safe: dict[str, str] = {}
    for name in sorted(names):
        told = name
        while told in MISSING_WORDS or (told != name and told in names):
            told += "_"
        safe[name] = told
    return safe


def blurred(found: Iterable[Site], grid: float) -> list[Site]:
    """The sites for everybody: on a grid of `grid` degrees, and without words that tell places.

    Stations become `site-1`, `site-2`, in an order that says nothing of their names; notes, names,
    folders and serial numbers are left out. A station has one place, for two readings on both sides
    of a cell's edge would tell where it is passed; the uncertainty grows by half a cell's diagonal.
    Set-up and retrieval are told to the day: by the hour they tell when people came.
    """
    found = list(found)
    places = _places_of(found)
    stations = _numbered({site.station_id for site in found}, "site")
    deployments = _numbered({site.key for site in found}, "deployment")
    return [
        replace(
            site,
            deployment_id=deployments[site.key],
            station_id=stations[site.station_id],
            station_name="",
            **_blurred_place(places.get(site.station_id), grid),
            start=_day(site.start, "00:00:00"),
            end=_day(site.end, "23:59:59"),
            camera_id="",
            notes="",
            bait="yes" if baited(site.bait) else site.bait,
            corrections=tuple(replace(c, reason="") for c in site.corrections),
        )
        for site in found
    ]


def _numbered(names: set[str], word: str) -> dict[str, str]:
    # By a hash, so that the order of the numbers is not that of the names.
    ordered = sorted(names, key=lambda name: hashlib.sha1(name.encode()).digest())
    return {name: f"{word}-{number}" for number, name in enumerate(ordered, 1)}


def _places_of(found: Iterable[Site]) -> dict[str, tuple[float, float, int]]:
    """Latitude, longitude and uncertainty of each station: those of its first deployment that has
    any, with the largest uncertainty of all."""
    places: dict[str, tuple[float, float, int]] = {}
    for site in found:
        if site.latitude is not None and site.longitude is not None:
            latitude, longitude, most = places.get(
                site.station_id, (site.latitude, site.longitude, 0)
            )
            places[site.station_id] = latitude, longitude, max(most, site.uncertainty_m or 0)
    return places


def _blurred_place(place: tuple[float, float, int] | None, grid: float) -> dict[str, Any]:
    if place is None:
        return {"latitude": None, "longitude": None, "uncertainty_m": None}
    latitude, longitude, own = on_grid(place[0], grid), on_grid(place[1], grid), place[2]
    metres = grid_uncertainty_m(latitude, grid, own)
    return {"latitude": latitude, "longitude": longitude, "uncertainty_m": metres}


def _day(moment: datetime | None, clock: str) -> datetime | None:
    return None if moment is None else datetime.combine(moment.date(), time.fromisoformat(clock))


def baited(bait: str) -> bool | None:
    """Whether a note on bait means that there was any; None where nothing was noted."""
    word = bait.strip().casefold()
    return None if not word else word not in {"no", "none", "false", "0", "-", "нет", "无", "没有"}
