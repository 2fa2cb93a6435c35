"""Bad files made by code: what each is called on the card, its bytes, and the state it ends in."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from camtrap.records import State
from tests.cards import encoded, textured

LOOKED_AT = None
"""The state of a file that reached the model: whichever label that gave."""

TRUNCATED, UNREADABLE, SKIPPED = State.TRUNCATED, State.UNREADABLE, State.SKIPPED


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of bad file. `says` is a part of the reason that must be told, in any case."""

    name: str
    make: Callable[[], bytes]
    ends: State | None
    says: str = ""
    file: str = "a.JPG"


def kind(
    name: str, data: bytes | Callable[[], bytes], ends: State | None, says: str = "", **more: str
) -> Kind:
    """A kind from bytes, or from a function where they take time or memory to make."""
    return Kind(name, data if callable(data) else lambda: data, ends, says, **more)


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes without any order, the same for a seed."""
    return np.random.default_rng(seed).bytes(size)


# -- JPEG


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment; its length must fit into 16 bits."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def after_start(data: bytes, *segments: bytes) -> bytes:
    """The JPEG with segments put behind its start marker."""
    return data[:2] + b"".join(segments) + data[2:]


def segments_of(data: bytes) -> dict[int, list[tuple[int, int]]]:
    """Where the segments of a JPEG lie, start and end, by marker, as far as its first scan."""
    found: dict[int, list[tuple[int, int]]] = {}
    position = 2
    while data[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        found.setdefault(data[position + 1], []).append((position, end))
        position = end
    end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
    found[0xDA] = [(position, end)]
    return found


def with_size(data: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its frame header."""
    found = segments_of(data)
    start = next(found[marker][0][0] for marker in (0xC0, 0xC2) if marker in found)
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


def as_frame(data: bytes, marker: int, precision: int = 8) -> bytes:
    """The JPEG with another kind of frame, or precision, in its header."""
    start = segments_of(data)[0xC0][0][0]
    return (
        data[: start + 1]
        + bytes([marker])
        + data[start + 2 : start + 4]
        + (bytes([precision]) + data[start + 5 :])
    )


def whole() -> bytes:
    """A JPEG as a camera writes it: JFIF, EXIF with a thumbnail, tables, a scan."""
    thumbnail = encoded(textured(80, 60, seed=9))
    tiff = b"II*\0\x08\0\0\0" + bytes(6) + thumbnail
    data = encoded(textured(320, 240), quality=90)
    jfif_end = segments_of(data)[0xE0][0][1]
    return data[:jfif_end] + segment(0xE1, b"Exif\0\0" + tiff) + data[jfif_end:]


def plain(brightness: int = 130, width: int = 64, height: int = 48) -> bytes:
    """An even JPEG that the fake model knows."""
    return encoded(Image.new("RGB", (width, height), (brightness,) * 3))


# -- TIFF structures and EXIF


def entry(tag: int, kind: int, count: int, value: bytes | int) -> bytes:
    """One little-endian TIFF directory entry."""
    raw = struct.pack("<I", value) if isinstance(value, int) else value.ljust(4, b"\0")
    return struct.pack("<HHI", tag, kind, count) + raw


def tiff(entries: list[bytes], rest: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF structure of one directory; `rest` begins right behind it."""
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)
    return b"II*\0\x08\0\0\0" + directory + rest


def behind(entries: int) -> int:
    """The offset of what stands behind a directory of so many entries."""
    return 8 + 2 + 12 * entries + 4


def with_exif(block: bytes, data: bytes | None = None) -> bytes:
    """An even JPEG with these bytes as EXIF."""
    return after_start(data or plain(), segment(0xE1, b"Exif\0\0" + block))


# -- PNG


def chunk(name: bytes, body: bytes, crc: int | None = None) -> bytes:
    """A PNG chunk."""
    checked = zlib.crc32(name + body) if crc is None else crc
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checked)


def png(
    width: int = 64,
    height: int = 48,
    *,
    bits: int = 8,
    colour: int = 0,
    interlaced: bool = False,
    before: bytes = b"",
    rows: bytes | None = None,
    level: int = 6,
) -> bytes:
    """A PNG with chunks of one's own between its header and its pixels (even grey unless given)."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    if rows is None:
        rows = (b"\0" + b"\x82" * width) * height
    body = chunk(b"IDAT", zlib.compress(rows, level)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + body


def saved(image: Image.Image, picture_format: str, **options: object) -> bytes:
    """A picture as Pillow writes it, with the options of its format."""
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def grey(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """An even picture of middle brightness, in any mode."""
    return Image.new("RGB", size, (130,) * 3).convert(mode)
