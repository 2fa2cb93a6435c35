"""The header of a file, before anybody believes it: metadata that are out of measure are left out.

A camera writes some kilobytes of metadata. A broken or a hostile file may claim gigabytes, a few
bytes of which inflate to a million, or thousands of entries that all point at the same megabytes.
Everything that opens a picture comes through here, so that metadata cost neither memory nor time.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import NamedTuple

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from camtrap.errors import UnreadablePicture

METADATA_LIMIT = 16_000_000
"""Bytes of metadata (EXIF, XMP, colour profiles, comments) that are read of one file, unless a
caller gives another limit."""

EXIF_LIMIT = 1_000_000
"""Bytes of EXIF that are read of one file; the standard allows 64 KB in a JPEG."""

PART_LIMIT = 200_000
"""Segments or chunks that a file may consist of: to step over each takes time."""

NUMBER_LIMIT = 2_000_000
"""Numbers that the directories of a TIFF may hold: a strip of each of 400 million pixels' rows."""

_PLUGINS = (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,  # and MPO
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "HEIF")
"""Formats that are read, whatever a file is called. Pillow knows forty more, among them PostScript,
which it hands over to another program, and some whose decoders are slow Python."""

_OVER = "metadata beyond {:,} bytes were not read"
_FILL = re.compile(rb"\xff+")
_FILL_LIMIT = 10_000  # Pillow steps over fill bytes and over garbage one by one
_GIF_BLOCK = re.compile(rb"[!,;]")  # an extension, a frame, the end
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF_HEADERS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_TEXT_TYPES = frozenset([1, 2, 6, 7])
_POINTERS = (0x8769, 0x8825)  # EXIF and GPS
_ENTRY_LIMIT = 65_535  # what a directory of TIFF 6.0 can hold; BigTIFF has no bound
_BEYOND = 1 << 62


class Lean(NamedTuple):
    """A file's bytes as they may be opened, and a note where something was left out of them."""

    data: bytes
    note: str = ""


class Claims(NamedTuple):
    """What the directories of a TIFF structure make a reader hold: bytes, and single numbers."""

    size: int
    numbers: int


def open_picture(data: bytes | Lean, metadata_limit: int | None = None) -> Image.Image:
    """Open a picture of a format that is read, without metadata that are out of measure.

    What is `Lean` already is opened as it is. Raises `UnreadablePicture` where the header is
    hostile, and what Pillow raises otherwise.
    """
    kept = data if isinstance(data, Lean) else lean(data, metadata_limit)
    formats = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(io.BytesIO(kept.data), formats=formats)


def lean(data: bytes, metadata_limit: int | None = None) -> Lean:
    """The file without metadata beyond the limits; the very same bytes where there are none.

    `metadata_limit` is in bytes, `METADATA_LIMIT` unless given. Raises `UnreadablePicture` for a
    file of too many parts, or a TIFF whose directories claim several times what the file holds.
    """
    limit = METADATA_LIMIT if metadata_limit is None else metadata_limit
    if data.startswith(b"\xff\xd8"):
        return _lean_jpeg(data, limit)
    if data.startswith(_PNG):
        return _lean_png(data, limit)
    if data.startswith(b"GIF8"):
        _check_gif(data)
    if data.startswith(_TIFF_HEADERS):
        claims = claimed(data)
        if claims.size > 4 * len(data) or claims.numbers > NUMBER_LIMIT:
            raise UnreadablePicture(
                "the table of contents of this TIFF is broken: it claims more than the file holds"
            )
    return Lean(data)


def safe_exif(image: Image.Image) -> Image.Exif:
    """The EXIF of an opened picture; none at all where it is out of measure.

    Raises whatever Pillow raises for broken EXIF.
    """
    if _is_too_much(_exif_block(image)):
        return Image.Exif()
    # The base method: PNG's own decodes the whole picture when it meets no EXIF on the way.
    return Image.Image.getexif(image)


