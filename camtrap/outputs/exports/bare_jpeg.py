"""A JPEG without what its camera wrote into it: position, serial number, owner, preview.

Nothing is decoded, so that the picture stays bit by bit what it was. What is kept is what decoders
need (ISO/IEC 10918-1 and -6: tables, frame, scans, JFIF, Adobe's colour mark, the colour profile),
and the rotation flag in an EXIF block of its own. Whatever follows the picture's end is dropped:
multi-picture files hold more pictures there, with metadata of their own.
"""

from __future__ import annotations

import struct

_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA
_ALONE = frozenset([0x01, *range(0xD0, 0xD8)])  # markers without a length: TEM, RST0 to RST7
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
_APP_OR_COMMENT = frozenset([*range(0xE0, 0xF0), 0xFE])
_KEPT = ((_APP0, b"JFIF\0"), (_APP2, b"ICC_PROFILE\0"), (_APP14, b"Adobe"))
_JFIF_BYTES = 14  # the length field and JFIF's own; a preview may follow


def bare_jpeg(data: bytes, orientation: int = 1) -> bytes | None:
    """The picture alone, upright as `orientation` (1 to 8) tells; None when it is no whole JPEG."""
    if not data.startswith(_SOI):
        return None
    kept = [_SOI]
    place, begun = 2, False
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:  # bytes to fill up
            place += 1
            continue
        if marker in _ALONE:
            place += 2
            continue
        if marker == _EOI:
            return None  # an end before the picture
        size = int.from_bytes(data[place + 2 : place + 4], "big")
        if size < 2 or place + 2 + size > len(data):
            return None
        segment = data[place : place + 2 + size]
        place += 2 + size
        if not begun and marker != _APP0:
            # The colour profile and the rest follow; JFIF, where there is one, comes first.
            begun = True
            if orientation != 1:
                kept.append(_orientation_alone(orientation))
        if (told := _without_metadata(marker, segment)) is not None:
            kept.append(told)
        if marker == _SOS:
            end = _end_of_scan(data, place)
            kept.append(data[place:end])
            place = end
            if data[end : end + 2] == bytes((0xFF, _EOI)):
                return b"".join([*kept, bytes((0xFF, _EOI))])
    return None


def _without_metadata(marker: int, segment: bytes) -> bytes | None:
    """The segment as it is to be kept, or None."""
    if marker not in _APP_OR_COMMENT:
        return segment
    for kind, begins in _KEPT:
        if marker == kind and segment[4:].startswith(begins):
            if kind != _APP0:
                return segment
            # Without the preview, whose size stands in the last two bytes.
            body = segment[4 : 2 + _JFIF_BYTES] + b"\0\0"
            return segment[:2] + struct.pack(">H", len(body) + 2) + body
    return None


def _end_of_scan(data: bytes, place: int) -> int:
    """Where the marker after a scan stands, or the data's end."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        following = data[place + 1]
        if following == 0 or following in _ALONE:
            place += 2
        elif following == 0xFF:
            place += 1
        else:
            return place


def _orientation_alone(orientation: int) -> bytes:
    """An EXIF segment that holds the rotation flag and nothing else (TIFF 6.0, little-endian)."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
