"""One tile of a made flight: ground, animals, light, and the camera's faults; with its boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from camtrap.learn.aerial.ground import lay, made_ground, real_ground
from camtrap.learn.aerial.herd import METRES_A_PIXEL, Painted
from camtrap.painted.overhead import Floats
from camtrap.pixels.decode import Pixels
from camtrap.records import Box

FINEST, COARSEST = 0.012, 0.07
"""Metres a pixel: a leopard's body is some 90 pixels long at the first, 16 at the second."""

EMPTY, HEAT, REAL = 0.35, 0.1, 0.55
"""Chances of a tile without animals, of one as a thermal camera sees it, and of real ground."""

LEAST_SIDE = 12
"""Pixels of the longer side from which an animal counts; smaller ones are not put in."""

OTHER_COAT = 0.3
"""Chance of animals in a colour that no painter gave them: white cattle, yellow deer."""

_INSIDE = 0.6  # an animal is cut by the tile's edge by less than the rest of this
_SOLID = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A tile (side, side, 3) and the boxes of its animals, relative to it."""

    pixels: Pixels
    boxes: tuple[Box, ...]


def make_scene(
    side: int,
    herd: Sequence[Painted],
    empties: Sequence[Pixels],
    random: np.random.Generator,
) -> Scene:
    """A tile drawn at random; `empties` are pictures with nothing alive in them."""
    real = bool(empties) and random.random() < REAL
    picture = real_ground(empties, side, random) if real else made_ground(side, random)
    heat = random.random() < HEAT
    if heat:
        picture = _cold(picture, random)
    boxes: list[Box] = []
    if random.random() >= EMPTY:
        scale = float(np.exp(random.uniform(np.log(FINEST), np.log(COARSEST))))
        light = _Light(random)
        one_kind = random.random() < 0.5
        first = herd[int(random.integers(len(herd)))]
        # All animals of a tile are seen by one camera at one slant.
        group = [each for each in herd if each.pitch == first.pitch]
        if one_kind:
            group = [each for each in group if each.species == first.species]
        middle = random.uniform(0, side, 2)
        for _ in range(int(random.choice([1, 1, 1, 2, 3, 5, 8]))):
            animal = group[int(random.integers(len(group)))]
            spread = random.uniform(0.05, 0.5) * side
            place = middle + random.normal(0, spread, 2)
            box = _put(picture, animal, scale, place, light, heat, boxes, random)
            boxes += [box] if box else []
    return Scene(_taken(picture, heat, random), tuple(boxes))


class _Light:
    """Where the sun stands, and what coats are like, for all animals of a tile."""

    def __init__(self, random: np.random.Generator) -> None:
        turn = random.uniform(0, 2 * np.pi)
        self.away = np.array([np.sin(turn), np.cos(turn)]) * random.choice([0.0, 0.3, 0.8, 1.5])
        self.strength = float(random.choice([0.0, 0.25, 0.45, 0.6]))
        self.gain = random.uniform(0.6, 1.3)
        self.tint = random.uniform(0.9, 1.1, 3).astype(np.float32)
        grey = random.uniform(20, 240)
        self.coat = grey * random.uniform(0.8, 1.1, 3) if random.random() < OTHER_COAT else None


def _put(
    picture: Floats,
    animal: Painted,
    scale: float,
    place: np.ndarray,
    light: _Light,
    heat: bool,
    others: Sequence[Box],
    random: np.random.Generator,
) -> Box | None:
    """Lay an animal onto the picture and give its box; None where it does not fit."""
    side = len(picture)
    colour, alpha = _sized(animal, METRES_A_PIXEL / scale * random.uniform(0.85, 1.1), random)
    rows, columns = alpha.shape
    corner = (place - np.array([rows, columns]) / 2).astype(int)
    box = _box_of(alpha, corner, side)
    if box is None or any(_close(box, other) for other in others):
        return None
    if heat:
        warm = random.uniform(150, 255)
        colour = np.full_like(colour, warm) * (0.85 + 0.3 * colour.mean() / 255)
    else:
        if light.coat is not None:
            # The shape keeps its light and shade, and a little of its pattern.
            shade = colour.mean(axis=2, keepdims=True) / max(float(colour[alpha > 0].mean()), 1.0)
            colour = np.asarray(light.coat * shade**0.7, np.float32)
        colour = colour * light.gain * light.tint * random.uniform(0.6, 1.4)
        # Its shadow lies on the ground and is smeared away from the sun.
        reach = float(np.hypot(*light.away)) * 0.35 / scale
        for step in np.linspace(1, 0.2, 5) if light.strength else ():
            shift = np.round(light.away * reach / 1.5 * step).astype(int)
            lay(picture, np.zeros(3), alpha * light.strength * 0.45, corner + shift)
    lay(picture, np.clip(colour, 0, 255), alpha * random.uniform(0.85, 1), corner)
    return box


def _sized(animal: Painted, factor: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The animal turned by any angle (when seen from straight above) and made smaller."""
    together = np.dstack([animal.colour * animal.alpha[..., None], animal.alpha * 255])
    image = Image.fromarray(np.clip(together, 0, 255).astype(np.uint8), "RGBA")
    if animal.pitch == 90:
        image = image.rotate(float(random.uniform(0, 360)), Image.Resampling.BILINEAR, expand=True)
    size = (max(4, round(image.width * factor)), max(4, round(image.height * factor)))
    small = np.asarray(image.resize(size, Image.Resampling.BOX), np.float32)
    if random.random() < 0.5:
        small = small[:, ::-1]
    alpha = small[..., 3] / 255
    colour = np.asarray(small[..., :3] / np.maximum(alpha, 1e-2)[..., None], np.float32)
    return colour, np.asarray(alpha, np.float32)


