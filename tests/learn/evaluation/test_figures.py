"""The figures of nine pictures, counted by hand."""

from __future__ import annotations

import json

import pytest

from camtrap.learn.evaluation.figures import (
    confusion_rows,
    figures,
    label_rows,
    pair,
    rows,
    share,
)
from tests.learn.evaluation.made import judged, some_of_each


@pytest.fixture
def found():
    return figures(some_of_each())


def counted(figure):
    return figure["right"], figure["count"]


def test_a_share_carries_its_counts_and_wilson_interval():
    assert share(29, 29) == {
        "value": 1.0,
        "interval": [pytest.approx(0.8830, abs=1e-4), 1.0],
        "right": 29,
        "count": 29,
    }


def test_a_share_of_nothing_is_not_known():
    assert share(0, 0)["value"] is None


@pytest.mark.parametrize("interval", [(float("nan"), float("nan")), (1.0, 1.0)])
def test_an_interval_that_nothing_is_known_of_is_not_told(interval):
    assert pair(interval) is None


def test_pictures_groups_and_truths_are_counted(found):
    assert (found["pictures"], found["groups"], found["sources"]) == (9, 5, 2)
    assert found["truth"] == {"leopard": 3, "prey": 2, "other": 2, "empty": 2}


def test_leopards_found_kept_and_falsely_called(found):
    leopard = found["leopard"]
    assert counted(leopard["recall"]) == (1, 3)
    assert counted(leopard["kept"]) == (2, 3)
    assert counted(leopard["precision"]) == (1, 3)
    assert counted(leopard["precision_without_look_alikes"]) == (1, 2)
    assert leopard["look_alikes"] == {"count": 1, "leopard": 1}
    assert leopard["groups"] == 2


def test_a_look_alike_is_never_a_leopard_of_the_truth():
    own = figures([judged("leopard", "leopard", species="Panthera onca")])
    assert own["leopard"]["look_alikes"] == {"count": 0}


def test_average_precision_of_leopards_by_hand(found):
    # P(leopard): 0.9 right, 0.7 and 0.6 wrong, 0.3 right; then 0.1 for the unsure empty, 0.08 for
    # two wrong ones, 0.04 for one wrong, 0.01 for the leopard called empty, 0.006 for an empty.
    expected = (1 / 1 + 2 / 4 + 3 / 8) / 3
    assert found["leopard"]["average_precision"]["value"] == pytest.approx(expected)
    # One of the two wrong ones before the second leopard is a look-alike.
    expected = (1 / 1 + 2 / 3 + 3 / 7) / 3
    own = found["leopard"]["average_precision_without_look_alikes"]
    assert own["value"] == pytest.approx(expected, abs=1e-5)


def test_figures_of_each_label(found):
    other = found["labels"]["other"]
    assert (other["support"], other["called"], other["unsure"]) == (2, 2, 0)
    assert counted(other["precision"]) == (1, 2)
    assert counted(other["recall"]) == (1, 2)
    assert other["f1"]["value"] == 0.5
    empty = found["labels"]["empty"]
    assert counted(empty["recall"]) == (1, 2)
    assert counted(empty["kept"]) == (2, 2)
    assert found["labels"]["person"]["f1"]["value"] is None
    assert [row["label"] for row in label_rows(found)] == ["leopard", "prey", "other", "empty"]


def test_animals_against_empty_pictures(found):
    animals = found["animals"]
    # P(empty) of the empties: 0.97 and 0.5; of the seven animals one is 0.95, the others below 0.2.
    assert animals["auc"]["value"] == pytest.approx((7 + 6) / 14, abs=1e-6)
    assert {name: counted(each) for name, each in animals["removed_at"].items()} == {
        "0.90": (1, 2),
        "0.95": (1, 2),
        "0.98": (1, 2),
        "0.99": (1, 2),
    }
    assert counted(animals["empties_put_away"]) == (1, 2)
    assert counted(animals["animals_put_away"]) == (1, 7)


