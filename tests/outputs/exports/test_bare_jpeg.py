"""Nothing that a camera wrote survives, and every pixel does."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from camtrap.outputs.exports.bare_jpeg import bare_jpeg
from tests.cards import encoded, textured


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_pixels_stay_bit_by_bit(mode: str, options: dict[str, Any]) -> None:
    data = encoded(textured().convert(mode), comment=b"secret", **options)
    bare = bare_jpeg(data)
    assert bare is not None
    assert pixels(bare) == pixels(data)
    assert b"secret" not in bare


def test_the_colour_profile_stays_and_a_second_picture_goes() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(textured(), icc_profile=profile) + encoded(textured(seed=1), comment=b"secret")
    bare = bare_jpeg(data)
    assert bare is not None
    assert Image.open(io.BytesIO(bare)).info["icc_profile"] == profile
    assert b"secret" not in bare


def test_a_preview_in_jfif_goes() -> None:
    data = encoded(textured())
    assert data[6:11] == b"JFIF\0"
    body = data[6:18] + bytes([1, 1]) + b"abc"
    with_preview = data[:4] + (len(body) + 2).to_bytes(2, "big") + body + data[20:]
    bare = bare_jpeg(with_preview)
    assert bare is not None
    assert pixels(bare) == pixels(data)
    assert b"abc" not in bare[:30]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_rotation_flag_stays(orientation: int) -> None:
    data = encoded(textured(), orientation=orientation)
    bare = bare_jpeg(data, orientation)
    assert bare is not None
    assert Image.open(io.BytesIO(bare)).getexif().get(0x0112, 1) == orientation


@given(st.integers(0, 3000), st.binary(max_size=40))
def test_damaged_files_give_none_or_a_whole_jpeg(cut: int, junk: bytes) -> None:
    data = encoded(textured(), comment=b"secret")
    for damaged in (data[:cut], data[: cut // 2] + junk + data[cut:], junk):
        bare = bare_jpeg(damaged)
        assert bare is None or (bare.startswith(b"\xff\xd8") and bare.endswith(b"\xff\xd9"))


def test_other_formats_are_none() -> None:
    assert bare_jpeg(encoded(textured(), "PNG")) is None
    assert bare_jpeg(b"") is None
