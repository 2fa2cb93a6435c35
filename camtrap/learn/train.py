"""From labelled pictures to a model folder: a network for each fold, the rule, and the last one.

The network that is shipped learns from all pictures; the rule and the thresholds come from networks
that had not seen the site of the picture they judge.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from camtrap.errors import DataError
from camtrap.learn.calibrate import Looks
from camtrap.learn.corrections import read_corrected
from camtrap.learn.crop_set import LabelledCrop
from camtrap.learn.dataset import folds
from camtrap.learn.detector import stage as detectors
from camtrap.learn.head import HeadSettings, fit_head
from camtrap.learn.memory import keep_freed_memory
from camtrap.learn.model_files import FINAL, parts_of, write_model
from camtrap.learn.network import TriageNetwork, mean_network
from camtrap.learn.prepare import (
    Floats,
    Prepared,
    Report,
    crop_rules,
    load_parts,
    prepare,
    proposed_crops,
    read_array,
    silent,
    threads,
    write_array,
)
from camtrap.learn.settings import TrainingSettings
from camtrap.learn.tune import Normal, logits_of, tune
from camtrap.vision import checkpoint, networks
from camtrap.vision.backends.pytorch import choose_device
from camtrap.vision.calibration import Evidence
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.efficientnet import EfficientNetLite

_AFTERWARDS = ("name", "version", "licence", "target_recall", "corrections", "aerial",
               "least_share", "sharp_from", "join_folds")  # fmt: skip
"""Settings that bear on what is made of the networks, not on them; what the corrections say is in
the samples."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every part of one training run shares."""

    settings: TrainingSettings
    run: Path
    device: torch.device
    workers: int
    report: Report


def train(
    settings: TrainingSettings,
    data: Path,
    out: Path,
    *,
    run: Path,
    only: Collection[int] = (),
    device: str = "cpu",
    workers: int = 0,
    report: Report = silent,
) -> ModelInfo | None:
    """Train a model and write its folder `out`, with the network beside it as `<out>-backbone` and,
    where the settings tune it, the detector as `<out>-detector`.

    `data` is anything that `learn.sources.read_samples` reads. What was done lies in `run`, and the
    same command continues from there. With `only`, nothing but the networks of those folds is
    trained, for instance in several processes at once, and None is given; a classifier needs the
    tuned detectors of all folds, and without them `DataError` is raised once those of `only` are
    trained. `workers` 0 is one a processor core. Raises `DataError` when the data or the run's
    folder cannot be used, and `ModelError` when the detector or backbone cannot.
    """
    workers = workers or os.cpu_count() or 1
    if wrong := [fold for fold in only if not 0 <= fold < settings.fold_count]:
        raise DataError(
            f"There is no fold {wrong[0]}: the settings name {settings.fold_count}, from 0 on."
        )
    shop = Workshop(settings, run, choose_device(device), workers, report)
    keep_freed_memory()
    with threads(workers):
        parts = load_parts(settings, shop.device)
        samples = read_corrected(data, settings.split, settings.corrections)
        prepared = prepare(samples, settings, run, parts, report)
        course = None
        if settings.detector_tuning is not None:
            course = detectors.begin(
                settings,
                settings.detector_tuning,
                prepared,
                parts.classifier,
                run=run,
                device=shop.device,
                workers=workers,
                report=report,
            )
            prepared = detectors.seen_anew(course, only)
        logits = [
            fold_evidence(shop, prepared, fold) for fold in (only or range(settings.fold_count))
        ]
        if only:
            return None
        looks = looks_of(prepared, logits)
        network = tuned(shop, prepared, None)
        if settings.join_folds:
            others = [tuned(shop, prepared, fold) for fold in range(settings.fold_count)]
            network = mean_network([*others, network])
        detector = None if course is None else detectors.detector_of(course, None)
    return write_model(settings, run, prepared, looks, network, out, detector)


