"""The verdict: which looks count, and what they say of pictures and of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.audit.bounds import count_upper
from camtrap.audit.strata import Stratum
from camtrap.audit.targets import ANIMAL, LEOPARD
from camtrap.audit.verdict import (
    Looks,
    bound_of,
    looks_of,
    more_looks,
    most_bursts,
    order_of_looking,
)
from camtrap.ledger.audits import Picture
from camtrap.ledger.reviews import Review

# Files 1 and 2 are of one burst and only the first was drawn; 3 and 4 stand alone.
PICTURES = [
    Picture(1, 1, 0, 0, "a"),
    Picture(2, 1, None, None, "b"),
    Picture(3, 3, 0, 1, "c"),
    Picture(4, 4, 1, 0, "d"),
]


def words(**said: str) -> dict[int, Review]:
    return {int(key[1:]): Review(int(key[1:]), label, "", "", "") for key, label in said.items()}


def seen(target: str = ANIMAL, **said: str) -> Looks:
    return looks_of(PICTURES, words(**said), target, 2)


def test_nobody_has_looked() -> None:
    assert seen() == Looks(3, 0, 0, 0, (0, 0), True)


@pytest.mark.parametrize(
    ("target", "label", "missed", "unsure"),
    [
        (ANIMAL, "empty", 0, 0),
        (ANIMAL, "person", 0, 0),
        (ANIMAL, "prey", 1, 0),
        (ANIMAL, "leopard", 1, 0),
        (ANIMAL, "unsure", 0, 1),
        (LEOPARD, "prey", 0, 0),
        (LEOPARD, "leopard", 1, 0),
        (LEOPARD, "unsure", 0, 1),
    ],
)
def test_what_is_a_miss(target: str, label: str, missed: int, unsure: int) -> None:
    found = seen(target, _3=label)
    assert (found.looked, found.missed, found.unsure) == (1, missed, unsure)


def test_an_animal_beside_the_drawn_picture_is_a_miss_of_its_burst() -> None:
    found = seen(_1="empty", _2="prey")
    assert (found.looked, found.missed, found.whole) == (1, 1, True)
    assert seen(_2="prey").looked == 1
    assert seen(_2="empty").looked == 0


def test_a_burst_of_which_a_part_was_seen_is_not_whole() -> None:
    assert not seen(_1="empty").whole
    assert seen(_1="empty", _2="empty").whole
    assert seen(_1="prey").whole


def test_looks_count_without_a_gap_from_the_first_by_lot() -> None:
    assert seen(_1="empty", _4="empty").in_order == (1, 1)
    assert seen(_3="empty", _4="empty").in_order == (0, 1)


def test_the_order_of_looking_is_spread_over_strata() -> None:
    pictures = [Picture(10 + n, 10 + n, 0, n, "") for n in range(6)]
    pictures += [Picture(20 + n, 20 + n, 1, n, "") for n in range(2)]
    assert order_of_looking(pictures, [6, 2]) == [10, 20, 11, 12, 13, 21, 14, 15]


def test_until_each_stratum_has_a_look_all_is_open() -> None:
    strata = [Stratum((), 60, 2), Stratum((), 30, 1)]
    bursts = ((1, 30), (3, 20))
    assert bound_of(strata, bursts, seen(_1="empty", _3="empty"), 0.95).pictures == 90
    whole = seen(_1="empty", _2="empty", _3="empty", _4="empty")
    assert bound_of(strata, bursts, whole, 0.95).pictures < 90


def test_events_are_the_smallest_bursts_that_the_pictures_make_up() -> None:
    strata = [Stratum((), 1000, 100)]
    looks = Looks(100, 100, 0, 0, (100,), True)
    pictures = count_upper(0, 1000, 100, 0.95)
    assert pictures == 28
    assert bound_of(strata, ((3, 300),), looks, 0.95).events == 9
    assert bound_of(strata, ((1, 10), (3, 300)), looks, 0.95).events == 16
    partly = Looks(100, 100, 0, 0, (100,), False)
    assert bound_of(strata, ((3, 300),), partly, 0.95).events == 28


@given(st.dictionaries(st.integers(1, 9), st.integers(1, 20), max_size=5), st.integers(0, 300))
def test_no_more_bursts_fit_into_so_many_pictures(sizes: dict[int, int], pictures: int) -> None:
    bursts = sorted(size for size, count in sizes.items() for _ in range(count))
    found = most_bursts(sizes.items(), pictures)
    assert sum(bursts[:found]) <= pictures
    assert found == len(bursts) or sum(bursts[: found + 1]) > pictures


def test_doubt_counts_as_a_miss() -> None:
    strata = [Stratum((), 1000, 100)]
    one, other = (Looks(100, 100, *pair, (100,), True) for pair in ((1, 0), (0, 1)))
    assert bound_of(strata, ((3, 300),), one, 0.95) == bound_of(strata, ((3, 300),), other, 0.95)


def test_more_looks_are_told_for_a_wish() -> None:
    strata = [Stratum((), 10_000, 300)]
    clean = Looks(300, 300, 0, 0, (300,), True)
    assert more_looks(strata, clean, 100, 0.95) == 0
    more = more_looks(strata, clean, 50, 0.95)
    assert (
        bound_of(
            [Stratum((), 10_000, 300 + more)],
            (),
            Looks(300 + more, 300 + more, 0, 0, (300 + more,), True),
            0.95,
        ).pictures
        <= 50
    )
    assert more_looks(strata, Looks(300, 300, 1, 0, (300,), True), 50, 0.95) > more
