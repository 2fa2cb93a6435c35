"""Maker notes: what Reconyx and Browning cameras say of a picture beyond EXIF.

Bytes of EXIF tag 0x927C go in, a `MakerNote` comes out. Reconyx keeps its facts at fixed places in
three layouts; Browning writes a line of JSON. The offsets are facts published in ExifTool's tag
tables (Reconyx), compared here with the strips burned into real pictures of each layout. MicroFire
and HyperFire 4K have layouts of their own and are left out until we have seen a file of them; their
notes, like those of makers that write nothing useful (Bushnell, BolyMedia), give an empty note.

The note's date is never read. HyperFire writes month before day where a reader expects the reverse,
and common tools print 11 April as 4 November; EXIF DateTimeOriginal says the same instant plainly.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MakerNote:
    """What a maker note says; the fields mean what they mean in `Capture`.

    `sequence_index` counts from 1. `maker_event` is the camera's own trigger count: it starts again
    when the card is formatted or the camera reset, so it tells bursts apart only together with the
    time. `temperature_c` is in °C, `battery_mv` in millivolts, `moon_phase` 0 (new) to 7 (old
    crescent), 4 is full. Unknown is None or empty.
    """

    sequence_index: int | None = None
    sequence_length: int | None = None
    maker_event: int | None = None
    trigger: str = ""
    temperature_c: int | None = None
    moon_phase: int | None = None
    battery_mv: int | None = None
    user_label: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a Reconyx generation keeps its facts: byte offsets and `struct` formats."""

    trigger: int
    sequence: tuple[int, str]
    event: tuple[int, str]
    moon: tuple[int, str]
    celsius: int
    battery: int
    label: tuple[int, int]
    serial: tuple[int, int]
    serial_encoding: str


_HYPERFIRE = _Layout(  # RapidFire and HyperFire: HC500, HC600, PC900
    trigger=0x0C,
    sequence=(0x0E, "<HH"),
    event=(0x12, "<HH"),
    moon=(0x24, "<H"),
    celsius=0x28,
    battery=0x54,
    label=(0x56, 22),
    serial=(0x2A, 30),
    serial_encoding="utf-16-le",
)
_HYPERFIRE_2 = _Layout(
    trigger=0x34,
    sequence=(0x36, "<HH"),
    event=(0x3A, "<HH"),
    moon=(0x4C, "<H"),
    celsius=0x50,
    battery=0x62,
    label=(0x68, 22),
    serial=(0x7E, 30),
    serial_encoding="utf-16-le",
)
_ULTRAFIRE = _Layout(
    trigger=0x34,
    sequence=(0x35, "<BB"),
    event=(0x37, "<I"),
    moon=(0x43, "<B"),
    celsius=0x46,
    battery=0x49,
    label=(0x5A, 21),
    serial=(0x4B, 15),
    serial_encoding="ascii",
)
_TRIGGERS = {
    "M": "motion",
    "T": "time lapse",
    "P": "point and shoot",
    "E": "external sensor",
    "C": "code not entered",  # a camera locked by its security code takes pictures of the thief
}

# Outside these the field was never written or the bytes are broken. Reconyx sequences have ten
# frames at most; 255 is what the narrowest layout can hold.
_LONGEST_SEQUENCE = 255
_CELSIUS = range(-60, 86)
_MILLIVOLTS = range(1_000, 20_001)
_MOON_PHASES = range(8)
_EVENTS = range(1, 0xFFFF_FFFF)


def parse_makernote(note: bytes, make: str = "") -> MakerNote:
    """Return what `note`, the bytes of EXIF tag 0x927C, says; an empty note when it is not ours.

    `make` is EXIF's Make: the first HyperFire generation carries only a two-byte version, which is
    too little to know it by. Never raises: what lies beyond the end or out of range stays unknown.
    """
    if note.startswith(b"RECONYXH2\0"):
        return _parse_reconyx(note, _HYPERFIRE_2)
    if note.startswith(b"RECONYXUF\0"):
        return _parse_reconyx(note, _ULTRAFIRE)
    if note.startswith(b"\x01\xf1") and make.casefold().startswith("reconyx"):
        return _parse_reconyx(note, _HYPERFIRE)
    if note.startswith(b'{"maker":"Browning"'):
        return _parse_browning(note)
    return MakerNote()


