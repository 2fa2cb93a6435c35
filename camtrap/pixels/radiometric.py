"""The heat in a FLIR camera's JPEG: what its sensor measured, instead of the colours shown.

What such a JPEG shows is made for people: false colours of a palette, often with outlines of a
photograph, a scale and a crosshair in it. What the sensor measured lies beside it, in segments APP1
`FLIR` that make up one file of FLIR's format FFF (layout as ExifTool documents it, FLIR Tags). A
model that knows the greys of infra-red flash knows nothing of palettes, so it is shown the heat.

`flyr` reads the numbers and makes temperatures of them (extra `thermal`). It believes what a file
says of itself, and steps through it byte by byte; so this module checks sizes first, and hands over
a small file of the two records that are needed. Whatever is wrong with them ends in a note, and the
picture is looked at as it is shown. DJI's own radiometric JPEG is not of this format, and a closed
one: it is looked at as it is shown.
"""

from __future__ import annotations

import contextlib
import io
import logging
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

logger = logging.getLogger(__name__)

SENSOR_LIMIT = 1 << 21
"""Pixels. FLIR's largest sensors have 1280 x 1024; `flyr` takes a second for this many."""

SHOWN_LIMIT = 32_000_000
"""Pixels of the JPEG: heat is brought to its size, with four bytes a pixel."""

ASPECT_TOLERANCE = 0.05
"""A sensor of another shape than the JPEG sees another part of the scene, or lies turned in it."""

NOT_INSTALLED = (
    "its heat was not read but the colours shown; to read it: pip install camtrap[thermal]"
)
_BROKEN = "its heat cannot be read ({}), so the colours shown were looked at"

_RECORD_LIMIT = 1_000
_RAW_DATA, _CAMERA_INFO = 1, 32
_HEAD, _ENTRY = 64, 32
_NUMBERS_AT = 32  # of a record of raw data: sizes and blanks come first
_LEAST_INFO = 832  # what `flyr` reads of a record of camera info
_PIECE = 65_000
_PNG = b"\x89PNG\r\n\x1a\n"


class Records(NamedTuple):
    """The two records that are read: the sensor's numbers, and how they become temperatures."""

    numbers: bytes
    info: bytes


class _BrokenHeatError(Exception):
    """What is wrong, in words for a note."""


def heat_of(data: bytes, image: Image.Image) -> tuple[Image.Image | None, str]:
    """What the sensor measured, of a JPEG's bytes and the same as opened; None where there is none.

    The heat is a picture of mode F, in kelvin, of the size of the JPEG and with its metadata. The
    note is empty where the file holds no heat at all, or where all is well. Never raises, but
    `MemoryError`.
    """
    try:
        fff = _joined(data)
        records = _records(fff) if fff else None
        if records is None:
            return None, ""
        width, height = _checked_size(records.numbers)
        _check_shape((width, height), image.size)
        kelvin = _kelvin(records)
    except ImportError:
        return None, NOT_INSTALLED
    except _BrokenHeatError as error:
        return None, _BROKEN.format(error)
    heat = Image.fromarray(kelvin)
    if heat.size != image.size:
        heat = heat.resize(image.size, Image.Resampling.BILINEAR)
    heat.info = dict(image.info)
    return heat, ""


# -- the segments of the JPEG (ITU T.81, B.1.1)


def _joined(data: bytes) -> bytes:
    """The FFF file of a JPEG's segments; empty for a JPEG without any, and for other formats."""
    if not data.startswith(b"\xff\xd8"):
        return b""
    pieces: dict[int, bytes] = {}
    last = -1
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            break
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        # Length, `FLIR\0`, a one, the number of this piece from 0, and that of the last one.
        if (
            marker == 0xE1
            and data[position + 4 : position + 9] == b"FLIR\0"
            and end > position + 12
        ):
            number, last = data[position + 10], max(last, data[position + 11])
            if number in pieces:
                raise _BrokenHeatError("a piece of it is there twice")
            pieces[number] = data[position + 12 : end]
        position = end
    if sorted(pieces) != list(range(last + 1)):
        raise _BrokenHeatError("pieces of it are missing")
    return b"".join(pieces[number] for number in range(last + 1))


# -- the records of the FFF file


