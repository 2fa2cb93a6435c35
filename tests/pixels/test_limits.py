"""What would cost too much is refused before it is decoded, and the reason is a line for people."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels import decode, limits
from camtrap.pixels.damage import hole_in_jpeg, is_short, is_too_short
from camtrap.pixels.decode import decode_crops, decode_frame, opened
from camtrap.pixels.fit import Region
from camtrap.pixels.limits import PIXEL_LIMIT, Limits, reason_of, refusal, what_it_is
from tests.cards import encoded, textured
from tests.reliability.corpus import grey, png, saved, segments_of, with_size


def image_of(width: int, height: int) -> Image.Image:
    """A picture of that size as far as its header goes; no pixels are made."""
    image = Image.new("L", (1, 1))
    image._size = (width, height)
    return image


# -- refused


@pytest.mark.parametrize(
    ("width", "height", "word"),
    [
        (0, 10, "no pixels"),
        (10, 0, "no pixels"),
        (20_000, 20_000, ""),
        (20_000, 20_001, "limit of 400 megapixels"),
        (1, PIXEL_LIMIT + 1, "limit"),
    ],
)
def test_pictures_without_pixels_or_with_too_many_are_refused(
    width: int, height: int, word: str
) -> None:
    reason = refusal(image_of(width, height), b"")
    assert word in reason
    assert bool(reason) is bool(word)


@pytest.mark.parametrize(
    ("megapixels", "scans", "refused"),
    [(1, 10, False), (400, 10, False), (1, 500, False), (1, 501, True), (60, 310, True)],
)
def test_many_scans_of_many_pixels_are_refused(megapixels: int, scans: int, refused: bool) -> None:
    data = b"\xff\xd8" + b"\xff\xda" * scans
    assert bool(refusal(image_of(1000 * megapixels, 1000), data)) is refused


def test_the_pixel_limit_can_be_chosen_for_frames_and_for_crops() -> None:
    data = encoded(textured(200, 150))
    assert decode_frame(data, 32, limits=Limits(30_000)).width == 200
    with pytest.raises(UnreadablePicture, match="limit"):
        decode_frame(data, 32, limits=Limits(29_999))
    with pytest.raises(UnreadablePicture, match="limit"):
        decode_crops(data, [Region(0, 0, 20, 20)], 32, limits=Limits(29_999))


def test_crops_are_cut_within_the_limits_of_their_frame() -> None:
    data = encoded(textured(4000, 3000))
    small = [Region(0, 0, 20, 20)]  # finer than the frame was decoded, so the file is opened again
    frame = decode_frame(data, 32, limits=Limits(13_000_000))
    assert len(decode_crops(data, small, 32, frame=frame, limits=Limits(1))) == 1
    with pytest.raises(UnreadablePicture, match="limit of 2 megapixels"):
        decode_crops(data, small, 32, frame=replace(frame, limits=Limits(2_999_999)))


def test_a_frame_tells_what_was_left_out_of_the_metadata() -> None:
    data = encoded(textured(), taken_at=datetime(2026, 2, 3))
    heavy = data[:2] + b"\xff\xe7\xea\x62" + bytes(60_000) + data[2:]
    assert decode_frame(heavy, 32).note == ""
    frame = decode_frame(heavy, 32, limits=Limits(metadata=50_000))
    assert frame.note == "metadata beyond 50,000 bytes were not read"
    assert np.array_equal(frame.pixels, decode_frame(data, 32).pixels)


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "LARGE", 10_000)
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with opened(encoded(textured(200, 150))), opened(encoded(textured(200, 150))):
            with lock:
                inside += 1
                most = max(most, inside)
            gone.wait(0.05)
            with lock:
                inside -= 1

    gone = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, inside) == (1, 0)


def test_a_refused_picture_does_not_keep_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "LARGE", 10_000)
    data = saved(textured(200, 150), "PNG")
    broken = data[: len(data) // 2]
    with pytest.raises(UnreadablePicture), opened(broken) as image:
        image.load()
    assert limits.one_large.acquire(timeout=1)
    limits.one_large.release()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "F", "I", "I;16", "I;16B", "I;16L"])
def test_large_pictures_look_the_same_strip_by_strip(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    image = textured(80, 60).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    if mode.startswith("I;16"):
        image = Image.frombytes(mode, (80, 60), np.random.default_rng(1).bytes(80 * 60 * 2))
    else:
        image = image.convert("L").convert(mode) if mode in "FI" else image.convert(mode)
    whole = np.asarray(decode.to_rgb(image))
    monkeypatch.setattr(decode, "_STRIP_PIXELS", 80 * 7)
    assert np.array_equal(np.asarray(decode.to_rgb(image)), whole)


# -- damage that decoders pass over


def test_a_jpeg_that_claims_more_than_its_data_can_hold_is_truncated() -> None:
    data = encoded(Image.new("RGB", (640, 480), (130,) * 3))
    assert not is_too_short(data, 640, 480)
    with pytest.raises(TruncatedPicture, match="too few"):
        decode_frame(with_size(data, 6400, 4800), 32)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("brightness", [0, 130, 255])
def test_the_most_even_picture_is_not_too_short(
    progressive: bool, optimize: bool, subsampling: int, brightness: int
) -> None:
    data = encoded(
        Image.new("RGB", (1501, 999), (brightness,) * 3),
        progressive=progressive,
        optimize=optimize,
        subsampling=subsampling,
        quality=10,
    )
    assert not is_too_short(data, 1501, 999)
    assert hole_in_jpeg(data) == 0
    assert decode_frame(data, 32).width == 1501


def hole(start: int, length: int, filler: bytes = b"\0") -> bytes:
    """A JPEG with a hole that begins at the first sector behind `start` bytes of its scan."""
    data = encoded(textured(640, 480), quality=95)
    first = -(-(segments_of(data)[0xDA][0][1] + start) // 512) * 512
    assert first + length < len(data) - 2
    return data[:first] + filler * length + data[first + length :]


@pytest.mark.parametrize("sectors", [4, 8, 64])
@pytest.mark.parametrize("start", [0, 5000])
def test_lost_clusters_are_holes(sectors: int, start: int) -> None:
    data = hole(start, sectors * 512)
    assert hole_in_jpeg(data) in range((sectors - 1) * 512, sectors * 512 + 1)
    with pytest.raises(TruncatedPicture, match="hole"):
        decode_frame(data, 32)


def test_zeros_that_keep_to_no_sectors_are_the_picture_s_own() -> None:
    data = encoded(textured(640, 480), quality=95)
    scan = segments_of(data)[0xDA][0][1]
    start = -(-scan // 512) * 512 + 100
    assert hole_in_jpeg(data[:start] + bytes(4096) + data[start + 4096 :]) == 0


def test_erased_flash_is_a_hole_and_a_few_fill_bytes_are_none() -> None:
    assert hole_in_jpeg(hole(5000, 512, b"\xff")) >= 512
    data = encoded(textured())
    assert hole_in_jpeg(data[:-2] + b"\xff" * 20 + data[-2:]) == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_a_png_of_all_its_rows_is_not_short(mode: str) -> None:
    data = saved(grey("RGBA").convert(mode), "PNG")
    with Image.open(io.BytesIO(data)) as image:
        assert not is_short(image, data)


def test_a_png_that_ends_in_order_after_half_its_rows_is_truncated() -> None:
    with pytest.raises(TruncatedPicture, match="last row"):
        decode_frame(png(64, 48, rows=(b"\0" + b"\x82" * 64) * 24), 32)


# -- reasons


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("two\nlines\tand a\0 NUL"), "two lines and a NUL"),
        (KeyError(), "KeyError"),
        (MemoryError(), "there is not enough memory to decode this picture"),
        (OSError("x" * 999), "x" * 197 + "..."),
    ],
)
def test_a_reason_is_one_short_printable_line(error: Exception, told: str) -> None:
    assert reason_of(error) == told


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.4", "PDF"),
        (b"\xef\xbb\xbf <!doctype HTML>", "web page"),
        (b"\0\0\0\x18ftypisom", "video"),
        (b"\x1a\x45\xdf\xa3webm", "video"),
        (b"RIFF....AVI ", "video"),
        (b"\0\0\0\x18ftypheic", "camtrap[heic]"),
        (b"\xff\xd8\xff", "header of this JPEG"),
        (bytes(10), "zeros"),
        (b"hello", "not a picture in any format"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, word: str) -> None:
    assert word in what_it_is(data)
    assert what_it_is(data).startswith("not a picture")
