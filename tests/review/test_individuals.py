"""The gallery of leopards: names come from people alone, and the machine's order is a hint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from camtrap.errors import ModelError
from camtrap.ledger.decisions import decide
from camtrap.ledger.individuals import Said, individuals, name
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import Box
from camtrap.review import individuals as module
from camtrap.review.alike import OTHER, Alike, best_of, compared, features_of
from camtrap.review.answers import Refused
from camtrap.review.feature_cache import NAME, FeatureCache, Vector
from camtrap.review.gallery import BEST, Crop, leopards, row_of
from tests.review.seasons import FRAMES, TURNS, season_of

if TYPE_CHECKING:
    from camtrap.review.context import Review
    from tests.review.browsing import Browser

SIZE = (320, 240)


class Painted:
    """Features that see how bright a picture is: four numbers in a vector of 1280."""

    name = "painted"

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def of(self, data: bytes, boxes: Sequence[Box]) -> Vector:
        assert self.gate.wait(10)
        self.asked.append(len(boxes))
        vectors = np.zeros((len(boxes), 1280), np.float32)
        vectors[:, 0] = 1
        vectors[:, 1] = [len(data) % 97 / 97 for _ in boxes]
        unit: Vector = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class Page(TestClient):
    """The gallery's page."""

    def told(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def say(self, status: int = 200, path: str = "/api/individual", **said: Any) -> Any:
        answer = self.post(path, json={"reviewer": "Ольга", **said})
        assert answer.status_code == status, answer.text
        return answer.json()

    def events(self) -> dict[int, dict[str, Any]]:
        return {one["event"]: one for one in self.told("/api/individuals")["events"]}


@pytest.fixture
def features() -> Painted:
    return Painted()


@pytest.fixture
def alike(reviewed: Path, features: Painted) -> Alike:
    return Alike(reviewed, load=lambda season: features, patience=20)


@pytest.fixture
def page(review: Review, alike: Alike) -> Iterator[Page]:
    review.index.build_now()
    # As the app of the review answers what is refused.
    handlers: dict[Any, Callable[..., Any]] = {Refused: lambda _, refused: refused.answer}
    app = Starlette(routes=module.routes(review, alike=alike), exception_handlers=handlers)
    with Page(app) as client:
        yield client


def first_leopards(page: Page) -> list[int]:
    return list(page.events())


def test_the_gallery_holds_the_leopards_by_time_with_their_crops(page: Page) -> None:
    told = page.told("/api/individuals")
    assert told["individuals"] == []
    wanted = [1 + FRAMES * n for n in range(18) if TURNS[n % len(TURNS)] == "leopard"]
    assert [one["event"] for one in told["events"]] == wanted
    for one in told["events"]:
        files = {crop["file"] for crop in one["crops"]}
        assert files == set(range(one["event"], one["event"] + FRAMES))
        assert {crop["number"] for crop in one["crops"]} == {0}
        assert (one["individual"], one["flank"], one["version"]) == ("", "unknown", 0)
        assert one["cover"] in files and one["station"] and one["start"] < one["end"]


def test_people_s_labels_stand_over_the_machine_s(page: Page, reviewed: Path) -> None:
    first, second = first_leopards(page)
    prey = 1 + FRAMES
    decide(reviewed, {first: 0, first + 1: 0, first + 2: 0}, "other", reviewer="Li")
    decide(reviewed, {second: 0}, "prey", reviewer="Li")
    decide(reviewed, {prey: 0}, "leopard", reviewer="Li")  # one picture of the three
    events = page.events()
    assert list(events) == [prey, second]
    # A leopard that the machine took for prey is in the box that it called so.
    assert [crop["file"] for crop in events[prey]["crops"]] == [prey]
    assert {crop["file"] for crop in events[second]["crops"]} == {second + 1, second + 2}


def test_a_name_is_on_all_crops_of_an_event_and_sums_up(page: Page, reviewed: Path) -> None:
    first, second = first_leopards(page)
    row = page.say(event=first, individual=" Нарва  1", flank={f"{first}/0": "left"})
    assert row["batch"] and row == {**page.events()[first], "batch": row["batch"]}
    assert (row["individual"], row["flank"], row["by"]) == ("Нарва 1", "left", "Ольга")
    assert {crop["individual"] for crop in row["crops"]} == {"Нарва 1"}
    page.say(event=second, individual="Нарва 1", flank={f"{second}/0": "right"})
    [known] = page.told("/api/individuals")["individuals"]
    events = page.events()
    assert known == {
        "id": "Нарва 1",
        "events": [first, second],
        "flanks": {"left": 1, "right": 1, "unknown": 0},
        "first": events[first]["start"],
        "last": events[second]["start"],
    }
    assert len(individuals(reviewed)) == 2 * FRAMES


def test_flanks_can_be_set_alone_and_an_event_may_show_both(page: Page) -> None:
    event = first_leopards(page)[0]
    page.say(event=event, flank={f"{event}/0": "left", f"{event + 1}/0": "right"})
    row = page.events()[event]
    assert (row["flank"], row["individual"]) == ("both", "")
    row = page.say(event=event, individual="", flank={f"{event}/0": "unknown"})
    assert row["flank"] == "right"


def test_a_mother_and_her_cub_keep_their_names_when_a_flank_is_set(page: Page) -> None:
    event = first_leopards(page)[0]
    page.say(event=event, individual="Narva", crops=[f"{event}/0", f"{event + 1}/0"])
    row = page.say(event=event, individual="cub", crops=[f"{event + 2}/0"])
    assert row["individual"] == "Narva + cub"
    row = page.say(event=event, individual="Narva + cub", flank={f"{event}/0": "left"})
    told = {crop["file"]: crop["individual"] for crop in row["crops"]}
    assert told == {event: "Narva", event + 1: "Narva", event + 2: "cub"}
    assert {one["id"] for one in page.told("/api/individuals")["individuals"]} == {"Narva", "cub"}
    assert page.say(event=event, individual="")["individual"] == ""


def test_pictures_that_came_since_get_the_event_s_name_too(page: Page, reviewed: Path) -> None:
    event = first_leopards(page)[0]
    name(reviewed, [(event, 0)], "Narva", reviewer="Ольга")
    row = page.say(event=event, individual="Narva")
    assert {crop["individual"] for crop in row["crops"]} == {"Narva"}


def test_nobody_s_word_is_replaced_unseen(page: Page) -> None:
    event = first_leopards(page)[0]
    page.say(event=event, individual="Narva", reviewer="Li")
    # A page that tells no version may not overrule another person, ...
    told = page.say(409, event=event, individual="Bary")
    assert told["error"] == "conflict" and told["event"]["individual"] == "Narva"
    # ... nor one that has seen an older state; one that has seen this may.
    assert page.say(409, event=event, individual="Bary", version=0)["error"] == "conflict"
    row = page.say(event=event, individual="Bary", version=told["event"]["version"])
    assert (row["individual"], row["by"]) == ("Bary", "Ольга")
    # The same once more, as it comes when its answer was lost, is no conflict.
    again = page.say(event=event, individual="Bary", version=row["version"])
    assert (again["version"], again["batch"]) == (row["version"], "")


def test_what_was_said_last_can_be_taken_back(page: Page) -> None:
    event = first_leopards(page)[0]
    page.say(event=event, individual="Narva")
    batch = page.say(event=event, individual="Bary")["batch"]
    back = page.say(path="/api/individual/undo", batch=batch)["undone"]
    assert {one["individual"] for one in back.values()} == {"Narva"}
    assert page.events()[event]["individual"] == "Narva"
    assert page.say(path="/api/individual/undo", reviewer="Li") == {"undone": {}}


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"reviewer": " "}, 400, "reviewer"),
    ({"event": "1"}, 400, "event"),
    ({"event": True}, 400, "event"),
    ({"event": -1}, 400, "event"),
    ({"event": 4}, 404, "unknown"),  # an event of prey
    ({"event": 1 << 62}, 404, "unknown"),
    ({"individual": 7}, 400, "individual"),
    ({"individual": "x" * 61}, 400, "individual"),
    ({"individual": "a\nb"}, 400, "individual"),
    ({"flank": ["left"]}, 400, "flank"),
    ({"flank": {"1/0": "front"}}, 400, "flank"),
    ({"flank": {"1/0": ["left"]}}, 400, "flank"),
    ({"flank": {"4/0": "left"}}, 400, "crops"),
    ({"flank": {"../../etc/passwd": "left"}}, 400, "crops"),
    ({"crops": "1/0", "individual": "A"}, 400, "crops"),
    ({"crops": [1], "individual": "A"}, 400, "crops"),
    ({"version": "1"}, 400, "version"),
    ({"version": -1}, 400, "version"),
]


