"""Two years at three stations, made by code: every picture is known, and so is every fault.

Cameras trigger when animals, people or the wind pass by. What the model says of each picture is
made up, what is there in truth is kept beside it, and the clocks go wrong only while the cards are
entered into a ledger. No picture is needed for any of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

import numpy as np
from astral import Observer
from astral.sun import elevation

from camtrap.records import LABELS, Box, Detection, State
from tests.acceptance.truth import Picture, Problem, Stay

D, SECOND, MINUTE, DAY = datetime, timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
FRAMES = 40_000
ZONE = "+10:00"
PLACES = {"ST01": (43.1012, 131.5021), "ST02": (43.1207, 131.5533), "ST03": (43.0911, 131.6011)}
CAMERAS = {"ST01": ("H2A", "H2B", "H2A", "H2B"), "ST02": ("", "", "", ""),
           "ST03": ("K1", "K2", "K3", "K4")}  # fmt: skip
VISITS = (D(2024, 2, 10), D(2024, 8, 12), D(2025, 2, 9), D(2025, 8, 11), D(2026, 2, 10))
TRIGGERS = 1_250

RESET, HALF_DAY = "ST01_2024-08-12", "ST02_2025-02-09"
DEAD, ROCK = "ST03_2025-08-11", "ST03_2024-08-12"
"""The deployments at which something goes wrong."""

RESET_READS = D(2018, 1, 1, 0, 3, 17)
DEAD_DAYS, RESET_DAYS = 71, 64
ROCK_TRIGGERS = 240
ROCK_BOX = Box(0.80, 0.06, 0.14, 0.16)

PROBLEMS = {
    "ST01_2024-02-10": ((D(2024, 4, 2, 9, 30), D(2024, 4, 11, 16, 45)),),
    "ST01_2024-08-12": (
        (D(2024, 9, 1), D(2024, 9, 4)),
        (D(2024, 9, 20, 6), D(2024, 9, 20, 18, 20)),
    ),
    "ST02_2024-08-12": (
        (D(2024, 10, 6), D(2024, 10, 29)),
    ),  # written down too widely: pictures are in it
    "ST03_2025-08-11": ((D(2025, 9, 1, 12), D(2025, 9, 3, 12)), (D(2026, 1, 10), D(2026, 1, 12))),
}
TOO_WIDE = "ST02_2024-08-12"

# label: visits in a deployment, and triggers of a visit
KINDS = {
    State.LEOPARD: (15, 2.0),
    State.PREY: (70, 2.5),
    State.OTHER: (30, 2.0),
    State.PERSON: (12, 1.2),
    State.VEHICLE: (6, 1.0),
    State.UNSURE: (25, 1.5),
}


def stays() -> list[Stay]:
    """Four deployments at each station; a camera is changed for the next within twenty minutes."""
    made = []
    for hour, station in enumerate(PLACES, start=9):
        for number in range(4):
            name = f"{station}_{VISITS[number]:%Y-%m-%d}"
            made.append(
                Stay(
                    name,
                    station,
                    VISITS[number] + timedelta(hours=hour, minutes=20),
                    VISITS[number + 1] + timedelta(hours=hour),
                    CAMERAS[station][number],
                    tuple(Problem(*each) for each in PROBLEMS.get(name, ())),
                )
            )
    return made


def stations_csv() -> str:
    """The stays as a ranger writes them; a problem of whole days is written as days, ends in it."""

    def said(moment: datetime, *, is_end: bool = False) -> str:
        if moment.time() != D.min.time():
            return f"{moment:%Y-%m-%d %H:%M}"
        return f"{moment - is_end * DAY:%Y-%m-%d}"

    lines = [
        "station_id,station_name,latitude,longitude,coordinate_uncertainty_m,deployment_id,"
        "camera_id,start,end,utc_offset,problem1_from,problem1_to,problem2_from,problem2_to"
    ]
    for stay in stays():
        latitude, longitude = PLACES[stay.station]
        ends = [
            text
            for each in stay.problems
            for text in (said(each.start), said(each.end, is_end=True))
        ]
        cells = [stay.station, f"Ridge {stay.station}", latitude, longitude, 10, stay.name,
                 stay.camera, said(stay.start), said(stay.end), ZONE,
                 *ends, *[""] * (4 - len(ends))]  # fmt: skip
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


# -- what happens in front of the cameras


def clean_season() -> list[Picture]:
    """All pictures of the season in which nothing goes wrong.

    Time-lapse pictures of ST01 make the other season `FRAMES` in all.
    """
    random = np.random.default_rng(20240210)
    pictures: list[Picture] = []
    for stay in stays():
        pictures += _pictures_at(stay, random, first=len(pictures))
    at_first = [each for each in pictures if each.stay.name == "ST01_2024-02-10"]
    return [
        *pictures,
        *_time_lapse(at_first, FRAMES - len(faulty_season(pictures)), random),
    ]


def faulty_season(clean: Sequence[Picture]) -> list[Picture]:
    """The same with a camera that dies and a rock that looks alive; clocks go wrong later on."""
    random = np.random.default_rng(7)
    pictures = []
    death = {stay.name: stay.end - DEAD_DAYS * DAY for stay in stays()}[DEAD]
    for picture in clean:
        if picture.stay.name == DEAD and picture.taken_at > death:
            continue
        if picture.stay.name == ROCK and picture.animal in (State.PREY, State.LEOPARD):
            # It stands there while real animals pass.
            seen = _rock_box(random, (State.PREY, State.OTHER)[int(random.integers(2))])
            picture = replace(picture, boxes=(*picture.boxes, seen), beside_rock=True)
        pictures.append(picture)
    at_rock = [each for each in pictures if each.stay.name == ROCK]
    return [*pictures, *_rock(at_rock, random)]


def _pictures_at(stay: Stay, random: np.random.Generator, first: int) -> Iterator[Picture]:
    """The triggers of one camera, no two of them nearer than the camera's pause."""
    length = 2 if stay.station == "ST03" else 3
    # Where the maker numbers its triggers, one may follow the other at once.
    pause = 3 * SECOND if stay.station == "ST01" else 20 * SECOND
    times = dict(_triggers(stay, random))
    last_time = stay.end - (length - 1) * SECOND
    times[stay.start] = times[last_time] = State.PERSON
    end = stay.start - DAY
    for number, (moment, kind) in enumerate(sorted(times.items())):
        is_ranger = moment in (stay.start, last_time)
        too_late = moment > last_time - MINUTE and not is_ranger
        if (
            moment < max(stay.start, end + pause)
            or too_late
            or (is_away(stay, moment) and not is_ranger)
        ):
            continue
        seconds = range(length)
        if kind is State.LEOPARD and length == 3 and not is_ranger:
            seconds = range(0, 2 * length, 2)  # slow at night
        is_night = _is_night(stay.station, moment, random)
        for index, (animal, said) in enumerate(_burst(kind, length, random)):
            taken_at = moment + seconds[index] * SECOND
            yield Picture(
                stay, first + number, index, length, taken_at, animal, *said, is_night=is_night
            )
        end = moment + seconds[-1] * SECOND


