"""`camtrap evaluate`, from the words that are typed to the exit code."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, DataError
from camtrap.learn import plots
from camtrap.records import LABELS
from camtrap.vision import checkpoint
from camtrap.vision import predictor as predictor_module
from camtrap.vision.checkpoint import ModelInfo, read_info, write_info
from tests.cards import FakePredictor, frame, put, snapshot
from tests.cli.test_main import camtrap

pytest.importorskip("matplotlib")

SAMPLES = Path(__file__).parents[2] / "sample_images"
FILES = ("evaluation.json", "evaluation.md", "mistakes.html", "reliability.png")

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, model: ModelInfo) -> Run:
    """Runs a command in-process with the fake model; our own errors are raised."""
    fake = FakePredictor()
    fake.info = model
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: fake)
    monkeypatch.setattr(checkpoint, "find", lambda name: read_info(model.folder))

    def type_in(*words: object) -> Result:
        result = CliRunner().invoke(app, list(map(str, words)))
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return type_in


@pytest.fixture
def model(tmp_path: Path) -> ModelInfo:
    """The folder of the fake model, with a figure of an older kind."""
    folder = tmp_path / "models" / "fake"
    folder.mkdir(parents=True)
    figures = {"leopard recall, old": "1.000 (3/3)"}
    info = ModelInfo(folder, "fake", "triage", "none", "0" * 64, version="1", figures=figures)
    write_info(info)
    return info


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a manifest and pictures: all named rightly, but for one deer and one jaguar."""
    root = tmp_path / "data"
    pictures = {f"images/ST01/{label}.jpg": (label, label) for label in LABELS}
    pictures["images/ST02/deer.jpg"] = ("prey", "leopard")
    pictures["images/ST02/jaguar.jpg"] = ("other", "leopard")
    put(root, {name: frame(said, n) for n, (name, (_, said)) in enumerate(pictures.items())})
    write_manifest(root, {name: truth for name, (truth, _) in pictures.items()})
    return root


