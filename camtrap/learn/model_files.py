"""What a training leaves: the folders of the model and of the parts that were trained for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save

from camtrap.learn import calibrate
from camtrap.learn.calibrate import Looks
from camtrap.learn.detector import stage as detectors
from camtrap.learn.detector.publish import detector_folder, publish, with_graph
from camtrap.learn.emptied import is_emptied
from camtrap.learn.network import TriageNetwork, backbone_state
from camtrap.learn.prepare import Prepared
from camtrap.learn.record import training_record
from camtrap.learn.settings import TrainingSettings
from camtrap.learn.tune import LOG
from camtrap.records import LABELS
from camtrap.vision import checkpoint, networks
from camtrap.vision.calibration import CLASSES
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import AERIAL

FINAL = "final"
"""The network that learns from all pictures, as files and stages name it."""


def write_model(
    settings: TrainingSettings,
    run: Path,
    prepared: Prepared,
    looks: Sequence[Looks],
    network: TriageNetwork,
    out: Path,
    detector: ModelInfo | None = None,
) -> ModelInfo:
    """Fit rule and thresholds to what was seen out of fold, and write the folders of the model and
    of its parts; `detector` is the tuned one of `run`, where there is one."""
    seconds = gather_logs(run, settings.fold_count)
    rule = calibrate.fit_calibration(looks)
    chances = calibrate.chances(looks, rule)
    truth = [sample.label for sample in prepared.samples]
    thresholds = calibrate.choose_thresholds(truth, chances, settings.target_recall)
    real = [i for i, sample in enumerate(prepared.samples) if not is_emptied(sample)]
    counts = Counter(truth[i] for i in real)
    said = ", ".join(f"{counts[label]} {label}" for label in LABELS if counts[label])
    places = len({prepared.samples[i].group for i in real})
    trained_on = f"{said} pictures of {places} sites or events"
    backbone = _write_backbone(settings, network, out, trained_on)
    parts = {**parts_of(settings), "backbone": _part(backbone)}
    learnt: dict[str, Any] = {}
    if detector is not None and settings.detector_tuning is not None:
        seconds += detectors.seconds_of(run, settings.fold_count)
        learnt = {f"detector: {k}": v for k, v in asdict(settings.detector_tuning).items()}
        published = publish(
            detector,
            detector_folder(out),
            version=settings.version,
            licence=settings.licence,
            trained_on=trained_on,
        )
        parts["detector"] = _part(published)
    if settings.aerial is not None:
        parts[AERIAL] = _part(checkpoint.find(settings.aerial["detector"]))
    record = training_record(
        settings, prepared.samples, chances, thresholds, len(truth) - len(real), seconds
    )
    record["settings"] |= learnt
    weights = save({name: value.detach().contiguous() for name, value in
                    network.head.state_dict().items()})  # fmt: skip
    info = ModelInfo(
        folder=out,
        name=settings.name,
        kind="triage",
        network="linear head",
        sha256=hashlib.sha256(weights).hexdigest(),
        version=settings.version,
        licence=settings.licence,
        trained_on=trained_on,
        parts=parts,
        rules={
            "classes": list(CLASSES),
            "proposals": settings.looking,
            "least_share": settings.least_share,
            "sharp_from": settings.sharp_from,
            "crop": settings.crop_rules(),
            "calibration": asdict(rule),
            "thresholds": thresholds.as_dict(),
            "target_recall": settings.target_recall,
            **_aerial_rules(settings),
        },
        training=record,
    )
    out.mkdir(parents=True, exist_ok=True)
    info.weights.write_bytes(weights)
    checkpoint.write_info(info)
    return info


def _aerial_rules(settings: TrainingSettings) -> dict[str, Any]:
    if settings.aerial is None:
        return {}
    said = settings.aerial
    return {AERIAL: {"proposals": said["proposals"], "calibration": said["calibration"]}}


def backbone_folder(out: Path) -> Path:
    """Where the network of the triage model in `out` lies: beside it."""
    return out.with_name(f"{out.name}-backbone")


def _write_backbone(
    settings: TrainingSettings, network: TriageNetwork, out: Path, trained_on: str
) -> ModelInfo:
    start = checkpoint.find(settings.parts["backbone"])
    folder = backbone_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    weights = save(backbone_state(network))
    info = ModelInfo(
        folder=folder,
        name=folder.name,
        kind="backbone",
        network=f"{start.network.removesuffix(networks.FOLDED)}{networks.FOLDED}",
        sha256=hashlib.sha256(weights).hexdigest(),
        version=settings.version,
        licence=settings.licence,
        source=f"{start.name} ({start.source}), trained further by camtrap",
        trained_on=trained_on,
        rules=start.rules,
    )
    info.weights.write_bytes(weights)
    checkpoint.write_info(info)
    return with_graph(info)


def parts_of(settings: TrainingSettings) -> dict[str, dict[str, str]]:
    """The models that the training starts from, by role, as `model.json` names parts."""
    return {role: _part(checkpoint.find(name)) for role, name in settings.parts.items()}


def _part(info: ModelInfo) -> dict[str, str]:
    return {"model": info.name, "sha256": info.sha256}


def gather_logs(run: Path, fold_count: int) -> float:
    """One table of all epochs of all networks, `log.csv` in the run's folder; gives the seconds
    that they took in sum, however often the run was stopped."""
    lines: list[str] = []
    seconds = 0.0
    for name in (*(f"fold{fold}" for fold in range(fold_count)), FINAL):
        path = run / name / LOG
        if path.is_file():
            head, *rows = path.read_text(encoding="utf-8").splitlines()
            lines += ([] if lines else [f"fold,{head}"]) + [f"{name},{row}" for row in rows]
            seconds += sum(float(row.rpartition(",")[2]) for row in rows)
    (run / LOG).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return seconds
