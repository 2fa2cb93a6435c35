"""Changes to training crops that leave the animal what it is: light, lens, file, and what is
printed on frames.

The last group is there for a reason. All leopards but a few come from one park whose frames carry a
logo, a date strip and traces of painted-out boxes; printing such things on the crops of every class
makes them worthless as a short cut. Every function takes and gives RGB pixels (height, width, 3),
0..255.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from camtrap.learn.prints import (
    Random,
    as_colour,
    draw_animals,
    draw_badge,
    draw_shapes,
    paint_out,
    print_text,
    strip_text,
)
from camtrap.pixels.decode import Pixels, is_infrared

Change = Callable[[Pixels, Random], Pixels]


def mirror(pixels: Pixels, random: Random) -> Pixels:
    """Left becomes right."""
    return np.ascontiguousarray(pixels[:, ::-1])


def light(pixels: Pixels, random: Random) -> Pixels:
    """Another exposure: gamma, contrast and brightness."""
    values = pixels.astype(np.float32) / 255
    values = values ** random.uniform(0.6, 1.7)
    values = (values - 0.5) * random.uniform(0.6, 1.4) + 0.5 + random.uniform(-0.12, 0.12)
    return _pixels(values * 255)


def night(pixels: Pixels, random: Random) -> Pixels:
    """A colour picture as infra-red flash would show it: grey, bright in the middle, noisy."""
    grey = pixels.astype(np.float32) @ random.dirichlet((3.0, 3.0, 2.0)).astype(np.float32)
    rows, columns = grey.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    centre_y, centre_x = random.uniform(0.2, 0.8, 2) * (rows, columns)
    distance = ((y - centre_y) / rows) ** 2 + ((x - centre_x) / columns) ** 2
    grey = grey * np.exp(-distance * random.uniform(0, 2.5))
    grey = grey + random.normal(0, random.uniform(1, 10), grey.shape)
    tint = 1 + random.uniform(-0.08, 0.08, 3) * (random.random() < 0.3)
    return _pixels(grey[..., None] * tint)


def day(pixels: Pixels, random: Random) -> Pixels:
    """A grey picture in two random earthy colours, so that grey says nothing about the class."""
    grey = pixels.astype(np.float32).mean(axis=2, keepdims=True) / 255
    dark = random.uniform((0, 0, 0), (70, 60, 45))
    bright = random.uniform((190, 170, 110), (255, 250, 230))
    return _pixels(dark + grey * (bright - dark))


def coarse(pixels: Pixels, random: Random) -> Pixels:
    """Fewer pixels on the animal: far away, or an old camera."""
    image = Image.fromarray(pixels)
    scale = random.uniform(0.15, 0.6)
    small = (max(16, int(image.width * scale)), max(16, int(image.height * scale)))
    return np.asarray(
        image.resize(small, Image.Resampling.BILINEAR).resize(image.size, Image.Resampling.BICUBIC)
    )


def blur(pixels: Pixels, random: Random) -> Pixels:
    """Out of focus, or moving along the frame."""
    image = Image.fromarray(pixels)
    if random.random() < 0.5:
        return np.asarray(image.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 2.5))))
    reach = int(random.integers(3, 12))
    moved = np.stack([np.roll(pixels, shift, axis=1) for shift in range(reach)])
    return _pixels(moved.mean(axis=0))


def noise(pixels: Pixels, random: Random) -> Pixels:
    """A sensor at high sensitivity."""
    return _pixels(pixels + random.normal(0, random.uniform(3, 15), pixels.shape))


def compress(pixels: Pixels, random: Random) -> Pixels:
    """JPEG at low quality."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=int(random.integers(25, 80)))
    return np.asarray(Image.open(buffer).convert("RGB"))


