"""How fast a card goes through, against other ways to do it; prints Markdown.

    python benchmarks/peers.py /tmp/bench-env
    python benchmarks/throughput.py --peers /tmp/bench-env --originals FOLDER --write
    python benchmarks/throughput.py --cold --write

Cards of 12 and of 2 megapixels are made by code; `--originals` adds a card of a person's own. Every
way is a process of its own that is loaded and warmed up first; then they take turns, A, B, C, A, B,
C, on the same files, which lie in the machine's page cache. Other programs disturb the measure: the
report says how many cores they took. `--cold` measures starts instead: a new process for ten
pictures. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cards import KINDS, make_card, own_card
from comparison import Measure, cold_report, report
from peers import python_of

from camtrap.card.scan import scan
from camtrap.vision.backends.choice import is_installed
from camtrap.vision.checkpoint import find, part

HERE = Path(__file__).resolve().parent
STARTED = time.perf_counter()
RESULTS = HERE / "RESULTS.md"
LARGE, SMALL = (kind.name for kind in KINDS)
OWN = "originals"
COLD_PICTURES = 10
BACKENDS = ("onnxruntime:fp32", "torch:fp32", "torch:bf16", "openvino:fp32", "openvino:bf16")
JUDGED = ("onnxruntime:fp32", "openvino:bf16")
"""Backends whose networks are measured alone, too."""


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do it, on the first `most` pictures of some cards; `threads` 0 leaves PyTorch at
    what it takes, or what the way itself sets."""

    name: str
    kind: str
    spec: str
    most: int
    cards: tuple[str, ...] = (LARGE, SMALL, OWN)
    threads: int = 0


def main() -> None:
    """Make cards, measure, print."""
    parser = argparse.ArgumentParser(description="Throughput against other ways to do it.")
    parser.add_argument("--pictures", type=int, default=8, help="pictures a card")
    parser.add_argument("--slow-pictures", type=int, default=2, help="as many for MegaDetector")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--originals", type=Path, help="a folder of cameras' own files")
    parser.add_argument("--peers", type=Path, help="the environment that peers.py made")
    parser.add_argument("--only", action="append", help="just what has this in its name")
    parser.add_argument("--cold", action="store_true", help="measure starts instead")
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="camtrap-throughput-") as folder:
        if arguments.cold:
            text = cold_report(cold_starts(Path(folder), arguments.repeats))
        else:
            text = throughput(Path(folder), arguments)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


def throughput(folder: Path, arguments: argparse.Namespace) -> str:
    """Everything but the starts, as Markdown."""
    cards = made_cards(folder, arguments.pictures, arguments.originals)
    chosen = [
        side
        for side in sides(arguments)
        if not arguments.only or any(word in side.name for word in arguments.only)
    ]
    measures = {side.name: Measure() for side in chosen}
    with running(chosen, arguments) as processes:
        for side, process in zip(chosen, processes, strict=True):
            tell(f"warming up: {side.name}")
            for card, paths in on(side, cards):
                ask(process, do="prepare", card=card, paths=list(map(str, paths)))
        for repeat in range(arguments.repeats):
            for card in cards:
                for side, process in zip(chosen, processes, strict=True):
                    if card not in side.cards:
                        continue
                    said = ask(process, do="run", card=card)
                    count = len(cards[card][: side.most])
                    measures[side.name].add(card, count, said)
                    tell(f"{repeat + 1}: {card}: {side.name}: {said['wall'] / count:.3f} s")
        for side, process in zip(chosen, processes, strict=True):
            measures[side.name].memory = ask(process, do="memory")
    tell("done")
    return report(cards, measures, arguments.repeats)


def made_cards(folder: Path, count: int, originals: Path | None) -> dict[str, list[Path]]:
    """The files of each card, by the card's name."""
    cards = {}
    for kind in KINDS:
        place = folder / kind.name.replace(" ", "")
        tell(f"making the card of {kind.name}")
        make_card(place, kind, count)
        cards[kind.name] = [file.path for file in scan(place)]
    if originals is not None:
        cards[OWN] = [file.path for file in own_card(originals, count)]
    return cards


