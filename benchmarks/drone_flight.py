"""What the model finds from above: a flight made in code, tile by tile; prints Markdown.

    python benchmarks/drone_flight.py --frames 200 --judge 10 --write
    python benchmarks/drone_flight.py --pitch 45 --scales 2

A flight of frames that overlap by 70% over ground with painted animals of some 30 to 100 pixels.
Of the flight, `--judge` frames spread evenly are judged, each tile by tile and as an ordinary
picture. An animal counts as found where a box overlaps it by 0.3 (intersection over union). See
`flight_scene.py` for what such pictures can and cannot tell.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flight_scene import LABELS, Shot, flight
from PIL import Image

from camtrap import __version__
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.fit import overlap
from camtrap.pixels.tiles import plan_tiles
from camtrap.records import Box
from camtrap.vision import tiled
from camtrap.vision.predictor import Look, Predictor, Verdict, load_predictor
from camtrap.vision.proposals import Proposal

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
FOUND, TOUCHED = 0.3, 0.1
SIZE = (4000, 3000)
SCORES = (0.005, 0.05, 0.2, 0.5)
SHORT, LONG = 40, 70
"""Pixels of an animal's longer side that part the three groups."""


@dataclass(slots=True)
class Count:
    """What one way of looking found in all frames that were judged."""

    frames: int = 0
    seconds: float = 0.0
    animals: int = 0
    proposed: Counter[float] = field(default_factory=Counter)
    false: Counter[float] = field(default_factory=Counter)
    shown: int = 0
    named: int = 0
    shown_false: int = 0
    by_length: Counter[str] = field(default_factory=Counter)
    found_by_length: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    empty_states: Counter[str] = field(default_factory=Counter)

    def add(self, shot: Shot, found: Sequence[Proposal], verdict: Verdict, seconds: float) -> None:
        """Add what was found in one frame."""
        self.frames += 1
        self.seconds += seconds
        self.animals += len(shot.animals)
        for score in SCORES:
            boxes = [proposal.box for proposal in found if proposal.score >= score]
            self.proposed[score] += sum(is_there(drawn.box, boxes, FOUND) for drawn in shot.animals)
            self.false[score] += false_ones(boxes, shot)
        boxes = [detection.box for detection in verdict.detections]
        self.shown_false += false_ones(boxes, shot)
        for box, species, _ in shot.animals:
            length = length_of(box)
            self.by_length[length] += 1
            hits = [d for d in verdict.detections if overlap(box, d.box) >= FOUND]
            self.shown += bool(hits)
            self.found_by_length[length] += bool(hits)
            self.named += any(hit.label == LABELS.get(species, "other") for hit in hits)
        (self.states if shot.animals else self.empty_states)[verdict.state] += 1


def is_there(box: Box, boxes: Sequence[Box], least: float) -> bool:
    """True where one of the boxes overlaps this one by so much."""
    return any(overlap(box, other) >= least for other in boxes)


def false_ones(boxes: Sequence[Box], shot: Shot) -> int:
    """Boxes that touch no animal."""
    true = [drawn.box for drawn in shot.animals]
    return sum(not is_there(box, true, TOUCHED) for box in boxes)


def length_of(box: Box) -> str:
    """The group of an animal's longer side."""
    pixels = max(box.width * SIZE[0], box.height * SIZE[1])
    return f"under {SHORT}" if pixels < SHORT else f"over {LONG}" if pixels > LONG else "between"


def judge(
    model: Predictor, shot: Shot, scales: tuple[float, ...], counts: dict[str, Count]
) -> None:
    """Judge one frame in both ways."""
    buffer = io.BytesIO()
    Image.fromarray(shot.pixels).save(buffer, "JPEG", quality=92)
    data = buffer.getvalue()
    frame = decode_frame(data, model.frame_side)
    tiles = plan_tiles(frame.width, frame.height, scales=scales)
    for name, plan in (("tile by tile", tiles), ("as an ordinary picture", ())):
        began = time.perf_counter()
        with noted() as proposed:
            [verdict] = model.judge([Look(data, frame, plan)])
        seconds = time.perf_counter() - began
        found: Sequence[Proposal] = proposed
        if not plan:
            [found] = model.first_look([frame.pixels])
        counts[name].add(shot, found, verdict, seconds)


