"""A flight made in code from its first frame to its count: what is found, where, and how often.

    python benchmarks/drone_count.py --frames 200 --write

The frames of `flight_scene.py`, with a header each that errs as `camtrap.drone.camera.Errors`
says: GPS is off by the same for the whole flight, all else anew in each frame. The model's boxes
are put on the ground and counted as in use. An animal is found in a frame where a box overlaps it
by 0.3, and counted where one of what was counted stands on sightings of it.
"""

from __future__ import annotations

import argparse
import io
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from drone_flight import FOUND, SIZE, false_ones
from flight_scene import LABELS, Shot, flight
from PIL import Image

from camtrap import __version__
from camtrap.drone.camera import Errors, View
from camtrap.drone.census import Animal, Sighting, count_animals, sighting_of
from camtrap.drone.ground import DRIFT_M, place_box
from camtrap.drone.local import degrees_of, metres_of
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.fit import overlap
from camtrap.pixels.tiles import plan_tiles, scale_for
from camtrap.vision.predictor import Look, Predictor, load_predictor

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
ORIGIN = (43.1, 131.5)
START = datetime(2026, 1, 10, 9, 0)
SECONDS_A_FRAME = 4
FOCAL = 2773.0
LEAST = 24
"""Pixels of an animal's longer side from which it counts here."""

Point = tuple[float, float]


@dataclass(slots=True)
class Flown:
    """What came of the flight.

    `truth` has the number of each animal that is in a frame, and whether it was found there;
    `placed` metres that a box of an animal is off, and the stated radius; `animal_of` the animal
    that a sighting is of, None for what is none.
    """

    frames: int = 0
    truth: list[tuple[int, bool]] = field(default_factory=list)
    false: int = 0
    named: int = 0
    placed: list[tuple[float, float]] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    animal_of: dict[str, int | None] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)


def fly(arguments: argparse.Namespace, model: Predictor) -> Flown:
    """Judge all frames, and put what was found on the ground."""
    random = np.random.default_rng(arguments.seed + 100)
    errors = Errors()
    height = arguments.gsd * FOCAL
    drift = random.normal(0, errors.position_m, 2)
    scales = (scale_for(arguments.gsd, 1.0),)
    flown = Flown()
    for shot in flight(
        arguments.frames, SIZE, arguments.gsd, arguments.animals, seed=arguments.seed
    ):
        told = header(shot, height, arguments.gsd, (drift[0], drift[1]), errors, random)
        moment = START + timedelta(seconds=SECONDS_A_FRAME * shot.number)
        judge(shot, told, moment, model, scales, arguments.gsd, flown)
    return flown


def header(
    shot: Shot,
    height: float,
    metres_a_pixel: float,
    drift: Point,
    errors: Errors,
    random: np.random.Generator,
) -> View:
    """What the frame's header says of the camera, wrong by what is assumed of headers."""
    east, north = middle(shot.top + SIZE[1] / 2, SIZE[0] / 2, metres_a_pixel)
    latitude, longitude = degrees_of(
        *ORIGIN,
        east + drift[0] + float(random.normal(0, DRIFT_M)),
        north + drift[1] + float(random.normal(0, DRIFT_M)),
    )
    pitch, roll, yaw = random.normal(0, (errors.pitch, errors.roll, errors.yaw))
    return View(
        latitude=latitude,
        longitude=longitude,
        height_m=height + float(random.normal(0, errors.altitude_m)),
        pitch=-90 + float(pitch),
        yaw=float(yaw),
        roll=float(roll),
        focal_px=FOCAL,
        width=SIZE[0],
        height=SIZE[1],
        errors=errors,
    )


def middle(row: float, column: float, metres_a_pixel: float) -> Point:
    """Metres east and north of the strip's upper left corner; the flight goes south."""
    return column * metres_a_pixel, -row * metres_a_pixel


