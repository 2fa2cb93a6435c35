"""The heat in a FLIR camera's JPEG, made here from the layout that ExifTool documents.

`flyr` itself, asked of the whole file, is the judge of the temperatures. No file of a real camera
was at hand.
"""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from camtrap.pixels import radiometric
from camtrap.pixels.decode import decode_crops, decode_frame, opened, opened_with_note, upright_size
from camtrap.pixels.fit import Region
from camtrap.pixels.limits import Limits
from camtrap.pixels.radiometric import NOT_INSTALLED, SENSOR_LIMIT, heat_of
from camtrap.pixels.regions import open_large
from camtrap.pixels.thermal import bounds, to_grey
from tests.cards import encoded, textured
from tests.flir import (
    CAMERA_INFO,
    EMBEDDED_IMAGE,
    PALETTE_INFO,
    RAW_DATA,
    camera_info,
    colours,
    fff,
    raw_data,
    scene,
    thermogram,
    with_heat,
)

flyr = pytest.importorskip("flyr", reason="flyr is not installed: camtrap[thermal]")


def grey_of(kelvin: NDArray[Any]) -> NDArray[np.uint8]:
    numbers = kelvin.astype(np.float32)
    return to_grey(numbers, *bounds(lambda: iter([numbers])))


def read(data: bytes) -> tuple[Image.Image | None, str]:
    with Image.open(io.BytesIO(data)) as image:
        return heat_of(data, image)


def heat(data: bytes) -> NDArray[np.float32]:
    found, note = read(data)
    assert found is not None, note
    return np.asarray(found)


# -- what is read


@pytest.mark.parametrize("as_png", [False, True], ids=["plain", "PNG"])
def test_temperatures_are_those_that_flyr_reads_of_the_whole_file(as_png: bool) -> None:
    counts = scene(320, 240)
    data = thermogram(counts, as_png=as_png)
    kelvin = flyr.unpack(io.BytesIO(data)).kelvin
    assert np.allclose(heat(data), kelvin, atol=0.001)
    order = np.argsort(counts, axis=None)
    assert (np.diff(heat(data).ravel()[order]) >= 0).all(), "more counts are more heat"
    assert 250 < kelvin.min() < kelvin.max() < 350


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("piece", [65_524, 1_000])
def test_both_orders_of_the_table_and_any_pieces_are_read(order: str, piece: int) -> None:
    records = [
        (PALETTE_INFO, b"x" * 300),
        (CAMERA_INFO, camera_info()),
        (RAW_DATA, raw_data(scene())),
    ]
    data = with_heat(colours(), fff(records, order), piece)
    assert np.array_equal(heat(data), heat(thermogram()))


def test_the_model_is_shown_the_heat_and_not_the_colours() -> None:
    frame = decode_frame(thermogram(), 80)
    kelvin = flyr.unpack(io.BytesIO(thermogram())).kelvin
    assert np.array_equal(frame.pixels[..., 0], grey_of(kelvin))
    assert frame.infrared
    assert frame.note == ""
    assert not decode_frame(colours(), 80).infrared


def test_heat_has_the_size_and_the_turn_of_the_jpeg() -> None:
    data = thermogram(scene(80, 60), shown=colours(320, 240, orientation=6))
    frame = decode_frame(data, 320)
    assert (frame.width, frame.height) == (240, 320)
    assert frame.pixels.shape == (320, 240, 3)
    upper, lower = frame.pixels[:80, :, 0].mean(), frame.pixels[-80:, :, 0].mean()
    assert lower > 3 * upper, "it is warmer to the right, which is below when turned upright"
    with opened(data) as image:
        assert upright_size(image) == (240, 320)


def test_crops_and_regions_are_cut_from_the_heat() -> None:
    data = thermogram(scene(640, 480))
    whole = decode_frame(data, 640).pixels
    [crop] = decode_crops(data, [Region(100, 100, 360, 360)], 260)
    assert np.array_equal(crop, whole[100:360, 100:360])
    tile = open_large(data).cut(Region(200, 60, 600, 460), (400, 400))
    assert np.array_equal(tile, whole[60:460, 200:600])


def test_a_photograph_in_the_file_is_not_used() -> None:
    records = [
        (RAW_DATA, raw_data(scene())),
        (EMBEDDED_IMAGE, bytes(32) + encoded(textured(640, 480))),
        (CAMERA_INFO, camera_info()),
    ]
    assert np.array_equal(heat(with_heat(colours(), fff(records))), heat(thermogram()))


def test_the_gpu_decoder_would_leave_heat_to_the_cpu() -> None:
    """It asks for the mode of what was opened, and takes RGB and L alone."""
    with opened(thermogram()) as image:
        assert image.mode == "F"


# -- what is not


def plain(data: bytes, words: str) -> None:
    """The colours are looked at, and the note says why."""
    frame = decode_frame(data, 80)
    assert words in frame.note
    assert np.array_equal(frame.pixels, decode_frame(colours(), 80).pixels)


