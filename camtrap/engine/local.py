"""The loop over a card on one machine: a reader ahead, decoders, models, and order restored.

One thread reads the card, file after file, as cards are fastest read. Several threads decode. On a
CPU each goes on to judge its picture with single-threaded networks: one picture at a time is as
fast as any batch there, keeps memory flat, and makes an answer independent of its neighbours. On a
GPU the decoded pictures go on to threads that fill batches, pictures of one shape together. Results
come back in the order in which files went in. What lies between the stages is bounded in bytes.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import NamedTuple

from camtrap.card.header import METADATA_LIMIT
from camtrap.engine.channel import Channel, Closed, gathered
from camtrap.engine.stages import (
    ClipRule,
    TilingRule,
    decoded,
    failed,
    is_the_models_fault,
    judge,
    judged,
    read_file,
)
from camtrap.errors import CardError, ModelError, UnreadablePicture
from camtrap.pixels.decode import Decode, decode_frame
from camtrap.records import ImageFile, Prediction, State
from camtrap.vision.predictor import Look, Predictor

log = logging.getLogger(__name__)

READ_AHEAD = 48_000_000
"""Bytes of files that are read and not decoded yet; a laptop has memory for that."""

DECODED_AHEAD = 256_000_000
"""Bytes of decoded pictures that wait for a GPU."""

WINDOW = 64
"""Files between the oldest that is not done and the newest that was begun, for each worker: one
slow picture does not hold up the others, and little is thrown away when a run is stopped."""

FAILURES_IN_A_ROW = 20
"""After so many pictures on which the model itself fails, it is the model that is broken."""

_LOOPS_A_GPU = 2  # while one batch's crops are decoded, the other's networks run
_PATIENCE = 0.02  # seconds that a batch waits for more pictures
_POLL_SECONDS = 0.2  # an interrupt is noticed within this time, on Windows too

Result = tuple[ImageFile, Prediction]


_Looking = Callable[[ImageFile, bytes], tuple[Prediction, Look | None]]

_Outcome = Prediction | CardError | None
"""What became of a file: a prediction, the card's end, or None when it was left after a stop."""


class _Decoded(NamedTuple):
    number: int
    known: Prediction
    look: Look


@dataclass(slots=True)
class _Flow:
    """The channels between the stages of one run, and what they share."""

    stop: threading.Event
    listed: Channel[tuple[int, ImageFile]]
    read: Channel[tuple[int, ImageFile, bytes]] = field(default_factory=lambda: Channel(READ_AHEAD))
    decoded: Channel[_Decoded] = field(default_factory=lambda: Channel(DECODED_AHEAD))
    done: Channel[tuple[int, _Outcome]] = field(default_factory=lambda: Channel(1 << 30))
    error: BaseException | None = None

    def run(self, stage: Callable[[], None]) -> None:
        """Run a stage until its channel ends; whatever it raises ends the whole flow."""
        try:
            stage()
        except Closed:
            pass
        except BaseException as error:
            self.error = self.error or error
            self.end()

    def end(self) -> None:
        """Wake every stage, and let none go on; what is done can still be taken."""
        for channel in (self.listed, self.read, self.decoded):
            channel.abort()
        self.done.close()

    def tell(self, number: int, outcome: _Outcome) -> None:
        """Hand on what became of a file."""
        self.done.put((number, outcome))


def triage_files(
    files: Iterable[ImageFile],
    predictor: Predictor | Sequence[Predictor],
    *,
    workers: int = 0,
    batch_size: int = 0,
    stop: threading.Event | None = None,
    is_known: Callable[[str], bool] | None = None,
    decode: Decode = decode_frame,
    metadata_limit: int = METADATA_LIMIT,
    tiling: TilingRule | None = None,
    clips: ClipRule | None = None,
) -> Generator[Result, None, None]:
    """Yield one prediction a file, in the order of `files`.

    `workers` 0 is one a processor core, `batch_size` 0 what suits the model's device; with several
    predictors, one a GPU, each takes its share.

    `decode` has its own limits; metadata beyond `metadata_limit` bytes a picture are not read.
    `tiling` says which pictures are looked at tile by tile, and `clips` takes frames of videos.

    A file that cannot be read or decoded comes back as `unreadable` or `truncated` with the reason.
    `is_known`, called from several threads with a content key, spares the model a picture that the
    season has seen already. When `stop` is set, pictures that are being judged are finished and
    yielded as far as none before them is missing, then the iterator ends; when it is closed, no
    thread of it is left. Raises `CardError` when a card vanishes and `ModelError` when the model
    fails on everything.
    """
    predictors = [predictor] if isinstance(predictor, Predictor) else list(predictor)
    workers = workers or os.cpu_count() or 1
    flow = _Flow(stop or threading.Event(), Channel(1 << 30))

    def look(file: ImageFile, data: bytes) -> tuple[Prediction, Look | None]:
        side = predictors[0].frame_side
        return decoded(file, data, side, is_known, decode, metadata_limit, tiling, clips)

    threads = _threads(flow, predictors, workers, batch_size, look)
    for thread in threads:
        thread.start()
    try:
        yield from _unless_broken(_in_order(flow, iter(files), workers * WINDOW))
    finally:
        flow.end()
        for thread in threads:
            thread.join()


