"""The loop that tunes a detector, and can be stopped at any epoch.

AdamW with a warm-up and a cosine schedule; a running average of the weights is what is kept. There
is no held-out part and no early end: so few epochs, held to the teacher, do not overshoot. After
each epoch everything needed to go on lies in `checkpoint.pt`, and what was measured in `log.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from camtrap.errors import DataError
from camtrap.learn.detector.feed import Batch, Draw, batches, draw_epoch
from camtrap.learn.detector.loss import PARTS, batch_loss
from camtrap.learn.detector.network import DetectorLearner, Said
from camtrap.learn.detector.progress import CHECKPOINT, Progress
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.detector.targets import Taught
from camtrap.learn.tune import LOG, PRECISIONS, precision_of, schedule

log = logging.getLogger(__name__)

COLUMNS = ("epoch", "train_loss", *PARTS, "learning_rate", "seconds")
_WARM = 0.1
_MOST_GRADIENT = 5.0
_AUTO = "auto"


def tune_detector(
    learner: DetectorLearner,
    taught: Sequence[Taught],
    settings: DetectorTuning,
    *,
    seed: int,
    folder: Path,
    key: str = "",
    workers: int = 2,
    on_step: Callable[[int, int], None] = lambda done, steps: None,
) -> list[dict[str, float]]:
    """Train in place and leave the averaged weights in `learner`; gives the log's rows.

    `folder` receives the checkpoint and the log; a checkpoint of the same settings and pictures is
    continued, where `key` stands for whatever else bears on it. `on_step` is told steps done and
    steps in all. Raises `DataError` when the folder holds the checkpoint of another training, or
    when there is nothing to learn from.
    """
    if not any(picture.empty for picture in taught) or all(picture.empty for picture in taught):
        raise DataError(
            "A detector learns from pictures with and without animals, and here are "
            f"{sum(not picture.empty for picture in taught)} and "
            f"{sum(picture.empty for picture in taught)} of them: give more sites."
        )
    folder.mkdir(parents=True, exist_ok=True)
    plan = [
        draw_epoch(taught, settings, np.random.default_rng([seed, epoch]))
        for epoch in range(settings.epochs)
    ]
    steps = sum(map(len, plan))
    optimiser = _optimiser(learner, settings)
    state = Progress(learner, optimiser, tuning_key(taught, settings, seed, key))
    state.resume(folder / CHECKPOINT)
    if state.epoch < settings.epochs:
        # What was measured once holds for the whole run, or a continued one would differ.
        state.precision = state.precision or choose_precision(
            learner, settings, lambda pictures: learner(pictures)[0]
        )
    for epoch in range(state.epoch, settings.epochs):
        began = time.monotonic()
        first = sum(map(len, plan[:epoch]))
        measured = _epoch(state, taught, plan[epoch], settings, (seed, epoch), workers,
                          first=first, steps=steps, on_step=on_step)  # fmt: skip
        row = {"epoch": epoch + 1, **measured, "learning_rate": optimiser.param_groups[0]["lr"]}
        state.finish_epoch(row | {"seconds": time.monotonic() - began}, folder / CHECKPOINT)
        write_log(folder / LOG, COLUMNS, state.rows)
    learner.put(state.mean)
    return state.rows


def _epoch(
    state: Progress,
    taught: Sequence[Taught],
    plan: Sequence[Sequence[Draw]],
    settings: DetectorTuning,
    seed: tuple[int, int],
    workers: int,
    *,
    first: int,
    steps: int,
    on_step: Callable[[int, int], None],
) -> dict[str, float]:
    """One epoch; gives the mean loss and parts of the loss."""
    learner, optimiser = state.learner, state.optimiser
    device, cast = next(learner.parameters()).device, PRECISIONS[state.precision]
    scaler = torch.amp.GradScaler(device.type, enabled=cast is torch.float16)
    told: dict[str, list[float]] = defaultdict(list)
    stream = batches(taught, plan, settings.side, seed=seed, workers=workers)
    for step, batch in enumerate(stream, start=first):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * schedule(step, steps, _WARM)
        loss, parts = _loss(learner, batch, settings, device, cast)
        optimiser.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.unscale_(optimiser)
        torch.nn.utils.clip_grad_norm_(learner.learnt().values(), _MOST_GRADIENT)
        scaler.step(optimiser)
        scaler.update()
        state.average(min(settings.average, (step + 1) / (step + 10)))
        told["train_loss"].append(float(loss.detach()))
        for name, value in parts.items():
            told[name].append(value)
        on_step(step + 1, steps)
    return {name: float(np.mean(told[name])) if told[name] else math.nan
            for name in ("train_loss", *PARTS)}  # fmt: skip


def _loss(
    learner: DetectorLearner,
    batch: Batch,
    settings: DetectorTuning,
    device: torch.device,
    cast: torch.dtype | None,
) -> tuple[torch.Tensor, dict[str, float]]:
    pictures = batch.pictures.to(device).float().contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, cast, enabled=cast is not None):
        now, was = learner(pictures)
    height, width = pictures.shape[-2:]
    return batch_loss(now, was, batch.sizes, batch.empty, batch.marks, (height, width), settings)


def _optimiser(learner: DetectorLearner, settings: DetectorTuning) -> torch.optim.AdamW:
    """Weights are pulled towards zero, biases are not."""
    weights = list(learner.learnt().values())
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": settings.decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


class Learning(Protocol):
    """What of some settings bears on how fast a step is."""

    @property
    def precision(self) -> str: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def side(self) -> int: ...


def choose_precision(
    learner: DetectorLearner, settings: Learning, say: Callable[[torch.Tensor], Said]
) -> str:
    """The name of the precision to calculate in; with `auto` the fastest here, measured.

    `say` is what a step asks of the learner, pictures (n, 3, side, side) to what it says of them.
    """
    if settings.precision != _AUTO and settings.precision in PRECISIONS:
        return settings.precision
    device = next(learner.parameters()).device
    pictures = torch.zeros(settings.batch_size, 3, settings.side, settings.side, device=device)

    def work() -> None:
        say(pictures).logits.square().mean().backward()  # type: ignore[no-untyped-call]

    chosen = precision_of(settings.precision, device, work)
    learner.zero_grad()
    return next(name for name, cast in PRECISIONS.items() if cast is chosen)


def tuning_key(taught: Sequence[Taught], settings: DetectorTuning, seed: int, key: str = "") -> str:
    """Stands for all that bears on a tuned detector; `key` for what this function is not given."""
    shown = [
        (t.file, t.width, t.height, t.empty, [(*m.box, m.score, m.alive) for m in t.marks],
         t.stand_in.name if t.stand_in else "")
        for t in taught
    ]  # fmt: skip
    return hashlib.sha256(repr([asdict(settings), seed, key, shown]).encode()).hexdigest()


def write_log(path: Path, columns: Sequence[str], rows: Sequence[dict[str, float]]) -> None:
    """Write one row an epoch as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
