"""What a picture would cost, told before it is decoded, and why one is refused.

A thread of Python cannot be stopped from outside, so time and memory are bounded by what a file
says of itself. The bounds are for a field laptop; see docs/reliability.md for what they leave open.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PIL import BmpImagePlugin, Image, TiffImagePlugin

from camtrap.card.header import METADATA_LIMIT

PIXEL_LIMIT = 400_000_000
"""Pictures above this are refused: 400 megapixels need more than 1 GB once decoded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may ask for: so many pixels, and bytes of metadata that are read of it."""

    pixels: int = PIXEL_LIMIT
    metadata: int = METADATA_LIMIT


LIMITS = Limits()
"""Those of whoever asks for no others."""

LARGE = 64_000_000
"""Pixels. Pictures above this are decoded one at a time, however many threads decode."""

DECODE_SECONDS = 60
"""What would take longer to decode than this on a field laptop is refused."""

SCAN_LIMIT = 500
"""Scans of one JPEG; what programs write has about ten, and T.81 has no bound."""

PIXEL_SCANS_A_SECOND = 300_000_000
"""Each scan of a progressive JPEG passes over the whole picture, even where it holds nothing."""

RLE_PIXEL_LIMIT = 40_000_000
RLE_WIDTH_LIMIT = 100_000
"""Run-length BMP is decoded by Python, pixel by pixel, and a skip may be 255 rows long."""

TILE_LIMIT = 67_108_864
"""Pixels of one tile of a TIFF (8192 x 8192): a tile takes its memory whole."""

REASON_LIMIT = 200
"""Characters of what a decoder said that are shown."""

one_large = threading.RLock()
"""Held while a picture above `LARGE` is decoded; the same thread may decode its crops meanwhile."""

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_START_OF_SCAN = b"\xff\xda"


def refusal(
    image: Image.Image, data: bytes, pixel_limit: int = PIXEL_LIMIT, scans: int | None = None
) -> str:
    """Why an opened picture, whose file is `data`, is not decoded; empty where it may be.

    `scans` is how many a JPEG has, where they were counted already.
    """
    width, height = image.size
    if width < 1 or height < 1:
        return f"the picture has no pixels ({width} x {height})"
    if width * height > pixel_limit:
        return (
            f"{width} x {height} pixels are over the limit of {pixel_limit // 1_000_000} megapixels"
        )
    if data.startswith(b"\xff\xd8"):
        scans = data.count(_START_OF_SCAN) if scans is None else scans
        return _too_many_scans(width * height, scans)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _too_large_a_tile(image)
    if isinstance(image, BmpImagePlugin.BmpImageFile) and image.tile[0][0] == "bmp_rle":
        return _too_slow_a_bitmap(width, height)
    return ""


def reason_of(error: BaseException) -> str:
    """What a decoder tripped over, as one printable line for people."""
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode this picture"
    text = "".join(c if c.isprintable() else " " for c in str(error))
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= REASON_LIMIT else text[: REASON_LIMIT - 3] + "..."


def what_it_is(data: bytes) -> str:
    """Of a file that is no picture that is read, what it looks like; one line for people."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = start.lower()
    if data.count(0) == len(data):
        return "not a picture: the file holds nothing but zeros"
    if data[4:8] == b"ftyp" and data[8:11] in (b"hei", b"mif", b"hev"):
        return "not a picture in any format that can be read, but HEIC: pip install camtrap[heic]"
    for name, mark in _STARTS.items():
        if data.startswith(mark):
            return f"not a picture that can be read: the header of this {name} is broken"
    for kind, marks in _OTHERS.items():
        if lower.startswith(marks) or (kind == "a video" and data[4:8] in (b"ftyp", b"moov")):
            return f"not a picture but {kind}"
    return "not a picture in any format that can be read"


_STARTS: dict[str, bytes | tuple[bytes, ...]] = {
    "JPEG": b"\xff\xd8",
    "PNG": b"\x89PNG",
    "GIF": b"GIF8",
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": b"BM",
}
_OTHERS: dict[str, tuple[bytes, ...]] = {
    "a video": (b"riff", b"\x1ae\xdf\xa3", b"\0\0\x01\xba"),
    "a web page": (b"<!doctype html", b"<html", b"<head"),
    "a vector graphic (SVG)": (b"<svg", b"<?xml"),
    "a PDF document": (b"%pdf",),
    "a PostScript document": (b"%!ps", b"\xc5\xd0\xd3\xc6"),
    "a ZIP archive": (b"pk\x03\x04",),
    "an icon": (b"\0\0\x01\0", b"\0\0\x02\0"),
    "a program": (b"\x7felf", b"mz"),
}


def _too_many_scans(pixels: int, scans: int) -> str:
    if scans > SCAN_LIMIT:
        return f"this JPEG is broken: it has {scans:,} scans, over the limit of {SCAN_LIMIT}"
    if pixels * scans > DECODE_SECONDS * PIXEL_SCANS_A_SECOND:
        return (
            f"it would take longer than {DECODE_SECONDS} seconds to decode: "
            f"{pixels // 1_000_000} megapixels in {scans:,} scans"
        )
    return ""


def _too_large_a_tile(image: TiffImagePlugin.TiffImageFile) -> str:
    width, length = (image.tag_v2.get(tag, 0) for tag in (_TILE_WIDTH, _TILE_LENGTH))
    if not isinstance(width, int) or not isinstance(length, int):
        return "this TIFF is broken: its tiles have no size"
    if width * length > TILE_LIMIT:
        return f"this TIFF is broken: it has tiles of {width:,} x {length:,} pixels"
    return ""


def _too_slow_a_bitmap(width: int, height: int) -> str:
    if width * height > RLE_PIXEL_LIMIT or width > RLE_WIDTH_LIMIT:
        return (
            f"{width} x {height} pixels of run-length BMP would take longer than "
            f"{DECODE_SECONDS} seconds to decode"
        )
    return ""
