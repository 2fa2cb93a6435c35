"""Frames of clips, and what becomes of clips that are broken."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camtrap.errors import TruncatedPicture, UnreadablePicture
from camtrap.pixels.decode import Pixels
from camtrap.video import frames as module
from camtrap.video.frames import Sampled, Sampling, Still, frame_at, sample
from tests.clips import SIZE, clip, grey, sound

pytest.importorskip("av")

FILM = [grey(60 + 4 * number, number) for number in range(30)]  # six seconds
MP4 = clip(FILM)
IN_FRONT = clip(FILM, options={"movflags": "faststart"})
AVI = clip(FILM, "avi", "mjpeg")
MKV = clip(FILM, "matroska")


def brightness(found: Sampled) -> list[int]:
    return [round(float(pixels(still.data).mean())) for still in found.stills]


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def close_to(expected: Sequence[float]) -> list[Any]:
    return [pytest.approx(value, abs=4) for value in expected]


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "libx264"),
        ("mov", "libx264"),
        ("avi", "mjpeg"),
        ("avi", "mpeg4"),
        ("matroska", "libx264"),
        ("3gp", "mpeg4"),
        ("mpegts", "libx264"),
        ("asf", "wmv2"),
    ],
)
def test_one_frame_a_second_of_every_container(container: str, codec: str) -> None:
    found = sample(clip(FILM, container, codec))
    assert [still.seconds for still in found.stills] == close_to([0, 1, 2, 3, 4, 5])
    assert brightness(found) == close_to([60, 80, 100, 120, 140, 160])
    assert found.duration_s == pytest.approx(6.0, abs=0.3)
    assert found.damage == ""
    assert pixels(found.stills[0].data).shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize(
    ("sampling", "count"),
    [(Sampling(2.0), 12), (Sampling(0.5), 3), (Sampling(1.0, 4), 4), (Sampling(60.0, 1000), 30)],
)
def test_as_many_frames_as_are_asked_for(sampling: Sampling, count: int) -> None:
    assert len(sample(MP4, sampling).stills) == count


def test_a_long_clip_is_sampled_over_all_its_length() -> None:
    long = clip([grey(50 + 2 * n, n) for n in range(60)], rate=1, gop_size=10)
    found = sample(long, Sampling(1.0, 6))
    assert [still.seconds for still in found.stills] == close_to([0, 10, 20, 30, 40, 50])
    assert brightness(found) == close_to([50, 70, 90, 110, 130, 150])


def ground(number: int, gain: float = 1.0) -> Pixels:
    """A frame of light and shade that does not move, with a little noise, another every time."""
    coarse = np.random.default_rng(7).integers(60, 170, (6, 10)).repeat(16, axis=0)
    noise = np.random.default_rng(number).integers(-3, 4, (SIZE[1], SIZE[0]))
    grey_levels = (coarse.repeat(16, axis=1) * gain + noise).clip(0, 255).astype(np.uint8)
    return np.repeat(grey_levels[..., None], 3, axis=2)


def walk(first: int, last: int, count: int = 60) -> list[Pixels]:
    """Frames, ten a second, of which those from `first` to before `last` show a bright square."""
    film = [ground(number) for number in range(count)]
    for number in range(first, last):
        left = 20 + 8 * (number - first)
        film[number][40:54, left : left + 14] = 230
    return film


def has_square(still: Still) -> bool:
    return int((pixels(still.data)[40:54].mean(axis=2) > 210).sum()) > 50


STILL = clip(walk(0, 0), rate=10)
WALK = clip(walk(22, 28), rate=10)
BY_CHANGE = Sampling(by_change=True)


def test_what_is_in_view_between_two_seconds_is_missed_by_time_and_found_by_change() -> None:
    assert not any(map(has_square, sample(WALK).stills))
    found = sample(WALK, BY_CHANGE)
    shown = [still.seconds for still in found.stills if has_square(still)]
    assert shown
    assert all(2.2 - 0.05 < at < 2.8 for at in shown)
    assert not has_square(found.stills[0])
    assert len(found.stills) < 20


@pytest.mark.parametrize("container", ["avi", "matroska"])
def test_by_change_in_other_containers(container: str) -> None:
    codec = "mjpeg" if container == "avi" else "libx264"
    found = sample(clip(walk(22, 28), container, codec, rate=10), BY_CHANGE)
    assert any(map(has_square, found.stills))
    assert found.damage == ""


def test_a_still_scene_is_looked_at_every_three_seconds() -> None:
    assert [still.seconds for still in sample(STILL, BY_CHANGE).stills] == [0.0, 3.0]
    often = sample(STILL, Sampling(2.0, by_change=True))
    assert [still.seconds for still in often.stills] == close_to([0, 1.5, 3, 4.5])


def test_a_flicker_of_exposure_is_no_change() -> None:
    film = [ground(n, 0.8 + 0.2 * float(np.sin(n))) for n in range(60)]
    assert [still.seconds for still in sample(clip(film, rate=10), BY_CHANGE).stills] == [0.0, 3.0]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_never_more_frames_than_are_asked_for_by_change_either(most: int) -> None:
    busy = clip([grey(40 + 20 * (n % 9), n) for n in range(20)] + walk(5, 15), rate=10)
    found = sample(busy, Sampling(1.0, most, by_change=True))
    assert 1 <= len(found.stills) <= most
    assert found.stills[0].seconds == 0.0
    assert all(earlier.seconds < later.seconds for earlier, later in pairwise(found.stills))


def test_a_clip_too_long_to_be_decoded_is_sampled_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_DECODE", 59)
    assert sample(WALK, BY_CHANGE) == sample(WALK)
    monkeypatch.setattr(module, "LONGEST_DECODE", 60)
    assert sample(WALK, BY_CHANGE) != sample(WALK)


def test_damage_is_noticed_by_change_too() -> None:
    front = clip(walk(5, 11), rate=10, options={"movflags": "faststart"})
    found = sample(front[: int(len(front) * 0.6)], BY_CHANGE)
    assert found.damage
    assert any(map(has_square, found.stills))


@pytest.mark.parametrize("by_change", [False, True])
@pytest.mark.parametrize("data", [MP4, AVI, MKV, WALK], ids=["mp4", "avi", "mkv", "walk"])
def test_a_moment_gives_the_very_frame_again(data: bytes, by_change: bool) -> None:
    for still in sample(data, Sampling(5.0, by_change=by_change)).stills:
        assert frame_at(data, round(still.seconds, 3)) == still.data


def test_a_moment_in_a_long_clip_is_found_by_its_key_frame() -> None:
    long = clip([grey(50 + 2 * n, n) for n in range(60)], rate=1, gop_size=10)
    for still in sample(long, Sampling(1.0, 6)).stills:
        assert frame_at(long, still.seconds) == still.data
    assert frame_at(long, 1e6) == frame_at(long, 59.0)  # the last there is


def test_the_same_clip_gives_the_same_bytes() -> None:
    assert sample(MP4) == sample(MP4)


def test_metadata_come_along() -> None:
    found = sample(clip(FILM, tags={"creation_time": "2026-02-03T21:50:00.000000Z"}))
    assert found.tags["creation_time"].startswith("2026-02-03T21:50:00")


def garbage(data: bytes, at: float = 0.5, share: float = 0.1) -> bytes:
    start, length = int(len(data) * at), int(len(data) * share)
    noise = np.random.default_rng(0).integers(0, 256, length, dtype=np.uint8).tobytes()
    return data[:start] + noise + data[start + length :]


def absurd(width: int, height: int) -> bytes:
    """An AVI whose header claims frames of this size."""
    found = AVI.find(b"strf") + 8
    return AVI[: found + 4] + struct.pack("<2l", width, height) + AVI[found + 12 :]


BROKEN = {
    "no bytes": (b"", UnreadablePicture, "0 bytes"),
    "zeros": (bytes(9000), UnreadablePicture, "nothing but zeros"),
    "a text": (b"no clip at all " * 50, UnreadablePicture, "cannot be read"),
    "random bytes": (garbage(bytes(9000), 0, 1), UnreadablePicture, "cannot be read"),
    "the first box alone": (b"\0\0\0\x18ftypmp42", TruncatedPicture, "index is missing"),
    "the header of an AVI": (b"RIFF\0\0\0\0AVI LIST", UnreadablePicture, "cannot be read"),
    "an MP4 cut at a tenth": (MP4[: len(MP4) // 10], TruncatedPicture, "index is missing"),
    "an MP4 cut in its middle": (MP4[: len(MP4) // 2], TruncatedPicture, "index is missing"),
    "an MP4 without its end": (MP4[: -len(MP4) // 20], TruncatedPicture, "index is missing"),
    "an MP4 cut after its index": (
        IN_FRONT[: IN_FRONT.find(b"mdat") + 60], TruncatedPicture, "before its first frame",
    ),
    "a film of zeros": (
        IN_FRONT[: IN_FRONT.find(b"mdat") + 8] + bytes(20_000), UnreadablePicture, "",
    ),
    "sound alone": (sound(), UnreadablePicture, "no moving picture"),
    "an AVI without frames": (AVI[: AVI.find(b"movi") + 4], UnreadablePicture, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_clip_is_an_error_that_says_why(name: str) -> None:
    data, error, words = BROKEN[name]
    with pytest.raises(error) as raised:
        sample(data)
    assert words in str(raised.value)
    assert "Errno" not in str(raised.value)
    with pytest.raises(UnreadablePicture):
        frame_at(data, 1.0)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("data", [IN_FRONT, AVI, MKV], ids=["mp4", "avi", "mkv"])
def test_a_clip_that_is_cut_later_gives_what_there_is_and_says_so(
    data: bytes, share: float
) -> None:
    found = sample(data[: int(len(data) * share)])
    assert 1 <= len(found.stills) < 6
    assert found.damage


@pytest.mark.parametrize("data", [IN_FRONT, AVI, MKV], ids=["mp4", "avi", "mkv"])
def test_garbage_in_the_middle_is_noticed_and_never_looked_at(data: bytes) -> None:
    found = sample(garbage(data), Sampling(5.0, 100))
    assert found.damage
    shown = [float(pixels(still.data).mean()) for still in found.stills]
    if data is AVI:  # an AVI's time is counted in frames, so what follows a lost one moves up
        assert all(2 < later - earlier < 40 for earlier, later in pairwise(shown))
        return
    for still, mean in zip(found.stills, shown, strict=True):  # each is one that went in
        assert mean == pytest.approx(60 + 4 * round(still.seconds * 5), abs=5)


def test_dimensions_out_of_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRAME_PIXELS", SIZE[0] * SIZE[1] - 1)
    with pytest.raises(UnreadablePicture, match="over the limit"):
        sample(MP4)


def test_a_header_that_lies_about_dimensions_changes_nothing() -> None:
    assert sample(absurd(60_000, 60_000)).stills == sample(AVI).stills


def test_one_frame_is_a_clip() -> None:
    found = sample(clip(FILM[:1]))
    assert (len(found.stills), found.damage) == (1, "")


def test_a_clip_that_tells_no_duration_is_read_to_its_end() -> None:
    raw = clip(FILM, "h264", "libx264")
    found = sample(raw, Sampling(5.0, 100))
    assert len(found.stills) >= 1


def test_what_is_decoded_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_DECODE", 7)
    assert len(sample(MP4, Sampling(5.0, 100)).stills) == 7


@pytest.mark.parametrize("by_change", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_end_in_frames_or_in_an_error_of_our_own(seed: int, by_change: bool) -> None:
    random = np.random.default_rng(seed)
    data = bytearray([MP4, AVI, MKV][seed % 3])
    for place in random.integers(0, len(data), 12):
        data[place] = random.integers(256)
    try:
        found = sample(
            bytes(data[: int(len(data) * random.uniform(0.5, 1.0))]), Sampling(by_change=by_change)
        )
    except UnreadablePicture:
        return
    assert found.stills