def test_without_flyr_the_colours_are_looked_at_and_the_note_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "flyr", None)
    plain(thermogram(), NOT_INSTALLED)
    assert decode_frame(colours(), 80).note == ""


def test_a_jpeg_without_heat_says_nothing() -> None:
    for data in (colours(), with_heat(colours(), fff([(PALETTE_INFO, b"x")]))):
        assert read(data) == (None, "")
        assert decode_frame(data, 80).note == ""


def broken(*, numbers: bytes | None = None, info: bytes | None = None) -> bytes:
    numbers = raw_data(scene()) if numbers is None else numbers
    info = camera_info() if info is None else info
    return with_heat(colours(), fff([(RAW_DATA, numbers), (CAMERA_INFO, info)]))


def edited(change: Callable[[bytearray], object]) -> bytes:
    content = bytearray(fff([(RAW_DATA, raw_data(scene())), (CAMERA_INFO, camera_info())]))
    change(content)
    return with_heat(colours(), bytes(content))


GOOD = raw_data(scene())
PIECES = with_heat(colours(), fff([(RAW_DATA, GOOD), (CAMERA_INFO, camera_info())]), 4_000)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (broken(numbers=GOOD[:-2]), "cut off"),
        (broken(numbers=GOOD[:20]), "cut off"),
        (broken(numbers=GOOD[:40]), "cut off"),
        (broken(numbers=raw_data(scene(), mark=512)), "order that is not read"),
        (broken(numbers=struct.pack("<HHH", 2, 0, 60) + GOOD[6:]), "0 x 60 pixels"),
        (broken(numbers=struct.pack("<HHH", 2, 60_000, 45_000) + GOOD[6:]), "60,000 x 45,000"),
        (broken(numbers=raw_data(scene(60, 80))), "another shape"),
        (broken(numbers=GOOD[:32] + raw_data(scene(80, 64), as_png=True)[32:]), "PNG in it"),
        (broken(numbers=GOOD[:32] + encoded(textured(80, 60), "PNG")), "PNG in it"),
        (broken(numbers=raw_data(scene(), as_png=True)[:900]), "flyr does not understand it"),
        (broken(info=camera_info()[:700]), "calibration is missing"),
        (broken(info=camera_info(planck_b=float("nan"))), "calibration is broken"),
        (broken(info=camera_info(emissivity=0.0)), "flyr does not understand it"),
        (edited(lambda it: it.__setitem__(slice(0, 4), b"JUNK")), "does not begin as it should"),
        (edited(lambda it: struct.pack_into(">I", it, 24, 1 << 31)), "table of contents"),
        (edited(lambda it: struct.pack_into(">I", it, 28, 1 << 31)), "table of contents"),
        (edited(lambda it: struct.pack_into(">I", it, 64 + 12, 1 << 31)), "cut off"),
        (edited(lambda it: struct.pack_into(">I", it, 20, 0)), "version that is not read"),
        (with_heat(colours(), b"FFF\0"), "does not begin as it should"),
        (PIECES.replace(b"FLIR\0\1\1", b"FLIR\0\1\0", 1), "there twice"),
        (PIECES.replace(b"FLIR\0\1\1", b"FLIP\0\1\1", 1), "pieces of it are missing"),
    ],
)  # fmt: skip
def test_broken_heat_ends_in_a_note(data: bytes, words: str) -> None:
    plain(data, words)


def test_notes_stand_beside_each_other() -> None:
    with opened_with_note(PIECES, Limits(metadata=5_000)) as (image, note):
        assert image.mode == "RGB"
    assert "5,000 bytes were not read" in note
    assert "pieces of it are missing" in note


def test_a_sensor_beyond_the_limit_never_reaches_flyr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flyr, "unpack", lambda stream: pytest.fail("asked"))
    sizes = struct.pack("<HHH", 2, 2_048, SENSOR_LIMIT // 2_048 + 1)
    plain(broken(numbers=sizes + GOOD[6:]), "a sensor of 2,048 x 1,025 pixels")


def test_a_jpeg_far_larger_than_any_such_camera_writes_is_shown_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(radiometric, "SHOWN_LIMIT", 79 * 60)
    plain(thermogram(), "larger than any such camera's")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_of_the_heat_costs_the_picture(data: st.DataObject) -> None:
    whole = bytearray(thermogram(scene(16, 12), shown=colours(16, 12)))
    first = whole.index(b"FLIR\0")
    span = st.integers(first, first + 400) | st.integers(first, len(whole) - 900)
    for place in data.draw(st.lists(span, min_size=1, max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    found, note = read(bytes(whole)) if whole[:2] == b"\xff\xd8" else (None, "")
    assert (found is None) or (found.size == (16, 12) and note == "")
    if found is not None:
        assert np.isfinite(np.asarray(found)).all()
