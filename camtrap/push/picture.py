"""The picture of an event that goes out: small, without any of the camera's metadata."""

from __future__ import annotations

from camtrap.outputs.pictures import thumbnail

LIMIT_BYTES = 1_000_000
"""Patrol posts hang on thin lines, and a site may refuse what is larger than it likes."""

_SIDES = (900, 700, 500, 320)


def name_of(key: str, file_id: int) -> str:
    """The name under which a file's picture is attached; by the key in it, it is found again."""
    return f"{key}-{file_id}.jpg"


def file_of(name: str) -> int | None:
    """The number of the file in a name of `name_of`; None for another name."""
    stem, dot, ending = name.rpartition(".")
    number = stem.rpartition("-")[2]
    return int(number) if dot and ending == "jpg" and number.isdecimal() else None


def within(data: bytes, limit: int = LIMIT_BYTES) -> bytes:
    """A JPEG of at most `limit` bytes: as it is, or scaled down; the smallest form if none fits.

    Raises as `pixels.decode.decode_frame`.
    """
    for side in _SIDES:
        if len(data) <= limit:
            return data
        data = thumbnail(data, (), side)
    return data