def strip(pixels: Pixels, random: Random) -> Pixels:
    """A camera's date strip at the top or bottom: on a bar, or as letters on the scene itself."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    height = max(5, int(image.height * random.uniform(0.04, 0.14)))
    top = 0 if random.random() < 0.4 else image.height - height
    ground: int | None = None
    if random.random() < 0.6:
        ground = int(random.choice((0, 20, 255)))
        draw.rectangle((0, top, image.width, top + height), fill=(ground,) * 3)
    light = ((250, 250, 250), (250, 230, 120), (245, 245, 200))
    dark = ((10, 10, 10), (90, 60, 10))
    colours = light if ground in (0, 20) else dark if ground == 255 else (*light, dark[0])
    colour = as_colour(random.choice(colours))
    edge = colour in light and ground is None and random.random() < 0.6
    letters = int(height * random.uniform(0.55, 1.0))
    # A crop shows any part of a line, so it may start before the crop's left edge.
    x = int(random.uniform(-0.7, 0.6) * image.width)
    y = top + (height - letters) // 2
    while x < image.width:
        x = print_text(image, strip_text(random), (x, y), letters, colour, edge=edge)
        x += int(letters * random.uniform(0.5, 6))
    return np.asarray(image)


def logo(pixels: Pixels, random: Random) -> Pixels:
    """An emblem near an edge: shapes, a round badge, or a row of animals, mostly orange."""
    image = Image.fromarray(pixels)
    size = image.width * random.uniform(0.08, 0.3)
    x = random.uniform(-0.3 * size, image.width - 0.7 * size)
    y = random.choice((random.uniform(0, 0.2), random.uniform(0.75, 0.95))) * image.height
    base = ((255, 140, 0), (255, 140, 0), (30, 130, 60), (200, 30, 30), (240, 240, 240))
    colour = as_colour(random.choice(base) + random.integers(-25, 26, 3))
    kind = random.random()
    if kind < 0.35:
        draw_shapes(image, (x, y), size, colour, random)
    elif kind < 0.6:
        draw_badge(image, (x, y), 0.5 * size, colour, random)
    else:
        draw_animals(image, (x, y), size, colour, random)
    return np.asarray(image)


def painted_out(pixels: Pixels, random: Random) -> Pixels:
    """The trace that a drawn box and its label leave when they are painted over."""
    height, width, _ = pixels.shape
    inset = random.uniform(0.02, 0.22, 4) * width
    box = (inset[0], inset[1], width - inset[2], height - inset[3])
    return paint_out(
        pixels, box, random, line=int(random.integers(3, 9)), label=bool(random.random() < 0.4)
    )


def mask_strips(pixels: Pixels, random: Random) -> Pixels:
    """The zone of a date strip covered, at the top, the bottom or both: by its mean, by noise or by
    the picture beside it mirrored. What is printed there can then decide nothing."""
    changed = pixels.copy()
    height = pixels.shape[0]
    which = random.random()
    for bottom in (False, True):
        if (bottom and which < 0.25) or (not bottom and 0.25 <= which < 0.8):
            continue
        tall = max(1, int(height * random.uniform(0.05, 0.15)))
        rows = changed[-tall:] if bottom else changed[:tall]
        way = random.random()
        if way < 0.35:
            rows[:] = rows.mean(axis=(0, 1)).astype(np.uint8)
        elif way < 0.6:
            level, spread = rows.mean(axis=(0, 1)), random.uniform(5, 50)
            grain = random.normal(0, spread, (tall, pixels.shape[1], 1))
            rows[:] = _pixels(level + grain)
        else:
            beside = pixels[-2 * tall : -tall] if bottom else pixels[tall : 2 * tall]
            rows[:] = beside[::-1]
    return changed


ALWAYS: tuple[tuple[float, Change], ...] = (
    (0.5, mirror),
    (0.7, light),
    (0.25, coarse),
    (0.15, blur),
    (0.2, noise),
    (0.3, painted_out),
    (0.2, strip),
    (0.2, logo),
    (0.15, mask_strips),
    (0.3, compress),
)
"""Chances and changes, in the order in which a picture comes about: scene, camera, print, file."""

TO_NIGHT = 0.35
TO_DAY = 0.35


def augment(pixels: Pixels, random: Random) -> Pixels:
    """One random variation of a crop; the same generator state gives the same crop."""
    if is_infrared(pixels):
        if random.random() < TO_DAY:
            pixels = day(pixels, random)
    elif random.random() < TO_NIGHT:
        pixels = night(pixels, random)
    for chance, change in ALWAYS:
        if random.random() < chance:
            pixels = change(pixels, random)
    return pixels


def _pixels(values: np.ndarray) -> Pixels:
    pixels: Pixels = np.clip(values, 0, 255).astype(np.uint8)
    return pixels
