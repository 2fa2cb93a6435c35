"""Damage that decoders pass over in silence: pictures that end early, and JPEG with holes.

Decoders fill up what is missing with grey or black. Half a picture would then be judged as a whole
one, and a leopard in the other half be lost.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

HOLE = 2048
"""Bytes. A run of zeros so long inside a scan that begins and ends where sectors do is no picture:
the card's file table gave the file a cluster that was never written."""

ERASED = 512
"""Bytes. A run of 0xFF so long inside a scan is erased flash; before a marker, few are allowed."""

START_OF_SCAN = 0xDA
_START, _END = 0xD8, 0xD9
_SECTOR = 512
_SEGMENT_LIMIT = 200_000  # a file of more is refused when it is opened
_FILL = re.compile(rb"\xff+")
_NOT_ZERO = re.compile(rb"[^\0]")


class Marks(NamedTuple):
    """What one pass over a JPEG's bytes finds: where its first scan begins, where an end and where
    another picture's start stand first after that (-1: nowhere), and how many scans begin."""

    scan: int
    end: int
    start: int
    scans: int


def marks_of(data: bytes) -> Marks:
    """The marks of a JPEG's bytes; piece by piece, because a file may hold nothing else."""
    scan, _ = _header(data)
    first = {_END: -1, _START: -1}
    scans = 0
    numbers = np.frombuffer(data, np.uint8)
    for begin in range(0, len(numbers) - 1, _PIECE):
        piece = numbers[begin : begin + _PIECE + 1]
        at = np.flatnonzero(piece[:-1] == 0xFF)
        codes = piece[at + 1]
        scans += int(np.count_nonzero(codes == START_OF_SCAN))
        for code, known in first.items():
            if known < 0 <= scan:
                found = at[codes == code] + begin
                place = int(np.searchsorted(found, scan))
                first[code] = int(found[place]) if place < len(found) else -1
    return Marks(scan, first[_END], first[_START], scans)


def is_cut_jpeg(data: bytes, marks: Marks | None = None) -> bool:
    """True for JPEG bytes in which no end marker follows the start of the picture's own scan.

    Thumbnails in the metadata have end markers of their own, so the segments before the scan are
    stepped over; inside a scan, 0xFF 0xD9 can be nothing but the end (ITU T.81, B.1.1.5). Where
    another picture starts before that end, a broken file table has joined the halves of two.
    """
    scan, end, start, _ = marks or marks_of(data)
    return scan >= 0 and (end < 0 or 0 <= start < end)


def hole_in_jpeg(data: bytes, marks: Marks | None = None) -> int:
    """Bytes of the first hole in a JPEG's scans: zeros in whole sectors, or erased flash; else 0.

    Zeros alone prove nothing: with tables made for the picture, an even sky may be coded as zeros.
    That such a run begins and ends where a sector does happens to less than one in 50,000.
    """
    scan, end, _, _ = marks or marks_of(data)
    if scan < 0:
        return 0
    erased = data.find(b"\xff" * ERASED, scan, end)
    if erased >= 0 and (fill := _FILL.match(data, erased)):
        return fill.end() - erased
    start = data.find(bytes(HOLE), scan, end)
    while start >= 0:
        found = _NOT_ZERO.search(data, start, end)
        stop = found.start() if found else end
        first = -(-start // _SECTOR) * _SECTOR
        # The byte before or behind may be a zero of the picture's own.
        if first - start <= 1 and stop % _SECTOR <= 1 and stop - first >= HOLE:
            return stop - stop % _SECTOR - first
        start = data.find(bytes(HOLE), stop, end)
    return 0


def is_too_short(data: bytes, width: int, height: int) -> bool:
    """True for JPEG bytes that cannot hold so many pixels, however even the picture is.

    Each block of 8 x 8 takes at least two bits of a Huffman-coded baseline scan, for its mean and
    for its end, and one bit of a progressive picture's first (ITU T.81, F.1.2 and G.1.2). A frame
    header with a flipped bit claims more, and decoders would fill up the rest.
    """
    scan, frame = _header(data)
    if scan < 0 or frame not in _LEAST_BITS:
        return False
    blocks = -(-width // 8) * -(-height // 8)
    return (len(data) - scan) * 8 < blocks * _LEAST_BITS[frame]


def is_short(image: Image.Image, data: bytes) -> bool:
    """True for a PNG or TIFF that is opened, not loaded, and holds fewer rows than it tells."""
    if image.format == "PNG":
        return _is_short_png(data, *image.size)
    if image.format == "TIFF" and image.tile:  # type: ignore[attr-defined]
        boxes = [tile[1] for tile in image.tile]  # type: ignore[attr-defined]
        covered = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
        return bool(covered < image.width * image.height)
    return False


_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Left, top, step and step down of each pass of an interlaced PNG (ISO 15948, 8.2)."""


def _is_short_png(data: bytes, width: int, height: int) -> bool:
    """True where the pixels, inflated, are fewer than the header tells and yet end in order."""
    bits, colour, interlaced = data[24], data[25], data[28]
    depth = bits * _CHANNELS.get(colour, 1)
    if interlaced:
        sizes = [
            (len(range(left, width, step)), len(range(top, height, down)))
            for left, top, step, down in _ADAM7
        ]
    else:
        sizes = [(width, height)]
    told = sum((-(-columns * depth // 8) + 1) * rows for columns, rows in sizes if columns)
    inflater = zlib.decompressobj()
    position, found = 8, 0
    while position + 8 <= len(data):
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            rest = data[position + 8 : end - 4]
            try:
                while rest and not inflater.eof and found < told:
                    found += len(inflater.decompress(rest, _PIECE))
                    rest = inflater.unconsumed_tail
            except zlib.error:
                return False  # the decoder has the verdict
        position = end
    return inflater.eof and found < told


_PIECE = 1 << 20
_LEAST_BITS = {0xC0: 2, 0xC1: 2, 0xC2: 1}


def _header(data: bytes) -> tuple[int, int]:
    """Where the first scan of a JPEG begins, and the marker of its frame (0 before there is one).

    The place is the data's length where the header ends before any scan, and -1 where the header
    is broken in another way, or is no JPEG's: the decoder has the verdict.
    """
    if not data.startswith(b"\xff\xd8"):
        return -1, 0
    position, frame = 2, 0
    for _ in range(_SEGMENT_LIMIT):
        if position + 4 > len(data):
            return len(data), frame
        if data[position] != 0xFF:
            only_zeros_follow = data.count(0, position) == len(data) - position
            return (len(data) if only_zeros_follow else -1), frame
        marker = data[position + 1]
        if marker == 0xFF:
            fill = _FILL.match(data, position)
            assert fill is not None
            position = fill.end() - 1
        elif marker == START_OF_SCAN:
            return position, frame
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                frame = marker
            position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return -1, frame