def _threads(
    flow: _Flow,
    predictors: Sequence[Predictor],
    workers: int,
    batch_size: int,
    look: _Looking,
) -> list[threading.Thread]:
    """The stages as threads, not started yet."""
    batch_size = batch_size or predictors[0].default_batch_size
    batched = batch_size > 1 or len(predictors) > 1
    stages: list[tuple[str, Callable[[], None]]] = [("reader", lambda: _read(flow))]
    if batched:
        stages += [(f"decoder-{n}", lambda: _decode(flow, look)) for n in range(workers)]
        for n in range(len(predictors) * _LOOPS_A_GPU):
            # Bound now: a loop's variable would be the last predictor for every thread.
            own = predictors[n % len(predictors)]
            stages.append((f"model-{n}", lambda own=own: _judge(flow, own, batch_size)))  # type: ignore[misc]
    else:
        [only] = predictors
        stages += [(f"worker-{n}", lambda: _triage(flow, look, only)) for n in range(workers)]
    return [
        threading.Thread(target=flow.run, args=(stage,), name=f"triage-{name}", daemon=True)
        for name, stage in stages
    ]


def _read(flow: _Flow) -> None:
    """Read files in their order, as far ahead as the bytes allow."""
    while True:
        number, file = flow.listed.get()
        if flow.stop.is_set():
            flow.tell(number, None)
            continue
        try:
            data = read_file(file)
        except UnreadablePicture as error:
            known = Prediction(path=file.path, state=State.PENDING)
            flow.tell(number, failed(known, error))
            continue
        except CardError as error:
            flow.tell(number, error)  # told in its turn: what was read before is judged yet
            return
        flow.read.put((number, file, data), len(data))


def _looked_at(flow: _Flow, look: _Looking) -> Iterator[_Decoded]:
    """Decode what was read; what needs no model is told at once."""
    while True:
        number, file, data = flow.read.get()
        if flow.stop.is_set():
            flow.tell(number, None)
            continue
        known, picture = look(file, data)
        if picture is None:
            flow.tell(number, known)
        else:
            yield _Decoded(number, known, picture)


def _triage(flow: _Flow, look: _Looking, predictor: Predictor) -> None:
    """Decode and judge, one picture after the other."""
    for number, known, picture in _looked_at(flow, look):
        [verdict] = judge([picture], predictor)
        flow.tell(number, judged(known, verdict))


def _decode(flow: _Flow, look: _Looking) -> None:
    for item in _looked_at(flow, look):
        flow.decoded.put(item, item.look.nbytes)


def _judge(flow: _Flow, predictor: Predictor, batch_size: int) -> None:
    """Judge decoded pictures in batches, those of one shape together."""
    while True:
        waiting = gathered(flow.decoded, batch_size, _PATIENCE)
        waiting.sort(key=lambda item: (item.look.frame.pixels.shape, item.number))
        for _, group in groupby(waiting, key=lambda item: item.look.frame.pixels.shape):
            batch = list(group)
            if flow.stop.is_set():
                for item in batch:
                    flow.tell(item.number, None)
                continue
            verdicts = judge([item.look for item in batch], predictor)
            for item, verdict in zip(batch, verdicts, strict=True):
                flow.tell(item.number, judged(item.known, verdict))


def _in_order(flow: _Flow, files: Iterator[ImageFile], window: int) -> Iterator[Result]:
    """Feed files into the flow and give their results in the same order."""
    begun: dict[int, ImageFile] = {}
    early: dict[int, _Outcome] = {}
    first = last = 0  # the next number to be yielded, and to be given out
    more = True
    while True:
        if more and not flow.stop.is_set():
            for file in islice(files, max(0, window - (last - first))):
                begun[last] = file
                flow.listed.put((last, file))
                last += 1
            more = last - first >= window
        if first == last or (flow.stop.is_set() and not begun):
            return
        try:
            number, outcome = flow.done.get(_POLL_SECONDS)
            early[number] = outcome
        except TimeoutError:
            continue  # only to see whether somebody wants to stop
        except Closed:
            assert flow.error is not None  # nobody else ends the flow while it runs
            raise flow.error from None
        while first in early:
            outcome = early.pop(first)
            file = begun.pop(first)
            if isinstance(outcome, CardError):
                raise outcome
            if outcome is None:  # left alone after a stop: what came later is for the next run
                return
            first += 1
            yield file, outcome


def _unless_broken(results: Iterator[Result]) -> Iterator[Result]:
    """Pass results on; raises `ModelError` when the model fails on one picture after another."""
    failures = 0
    for file, prediction in results:
        if is_the_models_fault(prediction):
            failures += 1
        elif prediction.state.is_label:
            failures = 0  # what never reached the model says nothing of it
        if failures >= FAILURES_IN_A_ROW:
            raise ModelError(
                f"The model failed on {failures} pictures in a row, last on {file.path}: "
                f"{prediction.reason}. Try another --device or --backend, or install the model "
                "again; what was done before is kept."
            )
        yield file, prediction
