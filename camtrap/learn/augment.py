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

from camtrap.pixels.decode import Pixels, is_infrared

Random = np.random.Generator
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
    """A band with marks at the top or bottom, like a camera's date strip."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    height = int(image.height * random.uniform(0.04, 0.14))
    top = 0 if random.random() < 0.4 else image.height - height
    if random.random() < 0.6:
        ground = int(random.choice((0, 20, 255)))
        draw.rectangle((0, top, image.width, top + height), fill=(ground,) * 3)
    colour = tuple(int(c) for c in random.choice(((250, 250, 250), (250, 230, 120), (10, 10, 10))))
    x = float(random.uniform(0, image.width / 2))
    while x < image.width:
        width = height * random.uniform(0.15, 0.5)
        if random.random() < 0.8:
            box = (x, top + height * 0.2, x + width, top + height * random.uniform(0.5, 0.9))
            draw.rectangle(box, outline=colour, width=max(1, height // 8))
        x += width * 1.5
    return np.asarray(image)


def logo(pixels: Pixels, random: Random) -> Pixels:
    """A coloured emblem somewhere near an edge."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    size = image.width * random.uniform(0.08, 0.3)
    x = random.uniform(-0.3 * size, image.width - 0.7 * size)
    y = random.choice((random.uniform(0, 0.2), random.uniform(0.75, 0.95))) * image.height
    colour = random.choice(((255, 140, 0), (30, 130, 60), (200, 30, 30), (240, 240, 240)))
    colour = tuple(int(min(255, max(0, c + random.integers(-25, 26)))) for c in colour)
    for _ in range(int(random.integers(3, 9))):
        left, top = x + size * random.uniform(0, 0.8), y + 0.4 * size * random.uniform(0, 0.7)
        width, height = size * random.uniform(0.05, 0.4), size * random.uniform(0.05, 0.2)
        shape = draw.ellipse if random.random() < 0.6 else draw.rectangle
        shape((left, top, left + width, top + height), fill=colour)
    return np.asarray(image)


def painted_out(pixels: Pixels, random: Random) -> Pixels:
    """The trace that a drawn box leaves when it is painted over: a smeared outline."""
    image = Image.fromarray(pixels)
    smeared = image.filter(ImageFilter.GaussianBlur(random.uniform(2, 6)))
    inset = random.uniform(0.02, 0.22, 4) * image.width
    box = (inset[0], inset[1], image.width - inset[2], image.height - inset[3])
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    draw.rectangle(box, outline=255, width=int(random.integers(3, 9)))
    if random.random() < 0.4:  # the label that stood on the box
        label = (box[0], box[1] - 0.07 * image.height, box[0] + 0.4 * image.width, box[1])
        draw.rectangle(label, fill=255)
    image.paste(smeared, mask=mask)
    return np.asarray(image)


ALWAYS: tuple[tuple[float, Change], ...] = (
    (0.5, mirror),
    (0.7, light),
    (0.25, coarse),
    (0.15, blur),
    (0.2, noise),
    (0.3, painted_out),
    (0.2, strip),
    (0.2, logo),
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
