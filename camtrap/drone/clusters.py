"""Sightings that may be one animal: clusters, where they lie, and which are joined.

Two clusters may be one animal when no frame is in both, for one animal is not in one picture twice,
and when they are no further apart than their errors allow, with a walk in the time between. Errors
at 95% add by their squares.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """Sightings by their places in an ordered list, and what decides whether it may be joined.

    `point` is their weighted mean in metres, `radius` the mean of their 95% radii and not that of
    the mean, because errors of one strip are alike. `times` are the first and last in seconds.
    """

    members: tuple[int, ...]
    point: tuple[float, float]
    weight: float
    radius: float
    frames: frozenset[str]
    kind: str
    times: tuple[float, float] | None

    def with_(self, other: Cluster) -> Cluster:
        """Both as one."""
        weight = self.weight + other.weight
        count, others = len(self.members), len(other.members)
        times = [each.times for each in (self, other) if each.times]
        return Cluster(
            members=tuple(sorted(self.members + other.members)),
            point=(
                (self.point[0] * self.weight + other.point[0] * other.weight) / weight,
                (self.point[1] * self.weight + other.point[1] * other.weight) / weight,
            ),
            weight=weight,
            radius=(self.radius * count + other.radius * others) / (count + others),
            frames=self.frames | other.frames,
            kind=self.kind,
            times=(min(t[0] for t in times), max(t[1] for t in times)) if times else None,
        )


def nearness(
    one: Cluster, other: Cluster, speed_m_s: float, furthest_m: float, longest_s: float
) -> float:
    """Their distance as a share of the widest that allows one animal; infinite where none does."""
    if one.kind != other.kind or not one.frames.isdisjoint(other.frames):
        return math.inf
    walk = 0.0
    if one.times and other.times:
        apart = max(one.times[0] - other.times[1], other.times[0] - one.times[1], 0.0)
        if apart > longest_s:
            return math.inf
        walk = min(apart * speed_m_s, furthest_m)
    return math.dist(one.point, other.point) / (math.hypot(one.radius, other.radius) + walk)


class Grid:
    """Clusters by place, in cells as wide as two that may be one can be apart.

    A mean of radii is never above the largest, so the cells stay wide enough.
    """

    def __init__(self, cell_m: float) -> None:
        self._cell = cell_m
        self._cells: dict[tuple[int, int], dict[tuple[int, ...], Cluster]] = {}

    def __iter__(self) -> Iterator[Cluster]:
        return (cluster for cell in self._cells.values() for cluster in cell.values())

    def __contains__(self, cluster: Cluster) -> bool:
        return cluster.members in self._cells.get(self._place(cluster), {})

    def add(self, cluster: Cluster) -> None:
        self._cells.setdefault(self._place(cluster), {})[cluster.members] = cluster

    def remove(self, cluster: Cluster) -> None:
        del self._cells[self._place(cluster)][cluster.members]

    def around(self, cluster: Cluster) -> Iterator[Cluster]:
        """All that lie in its cell and in the eight around it."""
        column, row = self._place(cluster)
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                yield from self._cells.get((x, y), {}).values()

    def _place(self, cluster: Cluster) -> tuple[int, int]:
        return (
            math.floor(cluster.point[0] / self._cell),
            math.floor(cluster.point[1] / self._cell),
        )


def join(
    clusters: Sequence[Cluster], grid: Grid, near: Callable[[Cluster, Cluster], float]
) -> list[Cluster]:
    """Join the nearest two that may be one, again and again, until there are none.

    `grid` is empty, `near` is 1 or less for two that may be one. Of pairs that are equally near
    those with the first members come first, so that the result does not depend on chance.
    """
    pairs: list[tuple[float, tuple[int, ...], tuple[int, ...], Cluster, Cluster]] = []

    def enter(cluster: Cluster) -> None:
        for other in grid.around(cluster):
            nearest = near(cluster, other)
            if nearest <= 1:
                one, two = sorted((cluster, other), key=lambda each: each.members)
                heapq.heappush(pairs, (nearest, one.members, two.members, one, two))
        grid.add(cluster)

    for cluster in clusters:
        enter(cluster)
    while pairs:
        *_, one, two = heapq.heappop(pairs)
        if one in grid and two in grid:
            grid.remove(one)
            grid.remove(two)
            enter(one.with_(two))
    return list(grid)
