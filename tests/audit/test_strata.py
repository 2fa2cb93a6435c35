"""Strata: every picture in one, shares as even as they can be, and draws that only ever grow."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from camtrap.audit.strata import (
    Stratum,
    allocated,
    needed,
    strata_of,
    upper,
    with_draws,
)

SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=12)
CELLS = st.dictionaries(
    st.tuples(st.sampled_from([f"ST{n:02}" for n in range(12)]), st.integers(0, 2)),
    st.integers(1, 300),
    min_size=1,
)


@given(CELLS, st.integers(1, 40))
def test_each_cell_is_in_one_stratum_and_none_is_small(
    cells: dict[tuple[str, int], int], most: int
) -> None:
    strata = strata_of(cells, most)
    assert sorted(cell for stratum in strata for cell in stratum.cells) == sorted(cells)
    assert all(s.size == sum(cells[cell] for cell in s.cells) for s in strata)
    assert len(strata) <= most
    assert len(strata) == 1 or min(s.size for s in strata) * most >= sum(cells.values())


def test_large_stations_keep_their_bands_and_small_ones_join() -> None:
    cells = {("A", 0): 500, ("A", 1): 100, ("A", 2): 5, ("B", 0): 30, ("C", 0): 40, ("C", 2): 40}
    found = [(stratum.cells, stratum.size) for stratum in strata_of(cells, 8)]
    assert found == [
        ((("A", 0),), 500),
        ((("A", 1), ("A", 2)), 105),
        ((("B", 0), ("C", 0), ("C", 2)), 110),
    ]


def test_a_stratum_has_a_name_that_people_understand() -> None:
    assert Stratum((("ST01", 1),), 9).name == "ST01, 1 % to 10 %"
    assert Stratum((("ST01", 0), ("ST02", 2)), 9).name == "ST01 to ST02, 0 % to 100 %"


@given(SIZES, st.integers(0, 800))
def test_all_that_is_asked_for_is_drawn_and_no_more_than_there_is(
    sizes: list[int], count: int
) -> None:
    drawn = allocated(sizes, count)
    assert sum(drawn) == min(count, sum(sizes))
    assert all(0 <= n <= size for n, size in zip(drawn, sizes, strict=True))


@given(SIZES, st.integers(1, 300))
def test_no_other_draw_has_a_larger_smallest_share(sizes: list[int], count: int) -> None:
    """Whatever each stratum needs for a larger share than the smallest does not go into the sum."""
    drawn = allocated(sizes, count)
    least = min(Fraction(n, size) for n, size in zip(drawn, sizes, strict=True))
    if sum(drawn) < sum(sizes):
        next_share = [int(least * size) + 1 for size in sizes]
        assert sum(next_share) > sum(drawn)


@given(SIZES, st.integers(0, 400), st.integers(0, 100))
def test_a_larger_draw_holds_the_smaller(sizes: list[int], count: int, more: int) -> None:
    before, after = allocated(sizes, count), allocated(sizes, count + more)
    assert all(b <= a for b, a in zip(before, after, strict=True))


def test_a_stratum_without_a_look_leaves_all_open() -> None:
    assert upper([Stratum((), 50, 10), Stratum((), 30, 0)], 0, 0.95) == 80


@given(SIZES, st.integers(0, 5), st.integers(0, 300))
def test_what_is_needed_is_enough_and_no_more_than_needed(
    sizes: list[int], missed: int, bound: int
) -> None:
    strata = [Stratum((), size) for size in sizes]
    total = sum(sizes)
    count = needed(strata, missed, bound, 0.95)
    assert count <= total
    if count < total:
        assert upper(with_draws(strata, count), missed, 0.95) <= bound
    if count > max(1, missed):
        assert upper(with_draws(strata, count - 1), missed, 0.95) > bound


def test_the_rule_of_three() -> None:
    """Nothing in 300: at most 1 in 100. For half of it about twice as many looks."""
    assert needed([Stratum((), 100_000)], 0, 1_000, 0.95) in range(295, 301)
    assert needed([Stratum((), 100_000)], 0, 500, 0.95) in range(590, 601)
