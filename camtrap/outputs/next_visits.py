"""What to do next: which camera to visit first, and why.

A pure function of what is known of each camera, so that its order can be read here and argued with.
Trouble that loses pictures every night comes first; a leopard alone is a reason to go, but a camera
that works can wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a camera is to be visited, the most urgent first."""

    DEAD = "dead"
    NIGHT = "night"
    FULL = "full"
    SILENT = "silent"
    BATTERY = "battery"
    CLOCK = "clock"
    UNREAD = "unread"
    LEOPARD = "leopard"


ORDER: tuple[Reason, ...] = tuple(Reason)
"""Dead: no effort at all. Night: blind when leopards walk. Full: it takes no more. Silent: it may
be dead, and nobody wrote down when it was fetched. Battery: soon to be dead. Clock: pictures of
another time. Unread: a failing memory card. Leopard: look for more."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason with its evidence: since when, or how many; None where nothing tells."""

    reason: Reason
    since: datetime | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """What is known of one camera, the last that stood at its station.

    `dead_since` is its last picture when it stopped before it was fetched. Of a camera of which
    nobody wrote down when it was fetched, `silent_since` is its last picture, and `silent_days` go
    from there to the last picture of any camera of the season. `night_failed_since`
    when it took no more infra-red pictures; `full` and `battery_low` are as the health check tells;
    `clock_wrong` counts findings that nobody has put right; `unread_count` of `file_count` files
    could not be read; `leopard_count` events of leopards, the last at `leopard_at`.
    """

    station_id: str
    deployment_id: str
    dead_since: datetime | None = None
    silent_since: datetime | None = None
    silent_days: float = 0.0
    night_failed_since: datetime | None = None
    full: bool = False
    battery_low: bool = False
    clock_wrong: int = 0
    file_count: int = 0
    unread_count: int = 0
    leopard_count: int = 0
    leopard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A camera to go to, with its reasons, the most urgent first."""

    camera: Camera
    reasons: tuple[Why, ...] = field(default=())


SILENT_DAYS = 14.0
"""Fewer days without a picture while other cameras go on are no reason to go."""

UNREAD_PART, UNREAD_LEAST = 0.02, 3
"""A card is called failing from so many files on that could not be read, and so large a part."""


def next_visits(cameras: Iterable[Camera]) -> list[Visit]:
    """The cameras that have a reason, the most urgent first.

    Compared by the most urgent reason, then by the second, and so on; more leopards come before
    fewer, then the station's name decides. The order of `cameras` plays no part.
    """
    visits = [Visit(camera, why) for camera in cameras if (why := tuple(reasons(camera)))]
    return sorted(visits, key=_urgency)


def reasons(camera: Camera) -> list[Why]:
    """All reasons to visit a camera, the most urgent first."""
    found: list[Why] = []
    if camera.dead_since is not None:
        found.append(Why(Reason.DEAD, camera.dead_since))
    if camera.night_failed_since is not None:
        found.append(Why(Reason.NIGHT, camera.night_failed_since))
    if camera.full:
        found.append(Why(Reason.FULL))
    if camera.dead_since is None and camera.silent_days >= SILENT_DAYS:
        found.append(Why(Reason.SILENT, camera.silent_since, int(camera.silent_days)))
    if camera.battery_low:
        found.append(Why(Reason.BATTERY))
    if camera.clock_wrong:
        found.append(Why(Reason.CLOCK, number=camera.clock_wrong))
    if _failing(camera):
        found.append(Why(Reason.UNREAD, number=camera.unread_count))
    if camera.leopard_count:
        found.append(Why(Reason.LEOPARD, since=camera.leopard_at, number=camera.leopard_count))
    return found


def _failing(camera: Camera) -> bool:
    unread = camera.unread_count
    return unread >= UNREAD_LEAST and unread >= UNREAD_PART * camera.file_count


def _urgency(visit: Visit) -> tuple[tuple[int, ...], int, str, str]:
    ranks = tuple(ORDER.index(why.reason) for why in visit.reasons)
    # A list that ends is less urgent than the same list with another reason behind it.
    padded = (*ranks, *[len(ORDER)] * (len(ORDER) - len(ranks)))
    camera = visit.camera
    return padded, -camera.leopard_count, camera.station_id, camera.deployment_id
