"""What is printed on frames and painted over on them: date strips, emblems, the outlines of boxes.

Drawn after the look of real frames, but in no park's own design; each function draws on a picture
at a given place. Where, and how often, is `augment`'s business and `short_cut`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from camtrap.pixels.decode import Pixels

Random = np.random.Generator


def strip_text(random: Random) -> str:
    """A piece of what cameras print: date, time, temperature, counter, name; in many spellings."""
    day, month, year = random.integers(1, 29), random.integers(1, 13), random.integers(2006, 2028)
    hour, minute, second = random.integers(0, 24), random.integers(0, 60), random.integers(0, 60)
    degrees = random.integers(-30, 45)
    pieces = (
        f"{month:02d}/{day:02d}/{year} {hour:02d}:{minute:02d}:{second:02d} {degrees:04d}C",
        f"{year}-{month:02d}-{day:02d} {hour % 12 or 12}:{minute:02d}:{second:02d} "
        f"{'AM' if hour < 12 else 'PM'}",
        f"{day:02d}.{month:02d}.{year} {hour:02d}:{minute:02d}",
        f"M {second % 3 + 1}/3",
        f"{degrees}C {round(degrees * 1.8 + 32)}F",
        f"CAM{minute:02d} IMG_{random.integers(0, 10000):04d}",
    )
    return pieces[int(random.integers(len(pieces)))]


def print_text(
    image: Image.Image,
    text: str,
    corner: tuple[int, int],
    height: int,
    colour: tuple[int, ...],
    *,
    edge: bool = False,
) -> int:
    """Print a line in letters `height` pixels tall with its top left at `corner`.

    Returns the x where it ends. With `edge` the letters are outlined in black, as cameras do it for
    bright scenes.
    """
    mask = _line(text)
    size = (max(1, round(mask.width * height / mask.height)), max(1, height))
    mask = mask.resize(size, Image.Resampling.BILINEAR)
    if edge:
        width = max(1, height // 14)
        for move in ((-width, 0), (width, 0), (0, -width), (0, width)):
            image.paste((0, 0, 0), (corner[0] + move[0], corner[1] + move[1]), mask)
    image.paste(colour, corner, mask)
    return corner[0] + size[0]


@cache
def _letter(letter: str) -> Image.Image:
    """One letter in grey. Kept as a picture: a font may not be drawn with from several threads."""
    font = ImageFont.load_default(32)
    width = max(1, round(font.getlength(letter)))
    picture = Image.new("L", (width, 32), 0)
    ImageDraw.Draw(picture).text((0, 30), letter, fill=255, font=font, anchor="ls")
    return picture


def _line(text: str) -> Image.Image:
    letters = [_letter(letter) for letter in text]
    line = Image.new("L", (max(1, sum(letter.width for letter in letters)), 32), 0)
    x = 0
    for letter in letters:
        line.paste(letter, (x, 0))
        x += letter.width
    return line


def draw_shapes(
    image: Image.Image,
    corner: tuple[float, float],
    size: float,
    colour: tuple[int, ...],
    random: Random,
) -> None:
    """A few ellipses and bars, `size` wide together."""
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(3, 9))):
        left = corner[0] + size * random.uniform(0, 0.8)
        top = corner[1] + 0.4 * size * random.uniform(0, 0.7)
        width, height = size * random.uniform(0.05, 0.4), size * random.uniform(0.05, 0.2)
        shape = draw.ellipse if random.random() < 0.6 else draw.rectangle
        shape((left, top, left + width, top + height), fill=colour)


def draw_badge(
    image: Image.Image,
    corner: tuple[float, float],
    size: float,
    colour: tuple[int, ...],
    random: Random,
) -> None:
    """A round badge of diameter `size`: a disc or a ring, with something in its middle."""
    draw = ImageDraw.Draw(image)
    left, top = corner
    circle = (left, top, left + size, top + size)
    if random.random() < 0.5:
        draw.ellipse(circle, fill=colour)
        inner = as_colour(random.choice(((250, 250, 250), (20, 20, 20))))
    else:
        draw.ellipse(circle, outline=colour, width=max(1, int(size / 10)))
        inner = colour
    draw_animals(image, (left + 0.2 * size, top + 0.3 * size), 0.6 * size, inner, random)


def draw_animals(
    image: Image.Image,
    corner: tuple[float, float],
    size: float,
    colour: tuple[int, ...],
    random: Random,
) -> None:
    """A row of animals in silhouette, `size` wide, a large one first; often a line of print under
    it."""
    draw = ImageDraw.Draw(image)
    x, (_, top) = corner[0], corner
    tall = 0.2 * size
    end, length = x + size, size * random.uniform(0.35, 0.55)
    while x < end:
        body = (x + 0.15 * length, top + 0.25 * tall, x + 0.85 * length, top + 0.65 * tall)
        draw.ellipse(body, fill=colour)
        draw.ellipse((x, top, x + 0.28 * length, top + 0.45 * tall), fill=colour)
        leg = max(1.0, 0.07 * length)
        for share in (0.22, 0.34, 0.66, 0.78):
            foot = x + share * length + random.uniform(-0.04, 0.04) * length
            draw.rectangle((foot, top + 0.45 * tall, foot + leg, top + tall), fill=colour)
        tail = ((x + 0.82 * length, top + 0.4 * tall), (x + length, top + 0.15 * tall))
        draw.line(tail, fill=colour, width=max(1, int(leg)))
        x += length * random.uniform(0.95, 1.1)
        small = random.uniform(0.4, 0.9)
        top, tall, length = top + tall * (1 - small), tall * small, length * small
        if length < 6:
            break
    if random.random() < 0.5:
        dark = as_colour(random.choice(((10, 10, 10), (250, 250, 250), colour)))
        under = (int(corner[0]), int(corner[1] + 0.22 * size))
        print_text(image, strip_text(random), under, max(4, int(0.06 * size)), dark)


def paint_out(
    pixels: Pixels,
    box: tuple[float, float, float, float],
    random: Random,
    *,
    line: int,
    label: bool,
) -> Pixels:
    """Paint over the outline of `box` (left, top, right, bottom in pixels), `line` pixels wide, and
    over the label above it, in one of the ways that programs do it: smeared, streaked along the
    rows or columns, or covered with texture from nearby."""
    image = Image.fromarray(pixels)
    left, top, right, bottom = box
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    draw.rectangle((left, top, max(left, right), max(top, bottom)), outline=255, width=line)
    if label:
        tall = random.uniform(0.05, 0.1) * image.height
        wide = random.uniform(0.25, 1.0) * (right - left)
        draw.rectangle((left, top - tall, left + wide, max(top, top - tall)), fill=255)
    way = random.random()
    if way < 0.4:
        covering = image.filter(ImageFilter.GaussianBlur(random.uniform(2, 6)))
    elif way < 0.7:
        # Streaks: as inpainting leaves them, constant across the line that was painted over.
        length = max(2, line * int(random.integers(2, 4)))
        squeezed = (
            (max(1, image.width // length), image.height)
            if random.random() < 0.5
            else (image.width, max(1, image.height // length))
        )
        small = image.resize(squeezed, Image.Resampling.BOX)
        covering = small.resize(image.size, Image.Resampling.BILINEAR)
    else:
        shift = [int(s) for s in random.choice((-1, 1), 2) * random.integers(line, 4 * line, 2)]
        covering = Image.fromarray(np.roll(pixels, shift, axis=(0, 1)))
        mask = mask.filter(ImageFilter.GaussianBlur(1))
    image.paste(covering, mask=mask)
    return np.asarray(image)


def as_colour(values: Iterable[float]) -> tuple[int, ...]:
    """Three numbers as a colour, 0..255."""
    return tuple(int(min(255, max(0, value))) for value in values)
