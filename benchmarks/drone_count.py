"""A flight made in code from its first frame to its count: what is found, where, and how often.

    python benchmarks/drone_count.py --frames 200 --write

The frames of `flight_scene.py`, with a header each that errs as `camtrap.drone.camera.Errors`
says: GPS is off by the same for the whole flight, all else anew in each frame. The model's boxes
are put on the ground and counted as in use. An animal is found in a frame where a box overlaps it
by 0.3; what was counted is the animal that most of its sightings are of.
"""

from __future__ import annotations

import argparse
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from drone_flight import FOUND, SIZE, false_ones
from flight_scene import LABELS, Drawn, Shot, flight
from PIL import Image

from camtrap import __version__
from camtrap.drone.camera import Errors, View
from camtrap.drone.census import Animal, Sighting, count_animals, sighting_of
from camtrap.drone.ground import DRIFT_M, place_box
from camtrap.drone.local import degrees_of, metres_of
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.fit import overlap
from camtrap.pixels.tiles import plan_tiles, scale_for
from camtrap.records import Detection
from camtrap.vision.predictor import Look, Predictor, load_predictor

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
ORIGIN = (43.1, 131.5)
START = datetime(2026, 1, 10, 9, 0)
SECONDS_A_FRAME = 4
FOCAL = 2773.0
LEAST = 24
"""Pixels of an animal's longer side from which it counts here."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """One frame: what the model found in it, and which animal each of its boxes is of (None for
    what is none); `boxes` are of animals over `LEAST` pixels, by their number."""

    number: int
    top: int
    state: str
    detections: tuple[Detection, ...]
    owners: tuple[int | None, ...]
    boxes: dict[int, Drawn]
    false: int


@dataclass(slots=True)
class Flown:
    """What became of one flight's boxes on the ground, with headers that err in their own way.

    `placed` are metres that a box of an animal is off, and the stated radius.
    """

    placed: list[tuple[float, float]] = field(default_factory=list)
    counted: int = 0
    right: int = 0
    again: int = 0
    false: int = 0


def judge(shot: Shot, model: Predictor, scales: tuple[float, ...]) -> Judged:
    """One frame as a run would judge it."""
    buffer = io.BytesIO()
    Image.fromarray(shot.pixels).save(buffer, "JPEG", quality=92)
    data = buffer.getvalue()
    frame = decode_frame(data, model.frame_side)
    [verdict] = model.judge([Look(data, frame, plan_tiles(*SIZE, scales=scales))])
    owners: list[int | None] = []
    for detection in verdict.detections:
        near = max(shot.animals, key=lambda d: overlap(d.box, detection.box), default=None)
        is_it = near is not None and overlap(near.box, detection.box) >= FOUND
        owners.append(near.animal if near is not None and is_it else None)
    return Judged(
        shot.number,
        shot.top,
        verdict.state,
        verdict.detections,
        tuple(owners),
        {
            each.animal: each
            for each in shot.animals
            if max(each.box.width * SIZE[0], each.box.height * SIZE[1]) > LEAST
        },
        false_ones([each.box for each in verdict.detections], shot),
    )


def on_the_ground(frames: Sequence[Judged], gsd: float, seed: int) -> Flown:
    """Put all boxes on the ground by headers that err, count, and compare with the truth."""
    random = np.random.default_rng(seed)
    drift = random.normal(0, Errors().position_m, 2)
    flown = Flown()
    sightings: list[Sighting] = []
    animal_of: dict[str, int | None] = {}
    for frame in frames:
        view = header(frame.top, gsd, (drift[0], drift[1]), random)
        moment = START + timedelta(seconds=SECONDS_A_FRAME * frame.number)
        for place, (detection, animal) in enumerate(
            zip(frame.detections, frame.owners, strict=True)
        ):
            key, name = f"{frame.number}#{place}", f"{frame.number:04}"
            placed = place_box(view, detection.box, detection.label)
            sighting = sighting_of(key, name, placed, detection.label, detection.confidence, moment)
            if sighting is None:
                continue
            sightings.append(sighting)
            animal_of[key] = animal
            if animal in frame.boxes:
                box = frame.boxes[animal].box
                at = middle(
                    frame.top + (box.y + box.height / 2) * SIZE[1],
                    (box.x + box.width / 2) * SIZE[0],
                    gsd,
                )
                said = metres_of(*ORIGIN, sighting.latitude, sighting.longitude)
                flown.placed.append((math.dist(said, at), sighting.uncertainty_m))
    counted = count_animals(sightings)
    owners = Counter(owner(each, animal_of) for each in counted)
    flown.counted = len(counted)
    flown.false = owners.pop(None, 0)
    flown.right = len(owners)
    flown.again = sum(count - 1 for count in owners.values())
    return flown


def header(top: int, gsd: float, drift: Point, random: np.random.Generator) -> View:
    """What a frame's header says of the camera, wrong by what is assumed of headers; the ground is
    flat, and the focal length right."""
    errors = Errors()
    east, north = middle(top + SIZE[1] / 2, SIZE[0] / 2, gsd)
    latitude, longitude = degrees_of(
        *ORIGIN,
        east + drift[0] + float(random.normal(0, DRIFT_M)),
        north + drift[1] + float(random.normal(0, DRIFT_M)),
    )
    pitch, roll, yaw = random.normal(0, (errors.pitch, errors.roll, errors.yaw))
    return View(
        latitude=latitude,
        longitude=longitude,
        height_m=gsd * FOCAL + float(random.normal(0, errors.altitude_m)),
        pitch=-90 + float(pitch),
        yaw=float(yaw),
        roll=float(roll),
        focal_px=FOCAL,
        width=SIZE[0],
        height=SIZE[1],
        errors=errors,
    )


def middle(row: float, column: float, gsd: float) -> Point:
    """Metres east and north of the strip's upper left corner; the flight goes south."""
    return column * gsd, -row * gsd


