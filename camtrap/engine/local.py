"""The loop over a card on one machine: threads that each read, decode and look at a few pictures.

Every worker takes one small batch through all stages, and results come back in the order in which
files went in. On a CPU the networks run single-threaded inside each worker: one picture at a time
is as fast as any batch there, keeps memory flat, and makes an answer independent of its neighbours
to the last bit.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import replace
from pathlib import Path

from camtrap.batches import in_batches
from camtrap.card.clock import resolve_time
from camtrap.card.content import content_key
from camtrap.card.exif import parse_capture
from camtrap.errors import CardError, ModelError, TruncatedPicture, UnreadablePicture
from camtrap.pixels.decode import decode_frame
from camtrap.records import ImageFile, Prediction, State
from camtrap.vision.predictor import Look, Predictor, Verdict

log = logging.getLogger(__name__)

LOOK_AHEAD = 3
"""Batches in flight for each worker: so many that none waits for the writer, few for memory."""

FAILURES_IN_A_ROW = 20
"""After so many pictures on which the model itself fails, it is the model that is broken."""

FILE_LIMIT = 500_000_000
"""Bytes. Broken file tables give pictures sizes of gigabytes, which would fill the memory."""

_MODEL_FAILED = "the model failed on this picture"
_POLL_SECONDS = 0.2  # an interrupt is noticed within this time, on Windows too

Result = tuple[ImageFile, Prediction]


def triage_files(
    files: Iterable[ImageFile],
    predictor: Predictor,
    *,
    workers: int = 0,
    batch_size: int = 0,
    stop: threading.Event | None = None,
    is_known: Callable[[str], bool] | None = None,
) -> Generator[Result, None, None]:
    """Yield one prediction a file, in the order of `files`.

    `workers` 0 is one a processor core, `batch_size` 0 what suits the model's device.

    A file that cannot be read or decoded comes back as `unreadable` or `truncated` with the reason.
    `is_known`, called from several threads with a content key, spares the model a picture that the
    season has seen already. When `stop` is set, what is in flight is finished and yielded, then the
    iterator ends; when it is closed, no worker of it is left. Raises `CardError` when a card
    vanishes and `ModelError` when the model fails on everything.
    """
    stop = stop or threading.Event()
    workers = workers or os.cpu_count() or 1
    batches = in_batches(files, batch_size or predictor.default_batch_size)
    in_flight: deque[Future[list[Result]]] = deque()
    failures = 0
    with ThreadPoolExecutor(workers, thread_name_prefix="triage") as pool:
        try:
            more = True
            while more or in_flight:
                while more and not stop.is_set() and len(in_flight) < workers * LOOK_AHEAD:
                    batch = next(batches, None)
                    if batch is None:
                        more = False
                    else:
                        in_flight.append(pool.submit(_triage, batch, predictor, is_known))
                if stop.is_set():
                    more = False
                if not in_flight:
                    continue
                for result in _wait(in_flight.popleft()):
                    if _failed(result):
                        failures += 1
                    elif result[1].state.is_label:
                        failures = 0  # what never reached the model says nothing of it
                    if failures >= FAILURES_IN_A_ROW:
                        raise ModelError(
                            f"The model failed on {failures} pictures in a row, last on "
                            f"{result[0].path}: {result[1].reason}. Try another --device, or "
                            "install the model again; what was done before is kept."
                        )
                    yield result
        finally:
            for future in in_flight:
                future.cancel()


def _wait(future: Future[list[Result]]) -> list[Result]:
    while True:
        try:
            return future.result(timeout=_POLL_SECONDS)
        except TimeoutError:
            if future.done():  # the worker itself raised a TimeoutError
                return future.result()


def _triage(
    batch: list[ImageFile], predictor: Predictor, is_known: Callable[[str], bool] | None
) -> list[Result]:
    """Take one batch through all stages; pictures that fail early do not reach the model."""
    read = [_read(file, predictor.frame_side, is_known) for file in batch]
    verdicts = iter(_judge([look for _, look in read if look is not None], predictor))
    results = []
    for file, (prediction, look) in zip(batch, read, strict=True):
        if look is not None:
            verdict = next(verdicts)
            prediction = replace(
                prediction,
                state=verdict.state,
                confidence=verdict.confidence,
                probabilities=verdict.probabilities,
                detections=verdict.detections,
                reason=verdict.reason,
            )
        results.append((file, prediction))
    return results


def _read(
    file: ImageFile, side: int, is_known: Callable[[str], bool] | None
) -> tuple[Prediction, Look | None]:
    """Read and decode one file; gives what is known so far, and what the model is to look at."""
    known = Prediction(path=file.path, state=State.PENDING)
    try:
        data = read_file(file)
        known = replace(
            known,
            content_key=content_key(data),
            capture=resolve_time(parse_capture(data), file.path.name, file.modified_ns),
        )
        if is_known is not None and is_known(known.content_key):
            return replace(known, state=State.DUPLICATE), None
        frame = decode_frame(data, side)
    except TruncatedPicture as error:
        return replace(known, state=State.TRUNCATED, reason=str(error)), None
    except UnreadablePicture as error:
        return replace(known, state=State.UNREADABLE, reason=str(error)), None
    known = replace(known, width=frame.width, height=frame.height, infrared=frame.infrared)
    return known, Look(data, frame)


def _judge(looks: list[Look], predictor: Predictor) -> list[Verdict]:
    """Ask the model; when it fails on a batch, halve it until the guilty picture is found."""
    if not looks:
        return []
    try:
        return predictor.judge(looks)
    except UnreadablePicture as error:  # its full size does not decode: the picture's own fault
        state = State.TRUNCATED if isinstance(error, TruncatedPicture) else State.UNREADABLE
        verdict = Verdict(state, reason=str(error))
    except Exception as error:
        # Whatever one picture does to the model must not cost the others their result.
        log.warning("the model failed on a batch of %d", len(looks), exc_info=True)
        reason = " ".join(str(error).split()) or type(error).__name__
        verdict = Verdict(State.UNREADABLE, reason=f"{_MODEL_FAILED}: {reason}")
    if len(looks) == 1:
        return [verdict]
    half = len(looks) // 2
    return _judge(looks[:half], predictor) + _judge(looks[half:], predictor)


def _failed(result: Result) -> bool:
    return result[1].reason.startswith(_MODEL_FAILED)


def read_file(file: ImageFile) -> bytes:
    """Read a whole file once; raises `UnreadablePicture`, or `CardError` when its card is gone."""
    if file.size > FILE_LIMIT:
        raise UnreadablePicture(
            f"{file.size:,} bytes are too many for a picture: the card's file table may be broken"
        )
    try:
        return file.path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        if _is_gone(file.card):
            raise CardError(
                f"The card {file.card} is gone ({reason}). Put it back and run the same command "
                "again: what is done is kept."
            ) from error
        raise UnreadablePicture(f"the file cannot be read: {reason}") from error


def _is_gone(card: Path) -> bool:
    """True when a card cannot be listed, or only an empty mount point is left of it."""
    try:
        with os.scandir(card) as entries:
            return next(entries, None) is None
    except OSError:
        return True
