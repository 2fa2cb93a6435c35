"""COCO Camera Traps: labels, boxes in stored pixels and bursts come back; corrupt is no label."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from camtrap.events.names import image_id
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.coco import CATEGORIES, FILE_NAME
from camtrap.outputs.exports.opening import source_of
from camtrap.records import Box, State
from tests.outputs.exports import made
from tests.outputs.exports.made import START, Row, box, exported, made_season, read_json
from tests.outputs.exports.rules import coco_faults

fresh = count()
LEFT_OUT = (State.DUPLICATE, State.SKIPPED, State.PENDING)


def document(tmp_path: Path, *rows: Row, **said):
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    exported(season, "coco", tmp_path / "out", **said)
    return read_json(tmp_path / "out" / "coco" / FILE_NAME)


@settings(max_examples=20)
@given(made.rows())
def test_whatever_the_season_holds_the_document_is_sound_and_gives_it_back(tmp_path, rows) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    done = exported(season, "coco", season / "exports")
    told = read_json(done.paths[0])
    assert list(coco_faults(told)) == []
    assert done.rows == len(told["annotations"])
    with Ledger(season) as ledger:
        entries = {image_id(entry): entry for entry in ledger.entries()}
    images = {image["id"]: image for image in told["images"]}
    wanted = {name for name, entry in entries.items() if entry.state not in LEFT_OUT}
    assert images.keys() == wanted
    labels: dict[str, list[str]] = {name: [] for name in images}
    for annotation in told["annotations"]:
        labels[annotation["image_id"]].append(CATEGORIES[annotation["category_id"]])
    for name, image in images.items():
        entry = entries[name]
        assert bool(image.get("corrupt")) == (not entry.state.is_label)
        assert (entry.state in labels[name]) == entry.state.is_label
        if entry.state in (State.EMPTY, State.UNSURE):
            assert set(labels[name]) == {entry.state}


@settings(max_examples=20)
@given(made.rows())
def test_events_are_those_of_every_other_format(tmp_path, rows) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    told = read_json(exported(season, "coco", season / "exports").paths[0])
    recognised = read_json(exported(season, "megadetector", season / "exports").paths[0])
    species = read_json(exported(season, "speciesnet", season / "exports").paths[0])
    with source_of(season) as source:
        events = {event.name for event in source.events}
    assert {image["event_id"] for image in told["images"] if "event_id" in image} == events
    for files in (recognised["images"], species["predictions"]):
        beside = [file.get("camtrap", {}) for file in files]
        assert {told["event_id"] for told in beside if "event_id" in told} == events


def test_frames_of_one_trigger_are_a_sequence_numbered_from_0(tmp_path: Path) -> None:
    seconds = (0, 1, 2, 60, 61)
    rows = [
        Row(
            f"ST01/{number}.JPG",
            State.EMPTY if number == 1 else State.LEOPARD,
            taken_at=START + timedelta(seconds=s),
        )
        for number, s in enumerate(seconds)
    ]
    images = document(tmp_path, *rows)["images"]
    assert [image["frame_num"] for image in images] == [0, 1, 2, 0, 1]
    assert [image["seq_num_frames"] for image in images] == [3, 3, 3, 2, 2]
    assert len({image["seq_id"] for image in images}) == 2


def test_the_maker_s_numbers_count_more_than_the_gap(tmp_path: Path) -> None:
    rows = [
        Row(f"{n}.JPG", sequence=(n, 3, 118), taken_at=START + timedelta(seconds=20 * n))
        for n in (1, 2, 3)
    ]
    images = document(tmp_path, *rows)["images"]
    assert [image["frame_num"] for image in images] == [0, 1, 2]


def test_two_cameras_at_one_moment_are_two_sequences(tmp_path: Path) -> None:
    images = document(tmp_path, Row("ST01/a.JPG"), Row("ST02/a.JPG"))["images"]
    assert images[0]["seq_id"] != images[1]["seq_id"]
    assert [image["location"] for image in images] == ["ST01", "ST02"]


def test_sizes_and_boxes_are_of_the_picture_as_it_is_stored(tmp_path: Path) -> None:
    sides = Box(0.1, 0.2, 0.3, 0.4)
    row = Row("a.JPG", State.LEOPARD, (box("leopard", sides=sides),), width=480, height=640)
    told = document(tmp_path, row)
    assert (told["images"][0]["width"], told["images"][0]["height"]) == (480, 640)
    assert told["annotations"][0]["bbox"] == [48.0, 128.0, 144.0, 256.0]
    turned = document(tmp_path, replace(row, orientation=6))
    assert (turned["images"][0]["width"], turned["images"][0]["height"]) == (640, 480)
    # Turned clockwise to be upright: what is left there is at the bottom of what is stored.
    assert turned["annotations"][0]["bbox"] == pytest.approx([128.0, 288.0, 256.0, 144.0])


def test_two_leopards_are_two_annotations_and_a_deer_beside_them_one(tmp_path: Path) -> None:
    row = Row("a.JPG", State.LEOPARD, (box("leopard"), box("leopard", 0.6), box("prey", 0.7)))
    told = document(tmp_path, row)["annotations"]
    assert [CATEGORIES[one["category_id"]] for one in told] == ["leopard", "leopard", "prey"]
    assert [one["score"] for one in told] == [0.8, 0.6, 0.7]
    assert {one["label_source"] for one in told} == {"machine"}
    assert {one["model"] for one in told} == {"camtrap (fake)"}


def test_boxes_of_a_doubtful_picture_are_doubtful(tmp_path: Path) -> None:
    told = document(tmp_path, Row("a.JPG", State.UNSURE, (box("leopard", 0.3),)))
    [one] = told["annotations"]
    assert CATEGORIES[one["category_id"]] == "unsure"
    assert "bbox" in one


def test_a_person_s_word_counts_and_keeps_only_boxes_of_that_label(tmp_path: Path) -> None:
    rows = [Row(f"{n}.JPG", State.LEOPARD, (box("leopard"), box("prey"))) for n in range(3)]
    season = made_season(tmp_path / "season", rows)
    add_review(season, 1, "prey", species="Capreolus pygargus")
    add_review(season, 2, "empty")
    told = read_json(exported(season, "coco", tmp_path).paths[0])
    by_image: dict[str, list[dict[str, Any]]] = {}
    for one in told["annotations"]:
        by_image.setdefault(one["image_id"], []).append(one)
    first, second, third = by_image.values()
    assert [(CATEGORIES[a["category_id"]], "bbox" in a, a["label_source"]) for a in first] == [
        ("prey", True, "human")
    ]
    assert first[0]["species"] == "Capreolus pygargus"
    assert "score" not in first[0]
    assert [(a["category_id"], "bbox" in a) for a in second] == [(0, False)]
    assert len(third) == 2


def test_the_public_one_holds_no_people_and_hides_the_station_s_name(tmp_path: Path) -> None:
    rows = [Row("ST01/a.JPG", State.PERSON), Row("ST01/b.JPG", State.LEOPARD)]
    told = document(tmp_path, *rows, public=True)
    [image] = told["images"]
    assert image["location"] == "site-1"
    assert "event_id" not in image
    # A frame that is left out leaves no gap in the numbers of its burst.
    assert (image["frame_num"], image["seq_num_frames"]) == (0, 1)


def test_notes_count_what_is_not_in_it(tmp_path: Path) -> None:
    rows = [
        Row("a.JPG", State.LEOPARD, content_key=made.TWIN),
        Row("b.JPG", State.LEOPARD, content_key=made.TWIN),
        Row("c.MP4", State.SKIPPED, skip_reason="a video"),
        Row("d.JPG", State.PENDING),
        Row("e.JPG", State.TRUNCATED),
    ]
    season = made_season(tmp_path / "season", rows)
    notes = exported(season, "coco", tmp_path).notes
    assert len(notes) == 4
    assert all(note.startswith("1 ") for note in notes)
