"""What the readers share: one label a picture, boxes, events, and an account of the rest."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import DataError
from camtrap.imports.documents import folder_of, several
from camtrap.imports.said import Said, Truth, rarest_concern, relative_box
from camtrap.learn.sources.gather import Gathering, Pictures, event_names
from camtrap.records import Box
from tests.cards import put

NOON = datetime(2026, 2, 3, 12)
DEER = Truth("prey", "deer", ())


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["empty"], "empty"),
        (["other", "prey"], "prey"),
        (["prey", "leopard", "person"], "leopard"),
        (["vehicle", "person", "prey"], "person"),
        (["prey", "vehicle"], "vehicle"),
        (["empty", "other"], "other"),
        ([None, "prey"], "prey"),
        ([None], None),
        (["empty", None], None),
        ([], None),
    ],
)
def test_the_rarest_concern_of_a_picture_is_its_label(labels, label):
    truth = rarest_concern([Said(each) for each in labels])
    assert (truth.label if truth else None) == label


def test_species_and_boxes_are_those_of_the_label():
    left, right = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)
    said = [Said("prey", "roe", left), Said("other", "fox", right), Said("prey", "", None)]
    assert rarest_concern(said) == Truth("prey", "roe", (left,))


@pytest.mark.parametrize(
    ("values", "size", "box"),
    [
        ([50, 25, 100, 50], (200, 100), Box(0.25, 0.25, 0.5, 0.5)),
        ([0.1, 0.2, 0.3, 0.4], (1, 1), Box(0.1, 0.2, 0.3, 0.4)),
        ([-20, 50, 40, 100], (200, 100), Box(0, 0.5, 0.1, 0.5)),
        ([10, 10, 0, 5], (200, 100), None),
        ([300, 10, 20, 5], (200, 100), None),
        ([float("nan"), 0, 1, 1], (1, 1), None),
        ([1, 2, 3], (10, 10), None),
        (["a", 2, 3, 4], (10, 10), None),
        ([1, 2, 3, 4], (0, 10), None),
    ],
)
def test_boxes_are_cut_at_the_edges_and_what_is_none_is_none(values, size, box):
    found = relative_box(values, *size)
    assert found == (None if box is None else pytest.approx(box))


@given(st.lists(st.floats(-2, 3), min_size=4, max_size=4))
def test_a_box_lies_in_the_picture(values):
    box = relative_box(values)
    if box is not None:
        assert box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
        assert box.x + box.width <= 1 + 1e-9 and box.y + box.height <= 1 + 1e-9


@pytest.mark.parametrize(("minutes", "same"), [(0, True), (29, True), (30, False), (31, False)])
def test_frames_less_than_thirty_minutes_apart_are_one_event(minutes, same):
    first, second = event_names([("A", NOON), ("A", NOON + timedelta(minutes=minutes))])
    assert (first == second) is same
    assert first == "A 2026-02-03T12:00:00"


def test_events_are_of_one_camera_and_need_a_time():
    assert event_names([("A", NOON), ("B", NOON), ("A", None)])[2] == ""
    assert len(set(event_names([("A", NOON), ("B", NOON)]))) == 2


def test_pictures_are_found_by_path_and_by_a_name_that_stands_once(tmp_path):
    put(tmp_path, {"ST01/a.jpg": b"", "ST02/a.jpg": b"", "ST02/снимок.JPG": b""})
    pictures = Pictures(tmp_path)
    assert pictures.find("https://x.org/a.jpg", r"ST01\a.jpg") == tmp_path / "ST01/a.jpg"
    assert pictures.find("", "ST03/a.jpg", "ST01") is None
    assert pictures.find_by_name("Снимок.jpg") == tmp_path / "ST02/снимок.JPG"
    assert pictures.find_by_name("a.jpg") is None
    assert pictures.name_of(tmp_path / "ST01/a.jpg") == "ST01/a.jpg"


def test_without_a_group_a_picture_has_that_of_its_event_or_its_own(tmp_path):
    gathering = Gathering(tmp_path, "park")
    frames: dict[str, dict[str, Any]] = {
        "site.jpg": {"group": "park ST01", "taken_at": NOON},
        "timed.jpg": {"taken_at": NOON},
        "named.jpg": {"event": "park e7", "taken_at": NOON},
        "alone.jpg": {},
    }
    for name, more in frames.items():
        gathering.add(tmp_path / name, name, DEER, camera="A", **more)
    noon = "park A 2026-02-03T12:00:00"
    assert [(s.file, s.group, s.event) for s in gathering.samples()] == [
        ("site.jpg", "park ST01", noon),
        ("timed.jpg", noon, noon),
        ("named.jpg", "park e7", "park e7"),
        ("alone.jpg", "alone.jpg", ""),
    ]


def test_what_is_left_out_is_counted_in_the_log(tmp_path, caplog):
    gathering = Gathering(tmp_path, "park")
    for name in ("a.jpg", "a.jpg", "film.mp4"):
        gathering.add(tmp_path / name, name, DEER, camera="A")
    gathering.leave_out_untold([Said(None, "unicorn"), Said("empty")])
    with caplog.at_level(logging.WARNING):
        assert [sample.file for sample in gathering.samples()] == ["a.jpg"]
    assert "1 of 4 pictures left out: named before" in caplog.text
    assert "1 of 4 pictures left out: not a picture" in caplog.text
    assert "names that tell no label: unicorn" in caplog.text


def test_nothing_left_is_an_error_that_says_why(tmp_path):
    gathering = Gathering(tmp_path, "park")
    with pytest.raises(DataError, match="it names none"):
        gathering.samples()
    gathering.leave_out("asleep", 3)
    with pytest.raises(DataError, match="3 × asleep"):
        gathering.samples()


def test_small_things():
    assert folder_of(r"ST01\DCIM\a.jpg") == "ST01/DCIM"
    assert folder_of("a.jpg") == ""
    assert several("cba", 2) == "a, b and 1 more"
