"""From a clip's bytes to some of its frames, by time or by what changes; strict on damage.

A clip is decoded as its makers' decoders do it, but an error in its data is an error here: what a
decoder would paint over in grey is not looked at. Memory and time are bounded by what is taken: at
most `LONGEST_DECODE` frames are decoded, and a long clip is searched from key frame to key frame.
Nothing here imports PyAV before it is asked for a frame.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels.decode import Pixels
from camtrap.pixels.limits import reason_of
from camtrap.video.change import GLANCE_SIZE, Kept, glance_at, kept_after

log = logging.getLogger(__name__)

FRAME_PIXELS = 36_000_000
"""Pixels of one frame, at the most: 8K. A header that claims more is broken."""

LONGEST_DECODE = 20_000
"""Frames that are decoded of one clip; eleven minutes at 30 a second."""

SEEK_SECONDS = 5.0
"""Where samples lie farther apart than this, the decoder jumps to the key frame before each."""

SHORT_BY = 1.5
"""Seconds that a clip may end before its container says, or a tenth of it, whichever is more."""

GAP = 1.0
"""Seconds between two frames, the second of which does not stand for itself, that tell of frames
which are missing."""

COMPARED_EVERY = 0.1
"""Seconds between two frames that are compared, at the least."""

STEADY = 3
"""By change, one frame in so many of those that by time would be taken is taken in any case."""

_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of a clip are looked at: so many a second, and no more than `most` in all.

    Longer clips are sampled more thinly, over all of their length. With `by_change`, frames are
    taken where the picture changes most, and a third as many a second in any case; clips that are
    too long to be decoded as a whole are sampled by time.
    """

    per_second: float = 1.0
    most: int = 20
    by_change: bool = False


class Still(NamedTuple):
    """One frame: seconds from the clip's beginning, and the upright picture as a JPEG.

    Twenty frames of 4K take 500 MB as pixels and 50 MB as the least compressed JPEG.
    """

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Sampled:
    """Frames of a clip; `damage` says what is wrong with the rest of it, empty for nothing.

    `duration_s` is None where the container does not tell; `tags` are its metadata.
    """

    stills: tuple[Still, ...]
    duration_s: float | None
    tags: dict[str, str]
    damage: str = ""


def is_installed() -> bool:
    """True where clips can be read."""
    return find_spec("av") is not None


def sample(data: bytes, sampling: Sampling | None = None) -> Sampled:
    """Take frames of a clip, the first one always among them.

    Raises `TruncatedPicture` for a clip that ends before its first frame, and `UnreadablePicture`
    for one that cannot be decoded, holds no moving picture, or claims frames out of measure.
    """
    sampling = sampling or Sampling()
    with _opened(data) as container:
        stream = _stream_of(container)
        duration = _duration(container, stream)
        reader = _Reader(container, stream)
        if sampling.by_change and _is_decoded_whole(stream, duration):
            stills = _by_change(reader, sampling)
        else:
            step = _step(sampling, duration)
            stills = list(_by_time(reader, step, sampling.most, duration))
        if not stills:
            if reader.damage or _is_cut(data):
                raise TruncatedPicture(
                    f"the clip ends before its first frame{_told(reader.damage)}"
                )
            raise UnreadablePicture("the clip holds no frame")
        tags = {**dict(container.metadata), **dict(stream.metadata)}
        damage = reader.damage or _missing(reader.last, duration)
    return Sampled(tuple(stills), duration, tags, damage)


def frame_at(data: bytes, seconds: float) -> bytes:
    """The frame of a clip at a moment that `sample` gave, as a JPEG; raises as `sample`."""
    with _opened(data) as container:
        stream = _stream_of(container)
        reader = _Reader(container, stream)
        last: Still | None = None
        if seconds > SEEK_SECONDS:
            reader.seek(seconds)
        for still in reader.stills(seconds - 1e-3):
            return still.data
        for still in _Reader(container, stream, rewind=True).stills(0.0):
            last = still
            if still.seconds >= seconds - 1e-3:
                break
    if last is None:
        raise UnreadablePicture("the clip holds no frame")
    return last.data


