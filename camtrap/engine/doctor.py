"""What the figures mean: which stage is the bottleneck, how long a card takes, and what to change.

Facts are frozen, decisions are plain functions of them. `engine.examine` gathers the facts.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from camtrap.engine.machine import GpuFacts, Machine
from camtrap.engine.progress import duration
from camtrap.engine.rates import Fault, Rate
from camtrap.records import ImageFile
from camtrap.vision.backends.base import NAMES, Spec
from camtrap.vision.backends.selfcheck import TOLERANCE, Measured

BUSY = 0.25
"""Other programs disturb a measurement when they keep more than this share of the cores busy."""


class Stage(StrEnum):
    """What a run can wait for."""

    READER = "card reader"
    DECODING = "decoding"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Rates:
    """Pictures a second of each stage by itself, on all cores; 0 where it is not known.

    `is_shared` on a CPU, where decoding and the model take turns on the same cores.
    """

    reading: float = 0.0
    decoding: float = 0.0
    model: float = 0.0
    is_shared: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """Where the model runs; `why_no_gpu` is empty where that is a GPU."""

    name: str
    gpu: str = ""
    why_no_gpu: str = ""
    facts: GpuFacts = field(default_factory=GpuFacts)


@dataclass(frozen=True, slots=True)
class Offer:
    """A backend that may run on the device: what was measured, or the command to install it."""

    spec: Spec
    measured: Measured | None = None
    install: str = ""


@dataclass(frozen=True, slots=True)
class Backends:
    """What can run the model, the reference first.

    `why` tells how the choice came about, and `problem` why nothing was measured.
    """

    offers: tuple[Offer, ...]
    chosen: Spec | None
    why: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies on a card, by name alone; `skipped` counts files by the reason."""

    card: Path
    pictures: int
    size: int
    skipped: Mapping[str, int]
    unlisted: int
    sample: tuple[ImageFile, ...]


@dataclass(frozen=True, slots=True)
class Speed:
    """Each stage by itself, on the sample; a count of 0 where nothing could be measured.

    `is_fresh` where the system was asked to forget its copies of the files before they were read.
    """

    workers: int
    is_shared: bool
    reading: Rate
    decoding: Rate
    model: Rate
    is_fresh: bool
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All facts of one examination.

    `listing` is None where no card was named, `asked` holds the options that a run is to be given
    again, and `problem` says why the model could not be loaded.
    """

    machine: Machine
    device: Device
    model: str
    backends: Backends
    speed: Speed
    listing: Listing | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def has_card(self) -> bool:
        """Whether there is a card with pictures on it."""
        return self.listing is not None and self.listing.pictures > 0


def rates(speed: Speed, listing: Listing | None) -> Rates:
    """The stages in pictures a second; what is read of a card is reckoned by its mean picture."""
    reading = 0.0
    if listing is not None and listing.pictures and listing.size:
        reading = speed.reading.megabytes * 1e6 * listing.pictures / listing.size
    return Rates(reading, speed.decoding.pictures, speed.model.pictures, speed.is_shared)


def throughput(said: Rates) -> float:
    """Pictures a second of a whole run; 0 where decoding or the model is not known.

    Reading goes on beside the rest. On a CPU a picture costs the time of decoding plus that of the
    model; on a GPU they overlap too.
    """
    work = _work(said)
    return min(work, said.reading) if said.reading else work


def _work(said: Rates) -> float:
    """Pictures a second when reading costs nothing."""
    if not (said.decoding and said.model):
        return 0.0
    if said.is_shared:
        return 1 / (1 / said.decoding + 1 / said.model)
    return min(said.decoding, said.model)


def bottleneck(said: Rates) -> Stage | None:
    """The stage that a run waits for; None where decoding or the model is not known."""
    work = _work(said)
    if not work:
        return None
    if 0 < said.reading < work:
        return Stage.READER
    return Stage.DECODING if said.decoding < said.model else Stage.MODEL


def eta(pictures: int, said: Rates) -> float | None:
    """Seconds that a run over so many pictures takes; None where it cannot be told."""
    total = throughput(said)
    return pictures / total if total else None


def pictures_a_second(offer: Offer, workers: int) -> float:
    """A backend's rate on all cores, reckoned from one; 0 where it was not measured."""
    if offer.measured is None or offer.measured.problem:
        return 0.0
    return (workers if offer.spec.device == "cpu" else 1) / max(offer.measured.seconds, 1e-9)


def standing(offer: Offer, *, is_reference: bool = False) -> str:
    """What is to be said of a backend: that it agrees, why it is not used, or how to get it."""
    if offer.install:
        return f"not installed: {offer.install}"
    found = offer.measured
    if found is None:
        return "not measured"
    if is_reference:
        return "the reference"
    if found.problem:
        return f"not used: {found.problem}"
    if found.agrees:
        return f"agrees with the reference (differs by {found.difference:.4f} at most)"
    label = "a label changes, and " if found.flips else ""
    return f"not used: {label}it differs by {found.difference:.3f}; {TOLERANCE} is the limit"