def test_what_cannot_be_meant_is_refused(page: Page, reviewed: Path) -> None:
    for said, status, code in REFUSED:
        assert page.say(status, **{"event": 1, **said})["error"] == code, said
    assert individuals(reviewed) == {}


def test_a_leopard_without_a_box_can_have_a_name(page: Page, reviewed: Path) -> None:
    event = first_leopards(page)[0]
    with Ledger(reviewed) as ledger, ledger.writing():
        ledger.db.execute("DELETE FROM detection WHERE file_id BETWEEN ? AND ?", (event, event + 2))
    row = page.say(event=event, individual="Narva")
    assert (row["individual"], row["crops"]) == ("Narva", [])
    told = page.told(f"/api/similar/{event}")
    assert told["by"] == "time" and "No box" in told["message"]


def test_the_best_crops_are_sent_and_those_with_words(review: Review, reviewed: Path) -> None:
    box = Box(0.1, 0.1, 0.2, 0.2)
    crops = tuple(
        Crop(1, n, box, 0.9, 100 - n, Said(1, n, version=1 if n == 20 else 0)) for n in range(30)
    )
    review.index.build_now()
    [seen, *_] = leopards(review)
    sent = row_of(replace(seen, crops=crops))["crops"]
    assert [crop["number"] for crop in sent] == [*range(BEST), 20]


