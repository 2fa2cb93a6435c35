"""MegaDetector 1.6: what the model saw comes back, failures are failures, Timelapse finds it."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.events.names import file_path
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.megadetector import CLASSES, DETECTION_CATEGORIES, FILE_NAME
from camtrap.outputs.exports.recognised import inside
from camtrap.records import Box, State
from tests.outputs.exports import made
from tests.outputs.exports.made import Row, box, chances, exported, made_season, read_json
from tests.outputs.exports.rules import megadetector_faults

fresh = count()


def document(tmp_path: Path, *rows: Row, **said):
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    exported(season, "megadetector", tmp_path / "out", **said)
    return read_json(tmp_path / "out" / "megadetector" / FILE_NAME)


def only_image(tmp_path: Path, row: Row):
    [image] = document(tmp_path, row)["images"]
    return image


@settings(max_examples=20)
@given(made.rows())
def test_whatever_the_season_holds_the_document_is_sound_and_gives_it_back(tmp_path, rows) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    done = exported(season, "megadetector", season / "exports")
    told = read_json(season / "exports" / "megadetector" / FILE_NAME)
    assert list(megadetector_faults(told)) == []
    images = {image["file"]: image for image in told["images"]}
    with Ledger(season) as ledger:
        entries = {file_path(entry): entry for entry in ledger.entries()}
        originals = {entry.file_id: entry for entry in entries.values()}
    pending = {path for path, entry in entries.items() if entry.state == State.PENDING}
    assert images.keys() == entries.keys() - pending
    assert done.rows == len(images)
    for path, image in images.items():
        entry = originals.get(entries[path].duplicate_of or 0, entries[path])
        if not entry.state.is_label:
            assert image["failure"] and image["detections"] is None
            continue
        assert image["camtrap"]["label"] == entry.state
        assert (image["detections"] == []) == (entry.state == State.EMPTY)
        for found, detection in zip(image["detections"], entry.detections, strict=False):
            assert found["bbox"] == pytest.approx(list(detection.box), abs=2e-6)
            assert found["conf"] == pytest.approx(sum(detection.probabilities.values()), abs=1e-4)
            category = {"person": "2", "vehicle": "3"}.get(detection.label, "1")
            assert found["category"] == category
            if category == "1":
                assert CLASSES[found["classifications"][0][0]] == detection.label
                told_score = found["classifications"][0][1]
                assert told_score == pytest.approx(detection.confidence, abs=1e-4)


@settings(max_examples=20)
@given(made.rows())
def test_each_card_has_the_same_images_with_paths_on_the_card(tmp_path, rows) -> None:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    done = exported(season, "megadetector", season / "exports")
    whole, *cards = map(read_json, done.paths)
    assert all(path.is_file() and path.name == FILE_NAME for path in done.paths)
    assert sum(len(card["images"]) for card in cards) == len(whole["images"])
    of_cards = [image for card in cards for image in card["images"]]
    for one, other in zip(whole["images"], of_cards, strict=True):
        assert one["file"] in (f"card/{other['file']}", f"карта 2/{other['file']}")
        assert one | {"file": ""} == other | {"file": ""}
    for card in cards:
        assert list(megadetector_faults(card)) == []


def test_timelapse_can_tell_it_from_others(tmp_path: Path) -> None:
    told = document(tmp_path, Row("a.JPG"))
    # Timelapse calls it AddaxAI's when the first class is a detection category as well.
    assert told["classification_categories"]["0"] not in DETECTION_CATEGORIES.values()
    assert FILE_NAME != "image_recognition_file.json"
    assert told["info"]["detector"] == "camtrap (fake)"
    assert told.keys() == {
        *("info", "detection_categories", "classification_categories"),
        *("classification_category_descriptions", "images"),
    }


def test_the_sliders_begin_where_a_picture_ceases_to_be_empty(tmp_path: Path) -> None:
    limits = document(tmp_path, Row("a.JPG"))["info"]["detector_metadata"]
    assert limits == {
        "typical_detection_threshold": 0.5,
        "conservative_detection_threshold": 0.1,
    }


def test_a_leopard_comes_first_although_it_is_not_the_likeliest(tmp_path: Path) -> None:
    found = box("leopard", 0.2)
    found.probabilities.update(other=0.6, prey=0.1)  # type: ignore[attr-defined]
    image = only_image(tmp_path, Row("a.JPG", State.LEOPARD, (found,)))
    assert image["detections"][0]["classifications"] == [["0", 0.2], ["1", 0.1]]


def test_without_a_box_the_whole_picture_stands_for_it(tmp_path: Path) -> None:
    image = only_image(
        tmp_path, Row("a.JPG", State.PREY, probabilities=chances(prey=0.7, empty=0.1))
    )
    [found] = image["detections"]
    assert (found["bbox"], found["category"]) == ([0.0, 0.0, 1.0, 1.0], "1")
    assert found["conf"] == pytest.approx(0.9)
    assert found["classifications"][0] == ["1", 0.7]


def test_certainty_is_a_float_as_the_validator_wants_it(tmp_path: Path) -> None:
    found = box("person", 1.0)
    found.probabilities.update(dict.fromkeys(found.probabilities, 0.0), person=1.0)  # type: ignore[attr-defined]
    text = str(only_image(tmp_path, Row("a.JPG", State.PERSON, (found,)))["detections"])
    assert "'conf': 1.0" in text


@pytest.mark.parametrize("state", [State.UNREADABLE, State.TRUNCATED, State.SKIPPED])
def test_what_could_not_be_read_is_a_failure_and_never_empty(tmp_path: Path, state: State) -> None:
    image = only_image(tmp_path, Row("a.MP4", state, skip_reason="a video"))
    assert image["detections"] is None
    assert image["failure"].startswith(state)
    assert "label" not in image.get("camtrap", {})
    # The format asks these of every video; a negative rate is of one that was not read.
    assert (image["frame_rate"], image["frames_processed"]) == (-1.0, [])


def test_a_copy_says_what_its_original_says(tmp_path: Path) -> None:
    twins = [
        Row(name, State.LEOPARD, (box("leopard"),), content_key=made.TWIN)
        for name in ("a.JPG", "b.JPG")
    ]
    one, other = document(tmp_path, *twins)["images"]
    assert one["detections"] == other["detections"] != []
    assert other["camtrap"]["duplicate_of"] == "card/a.JPG"


def test_a_person_s_word_is_told_as_such_beside_what_the_model_saw(tmp_path: Path) -> None:
    season = made_season(tmp_path / "season", [Row("a.JPG", State.LEOPARD, (box("leopard"),))])
    add_review(season, 1, "other", species="Panthera tigris", reviewer="Olga")
    exported(season, "megadetector", tmp_path)
    [image] = read_json(tmp_path / "megadetector" / FILE_NAME)["images"]
    assert image["camtrap"]["label"] == "other"
    assert image["camtrap"]["label_source"] == "human"
    assert image["camtrap"]["species"] == "Panthera tigris"
    assert image["detections"][0]["classifications"][0][0] == "0"
    assert "Olga" not in str(image)


def test_the_public_one_holds_no_people_and_no_station(tmp_path: Path) -> None:
    rows = [
        Row("ST01/a.JPG", State.PERSON, (box("person"),)),
        Row("ST01/b.JPG", State.LEOPARD, (box("leopard"), box("person"))),
        Row("ST01/c.JPG", State.LEOPARD, (box("leopard"),)),
        Row("ST01/d.JPG", State.VEHICLE),
        Row("ST01/e.JPG", State.PERSON, content_key=made.TWIN),
        Row("ST01/f.JPG", State.PERSON, content_key=made.TWIN),
    ]
    [image] = document(tmp_path, *rows, public=True)["images"]
    assert image["file"] == "card/ST01/c.JPG"
    assert "event_id" not in image["camtrap"]
    assert len(document(tmp_path, *rows)["images"]) == 6


def test_times_are_told_only_when_the_camera_gave_them(tmp_path: Path) -> None:
    assert only_image(tmp_path, Row("a.JPG"))["datetime"] == "2026-02-03 21:50:00"
    copied = Row("a.JPG", timestamp_source="modified")
    assert "datetime" not in only_image(tmp_path, copied)


def test_names_that_are_not_utf_8_are_told_and_noted(tmp_path: Path) -> None:
    season = made_season(tmp_path / "season", [Row("a\udcff.JPG"), Row("b.JPG")])
    done = exported(season, "megadetector", tmp_path)
    one, _ = read_json(done.paths[0])["images"]
    assert one["file"] == "card/a\\xff.JPG"
    assert any("not UTF-8" in note for note in done.notes)


def test_an_empty_season_gives_a_sound_document(tmp_path: Path) -> None:
    told = document(tmp_path)
    assert told["images"] == []
    assert list(megadetector_faults(told)) == []


def test_a_box_that_leaves_the_picture_is_cut_at_its_edge() -> None:
    assert inside(Box(-0.1, 0.9, 0.3, 0.3)) == Box(0.0, 0.9, 0.2, 0.1)
    assert inside(Box(2.0, 2.0, 1.0, 1.0)) == Box(1.0, 1.0, 0.0, 0.0)
