"""Stations and score bands into strata, and how many pictures are drawn of each.

A bound holds for the stratum of which the smallest share is drawn (`bounds.stratified_upper`), so
shares are kept as even as whole numbers allow, and what is too small for a stratum of its own is
put together with its neighbours. Nothing here depends on how many are drawn in the end: an audit
that grows keeps its strata and every picture that was drawn before.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from camtrap.audit.bounds import count_upper, stratified_upper
from camtrap.audit.targets import BANDS

Cell = tuple[str, int]
"""A station and the number of a score band."""

DRAWS_A_STRATUM = 10
"""There is at most one stratum to so many pictures of the first draw: rounding costs half a picture
each."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Some cells, the pictures in them, and how many of those were drawn."""

    cells: tuple[Cell, ...]
    size: int
    drawn: int = 0

    @property
    def name(self) -> str:
        """For people: `ST01, 1 % to 10 %`, or the first and last of several stations."""
        stations = sorted({station for station, _ in self.cells})
        bands = sorted({band for _, band in self.cells})
        limits = [0.0, *BANDS, 1.0]
        low, high = limits[bands[0]], limits[bands[-1] + 1]
        where = stations[0] if len(stations) == 1 else f"{stations[0]} to {stations[-1]}"
        return f"{where}, {100 * low:g} % to {100 * high:g} %"


def strata_of(cells: Mapping[Cell, int], most: int) -> list[Stratum]:
    """At most `most` strata of some cells with their sizes, by station and band.

    A station's bands are put together before stations are; what is left over at the end goes to the
    stratum before it.
    """
    total = sum(cells.values())
    least = math.ceil(total / max(1, most))
    found: list[Stratum] = []
    open_cells: list[Cell] = []
    for _, station in groupby(sorted(cells), key=lambda cell: cell[0]):
        for cell in _merged_bands(list(station), cells, least):
            open_cells += cell
            size = sum(cells[each] for each in open_cells)
            if size >= least:
                found.append(Stratum(tuple(open_cells), size))
                open_cells = []
    if open_cells:
        before = found.pop() if found else Stratum((), 0)
        size = before.size + sum(cells[each] for each in open_cells)
        found.append(Stratum((*before.cells, *open_cells), size))
    return found


def _merged_bands(station: list[Cell], cells: Mapping[Cell, int], least: int) -> list[list[Cell]]:
    """A station's bands in groups of `least` pictures or more; one group where it has no more."""
    groups: list[list[Cell]] = []
    for cell in station:
        if groups and sum(cells[each] for each in groups[-1]) < least:
            groups[-1].append(cell)
        else:
            groups.append([cell])
    if len(groups) > 1 and sum(cells[each] for each in groups[-1]) < least:
        last = groups.pop()
        groups[-1] += last
    return groups


def allocated(sizes: Sequence[int], count: int) -> list[int]:
    """How many of `count` pictures each stratum gives, so that the smallest share is the largest.

    The next one is always drawn where the share is smallest (Adams' method of apportionment), so
    more draws never take one away. No stratum gives more than it has.
    """
    total = sum(sizes)
    count = min(count, total)
    if not count:
        return [0] * len(sizes)
    # Up to this share all are drawn in any case; what rounding left is given one by one.
    share = max(Fraction(0), Fraction(count - len(sizes), total))
    drawn = [math.ceil(share * size) for size in sizes]
    waiting = [(Fraction(n, size), i) for i, (n, size) in enumerate(zip(drawn, sizes, strict=True))]
    heapq.heapify(waiting)
    for _ in range(count - sum(drawn)):
        _, i = heapq.heappop(waiting)
        drawn[i] += 1
        heapq.heappush(waiting, (Fraction(drawn[i], sizes[i]), i))
    return drawn


def upper(strata: Sequence[Stratum], missed: int, confidence: float) -> int:
    """The most pictures that are missed ones, when `missed` of those drawn are.

    All of them when any stratum gave none.
    """
    population = sum(stratum.size for stratum in strata)
    drawn = sum(stratum.drawn for stratum in strata)
    if any(not stratum.drawn for stratum in strata):
        return population
    if len(strata) == 1:
        return count_upper(missed, population, drawn, confidence)
    least = min(Fraction(stratum.drawn, stratum.size) for stratum in strata)
    return stratified_upper(missed, population, drawn, least, confidence)


def with_draws(strata: Sequence[Stratum], count: int) -> list[Stratum]:
    """The strata with `count` pictures drawn of all of them."""
    counts = allocated([stratum.size for stratum in strata], count)
    return [Stratum(s.cells, s.size, n) for s, n in zip(strata, counts, strict=True)]


def needed(strata: Sequence[Stratum], missed: int, bound: int, confidence: float) -> int:
    """How many pictures must be drawn in all, so that no more than `bound` are missed ones.

    `missed` of them are in the end. All of them, where `bound` is less than that.
    """
    low, high = max(1, missed), sum(stratum.size for stratum in strata)
    while low < high:
        middle = (low + high) // 2
        if upper(with_draws(strata, middle), missed, confidence) <= bound:
            high = middle
        else:
            low = middle + 1
    return high
