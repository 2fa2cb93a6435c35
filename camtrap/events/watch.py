"""What the frames of each camera tell of the camera, noted one by one: a small record for each day.

Memory grows with the days on which cameras took pictures, and not with the pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from camtrap.card.deployments import NO_NOTES, Deployment, FieldNotes
from camtrap.events import names
from camtrap.events.effort import Shown
from camtrap.events.frames import Frame
from camtrap.records import State

NOT_OWN = frozenset({State.DUPLICATE, State.SKIPPED})
"""Second copies and files that are no pictures: they say nothing of a camera."""

LONGEST_PAUSE = timedelta(days=180)
"""Where nobody wrote down when a camera stood, pictures farther from the others than this are of a
wrong clock: batteries last for months, and a reset clock is off by years."""

NIGHT_HOURS = frozenset({23, 0, 1, 2, 3})
"""Hours that are night at all latitudes and seasons at which camera traps know one."""


@dataclass(slots=True)
class Day:
    """The pictures of one camera on one day.

    `night_count` are those in infra-red, marked as night by the camera, or taken in the hours of
    `NIGHT_HOURS`; `battery_mv` is what the last of them told, and temperatures are degrees Celsius.
    """

    first: datetime
    last: datetime
    image_count: int = 0
    night_count: int = 0
    battery_mv: int | None = None
    battery_at: datetime = datetime.min
    coldest_c: int | None = None
    warmest_c: int | None = None

    def note(self, moment: datetime, frame: Frame) -> None:
        """Count a picture that was taken on this day."""
        self.first, self.last = min(self.first, moment), max(self.last, moment)
        self.image_count += 1
        entry, capture = frame.entry, frame.entry.capture
        self.night_count += bool(names.is_night(entry)) or moment.hour in NIGHT_HOURS
        if capture.battery_mv is not None and moment >= self.battery_at:
            self.battery_mv, self.battery_at = capture.battery_mv, moment
        degrees = capture.temperature_c
        if degrees is not None:
            self.coldest_c = degrees if self.coldest_c is None else min(self.coldest_c, degrees)
            self.warmest_c = degrees if self.warmest_c is None else max(self.warmest_c, degrees)


@dataclass(slots=True)
class Watch:
    """What the frames of one deployment told so far.

    `image_count` are its pictures without second copies, of which the camera told the time of
    `dated_count`, and not of `undated_count`; the others wait to be read. `latitude` and
    `longitude` are the first that a camera wrote itself; `bytes_by_card` how much lies on each
    card, with copies and videos.
    """

    deployment_id: str
    station_id: str
    deployment: Deployment | None = None
    image_count: int = 0
    dated_count: int = 0
    undated_count: int = 0
    days: dict[date, Day] = field(default_factory=dict)
    latitude: float | None = None
    longitude: float | None = None
    offsets: Counter[str] = field(default_factory=Counter)
    cameras: Counter[str] = field(default_factory=Counter)
    bytes_by_card: Counter[str] = field(default_factory=Counter)

    def note(self, frame: Frame) -> None:
        """Count one file of this deployment."""
        entry, capture = frame.entry, frame.entry.capture
        self.bytes_by_card[entry.card] += entry.size
        if entry.state in NOT_OWN:
            return
        self.image_count += 1
        if self.latitude is None and capture.latitude is not None:
            self.latitude, self.longitude = capture.latitude, capture.longitude
        if capture.utc_offset:
            self.offsets[capture.utc_offset] += 1
        if capture.serial:
            self.cameras[capture.serial] += 1
        moment = frame.taken_at
        if moment is None or not frame.dated:
            self.undated_count += entry.state is not State.PENDING
            return
        self.dated_count += 1
        day = self.days.get(moment.date())
        if day is None:
            day = self.days[moment.date()] = Day(moment, moment)
        day.note(moment, frame)

    @property
    def utc_offset(self) -> str:
        """The table's, else the one that most pictures tell, like `+10:00`; empty if none does."""
        told = self.deployment.utc_offset if self.deployment is not None else ""
        return told or _most(self.offsets)

    @property
    def camera_id(self) -> str:
        """The table's, else the serial number that most pictures tell; empty if none does."""
        told = self.deployment.camera_id if self.deployment is not None else ""
        return told or _most(self.cameras)

    def within(self) -> Mapping[date, Day]:
        """The days that belong to the deployment, in order: what a wrong clock told is left out.

        Those between set-up and retrieval, where these are known. Without either, the days that lie
        no farther than `LONGEST_PAUSE` from each other and hold the most pictures.
        """
        days = dict(sorted(self.days.items()))
        place = self.deployment
        start = place.start.date() if place is not None and place.start is not None else date.min
        end = place.end.date() if place is not None and place.end is not None else date.max
        days = {day: told for day, told in days.items() if start <= day <= end}
        if start > date.min and end < date.max:
            return days
        groups: list[dict[date, Day]] = []
        last: date | None = None
        for day, told in days.items():
            if last is None or day - last > LONGEST_PAUSE:
                groups.append({})
            groups[-1][day] = told
            last = day
        # Of groups of one size the later counts: clocks are reset to the past.
        return max(reversed(groups), key=_image_count, default={})


class Watches:
    """The watches of a season, one for each deployment, those without a picture too."""

    def __init__(self, notes: FieldNotes = NO_NOTES) -> None:
        self._watches: dict[str, Watch] = {
            place.deployment_id: Watch(place.deployment_id, place.station_id, place)
            for place in notes
        }

    def __iter__(self) -> Iterator[Watch]:
        """By deployment."""
        return iter([self._watches[key] for key in sorted(self._watches)])

    def note(self, frame: Frame) -> None:
        """Count one file."""
        watch = self._watches.get(frame.deployment_id)
        if watch is None:
            watch = Watch(frame.deployment_id, frame.station_id, frame.deployment)
            self._watches[frame.deployment_id] = watch
        watch.note(frame)

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, each noted as it passes."""
        for frame in frames:
            self.note(frame)
            yield frame


def shown(days: Mapping[date, Day]) -> Shown | None:
    """What some days of pictures, in order, tell of effort; None without any."""
    if not days:
        return None
    told = list(days.values())
    return Shown(told[0].first, told[-1].last, tuple(days))


def _image_count(days: Mapping[date, Day]) -> int:
    return sum(day.image_count for day in days.values())


def _most(told: Counter[str]) -> str:
    """The most common; of as many, the first in the alphabet."""
    return min(told, key=lambda each: (-told[each], each), default="")
