"""From what was measured to tables and ratios in Markdown."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from camtrap.learn.evaluation.markdown import table

REFERENCE = "ours, torch:fp32"
FULL, SMALL = "12 MP", "2 MP"
NAIVE = ("naive, same model", "naive, 1 thread")
LIGHT = ("YOLOv10-n, fp32", "YOLOv10-n, fp32, 1 thread")
DECODING = "ours, decoding alone"
MEGADETECTOR = "MegaDetector v5a, "
ALONE = "ours, networks alone, "
OURS = "ours, "
PACKAGES = ("torch", "torchvision", "pillow", "onnxruntime", "openvino")


class Sample(NamedTuple):
    """One pass over a card: seconds a picture, on the wall's clock and of all cores together."""

    wall: float
    cpu: float


@dataclass(slots=True)
class Measure:
    """All that one side did, by card: a sample a repeat, the labels of the last, the memory in MB
    of the process and of each of its workers, and the cores that others used in each pass."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)

    def add(self, card: str, count: int, said: Mapping[str, Any]) -> None:
        """Take in one pass over `count` pictures."""
        sample = Sample(said["wall"] / count, said["cpu"] / count)
        self.samples.setdefault(card, []).append(sample)
        self.labels[card] = list(said["labels"])
        self.foreign.append(said["foreign"])


def middle(samples: Sequence[Sample]) -> Sample:
    """The median of each column."""
    return Sample(median(s.wall for s in samples), median(s.cpu for s in samples))


def ratio(slow: Sequence[Sample], fast: Sequence[Sample]) -> Sample:
    """The median over the repeats of how many times longer the first took than the second, which
    had its turn in the same repeat."""
    return middle([Sample(a.wall / b.wall, a.cpu / b.cpu) for a, b in zip(slow, fast, strict=True)])


def added(one: Sequence[Sample], other: Sequence[Sample]) -> list[Sample]:
    """Repeat by repeat, the sum of two."""
    return [Sample(a.wall + b.wall, a.cpu + b.cpu) for a, b in zip(one, other, strict=True)]


def agreement(labels: Sequence[str], reference: Sequence[str]) -> float:
    """The share of pictures with the same label."""
    same = [one == other for one, other in zip(labels, reference, strict=True)]
    return sum(same) / len(same)


def report(
    cards: Mapping[str, Sequence[Path]],
    measures: Mapping[str, Measure],
    repeats: int,
) -> str:
    """Everything as Markdown."""
    others = [cores for measure in measures.values() for cores in measure.foreign]
    lines = [
        f"## throughput, {os.cpu_count()} cores, {date.today()}\n",
        f"{machine()}\n",
        f"Medians of {repeats} passes in turns, after a warm-up; other programs used "
        f"{median(others):.2f} cores (median; at most {max(others):.2f}). "
        + told_cards(cards)
        + "\n\n**Milliseconds a picture: wall / CPU of all cores; highest memory in MB**\n",
        table([row(name, measure, list(cards)) for name, measure in measures.items()]),
        "\nOurs is one process with as many single-threaded workers as cores. The naive way "
        "decodes in two more processes, whose memory follows a plus (they share some of it). "
        "PyTorch uses as many threads as it likes for others, or, where that is said, just 1: "
        "its threads wait for each other, busily, where cores are shared.\n",
        told_peers(measures),
        "**Ratios, medians over the repeats**\n",
        table(ratios(measures, list(cards))),
    ]
    if agreed := agreements(measures):
        lines += [f"\n**Same label as PyTorch fp32**\n\n{table(agreed)}"]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Processor and versions."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return f"{processor(Path('/proc/cpuinfo').read_text(encoding='utf-8'))}; {', '.join(found)}."


def processor(told: str) -> str:
    """The processor's name, and which of the instructions it has that reduced precision needs."""
    fields: dict[str, str] = {}
    for line in told.splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    flags = fields.get("flags", "").split()
    wanted = [flag for flag in ("avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return f"{fields.get('model name', 'unknown processor')} ({', '.join(wanted) or 'no AVX-512'})"


def told_cards(cards: Mapping[str, Sequence[Path]]) -> str:
    """How many pictures each card has, of what size."""
    said = []
    for card, paths in cards.items():
        size = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
        said.append(f"{card}: {len(paths)} files of {size:.2f} MB")
    return "; ".join(said) + "."


def told_peers(measures: Mapping[str, Measure]) -> str:
    """What the peers' figures hold and what not."""
    if not any(name.startswith(("YOLO", MEGADETECTOR)) for name in measures):
        return "The peers' detectors were not measured.\n"
    return (
        "The peers have random weights, decode in full, fit the picture without padding to a "
        "square (MegaDetector v5a: YOLOv5x6 with three classes, 1280 pixels; YOLOv10-n: 640), and "
        "run the network alone, without suppressing boxes; MegaDetector saw a few pictures a "
        "repeat. This compares speed, and says nothing of what each of them finds.\n"
    )


def row(name: str, measure: Measure, cards: Sequence[str]) -> dict[str, str]:
    """One side's line of the table."""
    cells = {"": name}
    for card in cards:
        samples = measure.samples.get(card)
        cells[card] = told(middle(samples)) if samples else "-"
    first, *workers = (f"{megabytes:.0f}" for megabytes in measure.memory)
    cells["memory"] = " + ".join([first, *workers])
    return cells


def told(sample: Sample) -> str:
    """Milliseconds of both clocks."""
    return f"{1000 * sample.wall:.0f} / {1000 * sample.cpu:.0f}"


def ratios(measures: Mapping[str, Measure], cards: Sequence[str]) -> list[dict[str, str]]:
    """How many times longer others take than ours, and how much of the parts' speed is kept."""
    rows: list[dict[str, str]] = []

    def add(title: str, slow: Sequence[Sample] | None, fast: Sequence[Sample] | None) -> None:
        if slow and fast:
            found = ratio(slow, fast)
            rows.append({"": title, "wall": f"{found.wall:.2f}", "CPU": f"{found.cpu:.2f}"})

    def of(name: str, card: str) -> list[Sample] | None:
        return measures[name].samples.get(card) if name in measures else None

    backends = [
        name.removeprefix(OURS)
        for name in measures
        if name.startswith(OURS) and name != DECODING and not name.startswith(ALONE)
    ]
    for card in cards:
        for backend in backends:
            for name in NAIVE:
                add(f"{name} / ours {backend}, {card}", of(name, card), of(OURS + backend, card))
    for precision in ("fp32", "bf16"):
        for backend in backends:
            if backend.endswith(precision) or precision == "fp32":
                slow = of(MEGADETECTOR + precision, FULL)
                title = f"MegaDetector v5a {precision} / ours {backend}, {FULL}"
                add(title, slow, of(OURS + backend, FULL))
    for card in cards:
        for backend in backends:
            for name in LIGHT:
                add(f"{name} / ours {backend}, {card}", of(name, card), of(OURS + backend, card))
    for card in cards:
        for backend in backends:
            parts = of(DECODING, card), of(ALONE + backend, card)
            if parts[0] and parts[1]:
                title = f"(decoding + networks alone) / ours {backend}, {card}"
                add(title, added(parts[0], parts[1]), of(OURS + backend, card))
    for card in cards:
        for backend in backends:
            if samples := of(OURS + backend, card):
                found = middle(samples)
                cores = os.cpu_count() or 1
                rows.append(
                    {
                        "": f"pictures a second, ours {backend}, {card}",
                        "wall": f"{1 / found.wall:.1f}",
                        "CPU": f"{cores / found.cpu:.1f}",
                    }
                )
    return rows


def agreements(measures: Mapping[str, Measure]) -> list[dict[str, str]]:
    """The share of each card's pictures to which a side gives the reference's label."""
    if REFERENCE not in measures:
        return []
    rows = []
    reference = measures[REFERENCE].labels
    for name, measure in measures.items():
        if not any(measure.labels.values()):
            continue
        said = dict.fromkeys(reference, "-")
        for card, labels in measure.labels.items():
            said[card] = f"{agreement(labels, reference[card]):.2f}"
        rows.append({"": name, **said})
    counts = {card: counted(labels) for card, labels in reference.items()}
    return [*rows, {"": "what the reference says", **counts}]


def counted(labels: Sequence[str]) -> str:
    """Labels with how often each is there, most frequent first."""
    return ", ".join(f"{count} {label}" for label, count in Counter(labels).most_common())


def cold_report(seconds: Mapping[str, Sequence[float]]) -> str:
    """The starts as Markdown."""
    rows = [
        {
            "": name,
            "median": f"{median(values):.2f}",
            "fastest": f"{min(values):.2f}",
            "slowest": f"{max(values):.2f}",
        }
        for name, values in seconds.items()
    ]
    repeats = max(map(len, seconds.values()))
    return (
        f"## cold start, {os.cpu_count()} cores, {date.today()}\n\n{machine()}\n\n"
        f"Seconds of a new process, from the command to its end; {repeats} in turns. "
        f"Programs and pictures lie in the page cache.\n\n{table(rows)}"
    )