def fold_evidence(shop: Workshop, prepared: Prepared, fold: int) -> Floats:
    """(n, classes) logits of all proposed boxes of the fold's pictures, one picture after another,
    by a network that saw none of their sites."""
    kept, key = shop.run / f"fold{fold}" / "evidence.npz", run_key(shop.settings, prepared)
    if (stored := read_array(kept, key)) is not None:
        return stored
    network = tuned(shop, prepared, fold)
    crops = [
        crop
        for sample, seen, own in zip(prepared.samples, prepared.seen, prepared.fold_of, strict=True)
        if own == fold
        for crop in proposed_crops(sample, seen)
    ]
    shop.report(f"judging fold {fold}", len(crops))
    logits = logits_of(
        network.eval(), crops, crop_rules(shop.settings), normal_of(shop.settings), 16, shop.workers
    )
    write_array(kept, key, logits)
    return logits


def run_key(settings: TrainingSettings, prepared: Prepared) -> str:
    """Stands for all that bears on a network of this run: settings, parts, boxes, split."""
    said = [
        {k: v for k, v in asdict(settings).items() if k not in _AFTERWARDS and v is not None},
        parts_of(settings),
        [[s.file, s.group, s.label, *s.boxes] for s in prepared.samples],
        [[[*p.box, p.score] for p in seen.found] for seen in prepared.seen],
        prepared.fold_of,
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def tuned(
    shop: Workshop, prepared: Prepared, fold: int | None, *, checked: int = 0
) -> TriageNetwork:
    """A network that learnt from all pictures but those of `fold`, and but those of the part
    `checked` of the sites, 0 to `validation_folds` - 1, which tells it when to stop."""
    settings = shop.settings
    known = [i for i, own in enumerate(prepared.fold_of) if own != fold]
    parted = folds([prepared.samples[i] for i in known], settings.validation_folds, settings.seed)
    checks = {i for i, part in zip(known, parted, strict=True) if part == checked}
    chosen = [i for i, owner in enumerate(prepared.owner) if prepared.fold_of[owner] != fold]
    learnt = [i for i in chosen if int(prepared.owner[i]) not in checks]
    crops = [prepared.crops[i] for i in learnt]
    held_out = [prepared.crops[i] for i in chosen if int(prepared.owner[i]) in checks]
    if not crops:
        raise DataError("No crop is left to learn from: more sites or events are needed.")
    network = fresh_network(settings, prepared.features[learnt], crops).to(shop.device)
    name = (FINAL if fold is None else f"fold{fold}") + (f"-checked{checked}" if checked else "")
    step = None

    def on_step(done: int, steps: int) -> None:
        nonlocal step
        step = step or shop.report(f"training ({name})", steps)
        step(done)

    tune(
        network,
        crops,
        held_out,
        replace(crop_rules(settings), side=int(settings.tune["side"])),
        normal_of(settings),
        settings.tuning,
        seed=settings.seed,
        folder=shop.run / name,
        key=run_key(settings, prepared),
        workers=shop.workers,
        on_step=on_step,
    )
    return network


def fresh_network(
    settings: TrainingSettings, features: Floats, crops: Sequence[LabelledCrop]
) -> TriageNetwork:
    """A network that has learnt nothing yet but its head, fitted on the crops' frozen features."""
    head = fit_head(
        features[:, None],
        [crop.label for crop in crops],
        settings.group_labels,
        HeadSettings(**settings.head),
    )
    backbone = networks.load_network(checkpoint.find(settings.parts["backbone"]))
    assert isinstance(backbone, EfficientNetLite)  # the settings name a backbone
    groups = list(settings.crop_rules()["groups"].values())
    return TriageNetwork(backbone, groups, head, settings.tuning.first_block)


def normal_of(settings: TrainingSettings) -> Normal:
    """What the backbone that the settings name wants its pixels shifted and divided by."""
    rules = checkpoint.find(settings.parts["backbone"]).rules
    return Normal(float(rules["mean"]), float(rules["std"]))


def looks_of(prepared: Prepared, logits: Sequence[Floats]) -> list[Looks]:
    """Each picture as the network of its fold sees it, in the order of the samples."""
    places = [0] * len(logits)
    looks = []
    for sample, seen, fold in zip(prepared.samples, prepared.seen, prepared.fold_of, strict=True):
        rows = logits[fold][places[fold] : places[fold] + len(seen.found)]
        places[fold] += len(seen.found)
        evidence = tuple(
            Evidence(proposal.score, tuple(map(float, row)))
            for proposal, row in zip(seen.found, rows, strict=True)
        )
        looks.append(Looks(evidence, sample.label, sample.source))
    return looks
