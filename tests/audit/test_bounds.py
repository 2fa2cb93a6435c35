"""Bounds: against exact arithmetic, against known tables, and the laws that they must keep."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camtrap.audit.bounds import (
    beta_share,
    binomial_tail,
    count_upper,
    hypergeometric_tail,
    share_between,
    share_upper,
    stratified_upper,
)

CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def exact_binomial(k: int, n: int, p: Fraction) -> Fraction:
    return sum(
        (math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), start=Fraction(0)
    )


def exact_hypergeometric(k: int, population: int, marked: int, drawn: int) -> Fraction:
    ways = sum(
        math.comb(marked, i) * math.comb(population - marked, drawn - i)
        for i in range(min(k, drawn) + 1)
    )
    return Fraction(ways, math.comb(population, drawn))


# -- tails


@given(st.integers(1, 250), st.data())
def test_the_binomial_tail_agrees_with_exact_sums(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    p = Fraction(data.draw(st.integers(1, 999)), data.draw(st.sampled_from([1000, 10**6])))
    assert binomial_tail(k, n, float(p)) == pytest.approx(
        float(exact_binomial(k, n, p)), abs=1e-11, rel=1e-9
    )


@given(st.integers(1, 300), st.data())
def test_the_hypergeometric_tail_agrees_with_exact_sums(
    population: int, data: st.DataObject
) -> None:
    marked = data.draw(st.integers(0, population))
    drawn = data.draw(st.integers(0, population))
    k = data.draw(st.integers(0, population))
    assert hypergeometric_tail(k, population, marked, drawn) == pytest.approx(
        float(exact_hypergeometric(k, population, marked, drawn)), abs=1e-11, rel=1e-9
    )


@pytest.mark.parametrize(("x", "a", "b", "share"), [(0, 2, 3, 0), (1, 2, 3, 1), (0.5, 4, 4, 0.5)])
def test_the_beta_function_at_its_ends_and_in_the_middle(
    x: float, a: float, b: float, share: float
) -> None:
    assert beta_share(x, a, b) == pytest.approx(share, abs=1e-12)


@given(st.floats(1e-3, 1 - 1e-3), st.floats(1, 500), st.floats(1, 500))
def test_the_beta_function_turned_round_is_what_is_left(x: float, a: float, b: float) -> None:
    assert beta_share(x, a, b) + beta_share(1 - x, b, a) == pytest.approx(1, abs=1e-9)


def test_the_tail_of_a_million_is_still_right() -> None:
    """Nothing in a million trials: (1 - p)^n, which needs no sum."""
    assert binomial_tail(0, 10**6, 3e-6) == pytest.approx(math.exp(10**6 * math.log1p(-3e-6)), 1e-7)
    assert binomial_tail(500_000, 10**6, 0.5) == pytest.approx(0.5, abs=1e-3)


# -- shares


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Clopper and Pearson's 95 % limits as tables of the binomial have them.
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (5, 20, 0.0866, 0.4910),
        (1, 100, 0.0003, 0.0545),
    ],
)
def test_two_sided_limits_are_those_of_the_tables(k: int, n: int, low: float, high: float) -> None:
    assert share_between(k, n, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 10, 300, 10_000])
def test_where_nothing_was_found_the_bound_has_a_formula(n: int) -> None:
    assert share_upper(0, n, 0.95) == pytest.approx(1 - 0.05 ** (1 / n), abs=1e-12)


def test_nothing_drawn_says_nothing() -> None:
    assert share_upper(0, 0, 0.95) == 1.0
    assert share_between(0, 0, 0.95) == (0.0, 1.0)


@given(st.integers(1, 300), st.data(), CONFIDENCES)
def test_at_the_upper_limit_the_tail_is_what_is_left_of_confidence(
    n: int, data: st.DataObject, confidence: float
) -> None:
    k = data.draw(st.integers(0, n - 1))
    limit = share_upper(k, n, confidence)
    assert binomial_tail(k, n, limit) == pytest.approx(1 - confidence, abs=1e-9)


@given(st.integers(1, 200), st.data(), CONFIDENCES)
def test_more_misses_raise_it_and_more_clean_looks_lower_it(
    n: int, data: st.DataObject, confidence: float
) -> None:
    k = data.draw(st.integers(0, n - 1))
    limit = share_upper(k, n, confidence)
    assert k / n < limit
    assert limit < share_upper(k + 1, n, confidence) or k + 1 == n
    assert share_upper(k, n + 1, confidence) < limit


# -- counts


@given(st.integers(1, 120), st.data(), CONFIDENCES)
def test_the_count_is_the_last_that_is_not_ruled_out(
    population: int, data: st.DataObject, confidence: float
) -> None:
    drawn = data.draw(st.integers(0, population))
    k = data.draw(st.integers(0, drawn))
    limit = count_upper(k, population, drawn, confidence)
    left = Fraction(str(confidence))

    def tail(marked: int) -> Fraction:
        return exact_hypergeometric(k, population, marked, drawn)

    most = population - (drawn - k)
    assert k <= limit <= most
    assert tail(limit) > (1 - left) * Fraction(999_999, 1_000_000)
    assert limit == most or tail(limit + 1) < 1 - left


def test_who_has_seen_all_knows_all() -> None:
    assert count_upper(3, 200, 200, 0.95) == 3
    assert stratified_upper(3, 200, 200, Fraction(1), 0.95) == 3


def test_the_finite_population_counts() -> None:
    """Half of a hundred is worth more than fifty of a million."""
    assert count_upper(0, 100, 50, 0.95) == 4
    assert stratified_upper(0, 100, 50, Fraction(1, 2), 0.95) == 4
    assert stratified_upper(0, 10**6, 50, Fraction(50, 10**6), 0.95) == int(
        10**6 * share_upper(0, 50, 0.95)
    )


def test_the_sentence_of_the_manual() -> None:
    assert count_upper(0, 9871, 300, 0.95) == 96
    assert stratified_upper(0, 9871, 300, Fraction(300, 9871), 0.95) == 97


@given(st.integers(1, 2000), st.data(), CONFIDENCES)
def test_strata_never_tighten_a_bound_and_laws_of_order_hold(
    population: int, data: st.DataObject, confidence: float
) -> None:
    drawn = data.draw(st.integers(1, min(200, population)))
    k = data.draw(st.integers(0, drawn))
    share = Fraction(drawn, population)
    limit = stratified_upper(k, population, drawn, share, confidence)
    assert count_upper(k, population, drawn, confidence) <= limit <= population - (drawn - k)
    assert stratified_upper(k, population, drawn, share / 2, confidence) >= limit
    assume(k < drawn)
    assert stratified_upper(k + 1, population, drawn, share, confidence) > limit


@st.composite
def divided(draw: st.DrawFn) -> tuple[list[tuple[int, int, int]], float]:
    """Strata (size, marked, drawn) of any unevenness, each with a draw, and a confidence."""
    strata = []
    for _ in range(draw(st.integers(1, 5))):
        size = draw(st.integers(1, 40))
        strata.append((size, draw(st.integers(0, size)), draw(st.integers(1, size))))
    return strata, draw(CONFIDENCES)


@given(divided())
def test_with_any_misses_in_any_strata_the_bound_holds_often_enough(
    given_: tuple[list[tuple[int, int, int]], float],
) -> None:
    """No simulation: the chance of each outcome is computed, and those that go wrong are summed."""
    strata, confidence = given_
    population = sum(size for size, _, _ in strata)
    drawn = sum(n for _, _, n in strata)
    total = sum(marked for _, marked, _ in strata)
    least = min(Fraction(n, size) for size, _, n in strata)
    chances = [1.0]
    for size, marked, n in strata:
        tails = [hypergeometric_tail(k, size, marked, n) for k in range(n + 1)]
        own = [tail - before for tail, before in zip(tails, [0.0, *tails], strict=False)]
        chances = [
            sum(chances[i] * own[k - i] for i in range(len(chances)) if 0 <= k - i < len(own))
            for k in range(len(chances) + len(own) - 1)
        ]
    wrong = sum(
        chance
        for k, chance in enumerate(chances)
        if chance > 0 and stratified_upper(k, population, drawn, least, confidence) < total
    )
    assert wrong <= 1 - confidence + 1e-7
