"""Greys of 16 or 32 bits, as thermal cameras write them, to greys of 8 bits that show the scene.

The numbers are a sensor's counts or temperatures, of which a scene fills a small part. One dead
pixel, the sun on a rock or the sky must not take the range from the ground and its animals, so the
lowest and the highest 0.5 % of the pixels count for nothing: what lies beyond them is black or
white. Both ends are order statistics of the whole picture, found exactly and in flat memory, so
that the same numbers always become the same greys, whichever way they lie in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Numbers = NDArray[Any]
"""Whole numbers of 16 bits without sign or of 32 with it, or floats of 32; of any shape."""

IGNORED = 0.005
"""The share of the pixels at each end that does not count. An animal that is hotter than all else
and larger than this still has shades of its own; a smaller one is white, whole, and easily seen."""

_BAND_PIXELS = 1 << 22
_KEYS = 1 << 16


def shown_grey(image: Image.Image) -> Image.Image:
    """A grey picture of Pillow's modes I (and I;16) or F as RGB, 0.5 % to 99.5 % from 0 to 255.

    A picture of one value is black, and so is what is no number; infinities are as far as numbers
    go. Where all but a few pixels are of one value, their full range is shown.
    """
    low, high = bounds(lambda: (band for _, band in _bands(image)))
    whole = Image.new("RGB", image.size)
    for top, band in _bands(image):
        whole.paste(Image.fromarray(to_grey(band, low, high)).convert("RGB"), (0, top))
    return whole


def bounds(bands: Callable[[], Iterator[Numbers]]) -> tuple[float, float]:
    """The numbers that become black and white; `bands` gives all numbers anew at each call.

    Of n finite numbers in order, as many as `IGNORED` of n - 1 are passed over at each end. Both
    are 0 where there is no finite number.
    """
    upper: NDArray[np.int64] = np.zeros(_KEYS, np.int64)
    is_short = False
    for band in bands():
        is_short = band.dtype.itemsize == 2
        upper += np.bincount(band.ravel() if is_short else _keys(band) >> 16, minlength=_KEYS)
    count = int(upper.sum())
    if count == 0:
        return 0.0, 0.0
    passed = int(IGNORED * (count - 1))
    for ranks in ((passed, count - 1 - passed), (0, count - 1)):
        low, high = _placed(upper, ranks) if is_short else _ranked(bands, upper, ranks)
        if low < high:
            break
    return low, high


def to_grey(values: Numbers, low: float, high: float) -> NDArray[np.uint8]:
    """Numbers as greys, `low` and less 0, `high` and more 255, to the nearest between them.

    Whole numbers are counted in whole numbers: another gain or offset of the same scene gives the
    very same greys.
    """
    if not low < high:
        return np.zeros(values.shape, np.uint8)
    if np.issubdtype(values.dtype, np.integer):
        if values.dtype.itemsize == 2:
            table = to_grey(np.arange(_KEYS, dtype=np.int32), low, high)
            return table[values]
        first, span = int(low), int(high) - int(low)
        above = np.clip(values.astype(np.int64), first, int(high)) - first
        return ((above * 510 + span) // (2 * span)).astype(np.uint8)
    numbers = np.where(np.isnan(values), low, values).astype(np.float64)
    shares = (np.clip(numbers, low, high) - low) / (high - low)
    return np.rint(shares * 255.0).astype(np.uint8)


def _ranked(
    bands: Callable[[], Iterator[Numbers]], upper: NDArray[np.int64], ranks: tuple[int, int]
) -> tuple[float, float]:
    """The numbers of these ranks (0 is the least), by the upper half of their keys, then the lower.

    To sort hundreds of megapixels would take gigabytes; to count halves of keys takes two tables.
    """
    before = np.concatenate([[0], np.cumsum(upper)])
    halves = _placed(upper, ranks)
    lower = {half: np.zeros(_KEYS, np.int64) for half in halves}
    is_whole = True
    for band in bands():
        is_whole = np.issubdtype(band.dtype, np.integer)
        keys = _keys(band)
        for half, counts in lower.items():
            counts += np.bincount(keys[keys >> 16 == half] & (_KEYS - 1), minlength=_KEYS)
    found = []
    for rank, half in zip(ranks, halves, strict=True):
        [within] = _placed(lower[half], (rank - int(before[half]),))
        found.append(_number(half << 16 | within, is_whole))
    return found[0], found[1]


def _placed(counts: NDArray[np.int64], ranks: tuple[int, ...]) -> tuple[int, ...]:
    """The place in a table of counts that holds each of these ranks."""
    up_to = np.cumsum(counts)
    return tuple(int(np.searchsorted(up_to, rank, side="right")) for rank in ranks)


def _keys(values: Numbers) -> NDArray[np.int64]:
    """Finite numbers as whole numbers of 32 bits without sign that lie in the same order."""
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64).ravel() + (1 << 31)
    # IEEE 754: the bits of a positive float count up with it, those of a negative one count down.
    finite = values[np.isfinite(values)].astype(np.float32) + np.float32(0.0)  # -0 is 0
    bits = finite.view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, -(bits & 0x7FFF_FFFF)) + (1 << 31)


def _number(key: int, is_whole: bool) -> float:
    """The number that has this key."""
    signed = key - (1 << 31)
    if is_whole:
        return signed
    magnitude = float(np.array(abs(signed), np.int32).view(np.float32))
    return magnitude if signed >= 0 else -magnitude


def _bands(image: Image.Image) -> Iterator[tuple[int, Numbers]]:
    """The picture's numbers in bands of whole rows, each with its first row."""
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        yield top, np.asarray(image.crop((0, top, image.width, bottom)))
