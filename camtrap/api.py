"""The way in for programs: load a model, triage a folder, get predictions one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from camtrap.card.scan import scan
from camtrap.config import DEFAULT_MODEL
from camtrap.records import Prediction

if TYPE_CHECKING:
    from camtrap.vision.predictor import Predictor


def load_model(
    model: str = DEFAULT_MODEL,
    *,
    device: str = "auto",
    backend: str = "auto",
    thresholds: Mapping[str, float] | None = None,
) -> Predictor:
    """Load a triage model by name or folder, to be used for many calls of `triage`.

    `device` is `auto`, `cpu`, `cuda` or `mps`; `backend` is `auto`, `onnxruntime`, `openvino` or
    `torch`; `thresholds` replaces single ones of the model's
    own, e.g. `{"leopard": 0.3}`. On a CPU, torch is set to one thread an operation, because
    pictures run in parallel. Raises `camtrap.errors.ModelError` when the model or the device cannot
    be used.
    """
    from camtrap.vision.predictor import load_predictor

    return load_predictor(model, device=device, backend=backend, thresholds=thresholds)


def triage(
    path: str | os.PathLike[str],
    *,
    model: str | Predictor = DEFAULT_MODEL,
    device: str = "auto",
    backend: str = "auto",
    workers: int | None = None,
    batch_size: int | None = None,
) -> Iterator[Prediction]:
    """Yield a `Prediction` for every picture under `path` (a folder or one file), in path order.

    Nothing is written anywhere. A picture that cannot be read is yielded as `unreadable` or
    `truncated` with the reason, never as `empty`; videos and RAW files are passed over. `model` is
    a name, a folder, or what `load_model` gave. Raises `CardError` when the folder cannot be listed
    or vanishes, `ModelError` when the model cannot be used.
    """
    from camtrap.engine.local import triage_files

    predictor = (
        load_model(model, device=device, backend=backend) if isinstance(model, str) else model
    )
    files = (file for file in scan(Path(path)) if not file.skip_reason)
    results = triage_files(files, predictor, workers=workers or 0, batch_size=batch_size or 0)
    for _, prediction in results:
        yield prediction