class _Reader:
    """Frames of an opened clip in their order; notes damage and goes on behind it."""

    def __init__(self, container: Any, stream: Any, *, rewind: bool = False) -> None:
        self._container = container
        self._stream = stream
        self._decoded = 0
        self._is_lost = False
        self._is_steady = False  # frames follow each other, with no jump between
        self.damage = ""
        self.last = 0.0
        start = stream.start_time
        self._start = float(start * stream.time_base) if start and stream.time_base else 0.0
        if rewind:
            self.seek(0.0)

    def seek(self, seconds: float) -> None:
        """Go to the last key frame before a moment."""
        if self._stream.time_base is None:
            return
        import av

        self._is_steady = False
        place = int((max(seconds, 0.0) + self._start) / self._stream.time_base)
        try:
            self._container.seek(place, stream=self._stream, backward=True)
        except (av.FFmpegError, ValueError, OverflowError) as error:
            self._note(error)

    def stills(self, least: float) -> Iterator[Still]:
        """Frames from a moment on, as RGB."""
        for seconds, frame in self.frames():
            if seconds >= least:
                yield Still(seconds, as_jpeg(_upright(frame)))

    def frames(self) -> Iterator[tuple[float, Any]]:
        """Seconds and frame, of all that decode."""
        import av

        packets = self._container.demux(self._stream)
        while self._decoded < LONGEST_DECODE:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.is_corrupt:
                    self._note(None)
                frames = packet.decode()
            except (av.FFmpegError, ValueError, EOFError) as error:
                self._note(error)
                if isinstance(error, EOFError):
                    return
                self._decoded += 1  # so that a clip of nothing but errors ends as well
                continue
            for frame in frames:
                self._decoded += 1
                if frame.is_corrupt:
                    self._note(None)
                time = frame.time
                seconds = self.last if time is None else max(float(time) - self._start, 0.0)
                if self._is_steady and seconds - self.last > GAP and not frame.key_frame:
                    self._note(None)
                self._is_steady = True
                # What lies behind damage is made of frames that are not there, up to the next
                # one that stands for itself.
                self._is_lost = self._is_lost and not frame.key_frame
                if frame.is_corrupt or self._is_lost:
                    continue
                if frame.width * frame.height > FRAME_PIXELS:
                    raise UnreadablePicture(_too_large(frame.width, frame.height))
                self.last = max(self.last, seconds)
                yield seconds, frame

    def _note(self, error: BaseException | None) -> None:
        log.debug("a clip is damaged: %r", error)
        self._is_lost = True
        if error is None:
            self.damage = self.damage or "a part of its data is missing"
            return
        self.damage = self.damage or f"a part of it does not decode ({_said(error)})"


def _by_time(reader: _Reader, step: float, most: int, duration: float | None) -> Iterator[Still]:
    """One frame every `step` seconds; the rest of the clip is decoded too, to know that it is."""
    wanted, taken = 0.0, 0
    if step > SEEK_SECONDS and duration is not None:
        while taken < most and wanted <= duration:
            if wanted:
                reader.seek(wanted)
            still = next(reader.stills(wanted - 1e-3), None)
            if still is None:
                return
            yield still
            taken += 1
            wanted = max(wanted + step, still.seconds + 1e-3)
        return
    for seconds, frame in reader.frames():
        if taken < most and seconds >= wanted - 1e-3:
            yield Still(seconds, as_jpeg(_upright(frame)))
            taken += 1
            wanted += step * max(1, int((seconds - wanted) / step) + 1)