@contextmanager
def noted() -> Iterator[list[Proposal]]:
    """What the tiles of a picture propose, while it is judged."""
    kept: list[Proposal] = []
    original = tiled.look_at_tiles

    def look(*arguments: Any) -> tuple[Proposal, ...]:
        found = original(*arguments)
        kept.extend(found)
        return found

    tiled.look_at_tiles = look  # type: ignore[assignment]
    try:
        yield kept
    finally:
        tiled.look_at_tiles = original


def report(arguments: argparse.Namespace, model: Predictor, counts: dict[str, Count]) -> str:
    """All of it as Markdown."""
    first = next(iter(counts.values()))
    tiles = len(plan_tiles(*SIZE, scales=tuple(arguments.scales)))
    lines = [
        f"## a flight made in code, {arguments.pitch} degrees down, camtrap {__version__} "
        f"({model.info.name} {model.info.version}), {date.today()}",
        "",
        f"{first.frames} of {arguments.frames} frames of {SIZE[0]} x {SIZE[1]} judged on "
        f"{model.backend}, {tiles} tiles each (scales: {arguments.scales or 'all from 1 on'}), "
        f"{arguments.gsd * 100:g} cm a pixel; {first.animals} sightings of painted animals. "
        f"Command: `python benchmarks/drone_flight.py {arguments.said}`.",
        "",
        "|  | " + " | ".join(counts) + " |",
        "|---|" + "---|" * len(counts),
    ]

    def row(name: str, values: Sequence[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(values) + " |")

    ways = list(counts.values())
    row("seconds a frame, one thread", [f"{c.seconds / max(c.frames, 1):.1f}" for c in ways])
    for score in SCORES:
        row(
            f"first look, score of {score} or more: animals found; false boxes a frame",
            [f"{c.proposed[score]}/{c.animals}; {c.false[score] / c.frames:.1f}" for c in ways],
        )
    row("animals among the boxes of the verdict", [f"{c.shown}/{c.animals}" for c in ways])
    for length in sorted(first.by_length):
        row(
            f"- {length} pixels long",
            [f"{c.found_by_length[length]}/{c.by_length[length]}" for c in ways],
        )
    row("- of those, with the right label", [f"{c.named}/{c.shown}" for c in ways])
    row("false boxes a frame", [f"{c.shown_false / c.frames:.1f}" for c in ways])
    row("states of frames with animals", [told(c.states) for c in ways])
    row("states of frames without", [told(c.empty_states) for c in ways])
    return "\n".join(lines) + "\n"


def told(states: Counter[str]) -> str:
    """Counts in words."""
    return ", ".join(f"{count} {state}" for state, count in states.most_common()) or "-"


def main() -> None:
    """Make a flight, judge some of it, print."""
    parser = argparse.ArgumentParser(description="What the model finds from above.")
    parser.add_argument("--frames", type=int, default=200, help="frames of the flight")
    parser.add_argument("--judge", type=int, default=10, help="frames that are judged")
    parser.add_argument("--pitch", type=int, default=90, help="degrees below the horizon")
    parser.add_argument("--gsd", type=float, default=0.025, help="metres a pixel")
    parser.add_argument("--animals", type=float, default=1.0, help="new animals a frame")
    parser.add_argument("--scales", type=float, nargs="*", default=[])
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--write", action="store_true", help=f"also append to {RESULTS.name}")
    arguments = parser.parse_args()
    arguments.said = f"--frames {arguments.frames} --judge {arguments.judge} " + (
        f"--pitch {arguments.pitch} --animals {arguments.animals:g} --backend {arguments.backend}"
        + (f" --scales {' '.join(map(str, arguments.scales))}" if arguments.scales else "")
    )
    model = load_predictor(backend=arguments.backend, device="cpu")
    counts = {"tile by tile": Count(), "as an ordinary picture": Count()}
    step = max(1, arguments.frames // arguments.judge)
    shots = flight(
        arguments.frames, SIZE, arguments.gsd, arguments.animals,
        pitch=arguments.pitch, only=range(step // 2, arguments.frames, step),
    )  # fmt: skip
    for shot in shots:
        judge(model, shot, tuple(arguments.scales), counts)
    text = report(arguments, model, counts)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n" + text)


if __name__ == "__main__":
    main()
