"""From settings to the rules by which files are looked at, for a season and for `api` alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial

from camtrap.config import FRAMES_BY_CHANGE, Settings
from camtrap.engine.clips import looked_at
from camtrap.engine.local import Result, triage_files
from camtrap.engine.stages import ClipRule
from camtrap.engine.tiling import Tiling
from camtrap.pixels.decode import Decode, decode_frame
from camtrap.pixels.limits import LIMITS, Limits
from camtrap.records import ImageFile, Prediction
from camtrap.video.frames import Sampling
from camtrap.vision.predictor import Look, Predictor


def triaged(
    files: Iterable[ImageFile],
    predictor: Predictor | Sequence[Predictor],
    settings: Settings,
    *,
    stop: threading.Event | None = None,
    is_known: Callable[[str], bool] | None = None,
) -> Generator[Result, None, None]:
    """`triage_files` by what settings say; raises alike, and as `decoder_of`."""
    return triage_files(
        files,
        predictor,
        workers=settings.workers,
        batch_size=settings.batch_size,
        stop=stop,
        is_known=is_known,
        decode=decoder_of(settings, predictor),
        metadata_limit=limits_of(settings).metadata,
        tiling=tiling_of(settings),
        clips=clips_of(settings),
    )


def decoder_of(settings: Settings, predictor: Predictor | Sequence[Predictor]) -> Decode:
    """What decodes pictures; raises `ModelError` where a GPU is to do it and there is none."""
    limits = limits_of(settings)
    if settings.decoder == "cpu":
        return decode_frame if limits == LIMITS else partial(decode_frame, limits=limits)
    from camtrap.pixels.gpu import gpu_decoder

    first = predictor if isinstance(predictor, Predictor) else predictor[0]
    return gpu_decoder(first.backend.device, limits)


def clips_of(settings: Settings) -> ClipRule:
    """What takes frames of clips; which clips are to be read was told when the card was listed."""
    sampling = sampling_of(settings)
    limits = limits_of(settings)

    def look(
        known: Prediction, data: bytes, side: int, modified_ns: int
    ) -> tuple[Prediction, Look]:
        return looked_at(known, data, side, sampling, modified_ns, limits)

    return look


def sampling_of(settings: Settings) -> Sampling:
    """Which frames of a clip are taken."""
    by_change = settings.clip_frames_by == FRAMES_BY_CHANGE
    return Sampling(settings.clip_frames_per_second, settings.clip_frames, by_change)


def tiling_of(settings: Settings) -> Tiling:
    """Which pictures are looked at tile by tile."""
    return Tiling(settings.drone, limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """What one picture may ask for, in single pixels and bytes."""
    return Limits(round(settings.pixel_limit * 1e6), round(settings.metadata_limit * 1e6))
