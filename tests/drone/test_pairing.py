"""The cheapest pairing, against all pairings there are."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.drone.pairing import paired

costs_of_one = st.one_of(st.just(math.inf), st.floats(0, 1))
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(costs_of_one, min_size=width, max_size=width), min_size=1, max_size=4
    )
)


@given(tables)
def test_no_other_pairing_has_more_pairs_or_costs_less(table: list[list[float]]) -> None:
    found = paired(table)
    columns = [column for column in found if column is not None]
    assert len(columns) == len(set(columns))
    cost = sum(table[row][column] for row, column in enumerate(found) if column is not None)
    assert math.isfinite(cost)
    assert (len(columns), -cost) == pytest.approx(_best(table))


def test_who_could_be_either_leaves_the_other_what_it_needs() -> None:
    assert paired([[0.1, 0.2], [0.3, math.inf]]) == [1, 0]


def test_nobody_is_paired_with_nobody() -> None:
    assert paired([]) == []
    assert paired([[], []]) == [None, None]
    assert paired([[math.inf], [0.5]]) == [None, 0]


def _best(table: list[list[float]]) -> tuple[float, float]:
    """The most pairs, and the negative of the least cost at that, of all pairings."""
    columns = [*range(len(table[0])), *([None] * len(table))]
    best = (0.0, 0.0)
    for chosen in permutations(columns, len(table)):
        costs = [table[row][c] for row, c in enumerate(chosen) if c is not None]
        if all(map(math.isfinite, costs)):
            best = max(best, (float(len(costs)), -sum(costs)))
    return best
