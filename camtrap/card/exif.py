"""EXIF: from a picture's header to a `Capture`, whatever state the header is in.

Cameras leave NULs behind names, seconds of 70, GPS blocks full of zeros and maker notes cut short.
Every tag is read by itself, so that one broken tag costs only itself; nothing here raises.
Tag numbers are those of EXIF 2.32 (CIPA DC-008).
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from PIL import Image

from camtrap.card.header import open_picture, safe_exif
from camtrap.card.makernotes import parse_makernote
from camtrap.records import Capture

logger = logging.getLogger(__name__)

_EXIF_IFD = 0x8769
_GPS_IFD = 0x8825

_MAKE = 0x010F
_MODEL = 0x0110
_ORIENTATION = 0x0112
_MAKER_NOTE = 0x927C
_SCENE_CAPTURE_TYPE = 0xA406
_SERIALS = (0xA431, 0xC62F)  # BodySerialNumber; CameraSerialNumber as DNG writes it
_GPS_LATITUDE = (1, 2)  # reference, then degrees, minutes, seconds
_GPS_LONGITUDE = (3, 4)

_NIGHT_SCENE = 3
_SCENES = range(4)


class _TimeTags(NamedTuple):
    time: int
    subseconds: int
    offset: int


# The order of trust. DateTime (306) is last because every editor rewrites it.
_TIMES = (
    _TimeTags(0x9003, 0x9291, 0x9011),  # DateTimeOriginal
    _TimeTags(0x9004, 0x9292, 0x9012),  # DateTimeDigitized
    _TimeTags(0x0132, 0x9290, 0x9010),  # DateTime
)
_TIMESTAMP = re.compile(
    r"(\d{4})[:./-](\d{1,2})[:./-](\d{1,2})[ T]+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?"
    r"\s*([+-]\d{2}:\d{2}|Z)?",
    re.ASCII,
)
_MAIN_TAGS = (
    *(_MAKE, _MODEL, _ORIENTATION, _SCENE_CAPTURE_TYPE),
    *_SERIALS,
    *(tag for tags in _TIMES for tag in tags),
)
_TEXT_LIMIT = 500
_UTC_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d", re.ASCII)


def capture_of(image: Image.Image) -> Capture:
    """Return what the header of an opened picture says; pixels are not decoded.

    `taken_at` is camera-local and None when no date in the header is valid; `raw_timestamp` then
    still holds what stood there. Never raises for broken EXIF: what cannot be read stays unknown.
    """
    main, detail, gps = _read_ifds(image)
    make = _text(main.get(_MAKE))
    maker = parse_makernote(_bytes(detail.get(_MAKER_NOTE)), make)
    everything = main | detail  # some writers put a tag into the wrong directory
    taken_at, raw_timestamp, utc_offset = _time(everything)
    latitude, longitude = _position(gps)
    return Capture(
        taken_at=taken_at,
        timestamp_source="exif" if taken_at else "",
        raw_timestamp=raw_timestamp,
        utc_offset=utc_offset,
        make=make,
        model=_text(main.get(_MODEL)),
        serial=_serial(everything) or maker.serial,
        latitude=latitude,
        longitude=longitude,
        orientation=_orientation(main.get(_ORIENTATION)),
        night_scene=_night_scene(detail.get(_SCENE_CAPTURE_TYPE)),
        sequence_index=maker.sequence_index,
        sequence_length=maker.sequence_length,
        maker_event=maker.maker_event,
        trigger=maker.trigger,
        temperature_c=maker.temperature_c,
        moon_phase=maker.moon_phase,
        battery_mv=maker.battery_mv,
        user_label=maker.user_label,
    )


def parse_capture(data: bytes, metadata_limit: int | None = None) -> Capture:
    """Return what the header in a file's bytes says; empty when they are not a picture.

    `metadata_limit` is that of `header.lean`.
    """
    try:
        with open_picture(data, metadata_limit) as image:
            return capture_of(image)
    except Exception as error:  # as in _read_ifds: Pillow raises what it likes on broken bytes
        logger.debug("No picture header in %d bytes: %r", len(data), error)
        return Capture()


def parse_timestamp(text: str) -> datetime | None:
    """Return the camera-local time in an EXIF date, or None when there is no such moment.

    Reads `2015:01:15 06:01:07` and the dashes, dots and `T` that some writers use; seconds of 70
    and `0000:00:00 00:00:00` are None, because a guess would put a record at a false time.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    try:
        return datetime(year, month, day, hour, minute, second, _microseconds(match[7] or ""))
    except ValueError:
        return None


