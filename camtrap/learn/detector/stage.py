"""The first stage of a training: a detector for each fold, and what each picture shows to the one
that saw nothing of its site; last, the detector that is shipped.

What is learnt from comes of the published detector's looks, which `learn.prepare` made. What comes
after, crops and classifiers and the rule, reads the looks that are made here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from camtrap.errors import DataError
from camtrap.learn.corrections import with_drawn
from camtrap.learn.detector.alive import second_opinions
from camtrap.learn.detector.network import detector_state, fresh_learner
from camtrap.learn.detector.patched import emptied_ones, make_patched
from camtrap.learn.detector.publish import finished, write_tuned
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.detector.targets import Taught, taught_of
from camtrap.learn.detector.tune import tune_detector, tuning_key
from camtrap.learn.looks import Seen, look_at
from camtrap.learn.prepare import (
    Prepared,
    Report,
    counter,
    crop_rules,
    crops_of,
    features_of,
    threads,
)
from camtrap.learn.settings import TrainingSettings
from camtrap.learn.tune import LOG
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Classifier, Detector

FINAL = "final"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the detectors of one training share; `taught` has one entry a sample of `prepared`, None
    for one that teaches nothing."""

    settings: TrainingSettings
    tuning: DetectorTuning
    run: Path
    device: torch.device
    workers: int
    report: Report
    prepared: Prepared
    classifier: Classifier
    taught: tuple[Taught | None, ...]

    def lessons(self, fold: int | None) -> list[Taught]:
        """What the detector of a fold learns from: all pictures but the fold's."""
        pairs = zip(self.taught, self.prepared.fold_of, strict=True)
        return [taught for taught, own in pairs if taught is not None and own != fold]

    def folder(self, fold: int | None) -> Path:
        """Where that detector lies in the run."""
        return self.run / f"detector-{name_of(fold)}"


def name_of(fold: int | None) -> str:
    """A fold as files and stages name it; None is the last one, which learns from all."""
    return FINAL if fold is None else f"fold{fold}"


def begin(
    settings: TrainingSettings,
    tuning: DetectorTuning,
    prepared: Prepared,
    classifier: Classifier,
    *,
    run: Path,
    device: torch.device,
    workers: int,
    report: Report,
) -> Course:
    """Find out what every picture teaches; patched copies are kept in the run's folder."""
    stand_ins: dict[str, Path] = {}
    drawn = with_drawn(prepared.samples, prepared.seen)
    if tuning.patched and (which := emptied_ones(prepared.samples)):
        step = counter(report("patching frames", len(which)))
        stand_ins = make_patched(
            prepared.samples,
            drawn,
            which,
            run / "patched",
            seed=settings.seed,
            on_done=step,
        )
    told = replace(prepared, seen=tuple(drawn))
    alive = second_opinions(told, settings, classifier, run, report)
    taught = taught_of(told.samples, told.seen, alive, stand_ins, tuning)
    return Course(
        settings, tuning, run, device, workers, report, prepared, classifier, tuple(taught)
    )


def detector_of(course: Course, fold: int | None) -> ModelInfo:
    """The detector that learnt from all pictures but those of `fold`, trained now if need be.

    Raises `DataError` when the run holds the checkpoint of another training.
    """
    start = checkpoint.find(course.settings.parts["detector"])
    lessons, folder = course.lessons(fold), course.folder(fold)
    key = tuning_key(lessons, course.tuning, course.settings.seed, start.sha256)
    if (done := finished(folder, key)) is not None:
        return done
    learner = fresh_learner(start).to(course.device)
    step = None

    def on_step(done: int, steps: int) -> None:
        nonlocal step
        step = step or course.report(f"training the detector ({name_of(fold)})", steps)
        step(done)

    tune_detector(
        learner,
        lessons,
        course.tuning,
        seed=course.settings.seed,
        folder=folder,
        key=start.sha256,
        workers=course.workers,
        on_step=on_step,
    )
    return write_tuned(folder, start, detector_state(learner), key)


def seen_anew(course: Course, only: Collection[int] = ()) -> Prepared:
    """Every picture as the detector of its own fold sees it, with the crops of those looks.

    The detectors of the folds `only` (of all, when none is named) are trained first. Whatever
    follows needs those of all folds: raises `DataError` naming the ones that are still missing, so
    that folds can be trained in processes of their own and the same command given again.
    """
    settings, prepared = course.settings, course.prepared
    numbers = range(settings.fold_count)
    for fold in only or numbers:
        detector_of(course, fold)
    if missing := [fold for fold in numbers if not _is_trained(course, fold)]:
        raise DataError(
            f"The detector of fold {_listed(only)} is trained and lies in {course.run}. Its "
            "classifier learns from what the detectors of all folds see, and those of fold "
            f"{_listed(missing)} are missing: train them, then give this command again."
        )
    seen: list[Seen] = list(prepared.seen)
    for fold in numbers:
        mine = [i for i, own in enumerate(prepared.fold_of) if own == fold]
        for index, each in zip(mine, _looks(course, fold, mine), strict=True):
            seen[index] = each
    crops, owner = crops_of(prepared.samples, seen, settings.seed)
    features = features_of(
        course.classifier,
        crops,
        crop_rules(settings),
        course.run / "features-tuned.npz",
        "looking at crops (tuned)",
        course.report,
    )
    return replace(prepared, seen=tuple(seen), crops=tuple(crops), owner=owner, features=features)


def seconds_of(run: Path, fold_count: int) -> float:
    """The seconds that all detectors of a run took to learn, by their logs."""
    seconds = 0.0
    for fold in (*range(fold_count), None):
        path = run / f"detector-{name_of(fold)}" / LOG
        if path.is_file():
            _, *rows = path.read_text(encoding="utf-8").splitlines()
            seconds += sum(float(row.rpartition(",")[2]) for row in rows)
    return seconds


def _is_trained(course: Course, fold: int) -> bool:
    start = checkpoint.find(course.settings.parts["detector"])
    key = tuning_key(course.lessons(fold), course.tuning, course.settings.seed, start.sha256)
    return finished(course.folder(fold), key) is not None


def _looks(course: Course, fold: int, mine: list[int]) -> list[Seen]:
    info = detector_of(course, fold)
    backend = TorchBackend(Spec("torch", device=str(course.device)))
    step = counter(course.report(f"finding animals ({name_of(fold)})", len(mine)))
    with threads(1):  # every picture has a thread of its own
        return look_at(
            [course.prepared.samples[i] for i in mine],
            Detector(info, backend),
            course.settings.looking,
            kept=course.folder(fold) / "looks.json",
            key=info.sha256,
            on_done=step,
        )


def _listed(folds: Collection[int]) -> str:
    return ", ".join(map(str, folds))
