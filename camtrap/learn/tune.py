"""The training loop: fine-tunes a `TriageNetwork` on crops, and can be stopped at any epoch.

AdamW with a warm-up and a cosine schedule; a running average of the weights is what is kept; the
epoch with the lowest loss on the held-out groups wins. After each epoch everything needed to go on
lies in `checkpoint.pt`, and what was measured in `log.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from camtrap.errors import DataError
from camtrap.learn.augment import Change, augment
from camtrap.learn.checkpoints import CHECKPOINT, Progress
from camtrap.learn.crop_set import CropRules, LabelledCrop, batches, class_weights, draw, normalised
from camtrap.learn.metrics import average_precision
from camtrap.learn.network import TriageNetwork
from camtrap.vision.calibration import CLASSES, NOTHING

log = logging.getLogger(__name__)

LOG = "log.csv"
COLUMNS = (
    "epoch", "train_loss", "valid_loss", "valid_leopard_ap", "valid_accuracy", "learning_rate",
    "seconds",
)  # fmt: skip
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
_RARE = 20


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How the network learns; all of it bears on the weights.

    `first_block` is the first block of the backbone that changes. `epoch_crops` crops are drawn an
    epoch, each at most `most_draws` times; `balance` 0..1 goes from as they are to classes alike.
    `learning_rate` is the backbone's, `head_rate` the head's. `distillation` weighs the teacher's
    word, `average` is the running average's memory a step. Training ends after `patience` epochs
    without a better validation. `keep` 0..1 moves the result back towards the teacher. `precision`
    and `frozen_precision`, that of what does not learn, are `float32`, `bfloat16`, `float16` (GPU
    only), or `auto`: the fastest of them, measured.
    """

    first_block: int
    epochs: int
    epoch_crops: int
    most_draws: int
    batch_size: int
    learning_rate: float
    head_rate: float
    decay: float
    balance: float
    smoothing: float
    distillation: float
    average: float
    patience: int
    keep: float
    precision: str
    frozen_precision: str


@dataclass(frozen=True, slots=True)
class Normal:
    """What the backbone wants its pixels shifted and divided by."""

    mean: float
    std: float


def tune(
    network: TriageNetwork,
    crops: Sequence[LabelledCrop],
    held_out: Sequence[LabelledCrop],
    rules: CropRules,
    normal: Normal,
    settings: TuneSettings,
    *,
    seed: int,
    folder: Path,
    key: str = "",
    workers: int = 2,
    vary: Change = augment,
    on_step: Callable[[int, int], None] = lambda done, steps: None,
) -> list[dict[str, float]]:
    """Train in place and leave the best averaged weights in `network`; gives the log's rows.

    Crops are varied by `vary`. `folder` receives the checkpoint and the log; a checkpoint of the
    same settings and crops is continued, where `key` stands for whatever else bears on it.
    `on_step` is told steps done and steps in all. Raises `DataError` when the folder holds the
    checkpoint of another training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = next(network.parameters()).device
    labels = [crop.label for crop in crops]
    plan = [
        draw(
            labels,
            settings.epoch_crops,
            settings.balance,
            settings.most_draws,
            np.random.default_rng([seed, epoch]),
        )
        for epoch in range(settings.epochs)
    ]
    lengths = [math.ceil(len(order) / settings.batch_size) for order in plan]
    steps = sum(lengths)
    optimiser = torch.optim.AdamW(
        [
            {"params": list(network.tail.parameters()), "peak": settings.learning_rate},
            {"params": list(network.head.parameters()), "peak": settings.head_rate},
        ],
        weight_decay=settings.decay,
    )
    state = Progress(
        network, optimiser, _key([asdict(settings), rules, normal, seed, key], crops, held_out)
    )
    state.resume(folder / CHECKPOINT)
    cast = _choose_precision(network, settings, rules.side)
    scaler = torch.amp.GradScaler(device.type, enabled=cast is torch.float16)
    for epoch in range(state.epoch, settings.epochs):
        network.train()  # norms are folded: this only tells training from use
        if state.stale >= settings.patience:
            break
        began, losses = time.monotonic(), []
        stream = batches(
            crops, plan[epoch], rules,
            size=settings.batch_size, seed=[seed, epoch], vary=vary, workers=workers,
        )  # fmt: skip
        for step, (pixels, truth) in enumerate(stream, start=sum(lengths[:epoch])):
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * schedule(step, steps)
            with torch.autocast(device.type, cast, enabled=cast is not None):
                logits, known, taught = network(
                    normalised(pixels.to(device), normal.mean, normal.std)
                )
            loss = loss_of(logits, known, taught, truth.to(device), settings)
            optimiser.zero_grad()
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scaler.step(optimiser)
            scaler.update()
            state.average(min(settings.average, (step + 1) / (step + 10)))
            losses.append(float(loss.detach()))
            on_step(step + 1, steps)
        rate = optimiser.param_groups[0]["lr"]
        network.eval()
        with state.averaged():
            measured = validate(network, held_out, rules, normal, settings, workers)
        row = {"epoch": epoch + 1, "train_loss": float(np.mean(losses)), **measured}
        row |= {"learning_rate": rate, "seconds": time.monotonic() - began}
        state.finish_epoch(row, folder / CHECKPOINT)
        _write_log(folder / LOG, state.rows)
    state.leave_best()
    network.taught(settings.keep)
    return state.rows


def schedule(step: int, steps: int, warm: float = 0.05) -> float:
    """The share of the peak learning rate at a step: linear up to `warm`, then half a cosine."""
    up = max(1, round(warm * steps))
    if step < up:
        return (step + 1) / up
    return 0.5 * (1 + math.cos(math.pi * (step - up) / max(1, steps - up)))


def loss_of(
    logits: Tensor, known: Tensor, taught: Tensor, truth: Tensor, settings: TuneSettings
) -> Tensor:
    """Cross-entropy with smoothed labels, and the divergence from the teacher's ImageNet answer."""
    named = F.cross_entropy(logits, truth, label_smoothing=settings.smoothing)
    if not settings.distillation:
        return named
    kept = F.kl_div(known, taught, log_target=True, reduction="batchmean")
    return named + settings.distillation * kept


