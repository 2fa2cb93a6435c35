"""The benchmark's join and figures, on a season made here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "public_test.py"
SPEC = importlib.util.spec_from_file_location("public_test", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
public_test = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(public_test)

LABELS = ("leopard", "prey", "other", "person", "vehicle", "empty")
# truth, label said, its probability
SAID = [
    ("leopard", "leopard", 0.9),
    ("leopard", "unsure", 0.3),
    ("prey", "leopard", 0.6),
    ("other", "leopard", 0.7),
    ("other", "other", 0.8),
    ("empty", "empty", 0.95),
    ("empty", "unsure", 0.5),
]


@pytest.fixture
def rows(tmp_path):
    season = tmp_path / "season"
    season.mkdir()
    truth, images = [], []
    for number, (label, said, chance) in enumerate(SAID):
        species = "jaguar" if number == 3 else ""
        truth.append((f"images/{number}.jpg", "public_test", label, species, "day", "wcs"))
        likeliest = label if said == "unsure" else said
        chances = [chance if name == likeliest else (1 - chance) / 5 for name in LABELS]
        images.append((f"images/{number}.jpg", said, "ok", *chances))
    truth.append(("images/broken.jpg", "public_test", "leopard", "", "day", "wcs"))
    images.append(("images/broken.jpg", "", "truncated", *[None] * 6))
    columns = ["file", "split", "label", "species", "modality", "source"]
    pd.DataFrame(truth, columns=columns).to_csv(tmp_path / "manifest.csv", index=False)
    columns = ["file_path", "label", "status", *(f"p_{label}" for label in LABELS)]
    pd.DataFrame(images, columns=columns).to_csv(season / "images.csv", index=False)
    return public_test.joined(season, tmp_path / "manifest.csv", "public_test")


def test_what_was_not_looked_at_is_not_judged(rows):
    assert len(rows) == len(SAID)


def test_leopards_found_and_falsely_called(rows):
    text = public_test.figures(rows, "all")
    assert "leopard recall: 0.500" in text
    assert "called leopard or kept as unsure: 1.000" in text
    assert "leopard precision: 0.333" in text
    assert "look-alikes of other continents left out: 0.500" in text


def test_the_confusion_counts_every_picture_once(rows):
    table = public_test.confusion(rows)
    assert "| other | 1 | 0 | 1 | 0 | 0 | 0 | 0 |" in table
    assert "| empty | 0 | 0 | 0 | 0 | 0 | 1 | 1 |" in table
    numbers = [int(cell) for cell in table.replace("|", " ").split() if cell.isdigit()]
    assert sum(numbers) == len(SAID)


def test_empties_that_look_emptier_than_every_animal_are_removed(rows):
    assert "empty pictures removed at 98% animal recall: 1.000" in public_test.figures(rows, "all")
