"""What the pages ask and say, as a browser does."""

from __future__ import annotations

import csv
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from camtrap.errors import SeasonError
from camtrap.ledger.lock import locked
from camtrap.ledger.reviews import reviews
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import LABELS
from camtrap.review.context import Review
from camtrap.review.index import Index
from tests.review.browsing import POST, Browser
from tests.review.conftest import MakeReview
from tests.review.seasons import FRAMES, STATIONS, add_events, season_of

EVENT = {
    *("event", "station", "deployment", "start", "end", "label", "species", "confidence"),
    *("leopard", "frames", "count", "cover", "reviewed", "reviewed_frames", "audit"),
}
FRAME = {
    *("file", "name", "taken_at", "timestamp_source", "label", "state", "confidence"),
    *("probabilities", "width", "height", "infrared", "boxes", "version", "reviewed"),
    *("has_card", "card"),
}


def test_the_first_screen_is_told_what_it_needs(browser: Browser) -> None:
    told = browser.told("/api/season")
    assert told["name"] == "season" and told["languages"] == ["en", "ru", "zh"]
    assert (told["files"], told["events"], told["reviewed_events"]) == (54, 18, 0)
    assert told["labels"] == [*LABELS, "unsure"]
    assert told["stations"] == sorted(station[:4] for station in STATIONS)
    assert (told["first_date"], told["last_date"]) == ("2026-02-03", "2026-02-05")
    assert (told["index"], told["audit"], told["reviewers"]) == ("ready", None, [])
    assert {"name": "косуля", "label": "prey"} in told["species"]


def test_a_season_is_known_again_wherever_it_lies_and_no_two_are_one(
    tmp_path: Path, make_review: MakeReview
) -> None:
    ids = []
    for name in ("a", "b"):
        season = season_of(tmp_path / name, 1, pictures=False)
        with sqlite3.connect(season / LEDGER_NAME) as db:
            db.execute("UPDATE card SET added_at = ?", (name,))
        ids.append(Browser(make_review(season)).told("/api/season")["id"])
    (tmp_path / "a").rename(tmp_path / "c")
    moved = make_review(tmp_path / "c" / "season")
    assert Browser(moved).told("/api/season")["id"] == ids[0] != ids[1]


def test_an_event_is_told_with_its_frames_and_its_neighbours(browser: Browser) -> None:
    queue = browser.told("/api/queue?limit=5")
    assert queue["total"] == 18 and len(queue["items"]) == 5
    assert all(set(item) == EVENT for item in queue["items"])
    event = browser.told(f"/api/event/{queue['items'][0]['event']}")
    assert set(event) == EVENT - {"frames"} | {"frames", "before", "after"}
    assert len(event["frames"]) == FRAMES
    assert all(set(frame) == FRAME for frame in event["frames"])
    frame = event["frames"][0]
    assert frame["has_card"] and frame["version"] == 0 and frame["reviewed"] is None
    assert frame["name"].startswith("card/ST")


