"""When and where a clip was taken, and in which words its best frame is told."""

from __future__ import annotations

from datetime import datetime

import pytest

from camtrap.records import Clip
from camtrap.video.clips import capture_of_clip, moment_of, told

NIGHT = datetime(2026, 2, 3, 21, 50)
NAMED = "VID_20260203_215000.mp4"
MODIFIED = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("tags", "name", "taken_at", "source", "offset"),
    [
        ({"creation_time": "2026-02-03T21:50:00.000000Z"}, "a.MP4", NIGHT, "exif", ""),
        (
            {
                "com.apple.quicktime.creationdate": "2026-02-03T21:50:00+1000",
                "creation_time": "2026-02-03T11:50:00.000000Z",
            },
            "a.MOV", NIGHT, "exif", "+10:00",
        ),
        ({"date": "2026-02-03 21:50:00"}, "a.AVI", NIGHT, "exif", ""),
        ({"creation_time": "1904-01-01T00:00:00Z"}, NAMED, NIGHT, "filename", ""),
        ({}, NAMED, NIGHT, "filename", ""),
        ({"creation_time": "soon"}, NAMED, NIGHT, "filename", ""),
    ],
)  # fmt: skip
def test_the_time_of_a_clip_has_its_source(tags, name, taken_at, source, offset) -> None:
    found = capture_of_clip(tags, name, MODIFIED)
    assert (found.taken_at, found.timestamp_source, found.utc_offset) == (taken_at, source, offset)


def test_the_files_time_is_the_last_resort() -> None:
    assert capture_of_clip({}, "IMAG0001.AVI", MODIFIED).timestamp_source == "modified"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+43.1234+131.5678+120.5/", (43.1234, 131.5678)),
        ("-02.5-060.25/", (-2.5, -60.25)),
        ("+00.0000+000.0000/", (None, None)),
        ("+99.0+131.0/", (None, None)),
        ("somewhere", (None, None)),
    ],
)
def test_the_place_is_read_where_it_is_one(text: str, place) -> None:
    found = capture_of_clip({"location": text, "make": "Bushnell "}, "a.MP4", MODIFIED)
    assert (found.latitude, found.longitude) == place
    assert found.make == "Bushnell"


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (Clip(30.0, 3.0, 20), "best frame at 3.000 s; 20 frames of 30.0 s looked at"),
        (Clip(None, 0.0, 1), "best frame at 0.000 s; 1 frame looked at"),
    ],
)
def test_the_best_frame_is_told_and_found_again(clip: Clip, words: str) -> None:
    assert told(clip) == words
    assert moment_of(f"{words}; the clip is damaged: it ends early") == clip.frame_s


def test_of_a_picture_there_is_no_moment() -> None:
    assert moment_of("metadata beyond 1,000,000 bytes were not read") is None
