"""A training that tunes the detector first: who learns from what, who looks at what, and what is
written.
"""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import pytest

from camtrap.errors import DataError
from camtrap.learn import train as training
from camtrap.learn.detector import publish as publishing
from camtrap.learn.detector import stage
from camtrap.learn.train import train
from camtrap.pixels.decode import decode_frame
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.checkpoint import find, read_info
from camtrap.vision.predictor import Detector, Look, load_predictor
from tests.cards import snapshot
from tests.learn.detector.made import TUNING
from tests.learn.small import label_folders, quick_settings, scene

pytestmark = pytest.mark.slow

QUICK = replace(TUNING, side=224, epochs=1, batch_size=6, learning_rate=1e-4)
SETTINGS = replace(quick_settings(), detector_tuning=QUICK)


class Work:
    """A folder with labelled pictures, in which models are trained."""

    def __init__(self, folder):
        self.folder = folder
        self.pictures = label_folders(folder / "pictures")
        # Labelled by its sequence, perhaps: there is nothing in it that could be found.
        hidden = self.pictures / "prey" / "hidden" / "hidden.jpg"
        hidden.parent.mkdir()
        scene("hidden", 0, None).save(hidden, quality=92)

    def run(self, name):
        return self.folder / f"{name}-run"

    def train(self, name, *, settings=SETTINGS, **options):
        """Train into `<name>`; gives what was said and the names of the stages."""
        stages = []

        def report(stage, steps):
            stages.append(stage)
            return lambda done: None

        info = train(
            settings, self.pictures, self.folder / name, run=self.run(name), workers=1,
            report=report, **options,
        )  # fmt: skip
        return info, stages

    def copy(self, name, *without):
        """A run like that of `quick`, without some of its folders."""
        ignored = shutil.ignore_patterns(*without)
        shutil.copytree(self.run("quick"), self.run(name), ignore=ignored)

    def folds(self):
        with (self.run("quick") / "folds.csv").open(encoding="utf-8", newline="") as stream:
            return {row["file"]: int(row["fold"]) for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return Work(tmp_path_factory.mktemp("tuning"))


@pytest.fixture(scope="module", autouse=True)
def no_graphs():
    """Graphs take half a minute each and are tested where they are written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "write_graph", lambda info: info)
        yield


@pytest.fixture(scope="module")
def trained(work):
    before = snapshot(work.pictures)
    info, stages = work.train("quick")
    assert snapshot(work.pictures) == before, "the pictures are only read"
    return info, stages


def weights_of(info):
    return info.sha256, {role: part["sha256"] for role, part in info.parts.items()}


# What is written


def test_the_model_names_its_own_detector_and_looks_once(work, trained):
    info, _ = trained
    detector = read_info(work.folder / "quick-detector")
    assert info.parts["detector"] == {"model": "quick-detector", "sha256": detector.sha256}
    assert detector.sha256 != find("animal-detector").sha256
    assert info.rules["proposals"]["sides"] == [224]
    assert detector.rules == find("animal-detector").rules
    assert detector.trained_on == info.trained_on
    assert (detector.folder / "MODEL_CARD.md").is_file()


def test_the_model_judges_pictures(work, trained):
    predictor = load_predictor(str(work.folder / "quick"))
    data = next(work.pictures.glob("leopard/north/*.jpg")).read_bytes()
    [verdict] = predictor.judge([Look(data, decode_frame(data, predictor.frame_side))])
    assert verdict.state.is_label
    assert sum(verdict.probabilities.values()) == pytest.approx(1)


def test_model_json_says_how_the_detector_was_tuned_and_counts_its_time(work, trained):
    said = json.loads((work.folder / "quick" / "model.json").read_text(encoding="utf-8"))
    assert said["training"]["settings"]["detector: side"] == 224
    seconds = stage.seconds_of(work.run("quick"), 2)
    assert seconds > 0
    assert said["training"]["seconds"] >= round(seconds)


def test_stages_come_in_their_order(trained):
    _, stages = trained
    order = [
        "finding animals (pictures)",
        "finding animals (emptied)",
        "patching frames",
        "training the detector (fold0)",
        "training the detector (fold1)",
        "finding animals (fold0)",
        "finding animals (fold1)",
        "looking at crops (tuned)",
        "training (fold0)",
        "training (fold1)",
        "training (final)",
        "training the detector (final)",
    ]
    assert [each for each in stages if each in order] == order


# Who learns from what, and who looks at what


@pytest.mark.parametrize("fold", [0, 1, None])
def test_a_detector_never_learns_from_the_sites_that_it_looks_at(work, trained, monkeypatch, fold):
    learnt = {}

    def spy(learner, taught, settings, *, folder, **options):
        learnt[folder.name] = {picture.file for picture in taught}
        return []

    monkeypatch.setattr(stage, "tune_detector", spy)
    name, own = f"spied{fold}", f"detector-{stage.name_of(fold)}"
    work.copy(name, own, "fold0", "fold1", "final")
    work.train(name)
    assert set(learnt) == {own}
    fold_of = work.folds()
    files = learnt[own]
    assert files
    assert {fold_of[file] for file in files} == ({0, 1} if fold is None else {1 - fold})
    assert any(file.startswith("emptied/") for file in files) or fold is not None


def test_each_picture_is_seen_by_the_detector_of_its_own_fold(work, trained, monkeypatch):
    given = []

    def spy(settings, run, prepared, *rest):
        given.append(prepared)
        return trained[0]

    monkeypatch.setattr(training, "write_model", spy)
    work.train("quick")
    [prepared] = given
    detectors = [
        Detector(read_info(work.run("quick") / f"detector-fold{fold}"), TorchBackend(Spec("torch")))
        for fold in range(2)
    ]
    differing = 0
    for sample, seen, fold in zip(prepared.samples, prepared.seen, prepared.fold_of, strict=True):
        frame = decode_frame(sample.path.read_bytes(), 640).pixels
        own, other = (
            detectors[each].propose([frame], **SETTINGS.looking)[0] for each in (fold, 1 - fold)
        )
        assert [p.score for p in seen.found] == pytest.approx([p.score for p in own], rel=1e-3)
        differing += abs(own[0].score - other[0].score) > 1e-3 * own[0].score
    assert differing > len(prepared.samples) / 2, "the detectors do differ"
    firsts = [crop.box for crop in prepared.crops]
    assert firsts, "crops come of these looks"
    assert len(prepared.features) == len(prepared.crops) == len(prepared.owner)


# Folds alone, again, and with other settings


def test_a_fold_alone_trains_its_detector_and_says_what_is_missing(work, trained):
    info, _ = trained
    with pytest.raises(DataError, match=r"fold 0 is trained .* those of fold 1 are missing"):
        work.train("parts", only=[0])
    run = work.run("parts")
    assert (run / "detector-fold0" / "model.json").is_file()
    assert not (run / "detector-fold1").exists()
    assert not (run / "fold0").exists()
    none, stages = work.train("parts", only=[1])
    assert none is None
    assert [each for each in stages if each.startswith("training")] == [
        "training the detector (fold1)",
        "training (fold1)",
    ]
    assert not (run / "detector-final").exists()
    whole, _ = work.train("parts")
    assert weights_of(whole) == weights_of(info), "how it was parted does not bear on the weights"


def test_the_same_command_again_learns_nothing(work, trained):
    info, _ = trained
    again, stages = work.train("quick")
    assert weights_of(again) == weights_of(info)
    assert not any(each.startswith("training") for each in stages)


@pytest.mark.parametrize("file", ["detector-fold1/weights.safetensors", "alive.npz"])
def test_a_file_cut_short_by_a_pulled_plug_is_made_again(work, trained, file):
    name = "cut-" + file.replace("/", "-")
    work.copy(name)
    path = work.run(name) / file
    path.write_bytes(path.read_bytes()[:100])
    assert weights_of(work.train(name)[0]) == weights_of(trained[0])


@pytest.mark.parametrize("only", [[], [0]], ids=["whole", "fold"])
def test_a_run_of_other_settings_is_not_continued(work, trained, only):
    name = f"other{len(only)}"
    work.copy(name)
    changed = replace(SETTINGS, detector_tuning=replace(QUICK, learning_rate=1e-5))
    with pytest.raises(DataError, match="other settings"):
        work.train(name, settings=changed, only=only)


def test_a_detector_of_other_settings_needs_classifiers_of_its_own(work, trained):
    work.copy("plain")
    with pytest.raises(DataError, match="other settings"):
        work.train("plain", settings=replace(SETTINGS, detector_tuning=None))