def claimed(block: bytes) -> Claims:
    """What a reader would hold of a TIFF structure: its main, EXIF and GPS directories together.

    Entries may point at the same bytes; every one counts. Nothing is followed twice.
    """
    order = "<" if block.startswith(b"II") else ">"
    big = block[2:4] in (b"+\0", b"\0+")
    start = _number(block, order, 8 if big else 4, 8 if big else 4)
    pointers: list[int] = []
    total = _claimed_by(block, order, big, start, pointers)
    for offset in pointers:
        below = _claimed_by(block, order, big, offset, [])
        total = Claims(total.size + below.size, total.numbers + below.numbers)
    return total


def _claimed_by(block: bytes, order: str, big: bool, offset: int, pointers: list[int]) -> Claims:
    """The claims of one directory; pointers to others are added to the list."""
    width, inline = (20, 8) if big else (12, 4)
    layout = order + ("HHQQ" if big else "HHII")
    count = _number(block, order, offset, 8 if big else 2)
    if count > _ENTRY_LIMIT:
        return Claims(_BEYOND, _BEYOND)
    first = offset + (8 if big else 2)
    held = numbers = 0
    for place in range(first, min(first + count * width, len(block) - width + 1), width):
        tag, kind, amount, value = struct.unpack_from(layout, block, place)
        size = amount * _SIZES.get(kind, 0)
        if tag in _POINTERS:
            pointers.append(value if len(pointers) < len(_POINTERS) else 0)
        held += min(size, max(0, len(block) - value)) if size > inline else size
        if kind not in _TEXT_TYPES and value + size <= len(block):
            numbers += amount  # what runs over the end is read, but never told apart
    return Claims(held, numbers)


def _number(block: bytes, order: str, offset: int, size: int) -> int:
    """The unsigned number at a place; 0 beyond the end."""
    raw = block[offset : offset + size]
    return int.from_bytes(raw, "little" if order == "<" else "big") if len(raw) == size else 0


def _is_too_much(block: bytes) -> bool:
    """True for an EXIF block, with or without its `Exif` mark, that would cost too much to read."""
    block = block.removeprefix(b"Exif\0\0")
    return len(block) > EXIF_LIMIT or claimed(block).size > EXIF_LIMIT


def _exif_block(image: Image.Image) -> bytes:
    """The bytes that Pillow will read EXIF from; empty where it reads from the file itself."""
    block = image.info.get("exif")
    if isinstance(block, bytes):
        return block
    profile = image.info.get("Raw profile type exif")
    if isinstance(profile, str):
        try:
            return bytes.fromhex("".join(profile.split("\n")[3:]))
        except ValueError:
            return b""
    return b""


# -- JPEG: segments before the first scan (ITU T.81, B.1.1)


def _lean_jpeg(data: bytes, metadata_limit: int) -> Lean:
    kept = [b"\xff\xd8"]
    position, parts, metadata, padding = 2, 0, 0, 0
    exif = b""
    is_over = has_index = False
    while position + 4 <= len(data):
        parts += 1
        if parts > PART_LIMIT:
            raise UnreadablePicture(f"its header is broken: it has more than {PART_LIMIT:,} parts")
        if data[position] != 0xFF:  # bytes that belong nowhere: decoders search for a marker
            found = data.find(b"\xff", position)
            padding += (found if found >= 0 else len(data)) - position
            position = found if found >= 0 else len(data)
            continue
        marker = data[position + 1]
        if marker == 0xDA:
            break
        if marker == 0x00:
            padding += 2
            position += 2
            continue
        if marker == 0xFF:
            fill = _FILL.match(data, position)
            assert fill is not None
            padding += fill.end() - 1 - position
            position = fill.end() - 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            kept.append(data[position : position + 2])
            position += 2
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        segment = data[position:end]
        position = end
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            metadata += len(segment)
            if segment[4:10] == b"Exif\0\0":
                exif += segment[10:] if len(exif) <= EXIF_LIMIT else b""
                is_over = is_over or len(exif) > EXIF_LIMIT
            if segment[4:8] == b"MPF\0":
                has_index = True  # of an MPO's further pictures, which nobody looks at
                continue
            # Adobe's mark tells what the colours mean, so it stays whatever else there is.
            is_small = marker == 0xEE and len(segment) <= 16
            if metadata > metadata_limit and not is_small:
                is_over = True
                continue
        kept.append(segment)
    if exif and _is_too_much(exif):
        kept = [segment for segment in kept if segment[4:10] != b"Exif\0\0"]
        is_over = True
    if not (is_over or has_index) and padding <= _FILL_LIMIT:
        return Lean(data)
    limit = EXIF_LIMIT if metadata <= metadata_limit else metadata_limit
    return Lean(b"".join(kept) + data[position:], _OVER.format(limit) if is_over else "")