def sides(arguments: argparse.Namespace) -> list[Side]:
    """All ways that this machine can go."""
    many, few = arguments.pictures, arguments.slow_pictures
    here = [spec for spec in BACKENDS if is_installed(spec.partition(":")[0])]
    frame_side = part(find("amur"), "detector").rules["side"]
    found = [Side(f"ours, {spec}", "ours", spec, many) for spec in here]
    found.append(Side("ours, decoding alone", "decoding", str(frame_side), many))
    found += [
        Side(f"ours, networks alone, {spec}", "judging", spec, many)
        for spec in here
        if spec in JUDGED
    ]
    # Two threads of OpenMP wait for each other where cores are shared, so both are told.
    for name, threads in (("naive, same model", 0), ("naive, 1 thread", 1)):
        found.append(Side(name, "naive", "", many, (LARGE, SMALL), threads))
    if arguments.peers:
        found += [
            Side("YOLOv10-n, fp32", "peer", "yolov10-n:fp32", many),
            Side("YOLOv10-n, fp32, 1 thread", "peer", "yolov10-n:fp32", many, (LARGE, SMALL), 1),
            Side("MegaDetector v5a, fp32", "peer", "megadetector-v5a:fp32", few, (LARGE,)),
            Side("MegaDetector v5a, bf16", "peer", "megadetector-v5a:bf16", few, (LARGE,)),
        ]
    return found


def on(side: Side, cards: dict[str, list[Path]]) -> Iterator[tuple[str, list[Path]]]:
    """The cards that a side is measured on, and which of their files."""
    for card, paths in cards.items():
        if card in side.cards:
            yield card, paths[: side.most]


# -- processes

Process = subprocess.Popen[str]


@contextmanager
def running(chosen: Sequence[Side], arguments: argparse.Namespace) -> Iterator[list[Process]]:
    """One process a side, all loaded; they end with the block."""
    processes: list[Process] = []
    try:
        for side in chosen:
            python = python_of(arguments.peers) if side.kind == "peer" else Path(sys.executable)
            said = json.dumps({"kind": side.kind, "spec": side.spec, "threads": side.threads})
            processes.append(
                subprocess.Popen(
                    [str(python), str(HERE / "arms.py"), said],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                )
            )
        for side, process in zip(chosen, processes, strict=True):
            answer(process)
            tell(f"loaded: {side.name}")
        yield processes
    finally:
        for process in processes:
            process.communicate()  # closes its input, which ends it


def ask(process: Process, **request: Any) -> Any:
    """Send a request and wait for its answer."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return answer(process)


def answer(process: Process) -> Any:
    """The next line that a process says; raises `RuntimeError` when it has died."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("One of the processes has ended; why, it says above.")
    return json.loads(line)


def tell(text: str) -> None:
    """Say what is going on."""
    print(f"{time.perf_counter() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


# -- starts


def cold_starts(folder: Path, repeats: int) -> dict[str, list[float]]:
    """Seconds from the command to its end, each time in a new process, in turns."""
    camtrap = str(Path(sys.executable).with_name("camtrap"))
    commands: dict[str, list[str]] = {"camtrap --help": [camtrap, "--help"]}
    for kind in KINDS:
        place = folder / kind.name.replace(" ", "")
        make_card(place, kind, COLD_PICTURES)
        for backend in ("onnxruntime", "torch"):
            if is_installed(backend):
                name = f"camtrap run, {COLD_PICTURES} pictures of {kind.name}, {backend}"
                commands[name] = [camtrap, "run", str(place), "--backend", backend, "--quiet"]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for repeat in range(repeats + 1):
        for number, (name, command) in enumerate(commands.items()):
            season = ["--out", str(folder / f"season-{repeat}-{number}")] * ("run" in command)
            environment = {**os.environ, "CAMTRAP_CACHE": str(folder / "cache")}
            started = time.perf_counter()
            subprocess.run(
                [*command, *season], check=True, stdout=subprocess.DEVNULL, env=environment
            )
            took = time.perf_counter() - started
            if repeat:  # the first brings programs and pictures into the page cache
                seconds[name].append(took)
            tell(f"{repeat}: {name}: {took:.2f} s")
    return seconds


if __name__ == "__main__":
    main()
