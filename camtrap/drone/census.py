"""How many animals a flight saw: one that is in many overlapping frames counts once.

Frames come in the order of time. What a frame shows is paired with the animals known so far, as
many as can be and then the nearest; what is left over is new. Afterwards animals are joined, the
nearest first, that are never in one frame and could be one. May be one: what is as near as errors
and a walk in the time between allow. So animals that stand together are told apart by the frames
that show them together, and the order in which sightings are given changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from camtrap.drone.clusters import Cluster, Grid, join, nearness
from camtrap.drone.ground import Placed
from camtrap.drone.local import degrees_of, metres_of
from camtrap.drone.pairing import paired


@dataclass(frozen=True, slots=True)
class Sighting:
    """One box of one frame on the ground, WGS84 degrees.

    `key` is its own, `frame` that of the picture. `match_m` and `uncertainty_m` are those of
    `Placed`. `taken_at` may be None, for all frames of a flight or for some.
    """

    key: str
    frame: str
    latitude: float
    longitude: float
    match_m: float
    uncertainty_m: float
    label: str
    confidence: float = 1.0
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CensusRules:
    """What may be the same animal; the defaults are ours.

    An animal walks `speed_m_s` at the pace of one that feeds, but no more than `furthest_m` between
    two sightings, and after `longest_s` it is another one. With unknown times it does not walk.
    """

    speed_m_s: float = 0.2
    furthest_m: float = 10.0
    longest_s: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Animal:
    """What is counted as one: a number from 1 in the order of first sightings, and where it was.

    The place is the mean of its sightings, those with a small radius counting more, and
    `uncertainty_m` the mean of theirs: what is wrong with a flight does not average out. `label`
    and `confidence` are of the label with most confidence among them all. `sightings` are keys in
    the order of time.
    """

    number: int
    label: str
    confidence: float
    latitude: float
    longitude: float
    uncertainty_m: float
    sightings: tuple[str, ...]
    first: datetime | None = None
    last: datetime | None = None


_NO_ANIMALS = ("person", "vehicle")
_FINEST_M = 0.1  # an animal is longer than any error is small


def sighting_of(
    key: str,
    frame: str,
    placed: Placed,
    label: str,
    confidence: float = 1.0,
    taken_at: datetime | None = None,
) -> Sighting | None:
    """A box with its place as a sighting; None where it has no place."""
    if (
        placed.latitude is None
        or placed.longitude is None
        or placed.match_m is None
        or placed.uncertainty_m is None
    ):
        return None
    return Sighting(
        key=key,
        frame=frame,
        latitude=placed.latitude,
        longitude=placed.longitude,
        match_m=max(placed.match_m, _FINEST_M),
        uncertainty_m=placed.uncertainty_m,
        label=label,
        confidence=confidence,
        taken_at=taken_at,
    )


def count_animals(
    sightings: Iterable[Sighting], rules: CensusRules | None = None
) -> tuple[Animal, ...]:
    """The animals, people and vehicles behind the sightings of one flight.

    Species may be mistaken for each other and are joined; an animal, a person and a vehicle are
    not. Raises `ValueError` when two sightings have one key, or a radius is not a positive number.
    """
    ordered = sorted(sightings, key=_order)
    if len({sighting.key for sighting in ordered}) < len(ordered):
        raise ValueError("two sightings have the same key")
    if not all(0 < each.match_m < math.inf for each in ordered):
        raise ValueError("a sighting's radius is not a positive number")
    if not ordered:
        return ()
    rules = rules or CensusRules()
    near = _nearness_by(rules)
    widest = math.sqrt(2) * max(each.match_m for each in ordered) + max(rules.furthest_m, 0.0)
    clusters = _tracked(_clusters_of(ordered), Grid(widest), near)
    joined = join(clusters, Grid(widest), near)
    joined.sort(key=lambda cluster: cluster.members[0])
    return tuple(_animal(number, cluster, ordered) for number, cluster in enumerate(joined, 1))


def _order(sighting: Sighting) -> tuple[bool, float, str, str]:
    """By time, those without one last; then by names, so that every order gives the same."""
    time = _seconds(sighting.taken_at)
    return time is None, time or 0.0, sighting.frame, sighting.key


def _seconds(moment: datetime | None) -> float | None:
    """Seconds since the year 1; camera-local where the time has no zone."""
    if moment is None:
        return None
    offset = moment.utcoffset()
    since = moment.replace(tzinfo=None) - datetime.min
    return (since - offset if offset else since).total_seconds()


def _clusters_of(ordered: Sequence[Sighting]) -> list[Cluster]:
    """Each sighting as a cluster of its own, in metres around the first."""
    latitude, longitude = ordered[0].latitude, ordered[0].longitude
    found = []
    for place, each in enumerate(ordered):
        time = _seconds(each.taken_at)
        found.append(
            Cluster(
                members=(place,),
                point=metres_of(latitude, longitude, each.latitude, each.longitude),
                weight=1 / each.match_m**2,
                radius=each.match_m,
                frames=frozenset([each.frame]),
                kind=each.label if each.label in _NO_ANIMALS else "animal",
                times=None if time is None else (time, time),
            )
        )
    return found


def _nearness_by(rules: CensusRules) -> Callable[[Cluster, Cluster], float]:
    def near(one: Cluster, other: Cluster) -> float:
        return nearness(one, other, rules.speed_m_s, rules.furthest_m, rules.longest_s)

    return near


def _tracked(
    singles: Sequence[Cluster], grid: Grid, near: Callable[[Cluster, Cluster], float]
) -> list[Cluster]:
    """Sightings frame by frame, each added to the animal it is paired with."""
    for _, group in groupby(singles, key=lambda single: sorted(single.frames)):
        frame = list(group)
        known = sorted(
            {other for single in frame for other in grid.around(single)},
            key=lambda cluster: cluster.members,
        )
        costs = [[near(single, other) for other in known] for single in frame]
        costs = [[cost if cost <= 1 else math.inf for cost in row] for row in costs]
        for single, place in zip(frame, paired(costs), strict=True):
            if place is None:
                grid.add(single)
            else:
                grid.remove(known[place])
                grid.add(known[place].with_(single))
    return sorted(grid, key=lambda cluster: cluster.members)


def _animal(number: int, cluster: Cluster, ordered: Sequence[Sighting]) -> Animal:
    members = [ordered[place] for place in cluster.members]
    label = _label(members)
    latitude, longitude = degrees_of(ordered[0].latitude, ordered[0].longitude, *cluster.point)
    times = [member.taken_at for member in members if member.taken_at is not None]
    return Animal(
        number=number,
        label=label,
        confidence=max(member.confidence for member in members if member.label == label),
        latitude=latitude,
        longitude=longitude,
        uncertainty_m=sum(member.uncertainty_m for member in members) / len(members),
        sightings=tuple(member.key for member in members),
        first=times[0] if times else None,
        last=times[-1] if times else None,
    )


def _label(members: Sequence[Sighting]) -> str:
    total: dict[str, float] = {}
    for member in members:
        total[member.label] = total.get(member.label, 0.0) + member.confidence
    return min(total, key=lambda label: (-total[label], label))
