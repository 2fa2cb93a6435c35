"""Events for the effort, with an interval that tells how little a few events say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.events.rai import CAVEAT, lower_gamma, poisson_interval, rai


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        # Exact limits as tables of the Poisson distribution have them (Garwood 1936).
        (0, 0.0, 3.689),
        (1, 0.025, 5.572),
        (2, 0.242, 7.225),
        (3, 0.619, 8.767),
        (5, 1.623, 11.668),
        (10, 4.795, 18.390),
        (20, 12.217, 30.888),
        (50, 37.111, 65.919),
        (100, 81.364, 121.627),
    ],
)
def test_the_limits_are_those_of_the_tables(count: int, low: float, high: float) -> None:
    assert poisson_interval(count) == pytest.approx((low, high), abs=6e-4)


def poisson_at_most(count: int, mean: float) -> float:
    return math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1)
    )


@given(st.integers(0, 400), st.sampled_from([0.8, 0.95, 0.99]))
def test_beyond_the_limits_the_count_is_a_matter_of_luck(count: int, level: float) -> None:
    low, high = poisson_interval(count, level)
    tail = (1 - level) / 2
    assert poisson_at_most(count, high) == pytest.approx(tail, rel=1e-6)
    if count:
        assert 1 - poisson_at_most(count - 1, low) == pytest.approx(tail, rel=1e-6)
    assert low <= count < high


def test_large_counts_have_limits_too() -> None:
    low, high = poisson_interval(1_000_000)
    assert (low, high) == pytest.approx((998_041, 1_001_962), abs=2)


@given(st.floats(0.5, 300), st.floats(0, 900))
def test_the_two_ways_of_counting_meet(a: float, x: float) -> None:
    whole = lower_gamma(a, x)
    assert 0 <= whole <= 1
    # P(a + 1, x) = P(a, x) - x**a e**-x / gamma(a + 1), Abramowitz & Stegun 6.5.21
    if x > 0:
        step = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
        assert lower_gamma(a + 1, x) == pytest.approx(whole - step, abs=1e-9)


def test_less_than_nothing_is_no_count() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        poisson_interval(-1)


def test_the_index_is_of_a_hundred_nights() -> None:
    rate = rai(3, 60.0)
    assert rate is not None
    assert rate.value == pytest.approx(5.0)
    assert (rate.low, rate.high) == pytest.approx((0.619 / 0.6, 8.767 / 0.6), abs=2e-3)


def test_nothing_seen_is_a_rate_of_zero_and_not_certain() -> None:
    rate = rai(0, 50.0)
    assert rate is not None
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(7.378, abs=1e-3)


@pytest.mark.parametrize("nights", [None, 0.0])
def test_without_effort_there_is_no_rate(nights: float | None) -> None:
    assert rai(0, nights) is None
    assert rai(4, nights) is None


def test_the_caveat_says_what_it_is_not() -> None:
    assert "not of how many animals" in CAVEAT