def is_away(stay: Stay, moment: datetime) -> bool:
    """True when the camera does not work."""
    return stay.is_broken(moment) and stay.name != TOO_WIDE


def _triggers(stay: Stay, random: np.random.Generator) -> Iterator[tuple[datetime, State]]:
    def anywhere() -> datetime:
        seconds = (stay.end - stay.start) // SECOND
        return stay.start + int(random.integers(600, seconds - 600)) * SECOND

    left = TRIGGERS
    for kind, (visits, most) in KINDS.items():
        for _ in range(visits):
            moment = anywhere()
            for _ in range(1 + int(random.poisson(most - 1))):
                yield moment, kind
                left -= 1
                moment += int(random.choice([4, 40, 200, 700, 1500, 1797, 1799, 1800, 1802, 1804,
                                             1805, 2400])) * SECOND  # fmt: skip
    for _ in range(left):  # wind, mostly by day
        moment = anywhere()
        yield moment.replace(hour=int(random.normal(13, 4)) % 24), State.EMPTY
    if stay.name == TOO_WIDE:
        yield PROBLEMS[TOO_WIDE][0][0] + timedelta(days=9, hours=2), State.LEOPARD


Said = tuple[State, tuple[Detection, ...], dict[str, float]]


def _burst(
    kind: State, length: int, random: np.random.Generator
) -> list[tuple[State | None, Said]]:
    """What is there in each frame of a trigger, and what the model says of it."""
    if kind is State.EMPTY:
        return [(None, _nothing()) for _ in range(length)]
    shows = random.random(length) < 0.7
    shows[int(random.integers(length))] = True
    is_weak = kind in (State.PREY, State.OTHER) and random.random() < 0.1
    leopard = 0.3 if kind is State.UNSURE and random.random() < 0.1 else 0.02
    frames: list[tuple[State | None, Said]] = []
    for seen in shows:
        if not seen:
            frames.append((None, _nothing()))
        elif kind is State.UNSURE:
            frames.append((kind, _doubt(random, leopard)))
        elif kind is not State.LEOPARD and frames and frames[0][0] and random.random() < 0.1:
            frames.append((kind, _doubt(random)))  # the neighbours tell what it is
        else:
            frames.append((kind, _named(kind, random, is_weak=is_weak)))
    if kind is State.PREY and random.random() < 0.05:
        # A raccoon dog follows the deer: two species in one trigger.
        frames[0] = (State.PREY, _named(State.PREY, random, left=0.0))
        frames[-1] = (State.OTHER, _named(State.OTHER, random, left=0.5))
        frames[1:-1] = [(None, _nothing())] * (length - 2)
    return frames


