"""One side of a comparison, in a process of its own: it is loaded once, and runs whenever told to.

    python benchmarks/arms.py '{"kind": "ours", "spec": "onnxruntime", "threads": 0}'

Requests and answers are lines of JSON on standard input and output. `prepare` names a card and its
files, and warms up on it; `run` measures one pass over a card; `memory` tells the highest memory.
Linux only. Nothing of camtrap is imported before it is needed: the peers' environment lacks it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from camtrap.records import ImageFile
    from camtrap.vision.predictor import Look

WARM = 4
"""So many pictures of a card are gone through before anything is measured."""

WORKERS = 2
"""Processes that decode for the naive way."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Arm(Protocol):
    """What can be measured; `run` gives the label of every picture, where there are labels."""

    def prepare(self, card: str, paths: Sequence[Path]) -> None: ...

    def run(self, card: str) -> list[str]: ...


class Ours:
    """The loop over a card as `camtrap run` has it, without scan and ledger."""

    def __init__(self, spec: str) -> None:
        from camtrap.vision.predictor import load_predictor

        self._predictor = load_predictor(backend=spec, device="cpu")
        self._files: dict[str, list[ImageFile]] = {}

    def prepare(self, card: str, paths: Sequence[Path]) -> None:
        files = [as_file(path) for path in paths]
        self._files[card] = files[:WARM]
        self.run(card)
        self._files[card] = files

    def run(self, card: str) -> list[str]:
        from camtrap.engine.local import triage_files

        return [said.state.value for _, said in triage_files(self._files[card], self._predictor)]


class Decoding:
    """Reading and decoding alone, in as many threads as the loop has."""

    def __init__(self, spec: str) -> None:
        self._side = int(spec)
        self._files: dict[str, list[ImageFile]] = {}

    def prepare(self, card: str, paths: Sequence[Path]) -> None:
        self._files[card] = [as_file(path) for path in paths]
        self.run(card)

    def run(self, card: str) -> list[str]:
        from camtrap.engine.stages import read_file
        from camtrap.pixels.decode import decode_frame

        def decode(file: ImageFile) -> None:
            decode_frame(read_file(file), self._side)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(decode, self._files[card]))
        return []


class Judging:
    """The networks alone, crops included, on frames that are decoded already."""

    def __init__(self, spec: str) -> None:
        from camtrap.vision.predictor import load_predictor

        self._predictor = load_predictor(backend=spec, device="cpu")
        self._looks: dict[str, list[Look]] = {}

    def prepare(self, card: str, paths: Sequence[Path]) -> None:
        from camtrap.pixels.decode import decode_frame
        from camtrap.vision.predictor import Look

        self._looks[card] = [
            Look(data, decode_frame(data, self._predictor.frame_side))
            for data in (path.read_bytes() for path in paths)
        ]
        for look in self._looks[card][:WARM]:
            self._predictor.judge([look])

    def run(self, card: str) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = pool.map(lambda look: self._predictor.judge([look])[0], self._looks[card])
            return [verdict.state.value for verdict in verdicts]


class Plain:
    """The same model without any of our care; see `naive`."""

    def __init__(self, spec: str) -> None:
        from naive import Naive

        self._naive = Naive()
        self._loaders: dict[str, Any] = {}

    def prepare(self, card: str, paths: Sequence[Path]) -> None:
        self._loaders[card] = self._naive.loader(paths, WORKERS)
        self.run(card)  # starts the workers, which a long run does but once

    def run(self, card: str) -> list[str]:
        return self._naive.labels(self._loaders[card])


class Peer:
    """Somebody else's detector; `spec` is its name and precision, as in `yolov10-n:fp32`."""

    def __init__(self, spec: str) -> None:
        from peers import peer

        name, _, precision = spec.partition(":")
        self._run = peer(name, bf16=precision == "bf16")
        self._paths: dict[str, Sequence[Path]] = {}

    def prepare(self, card: str, paths: Sequence[Path]) -> None:
        self._paths[card] = paths
        self._run(paths[0])

    def run(self, card: str) -> list[str]:
        for path in self._paths[card]:
            self._run(path)
        return []


KINDS: dict[str, Callable[[str], Arm]] = {
    "ours": Ours,
    "decoding": Decoding,
    "judging": Judging,
    "naive": Plain,
    "peer": Peer,
}


def as_file(path: Path) -> ImageFile:
    """The record of one file, as a scan would give it."""
    from camtrap.records import ImageFile

    told = path.stat()
    return ImageFile(path.parent, path.name, told.st_size, told.st_mtime_ns)


def measured(run: Callable[[], list[str]]) -> dict[str, Any]:
    """Seconds on the wall's clock, CPU-seconds with those of worker processes, and how many cores
    other programs used meanwhile."""
    wall, cpu, busy = time.perf_counter(), cpu_seconds(), machine_seconds()
    labels = run()
    wall, cpu, busy = (
        time.perf_counter() - wall,
        cpu_seconds() - cpu,
        machine_seconds() - busy,
    )
    foreign = max(0.0, busy - cpu) / wall
    return {"wall": wall, "cpu": cpu, "foreign": foreign, "labels": labels}


def cpu_seconds() -> float:
    """CPU-seconds of this process and of its living workers."""
    workers = 0.0
    for process in multiprocessing.active_children():
        told = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
        fields = told.rpartition(")")[2].split()
        workers += (int(fields[11]) + int(fields[12])) / _TICKS
    return time.process_time() + workers


def machine_seconds() -> float:
    """CPU-seconds of all programs together since the start of the machine."""
    first = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0].split()
    user, nice, system, _idle, _waiting, interrupts, soft = map(int, first[1:8])
    return (user + nice + system + interrupts + soft) / _TICKS


def peak_memory() -> list[float]:
    """The most memory that this process ever had, in MB, and that its workers had, the largest
    first; each card has workers of its own here, and no run has more than one card's at once."""
    workers = [memory_of(process.pid or 0) for process in multiprocessing.active_children()]
    return [memory_of(os.getpid()), *sorted(workers, reverse=True)[:WORKERS]]


def memory_of(pid: int) -> float:
    """The most memory that a process ever had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Load what the argument says, then answer requests until there are none."""
    said = json.loads(sys.argv[1])
    # Some packages print; what they say must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if said["threads"]:
        import torch

        torch.set_num_threads(said["threads"])
    arm = KINDS[said["kind"]](said["spec"])
    answer: Any = None
    while True:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        line = sys.stdin.readline()
        if not line:
            return
        request = json.loads(line)
        card = request.get("card", "")
        if request["do"] == "prepare":
            arm.prepare(card, [Path(path) for path in request["paths"]])
            answer = None
        elif request["do"] == "run":
            answer = measured(lambda card=card: arm.run(card))  # type: ignore[misc]
        else:
            answer = peak_memory()


if __name__ == "__main__":
    main()
