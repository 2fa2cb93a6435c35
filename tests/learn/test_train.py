"""From pictures in label folders to a model folder, with the shipped detector and backbone."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camtrap.errors import CamtrapError, DataError
from camtrap.learn import train as training
from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen
from camtrap.learn.prepare import Prepared
from camtrap.learn.settings import TrainingSettings
from camtrap.learn.train import looks_of, train
from camtrap.learn.tune import COLUMNS
from camtrap.pixels.decode import decode_frame
from camtrap.records import LABELS, Box
from camtrap.vision.calibration import CLASSES
from camtrap.vision.checkpoint import find, read_info
from camtrap.vision.networks import load_tensors
from camtrap.vision.predictor import Look, load_predictor
from camtrap.vision.proposals import Proposal
from tests.cards import grey_frame, put, snapshot
from tests.learn.small import label_folders, quick_settings


class Stages:
    """Notes which stages a training had, and how many steps of each were told."""

    def __init__(self):
        self.steps = {}

    def __call__(self, stage, steps):
        self.steps[stage] = (0, steps)

        def told(done):
            self.steps[stage] = (done, steps)

        return told


class Work:
    """A folder with labelled pictures, in which models are trained."""

    def __init__(self, folder):
        self.folder = folder
        self.pictures = label_folders(folder / "pictures")

    def train(self, name, *, settings=None, run=None, **options):
        """Train into `<name>`, with `<name>-run` or `run` as run; gives all that was told."""
        stages = Stages()
        info = train(
            settings or quick_settings(),
            self.pictures,
            self.folder / name,
            run=self.folder / (run or f"{name}-run"),
            workers=1,
            report=stages,
            **options,
        )
        return info, stages.steps


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return Work(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def trained(work):
    """The model that most tests look at, trained once."""
    before = snapshot(work.pictures)
    info, stages = work.train("quick")
    assert snapshot(work.pictures) == before, "the pictures are only read"
    return info, stages


def weights_of(info):
    return info.sha256, info.parts["backbone"]["sha256"]


# Out-of-fold looks; no network


def test_each_picture_gets_the_logits_of_its_own_fold_in_its_own_order():
    def seen(*scores):
        return Seen(9, 9, tuple(Proposal(Box(0, 0, 1, 1), score) for score in scores))

    looked = (seen(0.1), seen(0.2, 0.3), seen(), seen(0.4, 0.5))
    samples = tuple(Sample(Path(name), name, "prey", name, f"source {name}", "") for name in "abcd")
    prepared = Prepared(
        samples, looked, (), np.array([], np.int64), np.empty((0, 1), np.float32), (1, 0, 1, 1)
    )
    rows = np.arange(5 * len(CLASSES), dtype=np.float32).reshape(5, -1)
    looks = looks_of(prepared, [rows[:2], rows[2:]])
    assert [[e.score for e in look.evidence] for look in looks] == [
        [0.1],
        [0.2, 0.3],
        [],
        [0.4, 0.5],
    ]
    firsts = [[e.logits[0] / len(CLASSES) for e in look.evidence] for look in looks]
    assert firsts == [[2], [0, 1], [], [3, 4]]
    assert [look.source for look in looks] == [f"source {name}" for name in "abcd"]


def test_logits_of_another_number_of_boxes_are_no_evidence():
    looked = (Seen(9, 9, (Proposal(Box(0, 0, 1, 1), 0.5),) * 2),)
    samples = (Sample(Path("a"), "a", "prey", "a", "", ""),)
    nothing = np.array([], np.int64), np.empty((0, 1), np.float32)
    prepared = Prepared(samples, looked, (), *nothing, (0,))
    with pytest.raises(ValueError, match="zip"):
        looks_of(prepared, [np.zeros((1, len(CLASSES)), np.float32)])


# A whole training


@pytest.mark.slow
def test_a_training_writes_a_model_that_judges_pictures(work, trained):
    info, _ = trained
    assert read_info(work.folder / "quick").sha256 == info.sha256
    predictor = load_predictor(str(work.folder / "quick"))
    data = next(work.pictures.glob("leopard/north/*.jpg")).read_bytes()
    [verdict] = predictor.judge([Look(data, decode_frame(data, predictor.frame_side))])
    assert verdict.state.is_label
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert verdict.probabilities.keys() == set(LABELS)


@pytest.mark.slow
def test_the_mean_of_folds_and_last_network_is_shipped_where_the_settings_say_so(work, trained):
    info, _ = trained
    # The same run: nothing is trained again, and only what is made of the networks differs.
    settings = replace(quick_settings(), join_folds=True)
    mean, steps = work.train("mean", settings=settings, run="quick-run")
    assert not any("training" in stage for stage in steps)
    assert mean.parts["backbone"]["sha256"] != info.parts["backbone"]["sha256"]
    assert mean.rules["calibration"] == info.rules["calibration"]


@pytest.mark.slow
def test_a_model_names_its_detector_for_pictures_from_above(work, trained):
    info, _ = trained
    aerial = {
        "detector": "animal-detector",
        "proposals": {"sides": [640], "min_score": 0.2, "max_overlap": 0.5, "max_count": 4},
        "calibration": {"detector": 1.0, "classifier": 0.1, "bias": 0.0, "temperature": 1.0},
    }
    settings = replace(quick_settings(), aerial=aerial, least_share=0.1)
    other, _ = work.train("aerial", settings=settings, run="quick-run")
    assert "aerial" not in info.parts
    assert other.parts["aerial"]["model"] == "animal-detector"
    assert other.rules["aerial"].keys() == {"proposals", "calibration"}
    assert other.rules["least_share"] == 0.1
    predictor = load_predictor(str(other.folder))
    assert predictor.from_above.proposing["min_score"] == 0.2


@pytest.mark.slow
def test_the_backbone_beside_it_is_the_published_one_trained_further(work, trained):
    info, _ = trained
    folder = work.folder / "quick-backbone"
    backbone, start = read_info(folder), find("lite2-imagenet")
    assert info.parts["backbone"] == {"model": "quick-backbone", "sha256": backbone.sha256}
    assert info.parts["detector"]["sha256"] == find("animal-detector").sha256
    assert (backbone.kind, backbone.network) == ("backbone", "efficientnet-lite2-folded")
    assert start.name in backbone.source
    assert backbone.rules == start.rules
    tensors = load_tensors(backbone)
    assert not any("norm" in name for name in tensors)
    assert all(tensor.isfinite().all() for tensor in tensors.values())


@pytest.mark.slow
def test_model_json_says_what_was_learnt_from_and_how_well(work, trained):
    said = json.loads((work.folder / "quick" / "model.json").read_text(encoding="utf-8"))
    # The two prey of no site show one ground: they are of one scene. Emptied frames are not told.
    assert said["trained_on"] == (
        "6 leopard, 6 prey, 4 other, 4 empty pictures of 6 sites or events"
    )
    record = said["training"]
    assert record["settings"]["emptied frames"] == 2
    assert [row["source"] for row in record["data"]] == [
        "pictures",
        "pictures (animals taken off)",
    ]
    assert said["rules"]["crop"]["side"] == 64
    assert said["rules"]["proposals"]["sides"] == [320, 224]
    assert record["calibration"]["thresholds"].keys() == said["rules"]["thresholds"].keys()


@pytest.mark.slow
def test_no_site_is_in_two_folds(work, trained):
    with (work.folder / "quick-run" / "folds.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 20 + 2
    folds_of: dict[str, set[str]] = {row["group"]: set() for row in rows}
    for row in rows:
        folds_of[row["group"]].add(row["fold"])
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert {row["fold"] for row in rows} == {"0", "1"}


@pytest.mark.slow
@pytest.mark.parametrize("fold", [0, 1, None])
def test_a_network_never_learns_from_the_sites_that_it_judges(work, trained, monkeypatch, fold):
    learnt = {}

    def spy(network, crops, held_out, *rest, folder, **options):
        learnt[folder.name] = ({c.file for c in crops}, {c.file for c in held_out})
        return []

    monkeypatch.setattr(training, "tune", spy)
    name = f"spied{fold}"
    shutil.copytree(
        work.folder / "quick-run",
        work.folder / f"{name}-run",
        ignore=shutil.ignore_patterns("fold0" if fold == 0 else "fold1" if fold else "final"),
    )
    (work.folder / f"{name}-run" / ("final" if fold is None else f"fold{fold}")).mkdir()
    work.train(name, only=[] if fold is None else [fold])
    with (work.folder / "quick-run" / "folds.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    [(crops, held_out)] = learnt.values()
    assert crops
    assert held_out
    assert all(rows[file]["fold"] != str(fold) for file in crops | held_out)
    groups = [{rows[file]["group"] for file in files} for files in (crops, held_out)]
    assert not groups[0] & groups[1], "what tells when to stop is of other sites as well"
    if fold is None:
        found = {name for name in rows if name in crops | held_out}
        assert {rows[name]["fold"] for name in found} == {"0", "1"}, "the last learns from all"


@pytest.mark.slow
def test_the_log_tells_every_epoch_of_every_network(work, trained):
    with (work.folder / "quick-run" / "log.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["fold"], row["epoch"]) for row in rows] == [
        ("fold0", "1"),
        ("fold1", "1"),
        ("final", "1"),
    ]
    assert tuple(rows[0]) == ("fold", *COLUMNS)


@pytest.mark.slow
def test_every_stage_is_told_to_its_end(trained):
    _, stages = trained
    for stage in (
        "finding animals (pictures)",
        "comparing scenes",
        "emptying frames",
        "finding animals (emptied)",
        "looking at crops",
        "training (fold0)",
        "training (fold1)",
        "training (final)",
    ):
        done, steps = stages[stage]
        assert done == steps > 0, stage


@pytest.mark.slow
def test_the_same_command_again_learns_nothing_and_gives_the_same_model(work, trained):
    info, _ = trained
    run = work.folder / "quick-run"
    kept = {
        path: path.stat().st_mtime_ns
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("log.csv", "model.json")
    }
    again, stages = work.train("quick")
    assert weights_of(again) == weights_of(info)
    assert again.rules == info.rules
    assert not any(stage.startswith("training") for stage in stages)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.slow
def test_folds_may_be_trained_alone_and_the_rest_later(work, trained):
    info, _ = trained
    none, stages = work.train("parts", only=[0])
    assert none is None
    assert not (work.folder / "parts").exists()
    assert [stage for stage in stages if stage.startswith("training")] == ["training (fold0)"]
    run = work.folder / "parts-run"
    assert not (run / "fold1").exists()
    assert not (run / "final").exists()
    whole, stages = work.train("parts")
    assert [stage for stage in stages if stage.startswith("training")] == [
        "training (fold1)",
        "training (final)",
    ]
    assert weights_of(whole) == weights_of(info), "how it was parted does not bear on the weights"
    assert whole.rules == info.rules


@pytest.mark.slow
def test_without_emptied_frames_there_are_none(work, trained):
    # The features of the pictures are at hand; the split is made for these pictures alone.
    shutil.copytree(work.folder / "quick-run", work.folder / "plain-run")
    for name in ("folds.csv", "fold0", "fold1", "final", "emptied"):
        path = work.folder / "plain-run" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    info, stages = work.train("plain", settings=replace(quick_settings(), emptied=0))
    assert info.training["settings"]["emptied frames"] == 0
    assert "emptying frames" not in stages
    assert [row["source"] for row in info.training["data"]] == ["pictures"]
    assert not (work.folder / "plain-run" / "emptied").exists()


def changed(part: str, **values: Any) -> TrainingSettings:
    settings = quick_settings()
    parts: dict[str, Any] = {part: {**getattr(settings, part), **values}}
    return replace(settings, **parts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("side", changed("tune", side=96)),
        ("crop", changed("crop", side=96)),
        ("head", changed("head", decay=5.0)),
        ("rate", changed("tune", learning_rate=1e-5)),
    ],
)
@pytest.mark.parametrize("only", [[], [0]], ids=["whole", "fold"])
def test_a_run_of_other_settings_is_not_continued(work, trained, name, settings, only):
    name = f"other-{name}-{len(only)}"
    shutil.copytree(work.folder / "quick-run", work.folder / f"{name}-run")
    with pytest.raises(DataError, match="other settings"):
        work.train(name, settings=settings, only=only)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["features.npz", "scenes.npz", "fold0/evidence.npz"])
def test_a_file_cut_short_by_a_pulled_plug_is_made_again(work, trained, file):
    name = "cut-" + file.replace("/", "-")
    shutil.copytree(work.folder / "quick-run", work.folder / f"{name}-run")
    path = work.folder / f"{name}-run" / file
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert weights_of(work.train(name)[0]) == weights_of(trained[0])


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_a_split_into_another_number_of_folds_is_refused(work, trained, count):
    name = f"folds{count}"
    shutil.copytree(work.folder / "quick-run", work.folder / f"{name}-run")
    with pytest.raises(DataError):
        work.train(name, settings=replace(quick_settings(), fold_count=count))


@pytest.mark.slow
def test_a_fold_that_there_is_not_is_an_error_of_ours_at_once(work):
    with pytest.raises(CamtrapError, match="fold 2"):
        work.train("wrong", only=[2])
    assert not (work.folder / "wrong-run").exists()


@pytest.mark.slow
def test_too_few_sites_are_an_error_of_ours(tmp_path):
    small = Work(tmp_path)
    shutil.rmtree(small.pictures)
    frames = {
        f"{label}/s{i}/{i}.jpg": grey_frame(128, i, size=(240, 180))
        for label in ("leopard", "empty")
        for i in range(3)
    }
    put(small.pictures, frames)
    with pytest.raises(DataError):
        small.train("few")
