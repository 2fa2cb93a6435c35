"""The whole course at a small size: it learns, goes on where it stopped, tells of its trial."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camtrap.errors import ConfigError, DataError
from camtrap.learn.aerial import train as course
from camtrap.learn.aerial.loss import PARTS
from camtrap.learn.aerial.settings import AerialSettings, is_aerial, read_aerial_settings
from camtrap.learn.aerial.tiles import MadeTile, make_tiles
from camtrap.learn.aerial.train import train_aerial, tune
from camtrap.learn.aerial.trial import Trial, length_of
from camtrap.learn.detector import publish as publishing
from camtrap.learn.prepare import silent
from camtrap.records import Box
from camtrap.vision import checkpoint
from camtrap.vision.proposals import Proposal
from tests.learn.aerial.made import HERD
from tests.learn.detector.made import ground, small_learner

CONFIG = Path(__file__).parents[3] / "configs" / "train-aerial.toml"
SMALL = AerialSettings(
    name="small",
    version="1",
    licence="Apache-2.0",
    detector="animal-detector",
    split="train",
    corrections=Path(__file__).parents[3] / "configs" / "corrections-amur.csv",
    seed=4,
    animals=3,
    tiles=8,
    held_out=4,
    side=96,
    epochs=2,
    batch_size=4,
    learning_rate=2e-3,
    decay=0.001,
    average=0.9,
    nothing_weight=1.0,
    box_weight=2.0,
    precision="float32",
)


@pytest.fixture
def tiles(tmp_path) -> list[MadeTile]:
    return make_tiles(8, 96, HERD, [], tmp_path / "tiles", seed=1)


def weights(learner):
    return torch.cat([value.flatten() for value in learner.learnt().values()])


def test_it_learns_and_keeps_a_log(tmp_path, tiles) -> None:
    learner = small_learner()
    before = weights(learner).clone()
    tune(learner, tiles, SMALL, tmp_path / "run", "key", 1, silent)
    assert not torch.equal(weights(learner), before)
    with (tmp_path / "run" / "log.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(rows[1][name]) > 0 for name in ("train_loss", *PARTS))


def test_what_it_learnt_shows(tmp_path, tiles) -> None:
    long = replace(SMALL, epochs=8)
    learner = small_learner()
    tune(learner, tiles, long, tmp_path / "run", "key", 1, silent)
    with (tmp_path / "run" / "log.csv").open(encoding="utf-8") as stream:
        losses = [float(row["train_loss"]) for row in csv.DictReader(stream)]
    assert sum(losses[-2:]) < 0.9 * sum(losses[:2])


def test_a_course_that_stopped_ends_as_one_that_did_not(tmp_path, tiles) -> None:
    whole, stopped = small_learner(), small_learner()
    tune(whole, tiles, SMALL, tmp_path / "whole", "key", 1, silent)

    def stop(stage, steps):
        def told(done):
            if done == 3:
                raise KeyboardInterrupt

        return told

    with pytest.raises(KeyboardInterrupt):
        tune(stopped, tiles, SMALL, tmp_path / "stopped", "key", 1, stop)
    again = small_learner()
    tune(again, tiles, SMALL, tmp_path / "stopped", "key", 1, silent)
    assert torch.equal(weights(again), weights(whole))


def test_a_folder_of_another_course_is_refused(tmp_path, tiles) -> None:
    tune(small_learner(), tiles, replace(SMALL, epochs=1), tmp_path / "run", "key", 1, silent)
    with pytest.raises(DataError):
        tune(small_learner(), tiles, SMALL, tmp_path / "run", "other", 1, silent)


def test_the_whole_course_writes_a_detector_with_its_trial(tmp_path, monkeypatch) -> None:
    pictures = tmp_path / "data" / "empty"
    pictures.mkdir(parents=True)
    for number in range(2):
        Image.fromarray(ground(number)).save(pictures / f"{number}.png")
    (tmp_path / "data" / "manifest.csv").write_text(
        "file,split,label,site_or_sequence,source\n"
        "empty/0.png,train,empty,s0,made\nempty/1.png,train,empty,s1,made\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(course, "fresh_learner", lambda info: small_learner())
    monkeypatch.setattr(course, "paint_herd", lambda count, folder, *, seed, on_done: HERD[:count])
    monkeypatch.setattr(publishing, "write_graph", lambda info: info)
    monkeypatch.setattr(course, "Detector", lambda info, backend: Nothing())
    info = train_aerial(
        SMALL,
        tmp_path / "data" / "manifest.csv",
        tmp_path / "small",
        run=tmp_path / "run",
        workers=1,
    )
    said = json.loads((tmp_path / "small" / "model.json").read_text(encoding="utf-8"))
    assert said["kind"] == "detector"
    assert said["training"]["trial"]["tiles"] == 4
    assert said["training"]["trial"]["after"]["false a tile"]["0.5"] == 0
    assert "2 pieces of real pictures" in said["trained_on"]
    assert checkpoint.read_weights(info)
    assert "Trial" in (tmp_path / "small" / "MODEL_CARD.md").read_text(encoding="utf-8")


class Nothing:
    """A detector that sees nothing."""

    def propose(self, frames, **_):
        return [() for _ in frames]


# Trials


TILE = MadeTile(Path("x.jpg"), (Box(0.1, 0.1, 0.2, 0.1),))


def trial_of(found):
    trial = Trial()
    trial.add(TILE, 100, found)
    return trial.as_dict()


def test_a_box_on_the_animal_finds_it_from_its_score_on() -> None:
    said = trial_of([Proposal(Box(0.1, 0.1, 0.2, 0.1), 0.25)])
    assert said["animals"] == {"00 to 24 px": 1}
    assert said["found"]["0.2"]["00 to 24 px"] == 1
    assert said["found"]["0.3"]["00 to 24 px"] == 0
    assert said["false a tile"]["0.05"] == 0


def test_a_box_elsewhere_is_false_and_one_beside_is_neither() -> None:
    far, beside = Box(0.6, 0.6, 0.2, 0.1), Box(0.1, 0.1, 0.06, 0.06)
    said = trial_of([Proposal(far, 0.9), Proposal(beside, 0.9)])
    assert said["found"]["0.5"]["00 to 24 px"] == 0
    assert said["false a tile"]["0.5"] == 1


@pytest.mark.parametrize(
    ("pixels", "name"),
    [(0, "00 to 24 px"), (24, "24 to 40 px"), (69.9, "40 to 70 px"), (70, "70 px and more")],
)
def test_lengths_have_names(pixels, name) -> None:
    assert length_of(pixels) == name


# Settings


def test_the_shipped_settings_are_read() -> None:
    assert is_aerial(CONFIG)
    assert read_aerial_settings(CONFIG).side == 640


def test_settings_of_a_triage_model_are_not_aerial() -> None:
    assert not is_aerial(CONFIG.with_name("train-amur.toml"))
    assert not is_aerial(CONFIG.with_name("missing.toml"))


@pytest.mark.parametrize("change", ["wrong = 1\n", ""])
def test_unknown_and_missing_settings_are_named(tmp_path, change) -> None:
    lines = CONFIG.read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(change + (lines if change else lines.replace("tiles =", "#")), encoding="utf-8")
    with pytest.raises(ConfigError, match="wrong" if change else "tiles"):
        read_aerial_settings(path)


def test_settings_that_are_no_toml_are_refused(tmp_path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("kind = ", encoding="utf-8")
    assert not is_aerial(path)
    with pytest.raises(ConfigError, match=r"own\.toml"):
        read_aerial_settings(path)


def test_a_herd_is_painted_once(tmp_path, monkeypatch) -> None:
    from camtrap.learn.aerial import herd

    monkeypatch.setattr(herd, "METRES_A_PIXEL", 0.06)
    first = herd.paint_herd(2, tmp_path, seed=1)
    monkeypatch.setattr(herd, "paint_one", lambda *_: pytest.fail("painted again"))
    again = herd.paint_herd(2, tmp_path, seed=1)
    assert [one.species for one in again] == ["badger", "brown bear"]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.colour, other.colour)
        assert one.alpha.max() == 1
