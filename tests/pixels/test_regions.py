"""Regions of large pictures: the same pixels as a whole decode gives, and strict about damage."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels import tiff_rows
from camtrap.pixels.decode import TURNS, Pixels, decode_crops, decode_frame, to_rgb
from camtrap.pixels.fit import Region
from camtrap.pixels.limits import Limits
from camtrap.pixels.regions import LargePicture, large_frame, open_large
from tests.cards import deep_grey, encoded, textured

WIDTH, HEIGHT = 1300, 1100
PICTURE = textured(WIDTH, HEIGHT)


def whole(data: bytes) -> Pixels:
    """The upright picture decoded as a whole, by Pillow alone."""
    with Image.open(io.BytesIO(data)) as image:
        flag = image.getexif().get(0x0112, 1)
        image.load()
        rgb = to_rgb(image)
        turn = TURNS.get(flag) if image.format != "TIFF" else None
        return np.asarray(rgb if turn is None else rgb.transpose(turn))


def cut(picture: LargePicture, left: int, top: int, right: int, bottom: int) -> Pixels:
    return picture.cut(Region(left, top, right, bottom), (right - left, bottom - top))


def strips(picture: LargePicture) -> bool:
    """True where only the rows that are asked for are decoded."""
    return type(picture._rows) is tiff_rows.TiffRows


def tiff(image: Image.Image = PICTURE, compression: str | None = None, **said) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression=compression, **said)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
def test_rows_of_a_tiff_are_the_same_as_in_the_whole(compression: str | None, mode: str) -> None:
    data = tiff(PICTURE.convert(mode), compression)
    picture = open_large(data)
    assert strips(picture)
    expected = whole(data)
    for box in ((0, 0, WIDTH, HEIGHT), (300, 200, 940, 840), (5, 1090, 17, 1100)):
        left, top, right, bottom = box
        assert np.array_equal(cut(picture, *box), expected[top:bottom, left:right])


@pytest.mark.parametrize("mode", ["P", "1", "I;16", "F"])
def test_other_kinds_of_tiff_are_read_as_well(mode: str) -> None:
    image = deep_grey(WIDTH, HEIGHT) if mode == "I;16" else PICTURE.convert("L").convert(mode)
    data = tiff(image)
    assert np.array_equal(cut(open_large(data), 300, 200, 400, 250), whole(data)[200:250, 300:400])


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_tiles_is_read_by_rows_of_tiles(order: str) -> None:
    side, across, down = 256, 6, 5
    data = tiled_tiff(np.asarray(PICTURE), side, order)
    picture = open_large(data)
    assert strips(picture)
    assert len(picture._rows.places) == across * down  # type: ignore[attr-defined]
    assert np.array_equal(cut(picture, 200, 250, 1300, 1100), np.asarray(PICTURE)[250:, 200:])


def tiled_tiff(pixels: Pixels, side: int, order: str) -> bytes:
    """An uncompressed TIFF of square tiles; Pillow writes none."""
    height, width, _ = pixels.shape
    across, down = -(-width // side), -(-height // side)
    padded = np.zeros((down * side, across * side, 3), np.uint8)
    padded[:height, :width] = pixels
    pieces = [
        padded[y * side : (y + 1) * side, x * side : (x + 1) * side].tobytes()
        for y in range(down)
        for x in range(across)
    ]
    size = side * side * 3
    end = 8 + size * len(pieces)
    values = {
        256: width, 257: height, 258: (8, 8, 8), 259: 1, 262: 2, 277: 3, 284: 1,
        322: side, 323: side,
        324: tuple(8 + size * n for n in range(len(pieces))), 325: (size,) * len(pieces),
    }  # fmt: skip
    directory = tiff_rows._directory(values, dict.fromkeys(values, 4), order, end)
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "HL", 42, end)
    return start + b"".join(pieces) + directory


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_regions_of_other_formats_are_the_same_as_in_the_whole(picture_format: str) -> None:
    data = encoded(PICTURE, picture_format)
    assert np.array_equal(cut(open_large(data), 300, 200, 940, 840), whole(data)[200:840, 300:940])


@pytest.mark.parametrize("flag", range(1, 9))
@pytest.mark.parametrize("picture_format", ["JPEG", "TIFF"])
def test_regions_are_of_the_upright_picture(flag: int, picture_format: str) -> None:
    data = encoded(PICTURE, picture_format, orientation=flag)
    picture = open_large(data)
    expected = whole(data)
    assert (picture.height, picture.width) == expected.shape[:2]
    assert np.array_equal(cut(picture, 30, 200, 333, 555), expected[200:555, 30:333])
    frame = picture.frame(640)
    assert frame.pixels.shape == decode_frame(data, 640).pixels.shape


def test_a_picture_is_the_same_in_every_wrapping() -> None:
    """Strips, one long strip, a whole decode: tiles of each scale are equal."""
    datas = [encoded(PICTURE, "PNG"), tiff(), tiff(compression="tiff_lzw")]
    pictures = [open_large(data) for data in datas]
    assert [strips(picture) for picture in pictures] == [False, True, True]
    for region, size in (
        (Region(100, 100, 740, 740), (640, 640)),
        (Region(0, 0, 1280, 1100), (640, 550)),
        (Region(0, 0, 1300, 1100), (300, 254)),
        (Region(10.5, 20.25, 70.75, 99.5), (260, 260)),
    ):
        first, *others = (picture.cut(region, size) for picture in pictures)
        for other in others:
            assert np.array_equal(first, other)


def test_a_crop_is_what_an_ordinary_picture_gets() -> None:
    data = encoded(PICTURE, "PNG")
    region = Region(400.5, 300.25, 500.5, 380.25)
    [expected] = decode_crops(data, [region], 260)
    got = open_large(data).crop(region, 260)
    assert np.abs(got.astype(int) - expected).mean() < 1.0
    assert got.shape == (260, 260, 3)
    assert tuple(got[0, 0]) == (127, 127, 127)


def test_a_region_beyond_the_edge_is_clipped_and_never_empty() -> None:
    picture = open_large(encoded(PICTURE, "PNG"))
    assert picture.cut(Region(-50, -50, 10, 10), (8, 8)).shape == (8, 8, 3)
    assert picture.cut(Region(2000, 2000, 2100, 2100), (8, 8)).shape == (8, 8, 3)
    assert picture.cut(Region(5.2, 5.2, 5.3, 5.3), (8, 8)).shape == (8, 8, 3)


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_picture_that_is_cut_short_is_never_handed_out(picture_format: str, share: float) -> None:
    data = encoded(PICTURE, picture_format)
    with pytest.raises(UnreadablePicture):
        open_large(data[: int(len(data) * share)])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_strips_beyond_the_end_are_truncation(compression: str) -> None:
    data = bytearray(tiff(compression=compression))
    with Image.open(io.BytesIO(data)) as image:
        offsets = image.tag_v2[273]  # type: ignore[attr-defined]
        place = bytes(data).find(struct.pack("<2L", *offsets[-2:])) + 4
    data[place : place + 4] = struct.pack("<L", len(data) - 10)
    with pytest.raises(TruncatedPicture):
        open_large(bytes(data))


def test_the_limit_on_pixels_holds() -> None:
    data = tiff()
    limits = Limits(pixels=1_000_000)
    for read in (open_large, lambda data, limits: large_frame(data, 640, limits)):
        with pytest.raises(UnreadablePicture, match="over the limit of 1 megapixels"):
            read(data, limits)


@pytest.mark.parametrize("picture_format", ["JPEG", "TIFF"])
def test_the_frame_is_that_of_an_ordinary_decode(picture_format: str) -> None:
    data = encoded(PICTURE, picture_format)
    frame, expected = large_frame(data, 640), decode_frame(data, 640)
    assert (frame.width, frame.height) == (expected.width, expected.height)
    assert frame.infrared == expected.infrared
    assert np.abs(frame.pixels.astype(int) - expected.pixels).mean() < 2.0


def test_only_a_band_of_a_tiff_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = open_large(tiff(textured(3900, 1100), "tiff_lzw"))
    decoded: list[tuple[int, int]] = []
    real = tiff_rows.TiffRows._decoded

    def noted(self, first, last):
        found = real(self, first, last)
        decoded.append(found[:2])
        return found

    monkeypatch.setattr(tiff_rows.TiffRows, "_decoded", noted)
    cut(picture, 0, 500, 640, 900)
    cut(picture, 640, 500, 1280, 900)  # of the same rows, so nothing is decoded again
    cut(picture, 0, 0, 640, 400)
    assert len(decoded) == 2
    assert all(bottom - top < 500 for top, bottom in decoded)


def test_hostile_tags_end_in_a_state() -> None:
    """Every tag of the directory broken in turn: a picture, or one of our own errors."""
    data = tiff(textured(200, 150), "tiff_lzw")
    [start] = struct.unpack("<L", data[4:8])
    [count] = struct.unpack("<H", data[start : start + 2])
    for entry in range(count):
        for field, value in ((2, 0), (4, 0), (4, 2**31), (8, 0), (8, 2**32 - 1), (8, 7)):
            broken = bytearray(data)
            place = start + 2 + 12 * entry + field
            size = 2 if field == 2 else 4
            broken[place : place + size] = struct.pack("<H" if size == 2 else "<L", value)
            try:
                picture = open_large(bytes(broken))
                assert cut(picture, 0, 0, min(9, picture.width), 1).size
            except UnreadablePicture:
                pass
