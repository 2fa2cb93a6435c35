"""A FLIR camera's JPEG with heat in it, made from the layout that ExifTool documents."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.cards import encoded, textured

Counts = NDArray[np.uint16]

RAW_DATA, EMBEDDED_IMAGE, CAMERA_INFO, PALETTE_INFO = 1, 14, 32, 34


def scene(width: int = 80, height: int = 60) -> Counts:
    """Counts of a sensor: cold ground, warmer to the right, and a warm animal in it."""
    counts = np.random.default_rng(1).normal(14_000, 12, (height, width))
    counts += np.linspace(0, 150, width)
    counts[height // 3 : height // 2, width // 4 : width // 3] += 700
    return counts.astype(np.uint16)


def camera_info(**said: float) -> bytes:
    """A record of camera info with the calibration of a real FLIR, as published for an SC660."""
    values = {
        32: 0.95, 36: 1.0, 40: 293.15, 44: 293.15, 48: 293.15, 52: 1.0, 60: 0.5,
        88: 21106.77, 92: 1501.0, 96: 1.0, 112: 0.006569, 116: 0.01262, 120: -0.002276,
        124: -0.00667, 128: 1.9, 780: 0.012545258,
    }  # fmt: skip
    names = {"emissivity": 32, "planck_b": 92}
    record = bytearray(840)
    for place, value in (values | {names[name]: value for name, value in said.items()}).items():
        struct.pack_into("<f", record, place, value)
    struct.pack_into("<i", record, 776, -7340)
    return bytes(record)


def raw_data(counts: Counts, *, as_png: bool = False, mark: int = 2) -> bytes:
    """A record of raw data; a PNG in it has its bytes in the wrong order, as FLIR writes them."""
    height, width = counts.shape
    head = struct.pack("<HHH", mark, width, height).ljust(32, b"\0")
    if as_png:
        return head + encoded(Image.fromarray(counts.byteswap()), "PNG")
    return head + counts.astype("<u2").tobytes()


def fff(records: list[tuple[int, bytes]], order: str = ">", spare: int = 2) -> bytes:
    """An FFF file: head, table of contents with some blank entries at its end, records."""
    table, bodies, offset = b"", b"", 64 + 32 * (len(records) + spare)
    for kind, body in records:
        table += struct.pack(f"{order}HHIIIIIII", kind, 1, 100, 1, offset, len(body), 0, 0, 0)
        bodies, offset = bodies + body, offset + len(body)
    count = len(records) + spare
    head = b"FFF\0" + b"CAMCTRL\0".ljust(16, b"\0")
    head += struct.pack(f"{order}IIII", 100, 64, count, 1).ljust(44, b"\0")
    return head + table.ljust(32 * count, b"\0") + bodies


def with_heat(jpeg: bytes, content: bytes, piece: int = 65_524) -> bytes:
    """A JPEG with an FFF file in segments behind those that it has."""
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    segments = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(part) + 10) + b"FLIR\0\1"
        + bytes([number, len(pieces) - 1]) + part
        for number, part in enumerate(pieces)
    )  # fmt: skip
    position = 2
    while jpeg[position + 1] in (0xE0, 0xE1):
        position += 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
    return jpeg[:position] + segments + jpeg[position:]


def colours(width: int = 80, height: int = 60, **said: Any) -> bytes:
    """What such a file shows: false colours, not of the same scene, so that they can be told."""
    return encoded(textured(width, height), **said)


def thermogram(counts: Counts | None = None, *, shown: bytes = b"", **said: Any) -> bytes:
    counts = scene() if counts is None else counts
    height, width = counts.shape
    records = [(RAW_DATA, raw_data(counts, **said)), (CAMERA_INFO, camera_info())]
    return with_heat(shown or colours(width, height), fff(records))
