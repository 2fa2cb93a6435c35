"""What is no whole picture never becomes pixels, and says why."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels import damage
from camtrap.pixels.decode import decode_crops, decode_frame, is_cut_jpeg, opened, upright_size
from camtrap.pixels.fit import Region
from camtrap.pixels.limits import Limits
from tests.cards import encoded, textured


def with_thumbnail(data: bytes) -> bytes:
    """The JPEG with an EXIF segment in which a whole thumbnail stands, end marker and all."""
    body = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + encoded(Image.new("RGB", (16, 12)))
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"Not a picture at all, only a text.", "not a picture"),
        (bytes(5000), "not a picture"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a picture"),
    ],
    ids=["no bytes", "a text", "zeros", "a video", "a broken header"],
)
def test_what_is_no_picture_is_unreadable_and_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePicture, match=reason):
        decode_frame(data, 32)


@pytest.mark.parametrize("percent", range(5, 100, 5))
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_a_jpeg_cut_anywhere_is_truncated(percent: int, progressive: bool) -> None:
    data = with_thumbnail(encoded(textured(), progressive=progressive))
    cut = data[: len(data) * percent // 100]
    with pytest.raises(TruncatedPicture):
        decode_frame(cut, 64)
    with pytest.raises(TruncatedPicture):
        decode_crops(cut, [Region(0, 0, 40, 40)], 32)


@pytest.mark.parametrize("percent", range(5, 100, 5))
def test_a_jpeg_whose_tail_is_zeros_is_truncated(percent: int) -> None:
    data = with_thumbnail(encoded(textured()))
    kept = len(data) * percent // 100
    with pytest.raises(TruncatedPicture):
        decode_frame(data[:kept] + bytes(len(data) - kept), 64)


def test_a_jpeg_that_lost_only_its_end_marker_is_truncated() -> None:
    data = encoded(textured())
    assert data.endswith(b"\xff\xd9")
    with pytest.raises(TruncatedPicture, match="no end marker"):
        decode_frame(data[:-2], 64)


def test_the_end_marker_of_a_thumbnail_is_not_the_picture_s_own() -> None:
    data = with_thumbnail(encoded(textured()))
    assert data[:-2].find(b"\xff\xd9") > 0
    decode_frame(data, 64)
    with pytest.raises(TruncatedPicture):
        decode_frame(data[:-2], 64)


def test_a_jpeg_in_which_another_begins_is_truncated() -> None:
    first, second = encoded(textured(seed=1)), encoded(textured(seed=2))
    with pytest.raises(TruncatedPicture):
        decode_frame(first[: len(first) // 2] + second, 64)


@pytest.mark.parametrize("tail", [bytes(4096), b"\xff\xd8 a video follows", b"\xff" * 512])
def test_what_stands_behind_the_end_marker_does_not_matter(tail: bytes) -> None:
    data = encoded(textured())
    assert np.array_equal(decode_frame(data + tail, 64).pixels, decode_frame(data, 64).pixels)


def test_fill_bytes_and_restart_markers_do_not_make_a_jpeg_cut() -> None:
    data = encoded(textured(), restart_marker_rows=1)
    filled = data[:2] + b"\xff\xff" + data[2:]
    assert b"\xff\xd0" in data
    assert not is_cut_jpeg(data)
    assert not is_cut_jpeg(filled)
    assert decode_frame(filled, 64).width == 160


def test_only_jpeg_bytes_can_be_a_cut_jpeg() -> None:
    assert not is_cut_jpeg(b"")
    assert not is_cut_jpeg(b"\x89PNG")
    assert is_cut_jpeg(b"\xff\xd8")


@pytest.mark.parametrize("picture_format", ["PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("percent", [5, 30, 60, 90])
def test_other_formats_cut_short_never_decode(picture_format: str, percent: int) -> None:
    data = encoded(textured(), picture_format)
    with pytest.raises(UnreadablePicture):
        decode_frame(data[: len(data) * percent // 100], 64)


def test_a_reason_is_one_line() -> None:
    data = bytearray(encoded(textured(), "PNG"))
    data[60:90] = bytes(30)
    with pytest.raises(UnreadablePicture) as caught:
        decode_frame(bytes(data), 64)
    assert str(caught.value).strip()
    assert "\n" not in str(caught.value)


def test_truncated_pictures_are_never_filled_up_for_the_whole_process() -> None:
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_picture_over_the_pixel_limit_is_refused() -> None:
    data = encoded(Image.new("L", (2000, 1501)), "PNG")
    with pytest.raises(UnreadablePicture, match="2000 x 1501 pixels are over the limit of 3 mega"):
        decode_frame(data, 32, limits=Limits(pixels=3_000_000))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says its size and holds no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunks + b"\0\0\0\0IDAT"


def test_a_picture_of_200_megapixels_is_not_taken_for_an_attack() -> None:
    with opened(png_header(16_320, 12_240)) as image:
        assert upright_size(image) == (16_320, 12_240)


def test_a_picture_of_gigapixels_is_refused_unseen() -> None:
    with pytest.raises(UnreadablePicture), opened(png_header(60_000, 60_000)):
        pass


def test_decoding_in_threads_leaves_the_process_its_warnings() -> None:
    data = encoded(textured(400, 300))
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        gate = threading.Barrier(4)

        def work(_: int) -> None:
            gate.wait()
            for _ in range(5):
                decode_frame(data, 64)

        list(pool.map(work, range(4)))
    assert list(warnings.filters) == before


@pytest.mark.parametrize("piece", [1, 2, 7, 100])
@pytest.mark.parametrize("end", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9\xff\xda", b"\xff" * 9])
def test_marks_are_found_wherever_a_piece_ends(monkeypatch, piece, end):
    data = encoded(textured(64, 48))[:-2] + end
    whole = damage.marks_of(data)
    assert whole.end == data.find(b"\xff\xd9", whole.scan)
    assert whole.start == data.find(b"\xff\xd8", whole.scan)
    assert whole.scans == data.count(b"\xff\xda") > 0
    monkeypatch.setattr(damage, "_PIECE", piece)
    assert damage.marks_of(data) == whole