def _records(fff: bytes) -> Records | None:
    """The records that are needed; None for a file that holds no numbers of a sensor."""
    if fff[:4] not in (b"FFF\0", b"AFF\0") or len(fff) < _HEAD:
        raise _BrokenHeatError("it does not begin as it should")
    # Both orders of bytes are known; the version, 100 to 199, tells which it is.
    order = next((o for o in "><" if 100 <= struct.unpack_from(f"{o}I", fff, 20)[0] < 200), "")
    if not order:
        raise _BrokenHeatError("it is of a version that is not read")
    directory, count = struct.unpack_from(f"{order}II", fff, 24)
    if count > _RECORD_LIMIT or directory + count * _ENTRY > len(fff):
        raise _BrokenHeatError("its table of contents is broken")
    found: dict[int, bytes] = {}
    for place in range(directory, directory + count * _ENTRY, _ENTRY):
        kind, offset, length = struct.unpack_from(f"{order}H10xII", fff, place)
        if kind in (_RAW_DATA, _CAMERA_INFO) and kind not in found:
            if offset + length > len(fff):
                raise _BrokenHeatError("it is cut off")
            found[kind] = fff[offset : offset + length]
    if _RAW_DATA not in found:
        return None
    info = found.get(_CAMERA_INFO, b"")
    if len(info) < _LEAST_INFO:
        raise _BrokenHeatError("the camera's calibration is missing")
    return Records(found[_RAW_DATA], info)


def _checked_size(numbers: bytes) -> tuple[int, int]:
    """Width and height of the sensor, where the record holds all of its numbers."""
    if len(numbers) <= _NUMBERS_AT:
        raise _BrokenHeatError("it is cut off")
    mark, width, height = struct.unpack_from("<HHH", numbers)
    if mark != 2:
        raise _BrokenHeatError("its bytes are in an order that is not read")
    if not 0 < width * height <= SENSOR_LIMIT:
        raise _BrokenHeatError(f"a sensor of {width:,} x {height:,} pixels")
    body = numbers[_NUMBERS_AT : _NUMBERS_AT + 26]
    if body.startswith(_PNG):
        # Its first chunk tells width, height, bits and kind of colour (ISO 15948, 11.2.2).
        if body[12:] != b"IHDR" + struct.pack(">IIBB", width, height, 16, 0):
            raise _BrokenHeatError("the PNG in it is of another size or kind")
    elif len(numbers) < _NUMBERS_AT + 2 * width * height:
        raise _BrokenHeatError("it is cut off")
    return width, height


def _check_shape(sensor: tuple[int, int], shown: tuple[int, int]) -> None:
    if shown[0] * shown[1] > SHOWN_LIMIT:
        raise _BrokenHeatError("the JPEG is larger than any such camera's")
    ratio = sensor[0] * shown[1] / (sensor[1] * shown[0])
    if abs(ratio - 1) > ASPECT_TOLERANCE:
        raise _BrokenHeatError("it is of another shape than the JPEG")


# -- through flyr


def _kelvin(records: Records) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Temperatures of the sensor's pixels, (height, width); raises `ImportError` without `flyr`."""
    import flyr

    try:
        # Where a calibration is off, its formulas divide by zero; that is seen below.
        with np.errstate(all="ignore"), contextlib.closing(io.BytesIO(_slim(records))) as stream:
            kelvin = np.asarray(flyr.unpack(stream).kelvin, dtype=np.float32)
    except MemoryError:
        raise
    except Exception as error:
        # It raises whatever its parser trips over, and what is a number nobody knows before.
        logger.debug("flyr cannot read this heat: %r", error)
        raise _BrokenHeatError("flyr does not understand it") from error
    finite = np.isfinite(kelvin)
    if kelvin.ndim != 2 or 2 * int(finite.sum()) < kelvin.size:
        raise _BrokenHeatError("the camera's calibration is broken")
    return np.where(finite, kelvin, kelvin[finite].min())


def _slim(records: Records) -> bytes:
    """A JPEG of one pixel with an FFF file of these two records alone.

    `flyr` counts the entries of the table of contents from the start of the file, of which the head
    takes two; so two blank ones follow, and four are told of.
    """
    parts = [(_RAW_DATA, records.numbers), (_CAMERA_INFO, records.info)]
    offset = _HEAD + 4 * _ENTRY
    table = b""
    for kind, body in parts:
        table += struct.pack(">HHIIII12x", kind, 1, 100, 1, offset, len(body))
        offset += len(body)
    head = b"FFF\0".ljust(20, b"\0") + struct.pack(">IIII28x", 100, _HEAD, 4, 1)
    fff = head + table.ljust(4 * _ENTRY, b"\0") + b"".join(body for _, body in parts)
    pieces = [fff[start : start + _PIECE] for start in range(0, len(fff), _PIECE)]
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "JPEG")
    segments = [
        b"\xff\xe1" + struct.pack(">H", len(piece) + 10) + b"FLIR\0\1"
        + bytes([number, len(pieces) - 1]) + piece
        for number, piece in enumerate(pieces)
    ]  # fmt: skip
    return b"".join([b"\xff\xd8", *segments, buffer.getvalue()[2:]])
