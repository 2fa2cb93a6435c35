"""What happens to one file of a card: read, decode, judge; plain functions that a loop calls."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from camtrap.card.clock import resolve_time
from camtrap.card.content import content_key
from camtrap.card.exif import parse_capture
from camtrap.card.header import METADATA_LIMIT
from camtrap.errors import CardError, TruncatedPicture, UnreadablePicture
from camtrap.pixels.decode import Decode, decode_frame
from camtrap.pixels.limits import reason_of
from camtrap.records import ImageFile, Prediction, State
from camtrap.vision.predictor import Look, Predictor, Verdict

log = logging.getLogger(__name__)

FILE_LIMIT = 500_000_000
"""Bytes. Broken file tables give pictures sizes of gigabytes, which would fill the memory."""

_MODEL_FAILED = "the model failed on this picture"


def read_file(file: ImageFile) -> bytes:
    """Read a whole file once; raises `UnreadablePicture`, or `CardError` when its card is gone."""
    _check_size(file.size)
    try:
        # Once more: since the card was listed, the name may have become something else, and to
        # read a pipe may never end.
        status = file.path.stat()
    except OSError:
        pass  # to read it tells more
    else:
        _check_size(status.st_size)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadablePicture("not a regular file any more")
    try:
        return file.path.read_bytes()
    except MemoryError as error:
        raise UnreadablePicture("there is not enough memory to read this file") from error
    except OSError as error:
        reason = error.strerror or str(error)
        if _is_gone(file.card):
            raise CardError(
                f"The card {file.card} is gone ({reason}). Put it back and run the same command "
                "again: what is done is kept."
            ) from error
        raise UnreadablePicture(f"the file cannot be read: {reason}") from error


def _check_size(size: int) -> None:
    if size > FILE_LIMIT:
        raise UnreadablePicture(
            f"{size:,} bytes are too many for a picture: the card's file table may be broken"
        )


def _is_gone(card: Path) -> bool:
    """True when a card cannot be listed, or only an empty mount point is left of it."""
    try:
        with os.scandir(card) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def decoded(
    file: ImageFile,
    data: bytes,
    side: int,
    is_known: Callable[[str], bool] | None = None,
    decode: Decode = decode_frame,
    metadata_limit: int = METADATA_LIMIT,
) -> tuple[Prediction, Look | None]:
    """Key, metadata and pixels of one file; without a look where nothing is left to be judged.

    Metadata of more than `metadata_limit` bytes are not read; `decode` has limits of its own.
    """
    try:
        return _decoded(file, data, side, is_known, decode, metadata_limit)
    except MemoryError as error:
        known = Prediction(path=file.path, state=State.PENDING)
        return failed(known, UnreadablePicture(reason_of(error))), None


def _decoded(
    file: ImageFile,
    data: bytes,
    side: int,
    is_known: Callable[[str], bool] | None,
    decode: Decode,
    metadata_limit: int,
) -> tuple[Prediction, Look | None]:
    known = Prediction(
        path=file.path,
        state=State.PENDING,
        content_key=content_key(data),
        capture=resolve_time(parse_capture(data, metadata_limit), file.path.name, file.modified_ns),
    )
    if is_known is not None and is_known(known.content_key):
        return replace(known, state=State.DUPLICATE), None
    try:
        frame = decode(data, side)
    except UnreadablePicture as error:
        return failed(known, error), None
    known = replace(
        known, width=frame.width, height=frame.height, infrared=frame.infrared, reason=frame.note
    )
    return known, Look(data, frame)


def failed(known: Prediction, error: UnreadablePicture) -> Prediction:
    """What is known of a file, and that it could not be read or decoded, and why."""
    state = State.TRUNCATED if isinstance(error, TruncatedPicture) else State.UNREADABLE
    return replace(known, state=state, reason=str(error))


def judged(known: Prediction, verdict: Verdict) -> Prediction:
    """What is known of a file, with what the model says of it."""
    return replace(
        known,
        state=verdict.state,
        confidence=verdict.confidence,
        probabilities=verdict.probabilities,
        detections=verdict.detections,
        reason=verdict.reason or known.reason,
    )


def judge(looks: Sequence[Look], predictor: Predictor) -> list[Verdict]:
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
        verdict = Verdict(State.UNREADABLE, reason=f"{_MODEL_FAILED}: {reason_of(error)}")
    if len(looks) == 1:
        return [verdict]
    half = len(looks) // 2
    return judge(looks[:half], predictor) + judge(looks[half:], predictor)


def is_the_models_fault(prediction: Prediction) -> bool:
    """True where it was the model that failed, not the picture."""
    return prediction.reason.startswith(_MODEL_FAILED)
