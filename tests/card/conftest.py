"""Pictures with EXIF and the labelled pictures beside the checkout, for the tests of the card."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

MakeJpeg = Callable[..., bytes]

EXIF_IFD, GPS_IFD = 0x8769, 0x8825


@pytest.fixture(scope="session")
def make_jpeg() -> MakeJpeg:
    """A function that writes a small JPEG with the given main, EXIF and GPS tags."""

    def make(
        main: Mapping[int, object] | None = None,
        detail: Mapping[int, object] | None = None,
        gps: Mapping[int, object] | None = None,
        picture_format: str = "JPEG",
    ) -> bytes:
        exif = Image.Exif()
        exif.update(main or {})
        if detail:
            exif.get_ifd(EXIF_IFD).update(detail)
        if gps:
            exif.get_ifd(GPS_IFD).update(gps)
        buffer = io.BytesIO()
        Image.new("RGB", (16, 12), "olive").save(
            buffer,
            picture_format,
            exif=exif.tobytes() if main or detail or gps else b"",
        )
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def originals() -> Path:
    """The folder of real pictures as cameras wrote them, with their table beside it."""
    folder = Path(__file__).parents[2].parent / "shared" / "data"
    if not (folder / "originals.csv").is_file():
        pytest.skip(f"needs the labelled pictures in {folder}")
    return folder


@pytest.fixture(scope="session")
def reconyx_frames() -> list[Path]:
    """Ten frames of one HyperFire 2 sequence, from the Camtrap DP example."""
    folder = Path(__file__).parents[2].parent / "shared" / "reference" / "camtrap-dp" / "example"
    frames = sorted((folder / "media").glob("*.JPG"))
    if not frames:
        pytest.skip(f"needs the Camtrap DP example in {folder}")
    return frames
