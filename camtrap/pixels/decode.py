"""From a file's bytes to upright RGB pixels: at the smallest scale that serves, true about damage.

One read of the file serves the content key, the metadata and both decodes. Pillow's strict mode
stays on, and a JPEG without its end marker counts as truncated, so that half a picture is never
judged as a whole one.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from camtrap.card.header import lean, open_picture, safe_exif
from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels.damage import (
    hole_in_jpeg,
    is_short,
    is_too_short,
    marks_of,
)
from camtrap.pixels.damage import is_cut_jpeg as is_cut_jpeg
from camtrap.pixels.fit import Region, fitted_size
from camtrap.pixels.limits import (
    LARGE,
    LIMITS,
    Limits,
    one_large,
    reason_of,
    refusal,
    what_it_is,
)
from camtrap.pixels.radiometric import heat_of
from camtrap.pixels.thermal import shown_grey

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3), RGB, 0..255, upright."""

SCALE_MARGIN = 1.5
"""A reduced JPEG decode keeps at least this many times the target's pixels a side: below it, the
result drifts from the full decode (40 dB against 50 dB at 480 pixels)."""

COLOUR_SPREAD = 5.0
"""A picture whose colour differences vary less than this (standard deviation, 0..255) is infra-red
or grey."""

_WHOLE_FILE = 1 << 29
_STRIP_PIXELS = 1 << 24
_ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, for each value of the rotation flag (EXIF 2.32, 4.6.4 A)."""

# Pillow alone refuses a picture of 179 megapixels; phones take 200. `opened` has our own limit.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns of broken metadata and of large pictures; both are handled here. `catch_warnings` is
# not safe in threads: it would leave the warnings of the whole process switched off.
warnings.filterwarnings("ignore", module=r"PIL\.")

with contextlib.suppress(ImportError):
    import pillow_heif

    pillow_heif.register_heif_opener()


FRAME_SIDE = 640
"""The longer side at which pictures are looked at first, at most."""

FIRST_SIDE = 1440
"""The longer side, in pixels, that the first decode of a JPEG has at least, where the picture has
it. Unpacking takes most of the time at any scale (12 megapixels at a quarter of the side: 36 ms, at
half: 40, in full: 86), and most crops can then be cut from this decode."""

_GAP = 1.5
"""Pictures are halved first while they are so many times larger than wanted: quicker, and alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture: its pixels at reduced size, and the size of the upright original.

    `reduced` is the decode that the pixels were scaled from, upright, at `SCALE_MARGIN` times their
    size or more where the original has that. `limits` are those that it was decoded within, and
    `note` tells what was left out of its metadata.
    """

    pixels: Pixels
    width: int
    height: int
    infrared: bool
    reduced: Image.Image | None = None
    note: str = ""
    limits: Limits = LIMITS

    @property
    def nbytes(self) -> int:
        """Memory that it takes, roughly."""
        held = self.reduced.width * self.reduced.height * 3 if self.reduced is not None else 0
        return self.pixels.nbytes + held


Decode = Callable[[bytes, int], Frame]
"""From a file's bytes and the longer side wanted to a frame; raises as `decode_frame`."""


def decode_frame(
    data: bytes, side: int, *, least: int = FIRST_SIDE, limits: Limits = LIMITS
) -> Frame:
    """Decode a picture so that its longer side is `side` pixels (smaller pictures are enlarged).

    Where no crops will be cut from the frame, `least` 0 spares some of the time: it is the longer
    side, in pixels, of the decode that `reduced` keeps, where the picture has so many.

    Raises `TruncatedPicture` when the data end early, and `UnreadablePicture` when they cannot be
    decoded at all, or when the picture has more pixels than the limits allow.
    """
    with opened_with_note(data, limits) as (image, note):
        width, height = upright_size(image)
        target = fitted_size(width, height, side)
        _draft(image, max(SCALE_MARGIN * side, least) / max(width, height))
        reduced = _loaded(image)
        pixels = np.asarray(reduced.resize(target, Image.Resampling.BILINEAR, reducing_gap=_GAP))
    return Frame(pixels, width, height, is_infrared(pixels), reduced, note, limits)


