"""The queue index: the events of events.csv, and all other bursts; words come from the ledger."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from camtrap.audit import auditing
from camtrap.events.frames import placing
from camtrap.events.rules import rules_of
from camtrap.ledger import individuals
from camtrap.ledger.decisions import decide, undo, words_on
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import settings_of_last_run
from camtrap.outputs.season_events import SEEN, SeasonEvents
from camtrap.records import State
from camtrap.review import index as module
from camtrap.review.index import NAME, Index, facts, opened
from camtrap.review.index_build import Stopped, build, fingerprint
from camtrap.review.queue import Question, asked, counted, event_around, files_of
from tests.review.seasons import FRAMES, TURNS, add_events, season_of

ALL = Question(reviewed="all", limit=200)


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """A season of eighteen events; no question here is about pixels."""
    return season_of(tmp_path, 18, pictures=False)


def grouped(season: Path) -> dict[tuple[str, ...], list[int]]:
    """The files of each event as the outputs group them when nobody has said anything."""
    with Ledger(season) as ledger:
        placed = replace(placing(ledger), reviews=None)
        rules = rules_of(settings_of_last_run(ledger), ledger.run_notes())
        with SeasonEvents(placed.frames(ledger), rules) as events:
            return {(event.name, event.label): files for event, files in events.with_files(*SEEN)}


def test_events_are_those_of_the_tables_and_every_other_burst(reviewed: Path) -> None:
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None
        items = asked(db, ALL)
        told = {tuple(number for number, *_ in files_of(db, item["event"])) for item in items}
        names = dict(db.execute("SELECT event, name FROM event WHERE label != 'empty'").fetchall())
    found = grouped(reviewed)
    assert {tuple(files) for files in found.values()} <= told
    assert sorted(names.values()) == sorted(name for name, _ in found)
    # Every picture that was looked at is in one event, and an event is called by its first file.
    numbers = sorted(number for files in told for number in files)
    assert numbers == list(range(1, 18 * FRAMES + 1))
    assert {item["event"] for item in items} == {min(files) for files in told}


def test_the_queue_brings_leopards_then_people_then_doubt_then_the_sure(reviewed: Path) -> None:
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None
        items = asked(db, ALL)
    labels = list(dict.fromkeys(item["label"] for item in items))
    assert labels == ["leopard", "person", "vehicle", "unsure", "prey", "other", "empty"]
    for label in ("leopard", "unsure", "empty"):
        chances = [item["leopard"] for item in items if item["label"] == label]
        assert chances == sorted(chances, reverse=True)


def test_questions_are_answered_in_parts_that_join(reviewed: Path) -> None:
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None
        whole = asked(db, ALL)
        parts = [
            item
            for start in range(0, 20, 5)
            for item in asked(db, replace(ALL, offset=start, limit=5))
        ]
        assert parts == whole
        assert counted(db, ALL) == len(whole) == 18


@pytest.mark.parametrize("kind", ["leopard", "people", "unsure", "prey", "other", "empty", "all"])
@pytest.mark.parametrize("said", ["no", "yes", "all"])
def test_filters_choose_what_a_person_or_else_the_machine_called_so(
    reviewed: Path, kind: str, said: str
) -> None:
    with opened(reviewed) as index:
        decide(reviewed, {1: 0, 2: 0, 3: 0}, "prey", reviewer="Li", species="roe")
        decide(reviewed, {4: 0}, "leopard", reviewer="Li")  # one frame of three
        with index.reading() as db:
            assert db is not None
            every = asked(db, ALL)
            question = replace(ALL, kind=kind, reviewed=said)
            found = [item["event"] for item in asked(db, question)]
            assert counted(db, question) == len(found)
    kinds: dict[str, set[str]] = {"people": {"person", "vehicle"}, "all": set(map(str, State))}

    def wanted(item: dict[str, Any]) -> bool:
        told = item["reviewed"]
        label = told["label"] if told else item["label"]
        right = said == "all" or (told is not None) == (said == "yes")
        return right and label in kinds.get(kind, {kind})

    assert found == [item["event"] for item in every if wanted(item)]
    first, second = (next(i for i in every if i["event"] == n) for n in (1, 4))
    assert first["reviewed"]["label"] == "prey" and first["species"] == "roe"
    assert (second["reviewed"], second["reviewed_frames"]) == (None, 1)


def test_stations_days_and_confidence_narrow_the_queue(reviewed: Path) -> None:
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None
        every = asked(db, ALL)

        def found(**said: Any) -> list[int]:
            return sorted(item["event"] for item in asked(db, replace(ALL, **said)))

        assert found(station="ST02") == sorted(
            item["event"] for item in every if item["station"] == "ST02"
        )
        assert found(first="2026-02-04", last="2026-02-04") == sorted(
            item["event"] for item in every if item["start"].startswith("2026-02-04")
        )
        assert found(low=0.9, high=0.95) == sorted(
            item["event"] for item in every if 0.9 <= item["confidence"] <= 0.95
        )
        times = [item["start"] for item in asked(db, replace(ALL, order="time"))]
        assert times == sorted(times)


def test_an_event_has_neighbours_in_time_at_its_station(reviewed: Path) -> None:
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None
        here = asked(db, replace(ALL, order="time", station="ST01"))
        numbers = [item["event"] for item in here]
        for place, number in enumerate(numbers):
            event = event_around(db, number + 1)  # any of its files will do
            assert event is not None and event["event"] == number
            assert event["before"] == (numbers[place - 1] if place else None)
            assert event["after"] == (numbers[place + 1] if place + 1 < len(numbers) else None)
        assert event_around(db, 9999) is None


def test_words_do_not_make_an_index_stale_and_everything_else_does(reviewed: Path) -> None:
    def now() -> str:
        with Ledger(reviewed) as ledger:
            return fingerprint(ledger)

    before = now()
    decide(reviewed, {1: 0, 2: 0}, "prey", reviewer="Li")
    assert now() == before
    undo(reviewed, reviewer="Li")
    assert now() == before
    auditing.start(reviewed, "animal", size=5)
    auditing.start(reviewed, "animal", size=9)
    assert now() == before
    individuals.name(reviewed, {(1, 0): 0}, "M12", reviewer="Li")
    individuals.undo(reviewed, reviewer="Li")
    assert now() == before
    table = reviewed / "stations.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("ST01,", "ST09,"), encoding="utf-8")
    other = now()
    assert other != before
    with Ledger(reviewed) as ledger:
        add_events(ledger, reviewed.parent / "card", 1, 18, pictures=False)
    assert now() not in (before, other)


def test_an_index_that_stands_is_used_and_one_that_does_not_fit_is_built_again(
    reviewed: Path,
) -> None:
    with opened(reviewed):
        pass
    made = (reviewed / NAME).stat().st_mtime_ns
    with opened(reviewed):
        assert (reviewed / NAME).stat().st_mtime_ns == made
    (reviewed / NAME).write_bytes(b"no index at all, but of some length" * 100)
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None and counted(db, ALL) == 18
    with sqlite3.connect(reviewed / NAME) as db:
        db.execute("UPDATE meta SET value = 'older' WHERE key = 'format'")
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None and facts(db)["events"] == 18


def test_numbers_of_events_outlive_a_new_index_and_words_stay(reviewed: Path) -> None:
    now = [0.0]
    index = Index(reviewed, clock=lambda: now[0], threads=False)
    try:
        index.start()
        decide(reviewed, {1: 0, 2: 0, 3: 0}, "prey", reviewer="Li")
        with index.reading() as db:
            assert db is not None
            before = {item["event"]: item for item in asked(db, ALL)}
        with Ledger(reviewed) as ledger:
            add_events(ledger, reviewed.parent / "card", 9, 18, pictures=False)
        index.look()
        with index.reading() as db:  # it is not asked again that soon
            assert db is not None and counted(db, ALL) == 18
        now[0] += module.ASK_SECONDS
        index.look()
        with index.reading() as db:
            assert db is not None
            after = {item["event"]: item for item in asked(db, ALL)}
    finally:
        index.close()
    assert len(after) == 27
    assert {number: after[number] for number in before} == before
    assert after[1]["reviewed"]["label"] == "prey"


def test_a_stale_index_serves_while_a_new_one_is_built_in_a_thread(reviewed: Path) -> None:
    with opened(reviewed):
        pass
    with Ledger(reviewed) as ledger:
        add_events(ledger, reviewed.parent / "card", 9, 18, pictures=False)
    index = Index(reviewed)
    try:
        index.start()
        assert index.state == module.READY
        with index.reading() as db:
            assert db is not None and counted(db, ALL) in (18, 27)
        index.build_now()
        with index.reading() as db:
            assert db is not None and counted(db, ALL) == 27
    finally:
        index.close()


def test_a_table_that_cannot_be_used_is_told_and_the_old_index_serves(
    reviewed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    index = Index(reviewed, clock=lambda: now[0], threads=False)
    try:
        index.start()
        assert index.problem == ""
        table = reviewed / "stations.csv"
        good = table.read_text(encoding="utf-8")
        table.write_text(good.replace("43.1", "north"), encoding="utf-8")
        for _ in range(3):
            now[0] += module.ASK_SECONDS
            index.look()
        assert "stations.csv" in index.problem and index.state == module.READY
        assert len(caplog.records) == 1  # and not one each time
        table.write_text(good + "\n", encoding="utf-8")
        now[0] += module.ASK_SECONDS
        index.look()
        assert index.problem == ""
    finally:
        index.close()


def test_building_can_be_stopped_and_leaves_nothing(reviewed: Path, tmp_path: Path) -> None:
    part = tmp_path / "index.part"
    with pytest.raises(Stopped):
        build(reviewed, lambda _: pytest.fail("it was put in place"), part, lambda: True)
    assert not part.exists()


def test_what_a_killed_process_left_half_built_is_removed(reviewed: Path) -> None:
    cache = reviewed / "cache"
    cache.mkdir()
    left = cache / "review.sqlite.99999999.part"  # no system counts so far
    left.write_bytes(b"half")
    with opened(reviewed):
        assert sorted(path.name for path in cache.iterdir()) == ["review.sqlite"]


def test_a_season_that_cannot_be_written_to_has_its_index_elsewhere(reviewed: Path) -> None:
    (reviewed / "cache").write_text("in the way", encoding="utf-8")
    with opened(reviewed) as index, index.reading() as db:
        assert db is not None and counted(db, ALL) == 18
        path = index.path
    assert not path.is_relative_to(reviewed)
    assert not path.parent.exists()


def test_words_of_another_process_are_seen_at_once(reviewed: Path) -> None:
    with opened(reviewed) as index:
        for label in ("prey", "leopard"):
            versions = words_on(reviewed, [1, 2, 3])
            expected = {n: versions[n].version if n in versions else 0 for n in (1, 2, 3)}
            decide(reviewed, expected, label, reviewer="Li")
            with index.reading() as db:
                assert db is not None
                event = event_around(db, 1)
                assert event is not None and event["reviewed"]["label"] == label
        undo(reviewed, reviewer="Li")
        undo(reviewed, reviewer="Li")
        with index.reading() as db:
            assert db is not None
            event = event_around(db, 1)
            assert event is not None
            assert (event["reviewed"], event["reviewed_frames"]) == (None, 0)


def test_several_words_on_one_event_are_mixed_and_the_gravest_names_it(reviewed: Path) -> None:
    with opened(reviewed) as index:
        decide(reviewed, {4: 0}, "leopard", reviewer="Li")
        decide(reviewed, {5: 0, 6: 0}, "empty", reviewer="Ольга")
        with index.reading() as db:
            assert db is not None
            event = event_around(db, 4)
    assert event is not None
    told = event["reviewed"]
    assert (told["label"], told["mixed"], told["by"]) == ("leopard", True, "Ольга")


def test_the_audit_comes_in_its_own_order_before_the_sure_ones(reviewed: Path) -> None:
    drawn = [7, 52, 34]  # frames of empty events
    with opened(reviewed) as index:
        index.audit(drawn)
        with index.reading() as db:
            assert db is not None
            found = asked(db, replace(ALL, kind="audit"))
            labels = ["audit" if item["audit"] else item["label"] for item in asked(db, ALL)]
        assert [item["event"] for item in found] == [7, 52, 34]
        assert labels.index("audit") == labels.index("prey") - len(drawn)
        assert labels.index("unsure") < labels.index("audit")
        index.audit([])
        with index.reading() as db:
            assert db is not None
            assert counted(db, replace(ALL, kind="audit")) == 0
            assert [item["label"] for item in asked(db, ALL)][-1] == "empty"


def test_a_season_without_pictures_or_words_is_no_error(tmp_path: Path) -> None:
    season = tmp_path / "season"
    Ledger(season, create=True).close()
    with opened(season) as index, index.reading() as db:
        assert db is not None
        assert asked(db, ALL) == [] and facts(db)["events"] == 0


def test_the_index_holds_no_position(tmp_path: Path) -> None:
    season = season_of(tmp_path, len(TURNS), pictures=False)
    with opened(season) as index:
        data = index.path.read_bytes()
        with sqlite3.connect(index.path) as db:
            spots = db.execute("SELECT x, y FROM station").fetchall()
    assert b"43.1" not in data and b"131.6" not in data
    assert all(0 <= value <= 1 for spot in spots for value in spot)
    assert (tmp_path / "season" / LEDGER_NAME).is_file()
