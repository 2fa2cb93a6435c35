"""How many animals pass a clip unseen, by time and by change; prints Markdown.

    python benchmarks/clip_frames.py --clips 20 --write

Clips are made in code: ground of noise, grass and twigs in its lower third that sway with the wind,
exposure that flickers, a sensor's noise, and one animal, fur that crosses a part of the picture.
It counts as seen where one of the frames that are taken shows it; whether the model would then find
it is another question. Real grass, rain and snow may be busier than this.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camtrap import __version__
from camtrap.painted.texture import fractal_noise
from camtrap.video.frames import Sampling, sample

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
SIZE = (480, 270)
RATE, SECONDS = 10, 20
WINDS = {"calm": 0.0, "breeze": 4.0, "strong wind": 16.0}
"""By how many pixels grass and twigs sway to each side."""

STAYS = ((0.0, 0.0), (0.3, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 4.0))
"""Seconds for which an animal is in view: from, to; the first are clips without any."""

WAYS = {"by time": Sampling(), "by change": Sampling(by_change=True)}
FLICKER, NOISE = 0.06, 3.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Visit:
    """An animal: when it is in view, its length in pixels, its greys against the ground's."""

    start: float
    end: float
    length: int
    contrast: float


@dataclass(slots=True)
class Count:
    """What one way of taking frames saw."""

    clips: int = 0
    seen: int = 0
    frames: list[int] = field(default_factory=list)
    seconds: float = 0.0


def film(visit: Visit, sway: float, seed: int) -> bytes:
    """A clip with one visit."""
    random = np.random.default_rng(seed)
    width, height = SIZE
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = 40 + 130 * fractal_noise(np.stack([columns / 40, rows / 25], -1), seed, 5)
    blades = 160 * fractal_noise(np.stack([columns / 30, rows / 90], -1), seed + 1, 5) - 80
    grass = np.clip((rows - height * 0.67) / 20, 0, 1)
    fur = _fur(visit, seed)
    gust = np.cumsum(random.normal(0, 1, RATE * SECONDS))
    frames = []
    for number in range(RATE * SECONDS):
        at = number / RATE
        lean = sway * np.sin(gust[number] + rows / 60)
        moved = np.clip(columns + lean, 0, width - 1).astype(np.int32)
        shown = ground + grass * blades[rows.astype(np.int32), moved]
        if visit.start <= at < visit.end:
            _put(shown, fur, 0.15 + 0.6 * (at - visit.start) / (visit.end - visit.start))
        shown *= 1 + FLICKER * np.sin(2.3 * number)
        shown += random.normal(0, NOISE, shown.shape)
        frames.append(np.repeat(shown.clip(0, 255).astype(np.uint8)[..., None], 3, 2))
    return _written(frames)


def _fur(visit: Visit, seed: int) -> Floats:
    """Greys to be added, 0 outside the body: an ellipse half as high as it is long."""
    long, high = visit.length, visit.length // 2
    rows, columns = np.mgrid[0:high, 0:long].astype(np.float32)
    inside = ((columns / long - 0.5) ** 2 + (rows / high - 0.5) ** 2) < 0.25
    spots = fractal_noise(np.stack([columns / 6, rows / 6], -1), seed + 2, 2) - 0.5
    return np.asarray(inside * (visit.contrast + 50 * spots), np.float32)


def _put(shown: Floats, fur: Floats, along: float) -> None:
    high, long = fur.shape
    left = int(along * (SIZE[0] - long))
    top = int(SIZE[1] * 0.6) - high // 2
    shown[top : top + high, left : left + long] += fur


def _written(frames: Sequence[NDArray[np.uint8]]) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as file:
        stream: Any = file.add_stream("mjpeg", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p"
        for pixels in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return buffer.getvalue()


def visits(stay: tuple[float, float], count: int, seed: int) -> Iterator[Visit]:
    """Animals of 6 to 25% of the picture's width, by 20 to 60 greys lighter or darker."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        start = random.uniform(1.0, SECONDS - 1.0 - stay[1])
        yield Visit(
            start,
            start + random.uniform(*stay),
            int(SIZE[0] * random.uniform(0.06, 0.25)),
            random.choice([-1, 1]) * random.uniform(20, 60),
        )


def judged(stay: tuple[float, float], sway: float, clips: int, seed: int) -> dict[str, Count]:
    """Both ways over the same clips."""
    counts = {way: Count() for way in WAYS}
    for number, visit in enumerate(visits(stay, clips, seed)):
        data = film(visit, sway, 1000 * seed + number)
        for way, sampling in WAYS.items():
            began = time.process_time()
            stills = sample(data, sampling).stills
            count = counts[way]
            count.seconds += time.process_time() - began
            count.clips += 1
            # The frame of a moment is the one that was shown before it.
            count.seen += any(visit.start <= each.seconds < visit.end for each in stills)
            count.frames.append(len(stills))
    return counts


def _share(count: Count, stay: tuple[float, float]) -> str:
    return f"{count.seen}/{count.clips}" if stay[1] else "-"


def main() -> None:
    """Print the table; with `--write`, append it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=20, help="of each stay and wind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="append to RESULTS.md")
    said = parser.parse_args()
    lines = [
        f"## frames of clips made in code, camtrap {__version__}, {date.today()}",
        "",
        f"{said.clips} clips of each row, {SECONDS} s of {RATE} frames a second, {SIZE[0]} x "
        f"{SIZE[1]} pixels, one animal each. Seed {said.seed}. Command: `python "
        f"benchmarks/clip_frames.py --clips {said.clips} --seed {said.seed}`.",
        "",
        "| wind | in view, s | seen by time | seen by change | frames by time | by change "
        "| CPU seconds a clip by time | by change |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for wind, sway in WINDS.items():
        for stay in STAYS:
            time_, change = judged(stay, sway, said.clips, said.seed).values()
            view = f"{stay[0]} to {stay[1]}" if stay[1] else "no animal"
            lines.append(
                f"| {wind} | {view} | {_share(time_, stay)} | {_share(change, stay)} "
                f"| {np.mean(time_.frames):.1f} | {np.mean(change.frames):.1f} "
                f"| {time_.seconds / time_.clips:.2f} | {change.seconds / change.clips:.2f} |"
            )
            print(lines[-1], flush=True)
    text = "\n".join(lines)
    print(text)
    if said.write:
        with RESULTS.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{text}\n")


if __name__ == "__main__":
    main()