def _read_ifds(
    image: Image.Image,
) -> tuple[dict[int, object], dict[int, object], dict[int, object]]:
    """The main, EXIF and GPS directories, each empty when it is missing or broken."""
    try:
        exif = safe_exif(image)
    except Exception as error:  # Pillow lets out SyntaxError, struct.error, KeyError and others
        logger.debug("EXIF cannot be read: %r", error)
        return {}, {}, {}
    main: dict[int, object] = {}
    for tag in _MAIN_TAGS:  # not all: a tag that nobody asks for may hold millions of numbers
        try:
            if tag in exif:
                main[tag] = exif[tag]
        except Exception as error:
            logger.debug("EXIF tag %s cannot be read: %r", tag, error)
    return main, _read_ifd(exif, _EXIF_IFD), _read_ifd(exif, _GPS_IFD)


def _read_ifd(exif: Image.Exif, pointer: int) -> dict[int, object]:
    try:
        return dict(exif.get_ifd(pointer))
    except Exception as error:
        logger.debug("EXIF directory %#x cannot be read: %r", pointer, error)
        return {}


def _time(tags: dict[int, object]) -> tuple[datetime | None, str, str]:
    """The time, the text it was read from and its offset; the first text when none is valid."""
    first_text = ""
    for time_tag, subseconds_tag, offset_tag in _TIMES:
        text = _text(tags.get(time_tag))
        first_text = first_text or text
        taken_at = parse_timestamp(text)
        if taken_at is None:
            continue
        subseconds = _text(tags.get(subseconds_tag))
        if subseconds.isascii() and subseconds.isdigit():
            taken_at = taken_at.replace(microsecond=_microseconds(subseconds))
        offset = _text(tags.get(offset_tag)) or text[-6:]
        return taken_at, text, offset if _UTC_OFFSET.fullmatch(offset) else ""
    return None, first_text, ""


def _microseconds(digits: str) -> int:
    """The digits behind a decimal point, `5` or `500`, as microseconds."""
    return int(digits[:6].ljust(6, "0"))


def _position(gps: dict[int, object]) -> tuple[float, float] | tuple[None, None]:
    """WGS84 latitude and longitude in degrees, or neither.

    A hemisphere that is missing is not guessed: SY 4.0CG-R cameras without a fix write 1° 1.33' 1"
    and NULs for both letters. (0, 0) is what other cameras write for "no fix".
    """
    latitude = _degrees(gps, _GPS_LATITUDE, positive="N", negative="S", limit=90)
    longitude = _degrees(gps, _GPS_LONGITUDE, positive="E", negative="W", limit=180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _degrees(
    gps: dict[int, object], tags: tuple[int, int], *, positive: str, negative: str, limit: int
) -> float | None:
    hemisphere = _text(gps.get(tags[0])).upper()
    values = gps.get(tags[1])
    if hemisphere not in (positive, negative) or isinstance(values, str | bytes):
        return None
    if not isinstance(values, Sequence):
        values = (values,)  # degrees alone
    if not 1 <= len(values) <= 3:
        return None
    degrees = 0.0
    for part, (value, divisor) in enumerate(zip(values, (1, 60, 3600), strict=False)):
        number = _number(value)
        if number is None or number < 0 or (part > 0 and number > 60):
            return None
        degrees += number / divisor
    if degrees > limit:
        return None
    return degrees if hemisphere == positive else -degrees


def _serial(tags: dict[int, object]) -> str:
    """The body's serial number, or nothing: one without a digit is its owner's name."""
    texts = (_text(tags.get(tag)) for tag in _SERIALS)
    return next((text for text in texts if any(c.isdigit() for c in text)), "")


def _orientation(value: object) -> int:
    number = _number(value)
    return int(number) if number is not None and number in range(1, 9) else 1


def _night_scene(value: object) -> bool | None:
    number = _number(value)
    return number == _NIGHT_SCENE if number in _SCENES else None


def _number(value: object) -> float | None:
    """A finite number, or None; one value in a tuple counts as that value."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, str | bytes) or value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # IFDRational, int, float, or not a number
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _bytes(value: object) -> bytes:
    """Maker notes are bytes; old RapidFire cameras declare four of them as text."""
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return value if isinstance(value, bytes) else b""


def _text(value: object) -> str:
    """A tag as one printable line of at most 500 characters, up to its first NUL.

    EXIF text should be ASCII. Pillow hands it over as Latin-1; where the bytes are valid UTF-8 they
    were meant so, because a Latin-1 text that reads as UTF-8 by chance has not been seen.
    """
    if isinstance(value, str):
        raw = value.encode("latin-1", "replace")
    elif isinstance(value, bytes):
        raw = value
    else:
        return ""
    raw = raw[: 4 * _TEXT_LIMIT].split(b"\0", 1)[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in text[:_TEXT_LIMIT]).strip()