def _box_of(alpha: Floats, corner: np.ndarray, side: int) -> Box | None:
    """The box of what is solid and inside, 0..1; None where too little of it is left."""
    solid = np.argwhere(alpha > _SOLID)
    if not len(solid):
        return None
    whole = np.ptp(solid, axis=0) + 1
    inside = solid[((solid + corner >= 0) & (solid + corner < side)).all(axis=1)]
    if whole.max() < LEAST_SIDE or len(inside) < _INSIDE * len(solid):
        return None
    (top, left), (bottom, right) = inside.min(axis=0) + corner, inside.max(axis=0) + corner + 1
    return Box(left / side, top / side, (right - left) / side, (bottom - top) / side)


def _close(one: Box, other: Box) -> bool:
    """True where two boxes share more than a third of the smaller."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    least = min(one.width * one.height, other.width * other.height)
    return width > 0 and height > 0 and width * height > least / 3


def _cold(picture: Floats, random: np.random.Generator) -> Floats:
    """Ground as a thermal camera sees it: grey, flat, colder than an animal."""
    grey = picture.mean(axis=2, keepdims=True)
    flat = (grey - grey.mean()) * random.uniform(0.2, 0.8) + random.uniform(30, 120)
    return np.repeat(np.clip(flat, 0, 190), 3, axis=2).astype(np.float32)


def _taken(picture: Floats, heat: bool, random: np.random.Generator) -> Pixels:
    """What the camera makes of it: exposure, colour, blur and noise."""
    values = np.clip(picture, 0, 255) / 255
    values = values ** random.uniform(0.7, 1.4)
    values = (values - 0.5) * random.uniform(0.7, 1.25) + 0.5 + random.uniform(-0.1, 0.1)
    grey = values.mean(axis=2, keepdims=True)
    colour = 0.0 if heat or random.random() < 0.1 else random.uniform(0.4, 1.3)
    values = grey + (values - grey) * colour
    image = Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))
    if random.random() < 0.7:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.2, 1.1)))
    grain = random.standard_normal((*picture.shape[:2], 1 if heat else 3), dtype=np.float32)
    noisy = np.asarray(image, np.float32) + grain * np.float32(random.choice([0, 1, 2, 4, 8]))
    return np.clip(noisy, 0, 255).astype(np.uint8)