def decode_crops(
    data: bytes,
    regions: Sequence[Region],
    side: int,
    fill: int = 127,
    *,
    frame: Frame | None = None,
    modest: Sequence[bool] = (),
    limits: Limits = LIMITS,
) -> list[Pixels]:
    """Cut regions (in pixels of the upright original) and scale each into a `side` x `side` square.

    A region that is not square is centred and the rest filled with grey `fill`. Regions are cut
    from the first decode, which a `frame` at hand holds, where that has enough pixels for them, and
    the others from one more, at the scale that the smallest of them needs. The crops are the same
    without the frame. Regions that are `modest` (one truth each; none is, where none are given) are
    cut from the first decode whatever their size. The limits are the frame's. Raises as
    `decode_frame`.
    """
    if not regions:
        return []
    wanted = [
        0.0 if is_modest else min(1.0, SCALE_MARGIN * side / max(region.width, region.height, 1.0))
        for region, is_modest in zip(regions, modest or [False] * len(regions), strict=True)
    ]
    limits = limits if frame is None else frame.limits
    if frame is not None and frame.reduced is not None:
        first: Image.Image | None = frame.reduced
        width, height, size = frame.width, frame.height, frame.reduced.size
        enough = [_is_enough(size, width, height, scale) for scale in wanted]
    else:
        with opened(data, limits) as image:
            width, height = upright_size(image)
            _draft(image, FIRST_SIDE / max(width, height))
            enough = [_is_enough(upright_size(image), width, height, scale) for scale in wanted]
            first = _loaded(image) if any(enough) else None
    second = None
    if not all(enough):
        with opened(data, limits) as image:
            _draft(image, max(wanted))
            second = _loaded(image)
    crops = []
    for region, is_first in zip(regions, enough, strict=True):
        source = first if is_first else second
        assert source is not None
        crops.append(_cut(source, region, source.width / width, side, fill))
    return crops


def _is_enough(size: tuple[int, int], width: int, height: int, scale: float) -> bool:
    """Whether a decode of this size, of a picture of that, has `scale` times its pixels a side."""
    return size[0] >= width * scale and size[1] >= height * scale


def is_infrared(pixels: Pixels) -> bool:
    """True for a picture without colour: what infra-red flash and black-and-white modes give.

    The spread of the differences between channels is measured, not their mean, because many
    infra-red pictures have an even tint.
    """
    sample = pixels[::4, ::4].astype(np.int16)
    red, green, blue = sample[..., 0], sample[..., 1], sample[..., 2]
    return bool(max((red - green).std(), (blue - green).std()) < COLOUR_SPREAD)


@contextlib.contextmanager
def opened(data: bytes, limits: Limits = LIMITS) -> Iterator[Image.Image]:
    """Open a picture for decoding; whatever Pillow raises inside becomes an error of our own.

    What would cost too much memory or time is refused before it is decoded, pictures of more pixels
    than the limits allow among them. Large ones take turns.
    """
    with opened_with_note(data, limits) as (image, _):
        yield image