def write_manifest(root: Path, truths: dict[str, str]) -> None:
    header = ("file", "split", "label", "species", "site_or_sequence", "source")
    with (root / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for name, label in truths.items():
            species = "jaguar" if "jaguar" in name else ""
            writer.writerow((name, "test", label, species, "", "wcs"))
        writer.writerow(("images/train.jpg", "train", "prey", "", "", "wcs"))


def test_a_folders_pictures_are_triaged_and_compared(run: Run, data: Path, tmp_path: Path) -> None:
    before = snapshot(data)
    out = tmp_path / "out"
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", out)
    result = run("evaluate", data, *words)
    assert result.exit_code == 0, result.output
    assert "leopard precision" in result.stdout
    assert "0.333" in result.stdout  # one of the three called leopard
    assert {path.name for path in out.iterdir()} == set(FILES)
    said = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert said["account"]["judged"] == 8
    assert said["overall"]["leopard"]["precision_without_look_alikes"]["count"] == 2
    assert [row["mistake"] for row in said["mistakes"]] == ["false leopard"] * 2
    assert snapshot(data) == before


def test_a_season_says_the_same_as_its_pictures(run: Run, data: Path, tmp_path: Path) -> None:
    season = tmp_path / "season"
    assert run("run", data / "images", "--out", season, "--quiet").exit_code == 0
    words = ("--truth", data / "manifest.csv", "--split", "test", "--json", "--quiet", "--out")
    of_season = run("evaluate", season, *words, tmp_path / "a")
    of_folder = run("evaluate", data, *words, tmp_path / "b")
    assert of_season.exit_code == of_folder.exit_code == 0
    one, two = json.loads(of_season.stdout), json.loads(of_folder.stdout)
    assert one == two
    assert one["figures"][0]["figure"] == "leopard recall"


def test_pictures_that_are_not_there_are_told_and_counted(
    run: Run, data: Path, tmp_path: Path
) -> None:
    words = ("--truth", data / "manifest.csv", "--out", tmp_path / "out")
    result = run("evaluate", data, *words)
    assert result.exit_code == 0
    assert "1 labelled picture not found: images/train.jpg" in result.stderr
    said = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert said["account"]["not found"] == 1


def test_some_that_cannot_be_read_have_an_exit_code_of_their_own(
    run: Run, data: Path, tmp_path: Path
) -> None:
    (data / "images" / "ST01" / "prey.jpg").write_bytes(b"no picture")
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", tmp_path / "out")
    result = run("evaluate", data, *words)
    assert result.exit_code == 3
    assert "1 labelled picture unreadable: images/ST01/prey.jpg" in result.stderr
    said = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert said["account"]["unreadable"] == 1
    assert said["overall"]["pictures"] == 7


def test_quiet_says_the_figures_alone(run: Run, data: Path, tmp_path: Path) -> None:
    result = run(
        "evaluate", data, "--truth", data / "manifest.csv", "--out", tmp_path / "out", "--quiet"
    )
    assert result.stderr == ""
    assert result.stdout.startswith("leopard recall")


def test_pictures_may_lie_elsewhere(run: Run, data: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.move(data / "images", moved / "images")
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", tmp_path / "out")
    assert run("evaluate", data, *words, "--pictures", moved).exit_code == 0
    assert run("evaluate", moved, *words).exit_code == 0
    with pytest.raises(DataError, match="could be judged"):
        run("evaluate", tmp_path / "models", *words)


def test_the_figures_go_into_the_models_folder_and_card(
    run: Run, data: Path, tmp_path: Path, model: ModelInfo
) -> None:
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", tmp_path / "out")
    assert run("evaluate", data, *words, "--card").exit_code == 0
    info = read_info(model.folder)
    assert list(info.figures) == ["test"]
    card = (model.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "## Figures on test" in card
    assert "| leopard recall | 1.000 |" in card


def test_without_card_the_models_folder_stays_as_it_is(
    run: Run, data: Path, tmp_path: Path, model: ModelInfo
) -> None:
    before = snapshot(model.folder)
    run("evaluate", data, "--truth", data / "manifest.csv", "--out", tmp_path / "out")
    assert snapshot(model.folder) == before


def test_a_seasons_figures_go_to_no_other_model(
    run: Run, data: Path, tmp_path: Path, model: ModelInfo
) -> None:
    season = tmp_path / "season"
    run("run", data / "images", "--out", season, "--quiet")
    write_info(replace(model, sha256="1" * 64))
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", tmp_path / "out")
    with pytest.raises(DataError, match="another model"):
        run("evaluate", season, *words, "--card")
    assert not (tmp_path / "out").exists()


def test_results_among_the_pictures_are_refused(run: Run, data: Path) -> None:
    out = data / "images" / "ST01" / "evaluation"
    with pytest.raises(DataError, match="nothing is ever written"):
        run("evaluate", data, "--truth", data / "manifest.csv", "--out", out)
    assert not out.exists()


def test_without_matplotlib_nothing_is_begun(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install"):
        run("evaluate", data, "--truth", data / "manifest.csv", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_truth_is_needed(run: Run, data: Path) -> None:
    assert run("evaluate", data).exit_code == 2


def test_models_list_the_headline_figures(run: Run, data: Path, tmp_path: Path) -> None:
    root = tmp_path / "models"
    shutil.copytree(root, tmp_path / "before")
    words = ("--truth", data / "manifest.csv", "--split", "test", "--out", tmp_path / "out")
    run("evaluate", data, *words, "--card")
    environment = {**os.environ, "CAMTRAP_MODELS": str(root)}
    told = camtrap("models", env=environment).stdout
    assert "leopard recall, test: 1.000 [0.207, 1.000] (1/1)" in told
    environment["CAMTRAP_MODELS"] = str(tmp_path / "before")
    assert "leopard recall, old: 1.000 (3/3)" in camtrap("models", env=environment).stdout


def test_with_the_shipped_model(tmp_path: Path) -> None:
    root = tmp_path / "data"
    camera = SAMPLES / "ST01_ridge" / "DCIM" / "100RECNX"
    for name in ("RCNX0005.JPG", "RCNX0013.JPG"):
        (root / "images").mkdir(parents=True, exist_ok=True)
        shutil.copy(camera / name, root / "images" / name)
    write_manifest(root, {"images/RCNX0005.JPG": "leopard", "images/RCNX0013.JPG": "empty"})
    words = ("--split", "test", "--device", "cpu", "--out", tmp_path / "out")
    done = camtrap("evaluate", root, "--truth", root / "manifest.csv", *words)
    assert done.returncode == 0, done.stderr
    assert "(1/1)" in done.stdout.splitlines()[0]
    said = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert "amur" in said["model"]["name"]
    assert said["overall"]["animals"]["auc"]["value"] == 1.0


def test_a_source_can_be_left_out(run: Run, data: Path, tmp_path: Path) -> None:
    manifest = data / "manifest.csv"
    with manifest.open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    rows[0][header.index("source")] = "elsewhere"
    with manifest.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    words = ("--truth", manifest, "--split", "test", "--json", "--quiet", "--out")
    every = json.loads(run("evaluate", data, *words, tmp_path / "a").stdout)
    fewer = json.loads(
        run("evaluate", data, *words, tmp_path / "b", "--leave-out", "elsewhere").stdout
    )
    assert fewer["pictures"] == every["pictures"] - 1