def _by_change(reader: _Reader, sampling: Sampling) -> list[Still]:
    """Frames where the picture changes most; which they are, `video.change` decides."""
    kept: tuple[Kept, ...] = ()
    stills: dict[int, Still] = {}
    steady = STEADY / max(sampling.per_second, 1e-3)
    due = 0.0
    for number, (seconds, frame) in enumerate(reader.frames()):
        if seconds < due - 1e-3:
            continue
        due = seconds + COMPARED_EVERY
        seen = glance_at(_small(frame))
        kept = kept_after(kept, number, seconds, seen, sampling.most, steady)
        if kept[-1].number == number:
            stills[number] = Still(seconds, as_jpeg(_upright(frame)))
            stills = {each.number: stills[each.number] for each in kept}
    return list(stills.values())


def _small(frame: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A frame as the greys it is compared by, each the mean of its part of the frame."""
    width, height = GLANCE_SIZE
    small = frame.reformat(width=width, height=height, format="gray", interpolation="AREA")
    pixels: np.ndarray[Any, np.dtype[np.uint8]] = small.to_ndarray()
    return pixels


def _is_decoded_whole(stream: Any, duration: float | None) -> bool:
    """True for a clip that has no more frames than are decoded, as far as is known."""
    rate = stream.average_rate
    return duration is None or not rate or duration * float(rate) <= LONGEST_DECODE


def _step(sampling: Sampling, duration: float | None) -> float:
    """Seconds between two frames that are taken."""
    step = 1.0 / max(sampling.per_second, 1e-3)
    return step if duration is None else max(step, duration / max(sampling.most, 1))


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open a clip's container; whatever PyAV raises inside becomes an error of our own."""
    if not data:
        raise UnreadablePicture("the file is empty (0 bytes)")
    if data.count(0) == len(data):
        raise UnreadablePicture("not a clip: the file holds nothing but zeros")
    import av

    try:
        with av.open(io.BytesIO(data), metadata_errors="ignore") as container:
            yield container
    except UnreadablePicture:
        raise
    except Exception as error:
        # FFmpeg's demuxers trip over anything, as Pillow's decoders do.
        if isinstance(error, MemoryError):
            raise UnreadablePicture(reason_of(error)) from error
        if _is_cut(data):
            raise TruncatedPicture("the clip was cut short: its index is missing") from error
        raise UnreadablePicture(f"the clip cannot be read ({_said(error)})") from error


def _stream_of(container: Any) -> Any:
    if not container.streams.video:
        raise UnreadablePicture("the clip holds no moving picture")
    stream = container.streams.video[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > FRAME_PIXELS:
        raise UnreadablePicture(_too_large(width, height))
    # Threads of its own would take the cores of the others, and change nothing else.
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"err_detect": "explode"}
    return stream


def _too_large(width: int, height: int) -> str:
    limit = FRAME_PIXELS // 1_000_000
    return f"frames of {width:,} x {height:,} pixels are over the limit of {limit} megapixels"


def _duration(container: Any, stream: Any) -> float | None:
    """Seconds, as the stream or the container says; None where neither does."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


def _missing(last: float, duration: float | None) -> str:
    """What is wrong with a clip that ends before its container says."""
    if duration is None or duration - last <= max(SHORT_BY, duration / 10):
        return ""
    return f"it ends after {last:.1f} of {duration:.1f} seconds"


def _is_cut(data: bytes) -> bool:
    """True for an MP4 or MOV whose index, which lies behind the pictures, is not there any more."""
    is_mp4 = data[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip")
    return is_mp4 and b"moov" not in data[:4096] and b"moov" not in data


def _upright(frame: Any) -> Pixels:
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns) if turns else pixels)


def _said(error: BaseException) -> str:
    """What FFmpeg said, without its numbers and the name that bytes in memory have there."""
    words = getattr(error, "strerror", None)
    return words if isinstance(words, str) and words else reason_of(error)


def _told(damage: str) -> str:
    return f": {damage}" if damage else ""


def as_jpeg(pixels: Pixels) -> bytes:
    """A frame as a picture's file; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
