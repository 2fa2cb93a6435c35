"""Clips made in code with PyAV, as cameras that film write them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from camtrap.pixels.decode import Pixels

SIZE = (160, 96)


def grey(brightness: int, number: int = 0, size: tuple[int, int] = SIZE) -> Pixels:
    """A frame of one grey with a little noise, another for every number."""
    noise = np.random.default_rng(number).integers(-3, 4, (size[1], size[0], 1))
    return np.broadcast_to(np.clip(brightness + noise, 0, 255), (size[1], size[0], 3)).astype(
        np.uint8
    )


def clip(
    frames: Sequence[Pixels],
    container: str = "mp4",
    codec: str = "libx264",
    *,
    rate: int = 5,
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    **said: Any,
) -> bytes:
    """A file of these frames, `rate` a second."""
    import av

    # An index in front is written with the file's own name, so it needs one.
    folder = tempfile.TemporaryDirectory(prefix="camtrap-clip-")
    path = Path(folder.name) / "clip"
    with folder, av.open(str(path), "w", format=container, options=options or {}) as file:
        file.metadata.update(tags or {})
        stream: Any = file.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for name, value in said.items():
            setattr(stream.codec_context, name, value)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
        file.close()
        return path.read_bytes()


def sound(seconds: float = 1.0) -> bytes:
    """A file that holds sound alone."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        stream: Any = file.add_stream("aac", rate=8000)
        samples = np.zeros((1, 1024), np.float32)
        for number in range(int(seconds * 8000 / 1024)):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, number * 1024
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
    return buffer.getvalue()
