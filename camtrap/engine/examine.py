"""The examination: gathers what `engine.doctor` decides upon. A check that fails says why."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from camtrap.card.scan import scan
from camtrap.config import Settings
from camtrap.engine.doctor import Backends, Device, Listing, Offer, Speed
from camtrap.engine.machine import GpuFacts, gpu_facts, gpu_name, why_no_gpu
from camtrap.engine.rates import (
    JudgedSample,
    Rate,
    Spread,
    decode_sample,
    judge_sample,
    read_sample,
)
from camtrap.engine.stages import judge
from camtrap.errors import ModelError
from camtrap.pixels.decode import FRAME_SIDE, Decode, decode_frame, is_cut_jpeg
from camtrap.records import ImageFile
from camtrap.vision.backends import memory
from camtrap.vision.backends.base import NAMES, Spec, install_command
from camtrap.vision.backends.choice import is_installed, offered, parsed, resolved_device
from camtrap.vision.backends.selfcheck import Measured, fastest, measured, sample_card
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Look, Predictor, load_predictor

log = logging.getLogger(__name__)

_ASKED = "as the settings say"

Measure = Callable[[ModelInfo, Sequence[Spec], Sequence[Look]], list[Measured]]


def asked_device(settings: Settings) -> str:
    """The device that the settings lead to: ONNX Runtime and OpenVINO run on the CPU alone.

    Raises `ModelError` where the settings name a backend that cannot be used.
    """
    device = settings.device.partition(",")[0].strip()
    return device if settings.backend == "auto" else parsed(settings.backend, device).device


def look_at_device(
    asked: str,
    *,
    facts: Callable[[], GpuFacts] = gpu_facts,
    resolve: Callable[[str], str] = resolved_device,
) -> Device:
    """The device that a run would take, and why it is no GPU where it is none.

    Raises `ModelError`, with the reason, where a GPU is asked for by name and cannot be used.
    """
    found = facts()
    try:
        name = resolve(asked)
    except ModelError as error:
        kind = asked.partition(":")[0]
        if {"cuda": found.cuda_there, "mps": found.mps_there}.get(kind, True):
            raise
        raise ModelError(f"{error} {why_no_gpu(found)}") from error
    except Exception:
        # PyTorch itself cannot be imported, which the facts tell in words.
        log.debug("no device could be asked for", exc_info=True)
        name = "cpu"
    if name == "cpu":
        return Device(name, why_no_gpu=why_no_gpu(found), facts=found)
    return Device(name, gpu_name(name), facts=found)


def look_at_backends(
    info: ModelInfo,
    device: str,
    looks: Sequence[Look],
    *,
    backend: str = "auto",
    is_busy: bool = False,
    measure: Measure = measured,
    is_installed: Callable[[str], bool] = is_installed,
) -> Backends:
    """Measure every backend of a device on pictures, and keep the choice for the runs to come.

    On a busy machine a choice that was made before stands: what is measured now is worth less.
    Raises `ModelError` where `backend` names one that cannot be used.
    """
    asked = None if backend == "auto" else parsed(backend, device)._replace(device=device)
    specs = offered(device)
    if asked is not None and asked not in specs:
        specs.append(asked)
    there = [spec for spec in specs if is_installed(spec.name)]
    key = memory.fingerprint(info, device)
    chosen, problem = memory.recall(key), ""
    found: list[Measured] = []
    why = "chosen before" if chosen else ""
    if not there:
        problem = "Neither PyTorch nor another backend is installed. Install camtrap again."
    elif not looks:
        problem = "The sample card that comes with camtrap is missing, so nothing was measured."
        chosen, why = (chosen, why) if chosen else (there[0], "the reference")
    else:
        found, problem = _measured(info, there, looks, measure)
        if found and not (chosen and is_busy):
            chosen, why = fastest(found), "the fastest that agrees"
            memory.remember(key, chosen, found)
        elif found:
            why = "chosen before; the computer is too busy now to choose anew"
    if asked is not None:
        chosen, why = asked, "as the settings say"
    by_spec = {each.spec: each for each in found}
    missing = {spec.name: spec for spec in reversed(specs) if spec not in there}
    offers = [
        *(Offer(spec, by_spec.get(spec)) for spec in there),
        *(Offer(spec, install=install_command(name)) for name, spec in missing.items()),
    ]
    return Backends(tuple(offers), chosen, why, problem)


def _measured(
    info: ModelInfo, specs: Sequence[Spec], looks: Sequence[Look], measure: Measure
) -> tuple[list[Measured], str]:
    """What was measured, or nothing and why."""
    try:
        return measure(info, specs, looks), ""
    except Exception as error:
        # Whatever the reference trips over, the other checks still have something to say.
        log.debug("the reference does not run", exc_info=True)
        return [], f"The reference, {NAMES[specs[0].name]}, does not run: {_reason(error)}"


def open_predictor(settings: Settings, backends: Backends) -> tuple[Predictor | None, str]:
    """The model on the chosen backend, or None and why not."""
    spec = backends.chosen
    if spec is None:
        return None, backends.problem
    try:
        backend = f"{spec.name}:{spec.precision}"
        return load_predictor(settings.model, device=spec.device, backend=backend), ""
    except Exception as error:
        log.debug("the model cannot be loaded", exc_info=True)
        return None, _reason(error)


def list_card(card: Path) -> Listing:
    """Count what lies on a card and pick a sample; raises `CardError` when it cannot be listed."""
    pictures = size = 0
    skipped: Counter[str] = Counter()
    unlisted: list[Path] = []
    spread = Spread()
    for file in scan(card, on_error=lambda path, error: unlisted.append(path)):
        if file.skip_reason:
            skipped[file.skip_reason] += 1
            continue
        pictures += 1
        size += file.size
        spread.add(file)
    return Listing(card, pictures, size, dict(skipped), len(unlisted), tuple(spread.picked()))


def shipped_sample() -> tuple[ImageFile, ...]:
    """Pictures of the sample card that comes with camtrap; none where it is missing.

    One of them is truncated on purpose, and left out here: it is no fault of this computer.
    """
    card = sample_card()
    if card is None:
        return ()
    files = list_card(card).sample
    return tuple(file for file in files if not is_cut_jpeg(file.path.read_bytes()))


def measure_speed(
    files: Iterable[ImageFile],
    predictor: Predictor | None,
    workers: int,
    *,
    batch_size: int = 0,
    decode: Decode = decode_frame,
) -> Speed:
    """Read, decode and judge a sample, each stage by itself; without a predictor, no judging.

    Raises `CardError` when the card is gone.
    """
    read = read_sample(files)
    side = FRAME_SIDE if predictor is None else predictor.frame_side
    decoded = decode_sample(read.files, side, workers, decode=decode)
    judged, is_shared = JudgedSample(Rate(0, 0, 0.0)), True
    if predictor is not None:
        size = batch_size or predictor.default_batch_size
        is_shared = predictor.backend.device == "cpu"
        judged = judge_sample(
            decoded.pictures, lambda looks: judge(looks, predictor), workers, size
        )
    return Speed(
        workers,
        is_shared,
        read.rate,
        decoded.rate,
        judged.rate,
        read.is_fresh,
        (*read.faults, *decoded.faults, *judged.faults),
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
