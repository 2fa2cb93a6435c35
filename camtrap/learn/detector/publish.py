"""Tuned detectors as model folders: those of the folds in the run's folder, the last one beside the
model that is shipped.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from camtrap.errors import ModelError
from camtrap.learn.card import write_card
from camtrap.vision import checkpoint
from camtrap.vision.backends.export import write_graph
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.networks import FOLDED

log = logging.getLogger(__name__)

_KEY = "key"


def detector_folder(out: Path) -> Path:
    """Where the tuned detector of the triage model in `out` lies: beside it."""
    return out.with_name(f"{out.name}-detector")


def write_tuned(folder: Path, start: ModelInfo, state: dict[str, Tensor], key: str) -> ModelInfo:
    """Write a run's detector, tuned from `start`, as a model folder; `key` stands for its training.

    `state` holds its tensors by the names of `YoloX`, norms folded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = save(state)
    info = ModelInfo(
        folder=folder,
        name=folder.name,
        kind="detector",
        network=f"{start.network.removesuffix(FOLDED)}{FOLDED}",
        sha256=hashlib.sha256(weights).hexdigest(),
        licence=start.licence,
        source=f"{start.name} ({start.source}), trained further by camtrap",
        rules=start.rules,
        training={_KEY: key},
    )
    info.weights.write_bytes(weights)
    checkpoint.write_info(info)
    return info


def finished(folder: Path, key: str) -> ModelInfo | None:
    """The detector that `write_tuned` wrote under that key; None where there is none whole."""
    try:
        info = checkpoint.read_info(folder)
        checkpoint.read_weights(info)
    except ModelError:
        return None
    return info if info.training.get(_KEY) == key else None


def publish(
    tuned: ModelInfo,
    folder: Path,
    *,
    version: str,
    licence: str,
    trained_on: str,
    training: dict[str, Any] | None = None,
) -> ModelInfo:
    """Write the shipped detector's folder from that of the run: weights, card, and the graph where
    its packages are at hand.

    `licence` is the model's; that of the weights it was tuned from is named with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = replace(
        tuned,
        folder=folder,
        name=folder.name,
        version=version,
        licence=f"{licence}; tuned from weights under {tuned.licence}",
        trained_on=trained_on,
        training=training or {},
    )
    info.weights.write_bytes(checkpoint.read_weights(tuned))
    checkpoint.write_info(info)
    info = with_graph(info)
    write_card(folder)
    return info


def with_graph(info: ModelInfo) -> ModelInfo:
    """Write the graph of a network beside its weights, where the packages for it are at hand."""
    try:
        return write_graph(info)
    except ModelError as error:
        log.warning("%s Until then the model runs in PyTorch alone.", error)
        return info
