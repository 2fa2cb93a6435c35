"""How many of all pictures may be missed ones, when so many of a sample were: the mathematics.

Everything here is exact: no normal approximation is good enough where nothing was found. The tail
of the binomial is the regularised incomplete beta function (DLMF 8.17.5),

    P(at most k of n) = I_{1-p}(n - k, k + 1)

which is computed by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method in the form
of Thompson and Barnett, J. Comput. Phys. 64, 1986). Where a limit is looked for, it is halved in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 200_000  # the fraction needs about the root of a + b
_HALVINGS = 100
_SLACK = 1 - 1e-9  # rounding may only make a bound larger


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and x in 0..1."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):  # where the fraction takes long; DLMF 8.17.4
        return 1.0 - beta_share(1.0 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log1p(-x)
    return min(1.0, math.exp(front) / a * _fraction(_terms(x, a, b)))


def _terms(x: float, a: float, b: float) -> Iterator[float]:
    """The partial numerators behind the first, d_1, d_2, ... of DLMF 8.17.23."""
    for m in range(_MOST_TERMS):
        if m:
            yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))


def _fraction(terms: Iterator[float]) -> float:
    """The continued fraction 1 / (1 + d_1 / (1 + d_2 / (1 + ...)))."""
    value = above = 1.0
    below = 0.0
    for term in terms:
        above = 1.0 + term / above or _TINY
        below = 1.0 / (1.0 + term * below or _TINY)
        value *= above * below
        if abs(above * below - 1.0) < _PRECISION:
            break
    return 1.0 / value


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(at most `k` of `n` independent trials succeed), each with chance `p`."""
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    return beta_share(1.0 - p, n - k, k + 1)


def hypergeometric_tail(k: int, population: int, marked: int, drawn: int) -> float:
    """P(at most `k` marked among `drawn` of a population that holds `marked`)."""
    least = max(0, drawn - (population - marked))
    most = min(drawn, marked)
    if k < least:
        return 0.0
    if k >= most:
        return 1.0
    whole = _log_ways(population, drawn)
    ways = (
        math.exp(_log_ways(marked, i) + _log_ways(population - marked, drawn - i) - whole)
        for i in range(least, k + 1)
    )
    return min(1.0, math.fsum(ways))


def _log_ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def share_upper(k: int, n: int, confidence: float) -> float:
    """The largest share that goes with `k` of `n` (Clopper and Pearson, Biometrika 26, 1934).

    One-sided; 1 when nothing was drawn. Of all shares above it, each would show more than `k` with
    more than `confidence`.
    """
    if k >= n:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if binomial_tail(k, n, middle) >= 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def share_between(k: int, n: int, confidence: float) -> tuple[float, float]:
    """The two-sided interval of Clopper and Pearson for the share behind `k` of `n`."""
    each_side = (1 + confidence) / 2
    return 1.0 - share_upper(n - k, n, each_side), share_upper(k, n, each_side)


def count_upper(k: int, population: int, drawn: int, confidence: float) -> int:
    """The most marked ones that go with `k` of `drawn`, in a simple random sample.

    The hypergeometric counterpart of `share_upper`: it knows that the population is finite. All of
    the population when `k` is more than was drawn.
    """

    def is_likely(marked: int) -> bool:
        return hypergeometric_tail(k, population, marked, drawn) >= (1 - confidence) * _SLACK

    return _last(is_likely, k, population - max(0, drawn - k))


def stratified_upper(
    k: int, population: int, drawn: int, least_share: Fraction, confidence: float
) -> int:
    """The most marked ones that go with `k` of `drawn`, in a stratified random sample.

    `least_share` is the smallest share that was drawn of any stratum, f. The number of marked ones
    in the sample is a sum of hypergeometric numbers, and so of independent trials (Vatutin and
    Mikhailov, Theory Probab. Appl. 27, 1982). With D marked ones there are no more than D trials,
    and no more than `drawn`, and their mean is D f or more, wherever the marked ones lie. For
    k <= D f - 1 a sum of such trials is at most k no more often than a binomial number of the same
    mean (Hoeffding, Ann. Math. Statist. 27, 1956, theorem 4). So each D above is ruled out with
    `confidence`, and as both numbers of trials are true, the smaller bound is.
    """

    def is_likely(marked: int) -> bool:
        mean = marked * least_share
        if k > mean - 1:
            return True
        chances = (
            binomial_tail(k, marked, float(least_share)),
            binomial_tail(k, drawn, float(mean / drawn)),
        )
        return min(chances) >= (1 - confidence) * _SLACK

    return _last(is_likely, k, population - max(0, drawn - k))


def _last(is_likely: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number in `low`..`high` up to which all are likely; `low` is."""
    while low < high:
        middle = (low + high + 1) // 2
        if is_likely(middle):
            low = middle
        else:
            high = middle - 1
    return low
