"""What goes on a patrol's map: the stations, and where leopards, people and vehicles were seen.

The GPX, GeoJSON and KML writers draw the same waypoints, the stations first and then the events,
the last ones first: a small device that has no room for all drops the oldest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from camtrap.events.fieldwork import Fieldwork, Post
from camtrap.events.frames import Placing
from camtrap.events.names import timestamp
from camtrap.events.sun import utc_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.season_events import LATEST, SeasonEvent, SeasonEvents
from camtrap.records import State

PATROL = (State.LEOPARD, State.PERSON, State.VEHICLE)
"""Labels for which somebody goes out."""

STATION = "station"
"""The kind of a waypoint that is a station; that of an event is its label."""

# XML 1.0, production 2: all else may not even be written as a reference.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A point of the map: a station, or an event at one.

    `kind` is `station` or the event's label, `key` the event's or the station's id. Latitude and
    longitude are WGS84 degrees, the uncertainty metres; `start` and `end` are camera-local and
    `utc_offset` is like `+10:00`. Unknown is None or empty.
    """

    kind: str
    key: str
    station_id: str
    latitude: float
    longitude: float
    uncertainty_m: int | None = None
    station_name: str = ""
    deployment_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    utc_offset: str = ""
    confidence: float | None = None
    count_min: int | None = None
    image_count: int | None = None
    needs_review: bool | None = None

    @property
    def utc(self) -> str:
        """When it was, as `2026-03-04T20:29:09Z`; empty where the time or its zone is unknown."""
        moment = utc_of(self.start, self.utc_offset)
        return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}Z"

    @property
    def told(self) -> str:
        """What a ranger wants to read of it, in a line."""
        if self.kind == STATION:
            return self.station_name
        parts = [
            self.start.strftime("%Y-%m-%d %H:%M") if self.start else "time unknown",
            f"station {self.station_id}",
            self.station_name,
            f"at least {self.count_min}" if self.count_min else "",
            "seen by a person" if self.confidence is None else f"{self.confidence:.2f} sure",
            "to be checked" if self.needs_review else "",
        ]
        return ", ".join(part for part in parts if part)

    def properties(self) -> dict[str, str | float | int | bool | None]:
        """What it is as plain values, with the names of the columns of `events.csv`."""
        shared = {
            "kind": self.kind,
            "station_id": self.station_id,
            "station_name": self.station_name or None,
            "coordinate_uncertainty_m": self.uncertainty_m,
        }
        if self.kind == STATION:
            return {**shared}
        return {
            **shared,
            "event_id": self.key,
            "label": self.kind,
            "deployment_id": self.deployment_id,
            "event_start": timestamp(self.start, self.utc_offset) or None,
            "event_end": timestamp(self.end, self.utc_offset) or None,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "count_min": self.count_min,
            "image_count": self.image_count,
            "needs_review": self.needs_review,
        }


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many waypoints a file has, and how many events stand nowhere for want of coordinates."""

    stations: int
    events: int
    events_left_out: int


class Waypoints:
    """The waypoints of a season; each iteration reads them anew, and streams.

    `labels` are those of the events; `hide`, if given, is asked of every waypoint, and None leaves
    it out. `notice` is a sentence that every file made of them has to carry.
    """

    def __init__(
        self,
        ledger: Ledger,
        placed: Placing,
        events: SeasonEvents,
        work: Fieldwork,
        *,
        labels: Sequence[State] = PATROL,
        hide: Callable[[Waypoint], Waypoint | None] | None = None,
        notice: str = "",
    ) -> None:
        self._ledger, self._placed, self._events, self._work = ledger, placed, events, work
        self._hide = hide
        self.labels, self.notice = tuple(labels), notice

    def stations(self) -> Iterator[Waypoint]:
        """Every station whose place is known."""
        for posts in self._work.stations.values():
            found = station_of(posts)
            shown = None if found is None else self._shown(found)
            if shown is not None:
                yield shown

    def events(self) -> Iterator[Waypoint | None]:
        """Every event, the last ones first; None for one that stands nowhere."""
        for event in self._events.ordered(LATEST, *self.labels):
            yield self._shown(self._event(event))

    def _shown(self, waypoint: Waypoint) -> Waypoint | None:
        shown = waypoint if self._hide is None else self._hide(waypoint)
        if shown is None or not _on_earth(shown.latitude, shown.longitude):
            return None
        return shown

    def _event(self, event: SeasonEvent) -> Waypoint:
        # Where the best frame was taken, as events.csv has it.
        frame = self._placed.frame(self._ledger.entry(event.best))
        place = frame.deployment
        return Waypoint(
            kind=str(event.label),
            key=event.name,
            station_id=event.station,
            latitude=_number(frame.latitude),
            longitude=_number(frame.longitude),
            uncertainty_m=place.coordinate_uncertainty_m
            if place is not None and place.latitude is not None
            else None,
            station_name=place.station_name if place is not None else "",
            deployment_id=event.deployment,
            start=event.start,
            end=event.end,
            utc_offset=frame.utc_offset,
            confidence=None if event.reviewed is not None else event.confidence,
            count_min=event.count_min,
            image_count=event.image_count,
            needs_review=event.needs_review,
        )


def station_of(posts: Sequence[Post]) -> Waypoint | None:
    """A station as a waypoint: where its last camera stood, of which a place is known."""
    for post in reversed(posts):
        latitude, longitude, place = post.latitude, post.longitude, post.deployment
        if not _on_earth(latitude, longitude):
            continue
        assert latitude is not None and longitude is not None
        told = place is not None and place.latitude is not None
        return Waypoint(
            STATION,
            post.station_id,
            post.station_id,
            latitude,
            longitude,
            uncertainty_m=place.coordinate_uncertainty_m if place is not None and told else None,
            station_name=place.station_name if place is not None else "",
        )
    return None


def degrees(value: float) -> str:
    """Degrees with six decimals (0.1 m), never as 1e-05."""
    return f"{value:.6f}"


def xml_text(text: str) -> str:
    """Text without the characters that no XML document may hold; `&` and `<` are for the writer."""
    return _NOT_XML.sub("", text)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _on_earth(latitude: float | None, longitude: float | None) -> bool:
    if latitude is None or longitude is None:
        return False
    known = math.isfinite(latitude) and math.isfinite(longitude)
    return known and abs(latitude) <= 90 and abs(longitude) <= 180
