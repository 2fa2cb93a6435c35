"""Deployments beside each other: which claim the same time, and where one ends and the next begins.

People write the day of a visit, not its hour: on that day one deployment ends and the next begins,
and that is no overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from camtrap.card.deployments import Deployment

_SECOND, _NOON = timedelta(seconds=1), timedelta(hours=12)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stay:
    """A deployment, the line that it stands in, and how exactly its ends are known.

    An end that is known to the day lies at its last second, a start at its first. `is_serial` is
    True where the camera's name is one in the whole season, not only at its station.
    """

    line: int
    deployment: Deployment
    starts_on_a_day: bool = False
    ends_on_a_day: bool = False
    is_serial: bool = False

    @property
    def surely(self) -> tuple[datetime, datetime]:
        """The time in which the camera stood there for certain; empty where it is turned round."""
        start, end = self.deployment.start or datetime.min, self.deployment.end or datetime.max
        if self.starts_on_a_day and start < datetime.max - _DAY:
            start += _DAY
        if self.ends_on_a_day:
            end = datetime.combine(end.date(), datetime.min.time())
        return start, end


def overlaps(stays: Sequence[Stay]) -> list[tuple[int, str]]:
    """The line and the fault of each deployment whose time another of its camera or station has."""
    faults: dict[tuple[int, int], tuple[int, str]] = {}
    cameras = _grouped((stay.deployment.camera_id, stay) for stay in stays if stay.is_serial)
    for first, second in _at_once(cameras):
        camera = first.deployment.camera_id
        faults[first.line, second.line] = (
            second.line,
            f"camera {camera} stands at {second.deployment.station_id} while by line {first.line} "
            f"it stands at {first.deployment.station_id}; correct start, end or camera_id",
        )
    stations = _grouped((stay.deployment.station_id, stay) for stay in stays)
    for first, second in _at_once(stations):
        if _are_told_apart(first.deployment, second.deployment):
            continue
        faults.setdefault(
            (first.line, second.line),
            (
                second.line,
                f"station {second.deployment.station_id} has a camera at this time by line "
                f"{first.line}; correct start or end, or give both a camera_id or a folder",
            ),
        )
    return list(faults.values())


def adjoined(stays: Sequence[Stay]) -> list[Stay]:
    """The deployments in the same order; where two of a station share a day, each has its part.

    Where only the day is known, one ends and the other begins at noon, as camtrapR takes it.
    """
    changed = {stay.line: stay for stay in stays}
    for line_up in _grouped((stay.deployment.station_id, stay) for stay in stays).values():
        for first, second in combinations([stay.line for stay in line_up], 2):
            pair = _parted(changed[first], changed[second])
            changed |= {stay.line: stay for stay in pair}
    return [changed[stay.line] for stay in stays]


def _parted(first: Stay, second: Stay) -> tuple[Stay, Stay]:
    if first.surely[0] > second.surely[0]:
        first, second = second, first
    end, start = first.deployment.end, second.deployment.start
    if end is None or start is None or end < start or end.date() != start.date():
        return first, second
    if _stand_together(first.deployment, second.deployment):
        return first, second
    if not second.starts_on_a_day:
        end = start - _SECOND
    elif first.ends_on_a_day:
        start = datetime.combine(start.date(), datetime.min.time()) + _NOON
        end = start - _SECOND
    else:
        start = end + _SECOND
    if first.deployment.start is not None and end < first.deployment.start:
        return first, second
    if second.deployment.end is not None and start > second.deployment.end:
        return first, second
    return (
        replace(first, deployment=replace(first.deployment, end=end)),
        replace(second, deployment=replace(second.deployment, start=start)),
    )


def _stand_together(one: Deployment, other: Deployment) -> bool:
    """Two cameras at one station: each has its own time."""
    return bool(one.camera_id and other.camera_id and one.camera_id != other.camera_id)


def _are_told_apart(one: Deployment, other: Deployment) -> bool:
    return _stand_together(one, other) or bool(
        one.folder and other.folder and one.folder != other.folder
    )


def _grouped(pairs: Iterable[tuple[Hashable, Stay]]) -> dict[Hashable, list[Stay]]:
    groups: dict[Hashable, list[Stay]] = defaultdict(list)
    for key, stay in pairs:
        groups[key].append(stay)
    return groups


def _at_once(groups: dict[Hashable, list[Stay]]) -> Iterable[tuple[Stay, Stay]]:
    """Pairs of one group whose times overlap, in the order of lines."""
    for group in groups.values():
        for first, second in combinations(group, 2):
            (start, end), (other_start, other_end) = first.surely, second.surely
            is_real = start <= end and other_start <= other_end
            if is_real and max(start, other_start) < min(end, other_end):
                yield first, second