# -- GIF: blocks before the first frame (GIF89a, 23 to 26)


def _check_gif(data: bytes) -> None:
    """Raises `UnreadablePicture` where a reader would step over more than it should."""
    palette = 3 << ((data[10] & 7) + 1) if len(data) > 10 and data[10] & 0x80 else 0
    position, parts = 13 + palette, 0
    while (found := _GIF_BLOCK.search(data, position)) is not None:
        skipped = found.start() - position
        position = found.start()
        if data[position] != 0x21 and skipped <= _FILL_LIMIT:
            return
        position += 2
        while position < len(data) and data[position] and parts <= PART_LIMIT:
            position += 1 + data[position]
            parts += 1
        position += 1
        parts += 1
        if parts > PART_LIMIT or skipped > _FILL_LIMIT:
            raise UnreadablePicture("this GIF is broken: there is too much before its first frame")
    if len(data) - position > _FILL_LIMIT:
        raise UnreadablePicture("this GIF is broken: it has no frame")


# -- PNG: chunks (ISO 15948)


def _lean_png(data: bytes, metadata_limit: int) -> Lean:
    kept = [_PNG]
    position, parts, metadata = len(_PNG), 0, 0
    is_over = False
    while position + 8 <= len(data):
        parts += 1
        if parts > PART_LIMIT:
            raise UnreadablePicture(f"this PNG is broken: it has more than {PART_LIMIT:,} parts")
        kind = data[position + 4 : position + 8]
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if kind in _MEASURES:
            size = _MEASURES[kind](data[position + 8 : end - 4])
            metadata += size
            if size > EXIF_LIMIT or metadata > metadata_limit:
                is_over = True
                position = end
                continue
        kept.append(data[position:end])
        position = end
    if not is_over:
        return Lean(data)
    return Lean(b"".join(kept) + data[position:], _OVER.format(min(EXIF_LIMIT, metadata_limit)))


def _inflated(packed: bytes) -> int:
    """Bytes that zlib makes of this, counted to a little over the limit and no further."""
    try:
        return len(zlib.decompressobj().decompress(packed, EXIF_LIMIT + 1))
    except zlib.error:
        return len(packed)


def _measure_packed(body: bytes) -> int:
    return max(len(body), _inflated(body.partition(b"\0")[2][1:]))


def _measure_text(body: bytes) -> int:
    """International text: a keyword, whether it is packed, its method, two more texts, the text."""
    rest = body.partition(b"\0")[2]
    if rest[:1] != b"\1":
        return len(body)
    return max(len(body), _inflated(rest[2:].split(b"\0", 2)[-1]))


def _measure_exif(body: bytes) -> int:
    return max(len(body), claimed(body).size)


_MEASURES = {
    b"zTXt": _measure_packed,
    b"iCCP": _measure_packed,
    b"iTXt": _measure_text,
    b"tEXt": len,
    b"eXIf": _measure_exif,
}
