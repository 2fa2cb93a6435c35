"""Does the model know the leopard, or the park's frames? Tests that change only what is not animal.

All camera-trap leopards for training but a few come from frames of one park, with an orange emblem,
a date strip, and traces of boxes that were painted out. A model that learnt those would look
perfect on the park's own pictures. So the marks are put on pictures without leopards, taken off
pictures with leopards, and leopards are taken off the park's frames: whenever the answer follows
the marks and not the animal, the model takes the short cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from camtrap.learn.blend import Area, area_around
from camtrap.learn.explain import CORNER, STRIP, Judge, box_of, covered, log_odds, look_at
from camtrap.learn.metrics import Share
from camtrap.learn.prints import (
    Random,
    draw_animals,
    draw_badge,
    paint_out,
    print_text,
    strip_text,
)
from camtrap.pixels.decode import Pixels
from camtrap.records import Box, State

KINDS = ("logo", "strip", "painted_out", "all")
"""The park's marks, each alone and all together."""

STRIPS = (Box(0, 0, 1, STRIP), Box(0, 1 - STRIP, 1, STRIP))
CORNERS = tuple(Box(x, y, *CORNER) for x in (0, 1 - CORNER[0]) for y in (0, 1 - CORNER[1]))
ZONES = (*STRIPS, *CORNERS)
"""Where marks are printed."""

_ORANGE = (255, 140, 0)
_STANDS_OUT = 35  # so much brighter or more colourful than its surroundings is print, 0..255


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of one picture: its state, P(leopard), and its likeliest box."""

    state: State
    probability: float
    box: Box | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one change did to pictures.

    `before` and `after` are the shares called leopard, `gained` the share of those not called so
    that became leopard, `lost` of those called so that no longer are; `change` is the mean change
    of the log-odds of P(leopard).
    """

    name: str
    before: Share
    after: Share
    gained: Share
    lost: Share
    change: float


def decorated(pixels: Pixels, kind: str, random: Random, box: Box | None = None) -> Pixels:
    """The picture with marks of `kind` (one of `KINDS`) as the park's frames carry them.

    `box` is where the outline was drawn and painted out; a random one where none is given.
    """
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is not one of {', '.join(KINDS)}.")
    if kind in ("painted_out", "all"):
        pixels = _with_painted_box(pixels, random, box or _any_box(random))
    if kind in ("strip", "all"):
        pixels = _with_strip(pixels, random)
    if kind in ("logo", "all"):
        pixels = _with_logo(pixels, random)
    return pixels


