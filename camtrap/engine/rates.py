"""How fast each stage is on this machine: reading, decoding, judging, each by itself.

The same functions that a run calls are timed here, on a few pictures spread over a card. Nothing is
ever written to the card.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeVar

from camtrap.engine.stages import decoded, read_file
from camtrap.errors import UnreadablePicture
from camtrap.pixels.decode import Decode, decode_frame
from camtrap.records import ImageFile
from camtrap.vision.predictor import Look, Verdict

SAMPLE_FILES = 24
SAMPLE_BYTES = 200_000_000
"""A sample has no more files, and no more bytes unless a single file has."""

_ROUNDS = 4  # tasks for each thread: with fewer, the last ones leave most threads idle
_GPU_LOOPS = 2  # as the engine has for each GPU

Clock = Callable[[], float]
Task = TypeVar("Task")


class Fault(NamedTuple):
    """A picture of the sample that could not be used, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rate:
    """So many pictures, of so many bytes, in so many seconds."""

    count: int
    size: int
    seconds: float

    @property
    def pictures(self) -> float:
        """Pictures a second; 0 where none was measured."""
        return self.count / max(self.seconds, 1e-9)

    @property
    def megabytes(self) -> float:
        """MB (of a million bytes) a second."""
        return self.size / 1e6 / max(self.seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class ReadSample:
    """Files with their bytes. `is_fresh` where the system was asked to forget them before."""

    files: tuple[tuple[ImageFile, bytes], ...]
    rate: Rate
    is_fresh: bool
    faults: tuple[Fault, ...] = ()


class Named(NamedTuple):
    """A decoded picture and where it came from."""

    path: str
    look: Look


@dataclass(frozen=True, slots=True)
class DecodedSample:
    """Decoded pictures, ready for a model."""

    pictures: tuple[Named, ...]
    rate: Rate
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedSample:
    """How fast the model was, and which pictures it could not judge."""

    rate: Rate
    faults: tuple[Fault, ...] = ()


class Spread:
    """Picks files evenly over a listing of any length, holding only a few of them at a time."""

    def __init__(self, count: int = SAMPLE_FILES) -> None:
        self._count = count
        self._kept: list[ImageFile] = []
        self._seen, self._step = 0, 1

    def add(self, file: ImageFile) -> None:
        """Note the next file of the listing."""
        if self._seen % self._step == 0:
            self._kept.append(file)
        self._seen += 1
        if len(self._kept) == 2 * self._count:
            self._kept = self._kept[::2]
            self._step *= 2

    def picked(self, size: int = SAMPLE_BYTES) -> list[ImageFile]:
        """The sample: at most `count` files in path order, thinned out to at most `size` bytes."""
        count = min(self._count, len(self._kept))
        picked = _thinned(self._kept, count)
        while len(picked) > 1 and sum(file.size for file in picked) > size:
            count -= 1
            picked = _thinned(self._kept, count)
        return picked


def _thinned(files: Sequence[ImageFile], count: int) -> list[ImageFile]:
    return [files[place * len(files) // count] for place in range(count)]


def read_sample(
    files: Iterable[ImageFile],
    *,
    read: Callable[[ImageFile], bytes] = read_file,
    forget: Callable[[ImageFile], bool] | None = None,
    clock: Clock = time.perf_counter,
) -> ReadSample:
    """Read files one after the other, as a run does, after the system has forgotten them.

    What cannot be read is told as a fault; raises `CardError` when the card is gone.
    """
    forget = forget or forget_cached
    found: list[tuple[ImageFile, bytes]] = []
    faults: list[Fault] = []
    seconds, size, is_fresh = 0.0, 0, True
    for file in files:
        is_fresh = forget(file) and is_fresh
        started = clock()
        try:
            data = read(file)
        except UnreadablePicture as error:
            faults.append(Fault(str(file.path), str(error)))
            continue
        seconds += clock() - started
        size += len(data)
        found.append((file, data))
    rate = Rate(len(found), size, seconds)
    return ReadSample(tuple(found), rate, is_fresh and bool(found), tuple(faults))


def forget_cached(file: ImageFile) -> bool:
    """Ask the system to forget its copy of a file; False where it takes no such wish.

    Otherwise a card that was copied a minute ago would be read from memory, at gigabytes a second.
    """
    if not hasattr(os, "posix_fadvise"):
        return False
    with contextlib.suppress(OSError):
        descriptor = os.open(file.path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
        return True
    return False


def decode_sample(
    sample: Sequence[tuple[ImageFile, bytes]],
    side: int,
    workers: int,
    *,
    decode: Decode = decode_frame,
    clock: Clock = time.perf_counter,
) -> DecodedSample:
    """Decode pictures to `side` pixels in threads, with key and metadata as in a run.

    The rate is of the pictures that can be decoded, each decoded as often as keeps all threads at
    work.
    """

    def task(item: tuple[ImageFile, bytes]) -> tuple[str, Look | None]:
        file, data = item
        known, look = decoded(file, data, side, decode=decode)
        return known.reason, look

    with ThreadPoolExecutor(workers) as pool:
        answers = list(zip(sample, pool.map(task, sample), strict=True))
    faults = [Fault(str(file.path), why) for (file, _), (why, look) in answers if look is None]
    good = [item for item, (_, look) in answers if look is not None]
    pictures = [Named(str(item[0].path), look) for item, (_, look) in answers if look is not None]
    rounds, seconds = _timed(task, good, workers, clock)
    size = sum(len(data) for _, data in good)
    rate = Rate(rounds * len(good), rounds * size, seconds)
    return DecodedSample(tuple(pictures), rate, tuple(faults))


def judge_sample(
    pictures: Sequence[Named],
    judge: Callable[[Sequence[Look]], list[Verdict]],
    workers: int,
    batch_size: int = 1,
    *,
    clock: Clock = time.perf_counter,
) -> JudgedSample:
    """Judge pictures as a run does: on a CPU each thread one at a time, on a GPU in batches.

    The rate is of batches in which no picture failed, each judged as often as keeps all threads at
    work. `judge` gives a verdict without a label where it fails on a picture, as `stages.judge`.
    """

    def task(batch: list[Named]) -> list[Fault]:
        verdicts = judge([each.look for each in batch])
        pairs = zip(batch, verdicts, strict=True)
        return [Fault(each.path, said.reason) for each, said in pairs if not said.state.is_label]

    batches = _batches(pictures, batch_size)
    threads = workers if batch_size == 1 else _GPU_LOOPS
    with ThreadPoolExecutor(threads) as pool:
        # The first time also builds what later ones use: a network's plan for each shape.
        answers = list(zip(batches, pool.map(task, batches), strict=True))
    faults = [fault for _, found in answers for fault in found]
    good = [batch for batch, found in answers if not found]
    rounds, seconds = _timed(task, good, threads, clock)
    sizes = [len(each.look.data) for batch in good for each in batch]
    return JudgedSample(Rate(rounds * len(sizes), rounds * sum(sizes), seconds), tuple(faults))


def _batches(pictures: Sequence[Named], batch_size: int) -> list[list[Named]]:
    """Pictures of one shape together, as the engine sends them to a GPU."""
    by_shape = sorted(pictures, key=_shape) if batch_size > 1 else pictures
    batches = []
    for _, group in groupby(by_shape, key=_shape):
        alike = list(group)
        batches += [alike[i : i + batch_size] for i in range(0, len(alike), batch_size)]
    return batches


def _shape(picture: Named) -> tuple[int, ...]:
    return picture.look.frame.pixels.shape


def _timed(
    task: Callable[[Task], object], items: Sequence[Task], workers: int, clock: Clock
) -> tuple[int, float]:
    """Give every item to threads, in several rounds; how many rounds, and in how many seconds."""
    if not items:
        return 0, 0.0
    rounds = max(1, -(-_ROUNDS * workers // len(items)))

    def forgotten(item: Task) -> None:
        task(item)  # answers that are kept would hold every decoded picture in memory

    with ThreadPoolExecutor(workers) as pool:
        started = clock()
        for _ in pool.map(forgotten, [*items] * rounds):
            pass
        return rounds, clock() - started