def _parse_reconyx(note: bytes, layout: _Layout) -> MakerNote:
    index, length = _sequence(_unpack(note, *layout.sequence))
    offset, size = layout.serial
    return MakerNote(
        sequence_index=index,
        sequence_length=length,
        maker_event=_event(_unpack(note, *layout.event)),
        trigger=_TRIGGERS.get(chr(note[layout.trigger]), "") if len(note) > layout.trigger else "",
        temperature_c=_within(_CELSIUS, _unpack(note, layout.celsius, "<h")),
        moon_phase=_within(_MOON_PHASES, _unpack(note, *layout.moon)),
        battery_mv=_within(_MILLIVOLTS, _unpack(note, layout.battery, "<H")),
        user_label=_label(note, *layout.label),
        serial=_serial(note[offset : offset + size].decode(layout.serial_encoding, "replace")),
    )


def _parse_browning(note: bytes) -> MakerNote:
    """Browning writes `{"maker":"Browning", ... "temperature":"40C"}`; only what we know is read.

    Its moon phase counts to 8, we do not know from where, and its multishot is 0 in what we have
    seen: both stay unread.
    """
    try:
        facts = json.loads(note.rstrip(b"\0 \r\n"))
    except (ValueError, RecursionError):
        return MakerNote()
    if not isinstance(facts, dict):
        return MakerNote()
    temperature = re.fullmatch(r"(-?[0-9]{1,3}) ?([CF])", _fact(facts, "temperature"))
    celsius: int | None = None
    if temperature:
        celsius = int(temperature[1])
        if temperature[2] == "F":
            celsius = round((celsius - 32) * 5 / 9)
    return MakerNote(
        temperature_c=None if celsius is None else _within(_CELSIUS, (celsius,)),
        user_label=_printable(_fact(facts, "camera_name")),
        serial=_serial(_fact(facts, "serial_number")),
    )


def _fact(facts: dict[str, object], name: str) -> str:
    value = facts.get(name)
    return value.strip() if isinstance(value, str) else ""


def _unpack(note: bytes, offset: int, layout: str) -> tuple[int, ...]:
    """The integers at `offset`, or none when the note ends before them."""
    if offset + struct.calcsize(layout) > len(note):
        return ()
    return struct.unpack_from(layout, note, offset)


def _within(sane: range, values: tuple[int, ...]) -> int | None:
    return values[0] if values and values[0] in sane else None


def _sequence(values: tuple[int, ...]) -> tuple[int, int] | tuple[None, None]:
    """Frame `index` of `length`, or neither: half of it would group frames wrongly."""
    if len(values) == 2 and 1 <= values[0] <= values[1] <= _LONGEST_SEQUENCE:
        return values[0], values[1]
    return None, None


def _event(values: tuple[int, ...]) -> int | None:
    """The trigger count; two words are high, low. 0 is a field that was never written."""
    if len(values) == 2:
        values = ((values[0] << 16) + values[1],)
    return _within(_EVENTS, values)


def _label(note: bytes, offset: int, size: int) -> str:
    return _printable(note[offset : offset + size].split(b"\0", 1)[0].decode("latin-1"))


def _serial(text: str) -> str:
    """A serial number up to its first NUL, or nothing when it holds what no serial number does."""
    text = text.split("\0", 1)[0].strip()
    return text if re.fullmatch(r"[A-Za-z0-9-]{1,40}", text) else ""


def _printable(text: str) -> str:
    text = text.strip()
    return text if text.isprintable() else ""
