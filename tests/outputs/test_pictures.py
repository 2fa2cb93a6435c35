"""Small pictures for pages: never enlarged, boxes drawn, nothing of the camera's metadata left."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.ledger.rows import Entry
from camtrap.outputs.pictures import PictureAway, read_picture, thumbnail
from camtrap.records import Box, Capture, Clip, State
from tests.clips import clip as made_clip
from tests.clips import grey

MIDDLE = Box(0.25, 0.25, 0.5, 0.5)


def jpeg(width: int = 800, height: int = 600, orientation: int = 1) -> bytes:
    """A grey picture with a camera's name and a position in its metadata."""
    exif = Image.Exif()
    exif[0x010F] = "RECONYX"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (90, 90, 90)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((800, 600), 400, (400, 300)),
        ((600, 800), 400, (300, 400)),
        ((800, 600), 800, (800, 600)),
        ((320, 240), 900, (320, 240)),
        ((1, 1), 900, (1, 1)),
        ((4000, 3), 400, (400, 1)),
    ],
)
def test_the_longer_side_is_asked_for_and_never_enlarged(
    size: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    assert opened(thumbnail(jpeg(*size), [MIDDLE], side)).size == expected


def test_a_turned_picture_comes_upright() -> None:
    assert opened(thumbnail(jpeg(800, 600, orientation=6), [], 400)).size == (300, 400)


def test_no_metadata_goes_with_the_pixels() -> None:
    data = thumbnail(jpeg(), [MIDDLE], 400)
    assert not Image.open(io.BytesIO(data)).getexif()
    assert b"Exif" not in data
    assert b"RECONYX" not in data


def test_a_box_is_a_light_line_in_a_dark_one() -> None:
    image = opened(thumbnail(jpeg(), [MIDDLE], 400, quality=95))
    row = [sum(image.getpixel((x, 150))) / 3 for x in range(90, 110)]  # type: ignore[arg-type]
    assert min(row) < 40
    assert max(row) > 130
    assert all(abs(channel - 90) < 8 for channel in image.getpixel((200, 150)))  # type: ignore[union-attr]


def test_without_boxes_nothing_is_drawn() -> None:
    lows_and_highs = opened(thumbnail(jpeg(), [], 400)).getextrema()
    assert all(80 < low <= high < 100 for low, high in lows_and_highs)  # type: ignore[misc]


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 1, 1),
        Box(-0.2, -0.2, 1.5, 1.5),
        Box(0.5, 0.5, 0, 0),
        Box(1, 1, 0, 0),
        Box(0.999, 0.999, 0.5, 0.5),
        Box(2, 2, 1, 1),
    ],
)
@pytest.mark.parametrize("size", [(40, 30), (1, 1), (2, 90)])
def test_any_box_fits_any_picture(box: Box, size: tuple[int, int]) -> None:
    assert opened(thumbnail(jpeg(*size), [box], 40)).size


def test_the_same_input_gives_the_same_bytes() -> None:
    assert thumbnail(jpeg(), [MIDDLE], 400) == thumbnail(jpeg(), [MIDDLE], 400)


def test_lower_quality_is_smaller() -> None:
    assert len(thumbnail(jpeg(), [MIDDLE], 400, 40)) < len(thumbnail(jpeg(), [MIDDLE], 400, 90))


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", UnreadablePicture), (b"text", UnreadablePicture), (jpeg()[:-400], TruncatedPicture)],
)
def test_damage_is_told(data: bytes, error: type[UnreadablePicture]) -> None:
    with pytest.raises(error):
        thumbnail(data, [], 400)


# -- reading a file of the ledger again


def entry(root: Path, data: bytes) -> Entry:
    return Entry(
        file_id=1,
        card="card",
        root=root,
        relative_path="a.jpg",
        size=len(data),
        state=State.LEOPARD,
        reason="",
        content_key=hashlib.sha1(data).hexdigest(),
        duplicate_of=None,
        run_id=1,
        confidence=0.9,
        probabilities={},
        width=None,
        height=None,
        infrared=None,
        capture=Capture(),
        detections=(),
    )


def test_the_picture_that_was_looked_at_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"as it was")
    assert read_picture(entry(tmp_path, b"as it was")) == b"as it was"


def test_a_card_that_is_not_plugged_in_is_away(tmp_path: Path) -> None:
    with pytest.raises(PictureAway):
        read_picture(entry(tmp_path / "no such card", b"as it was"))


def test_another_card_in_the_same_reader_is_not_taken_for_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"the same name on another card")
    with pytest.raises(PictureAway):
        read_picture(entry(tmp_path, b"as it was"))


def test_a_name_that_no_disk_can_hold_is_away(tmp_path: Path) -> None:
    impossible = dataclasses.replace(entry(tmp_path, b""), relative_path="a\0.jpg")
    with pytest.raises(PictureAway):
        read_picture(impossible)


# -- the frame of a clip that is shown


@pytest.mark.parametrize(
    ("clip", "reason", "brightness"),
    [
        (Clip(3.0, 2.0, 3), "best frame at 1.000 s; 3 frames of 3.0 s looked at", 180),
        (Clip(3.0, 1.0, 3), "worded otherwise", 120),
        (Clip(3.0, 0.0, 3), "best frame at 2.000 s", 60),
        (None, "best frame at 1.000 s; 3 frames of 3.0 s looked at", 120),
        (None, "nothing is told", 60),
        (None, "", 60),
    ],
)
def test_the_stored_second_goes_before_the_words_of_older_ledgers(
    tmp_path: Path, clip: Clip | None, reason: str, brightness: int
) -> None:
    pytest.importorskip("av")
    film = clip_of_greys(60, 120, 180)
    (tmp_path / "a.avi").write_bytes(film)
    known = dataclasses.replace(
        entry(tmp_path, film), relative_path="a.avi", reason=reason, clip=clip
    )
    with Image.open(io.BytesIO(read_picture(known))) as shown:
        assert round(ImageStat.Stat(shown.convert("L")).mean[0]) == pytest.approx(brightness, abs=4)


def clip_of_greys(*brightness: int) -> bytes:
    """Each grey for a second."""
    frames = [grey(level, n) for level in brightness for n in range(5)]
    return made_clip(frames, "avi", "mjpeg")