def test_people_and_vehicles_are_no_animals():
    found = figures(
        [judged("person", "empty"), judged("vehicle", "empty"), judged("empty", "empty")]
    )
    assert counted(found["animals"]["animals_put_away"]) == (0, 0)
    assert found["animals"]["auc"]["value"] is None
    assert found["animals"]["removed_at"]["0.95"]["value"] is None


def test_names_go_by_the_likeliest_living_label_and_by_the_decision(found):
    # Put away as empty, the leopard's living chances are all alike: `leopard`, the first, wins.
    assert counted(found["names"]["right"]) == (4, 7)
    assert counted(found["names"]["prey_likeliest"]) == (0, 2)
    unsure = figures([judged("prey", "unsure", likeliest="prey")])
    assert counted(unsure["names"]["prey_likeliest"]) == (1, 1)
    assert counted(unsure["names"]["prey_decided"]) == (0, 1)


def test_calibration_of_the_likeliest_label():
    pictures = [
        judged("leopard", "leopard", 0.9),
        judged("prey", "leopard", 0.9),
        judged("empty", "empty", 0.9),
    ]
    found = figures(pictures)["calibration"]
    assert found["error"]["value"] == pytest.approx(0.9 - 2 / 3, abs=1e-6)
    # Half the weight on the one empty (0.1 too modest), a quarter on each of the others.
    assert found["error_balanced"]["value"] == pytest.approx(
        abs(-0.1 * 0.5 - 0.1 * 0.25 + 0.9 * 0.25), abs=1e-6
    )
    right, wrong = 0.1**2 + 5 * 0.02**2, 0.9**2 + 0.98**2 + 4 * 0.02**2
    assert found["brier"]["value"] == pytest.approx((2 * right + wrong) / 3, abs=1e-6)
    assert found["bins"][9]["said"] == pytest.approx(0.9)
    assert counted(found["bins"][9]) == (2, 3)
    assert counted(found["leopard_bins"][9]) == (1, 2)


def test_the_confusion_counts_every_picture_once(found):
    assert sum(sum(row.values()) for row in found["confusion"].values()) == 9
    assert found["confusion"]["other"]["leopard"] == 1
    assert [row["truth"] for row in confusion_rows(found)] == ["leopard", "prey", "other", "empty"]


def test_unsure_is_counted_apart(found):
    assert counted(found["unsure"]) == (2, 9)


def test_intervals_by_group_come_with_rounds_and_repeat():
    pictures = [
        judged(truth, truth if number % 3 else "unsure", 0.6, likeliest=likeliest, file=f"{number}")
        for number, (truth, likeliest) in enumerate(
            [("leopard", "leopard"), ("leopard", "empty"), ("empty", "empty"), ("prey", "empty")]
            * 6
        )
    ]
    once, twice = (figures(pictures, rounds=100, seed=1) for _ in range(2))
    assert once == twice
    for figure in (once["leopard"]["recall"], once["animals"]["auc"]):
        low, high = figure["interval_by_group"]
        assert low < figure["value"] < high
    assert "interval_by_group" in once["leopard"]["average_precision"]


def test_leopards_of_one_group_say_nothing_of_other_groups():
    pictures = [
        judged("leopard", "leopard", group="A"),
        judged("leopard", "unsure", group="A"),
        judged("empty", "empty", group="B"),
    ]
    assert "interval_by_group" not in figures(pictures, rounds=50)["leopard"]["recall"]


def test_what_is_not_known_is_left_out_of_the_rows():
    names = [row["figure"] for row in rows(figures([judged("empty", "empty")]))]
    assert "leopard recall" not in names
    assert "left unsure" in names


def test_figures_of_nothing_are_not_known_and_still_json():
    json.dumps(figures([]), allow_nan=False)
    json.dumps(figures(some_of_each(), rounds=20), allow_nan=False)
