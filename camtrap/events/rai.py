"""How often something was seen for the effort: the relative abundance index with its interval.

RAI = 100 x independent events / trap-nights (O'Brien, Kinnaird and Wibisono 2003, Animal
Conservation 6: 131-139). The interval is the exact one of a Poisson count (Garwood 1936, Biometrika
28: 437-442).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CAVEAT = (
    "RAI is an index of how often cameras photographed something (independent events in 100 "
    "trap-nights), not of how many animals there are: it changes with site, camera, season and "
    "independence interval. The 95% interval counts events as a Poisson process; animals that come "
    "back make it wider than that."
)
"""What has to stand beside every RAI."""

LEVEL = 0.95
_STEPS = 200  # halvings; a float has no more
_TERMS = 100_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Events in 100 trap-nights, with the limits of the 95% interval."""

    value: float
    low: float
    high: float


def rai(event_count: int, trap_nights: float | None) -> Rate | None:
    """The index of a count of independent events; None without effort, which is no rate of 0."""
    if not trap_nights:
        return None
    low, high = poisson_interval(event_count)
    scale = 100.0 / trap_nights
    return Rate(event_count * scale, low * scale, high * scale)


def poisson_interval(count: int, level: float = LEVEL) -> tuple[float, float]:
    """The exact (Garwood) limits of a Poisson mean of which `count` were seen.

    The lower limit is the mean under which `count` or more come with (1 - level) / 2, the upper one
    that under which `count` or fewer do. Raises `ValueError` for a negative count.
    """
    if count < 0:
        raise ValueError("a count is 0 or more")
    tail = (1.0 - level) / 2.0
    # P(a, x) is the chance that a Poisson count of mean x is a or more.
    low = _solve(lambda mean: lower_gamma(count, mean), tail, count) if count else 0.0
    high = _solve(lambda mean: lower_gamma(count + 1, mean), 1.0 - tail, count)
    return low, high


def lower_gamma(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x), for a > 0 and x >= 0.

    Its series (Abramowitz & Stegun 6.5.29) where that converges fast, else the continued fraction
    of its complement (6.5.31), evaluated by Lentz's method.
    """
    if x <= 0.0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, _TERMS):
            term *= x / (a + n)
            total += term
            if term < total * 1e-16:
                break
        return min(front * total, 1.0)
    tiny = 1e-300
    b = x + 1.0 - a
    c, d = 1.0 / tiny, 1.0 / b
    fraction = d
    for n in range(1, _TERMS):
        numerator = -n * (n - a)
        b += 2.0
        d = numerator * d + b
        d = 1.0 / (d if abs(d) > tiny else tiny)
        c = b + numerator / c
        c = c if abs(c) > tiny else tiny
        step = d * c
        fraction *= step
        if abs(step - 1.0) < 1e-15:
            break
    return max(1.0 - front * fraction, 0.0)


def _solve(rising: Callable[[float], float], target: float, count: int) -> float:
    low, high = 0.0, count + 10.0 * math.sqrt(count + 1.0) + 20.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2.0
