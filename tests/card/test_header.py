"""Metadata are read within bounds; without what is out of measure the picture is the same."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import datetime

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from camtrap.card import header
from camtrap.card.exif import parse_capture
from camtrap.card.header import EXIF_LIMIT, FORMATS, claimed, lean, open_picture, safe_exif
from camtrap.errors import UnreadablePicture
from tests.cards import encoded, textured
from tests.reliability.corpus import (
    after_start,
    chunk,
    entry,
    grey,
    noise,
    png,
    saved,
    segment,
    tiff,
    with_exif,
)

TAKEN_AT = datetime(2026, 2, 3, 4, 5, 6)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


# -- what is left alone


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"])
def test_an_ordinary_file_is_not_touched(picture_format: str) -> None:
    data = encoded(textured(), picture_format)
    assert lean(data) == (data, "")


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"II*\0", b"text"]
)
def test_fragments_are_not_touched(data: bytes) -> None:
    assert lean(data) == (data, "")


def test_the_index_of_an_mpo_is_left_out_and_its_first_picture_stays() -> None:
    data = saved(textured(), "MPO", save_all=True, append_images=[grey()])
    kept = lean(data)
    assert kept.note == ""
    assert b"MPF\0" not in kept.data[: len(kept.data) // 2]
    assert np.array_equal(pixels(kept.data), pixels(data))


# -- JPEG


def test_metadata_beyond_the_limit_are_left_out_and_the_first_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header, "METADATA_LIMIT", 200_000)
    data = encoded(textured(), taken_at=TAKEN_AT)
    exif_end = data.index(b"\xff\xdb")
    heavy = data[:exif_end] + segment(0xE7, noise(60_000)) * 10 + data[exif_end:]
    kept = lean(heavy)
    assert kept.note == "metadata beyond 200,000 bytes were not read"
    assert len(kept.data) < 200_000 + len(data)
    assert parse_capture(heavy).taken_at == TAKEN_AT
    assert np.array_equal(pixels(kept.data), pixels(data))


def test_the_mark_that_tells_colours_stays_behind_any_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header, "METADATA_LIMIT", 1000)
    data = saved(grey("CMYK"), "JPEG")
    heavy = after_start(data, segment(0xE7, noise(5000)))
    assert np.array_equal(pixels(lean(heavy).data), pixels(data))


def test_exif_that_never_ends_is_left_out_whole() -> None:
    data = after_start(
        encoded(textured()), *[segment(0xE1, b"Exif\0\0" + noise(60_000, n)) for n in range(20)]
    )
    kept = lean(data)
    assert b"Exif" not in kept.data
    assert "1,000,000" in kept.note


def test_fill_bytes_are_no_metadata_and_no_matter() -> None:
    data = encoded(textured())
    kept = lean(after_start(data, b"\xff" * 100_000))
    assert kept.note == ""
    assert len(kept.data) < len(data) + 10
    assert np.array_equal(pixels(kept.data), pixels(data))


# -- PNG


@pytest.mark.parametrize(
    "bad",
    [
        chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"tEXt", b"k\0" + bytes(2_000_000)),
        chunk(b"iTXt", b"k\0\0\0\0\0" + b"x" * 2_000_000),
        chunk(b"eXIf", bytes(2_000_000)),
    ],
    ids=["zTXt", "packed iTXt", "iCCP", "tEXt", "iTXt", "eXIf"],
)
def test_a_chunk_that_grows_is_left_out_of_a_png(bad: bytes) -> None:
    data = png(before=bad + chunk(b"tEXt", b"k\0short"))
    kept = lean(data)
    assert kept.data == png(before=chunk(b"tEXt", b"k\0short"))
    assert kept.note


def test_a_chunk_that_does_not_inflate_is_left_to_the_decoder() -> None:
    data = png(before=chunk(b"zTXt", b"k\0\0no zlib"))
    assert lean(data).data == data


# -- TIFF structures


def test_what_directories_claim_is_counted_with_what_lies_over_one_another() -> None:
    structure = tiff([entry(1, 7, 100, 40), entry(2, 7, 100, 40), entry(3, 3, 2, 0)], bytes(200))
    assert claimed(structure) == (204, 2)


def test_claims_over_the_end_count_as_far_as_there_are_bytes() -> None:
    structure = tiff([entry(1, 4, 2**32 - 1, 20)], bytes(50))
    assert claimed(structure) == (len(structure) - 20, 0)


def test_directories_below_are_counted_once_even_where_they_point_at_themselves() -> None:
    structure = tiff(
        [entry(0x8769, 4, 1, 8), entry(0x8825, 4, 1, 8), entry(1, 7, 50, 40)], bytes(99)
    )
    assert claimed(structure).size == 3 * (50 + 4 + 4)


def test_big_tiff_is_counted_in_its_own_widths() -> None:
    raw = struct.pack("<HHQQ", 1, 7, 60, 40)
    structure = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + raw + bytes(100)
    assert claimed(structure).size == 60


@pytest.mark.parametrize(
    "structure", [b"", b"II", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff"]
)
def test_fragments_claim_nothing(structure: bytes) -> None:
    assert claimed(structure) == (0, 0)


def test_exif_whose_entries_lie_over_one_another_is_not_read() -> None:
    structure = tiff([entry(0x9000 + n, 7, 30_000, 0) for n in range(100)], bytes(30_000))
    data = with_exif(structure)
    assert "Exif" not in str(lean(data).data[:40])
    image = Image.new("RGB", (1, 1))
    image.info["exif"] = structure
    assert len(safe_exif(image)) == 0


def test_a_tiff_that_claims_what_it_does_not_hold_is_refused() -> None:
    data = tiff([entry(0x9000 + n, 7, 60_000, 0) for n in range(100)], bytes(60_000))
    with pytest.raises(UnreadablePicture, match="table of contents"):
        lean(data)


def test_a_tiff_of_millions_of_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "NUMBER_LIMIT", 1000)
    data = tiff([entry(273, 4, 2000, 22)], bytes(8000))
    with pytest.raises(UnreadablePicture, match="table of contents"):
        lean(data)


# -- what is opened


@pytest.mark.parametrize("picture_format", ["EPS", "PPM", "ICO", "TGA", "PCX", "DDS", "JPEG2000"])
def test_formats_that_no_camera_writes_are_not_opened(picture_format: str) -> None:
    data = saved(grey(), picture_format)
    Image.init()
    with pytest.raises(UnidentifiedImageError):
        open_picture(data)


@pytest.mark.parametrize("picture_format", [name for name in FORMATS if name != "HEIF"])
def test_formats_that_cameras_write_are_opened(picture_format: str) -> None:
    with open_picture(saved(grey(), picture_format)) as image:
        assert image.format == picture_format


def test_the_limit_on_exif_is_above_what_the_standard_allows() -> None:
    assert EXIF_LIMIT > 65_535