def owner(counted: Animal, animal_of: Mapping[str, int | None]) -> int | None:
    """The animal of the herd that most sightings are of; None where most are of none."""
    [(animal, _)] = Counter(animal_of[key] for key in counted.sightings).most_common(1)
    return animal


def report(
    arguments: argparse.Namespace,
    model: Predictor,
    frames: Sequence[Judged],
    flights: Sequence[Flown],
) -> str:
    """All of it as Markdown."""
    truth = [(frame, animal) for frame in frames for animal in frame.boxes]
    found = [(frame, animal) for frame, animal in truth if animal in frame.owners]
    named = sum(
        frame.detections[frame.owners.index(animal)].label
        == LABELS.get(frame.boxes[animal].species, "other")
        for frame, animal in found
    )
    animals = {animal for _, animal in truth}
    places = [place for flown in flights for place in flown.placed]
    within = sum(off <= radius for off, radius in places)
    states = Counter(frame.state for frame in frames)

    def spread(values: Sequence[int]) -> str:
        return f"{np.mean(values):.1f} on average, {min(values)} to {max(values)}"

    rows = [
        ("frames", f"{len(frames)} of {SIZE[0]} x {SIZE[1]}, {arguments.gsd * 100:g} cm a pixel"),
        (f"sightings of animals over {LEAST} pixels, found", f"{len(found)} of {len(truth)}"),
        ("- of those, with the right label", f"{named} of {len(found)}"),
        ("false boxes a frame", f"{sum(f.false for f in frames) / max(1, len(frames)):.2f}"),
        ("states of the frames", ", ".join(f"{n} {s}" for s, n in states.most_common())),
        ("animals in the frames", f"{len(animals)}"),
        ("counted", spread([flown.counted for flown in flights])),
        ("- animals counted at least once", spread([flown.right for flown in flights])),
        ("- counted again", spread([flown.again for flown in flights])),
        ("- what is no animal", spread([flown.false for flown in flights])),
        ("places within the stated radius", f"{within / max(1, len(places)):.3f}"),
    ]
    return "\n".join(
        [
            f"## a flight made in code, counted, camtrap {__version__} "
            f"({model.info.name} {model.info.version}), {date.today()}",
            "",
            f"Straight down on {model.backend}; places and counts with {len(flights)} draws of the "
            f"headers' errors. Command: `python benchmarks/drone_count.py "
            f"--frames {arguments.frames} --animals {arguments.animals:g} --seed {arguments.seed} "
            f"--draws {arguments.draws} --backend {arguments.backend}`.",
            "",
            "|  |  |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
        ]
    )


def main() -> None:
    """Make a flight, judge it, count, print."""
    parser = argparse.ArgumentParser(description="From a flight's frames to its count.")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--gsd", type=float, default=0.025, help="metres a pixel")
    parser.add_argument("--animals", type=float, default=0.5, help="new animals a frame")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=100, help="of the headers' errors")
    parser.add_argument("--model", default="amur")
    parser.add_argument("--backend", default="onnxruntime")
    parser.add_argument("--write", action="store_true", help="append to RESULTS.md")
    arguments = parser.parse_args()
    model = load_predictor(arguments.model, backend=arguments.backend)
    scales = (scale_for(arguments.gsd, 1.0),)
    frames = [
        judge(shot, model, scales)
        for shot in flight(
            arguments.frames, SIZE, arguments.gsd, arguments.animals, seed=arguments.seed
        )
    ]
    flights = [on_the_ground(frames, arguments.gsd, seed) for seed in range(arguments.draws)]
    text = report(arguments, model, frames, flights)
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as results:
            results.write(f"\n{text}")


if __name__ == "__main__":
    main()
