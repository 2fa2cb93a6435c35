"""What a model remembers of its training: counted by hand on a handful of pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from camtrap.learn.dataset import Sample
from camtrap.learn.record import data_rows, judge, threshold_rows, training_record
from camtrap.learn.settings import read_settings
from camtrap.records import LABELS, State
from camtrap.vision.calibration import Thresholds

SETTINGS = Path(__file__).parents[2] / "configs" / "train-amur.toml"
THRESHOLDS = Thresholds(
    leopard=0.5, prey=0.6, other=0.5, person=0.5, vehicle=0.5, empty=0.7, doubt=0.3
)


def sample(label, *, group="g", source="park", licence="CC0", file="a.jpg"):
    return Sample(Path(file), file, label, group, source, "train", licence=licence)


def chances(*rows):
    """Rows of label=chance; the rest goes to `empty`."""
    table = np.zeros((len(rows), len(LABELS)))
    for row, said in zip(table, rows, strict=True):
        for label, value in said.items():
            row[LABELS.index(label)] = value
        row[LABELS.index("empty")] += 1 - row.sum()
    return table


SAMPLES = [
    sample("leopard", group="a"),
    sample("leopard", group="a"),
    sample("leopard", group="b"),
    sample("prey", group="a"),
    sample("prey", group="c"),
    sample("empty", group="a"),
    sample("empty", group="d"),
]
CHANCES = chances(
    {"leopard": 0.9},
    {"leopard": 0.5},  # just enough
    {"leopard": 0.3, "prey": 0.4},  # doubtful, just
    {"prey": 0.7},
    {"prey": 0.2},  # put away
    {"prey": 0.65},
    {},
)


def test_each_threshold_tells_what_it_keeps_of_what_it_must_not_lose():
    rows = threshold_rows(SAMPLES, CHANCES, THRESHOLDS)
    assert {name: row["reached by"] for name, row in rows.items()} == {
        "leopard": "2/3",
        "prey": "1/2",
        "other": "0/0",
        "person": "0/0",
        "vehicle": "0/0",
        "empty": "4/5",  # of all that is alive, so many are not called empty
        "doubt": "3/3",
    }
    assert {name: row["value"] for name, row in rows.items()} == THRESHOLDS.as_dict()
    assert (rows["leopard"]["share"], rows["empty"]["share"]) == (0.6667, 0.8)


def test_the_interval_is_wilsons():
    row = threshold_rows(SAMPLES, CHANCES, THRESHOLDS)["prey"]
    # n = 2, p = 0.5: 0.5 +- 1.96 / (1 + 1.96^2 / 2) * sqrt(0.125 + 1.96^2 / 16)
    assert row["interval"] == pytest.approx([0.0945, 0.9055], abs=2e-4)


def test_of_a_label_without_pictures_nothing_is_known():
    row = threshold_rows(SAMPLES, CHANCES, THRESHOLDS)["vehicle"]
    assert (row["share"], row["interval"]) == (None, [0.0, 1.0])


def test_empty_is_called_at_its_threshold_and_not_below():
    at = chances({"prey": 0.3}, {"prey": 0.3001})  # P(empty) is 0.7 and 0.6999
    rows = threshold_rows([sample("prey"), sample("prey")], at, THRESHOLDS)
    assert rows["empty"]["reached by"] == "1/2"


def test_pictures_are_judged_by_the_very_rule_of_use():
    judged = judge(SAMPLES, CHANCES, THRESHOLDS)
    assert [each.state for each in judged] == [
        State.LEOPARD,
        State.LEOPARD,
        State.UNSURE,
        State.PREY,
        State.EMPTY,
        State.PREY,
        State.EMPTY,
    ]
    assert [each.sample for each in judged] == SAMPLES
    assert judged[0].chances["leopard"] == 0.9


def test_data_have_a_row_a_source_and_licence():
    samples = [
        sample("leopard", group="a"),
        sample("leopard", group="b"),
        sample("empty", group="a"),
        sample("prey", licence="CC-BY-4.0"),
        sample("prey", source="forest"),
        sample("empty", group="a", file="emptied/1.jpg"),
    ]
    none = dict.fromkeys(LABELS, 0)
    assert data_rows(samples) == [
        {
            "source": "park",
            "licence": "CC0",
            **none,
            "leopard": 2,
            "empty": 1,
            "sites or events": 2,
        },
        {"source": "park", "licence": "CC-BY-4.0", **none, "prey": 1, "sites or events": 1},
        {"source": "forest", "licence": "CC0", **none, "prey": 1, "sites or events": 1},
        {
            "source": "park (animals taken off)",
            "licence": "CC0",
            **none,
            "empty": 1,
            "sites or events": 1,
        },
    ]
    assert data_rows([]) == []


# All of it


@pytest.fixture
def settings():
    return read_settings(SETTINGS)


def record(settings, samples, said, emptied=0):
    return training_record(settings, samples, said, THRESHOLDS, emptied, 12.6)


def figure(rows, title):
    [found] = [row for row in rows if row["figure"] == title]
    return f"{found['right']}/{found['count']}"


def test_emptied_frames_have_figures_of_their_own_and_are_in_no_other(settings):
    emptied = [sample("empty", file=f"emptied/{number}.jpg") for number in range(2)]
    said = np.concatenate([CHANCES, chances({}, {"prey": 0.9})])
    made = record(settings, [*SAMPLES, *emptied], said, emptied=2)
    title = "empty pictures put away at the model's threshold"
    tables = made["cross_validation"]
    assert figure(tables["all"], title) == "1/2"
    assert figure(tables["with emptied frames"], title) == "2/4"
    assert made["settings"]["emptied frames"] == 2


def test_animals_of_sources_without_empties_are_told_apart(settings):
    # A source that only gave animals makes animal against empty too easy a question.
    alone = [sample("prey", source="zoo") for _ in range(3)]
    said = np.concatenate([CHANCES, chances(*[{"prey": 1.0}] * 3)])
    tables = record(settings, [*SAMPLES, *alone], said)["cross_validation"]
    title = "animals put away at the model's threshold"
    assert figure(tables["all"], title) == "1/8"
    assert figure(tables["sources that have empty pictures"], title) == "1/5"


def test_the_record_is_plain_values_and_says_how_it_was_done(settings):
    made = record(settings, SAMPLES, CHANCES)
    assert json.loads(json.dumps(made)) == made
    assert made["seconds"] == 13
    assert made["settings"]["seed"] == settings.seed
    assert made["settings"]["tune: first_block"] == settings.tune["first_block"]
    assert made["data"] == data_rows(SAMPLES)
    assert made["calibration"]["thresholds"] == threshold_rows(SAMPLES, CHANCES, THRESHOLDS)
    assert 0 <= made["calibration"]["expected_calibration_error"]["value"] <= 1


def test_data_without_any_empty_picture_can_be_told_as_well(settings):
    animals = [i for i, each in enumerate(SAMPLES) if each.label != "empty"]
    made = record(settings, [SAMPLES[i] for i in animals], CHANCES[animals])
    assert made["cross_validation"]["sources that have empty pictures"] == []