def test_the_app_has_the_gallery_and_a_name_builds_no_index_anew(
    browser: Browser, review: Review, reviewed: Path
) -> None:
    review.index.build_now()
    built, row = review.index.generation, browser.told("/api/individuals")["events"][0]
    said = browser.sent("/api/individual", reviewer="Li", event=row["event"], individual="Narva")
    assert said["individual"] == "Narva"
    browser.sent("/api/individual/undo", reviewer="Li")
    review.index.build_now()
    assert review.index.generation == built
    assert browser.get("/api/similar/4").status_code == 404
    assert browser.post("/api/individual", json={}).status_code == 403  # another site's page


# -- alike


def test_similar_events_come_first_and_it_is_called_a_hint(
    tmp_path: Path, make_review: Any
) -> None:
    season = season_of(tmp_path, 54, size=SIZE)
    review, features = make_review(season), Painted()
    review.index.build_now()
    alike = Alike(season, load=lambda _: features, patience=20)
    first, *others = leopards(review)
    answer = alike.to(first, [first, *others])
    assert (answer.problem, answer.pending, answer.away) == ("", 0, 0)
    assert {one.event for one in answer.events} == {one.event for one in others}
    alikes = [one.similarity or 0 for one in answer.events]
    assert alikes == sorted(alikes, reverse=True) and 0 < alikes[0] <= 1
    # Every crop is looked at once, and by the next server not at all.
    assert sum(features.asked) == FRAMES * (1 + len(others))
    again = Alike(season, load=lambda _: features, patience=20).to(others[0], [first, *others])
    assert again.events and sum(features.asked) == FRAMES * (1 + len(others))


def test_the_answer_says_what_it_is(page: Page) -> None:
    first, second = first_leopards(page)
    told = page.told(f"/api/similar/{first}")
    [row] = told.pop("events")
    assert told == {"hint": True, "by": "features", "message": "", "pending": 0, "away": 0}
    assert row["event"] == second and 0 < row["similarity"] <= 1 and row["flank"] == "unknown"
    assert page.get("/api/similar/4").status_code == 404
    assert page.get(f"/api/similar/{1 << 70}").status_code == 404


def test_an_answer_does_not_wait_for_a_slow_computer(
    review: Review, reviewed: Path, features: Painted
) -> None:
    review.index.build_now()
    first, second = leopards(review)
    alike = Alike(reviewed, load=lambda _: features, patience=0.05)
    features.gate.clear()
    answer = alike.to(first, [first, second])
    assert [one.similarity for one in answer.events] == [None]
    assert answer.pending == 2 * FRAMES
    features.gate.set()
    alike._patience = 20
    answer = alike.to(first, [first, second])
    assert answer.pending == 0 and answer.events[0].similarity is not None


def test_without_a_model_events_are_put_by_time_and_it_says_so(
    review: Review, reviewed: Path
) -> None:
    def load(_: Path) -> Painted:
        raise ModelError("Neither is on this computer.")

    review.index.build_now()
    alike = Alike(reviewed, load=load, patience=20)
    app = Starlette(routes=module.routes(review, alike=alike))
    with TestClient(app) as client:
        for _ in range(2):
            told = client.get("/api/similar/1").json()
            assert (told["hint"], told["by"], told["pending"]) == (True, "time", 0)
            assert "Neither is on this computer." in told["message"]
            assert [one["similarity"] for one in told["events"]] == [None]


