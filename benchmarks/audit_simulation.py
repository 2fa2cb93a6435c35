"""Does an audit keep its word? Seasons of which the truth is known, audited many times over.

    python benchmarks/audit_simulation.py --audits 1000

Each season has bursts of several pictures, stations, score bands, and animals that were missed in
whole bursts or in some pictures of them. An audit draws pictures as `camtrap audit` does, with its
strata and its bounds; only the ledger and the people are left out. Coverage is how often the truth
lay within the bound; beside it stands the interval of that share. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camtrap.audit.bounds import count_upper, hypergeometric_tail, share_between
from camtrap.audit.strata import (
    DRAWS_A_STRATUM,
    Stratum,
    needed,
    strata_of,
    upper,
    with_draws,
)
from camtrap.audit.verdict import most_bursts

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Scenario:
    """A season to be made.

    `share` is how many bursts hold what was missed, at a station and in a band of weight 1;
    `part` is the chance of each picture of such a burst to show it (one does). `sizes` are those
    of bursts, each as likely. Stations and bands are drawn with `stations` and `bands` as their
    shares, and multiply the share of misses by `station_weights` and `band_weights`.
    """

    name: str
    pictures: int
    share: float
    sizes: Sequence[int] = (3,)
    part: float = 1.0
    stations: int = 10
    uneven_stations: bool = False
    station_weights: Callable[[int], float] = lambda _: 1.0
    band_weights: Sequence[float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Truth:
    """A season that was made: one value a picture.

    `hit` tells pictures of bursts in which something was missed, `missed` those that show it.
    """

    cell: Numbers
    burst: Numbers
    hit: Flags
    missed: Flags
    cells: dict[tuple[str, int], int]
    bursts: tuple[tuple[int, int], ...]

    @property
    def events(self) -> int:
        """Bursts in which something was missed."""
        return len(np.unique(self.burst[self.hit]))


@dataclass(frozen=True)
class Outcome:
    """What many audits of one season came to; all but the median are counts of audits."""

    audits: int
    pictures_held: int
    events_held: int
    careless_held: int
    median_bound: int


@dataclass(frozen=True)
class Grown:
    """What audits that were enlarged came to: how often they held, and means of the others."""

    audits: int
    held: int
    looks: float
    stated: float


def make(scenario: Scenario, random: np.random.Generator) -> Truth:
    """Make the season of a scenario."""
    sizes = random.choice(scenario.sizes, scenario.pictures)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), scenario.pictures)) + 1]
    count = len(sizes)
    weights = np.arange(1, scenario.stations + 1) ** (2.0 if scenario.uneven_stations else 0.0)
    station = random.choice(scenario.stations, count, p=weights / weights.sum())
    burst = np.repeat(np.arange(count), sizes)
    band = random.choice(3, len(burst), p=(0.7, 0.2, 0.1))
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    of_station = np.array([scenario.station_weights(n) for n in range(scenario.stations)])
    chance = scenario.share * of_station[station] * np.array(scenario.band_weights)[band[first]]
    holds = random.random(count) < chance
    missed = holds[burst] & (random.random(len(burst)) < scenario.part)
    missed[first[holds]] = True
    names = [(f"ST{n:02}", b) for n in range(scenario.stations) for b in range(3)]
    cell = station[burst] * 3 + band
    counted = Counter(cell.tolist())
    return Truth(
        cell,
        burst,
        holds[burst],
        missed,
        {names[number]: counted[number] for number in sorted(counted)},
        tuple(sorted(Counter(sizes.tolist()).items())),
    )


def strata_for(truth: Truth, size: int) -> tuple[list[Stratum], list[Numbers]]:
    """The strata of an audit whose first draw is `size`, and the pictures in each."""
    strata = strata_of(truth.cells, max(1, size // DRAWS_A_STRATUM))
    numbers = {name: int(name[0][2:]) * 3 + name[1] for name in truth.cells}
    members = [
        np.flatnonzero(np.isin(truth.cell, [numbers[cell] for cell in stratum.cells]))
        for stratum in strata
    ]
    return strata, members


def audit(truth: Truth, size: int, audits: int, random: np.random.Generator) -> Outcome:
    """Audit a season many times, `size` pictures each."""
    strata, members = strata_for(truth, size)
    strata = with_draws(strata, size)
    drawn = [
        _lots(pictures, s.drawn, audits, random)
        for s, pictures in zip(strata, members, strict=True)
    ]
    chosen = np.concatenate(drawn, axis=1)
    looked = truth.hit[chosen].sum(axis=1)
    bound = {int(k): upper(strata, int(k), CONFIDENCE) for k in np.unique(looked)}
    bounds = np.array([bound[int(k)] for k in looked])
    events = np.array([most_bursts(truth.bursts, int(b)) for b in bounds])
    return Outcome(
        audits,
        int((bounds >= truth.hit.sum()).sum()),
        int((events >= truth.events).sum()),
        _careless(truth, chosen),
        int(np.median(bounds)),
    )


def exact_coverage(truth: Truth, size: int, confidence: float = CONFIDENCE) -> float:
    """The chance that the bound of pictures holds, from the numbers of each stratum alone.

    Nothing is drawn: how many drawn pictures are hits is a sum of hypergeometric numbers.
    """
    strata, members = strata_for(truth, size)
    strata = with_draws(strata, size)
    chances = np.ones(1)
    for stratum, pictures in zip(strata, members, strict=True):
        hits = int(truth.hit[pictures].sum())
        tail = [
            hypergeometric_tail(k, stratum.size, hits, stratum.drawn)
            for k in range(min(hits, stratum.drawn) + 1)
        ]
        chances = np.convolve(chances, np.diff(tail, prepend=0.0))
    total = int(truth.hit.sum())
    holds = [upper(strata, k, confidence) >= total for k in range(len(chances))]
    return float(chances[holds].sum())


def _careless(truth: Truth, chosen: Numbers) -> int:
    """How often the bound held that counts each picture of the seen bursts as a look of its own."""
    sizes = np.bincount(truth.burst)
    missed = np.bincount(truth.burst, weights=truth.missed).astype(int)
    held, known = 0, {}
    for row in chosen:
        seen = np.unique(truth.burst[row])
        key = int(missed[seen].sum()), int(sizes[seen].sum())
        if key not in known:
            known[key] = count_upper(key[0], len(truth.burst), key[1], CONFIDENCE)
        held += known[key] >= int(truth.missed.sum())
    return held


def grown(
    truth: Truth,
    wish: float,
    audits: int,
    random: np.random.Generator,
    confidence: float = CONFIDENCE,
    rounds: int = 6,
) -> Grown:
    """Audits that are enlarged after misses until the bound is reached, `rounds` draws at most."""
    wished = int(wish * len(truth.burst))
    first = needed([Stratum((), len(truth.burst))], 0, wished, confidence)
    plain, members = strata_for(truth, first)
    hits = [
        truth.hit[_lots(pictures, len(pictures), audits, random)].cumsum(axis=1)
        for pictures in members
    ]
    needs = cache(lambda against: needed(plain, against, wished, confidence))
    draws = cache(lambda size: with_draws(plain, size))
    ends = cache(lambda size, against: upper(draws(size), against, confidence))
    held = 0
    looks, stated = [], []
    for number in range(audits):
        against = size = bound = turns = 0
        while turns < rounds:
            turns += 1
            size = max(size, needs(against))
            parts = zip(hits, draws(size), strict=True)
            against = sum(int(found[number, part.drawn - 1]) for found, part in parts)
            bound = ends(size, against)
            if bound <= wished:
                break
        held += bound >= truth.hit.sum()
        looks.append(size)
        stated.append(1 - turns * (1 - confidence))
    return Grown(audits, int(held), float(np.mean(looks)), float(np.mean(stated)))


def _lots(pictures: Numbers, count: int, audits: int, random: np.random.Generator) -> Numbers:
    """`count` of some pictures for each audit, in the order in which lots fell."""
    order = np.argsort(random.random((audits, len(pictures))), axis=1)
    found: Numbers = pictures[order[:, :count]]
    return found


SCENARIOS = (
    Scenario("nothing missed", 10_000, 0.0),
    Scenario("0.1 %", 10_000, 0.001),
    Scenario("1 %", 10_000, 0.01),
    Scenario("just above what a clean sample allows", 10_000, 0.0107),
    Scenario("5 %", 10_000, 0.05),
    Scenario("30 %", 10_000, 0.3),
    Scenario("1 %, single pictures", 10_000, 0.01, sizes=(1,)),
    Scenario("1 %, bursts of 1, 3 and 60", 10_000, 0.01, sizes=(1, 1, 1, 3, 3, 3, 60)),
    Scenario("1 %, a third of a burst's pictures", 10_000, 0.01, sizes=(5,), part=1 / 3),
    Scenario("all at 1 of 10 stations, 20 % there", 10_000, 0.2, station_weights=lambda n: n == 3),
    Scenario(
        "all at the smallest of 30 stations",
        10_000,
        0.9,
        stations=30,
        uneven_stations=True,
        station_weights=lambda n: n < 4,
    ),
    Scenario("10 times as many in the top band", 10_000, 0.005, band_weights=(0.1, 1.0, 10.0)),
    Scenario("small season, 2 %", 600, 0.02),
    Scenario("small season, 20 %", 600, 0.2),
)


def main() -> None:
    """Make the seasons, audit them, print the tables."""
    parser = argparse.ArgumentParser(description="How often do the bounds of audits hold?")
    parser.add_argument("--audits", type=int, default=1000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--append", type=Path, help="also append the tables to this file")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    lines = [
        f"## audits, {arguments.audits:,} of each season, {arguments.size} pictures each, "
        f"{100 * CONFIDENCE:g} %, {date.today()}\n",
        "| season | pictures missed | in bursts missed | bound, median | holds: pictures | "
        "computed | holds: events | each picture of a burst counted as a look |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for scenario in SCENARIOS:
        truth = make(scenario, random)
        said = audit(truth, arguments.size, arguments.audits, random)
        lines.append(
            f"| {scenario.name} | {truth.missed.sum():,} of {len(truth.burst):,} | "
            f"{truth.hit.sum():,} | {said.median_bound:,} | "
            f"{_held(said.pictures_held, said.audits)} | "
            f"{exact_coverage(truth, arguments.size):.4f} | "
            f"{_held(said.events_held, said.audits)} | "
            f"{said.careless_held / said.audits:.3f} |"
        )
    for title, confidence, rounds in (
        (
            "Enlarged after misses until at most 1 % can be missed, six draws of 95 % at most",
            0.95,
            6,
        ),
        ("The same with two draws of 97.5 % at most", 0.975, 2),
    ):
        lines += [
            f"\n**{title}**\n",
            "| in bursts missed | looks, mean | holds | stated confidence, mean |",
            "|---|---|---|---|",
        ]
        for share in (0.004, 0.008, 0.0107, 0.015):
            truth = make(Scenario("", 10_000, share), random)
            went = grown(truth, 0.01, arguments.audits, random, confidence, rounds)
            lines.append(
                f"| {100 * truth.hit.mean():.2f} % | {went.looks:,.0f} | "
                f"{_held(went.held, went.audits)} | {went.stated:.3f} |"
            )
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def _held(count: int, audits: int) -> str:
    low, high = share_between(count, audits, 0.95)
    return f"{count / audits:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
