"""The way in for programs: load a model, triage a folder, get predictions one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from camtrap.card.scan import scan
from camtrap.config import DEFAULT_MODEL, DRONE_AUTO, FRAMES_BY_TIME, Settings
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
    decoder: str = "cpu",
    workers: int | None = None,
    batch_size: int | None = None,
    drone: str | bool = DRONE_AUTO,
    video: bool = True,
    clip_frames_per_second: float = 1.0,
    clip_frames: int = 20,
    clip_frames_by: str = FRAMES_BY_TIME,
    pixel_limit: float = 400.0,
    metadata_limit: float = 16.0,
) -> Iterator[Prediction]:
    """Yield a `Prediction` for every picture under `path` (a folder or one file), in path order.

    Nothing is written anywhere. A picture that cannot be read is yielded as `unreadable` or
    `truncated` with the reason, never as `empty`. Clips are looked at where the extra `video` is
    installed, each as one prediction whose boxes lie in the frame at `clip.frame_s` seconds; with
    `video=False`, or without the extra, they are passed over, as RAW files are. Large pictures that
    a drone took are looked at tile by tile, and `aerial` says what they tell of the flight;
    `drone=True` takes every picture for one, False none. `model` is a name, a folder, or what
    `load_model` gave; the other arguments are those of a settings file. Environment variables and
    settings files have no say.

    Raises `ConfigError` for an argument out of its range, `CardError` when the folder cannot be
    listed or vanishes, `ModelError` when the model cannot be used.
    """
    from camtrap.engine.looking import triaged

    settings = Settings(
        decoder=decoder,
        workers=workers or 0,
        batch_size=batch_size or 0,
        drone=str(drone).lower() if isinstance(drone, bool) else drone,
        video=video,
        clip_frames_per_second=clip_frames_per_second,
        clip_frames=clip_frames,
        clip_frames_by=clip_frames_by,
        pixel_limit=pixel_limit,
        metadata_limit=metadata_limit,
    )
    predictor = (
        load_model(model, device=device, backend=backend) if isinstance(model, str) else model
    )
    files = (file for file in scan(Path(path), videos=video) if not file.skip_reason)
    for _, prediction in triaged(files, predictor, settings):
        yield prediction
