"""What counts as a mistake, and which comes first."""

from __future__ import annotations

import pytest

from camtrap.learn.evaluation.mistakes import (
    AWAY,
    DOUBTED,
    FALSE,
    MISSED,
    WRONG,
    described,
    detailed,
    find_mistakes,
    kind_of,
    missed_leopards,
    worst,
)
from tests.learn.evaluation.made import judged, some_of_each


@pytest.mark.parametrize(
    ("truth", "state", "kind"),
    [
        ("leopard", "leopard", ""),
        ("leopard", "empty", MISSED),
        ("leopard", "prey", MISSED),
        ("leopard", "unsure", DOUBTED),
        ("empty", "leopard", FALSE),
        ("prey", "leopard", FALSE),
        ("prey", "empty", AWAY),
        ("person", "empty", AWAY),
        ("empty", "prey", WRONG),
        ("prey", "other", WRONG),
        ("prey", "unsure", ""),
        ("empty", "empty", ""),
    ],
)
def test_kinds_of_mistakes(truth, state, kind):
    assert kind_of(judged(truth, state)) == kind


def test_missed_leopards_come_first_and_doubted_ones_last():
    found = find_mistakes(some_of_each())
    assert [(m.kind, m.judged.sample.file) for m in found] == [
        (MISSED, "3.jpg"),
        (FALSE, "5.jpg"),
        (FALSE, "4.jpg"),
        (WRONG, "7.jpg"),
        (DOUBTED, "2.jpg"),
    ]


def test_the_worst_are_taken_from_each_kind_in_turn():
    pictures = [judged("prey", "leopard", 0.5 + n / 100, file=f"f{n:02}") for n in range(20)]
    pictures.append(judged("leopard", "empty", file="missed"))
    pictures.append(judged("prey", "other", file="wrong"))
    taken = worst(find_mistakes(pictures), 5)
    assert [m.judged.sample.file for m in taken] == ["missed", "f19", "f18", "f17", "wrong"]


def test_a_mistake_is_described_without_its_name():
    [mistake] = find_mistakes([judged("leopard", "empty", 0.9, side=None, modality="day")])
    assert described(mistake) == {
        "mistake": "leopard missed",
        "source": "wcs",
        "species": "",
        "modality": "day",
        "box size": "no box",
        "truth": "leopard",
        "label": "empty",
        "chance": "P(leopard) = 0.02",
    }
    assert detailed(mistake)["file"] == "a.jpg"
    assert detailed(mistake)["chances"]["empty"] == pytest.approx(0.9)


def test_every_leopard_that_was_not_called_so_is_listed():
    assert [
        (row["file"], row["group"], row["state"]) for row in missed_leopards(some_of_each())
    ] == [
        ("3.jpg", "B", "empty"),
        ("2.jpg", "B", "unsure"),
    ]