def advice(said: Diagnosis) -> list[str]:
    """What to change, the most urgent first; nothing where all is well."""
    stage = bottleneck(rates(said.speed, said.listing))
    return [
        *_about_the_card(said, stage),
        *_about_the_model(said, stage),
        *_about_the_machine(said),
    ]


def _about_the_card(said: Diagnosis, stage: Stage | None) -> Iterator[str]:
    if said.speed.faults:
        yield (
            "Some pictures cannot be used, and there may be more. Do not erase or format the "
            "card. A run names every such file and does not call it empty."
        )
    if said.listing is None:
        return
    if said.listing.unlisted:
        yield (
            "Some folders of the card cannot be listed: take it out, put it in again, or try "
            "another reader."
        )
    if stage == Stage.READER:
        seconds = said.listing.size / 1e6 / max(said.speed.reading.megabytes, 1e-9)
        yield (
            "The card reader is the bottleneck: use a USB 3 reader in a USB 3 port (often blue) "
            f"if there is one. Or copy the card to the disk first (about {duration(seconds)}) and "
            "run on the copy: that frees the card, though the whole is not done sooner."
        )


def _about_the_model(said: Diagnosis, stage: Stage | None) -> Iterator[str]:
    facts, offers = said.device.facts, said.backends.offers
    missing = {offer.spec.name: offer.install for offer in offers if offer.install}
    if said.backends.problem and said.backends.chosen is None:
        text = "The model does not run here. Install camtrap and its model again."
        if any(offer.spec.name == "onnxruntime" and not offer.install for offer in offers):
            text += " Until then, try --backend onnxruntime."
        yield text
    if said.device.name == "cpu":
        if facts.cuda_there or facts.mps_there:
            name = "cuda" if facts.cuda_there else "mps"
            yield f"There is a GPU that is not used: try --device {name}."
        elif facts.driver and not facts.torch_problem:
            yield "Get the NVIDIA card to work (see 'why no GPU'): it would be much faster."
        if "onnxruntime" in missing and stage != Stage.READER:
            yield (
                f"Install ONNX Runtime, mostly the fastest on a processor: {missing['onnxruntime']}"
                " (this needs the internet once)."
            )
    elif said.device.name.startswith("cuda") and stage == Stage.DECODING:
        yield "Decoding holds the GPU up: try --decoder gpu."


def _about_the_machine(said: Diagnosis) -> Iterator[str]:
    machine, workers = said.machine, said.speed.workers
    if machine.usable_cores < min(machine.cores, workers):
        yield (
            f"Only {machine.usable_cores} of {machine.cores} cores may be used here: say --workers "
            f"{machine.usable_cores}."
        )
    elif workers < machine.usable_cores:
        yield (
            f"The settings allow {workers} threads, and {machine.usable_cores} cores are there: "
            "leave 'workers' out of them."
        )
    needed = memory_needed(workers, said.backends.chosen)
    if machine.memory is not None and machine.memory.free < needed:
        yield (
            f"Little memory is free ({size_text(machine.memory.free)}): close other programs"
            + (f", or say --workers {max(1, workers // 2)}." if workers > 1 else ".")
        )
    if is_busy(machine):
        yield (
            f"Other programs have work for {machine.load:.1f} cores, and this computer has "
            f"{machine.cores}: close them, and a run is faster than told here."
        )


def is_busy(machine: Machine) -> bool:
    """Whether other programs take so much that a measurement says little."""
    return machine.load is not None and machine.load > BUSY * machine.cores


def memory_needed(workers: int, backend: Spec | None) -> int:
    """Bytes that a run takes, with pictures of up to 20 megapixels on a CPU; PyTorch is large.

    Measured with ONNX Runtime: 334 MB with one worker, 434 with two, 671 with four.
    """
    base = 900_000_000 if backend is None or backend.name == "torch" else 250_000_000
    return base + 110_000_000 * workers


def command(said: Diagnosis) -> list[str]:
    """The command to triage the card, with what was asked for; without a card, none."""
    if said.listing is None or not said.has_card:
        return []
    options = [part for name, value in said.asked.items() for part in (f"--{name}", value)]
    return ["camtrap", "run", str(said.listing.card), *options]


def typed(words: Sequence[str]) -> str:
    """A command as it is typed into this system's shell."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def size_text(size: float) -> str:
    """Bytes as a person says them: `480 MB`, `31.2 GB`, of a thousand each."""
    return f"{size / 1e9:.1f} GB" if size >= 999.5e6 else f"{size / 1e6:,.0f} MB"


def backend_name(spec: Spec) -> str:
    """A backend without its device, which the page names once."""
    return f"{NAMES[spec.name]} {spec.precision}"