def test_when_the_card_is_away_a_kept_picture_serves_or_it_is_counted(
    tmp_path: Path, make_review: Any
) -> None:
    season = season_of(tmp_path, 18, size=(960, 720))
    review, features = make_review(season), Painted()
    review.index.build_now()
    first, second = leopards(review)
    with Ledger(season) as ledger:
        for seen in (first, second):
            review.pictures._kept.plain(ledger.entry(seen.crops[0].file), 900)
        review.pictures._kept.plain(ledger.entry(first.crops[1].file), 320)  # too small
    (tmp_path / "card").rename(tmp_path / "away")
    answer = Alike(season, load=lambda _: features, patience=20).to(first, [first, second])
    assert features.asked == [1, 1]
    assert answer.away == 2 * FRAMES - 2 and answer.events[0].similarity is not None


@pytest.fixture
def unit() -> Callable[[float], Vector]:
    def make(angle: float) -> Vector:
        vector: Vector = np.zeros(1280, np.float32)
        vector[:2] = np.cos(angle), np.sin(angle)
        return vector

    return make


def test_a_flank_is_compared_with_the_same_one_first(unit: Callable[[float], Vector]) -> None:
    mine = [("left", unit(0.0)), ("unknown", unit(1.0))]
    others = {
        1: [("right", unit(0.0))],  # the same look from the other side, but like an unknown one
        2: [("left", unit(0.9)), ("right", unit(0.0))],
        3: [("unknown", unit(0.1))],
        4: [],
        5: [("left", unit(0.3))],
    }
    found = {one.event: one for one in compared(mine, others)}
    assert {event: one.flank for event, one in found.items()} == {
        1: "unknown",
        2: "left",
        3: "unknown",
        5: "left",
    }
    assert found[2].similarity == pytest.approx(np.cos(0.9), abs=1e-6)
    assert found[1].similarity == pytest.approx(np.cos(1.0), abs=1e-6)
    assert [one.flank for one in compared(mine[:1], {1: others[1]})] == [OTHER]
    assert compared([], others) == []


def test_two_crops_of_each_flank_are_compared() -> None:
    box = Box(0.1, 0.1, 0.2, 0.2)
    flanks = ["unknown", "left", "left", "left", "right", "unknown"]
    crops = [Crop(1, n, box, 0.9, 9 - n, Said(1, n, flank=side)) for n, side in enumerate(flanks)]
    assert [crop.number for crop in best_of(crops)] == [1, 2, 4, 0]
    assert best_of([]) == []


def test_the_season_s_own_model_is_asked(reviewed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("camtrap.vision.features.load_features", asked.append)
    features_of(reviewed)
    assert asked == ["amur"]


# -- the cache


def test_vectors_are_kept_within_bounds_and_come_back_at_length_one(
    tmp_path: Path, unit: Callable[[float], Vector]
) -> None:
    cache = FeatureCache(tmp_path, most=10)
    for n in range(250):
        cache.put(f"{n:03}", unit(n / 250))
    vector = cache.get("249")
    assert vector is not None and cache.get("000") is None is cache.get("other")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert float(vector @ unit(249 / 250)) == pytest.approx(1, abs=1e-5)
    cache.close()
    opened = FeatureCache(tmp_path, most=10)
    assert len(opened) == 10
    opened.close()


@pytest.mark.parametrize("what", ["file", "rubbish"])
def test_a_cache_that_cannot_be_kept_costs_nothing(
    tmp_path: Path, unit: Callable[[float], Vector], what: str
) -> None:
    if what == "file":
        (tmp_path / "cache").write_text("in the way")
    else:
        (tmp_path / "cache").mkdir()
        (tmp_path / NAME).write_bytes(b"no database" * 100)
    cache = FeatureCache(tmp_path)
    cache.put("a", unit(0.5))
    assert cache.get("a") is not None
    cache.close()


def test_nothing_of_it_is_in_the_ledger_but_words(page: Page, reviewed: Path) -> None:
    before = (reviewed / LEDGER_NAME).read_bytes()
    page.told("/api/individuals")
    page.told("/api/similar/1")
    assert (reviewed / LEDGER_NAME).read_bytes() == before
