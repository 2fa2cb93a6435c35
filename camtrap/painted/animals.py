"""Bodies: a species and a pose go in, the bones of a four-legged animal come out.

A bone is a rounded cone in metres; x is forward, y up from the ground, z to the animal's left.
Proportions are judged by eye and only good enough to be recognised at a glance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from math import cos, pi, radians, sin

Point = tuple[float, float, float]
Place = Callable[[float, float, float], Point]


class Part(IntEnum):
    """What a bone belongs to; coats paint each part in its own way."""

    BODY = 0
    LEG = 1
    HEAD = 2
    EAR = 3
    TAIL = 4
    EYE = 5
    ANTLER = 6
    NOSE = 7


@dataclass(frozen=True, slots=True)
class Bone:
    """A rounded cone from `start` to `end`; `flat` squeezes it sideways (1 is round)."""

    start: Point
    end: Point
    start_radius: float
    end_radius: float
    part: Part
    flat: float = 1.0


@dataclass(frozen=True, slots=True)
class Build:
    """A species' proportions in metres; angles in degrees above the horizontal."""

    shoulder_height: float
    trunk_length: float
    chest: float
    belly: float
    rump: float
    rump_height: float
    neck_length: float
    neck_angle: float
    neck_radius: float
    head_length: float
    head_radius: float
    muzzle_radius: float
    ear_length: float
    ear_radius: float
    thigh: float
    shin: float
    paw: float
    tail_length: float
    tail_radius: float
    tail_hang: float
    hoofed: bool = False
    antlers: float = 0.0
    flat: float = 0.72
    hump: float = 0.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How the animal stands: `gait` is a phase 0..1 of its step, `stride` metres, angles degrees.

    A negative `head_turn` is to the animal's right.
    """

    gait: float = 0.1
    stride: float = 0.14
    head_drop: float = 0.0
    head_turn: float = 0.0
    crouch: float = 0.0


BUILDS: dict[str, Build] = {
    "leopard": Build(
        0.68, 0.74, 0.155, 0.135, 0.15, 0.66, 0.20, 12, 0.105, 0.20, 0.088, 0.052,
        0.058, 0.038, 0.100, 0.034, 0.039, 0.85, 0.031, 40,
    ),
    "tiger": Build(
        0.95, 1.10, 0.235, 0.205, 0.22, 0.93, 0.27, 12, 0.16, 0.29, 0.135, 0.082,
        0.07, 0.05, 0.145, 0.050, 0.058, 0.95, 0.045, 45,
    ),
    "sika deer": Build(
        0.88, 0.66, 0.165, 0.15, 0.16, 0.90, 0.36, 52, 0.072, 0.27, 0.068, 0.034,
        0.15, 0.03, 0.095, 0.022, 0.021, 0.13, 0.03, 70, hoofed=True,
    ),
    "sika stag": Build(
        0.98, 0.74, 0.195, 0.165, 0.175, 0.98, 0.38, 50, 0.105, 0.30, 0.076, 0.038,
        0.16, 0.032, 0.105, 0.025, 0.023, 0.13, 0.032, 70, hoofed=True, antlers=0.55,
    ),
    "roe deer": Build(
        0.70, 0.54, 0.13, 0.12, 0.13, 0.73, 0.29, 56, 0.052, 0.21, 0.055, 0.028,
        0.14, 0.028, 0.078, 0.017, 0.017, 0.03, 0.025, 40, hoofed=True,
    ),
    "wild boar": Build(
        0.80, 0.74, 0.25, 0.22, 0.20, 0.74, 0.16, -4, 0.19, 0.42, 0.145, 0.052,
        0.11, 0.042, 0.12, 0.032, 0.027, 0.28, 0.016, 75, hoofed=True, flat=0.66, hump=0.02,
    ),
    "red fox": Build(
        0.38, 0.40, 0.085, 0.075, 0.08, 0.38, 0.11, 25, 0.058, 0.155, 0.052, 0.018,
        0.085, 0.026, 0.05, 0.018, 0.02, 0.42, 0.06, 32,
    ),
    "badger": Build(
        0.31, 0.40, 0.115, 0.115, 0.12, 0.32, 0.09, -4, 0.085, 0.17, 0.058, 0.022,
        0.025, 0.02, 0.065, 0.034, 0.032, 0.16, 0.034, 30, flat=0.95,
    ),
    "brown bear": Build(
        1.02, 0.94, 0.26, 0.25, 0.26, 0.98, 0.24, 2, 0.20, 0.33, 0.155, 0.078,
        0.10, 0.065, 0.17, 0.078, 0.078, 0.06, 0.05, 60, flat=0.80, hump=0.04,
    ),
}  # fmt: skip


def skeleton(build: Build, pose: Pose) -> list[Bone]:
    """Every bone of one animal, largest first, so that small ones blend onto large ones."""
    hip: Point = (-build.trunk_length / 2, build.rump_height - build.rump - pose.crouch, 0.0)
    shoulder: Point = (
        build.trunk_length / 2,
        build.shoulder_height - build.chest - pose.crouch,
        0.0,
    )
    return [
        *_trunk(build, hip, shoulder),
        *_legs(build, pose, hip, shoulder),
        *_tail(build, pose, hip),
        *_head(build, pose, shoulder),
    ]


def _trunk(build: Build, hip: Point, shoulder: Point) -> list[Bone]:
    middle = ((hip[0] + shoulder[0]) / 2, (hip[1] + shoulder[1]) / 2 - 0.12 * build.belly, 0.0)
    bones = [
        Bone(hip, middle, build.rump, build.belly, Part.BODY, build.flat),
        Bone(middle, shoulder, build.belly, build.chest, Part.BODY, build.flat),
    ]
    if build.hump:
        top = (shoulder[0] - 0.02, shoulder[1] + build.hump, 0.0)
        bones.append(Bone(top, middle, build.chest * 0.9, build.belly * 0.7, Part.BODY, 0.6))
    return bones


def _legs(build: Build, pose: Pose, hip: Point, shoulder: Point) -> list[Bone]:
    bones: list[Bone] = []
    # A walk puts down left hind, left front, right hind, right front, a quarter of a step apart.
    for side, front_phase, hind_phase in ((1, 0.25, 0.0), (-1, 0.75, 0.5)):
        bones += _leg(build, pose, shoulder, side, front_phase, front=True)
        bones += _leg(build, pose, hip, side, hind_phase, front=False)
    return bones


def _leg(
    build: Build, pose: Pose, root: Point, side: int, phase: float, *, front: bool
) -> list[Bone]:
    angle = 2 * pi * (pose.gait + phase)
    swing = pose.stride * sin(angle)
    lift = 0.35 * pose.stride * max(0.0, cos(angle))
    height = root[1]
    out = side * (build.chest if front else build.rump) * build.flat
    thigh = build.thigh * (0.8 if front else 1.0)
    bend = (-0.07, 0.03) if front else (0.12, -0.15)
    top = (root[0], height, out * 0.55)
    knee = (root[0] + bend[0] * height + 0.25 * swing, 0.56 * height, out * 0.75)
    hock = (root[0] + bend[1] * height + 0.75 * swing, 0.30 * height + lift, out * 0.72)
    foot = (root[0] + swing, build.paw * 1.1 + lift, out * 0.68)
    toe = (foot[0] + build.paw * (0.6 if build.hoofed else 1.1), foot[1] - build.paw * 0.2, foot[2])
    return [
        Bone(top, knee, thigh, build.shin * 1.5, Part.LEG, 0.7),
        Bone(knee, hock, build.shin * 1.5, build.shin, Part.LEG),
        Bone(hock, foot, build.shin, build.paw * 0.85, Part.LEG),
        Bone(foot, toe, build.paw, build.paw * 0.9, Part.LEG),
    ]


def _tail(build: Build, pose: Pose, hip: Point) -> list[Bone]:
    """Five links that hang down and, on a long tail, curl up again at the tip."""
    bones: list[Bone] = []
    link = build.tail_length / 5
    here: Point = (hip[0] - build.rump * 0.85, hip[1] + build.rump * 0.55, 0.0)
    sway = 0.25 * sin(2 * pi * pose.gait)
    for number in range(5):
        curl = 24 * max(0, number - 1) if build.tail_length > 0.6 else 0
        angle = radians(build.tail_hang + (12 if number else 0) - curl)
        there = (here[0] - link * cos(angle), here[1] - link * sin(angle), here[2] + sway * link)
        bushy = 1.0 + (0.5 * sin(pi * (number + 0.5) / 5) if build.tail_radius > 0.05 else 0.0)
        bones.append(
            Bone(here, there, build.tail_radius * bushy, build.tail_radius * 0.9 * bushy, Part.TAIL)
        )
        here = there
    return bones


def _head(build: Build, pose: Pose, shoulder: Point) -> list[Bone]:
    lean = radians(build.neck_angle - pose.head_drop)
    start = (shoulder[0] + 0.25 * build.chest, shoulder[1] + 0.30 * build.chest, 0.0)
    reach = build.neck_length + 0.35 * build.chest
    nape = (start[0] + reach * cos(lean), start[1] + reach * sin(lean), 0.0)
    nod = radians(-18 - 0.5 * pose.head_drop)
    turn = radians(pose.head_turn)
    ahead: Point = (cos(nod) * cos(turn), sin(nod), cos(nod) * sin(turn))
    aside: Point = (-sin(turn), 0.0, cos(turn))

    def at(forward: float, up: float, left: float) -> Point:
        """A place on the head, measured from the nape along the head's own axes."""
        return (
            nape[0] + forward * ahead[0] + left * aside[0] - up * sin(nod) * cos(turn),
            nape[1] + forward * ahead[1] + up * cos(nod),
            nape[2] + forward * ahead[2] + left * aside[2] - up * sin(nod) * sin(turn),
        )

    length, radius, muzzle = build.head_length, build.head_radius, build.muzzle_radius
    bones = [
        Bone(start, nape, build.neck_radius * 1.25, build.neck_radius, Part.BODY, 0.85),
        Bone(nape, at(0.42 * length, 0, 0), radius, radius * 0.92, Part.HEAD),
        Bone(at(0.42 * length, -0.1 * radius, 0), at(length - muzzle, -0.25 * radius, 0),
             radius * 0.72, muzzle, Part.HEAD),
        Bone(at(length - 0.3 * muzzle, -0.1 * radius, 0), at(length, -0.12 * radius, 0),
             muzzle * 0.5, muzzle * 0.4, Part.NOSE),
    ]  # fmt: skip
    for side in (1, -1):
        root = at(0.05 * length, 0.72 * radius, side * 0.55 * radius)
        tip = at(
            -0.05 * length,
            0.72 * radius + 0.85 * build.ear_length,
            side * (0.55 * radius + 0.45 * build.ear_length),
        )
        bones.append(Bone(root, tip, build.ear_radius, build.ear_radius * 0.45, Part.EAR))
        eye = at(0.46 * length, 0.46 * radius, side * 0.70 * radius)
        bones.append(Bone(eye, eye, 0.15 * radius, 0.15 * radius, Part.EYE))
        if build.antlers:
            bones += _antler(build.antlers, at, side, radius)
    return bones


def _antler(size: float, at: Place, side: int, radius: float) -> list[Bone]:
    root = at(0.0, 0.8 * radius, side * 0.5 * radius)
    middle = at(-0.20 * size, 0.5 * size, side * 0.42 * size)
    tip = at(-0.02 * size, size, side * 0.5 * size)
    burr = at(0.0, 0.8 * radius + 0.08 * size, side * 0.09 * size)
    brow = at(0.28 * size, 0.36 * size, side * 0.22 * size)
    fork = at(0.18 * size, 0.74 * size, side * 0.40 * size)
    thick = 0.03 * size
    return [
        Bone(root, middle, thick * 1.2, thick, Part.ANTLER),
        Bone(middle, tip, thick, thick * 0.5, Part.ANTLER),
        Bone(burr, brow, thick, thick * 0.4, Part.ANTLER),
        Bone(middle, fork, thick, thick * 0.4, Part.ANTLER),
    ]  # fmt: skip