def transplanted(pixels: Pixels, frame: Pixels) -> Pixels:
    """The picture with the very marks that another frame carries, cut out along their shape.

    What is colourful in the corners of an infra-red `frame`, and what stands out brightly in its
    bottom strip, is print; with its dark outline it is cut out, and nothing else of the frame comes
    along. Marks that we draw are also what training saw on every class; these are not.
    """
    height, width, _ = pixels.shape
    source = Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC)
    there = np.asarray(source, np.int16)
    usual = np.asarray(source.filter(ImageFilter.MedianFilter(9)), np.int16)
    brighter = (there - usual).min(axis=2) > _STANDS_OUT
    colourful = np.ptp(there, axis=2) > 2 * _STANDS_OUT
    marks = brighter & _zone_mask(pixels, STRIPS[1:]) | colourful & _zone_mask(pixels, CORNERS)
    grown = Image.fromarray((marks * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(3))
    return np.where(np.asarray(grown)[..., None] > 0, np.asarray(source), pixels)


def stripped(pixels: Pixels, zones: Sequence[Box] = ZONES, keep: Box | None = None) -> Pixels:
    """The picture with its marks covered by what lies beside them, corners first, then strips.

    What lies in `keep` stays as it is.
    """
    done = pixels
    for zone in sorted(zones, key=lambda zone: zone.width):
        done = covered(done, _area(zone, pixels))
    if keep is not None:
        area = _area(keep, pixels)
        cut = (slice(area.top, area.bottom), slice(area.left, area.right))
        done[cut] = pixels[cut]
    return done


def without_animal(pixels: Pixels, box: Box) -> Pixels:
    """The picture with its animal covered, and every mark left: smooth ground in place of the box.

    A fifth of the box's sides goes with it on every side, because detectors cut tails.
    """
    return covered(pixels, area_around(box, pixels, 0.2))


def judge(predictor: Judge, pixels: Pixels) -> Judged:
    """What the model says of pixels in memory."""
    verdict = predictor.judge([look_at(pixels, predictor.frame_side)])[0]
    probability = verdict.probabilities[State.LEOPARD]
    return Judged(verdict.state, probability, box_of(verdict, State.LEOPARD))


def effect(name: str, before: Sequence[Judged], after: Sequence[Judged]) -> Effect:
    """Compare the same pictures before and after a change."""
    was = [each.state == State.LEOPARD for each in before]
    now = [each.state == State.LEOPARD for each in after]
    pairs = list(zip(was, now, strict=True))
    changes = [
        log_odds(b.probability) - log_odds(a.probability)
        for a, b in zip(before, after, strict=True)
    ]
    return Effect(
        name,
        before=Share(sum(was), len(was)),
        after=Share(sum(now), len(now)),
        gained=Share(sum(n and not w for w, n in pairs), len(was) - sum(was)),
        lost=Share(sum(w and not n for w, n in pairs), sum(was)),
        change=float(np.mean(changes)) if changes else float("nan"),
    )


def table(effects: Sequence[Effect]) -> str:
    """Effects as a Markdown table, a row each, with 95 % Wilson intervals."""
    lines = [
        "| change | leopard before | leopard after | became leopard | lost as leopard | "
        "log-odds, mean change |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {e.name} | {e.before} | {e.after} | {e.gained} | {e.lost} | {e.change:+.2f} |"
        for e in effects
    ]
    return "\n".join(lines)


def _with_logo(pixels: Pixels, random: Random) -> Pixels:
    """The row of orange animals in a top corner, or a round orange badge in any corner."""
    image = Image.fromarray(pixels)
    width, height = image.size
    right = random.random() < 0.7
    if random.random() < 0.6:
        size = 0.19 * width
        x = 0.79 * width if right else 0.02 * width
        draw_animals(image, (x, 0.025 * height), size, _ORANGE, random)
    else:
        size = random.uniform(0.07, 0.11) * width
        x = 0.98 * width - size if right else 0.02 * width
        y = 0.02 * height if random.random() < 0.4 else 0.97 * height - size
        draw_badge(image, (x, y), size, _ORANGE, random)
    return np.asarray(image)


def _with_strip(pixels: Pixels, random: Random) -> Pixels:
    """Date, time and temperature: pale outlined digits at the bottom right, or a bar."""
    image = Image.fromarray(pixels)
    width, height = image.size
    tall = max(6, round(0.065 * height))
    text = f"{strip_text(random)}  {strip_text(random)}"
    way = random.random()
    if way < 0.6:
        start = (round(0.3 * width), round(0.9 * height))
        print_text(image, text, start, tall, (245, 245, 205), edge=True)
        return np.asarray(image)
    ground, letters = ((0, 0, 0), (250, 250, 250)) if way < 0.8 else ((255, 255, 255), (0, 0, 0))
    top = 0 if random.random() < 0.4 else height - tall
    image.paste(ground, (0, top, width, top + tall))
    print_text(image, text, (4, top + tall // 8), round(0.75 * tall), letters)
    return np.asarray(image)


def _with_painted_box(pixels: Pixels, random: Random, box: Box) -> Pixels:
    height, width, _ = pixels.shape
    corners = (
        box.x * width,
        box.y * height,
        (box.x + box.width) * width,
        (box.y + box.height) * height,
    )
    return paint_out(pixels, corners, random, line=max(3, width // 150), label=True)


def _any_box(random: Random) -> Box:
    wide, tall = random.uniform(0.1, 0.5, 2)
    return Box(random.uniform(0, 1 - wide), random.uniform(0.1, 1 - tall), wide, tall)


def _zone_mask(pixels: Pixels, zones: Sequence[Box]) -> NDArray[np.bool_]:
    mask = np.zeros(pixels.shape[:2], bool)
    for zone in zones:
        area = _area(zone, pixels)
        mask[area.top : area.bottom, area.left : area.right] = True
    return mask


def _area(box: Box, pixels: Pixels) -> Area:
    height, width, _ = pixels.shape
    return Area(
        max(0, round(box.x * width)),
        max(0, round(box.y * height)),
        min(width, round((box.x + box.width) * width)),
        min(height, round((box.y + box.height) * height)),
    )