@contextlib.contextmanager
def opened_with_note(data: bytes, limits: Limits = LIMITS) -> Iterator[tuple[Image.Image, str]]:
    """As `opened`, with a note of what was left out; empty for nothing.

    Where a JPEG holds what a thermal camera measured, that is what is opened, at the JPEG's size.
    """
    if not data:
        raise UnreadablePicture("the file is empty (0 bytes)")
    marks = marks_of(data) if data.startswith(b"\xff\xd8") else None
    if marks and is_cut_jpeg(data, marks):
        raise TruncatedPicture("the JPEG has no end marker: its data were cut or overwritten")
    if marks and (hole := hole_in_jpeg(data, marks)):
        raise TruncatedPicture(f"the JPEG has a hole: {hole:,} bytes of it were never written")
    try:
        kept = lean(data, limits.metadata)
        with open_picture(kept) as image:
            if reason := refusal(image, data, limits.pixels, marks and marks.scans):
                raise UnreadablePicture(reason)
            if is_too_short(data, *image.size):
                raise TruncatedPicture("the JPEG's data are too few for the size that it claims")
            if is_short(image, data):
                raise TruncatedPicture(f"the {image.format}'s data end before its last row")
            is_large = image.width * image.height > LARGE
            with one_large if is_large else contextlib.nullcontext():
                heat, unread = heat_of(kept.data, image)
                note = "; ".join(filter(None, (kept.note, unread)))
                yield image if heat is None else heat, note
    except UnreadablePicture:
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(what_it_is(data)) from None
    except Exception as error:
        # Pillow's decoders raise whatever their parsers trip over (OSError, SyntaxError,
        # struct.error, ...): a file from a dying card must end in a state, not stop the run.
        reason = reason_of(error)
        if "truncated" in reason.lower():
            raise TruncatedPicture(reason) from error
        if isinstance(error, MemoryError):
            raise UnreadablePicture(reason) from error
        raise UnreadablePicture(f"the picture's data are damaged ({reason})") from error


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after the camera's rotation flag is applied."""
    turned = orientation(image) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def orientation(image: Image.Image) -> int:
    """The rotation flag, 1 to 8; 1 (upright) where there is none or none that can be read."""
    if image.format == "TIFF":
        image.load()  # Pillow turns TIFF pictures itself while it loads them, and drops the flag
    try:
        flag = safe_exif(image).get(_ORIENTATION, 1)
    except Exception:
        # Pillow lets out SyntaxError, struct.error and others; broken EXIF costs no picture.
        return 1
    return flag if isinstance(flag, int) and flag in TURNS else 1


def turned(image: Image.Image, pixels: Pixels) -> Pixels:
    """Pixels (height, width, 3) of an opened picture as they are stored, made upright."""
    turn = TURNS.get(orientation(image))
    return pixels if turn is None else np.asarray(Image.fromarray(pixels).transpose(turn))


def _draft(image: Image.Image, scale: float) -> None:
    """Let a JPEG be decoded at its smallest scale that is `scale` or more; others are not asked."""
    width, height = image.size
    image.draft("RGB", (math.ceil(width * scale), math.ceil(height * scale)))


def _loaded(image: Image.Image) -> Image.Image:
    """Decode to RGB, upright."""
    turn = TURNS.get(orientation(image))
    # All data at once: between pieces of 64 KB, decoders in threads wait for each other.
    image.decodermaxblock = _WHOLE_FILE  # type: ignore[attr-defined]
    image.load()
    # `ImageOps.exif_transpose` would write the EXIF anew, and fail where a camera's is broken.
    return to_rgb(image if turn is None else image.transpose(turn))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode to RGB; greys of 16 bits and more as `thermal` has it, alpha on black."""
    if image.mode == "RGB":
        return image
    if image.mode[0] in "IF":
        return shown_grey(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return _on_black(image)
    return image.convert("RGB")


def _on_black(image: Image.Image) -> Image.Image:
    whole = Image.new("RGB", image.size)
    for top, strip in _strips(image):
        rgba = strip.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        whole.paste(Image.alpha_composite(black, rgba).convert("RGB"), (0, top))
    return whole


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A picture in strips, each with its first row: of a large one, a copy takes gigabytes."""
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _cut(image: Image.Image, region: Region, scale: float, side: int, fill: int) -> Pixels:
    box = (
        max(region.left * scale, 0.0),
        max(region.top * scale, 0.0),
        min(region.right * scale, image.width),
        min(region.bottom * scale, image.height),
    )
    width, height = fitted_size(
        max(1, round(region.width * 16)), max(1, round(region.height * 16)), side
    )
    piece = image.resize((width, height), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    if (width, height) == (side, side):
        return np.asarray(piece)
    canvas = Image.new("RGB", (side, side), (fill, fill, fill))
    canvas.paste(piece, ((side - width) // 2, (side - height) // 2))
    return np.asarray(canvas)
