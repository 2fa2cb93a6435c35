"""`images.csv`, `events.csv` and `run.json` say what the ledger knows, and nothing else."""

from __future__ import annotations

import csv
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from camtrap import __version__
from camtrap.card.deployments import Deployment, FieldNotes, Offset
from camtrap.engine.season import add_card, run_card
from camtrap.events.frames import Placing, placing
from camtrap.events.rules import Rules, rules_of
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.store import Ledger
from camtrap.outputs import events_csv, images_csv, run_json
from camtrap.records import State
from tests.cards import (
    ODD_STATES,
    FakePredictor,
    encoded,
    frame,
    listed,
    new_run,
    put,
    quadrants,
    settings,
    silence,
)

Table = list[dict[str, str]]


def fill(ledger: Ledger, card: Path) -> None:
    predictor = FakePredictor()
    entry = add_card(ledger, card).card
    run_card(
        ledger,
        entry,
        predictor,
        new_run(ledger, predictor),
        settings(),
        stop=threading.Event(),
        progress=silence(),
    )


def read(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def filled(ledger: Ledger, odd: Path) -> Iterator[Ledger]:
    """The season of a card on which everything is wrong that may be."""
    fill(ledger, odd)
    yield ledger


@pytest.fixture
def images(filled: Ledger, tmp_path: Path) -> Table:
    events = events_csv.collect(filled)
    images_csv.write(filled, tmp_path / "images.csv", events)
    return read(tmp_path / "images.csv")


@pytest.fixture
def events(filled: Ledger, tmp_path: Path) -> Table:
    events_csv.write(filled, tmp_path / "events.csv", events_csv.collect(filled))
    return read(tmp_path / "events.csv")


# -- images.csv


def test_every_file_has_one_row(images: Table) -> None:
    paths = [row["file_path"] for row in images]
    assert sorted(paths) == sorted(f"карта 1/{name}" for name in ODD_STATES)
    assert len({row["image_id"] for row in images}) == len(images)


def test_the_header_is_exactly_this(filled: Ledger, tmp_path: Path) -> None:
    assert images_csv.write(filled, tmp_path / "i.csv", events_csv.collect(filled)) == len(
        ODD_STATES
    )
    first_line = (tmp_path / "i.csv").read_text(encoding="utf-8").split("\n")[0]
    assert first_line == (
        "image_id,deployment_id,station_id,event_id,file_path,file_name,timestamp,"
        "timestamp_source,label,confidence,p_leopard,p_prey,p_empty,bbox_x,bbox_y,bbox_width,"
        "bbox_height,detection_confidence,status,error,width_px,height_px,is_night,"
        "sequence_index,sequence_length,trigger,temperature_c,content_key,model,p_other,p_person,"
        "p_vehicle,timestamp_raw,suppressed_by,review_label,reviewed_by"
    )


def test_a_label_is_given_only_to_what_was_looked_at(images: Table) -> None:
    for row in images:
        state = ODD_STATES[row["file_path"].removeprefix("карта 1/")]
        told = [row[c] for c in ("label", "confidence", "p_leopard", "p_vehicle", "model")]
        if state.is_label:
            assert (row["label"], row["status"], row["error"]) == (state, "ok", "")
            assert all(told)
        else:
            assert (row["status"], told) == (state, [""] * 5)
            assert row["error"]


def test_the_first_box_is_the_one_that_is_told(images: Table) -> None:
    [row] = [row for row in images if row["file_name"] == "RCNX0001.JPG"]
    box = [float(row[f"bbox_{side}"]) for side in ("x", "y", "width", "height")]
    assert box == pytest.approx([0.0, 0.2, 0.3, 20 / 512], abs=5e-4)
    assert row["detection_confidence"] == row["confidence"] == row["p_leopard"] == "0.62"


def test_a_frame_without_a_box_has_no_box(images: Table) -> None:
    [row] = [row for row in images if row["label"] == "empty"]
    columns = ("bbox_x", "bbox_y", "bbox_width", "bbox_height", "detection_confidence", "event_id")
    assert {row[column] for column in columns} == {""}


def test_times_sizes_and_names_are_told_as_they_are(images: Table) -> None:
    [row] = [row for row in images if row["file_name"] == "кабан у солонца.JPG"]
    assert row["timestamp"] == "2026-02-03T23:59:58"
    assert row["timestamp_source"] == "exif"
    assert (row["width_px"], row["height_px"], row["is_night"]) == ("48", "36", "true")
    assert row["station_id"] == "ST02_ручей"
    assert row["deployment_id"] == "карта_1-ST02_ручей"
    assert row["content_key"].startswith("xxh3:")


def test_what_waits_is_told_as_pending(ledger: Ledger, tmp_path: Path) -> None:
    card = ledger.add_card("A", tmp_path)
    ledger.register(card, listed(tmp_path, 1))
    images_csv.write(ledger, tmp_path / "i.csv", events_csv.collect(ledger))
    [row] = read(tmp_path / "i.csv")
    assert (row["status"], row["label"], row["timestamp"]) == ("pending", "", "")


# -- events.csv


def test_frames_of_one_burst_are_one_event(events: Table) -> None:
    [row] = [row for row in events if row["label"] == "leopard"]
    assert row["image_count"] == "3"
    assert row["event_id"] == "карта_1-ST01_ridge_e0001"
    assert (row["date_local"], row["time_local"]) == ("2026-02-03", "23:59:59")
    assert (row["event_start"], row["event_end"]) == ("2026-02-03T23:59:59", "2026-02-04T00:00:01")
    assert row["count_min"] == "2"
    assert row["day_night"] == "night"


def test_empty_and_unread_frames_make_no_event(events: Table) -> None:
    assert Counter(row["label"] for row in events) == {
        "leopard": 1,
        "prey": 1,
        "other": 1,
        "person": 1,  # two frames of one folder, of which nothing tells the time but the file
        "vehicle": 1,
        "unsure": 1,
    }


def test_what_is_unsure_is_for_a_person_to_review(events: Table) -> None:
    for row in events:
        assert row["needs_review"] == ("true" if row["label"] == "unsure" else "false")


def test_what_nobody_knows_stays_empty(events: Table) -> None:
    unknown = (
        *("latitude", "longitude", "scientific_name", "reviewed_by", "solar_elevation_deg"),
        *("station_name", "review_label", "clock_issue", "comments"),
    )
    assert {row[column] for row in events for column in unknown} == {""}


def test_every_event_tells_the_machine_that_saw_it(events: Table, filled: Ledger) -> None:
    assert {row["classification_method"] for row in events} == {"machine"}
    assert {row["classified_by"] for row in events} == {"camtrap (fake)"}
    assert {row["classified_at"] for row in events} == {filled.runs()[0]["started_at"]}


def test_images_and_events_can_be_joined(images: Table, events: Table) -> None:
    frames = Counter(row["event_id"] for row in images if row["event_id"])
    assert frames == {row["event_id"]: int(row["image_count"]) for row in events}
    best = {row["file_path"]: row["event_id"] for row in images}
    assert all(best[row["best_image"]] == row["event_id"] for row in events)


def test_the_gap_between_events_can_be_chosen(ledger: Ledger, tmp_path: Path) -> None:
    start = datetime(2026, 2, 3, 12)
    frames = {
        f"{n}.JPG": frame("prey", n, taken_at=start + timedelta(minutes=10 * n)) for n in range(4)
    }
    fill(ledger, put(tmp_path / "card", frames))
    assert len(events_csv.collect(ledger)) == 1
    rules = Rules(gap=timedelta(minutes=10))
    assert len(events_csv.collect(ledger, None, rules)) == 4


def test_an_event_by_day_is_told_so(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, put(tmp_path / "card", {"a.JPG": encoded(quadrants())}))
    events_csv.write(ledger, tmp_path / "e.csv", events_csv.collect(ledger))
    assert [row["day_night"] for row in read(tmp_path / "e.csv")] == ["day"]


# -- what people wrote down and said


NOTES = FieldNotes(
    (
        Deployment(
            "RIDGE_1",
            "RIDGE",
            "Хребет",
            43.1,
            131.25,
            coordinate_uncertainty_m=15,
            utc_offset="+10:00",
            folder="ST01_ridge",
        ),
    ),
    (Offset("RIDGE_1", -43_200, reason="twelve hours ahead"),),
)


def tables(ledger: Ledger, folder: Path, placed: Placing, **more: Any) -> tuple[Table, Table]:
    with events_csv.collect(ledger, placed, Rules()) as season:
        events_csv.write(ledger, folder / "e.csv", season, placed, **more)
        images_csv.write(ledger, folder / "i.csv", season, placed)
    return read(folder / "e.csv"), read(folder / "i.csv")


def test_places_and_corrected_times_come_from_the_season_s_tables(
    filled: Ledger, tmp_path: Path
) -> None:
    events, images = tables(filled, tmp_path, placing(filled, NOTES))
    [row] = [row for row in events if row["label"] == "leopard"]
    assert row["event_id"] == "RIDGE_1_e0001"
    assert (row["station_id"], row["station_name"]) == ("RIDGE", "Хребет")
    assert (row["latitude"], row["longitude"]) == ("43.1", "131.25")
    assert row["coordinate_uncertainty_m"] == "15"
    assert (row["date_local"], row["time_local"]) == ("2026-02-03", "11:59:59")
    assert row["event_start"] == "2026-02-03T11:59:59+10:00"
    assert (row["timezone_offset"], row["clock_issue"]) == ("+10:00", "true")
    # The sun of the corrected noon, whatever the picture looked like.
    assert row["day_night"] == "day"
    assert 25 < float(row["solar_elevation_deg"]) < 32
    mine = [image for image in images if image["deployment_id"] == "RIDGE_1"]
    assert len(mine) == 4
    [first] = [image for image in mine if image["file_name"] == "RCNX0001.JPG"]
    assert first["timestamp"] == "2026-02-03T11:59:59+10:00"
    assert first["timestamp_raw"] == "2026:02:03 23:59:59"
    others = [row for row in events if row["station_id"] != "RIDGE"]
    assert {row["latitude"] for row in others} == {""}
    assert {row["clock_issue"] for row in others} == {""}


def test_without_a_table_in_the_season_nothing_is_placed(filled: Ledger) -> None:
    assert placing(filled).notes == FieldNotes()


def test_clocks_in_doubt_are_flagged_where_somebody_looked(filled: Ledger, tmp_path: Path) -> None:
    events, _ = tables(
        filled, tmp_path, placing(filled, FieldNotes()), clock_issues={"карта_1-ST02_ручей"}
    )
    assert {row["station_id"]: row["clock_issue"] for row in events} == {
        "ST01_ridge": "false",
        "ST02_ручей": "true",
        "odd": "false",
        "站点三": "false",
    }


def test_people_s_word_stands_on_top_and_the_model_s_is_kept(
    filled: Ledger, tmp_path: Path
) -> None:
    by_name = {entry.relative_path.rsplit("/", 1)[-1]: entry for entry in filled.entries()}
    add_review(filled.season, by_name["雪豹.jpg"].file_id, "leopard", reviewer="Анна")
    add_review(filled.season, by_name["really a png.JPG"].file_id, "empty")
    events, images = tables(filled, tmp_path, placing(filled))
    [row] = [row for row in events if row["station_id"] == "站点三"]
    assert (row["label"], row["needs_review"], row["confidence"]) == ("leopard", "false", "")
    assert (row["review_label"], row["reviewed_by"]) == ("leopard", "Анна")
    assert (row["classification_method"], row["classified_by"]) == ("human", "Анна")
    [said] = [r for r in reviews(filled.season).values() if r.label == "leopard"]
    assert row["reviewed_at"] == row["classified_at"] == said.reviewed_at
    assert "other" not in {row["label"] for row in events}
    told = {row["file_name"]: row for row in images}
    assert (told["雪豹.jpg"]["label"], told["雪豹.jpg"]["review_label"]) == ("unsure", "leopard")
    assert told["雪豹.jpg"]["reviewed_by"] == "Анна"
    png = told["really a png.JPG"]
    assert (png["label"], png["review_label"], png["event_id"]) == ("other", "empty", "")
    assert png["reviewed_by"] == events_csv.NOBODY
    assert {row["review_label"] for row in images} == {"", "leopard", "empty"}


def test_an_empty_frame_of_a_burst_belongs_to_its_event(ledger: Ledger, tmp_path: Path) -> None:
    start = datetime(2026, 2, 3, 12)
    labels = ("prey", "empty", "prey")
    frames = {
        f"{n}.JPG": frame(label, n, taken_at=start + timedelta(seconds=n))
        for n, label in enumerate(labels)
    }
    fill(ledger, put(tmp_path / "card", frames))
    events, images = tables(ledger, tmp_path, placing(ledger))
    assert [(row["label"], row["image_count"]) for row in events] == [("prey", "3")]
    assert [(row["label"], row["event_id"]) for row in images] == [
        (label, events[0]["event_id"]) for label in labels
    ]


# -- run.json


def test_the_rules_and_corrections_are_told(filled: Ledger, tmp_path: Path) -> None:
    rules = rules_of(settings(event_rule="last_independent", static=False), filled.run_notes())
    assert rules.thresholds == FakePredictor().thresholds
    placed = placing(filled, NOTES)
    said = run_json.write(filled, tmp_path / "run.json", 6, rules=rules, placed=placed)
    assert said["rules"] == {
        "event_gap_minutes": 30,
        "event_rule": "last_independent",
        "burst_gap_seconds": 5,
        "static": False,
    }
    assert (said["deployments"], said["reviewed"], said["suppressed"]) == (1, 0, 0)
    [offset] = said["clock_offsets"]
    assert (offset["deployment_id"], offset["seconds"], offset["from"]) == ("RIDGE_1", -43200, None)


def test_a_season_without_thresholds_leaves_doubt_as_it_is(ledger: Ledger) -> None:
    ledger.start_run({"model": {"id": "old"}, "thresholds": {"leopard": 0.5}})
    assert rules_of(settings(), ledger.run_notes()).thresholds is None
    assert rules_of(settings(), []).thresholds is None


def test_the_counts_add_up_to_all_files(filled: Ledger, tmp_path: Path) -> None:
    run_json.write(filled, tmp_path / "run.json", 6)
    said = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert said["files"] == sum(said["states"].values()) == len(ODD_STATES)
    assert said["states"] == Counter(ODD_STATES.values())
    assert list(said["states"]) == [state for state in State if state in said["states"]]
    assert (said["events"], said["camtrap"]) == (6, __version__)
    assert [card["name"] for card in said["cards"]] == ["карта 1"]
    assert said["runs"][0]["settings"]["model"]["id"] == "camtrap (fake)"


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_a_card_whose_folder_is_not_utf_8_can_be_told(ledger: Ledger, tmp_path: Path) -> None:
    ledger.add_card("A", Path(os.fsdecode(b"/media/\xea")))
    run_json.write(ledger, tmp_path / "run.json", 0)
    said = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert said["cards"][0]["root"] == "/media/\\xea"


# -- all of them


def test_every_table_is_utf_8_with_line_feeds(filled: Ledger, tmp_path: Path) -> None:
    season = events_csv.collect(filled)
    paths = [tmp_path / name for name in ("images.csv", "events.csv", "run.json")]
    images_csv.write(filled, paths[0], season)
    events_csv.write(filled, paths[1], season)
    run_json.write(filled, paths[2], len(season))
    for path in paths:
        data = path.read_bytes()
        assert "ST02_ручей" in data.decode() or path.name == "run.json"
        assert b"\r" not in data
        assert data.endswith(b"\n")
        assert not data.startswith(b"\xef\xbb\xbf")


def test_for_excel_every_table_has_a_byte_order_mark(filled: Ledger, tmp_path: Path) -> None:
    season = events_csv.collect(filled)
    images_csv.write(filled, tmp_path / "i.csv", season, excel=True)
    events_csv.write(filled, tmp_path / "e.csv", season, excel=True)
    for name in ("i.csv", "e.csv"):
        assert (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_same_ledger_gives_the_same_bytes(filled: Ledger, tmp_path: Path) -> None:
    for name in ("one", "two"):
        season = events_csv.collect(filled)
        (tmp_path / name).mkdir()
        images_csv.write(filled, tmp_path / name / "i.csv", season)
        events_csv.write(filled, tmp_path / name / "e.csv", season)
    for table in ("i.csv", "e.csv"):
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()
