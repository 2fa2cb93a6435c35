"""Reconyx and Browning notes: the facts at their places, and nothing from broken bytes."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from camtrap.card.exif import capture_of
from camtrap.card.makernotes import MakerNote, parse_makernote


def note_of(signature: bytes, size: int, *fields: tuple[int, bytes]) -> bytes:
    """A note of zeros with a signature and fields at their offsets."""
    note = bytearray(size)
    for offset, raw in ((0, signature), *fields):
        note[offset : offset + len(raw)] = raw
    return bytes(note)


def hyperfire2(*more: tuple[int, bytes]) -> bytes:
    """The note of a HyperFire 2: the third of ten frames at 2 °C on 11 April, 20:43:10."""
    return note_of(
        b"RECONYXH2\0",
        837,
        (0x10, struct.pack("<H", 33)),  # number of the file
        (0x34, b"M\0"),
        (0x36, struct.pack("<HH", 3, 10)),
        (0x3A, struct.pack("<HH", 1, 4)),  # high word first
        (0x3E, struct.pack("<6H", 10, 43, 20, 4, 11, 2021)),  # the date: never read
        (0x4C, struct.pack("<H", 7)),
        (0x4E, struct.pack("<hh", 35, 2)),  # °F, °C
        (0x62, struct.pack("<H", 7814)),
        (0x68, b"MICA 318\0"),
        (0x7E, "H2RXEM06043616".encode("utf-16-le")),
        *more,
    )


def test_hyperfire_2() -> None:
    assert parse_makernote(hyperfire2()) == MakerNote(
        sequence_index=3,
        sequence_length=10,
        maker_event=65_540,
        trigger="motion",
        temperature_c=2,
        moon_phase=7,
        battery_mv=7814,
        user_label="MICA 318",
        serial="H2RXEM06043616",
    )


def test_ultrafire() -> None:
    note = note_of(
        b"RECONYXUF\0",
        2089,
        (0x34, b"M"),
        (0x35, bytes((4, 5))),
        (0x37, struct.pack("<I", 122)),
        (0x43, bytes((5,))),
        (0x44, struct.pack("<hh", 39, 4)),
        (0x49, struct.pack("<H", 9878)),
        (0x4B, b"UXR6BI02004234\0"),
        (0x5A, b"AM100".ljust(20) + b"\0"),
    )
    assert parse_makernote(note) == MakerNote(
        4, 5, 122, "motion", 4, 5, 9878, "AM100", "UXR6BI02004234"
    )


def hyperfire() -> bytes:
    return note_of(
        b"\x01\xf1",
        1541,
        (0x0C, b"T\0"),
        (0x0E, struct.pack("<HH", 1, 1)),
        (0x12, struct.pack("<HH", 0, 516)),
        (0x24, struct.pack("<H", 6)),
        (0x26, struct.pack("<hh", -4, -20)),
        (0x2A, "P900FF03149458".encode("utf-16-le")),
        (0x54, struct.pack("<H", 8420)),
        (0x56, b"PC900 PROFESSIONAL"),
    )


def test_the_first_hyperfire_is_known_by_its_maker_too() -> None:
    expected = MakerNote(
        1, 1, 516, "time lapse", -20, 6, 8420, "PC900 PROFESSIONAL", "P900FF03149458"
    )
    assert parse_makernote(hyperfire(), "RECONYX") == expected
    assert parse_makernote(hyperfire(), "Reconyx") == expected
    assert parse_makernote(hyperfire(), "SomeoneElse") == MakerNote()


def test_browning_writes_json() -> None:
    facts = {
        "maker": "Browning",
        "camera_name": "    167BWS",
        "serial_number": "4569999999995PX",
        "temperature": "40C",
        "moon_phase": 8,
    }
    note = json.dumps(facts, separators=(",", ":")).encode()
    assert parse_makernote(note) == MakerNote(
        temperature_c=40, user_label="167BWS", serial="4569999999995PX"
    )


@pytest.mark.parametrize(
    ("written", "celsius"),
    [("-3C", -3), ("68F", 20), ("14 F", -10), ("999C", None), ("", None), ("warm", None)],
)
def test_browning_temperatures(written: str, celsius: int | None) -> None:
    note = f'{{"maker":"Browning","temperature":"{written}"}}'.encode()
    assert parse_makernote(note).temperature_c == celsius


@pytest.mark.parametrize(
    "note",
    [
        b'{"maker":"Browning"',
        b'{"maker":"Browning","temperature":40,"camera_name":null}',
        b'{"maker":"Browning","x":' + b"[" * 100000,
        b'{"maker":"Browning","x":"\xff"}',
    ],
)
def test_broken_browning_notes_say_nothing(note: bytes) -> None:
    assert parse_makernote(note) == MakerNote()


@pytest.mark.parametrize(
    ("index", "length"), [(0, 0), (0, 3), (4, 3), (1, 0), (0x0300, 0x0300), (0xFFFF, 0xFFFF)]
)
def test_an_impossible_sequence_is_no_sequence(index: int, length: int) -> None:
    note = parse_makernote(hyperfire2((0x36, struct.pack("<HH", index, length))))
    assert (note.sequence_index, note.sequence_length) == (None, None)


@pytest.mark.parametrize(
    ("offset", "raw", "field"),
    [
        (0x3A, bytes(4), "maker_event"),
        (0x3A, b"\xff" * 4, "maker_event"),
        (0x4C, struct.pack("<H", 8), "moon_phase"),
        (0x50, struct.pack("<h", 100), "temperature_c"),
        (0x50, struct.pack("<h", -100), "temperature_c"),
        (0x62, struct.pack("<H", 0), "battery_mv"),
        (0x62, struct.pack("<H", 0xFFFF), "battery_mv"),
    ],
)
def test_a_value_out_of_range_is_unknown(offset: int, raw: bytes, field: str) -> None:
    assert getattr(parse_makernote(hyperfire2((offset, raw))), field) is None


@pytest.mark.parametrize(
    ("offset", "raw", "field"),
    [
        (0x34, b"?", "trigger"),
        (0x68, b"\x07\x01".ljust(22, b"\xff"), "user_label"),
        (0x68, b" " * 22, "user_label"),
        (0x7E, b"\xff" * 30, "serial"),
        (0x7E, bytes(30), "serial"),
    ],
)
def test_text_that_is_none_is_empty(offset: int, raw: bytes, field: str) -> None:
    assert getattr(parse_makernote(hyperfire2((offset, raw))), field) == ""


def test_a_note_cut_short_keeps_what_lies_before_the_cut() -> None:
    note = parse_makernote(hyperfire2()[:0x40])
    assert note == MakerNote(3, 10, 65_540, "motion")


@pytest.mark.parametrize("signature", [b"", b"RECONYXH2\0", b"RECONYXUF\0", b"\x01\xf1"])
@settings(deadline=None, max_examples=200)
@given(junk=st.binary(max_size=300))
def test_no_bytes_are_an_error(signature: bytes, junk: bytes) -> None:
    note = parse_makernote(signature + junk, "RECONYX")
    assert note.temperature_c is None or -60 <= note.temperature_c <= 85
    assert note.user_label.isprintable()
    assert (note.sequence_index is None) == (note.sequence_length is None)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_no_json_is_an_error(junk: bytes) -> None:
    assert parse_makernote(b'{"maker":"Browning",' + junk).moon_phase is None


@pytest.mark.data
def test_ten_frames_of_a_real_hyperfire_2(reconyx_frames: list[Path]) -> None:
    captures = []
    for frame in reconyx_frames:
        with Image.open(frame) as image:
            captures.append(capture_of(image))
    assert [one.sequence_index for one in captures] == list(range(1, 11))
    assert {one.sequence_length for one in captures} == {10}
    assert {one.maker_event for one in captures} == {4}
    assert {one.serial for one in captures} == {"H2RXEM06043616"}
    assert {one.temperature_c for one in captures} == {2}
    assert {one.user_label for one in captures} == {"MICA 318"}
    assert str(captures[0].taken_at) == "2021-04-11 20:43:09"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [  # as burned into the pictures' own strips
        ("mdet/images__idaho-camera-traps.jpg", (4, 5, "motion", 4, "AM100")),
        ("animl/examples__Southwest__testdataowl.JPG", (3, 3, "motion", 24, "PC900 PROFESSIONAL")),
        ("animl/examples__BUOW__RCNX0242.JPG", (2, 3, "motion", 29, "R49")),
        ("mdet/images__mike_folder__heron_20241018021216_268.jpg", (None, None, "", 40, "167BWS")),
    ],
)
def test_notes_say_what_the_pictures_strip_says(
    originals: Path, name: str, expected: tuple[int | str | None, ...]
) -> None:
    with Image.open(originals / "originals" / name) as image:
        one = capture_of(image)
    found = (one.sequence_index, one.sequence_length, one.trigger, one.temperature_c)
    assert (*found, one.user_label) == expected