def judge(
    shot: Shot,
    told: View,
    moment: datetime,
    model: Predictor,
    scales: tuple[float, ...],
    metres_a_pixel: float,
    flown: Flown,
) -> None:
    """One frame as a run would judge it."""
    buffer = io.BytesIO()
    Image.fromarray(shot.pixels).save(buffer, "JPEG", quality=92)
    data = buffer.getvalue()
    frame = decode_frame(data, model.frame_side)
    [verdict] = model.judge([Look(data, frame, plan_tiles(*SIZE, scales=scales))])
    flown.frames += 1
    flown.states[verdict.state] += 1
    flown.false += false_ones([each.box for each in verdict.detections], shot)
    best: dict[int, str] = {}
    for place, detection in enumerate(verdict.detections):
        key = f"{shot.number}#{place}"
        touched = max(shot.animals, key=lambda d: overlap(d.box, detection.box), default=None)
        is_it = touched is not None and overlap(touched.box, detection.box) >= FOUND
        flown.animal_of[key] = touched.animal if touched is not None and is_it else None
        placed = place_box(told, detection.box, detection.label)
        name = f"{shot.number:04}"
        sighting = sighting_of(key, name, placed, detection.label, detection.confidence, moment)
        if sighting is None:
            continue
        flown.sightings.append(sighting)
        if touched is not None and is_it:
            best[touched.animal] = key
            flown.named += detection.label == LABELS.get(touched.species, "other")
            box = touched.box
            at = middle(
                shot.top + (box.y + box.height / 2) * SIZE[1],
                (box.x + box.width / 2) * SIZE[0],
                metres_a_pixel,
            )
            said = metres_of(*ORIGIN, sighting.latitude, sighting.longitude)
            flown.placed.append((math.dist(said, at), sighting.uncertainty_m))
    for drawn in shot.animals:
        if max(drawn.box.width * SIZE[0], drawn.box.height * SIZE[1]) > LEAST:
            flown.truth.append((drawn.animal, drawn.animal in best))


def report(arguments: argparse.Namespace, model: Predictor, flown: Flown) -> str:
    """All of it as Markdown."""
    found = sum(is_found for _, is_found in flown.truth)
    animals = {animal for animal, _ in flown.truth}
    counted = count_animals(flown.sightings)
    owners = Counter(owner(each, flown) for each in counted)
    within = sum(off <= radius for off, radius in flown.placed)
    false = owners.pop(None, 0)
    twice = sum(count - 1 for count in owners.values())
    rows = [
        ("frames", f"{flown.frames} of {SIZE[0]} x {SIZE[1]}, {arguments.gsd * 100:g} cm a pixel"),
        (f"sightings of animals over {LEAST} pixels, found", f"{found} of {len(flown.truth)}"),
        ("- of those, with the right label", f"{flown.named} of {found}"),
        ("false boxes a frame", f"{flown.false / max(1, flown.frames):.2f}"),
        ("animals in the frames", f"{len(animals)}"),
        ("counted, all", f"{len(counted)}"),
        ("- animals counted once or more", f"{len(owners)}"),
        ("- counted again", f"{twice}"),
        ("- what is no animal", f"{false}"),
        ("places within the stated radius", f"{within} of {len(flown.placed)}"),
        ("states of the frames", ", ".join(f"{n} {s}" for s, n in flown.states.most_common())),
    ]
    return "\n".join(
        [
            f"## a flight made in code, counted, camtrap {__version__} "
            f"({model.info.name} {model.info.version}), {date.today()}",
            "",
            f"Straight down on {model.backend}; command: `python benchmarks/drone_count.py "
            f"--frames {arguments.frames} --animals {arguments.animals:g} --seed {arguments.seed} "
            f"--backend {arguments.backend}`.",
            "",
            "|  |  |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
        ]
    )


def owner(counted: Animal, flown: Flown) -> int | None:
    """The animal of the herd that most sightings are of; None where most are of none."""
    [(animal, _)] = Counter(flown.animal_of[key] for key in counted.sightings).most_common(1)
    return animal


def main() -> None:
    """Make a flight, judge it, count, print."""
    parser = argparse.ArgumentParser(description="From a flight's frames to its count.")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--gsd", type=float, default=0.025, help="metres a pixel")
    parser.add_argument("--animals", type=float, default=0.5, help="new animals a frame")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="amur")
    parser.add_argument("--backend", default="onnxruntime")
    parser.add_argument("--write", action="store_true", help="append to RESULTS.md")
    arguments = parser.parse_args()
    model = load_predictor(arguments.model, backend=arguments.backend)
    text = report(arguments, model, fly(arguments, model))
    print(text)
    if arguments.write:
        with RESULTS.open("a", encoding="utf-8", newline="\n") as results:
            results.write(f"\n{text}")


if __name__ == "__main__":
    main()
