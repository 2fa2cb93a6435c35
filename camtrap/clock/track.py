"""The pictures of one camera from one card, in the order in which the camera took them.

A track is held as columns of numbers, some forty bytes a picture, so that a card of a million costs
no more than forty megabytes while it is looked through.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from camtrap.card.deployments import Deployment
from camtrap.clock.shots import Shot

Numbers = NDArray[np.int64]

BACK_SECONDS = 120
"""A step back of so much is none: frames of a burst are not always written in order."""

_ENOUGH_NUMBERED = 0.9
_TWICE_NUMBERED = 0.01
_FOLDER = 1_000_000
_EPOCH = datetime(1970, 1, 1)


def seconds_of(moment: datetime) -> int:
    """Seconds since 1970 by the same clock, whatever its zone."""
    return int((moment - _EPOCH).total_seconds() // 1)


def moment_of(seconds: int) -> datetime:
    """The time that `seconds_of` was given, to the second."""
    return _EPOCH + timedelta(seconds=int(seconds))


@dataclass(frozen=True, slots=True)
class Site:
    """Where a track's camera stood, as far as it is known.

    `stays` are the deployments that its folder and serial allow; latitude and longitude are WGS84
    degrees, `utc_offset` like `+10:00`; `deployment_id` is what its pictures are called by where no
    deployment is known.
    """

    deployment_id: str
    stays: tuple[Deployment, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    utc_offset: str = ""

    @property
    def start(self) -> datetime | None:
        """The earliest set-up, or None where one is not told."""
        starts = [stay.start for stay in self.stays]
        return None if None in starts else min((s for s in starts if s), default=None)

    @property
    def end(self) -> datetime | None:
        """The latest retrieval, or None where one is not told."""
        ends = [stay.end for stay in self.stays]
        return None if None in ends else max((e for e in ends if e), default=None)


@dataclass(frozen=True, slots=True)
class Track:
    """Columns, one entry a picture, in the camera's order where `is_ordered`, else by their times.

    `raw` is the camera's time and `time` the one after the corrections that people gave, both in
    seconds since 1970; `night` is 1, 0 or -1 for unknown; `event` is the camera's trigger count or
    -1; `place` is the index in `names` of the deployment that the picture was given, or -1.
    """

    site: Site
    raw: Numbers
    time: Numbers
    night: Numbers
    event: Numbers
    index: Numbers
    file_id: Numbers
    place: Numbers
    names: tuple[str, ...] = ()
    is_ordered: bool = False

    def __len__(self) -> int:
        return len(self.time)

    def steps_back(self) -> list[int]:
        """Where the time runs backwards: the places of the first pictures after it."""
        if not self.is_ordered or len(self) < 2:
            return []
        return [int(i) + 1 for i in np.flatnonzero(np.diff(self.time) < -BACK_SECONDS)]

    def deployment_of(self, first: int, last: int) -> str:
        """The deployment of the pictures from `first` up to `last`, else of those around them."""
        inside = self.place[first:last]
        inside = inside[inside >= 0]
        if len(inside):
            return self.names[int(np.argmax(np.bincount(inside)))]
        for places in (self.place[:first][::-1], self.place[last:]):
            known = places[places >= 0]
            if len(known):
                return self.names[int(known[0])]
        return self.site.stays[0].deployment_id if self.site.stays else self.site.deployment_id


@dataclass(slots=True)
class TrackMaker:
    """Takes shots as they come and gives their track."""

    site: Site
    _columns: tuple[array[int], ...] = field(
        default_factory=lambda: tuple(array("q") for _ in range(9))
    )
    _names: dict[str, int] = field(default_factory=dict)

    def add(self, shot: Shot) -> None:
        """Take one more picture."""
        number = -1 if shot.number is None else shot.number[0] * _FOLDER + shot.number[1]
        raw = seconds_of(shot.taken_at)
        place = -1
        if shot.deployment_id:
            place = self._names.setdefault(shot.deployment_id, len(self._names))
        values = (
            raw,
            raw + shot.applied,
            -1 if shot.is_night is None else int(shot.is_night),
            -1 if shot.event is None else shot.event,
            -1 if shot.index is None else shot.index,
            shot.file_id,
            place,
            number,
            shot.taken_at.microsecond,
        )
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)

    def track(self) -> Track:
        """The track of all that were taken."""
        columns = [np.frombuffer(column, dtype=np.int64) for column in self._columns if column]
        if not columns:
            columns = [np.zeros(0, np.int64)] * len(self._columns)
        *kept, number, microsecond = columns
        raw, time, _, event, index, *_ = kept
        order, is_ordered = _order(raw, time, event, index, number, microsecond)
        raw, time, night, event, index, file_id, place = (column[order] for column in kept)
        names = tuple(self._names)
        return Track(self.site, raw, time, night, event, index, file_id, place, names, is_ordered)


def track_of(site: Site, shots: Iterable[Shot]) -> Track:
    """The track of these pictures, which may come in any order."""
    maker = TrackMaker(site)
    for shot in shots:
        maker.add(shot)
    return maker.track()


def _order(
    raw: Numbers,
    time: Numbers,
    event: Numbers,
    index: Numbers,
    number: Numbers,
    microsecond: Numbers,
) -> tuple[Numbers, bool]:
    """The camera's order by file numbers, else by its trigger count, else that of the times."""
    by_time = np.lexsort((microsecond, time))
    if not len(time):
        return by_time, False
    if np.mean(number >= 0) >= _ENOUGH_NUMBERED:
        known = np.flatnonzero(number >= 0)
        order = known[np.lexsort((microsecond[known], raw[known], number[known]))]
        # A picture and its raw twin share a number and a time. Where numbers are there twice with
        # other times, cards were copied together, and the numbers tell no order.
        again = (np.diff(number[order]) == 0) & (np.diff(raw[order]) > BACK_SECONDS)
        if np.count_nonzero(again) <= _TWICE_NUMBERED * len(order):
            return _unrolled(order, number, time), True
    if np.mean((event >= 0) & (index >= 0)) >= _ENOUGH_NUMBERED:
        known = np.flatnonzero((event >= 0) & (index >= 0))
        # A count that began again would look like a clock that went back, and twice the same number
        # is such a one.
        order = known[np.lexsort((index[known], event[known]))]
        pairs = np.stack((event[order], index[order]))
        if len(order) < 2 or bool(np.all(np.any(np.diff(pairs) != 0, axis=0))):
            return order, True
    return by_time, False


def _unrolled(order: Numbers, number: Numbers, time: Numbers) -> Numbers:
    """Numbers that began again at 1 after 9999 in the same folder: the later part goes behind.

    Where the time runs back less often with the largest gap of the numbers as the beginning, that
    is where the camera began.
    """
    parts = []
    folders = number[order] // _FOLDER
    bounds = [0, *(np.flatnonzero(np.diff(folders)) + 1).tolist(), len(order)]
    for first, last in pairwise(bounds):
        part = order[first:last]
        numbers = number[part] % _FOLDER
        if len(part) > 2 and numbers[-1] >= 9000:
            cut = int(np.argmax(np.diff(numbers))) + 1
            rolled = np.concatenate((part[cut:], part[:cut]))
            if _backs(time[rolled]) < _backs(time[part]):
                part = rolled
        parts.append(part)
    return np.concatenate(parts)


def _backs(time: Numbers) -> int:
    return int(np.count_nonzero(np.diff(time) < -BACK_SECONDS))
