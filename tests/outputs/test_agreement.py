"""Figures of agreement, against numbers known from elsewhere."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.imports.said import LABELS_TOLD
from camtrap.outputs.agreement import Pairs, differ, figures

labels = st.sampled_from(LABELS_TOLD)


def pairs(**counts: int) -> Pairs:
    """`leopard_prey=2`: twice leopard to the first and prey to the second."""
    found = Pairs()
    for name, count in counts.items():
        one, _, other = name.partition("_")
        found.counts[one, other] = count
    return found


def test_kappa_of_a_known_table() -> None:
    # 20 and 15 of 50 alike; by chance 0.5: (0.7 - 0.5) / 0.5.
    table = pairs(leopard_leopard=20, leopard_prey=5, prey_leopard=10, prey_prey=15)
    assert table.kappa() == pytest.approx(0.4)
    share = table.agreement()
    assert (share.right, share.count) == (35, 50)
    # Wilson's interval of 35 of 50, as statsmodels' proportion_confint gives it.
    assert share.interval == pytest.approx((0.5625, 0.8090), abs=1e-4)


def test_kappa_at_its_ends() -> None:
    assert pairs(prey_prey=3, other_other=7).kappa() == 1
    assert pairs(prey_other=5, other_prey=5).kappa() == -1
    assert math.isnan(pairs(prey_prey=9).kappa())
    assert math.isnan(Pairs().kappa())
    assert figures(Pairs()) == {
        "same": 0,
        "count": 0,
        "share": None,
        "interval": [0.0, 1.0],
        "kappa": None,
    }


def test_doubt_and_mere_animals_count_where_they_can() -> None:
    table = pairs(leopard_animal=4, leopard_unsure=2, empty_animal=1, prey_prey=3, animal_other=1)
    assert table.total == 11
    assert table.decided().counts == Counter({("prey", "prey"): 3})
    assert table.grouped().counts == Counter({("animal", "animal"): 8, ("empty", "animal"): 1})
    assert table.labels == ["leopard", "prey", "other", "empty", "animal", "unsure"]


def test_agreement_by_label_from_both_sides() -> None:
    table = pairs(leopard_leopard=2, leopard_other=1, prey_leopard=4)
    assert str(table.of_first("leopard")).endswith("(2/3)")
    assert str(table.of_second("leopard")).endswith("(2/6)")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("leopard", "leopard", False),
        ("leopard", "other", True),
        ("leopard", "animal", False),
        ("person", "animal", True),
        ("empty", "animal", True),
        ("unsure", "leopard", False),
        ("animal", "unsure", False),
    ],
)
def test_what_contradicts_what(one, other, apart) -> None:
    assert differ(one, other) is differ(other, one) is apart


@given(st.lists(st.tuples(labels, labels)))
def test_figures_hold_for_any_pairs(told) -> None:
    table, turned = Pairs(), Pairs()
    for one, other in told:
        table.add(one, other)
        turned.add(other, one)
        assert not differ(one, one)
    kappa = table.kappa()
    assert math.isnan(kappa) or -1 <= kappa <= 1
    assert kappa == turned.kappa() or math.isnan(turned.kappa())
    assert table.decided().total <= table.total
    assert table.grouped().total >= table.decided().total
    assert all(label in table.labels for pair in told for label in pair)