def test_of_an_event_with_very_many_frames_all_can_be_decided(
    browser: Browser, reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = browser.told("/api/event/1")["frames"]
    monkeypatch.setattr("camtrap.review.asking.WHOLE_FRAMES", 1)
    frames = browser.told("/api/event/1")["frames"]
    assert frames[0] == whole[0] and set(frames[2]) == FRAME
    for name in ("file", "taken_at", "label", "version", "reviewed", "has_card", "card"):
        assert frames[2][name] == whole[2][name]
    browser.decided(1, "prey")
    assert len(reviews(reviewed)) == FRAMES


def test_a_picture_is_told_with_why_it_was_called_so(browser: Browser) -> None:
    unsure = browser.told("/api/queue?kind=unsure&limit=1")["items"][0]["cover"]
    told = browser.told(f"/api/file/{unsure}")
    assert set(told) > FRAME
    assert told["exif"]["make"] == "RECONYX" and told["exif"]["temperature_c"] == -7
    assert told["model"] == "camtrap 0.1.0 (painted 1)"
    [reason] = told["reasons"]
    assert reason["code"] == "doubt" and reason["values"]["threshold"] == 0.05
    leopard = browser.told("/api/queue?kind=leopard&limit=1")["items"][0]["cover"]
    assert browser.told(f"/api/file/{leopard}")["reasons"][0]["code"] == "leopard"
    prey = browser.told("/api/queue?kind=prey&limit=1")["items"][0]["cover"]
    sure = browser.told(f"/api/file/{prey}")["reasons"][0]
    assert (sure["code"], sure["values"]["label"]) == ("sure", "prey")


def test_no_answer_tells_a_position(browser: Browser) -> None:
    for path in ("season", "queue", "event/1", "file/1", "overview"):
        text = json.dumps(browser.told(f"/api/{path}"))
        assert "43.12" not in text and "131.65" not in text and "latitude" not in text


def test_a_decision_is_on_disk_when_it_is_answered(browser: Browser, reviewed: Path) -> None:
    done = browser.decided(1, "prey", species="косуля")
    assert len(done["batch"]) == 16
    assert set(done["saved"]) == {"1", "2", "3"}
    word = reviews(reviewed)[2]
    assert done["saved"]["2"] == {
        "label": "prey",
        "species": "косуля",
        "by": "Ольга",
        "at": word.reviewed_at,
        "version": 2,
    }
    event = browser.told("/api/event/1")
    assert event["reviewed"]["label"] == "prey" and event["species"] == "косуля"
    assert event["frames"][0]["reviewed"]["by"] == "Ольга"
    assert browser.told("/api/queue")["total"] == 17
    assert browser.told("/api/season")["reviewers"] == ["Ольга"]


def test_two_people_on_one_event_see_each_others_word(browser: Browser, reviewed: Path) -> None:
    browser.decided(1, "prey", "Li")
    answer = browser.refused(
        "/api/decide", 409, reviewer="Ольга", event=1, files={"1": 0, "4": 0}, label="leopard"
    )
    assert answer["error"] == "conflict"
    [theirs] = answer["conflicts"].values()
    assert (theirs["label"], theirs["by"], theirs["version"]) == ("prey", "Li", 1)
    assert 4 not in reviews(reviewed)
    browser.decided(1, "leopard")
    assert reviews(reviewed)[1].label == "leopard"


def test_undo_brings_the_word_before_back(browser: Browser) -> None:
    browser.decided(1, "prey", "Li")
    browser.decided(1, "leopard", "Li")
    answer = browser.sent("/api/undo", reviewer="Li")
    assert answer["event"] == 1
    assert answer["undone"]["1"]["reviewed"]["label"] == "prey"
    assert answer["undone"]["1"]["version"] == 1
    answer = browser.sent("/api/undo", reviewer="Li", batch=answer["batch"])
    assert answer == {"undone": {}, "batch": "", "event": None}
    assert browser.sent("/api/undo", reviewer="Li")["undone"]["1"] == {
        "version": 0,
        "reviewed": None,
    }
    assert browser.sent("/api/undo", reviewer="Li")["undone"] == {}


def test_an_unknown_picture_is_not_decided(browser: Browser, reviewed: Path) -> None:
    answer = browser.refused(
        "/api/decide", 404, reviewer="Li", files={"1": 0, "999": 0}, label="prey"
    )
    assert answer["error"] == "unknown"
    assert reviews(reviewed) == {}


def test_a_ledger_that_cannot_be_written_is_told(
    browser: Browser, reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camtrap.ledger.decisions._INSERT", "INSERT INTO nowhere VALUES (1)")
    answer = browser.refused("/api/decide", 503, reviewer="Li", files={"1": 0}, label="prey")
    assert answer["error"] == "ledger" and "cannot be written" in answer["message"]


def test_a_ledger_that_cannot_be_read_is_told_in_a_sentence(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise SeasonError("The ledger cannot be read. Check the disk.")

    monkeypatch.setattr("camtrap.review.asking.words_on", fails)
    answer = browser.get("/api/event/1")
    assert answer.status_code == 503
    assert answer.json()["message"] == "The ledger cannot be read. Check the disk."


def test_decisions_go_on_while_a_run_writes(browser: Browser, reviewed: Path) -> None:
    with locked(reviewed, "camtrap run E:\\"), Ledger(reviewed) as ledger:
        browser.decided(1, "prey")
        add_events(ledger, reviewed.parent / "card", 1, 18)
        browser.decided(4, "empty")
        assert browser.refused("/api/refresh", 409)["error"] == "busy"
        told = browser.refused("/api/export", 409, format="coco")
    assert "camtrap run E:\\" in told["message"]
    assert len(reviews(reviewed)) == 2 * FRAMES


def test_the_overview_counts_machine_and_people(browser: Browser) -> None:
    browser.decided(1, "prey")  # a leopard by the machine
    browser.decided(4, "prey")
    told = browser.told("/api/overview")
    assert told["account"] == {
        "leopard": 6, "prey": 12, "other": 6, "person": 6, "vehicle": 6, "empty": 12, "unsure": 6
    }  # fmt: skip
    assert (told["files"], told["events"]) == (54, 18)
    assert (told["reviewed_files"], told["reviewed_events"]) == (6, 2)
    assert told["by_label"]["prey"] == {"machine": 12, "people": 6}
    assert told["agreement"] == {
        "n": 6,
        "same": 3,
        "table": {"leopard": {"prey": 3}, "prey": {"prey": 3}},
    }
    assert told["activity"]["prey"][18] == 1  # the first event, at 18:10
    assert sum(map(sum, told["activity"].values())) == 14
    days = {row["date"]: row for row in told["timeline"]}
    assert days["2026-02-03"]["prey"] == 2 and days["2026-02-03"]["leopard"] == 0
    assert sum(row["people"] for row in told["stations"]) == 4
    assert all(0 <= row["x"] <= 1 for row in told["stations"])
    assert "coco" in told["exports"] and told["brief"] is False


def test_refresh_writes_the_tables_with_peoples_words(browser: Browser, reviewed: Path) -> None:
    browser.decided(1, "prey", species="косуля")
    done = browser.sent("/api/refresh")
    assert done["account"]["files"] == 54
    assert _said(reviewed / "images.csv") == FRAMES * [("prey", "Ольга")]
    assert _said(reviewed / "events.csv") == [("prey", "Ольга")]
    brief = browser.get("/brief")
    assert brief.status_code == 200 and "<title>" in brief.text
    policy = brief.headers["content-security-policy"]
    assert "script-src" not in policy and "default-src 'none'" in policy
    assert browser.told("/api/overview")["brief"] is True
    browser.sent("/api/undo", reviewer="Ольга")
    browser.sent("/api/refresh")
    assert _said(reviewed / "images.csv") == _said(reviewed / "events.csv") == []


def test_an_export_lies_in_the_season(browser: Browser, reviewed: Path) -> None:
    browser.decided(1, "prey")
    done = browser.sent("/api/export", format="coco")
    assert done["paths"] == ["exports/coco/camtrap_coco.json"] and done["rows"] == 54
    told = json.loads((reviewed / done["paths"][0]).read_text(encoding="utf-8"))
    human = [image for image in told["images"] if image.get("label_source") == "human"]
    assert len(human) in (0, 3)  # it stands with the pictures or with their annotations
    assert json.dumps(told).count('"human"') == 3


@pytest.mark.parametrize("name", ["../x", "", None, 7, "COCO", ["coco"]])
def test_a_format_that_there_is_not_is_refused(browser: Browser, name: Any) -> None:
    assert browser.refused("/api/export", 400, format=name)["error"] == "format"


def test_without_an_index_yet_the_pages_wait(
    reviewed: Path, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(reviewed.parent / "nothing", threads=False)
    monkeypatch.setattr(index, "look", lambda: None)
    with Browser(replace(review, index=index)) as browser:
        told = browser.told("/api/season")
        assert (told["index"], told["events"]) == ("building", 0)
        assert browser.told("/api/queue")["items"] == []
        for path in ("/api/event/1", "/api/overview"):
            assert browser.get(path).status_code == 503
    index.close()


def test_the_audit_is_drawn_told_and_comes_into_the_queue(browser: Browser) -> None:
    assert browser.told("/api/audit") is None
    drawn = browser.sent("/api/audit", target="leopard", size=5, seed=1)
    assert drawn["sample"] == 5
    told = browser.told("/api/audit")
    assert told == drawn == browser.told("/api/season")["audit"]
    items = browser.told("/api/queue?kind=audit")["items"]
    assert items and all(item["audit"] for item in items)
    for item in items:
        browser.decided(item["event"], "empty")
    assert browser.told("/api/audit")["looked"] == 5


@pytest.mark.parametrize(
    "said", [{"target": "wolf"}, {"size": "many"}, {"size": -1}, {"bound": True}, {"seed": 1.5}]
)
def test_an_audit_that_cannot_be_is_refused(browser: Browser, said: dict[str, Any]) -> None:
    assert browser.post("/api/audit", json=said, headers=POST).status_code == 400


def test_pages_and_their_files_are_served_as_what_they_are(browser: Browser) -> None:
    page = browser.get("/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    for name in ("en", "ru", "zh"):
        answer = browser.get(f"/words/{name}.json")
        assert answer.headers["content-type"] == "application/json" and answer.json()
    assert browser.get("/assets/nothing.js").status_code == 404


def _said(table: Path) -> list[tuple[str, str]]:
    """The words of people in a table of the season."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [(row["review_label"], row["reviewed_by"]) for row in rows if row["review_label"]]
