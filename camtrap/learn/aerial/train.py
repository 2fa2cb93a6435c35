"""From painted animals to the detector for pictures from above, as a model folder."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from camtrap.learn.aerial.herd import paint_herd
from camtrap.learn.aerial.loss import PARTS, batch_loss
from camtrap.learn.aerial.settings import AerialSettings
from camtrap.learn.aerial.tiles import MadeTile, make_tiles, shown
from camtrap.learn.aerial.trial import Trial, try_on
from camtrap.learn.checkpoints import CHECKPOINT
from camtrap.learn.corrections import read_corrected
from camtrap.learn.dataset import Sample
from camtrap.learn.detector.assign import cell_centres
from camtrap.learn.detector.network import DetectorLearner, detector_state, fresh_learner
from camtrap.learn.detector.progress import Progress
from camtrap.learn.detector.publish import publish, write_tuned
from camtrap.learn.detector.tune import choose_precision, write_log
from camtrap.learn.memory import keep_freed_memory
from camtrap.learn.prepare import Report, counter, silent, threads
from camtrap.learn.tune import LOG, PRECISIONS, schedule
from camtrap.pixels.decode import Pixels, decode_frame
from camtrap.records import Box, State
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend, choose_device
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Detector

COLUMNS = ("epoch", "train_loss", *PARTS, "learning_rate", "seconds")
_GROUND_SIDE = 768
_WARM = 0.05
_MOST_GRADIENT = 5.0
_SEEN = 0.02  # of the detector's score: what may be an animal
_GAP = 0.03  # of the picture
_NARROW = 160
_OTHERS = 1
"""Added to the seed for the animals and tiles of the trial: none of them was learnt from."""


def train_aerial(
    settings: AerialSettings,
    data: Path,
    out: Path,
    *,
    run: Path,
    device: str = "cpu",
    workers: int = 0,
    report: Report = silent,
) -> ModelInfo:
    """Paint animals, make tiles, tune the detector on them and write its folder `out`.

    `data` is anything that `learn.sources.read_samples` reads; its empty pictures are ground to put
    animals on. What was done lies in `run`, and the same command continues from there. Raises
    `DataError` when the data or the run's folder cannot be used, and `ModelError` when the detector
    cannot.
    """
    workers = workers or torch.get_num_threads()
    start = checkpoint.find(settings.detector)
    learner = fresh_learner(start).to(choose_device(device))
    backend = TorchBackend(Spec("torch", device=str(choose_device(device))))
    known = read_corrected(data, settings.split, settings.corrections)
    keep_freed_memory()
    with threads(1):  # every picture has a thread of its own
        empties = bare_ground(known, Detector(start, backend), workers, report)
    with threads(workers):
        tiles = _tiles(settings, settings.tiles, settings.seed, empties, run / "learnt", workers,
                       report)  # fmt: skip
        key = _key(settings, tiles, start.sha256)
        seconds = tune(learner, tiles, settings, run, key, workers, report)
        tuned = write_tuned(run / "detector", start, detector_state(learner), key)
        others = _tiles(settings, settings.held_out, settings.seed + _OTHERS, empties,
                        run / "held-out", workers, report)  # fmt: skip
    trials = {
        name: try_on(Detector(each, backend), others)
        for name, each in (("before", start), ("after", tuned))
    }
    said = (
        f"{len(tiles)} tiles made by code with {settings.animals} painted animals; "
        f"on {len(empties)} pieces of real pictures without animals, or on made ground"
    )
    return publish(
        tuned,
        out,
        version=settings.version,
        licence=settings.licence,
        trained_on=said,
        training=_record(settings, trials, len(others), seconds),
    )


def bare_ground(
    samples: Sequence[Sample], detector: Detector, workers: int = 1, report: Report = silent
) -> list[Pixels]:
    """Pieces of the pictures, at most `_GROUND_SIDE` pixels a side, with nothing alive in them:
    empty pictures as they are, and of others what lies beside all that the detector sees."""
    step = counter(report("cutting out ground", len(samples)))

    def one(sample: Sample) -> Pixels | None:
        pixels = decode_frame(sample.path.read_bytes(), _GROUND_SIDE).pixels
        piece: Pixels | None = pixels
        if sample.label != State.EMPTY:
            side = max(pixels.shape)
            [found] = detector.propose(
                [pixels], min_score=_SEEN, max_overlap=0.5, max_count=16, sides=[side]
            )
            piece = beside(pixels, [each.box for each in found]) if found else None
        step()
        return piece

    with ThreadPoolExecutor(workers, thread_name_prefix="ground") as pool:
        return [piece for piece in pool.map(one, samples) if piece is not None]


def beside(pixels: Pixels, boxes: Sequence[Box]) -> Pixels | None:
    """The largest of the four strips of a picture beside all boxes; None where it is narrow."""
    height, width, _ = pixels.shape
    left, top = min(box.x for box in boxes) - _GAP, min(box.y for box in boxes) - _GAP
    right = max(box.x + box.width for box in boxes) + _GAP
    bottom = max(box.y + box.height for box in boxes) + _GAP
    strips = [
        pixels[:, : max(0, int(left * width))],
        pixels[:, min(width, int(right * width) + 1) :],
        pixels[: max(0, int(top * height))],
        pixels[min(height, int(bottom * height) + 1) :],
    ]
    best = max(strips, key=lambda strip: strip.shape[0] * strip.shape[1])
    return best if min(best.shape[:2]) >= _NARROW else None


def tune(
    learner: DetectorLearner,
    tiles: Sequence[MadeTile],
    settings: AerialSettings,
    run: Path,
    key: str,
    workers: int,
    report: Report,
) -> float:
    """Train in place and leave the averaged weights in `learner`; gives the seconds it took.

    A checkpoint in `run` under the same `key` is continued.
    """
    run.mkdir(parents=True, exist_ok=True)
    weights = list(learner.learnt().values())
    optimiser = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.decay)
    state = Progress(learner, optimiser, key)
    state.resume(run / CHECKPOINT)
    state.precision = state.precision or choose_precision(learner, settings, learner.says)
    each = -(-len(tiles) // settings.batch_size)
    step = report("training the detector (aerial)", each * settings.epochs)
    for epoch in range(state.epoch, settings.epochs):
        began = time.monotonic()
        measured = _epoch(state, tiles, settings, epoch, workers, each * settings.epochs, step)
        row = {"epoch": epoch + 1, **measured, "learning_rate": optimiser.param_groups[0]["lr"]}
        state.finish_epoch(row | {"seconds": time.monotonic() - began}, run / CHECKPOINT)
        write_log(run / LOG, COLUMNS, state.rows)
    learner.put(state.mean)
    return sum(row["seconds"] for row in state.rows)


def _epoch(
    state: Progress,
    tiles: Sequence[MadeTile],
    settings: AerialSettings,
    epoch: int,
    workers: int,
    steps: int,
    on_step: Callable[[int], None],
) -> dict[str, float]:
    learner, optimiser = state.learner, state.optimiser
    device, cast = next(learner.parameters()).device, PRECISIONS[state.precision]
    told: dict[str, list[float]] = defaultdict(list)
    cells = cell_centres(settings.side, settings.side, str(device))
    stream = shown(tiles, settings.batch_size, seed=(settings.seed, epoch), workers=workers)
    first = epoch * -(-len(tiles) // settings.batch_size)
    scaler = torch.amp.GradScaler(device.type, enabled=cast is torch.float16)
    for step, (pictures, boxes) in enumerate(stream, start=first):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * schedule(step, steps, _WARM)
        given = pictures.to(device).float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, cast, enabled=cast is not None):
            said = learner.says(given)
        loss, parts = batch_loss(said, [each.to(device) for each in boxes], cells,
                                 settings.nothing_weight, settings.box_weight)  # fmt: skip
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
        on_step(step + 1)
    return {name: float(np.mean(told[name])) if told[name] else 0.0
            for name in ("train_loss", *PARTS)}  # fmt: skip


def _tiles(
    settings: AerialSettings,
    count: int,
    seed: int,
    empties: Sequence[Pixels],
    folder: Path,
    workers: int,
    report: Report,
) -> list[MadeTile]:
    animals = settings.animals if seed == settings.seed else settings.animals // 3
    step = counter(report(f"painting animals ({folder.name})", animals))
    herd = paint_herd(animals, folder / "herd", seed=seed, on_done=step)
    step = counter(report(f"making tiles ({folder.name})", count))
    return make_tiles(
        count, settings.side, herd, empties, folder, seed=seed, workers=workers, on_done=step
    )


def _key(settings: AerialSettings, tiles: Sequence[MadeTile], start: str) -> str:
    aside = ("name", "version", "licence", "corrections")  # what these say is in the boxes
    said = {k: v for k, v in asdict(settings).items() if k not in aside}
    boxes = [[tuple(box) for box in tile.boxes] for tile in tiles]
    return hashlib.sha256(repr([said, start, boxes]).encode()).hexdigest()


def _record(
    settings: AerialSettings, trials: dict[str, Trial], tiles: int, seconds: float
) -> dict[str, object]:
    """What the model's card tells."""
    return {
        "settings": asdict(settings) | {"corrections": settings.corrections.name},
        "seconds": round(seconds),
        "trial": {"tiles": tiles, **{name: trial.as_dict() for name, trial in trials.items()}},
    }
