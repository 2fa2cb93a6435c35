"""`camtrap train`, from the words that are typed to what is told and written."""

from __future__ import annotations

import csv
import logging

import pytest
from typer.testing import CliRunner

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, ConfigError, DataError
from camtrap.learn import card, plots, settings
from camtrap.learn import train as training
from camtrap.vision.checkpoint import ModelInfo, read_info
from tests.learn.small import SHIPPED, label_folders, quick_settings


@pytest.fixture
def data(tmp_path):
    """A folder that is there; the fake training does not look inside."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def type_in(tmp_path, data):
    """Types `camtrap train` with what is always needed; our own errors are raised."""

    def typed(*words, out="amur", config=SHIPPED):
        given = ["--config", config, "--data", data, "--out", tmp_path / out, *words]
        result = CliRunner().invoke(app, ["train", *map(str, given)])
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return typed


class FakeTraining:
    """Notes what it is asked for, tells two stages, and gives a model or, for folds, none."""

    def __init__(self):
        self.asked = {}

    def __call__(self, settings, data, out, *, only, report, **options):
        self.asked = {"settings": settings, "data": data, "out": out, "only": only, **options}
        step = report("finding animals", 3)
        for done in range(1, 4):
            step(done)
        report("judging fold 0", 5)  # tells no steps
        step = report("training (final)", 2000)
        for done in range(1001, 2001):  # continued
            step(done)
        if only:
            return None
        rules = {"calibration": {"bias": 0.5}, "thresholds": {"leopard": 0.25}}
        return ModelInfo(out, "amur", "triage", "linear head", "0" * 64, "3", rules=rules)


@pytest.fixture
def fake(monkeypatch):
    """In the place of the training, the card and the curve."""
    made = FakeTraining()
    monkeypatch.setattr(training, "train", made)
    monkeypatch.setattr(
        card, "write_card", lambda folder: made.asked.setdefault("cards", []).append(folder)
    )
    monkeypatch.setattr(
        plots, "training_curve", lambda log, out: made.asked.update(log=log, curve=out)
    )
    return made


# What is asked for


def test_the_run_lies_beside_the_model_unless_told_otherwise(type_in, fake, tmp_path, data):
    assert type_in().exit_code == 0
    assert (fake.asked["out"], fake.asked["run"]) == (tmp_path / "amur", tmp_path / "amur-run")
    assert fake.asked["data"] == data
    assert type_in("--run", tmp_path / "there").exit_code == 0
    assert fake.asked["run"] == tmp_path / "there"


def test_settings_device_and_workers_are_handed_on(type_in, fake):
    type_in()
    assert fake.asked["settings"] == settings.read_settings(SHIPPED)
    assert (fake.asked["device"], fake.asked["workers"]) == ("cpu", 0)
    type_in("--device", "auto", "--workers", "3")
    assert (fake.asked["device"], fake.asked["workers"]) == ("auto", 3)


def test_card_and_curve_are_made_of_the_run(type_in, fake, tmp_path):
    type_in()
    run = tmp_path / "amur-run"
    assert fake.asked["cards"] == [tmp_path / "amur", tmp_path / "amur-backbone"]
    assert (fake.asked["log"], fake.asked["curve"]) == (
        run / "log.csv",
        run / "training_curve.png",
    )


def test_some_folds_alone_give_no_model_and_no_card(type_in, fake):
    result = type_in("--fold", "1", "--fold", "3")
    assert result.exit_code == 0
    assert list(fake.asked["only"]) == [1, 3]
    assert result.stdout.startswith("Trained fold 1, 3;")
    assert "amur-run" in result.stdout.replace("\n", "")
    assert "cards" not in fake.asked


# What is told


def test_the_model_is_told_on_stdout(type_in, fake):
    said = type_in().stdout
    assert "amur 3, trained on" in said
    assert "'leopard': 0.25" in said


def test_without_a_terminal_stages_are_plain_lines_on_stderr(type_in, fake):
    result = type_in()
    assert list(filter(None, result.stderr.splitlines())) == [
        "finding animals: 3/3, 0 s left",
        "training (final): 2,000/2,000, 0 s left",
    ]
    assert "finding" not in result.stdout


def test_long_stages_tell_a_line_now_and_then(type_in, fake, monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr("camtrap.cli.train.time.monotonic", lambda: float(next(ticks)))
    lines = [line for line in type_in().stderr.splitlines() if line.startswith("training")]
    assert 30 <= len(lines) <= 35, "a thousand steps of a second, a line every thirty"
    # Continued at step 1001 of 2000: what was done before took no time now.
    assert lines[0].startswith("training (final): 1,030/2,000, ")
    assert "16 min" in lines[0] or "17 min" in lines[0]


def test_quiet_means_nothing_on_stderr(type_in, fake):
    result = type_in("--quiet")
    assert result.stderr == ""
    assert "amur 3" in result.stdout


# What is refused


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--fold", "-1"], "--fold"),
        (["--fold", "all"], "--fold"),
        (["--workers", "-2"], "--workers"),
        (["--run-folder", "x"], "--run-folder"),
        (["--data", "nowhere"], "nowhere"),
        (["--config", "none.toml"], "none.toml"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_a_usage_error(type_in, fake, words, named):
    result = type_in(*words)
    assert result.exit_code == 2
    assert named in result.stderr
    assert fake.asked == {}


def test_misspelt_settings_are_told_by_name(type_in, fake, tmp_path):
    path = tmp_path / "train.toml"
    text = SHIPPED.read_text(encoding="utf-8").replace("patience", "patients")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="patience, patients"):
        type_in(config=path)
    assert fake.asked == {}


def test_data_without_pictures_are_an_error_of_ours(type_in, tmp_path):
    with pytest.raises(DataError):
        type_in()
    assert not (tmp_path / "amur").exists()


# All of it


@pytest.mark.slow
def test_a_training_leaves_a_model_its_card_and_the_curve(
    type_in, data, tmp_path, monkeypatch, caplog
):
    pytest.importorskip("matplotlib")
    caplog.set_level(logging.ERROR)
    label_folders(data)
    monkeypatch.setattr(settings, "read_settings", lambda path: quick_settings())
    result = type_in("--workers", "1", out="модель")
    assert result.exit_code == 0, result.output
    stages = [line.partition(":")[0] for line in result.stderr.splitlines()]
    assert [stage for stage in stages if stage.startswith("training")] == [
        "training (fold0)",
        "training (fold1)",
        "training (final)",
    ]
    assert stages[0] == "finding animals (pictures)"
    out, run = tmp_path / "модель", tmp_path / "модель-run"
    assert read_info(out).name == "quick"
    assert "# quick" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert (run / "training_curve.png").read_bytes().startswith(b"\x89PNG")
    with (run / "log.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["fold"] for row in csv.DictReader(stream)] == ["fold0", "fold1", "final"]
