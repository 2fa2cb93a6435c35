"""Diagrams: that they are drawn, repeat, and say what is wrong with their numbers."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from PIL import Image

from camtrap.errors import DataError
from camtrap.learn import plots
from camtrap.learn.metrics import Share, reliability

HEADER = "epoch,train_loss,valid_loss,valid_leopard_ap,valid_accuracy,learning_rate"

drawing = pytest.mark.skipif(find_spec("matplotlib") is None, reason="needs matplotlib")


def log(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    return path


def is_drawn(path):
    """More than the white of an empty page."""
    with Image.open(path) as image:
        colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
    return image.format == "PNG" and colours is not None and len(colours) > 20


@drawing
def test_a_reliability_diagram_is_drawn_and_repeats(tmp_path):
    bins = reliability([0.1, 0.6, 0.9, 1.0], [False, True, True, True])
    nothing = reliability([], [])
    one = plots.reliability_diagram(bins, nothing, tmp_path / "a.png")
    two = plots.reliability_diagram(bins, nothing, tmp_path / "b.png")
    assert is_drawn(one)
    assert one.read_bytes() == two.read_bytes()


@drawing
@pytest.mark.parametrize("folds", [1, 3])
def test_a_training_curve_has_a_line_a_fold(tmp_path, folds):
    rows = [
        f"{fold},{epoch},{1 / epoch},{1.2 / epoch},{0.1 * epoch},0.5,0.001"
        for fold in range(folds)
        for epoch in (1, 2, 3)
    ]
    path = log(tmp_path, "\n".join([f"fold,{HEADER}", *rows]))
    assert is_drawn(plots.training_curve(path, tmp_path / "curve.png"))


@drawing
def test_a_log_without_folds_and_with_gaps_is_one_line(tmp_path):
    path = log(tmp_path, f"{HEADER}\n1,1,1,,0.5,0.1\n2,0.5,0.8,0.4,0.6,0.1\n")
    assert is_drawn(plots.training_curve(path, tmp_path / "curve.png"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rows"),
        (HEADER, "holds no rows"),
        ("epoch,train_loss\n1,2\n", "valid_loss"),
        (f"{HEADER}\n1,much,1,1,1,1\n", "much"),
    ],
)
def test_a_log_that_cannot_be_used_is_told(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        plots.training_curve(log(tmp_path, text), tmp_path / "curve.png")


def test_a_log_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        plots.training_curve(tmp_path / "none.csv", tmp_path / "curve.png")


@drawing
def test_a_learning_curve_takes_its_points_in_any_order(tmp_path):
    points = [(100, Share(18, 20)), (10, Share(8, 20)), (30, Share(13, 20))]
    one = plots.learning_curve({"found": points}, tmp_path / "a.png")
    two = plots.learning_curve({"found": sorted(points)}, tmp_path / "b.png")
    assert is_drawn(one)
    assert one.read_bytes() == two.read_bytes()


@drawing
def test_every_line_of_a_learning_curve_is_drawn(tmp_path):
    points = [(10, Share(8, 20)), (100, Share(18, 20))]
    one = plots.learning_curve({"found": points}, tmp_path / "a.png")
    two = plots.learning_curve({"found": points, "named": points[:1]}, tmp_path / "b.png")
    three = plots.learning_curve({"found": points, "named": []}, tmp_path / "c.png")
    assert one.read_bytes() == three.read_bytes() != two.read_bytes()


def test_a_learning_curve_without_a_recall_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no recall"):
        plots.learning_curve({"found": [(10, Share(0, 0))], "named": []}, tmp_path / "a.png")


@drawing
def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        plots.learning_curve({"found": [(10, Share(1, 2))]}, tmp_path / "none" / "a.png")


def test_without_matplotlib_the_way_to_get_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'camtrap\[train\]'"):
        plots.learning_curve({"found": [(10, Share(1, 2))]}, tmp_path / "a.png")


def test_importing_plots_does_not_import_matplotlib():
    code = "import sys, camtrap.learn.plots; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "False"