def _named(
    label: State, random: np.random.Generator, *, is_weak: bool = False, left: float | None = None
) -> Said:
    chance = float(random.uniform(0.55, 0.7) if is_weak else random.uniform(0.8, 0.98))
    count = 1 + int(random.poisson(0.5 if label is State.PREY else 0.1))
    boxes = tuple(_animal(label, chance, random, left) for _ in range(count))
    return label, boxes, _chances(label, chance)


def _doubt(random: np.random.Generator, leopard: float = 0.02) -> Said:
    chances = {"leopard": leopard, "prey": 0.42 - leopard / 2, "other": 0.21 - leopard / 2,
               "person": 0.04, "vehicle": 0.01}  # fmt: skip
    chances["empty"] = 1 - sum(chances.values())
    box = _animal(State.PREY, chances["prey"], random)
    return State.UNSURE, (replace(box, probabilities=chances),), chances


def _nothing() -> Said:
    return State.EMPTY, (), _chances(State.EMPTY, 0.93)


def _animal(
    label: State, chance: float, random: np.random.Generator, left: float | None = None
) -> Detection:
    """A box on the path, which is the lower part of the picture; the rock lies above it."""
    width, height = random.uniform(0.1, 0.3), random.uniform(0.1, 0.3)
    across = random.uniform(0.0, 0.7) if left is None else left + random.uniform(0.0, 0.15)
    box = Box(*map(float, (across, random.uniform(0.3, 0.7), width, height)))
    return Detection(label, chance, box, 0.8, _chances(label, chance))


def _chances(label: str, chance: float) -> dict[str, float]:
    return dict.fromkeys(LABELS, (1 - chance) / (len(LABELS) - 1)) | {str(label): chance}


def _is_night(station: str, moment: datetime, random: np.random.Generator) -> bool:
    """Infra-red where the sun is low by somebody else's reckoning, give or take the clouds."""
    there = moment.replace(tzinfo=UTC) - timedelta(hours=10)
    sun = elevation(Observer(*PLACES[station]), there, with_refraction=False)
    return bool(sun < 1 + random.uniform(-4, 4))


# -- what goes wrong


def _rock(busy: Sequence[Picture], random: np.random.Generator) -> Iterator[Picture]:
    """A rock that sets the camera off, by itself, while the sun moves the shadows over it.

    Mostly the model doubts; at times it says `other` with little certainty. Once in forty times a
    real deer stands in the very spot, of which the model is sure.
    """
    number = max(each.trigger for each in busy) + 1_000_000
    leopard = next(each.taken_at for each in busy if each.label is State.LEOPARD)
    moments = islice(_free(busy, random), ROCK_TRIGGERS)
    for moment in chain(moments, [leopard + 7 * MINUTE]):
        number += 1
        is_deer = number % 40 == 0
        for index in range(2):
            if is_deer:
                box = _rock_box(random, State.PREY, 0.9)
                label, chances = State.PREY, _chances(State.PREY, 0.9)
            elif random.random() < 0.15:
                box = _rock_box(random, State.OTHER, 0.6)
                label, chances = State.OTHER, _chances(State.OTHER, 0.6)
            else:
                label, _, chances = _doubt(random)
                box = replace(_rock_box(random, State.OTHER), probabilities=chances)
            yield Picture(
                busy[0].stay, number, index, 2, moment + index * SECOND,
                State.PREY if is_deer else None, label, (box,), chances, is_rock=not is_deer,
            )  # fmt: skip


def _rock_box(random: np.random.Generator, label: State, chance: float = 0.21) -> Detection:
    shake = random.uniform(-0.006, 0.006, 4)
    box = Box(*(float(side + by) for side, by in zip(ROCK_BOX, shake, strict=True)))
    return Detection(label, chance, box, 0.4, _chances(label, chance))


def _time_lapse(
    busy: Sequence[Picture], count: int, random: np.random.Generator
) -> Iterator[Picture]:
    """Single empty pictures of one camera."""
    number = max(each.trigger for each in busy) + 2_000_000
    for moment in islice(_free(busy, random), count):
        number += 1
        yield Picture(busy[0].stay, number, 0, 1, moment, None, *_nothing())


def _free(busy: Sequence[Picture], random: np.random.Generator) -> Iterator[datetime]:
    """Moments about noon at which this camera does nothing else."""
    stay = busy[0].stay
    taken = {(each.taken_at - stay.start) // MINUTE for each in busy}
    while True:
        moment = stay.start + int(random.integers(1, 150)) * DAY
        moment = moment.replace(hour=11) + int(random.integers(4 * 3600)) * SECOND
        minute = (moment - stay.start) // MINUTE
        if not is_away(stay, moment) and not {minute - 1, minute, minute + 1} & taken:
            taken.add(minute)
            yield moment
