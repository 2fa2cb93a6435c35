"""From labelled pictures to a model folder: features, cross-validation by site, calibration,
thresholds, head.

The head that is shipped is fitted on all pictures; the rule and the thresholds come from heads that
had not seen the site of the picture they judge.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from camtrap.learn import calibrate
from camtrap.learn.calibrate import Looks
from camtrap.learn.dataset import Sample, folds, read_manifest
from camtrap.learn.features import FeatureMaker, PictureFeatures, make_features
from camtrap.learn.head import Head, HeadSettings, fit_head
from camtrap.learn.settings import TrainingSettings
from camtrap.records import LABELS
from camtrap.vision import checkpoint
from camtrap.vision.calibration import CLASSES, Evidence
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Classifier, Detector, choose_device


def train(
    settings: TrainingSettings,
    manifest: Path,
    out: Path,
    *,
    on_start: Callable[[int], None] = lambda count: None,
    on_done: Callable[[], None] = lambda: None,
) -> ModelInfo:
    """Train a model and write `out/weights.safetensors` and `out/model.json`; returns what the
    latter says.

    `on_start` is told how many pictures there are, `on_done` is called after each. Raises
    `DataError` when the manifest cannot be used and `ModelError` when the detector or backbone
    cannot.
    """
    samples = read_manifest(manifest, [settings.split])
    on_start(len(samples))
    maker = feature_maker(settings)
    features = make_features(samples, maker, on_done=on_done)
    return build(samples, features, settings, out)


def build(
    samples: Sequence[Sample],
    features: Sequence[PictureFeatures],
    settings: TrainingSettings,
    out: Path,
) -> ModelInfo:
    """Fit head, rule and thresholds to pictures of known features; write the model folder."""
    samples = with_scenes(samples, features, settings.scene_similarity)
    looks = out_of_fold(samples, features, settings)
    rule = calibrate.fit_calibration(looks)
    truth = [sample.label for sample in samples]
    thresholds = calibrate.choose_thresholds(
        truth, calibrate.chances(looks, rule), settings.target_recall
    )
    head = fit(samples, features, range(len(samples)), settings)
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "weights.safetensors"
    weights.write_bytes(
        save({"weight": torch.from_numpy(head.weight), "bias": torch.from_numpy(head.bias)})
    )
    counts = Counter(truth)
    info = ModelInfo(
        folder=out,
        name=settings.name,
        kind="triage",
        network="linear head",
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        version=settings.version,
        licence=settings.licence,
        trained_on=", ".join(f"{counts[label]} {label}" for label in LABELS if counts[label])
        + f" pictures of {len({sample.group for sample in samples})} sites or events",
        parts=parts_of(settings),
        rules={
            "classes": list(CLASSES),
            "proposals": settings.proposals,
            "crop": settings.crop_rules(),
            "calibration": asdict(rule),
            "thresholds": thresholds.as_dict(),
            "target_recall": settings.target_recall,
        },
    )
    checkpoint.write_info(info)
    return info


def parts_of(settings: TrainingSettings) -> dict[str, dict[str, str]]:
    """The parts by role, each with the checksum of the weights used."""
    found = {role: checkpoint.find(name) for role, name in settings.parts.items()}
    return {role: {"model": info.name, "sha256": info.sha256} for role, info in found.items()}


def feature_maker(settings: TrainingSettings) -> FeatureMaker:
    """The detector and the backbone that the settings name, ready to look at pictures."""
    device = choose_device("cpu")
    detector = Detector(checkpoint.find(settings.parts["detector"]), device)
    backbone = checkpoint.find(settings.parts["backbone"])
    classifier = Classifier(backbone, settings.crop_rules(), device)
    return FeatureMaker(
        detector,
        classifier,
        settings.proposals,
        variations=settings.variations,
        seed=settings.seed,
    )


def with_scenes(
    samples: Sequence[Sample], features: Sequence[PictureFeatures], similarity: float
) -> list[Sample]:
    """Give pictures that no site is known of the group of their scene.

    Pictures whose whole frames are alike (cosine of at least `similarity`), directly or through
    others, count as one site: better one site too few than the same camera in training and test.
    """
    alone = [i for i, sample in enumerate(samples) if sample.group == sample.file]
    named = list(samples)
    for members in alike([features[i].scene for i in alone], similarity):
        first = alone[members[0]]
        for member in members:
            index = alone[member]
            named[index] = replace(samples[index], group=f"scene of {samples[first].file}")
    return named


def alike(vectors: Sequence[NDArray[np.float32]], similarity: float) -> list[list[int]]:
    """Connected components of the vectors under cosine similarity, each in ascending order."""
    if not vectors:
        return []
    unit = np.stack(vectors)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    near = unit @ unit.T >= similarity
    component = np.arange(len(unit))
    for index in range(len(unit)):
        joined = np.unique(component[near[index]])
        component[np.isin(component, joined)] = joined.min()
    return [np.flatnonzero(component == value).tolist() for value in np.unique(component)]


def out_of_fold(
    samples: Sequence[Sample], features: Sequence[PictureFeatures], settings: TrainingSettings
) -> list[Looks]:
    """Each picture as a head sees it that was trained without the picture's site."""
    fold_of = folds(samples, settings.fold_count, settings.seed)
    looks: dict[int, Looks] = {}
    for fold in range(settings.fold_count):
        head = fit(samples, features, [i for i, f in enumerate(fold_of) if f != fold], settings)
        for index, own in enumerate(fold_of):
            if own == fold:
                looks[index] = looks_of(samples[index], features[index], head)
    return [looks[index] for index in range(len(samples))]


def fit(
    samples: Sequence[Sample],
    features: Sequence[PictureFeatures],
    chosen: Sequence[int],
    settings: TrainingSettings,
) -> Head:
    """Fit a head on the crops of the chosen pictures."""
    crops = [features[i].variations for i in chosen if len(features[i].labels)]
    labels = [label for i in chosen for label in features[i].labels]
    return fit_head(
        np.concatenate(crops), labels, settings.group_labels, HeadSettings(**settings.head)
    )


def looks_of(sample: Sample, features: PictureFeatures, head: Head) -> Looks:
    """What detector and head say of a picture's proposed boxes."""
    logits = head.logits(features.proposed)
    evidence = tuple(
        Evidence(float(score), tuple(map(float, row)))
        for score, row in zip(features.scores, logits, strict=True)
    )
    return Looks(evidence, sample.label, sample.source)