@torch.inference_mode()
def logits_of(
    network: TriageNetwork,
    crops: Sequence[LabelledCrop],
    rules: CropRules,
    normal: Normal,
    batch_size: int,
    workers: int,
) -> NDArray[np.float32]:
    """(n, classes) logits of plain crops."""
    device = next(network.parameters()).device
    stream = batches(crops, range(len(crops)), rules, size=batch_size, seed=None, workers=workers)
    parts = [
        network(normalised(pixels.to(device), normal.mean, normal.std))[0].cpu()
        for pixels, _ in stream
    ]
    logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def validate(
    network: TriageNetwork,
    crops: Sequence[LabelledCrop],
    rules: CropRules,
    normal: Normal,
    settings: TuneSettings,
    workers: int,
) -> dict[str, float]:
    """Loss with classes weighed as drawn, leopard average precision, accuracy on living crops."""
    if not crops:
        return {"valid_loss": math.nan, "valid_leopard_ap": math.nan, "valid_accuracy": math.nan}
    logits = logits_of(network, crops, rules, normal, settings.batch_size, workers)
    labels = [crop.label for crop in crops]
    truth = torch.tensor([CLASSES.index(label) for label in labels])
    weight = torch.from_numpy(class_weights(labels, settings.balance, _RARE))
    chances = torch.from_numpy(logits).softmax(dim=1)
    living = np.array([label != NOTHING for label in labels])
    named = logits[living, :-1].argmax(axis=1) == truth.numpy()[living]
    return {
        "valid_loss": float(F.cross_entropy(torch.from_numpy(logits), truth, weight=weight)),
        "valid_leopard_ap": average_precision(
            chances[:, 0].double().numpy(), [label == "leopard" for label in labels]
        ),
        "valid_accuracy": float(named.mean()) if living.any() else math.nan,
    }


def precision_of(
    wanted: str, device: torch.device, work: Callable[[], object]
) -> torch.dtype | None:
    """The type to calculate in, None for float32; `auto` does the work once in each and takes the
    fastest. Some processors have bfloat16 in name only, so it is never assumed."""
    if wanted != "auto":
        if wanted not in PRECISIONS:
            raise DataError(f"precision '{wanted}' is not one of auto, {', '.join(PRECISIONS)}.")
        return PRECISIONS[wanted]
    offered = [None, torch.bfloat16] + ([torch.float16] if device.type == "cuda" else [])
    seconds: dict[torch.dtype | None, float] = {}
    for cast in offered:
        for _ in range(2):  # the first time also prepares kernels
            began = time.monotonic()
            with torch.autocast(device.type, cast, enabled=cast is not None):
                work()
            seconds[cast] = time.monotonic() - began
    log.info("seconds a step: %s", {str(cast): round(s, 3) for cast, s in seconds.items()})
    return min(seconds, key=lambda cast: seconds[cast])


def _choose_precision(
    network: TriageNetwork, settings: TuneSettings, side: int
) -> torch.dtype | None:
    """Set the frozen parts' precision, and give the one for what learns."""
    device = next(network.parameters()).device
    crops = torch.zeros(settings.batch_size, 3, side, side, device=device)

    def frozen() -> object:
        with torch.no_grad():
            return network.shared(crops)

    def learning() -> object:
        return network(crops)[0].square().mean().backward()

    network.frozen_precision = precision_of(settings.frozen_precision, device, frozen)
    chosen = precision_of(settings.precision, device, learning)
    network.zero_grad()
    return chosen


def _key(
    said: Sequence[Any], crops: Sequence[LabelledCrop], held_out: Sequence[LabelledCrop]
) -> str:
    shown = [[(c.file, tuple(c.box), c.label) for c in each] for each in (crops, held_out)]
    return hashlib.sha256(repr([*said, shown]).encode()).hexdigest()


def _write_log(path: Path, rows: Sequence[dict[str, float]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
