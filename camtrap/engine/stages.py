"""What happens to one file of a card: read, decode, judge; plain functions that a loop calls."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from camtrap.batches import in_batches
from camtrap.card.clock import resolve_time
from camtrap.card.content import content_key
from camtrap.card.exif import parse_capture
from camtrap.card.header import METADATA_LIMIT
from camtrap.card.scan import is_video
from camtrap.drone.flight import DroneCapture
from camtrap.engine.clips import fused_verdict, judged_clip
from camtrap.errors import CardError, TruncatedPicture, UnreadablePicture
from camtrap.pixels.decode import Decode, Frame, decode_frame
from camtrap.pixels.limits import reason_of
from camtrap.pixels.tiles import Tile
from camtrap.records import Capture, ImageFile, Prediction, State
from camtrap.vision.predictor import Look, Predictor, Verdict

log = logging.getLogger(__name__)

FILE_LIMIT = 500_000_000
"""Bytes. Broken file tables give pictures sizes of gigabytes, which would fill the memory."""


ClipRule = Callable[[Prediction, bytes, int, int], tuple[Prediction, Look]]
"""From what is known of a clip, its bytes, the longer side of frames and the file's time to looks
at its frames; `engine.clips` has it. Raises as a picture's decode."""


class TilingRule(Protocol):
    """Which pictures are looked at tile by tile, and how; `engine.tiling` has it."""

    def drone_of(self, data: bytes, capture: Capture) -> DroneCapture | None: ...
    def frame(self, data: bytes, side: int) -> Frame: ...
    def tiles(self, drone: DroneCapture, width: int, height: int) -> tuple[Tile, ...]: ...


_MODEL_FAILED = "the model failed on this picture"


def read_file(file: ImageFile) -> bytes:
    """Read a whole file once; raises `UnreadablePicture`, or `CardError` when its card is gone."""
    _check_size(file, file.size)
    try:
        # Once more: since the card was listed, the name may have become something else, and to
        # read a pipe may never end.
        status = file.path.stat()
    except OSError:
        pass  # to read it tells more
    else:
        _check_size(file, status.st_size)
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


def _check_size(file: ImageFile, size: int) -> None:
    if size <= FILE_LIMIT:
        return
    if is_video(file.path.name):
        raise UnreadablePicture(
            f"a clip of {size:,} bytes: more than {FILE_LIMIT:,} are too many to be read at once"
        )
    raise UnreadablePicture(
        f"{size:,} bytes are too many for one file: the card's file table may be broken"
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
    tiling: TilingRule | None = None,
    clips: ClipRule | None = None,
) -> tuple[Prediction, Look | None]:
    """Key, metadata and pixels of one file; without a look where nothing is left to be judged.

    Metadata of more than `metadata_limit` bytes are not read; `decode` has limits of its own.
    `tiling` says which pictures are looked at tile by tile; none are without it. `clips` takes
    frames of videos.
    """
    try:
        return _decoded(file, data, side, is_known, decode, metadata_limit, tiling, clips)
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
    tiling: TilingRule | None,
    clips: ClipRule | None,
) -> tuple[Prediction, Look | None]:
    is_clip = clips is not None and is_video(file.path.name)
    said = Capture() if is_clip else parse_capture(data, metadata_limit)
    known = Prediction(
        path=file.path,
        state=State.PENDING,
        content_key=content_key(data),
        capture=resolve_time(said, file.path.name, file.modified_ns),
    )
    if is_known is not None and is_known(known.content_key):
        return replace(known, state=State.DUPLICATE), None
    if clips is not None and is_clip:
        try:
            return clips(known, data, side, file.modified_ns)
        except UnreadablePicture as error:
            return failed(known, error), None
    drone = tiling.drone_of(data, known.capture) if tiling is not None else None
    known = replace(known, aerial=drone)
    tiles: tuple[Tile, ...] = ()
    try:
        if drone is not None and tiling is not None:
            frame = tiling.frame(data, side)
            tiles = tiling.tiles(drone, frame.width, frame.height)
        else:
            frame = decode(data, side)
    except UnreadablePicture as error:
        return failed(known, error), None
    known = replace(
        known, width=frame.width, height=frame.height, infrared=frame.infrared, reason=frame.note
    )
    return known, Look(data, frame, tiles)


def failed(known: Prediction, error: UnreadablePicture) -> Prediction:
    """What is known of a file, and that it could not be read or decoded, and why."""
    state = State.TRUNCATED if isinstance(error, TruncatedPicture) else State.UNREADABLE
    return replace(known, state=state, reason=str(error))


def judged(known: Prediction, verdict: Verdict) -> Prediction:
    """What is known of a file, with what the model says of it."""
    if known.clip is not None:
        return judged_clip(known, verdict)
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
    if any(look.stills for look in looks):
        return [_judge_clip(look, predictor) if look.stills else judge([look], predictor)[0]
                for look in looks]  # fmt: skip
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


def _judge_clip(look: Look, predictor: Predictor) -> Verdict:
    """A few frames at a time, so that a clip takes no more of a GPU than pictures do."""
    verdicts = []
    for batch in in_batches(look.stills, max(1, predictor.default_batch_size)):
        verdicts += judge([still for _, still in batch], predictor)
    seconds = (at for at, _ in look.stills)
    return fused_verdict(list(zip(seconds, verdicts, strict=True)), predictor.thresholds)


def is_the_models_fault(prediction: Prediction) -> bool:
    """True where it was the model that failed, not the picture."""
    return prediction.reason.startswith(_MODEL_FAILED)
