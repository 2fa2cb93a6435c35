"""The model card: everything comes from `model.json` and `card.toml`, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from camtrap.errors import DataError, ModelError
from camtrap.learn.card import Prose, card, read_prose, rendered, write_card
from camtrap.learn.evaluation.evaluate import evaluate, summary
from camtrap.vision.checkpoint import ModelInfo, read_info, write_info
from tests.learn.evaluation.made import answers, some_of_each

TRAINING = {
    "data": [
        {
            "source": "ntlnp",
            "licence": "CC-BY-4.0",
            "label counts": {"leopard": 98, "prey": 12},
            "groups": 40,
        },
        {"source": "cct", "licence": "CDLA", "label counts": {"empty": 7}, "groups": 3},
    ],
    "settings": {"epochs": 12, "learning_rate": 0.0005, "layers": ["a", "b"]},
    "seconds": 4320.0,
    "cross_validation": {
        "leopard recall": {"value": 0.93, "interval": [0.86, 0.97], "right": 91, "count": 98},
        "by source": [{"source": "ntlnp", "AUC": 0.95}],
    },
    "calibration": {
        "expected_calibration_error": 0.034,
        "thresholds": {
            "leopard": {"value": 0.21, "recall": 0.93, "interval": [0.86, 0.97], "count": 98},
            "empty": {"value": 0.9, "recall": 0.98, "interval": [0.97, 0.99], "count": 900},
        },
    },
    "ablation": [{"variant": "without pasting", "false leopards of the same park": "9/57"}],
    "experiments": [{"what": "larger crops", "kept": False}],
    "curves": {"epochs run": 12},
}


@pytest.fixture
def folder(tmp_path):
    """A model folder with everything that a card can tell."""
    path = tmp_path / "amur"
    path.mkdir()
    info = ModelInfo(
        folder=path,
        name="amur",
        kind="triage",
        network="linear head",
        sha256="0" * 64,
        version="2",
        licence="Apache-2.0",
        trained_on="98 leopard pictures",
        parts={"detector": {"model": "finder", "sha256": "1" * 64}},
        rules={
            "classes": ["leopard", "nothing"],
            "calibration": {"bias": -0.5},
            "thresholds": {"leopard": 0.2},
            "target_recall": {"leopard": 0.93},
        },
        figures={"public_test": summary(evaluate(answers(some_of_each()), rounds=10))},
        training=TRAINING,
    )
    write_info(info)
    part = tmp_path / "finder"
    part.mkdir()
    write_info(ModelInfo(part, "finder", "detector", "yolox-tiny", "1" * 64, licence="MIT"))
    (path / "card.toml").write_text(
        'purpose = "Finds leopards."\nnot_tested = ["drones", "video"]\n'
        'drones_and_heat = ["Nothing was found."]\n'
        'known_failures = "Jaguars."\nnotices = ["NTLNP asks to be named."]\n',
        encoding="utf-8",
    )
    return path


def headings(text):
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_all_sections_in_order(folder):
    text = write_card(folder).read_text(encoding="utf-8")
    assert headings(text) == [
        "Training data",
        "Recipe",
        "Figures on public_test",
        "Cross-validation",
        "Calibration and thresholds",
        "Ablation",
        "Experiments",
        "Curves",
        "Drones and thermal cameras",
        "Known failures",
        "Not tested",
        "Licences and notices",
    ]
    assert text.startswith("# amur\n\nFinds leopards.\n")


@pytest.mark.parametrize(
    "line",
    [
        "| source | licence | leopard | prey | groups | empty |",
        "| ntlnp | CC-BY-4.0 | 98 | 12 | 40 |  |",
        "All networks together took 1 h 12 min to learn.",
        "| layers | a, b |",
        "| leopard recall | 0.930 [0.860, 0.970] (91/98) |",
        "### By source",
        "| expected calibration error | 0.034 |",
        "| leopard | 0.210 | 0.930 | [0.860, 0.970] | 98 |",
        "| without pasting | 9/57 |",
        "| larger crops | no |",
        "| Numbers of the rule | -0.500 |",
        "- Jaguars.",
        "- video",
        "| finder | MIT |",
        "| training data: cct | CDLA |",
        "- NTLNP asks to be named.",
    ],
)
def test_what_the_model_says_is_in_the_card(folder, line):
    assert line in write_card(folder).read_text(encoding="utf-8").splitlines()


def test_figures_come_with_intervals_and_caveats(folder):
    text = write_card(folder).read_text(encoding="utf-8")
    assert re.search(r"\| leopard recall \| 0\.333 \| \[0\.061, 0\.792\] \| 1/3 \|", text)
    assert "hang together" in text
    assert "evaluate again" not in text


def test_failures_are_described_from_the_evaluation(folder):
    text = write_card(folder).read_text(encoding="utf-8")
    failures = text[text.index("## Known failures") : text.index("## Not tested")]
    assert "| leopard missed | wcs |" in failures
    assert "P(leopard)" in failures


def test_figures_of_other_weights_say_so(folder):
    write_info(replace(read_info(folder), sha256="2" * 64))
    assert "evaluate again" in write_card(folder).read_text(encoding="utf-8")


def test_the_same_model_gives_the_same_bytes(folder):
    assert write_card(folder).read_bytes() == write_card(folder).read_bytes()


def test_what_is_not_known_has_no_section(tmp_path):
    write_info(ModelInfo(tmp_path, "bare", "backbone", "none", "0" * 64))
    text = write_card(tmp_path).read_text(encoding="utf-8")
    assert headings(text) == []
    assert "| licence" not in text


def test_a_part_that_is_not_installed_is_told(folder):
    info = read_info(folder)
    text = card(replace(info, parts={"detector": {"model": "none", "sha256": ""}}), Prose())
    assert "it is not installed here" in text


def test_older_figures_are_kept_as_they_are(folder):
    info = replace(read_info(folder), figures={"leopard recall, public_test": "1.000 (31/31)"})
    assert "| leopard recall, public_test | 1.000 (31/31) |" in card(info, Prose())


@pytest.mark.parametrize(
    ("text", "words"),
    [("purpos = 'x'", "purpos"), ("purpose = 3", "text"), ("purpose = [1]", "text"), ("=", "read")],
)
def test_prose_that_cannot_be_used_is_told(tmp_path, text, words):
    (tmp_path / "card.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_prose(tmp_path / "card.toml")


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(ModelError, match=r"model\.json is missing"):
        write_card(tmp_path)


def test_training_is_written_and_read_with_the_model(folder):
    assert read_info(folder).training == json.loads(json.dumps(TRAINING))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ({}, ""),
        (["x", "y"], "- x\n- y\n"),
        ({"a": {"b": 1}, "c": {"b": 2}}, "|  | b |\n|---|---|\n| a | 1 |\n| c | 2 |\n"),
        ({"a": 1, "b": {}}, "| | |\n|---|---|\n| a | 1 |\n"),
    ],
)
def test_any_value_can_be_told(value, text):
    assert "".join(rendered(value, 3)) == text
