"""Every file has one state, and what was recorded stays, whatever happens next."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.ledger import schema
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import Box, Capture, Clip, Detection, ImageFile, Prediction, State
from tests.cards import listed, new_run

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
not_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)

CARD = Path("/cards/A")
FULL = Capture(
    taken_at=datetime(2026, 2, 3, 23, 59, 58, 250_000),
    timestamp_source="exif",
    raw_timestamp="2026:02:03 23:59:58",
    utc_offset="+10:00",
    make="RECONYX",
    model="HF2 PRO COVERT",
    serial="H2BC0123",
    latitude=43.1,
    longitude=-131.5,
    orientation=6,
    night_scene=True,
    sequence_index=2,
    sequence_length=3,
    maker_event=17,
    trigger="motion",
    temperature_c=-21,
    moon_phase=4,
    battery_mv=12_100,
    user_label="ключ Кедровый",
)

number = st.floats(0, 1)
detections = st.lists(
    st.builds(
        Detection,
        label=st.sampled_from(["leopard", "prey", "person"]),
        confidence=number,
        box=st.builds(Box, number, number, number, number),
        score=number,
        probabilities=st.dictionaries(st.sampled_from(["leopard", "prey"]), number),
    ),
    max_size=4,
).map(tuple)


def seen(file: ImageFile, key: str = "", state: State = State.EMPTY) -> Prediction:
    return Prediction(
        file.path,
        state,
        0.9,
        {"empty": 0.9},
        content_key=key or file.relative_path,
        width=64,
        height=48,
    )


# -- opening


def test_a_folder_without_a_ledger_is_not_a_season(tmp_path: Path) -> None:
    with pytest.raises(SeasonError, match=r"not a season.*camtrap run CARD"):
        Ledger(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_season_is_made_with_its_folders(tmp_path: Path) -> None:
    season = tmp_path / "сезоны" / "2026"
    with Ledger(season, create=True) as ledger:
        assert ledger.totals() == Counter()
    with Ledger(season) as ledger:
        assert ledger.cards() == []


def test_a_ledger_of_a_newer_version_is_refused_and_left_as_it_is(season: Path) -> None:
    Ledger(season, create=True).close()
    with sqlite3.connect(season / LEDGER_NAME) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    db.close()
    with pytest.raises(SeasonError, match="newer camtrap"):
        Ledger(season)
    with sqlite3.connect(season / LEDGER_NAME) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.VERSION + 1,)
    db.close()


def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(season: Path) -> None:
    season.mkdir()
    (season / LEDGER_NAME).write_bytes(
        b"Somebody's own notes, longer than a header of SQLite." * 20
    )
    before = (season / LEDGER_NAME).read_bytes()
    with pytest.raises(SeasonError, match="cannot be opened"):
        Ledger(season)
    assert (season / LEDGER_NAME).read_bytes() == before


def test_a_file_in_the_place_of_the_season_is_told(tmp_path: Path) -> None:
    (tmp_path / "season").write_text("a file")
    with pytest.raises(SeasonError, match="cannot be opened"):
        Ledger(tmp_path / "season", create=True)


@not_root
def test_a_season_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SeasonError, match="choose another with --out"):
            Ledger(tmp_path / "season", create=True)
    finally:
        tmp_path.chmod(0o700)


def test_another_program_that_writes_is_told_not_shown_as_a_crash(
    ledger: Ledger, season: Path
) -> None:
    ledger._db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(season / LEDGER_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SeasonError, match="no other camtrap writes there"):
        ledger.add_card("A", CARD)
    other.execute("ROLLBACK")
    other.close()
    assert ledger.add_card("A", CARD).name == "A"


# -- cards


def test_two_cards_of_one_name_get_numbers(ledger: Ledger) -> None:
    names = [ledger.add_card("100RECNX", Path(f"/cards/{n}")).name for n in range(3)]
    assert names == ["100RECNX", "100RECNX (2)", "100RECNX (3)"]
    assert [card.name for card in ledger.cards()] == names


def test_a_card_that_moved_keeps_its_name_and_files(ledger: Ledger) -> None:
    card = ledger.add_card("A", Path("E:/"))
    ledger.register(card, listed(Path("E:/"), 2))
    moved = ledger.move_card(card, Path("/media/card"))
    assert ledger.cards() == [moved]
    assert [file.card for file in ledger.pending(moved)] == [Path("/media/card")] * 2


@linux_only
def test_a_card_whose_folder_is_not_utf_8_is_found_again(ledger: Ledger) -> None:
    root = Path(os.fsdecode(b"/media/\xea\xe0\xf0\xf2\xe0"))
    card = ledger.add_card(root.name, root)
    assert card.name == "\\xea\\xe0\\xf0\\xf2\\xe0"
    assert ledger.cards()[0].root == root
    ledger.register(card, listed(root, 1))
    assert [entry.root for entry in ledger.entries()] == [root]
    assert ledger.move_card(card, root / "DCIM") == ledger.cards()[0]


# -- recording


def test_what_was_recorded_is_there_when_the_season_is_opened_again(season: Path) -> None:
    [file] = listed(CARD, 1)
    found = Detection("leopard", 0.91, Box(0.1, 0.2, 0.3, 0.4), 0.77, {"leopard": 0.91})
    said = Prediction(
        path=file.path,
        state=State.LEOPARD,
        confidence=0.91,
        probabilities={"leopard": 0.91, "empty": 0.09},
        detections=(found,),
        capture=FULL,
        content_key="ab" * 20,
        width=4000,
        height=3000,
        infrared=False,
    )
    with Ledger(season, create=True) as ledger:
        card = ledger.add_card("A", CARD)
        ledger.register(card, [file])
        assert ledger.record(card, new_run(ledger), [(file, said)]) == [said]
    with Ledger(season) as ledger:
        [entry] = ledger.entries()
    assert (entry.state, entry.confidence, entry.probabilities) == (
        State.LEOPARD,
        0.91,
        said.probabilities,
    )
    assert (entry.capture, entry.detections) == (FULL, (found,))
    assert (entry.width, entry.height, entry.infrared) == (4000, 3000, False)
    assert (entry.card, entry.path, entry.run_id) == ("A", file.path, 1)


def test_a_commit_does_not_wait_for_the_end(ledger: Ledger, season: Path) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2)
    ledger.register(card, files)
    ledger.record(card, new_run(ledger), [(files[0], seen(files[0]))])
    with Ledger(season) as other:  # as after a power cut: the first connection was never closed
        assert other.totals() == {State.EMPTY: 1, State.PENDING: 1}


def test_an_error_in_the_middle_leaves_nothing_of_the_batch(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 3)
    ledger.register(card, files)
    run = new_run(ledger)

    def results() -> Iterator[tuple[ImageFile, Prediction]]:
        yield files[0], seen(files[0])
        yield files[1], seen(files[1])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.record(card, run, results())
    assert ledger.totals() == {State.PENDING: 3}
    ledger.record(card, run, [(file, seen(file)) for file in files])
    assert ledger.totals() == {State.EMPTY: 3}


def test_a_file_that_was_never_registered_cannot_be_recorded(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    known, strange = listed(CARD, 2)
    ledger.register(card, [known])
    with pytest.raises(SeasonError, match="does not know"):
        ledger.record(card, new_run(ledger), [(known, seen(known)), (strange, seen(strange))])
    assert ledger.totals() == {State.PENDING: 1}


def test_recording_a_file_twice_keeps_the_last_word(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    found = tuple(Detection("prey", 0.9, Box(0, 0, 1, 1), 0.8) for _ in range(2))
    first = replace(seen(file, state=State.PREY), detections=found)
    for said in (first, replace(first, detections=found[:1])):
        ledger.record(card, new_run(ledger), [(file, said)])
        [entry] = ledger.entries()
        assert (entry.state, entry.detections) == (State.PREY, said.detections)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), detections), max_size=12))
def test_every_file_has_its_own_detections(
    rows: list[tuple[int, bool, tuple[Detection, ...]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder), create=True) as ledger:
        cards = [ledger.add_card(name, Path(f"/cards/{name}")) for name in "CAB"]
        run = new_run(ledger)
        expected = {}
        for index, (place, looked_at, found) in reversed(list(enumerate(rows))):
            card = cards[place]
            file = ImageFile(card.root, f"{index}.jpg", 1, 1)
            ledger.register(card, [file])
            if looked_at:
                said = replace(seen(file, f"key {index}"), detections=found)
                ledger.record(card, run, [(file, said)])
            expected[card.name, file.relative_path] = found if looked_at else ()
        entries = list(ledger.entries())
        assert {(e.card, e.relative_path): e.detections for e in entries} == expected
        order = [(e.card, e.relative_path) for e in entries]
        assert order == sorted(order, key=lambda place: ("CAB".index(place[0]), place[1]))


@pytest.mark.parametrize("clip", [None, Clip(3.0, 1.0, 3)], ids=["pictures", "clips"])
@pytest.mark.parametrize("states", [frozenset(State), frozenset({State.PENDING, State.PREY})])
def test_entries_stream_in_the_order_of_an_index(
    ledger: Ledger, states: frozenset[State], clip: Clip | None
) -> None:
    """A season of a million files must not be sorted in memory each time that it is read."""
    queries: list[str] = []
    card = ledger.add_card("A", CARD)
    [file] = files = listed(CARD, 1)
    ledger.register(card, files)
    ledger.record(card, new_run(ledger), [(file, replace(seen(file, "", State.PREY), clip=clip))])
    ledger._db.set_trace_callback(queries.append)
    assert len(list(ledger.entries(states))) == len(list(ledger.glimpses())) == 1
    ledger._db.set_trace_callback(None)
    queries = [query for query in queries if "FROM file" in query]
    assert len(queries) == 3
    for query in queries:
        plan = [row["detail"] for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {query}")]
        assert not any("TEMP B-TREE" in step for step in plan), plan


def test_entries_of_some_states_are_those_of_all_that_have_them(ledger: Ledger) -> None:
    for name in "AB":
        card = ledger.add_card(name, Path(f"/cards/{name}"))
        files = listed(card.root, 6)
        ledger.register(card, files)
        box = Detection("prey", 0.9, Box(0, 0, 1, 1), 0.8)
        said = [seen(file, f"{name} {file.relative_path}", State.PREY) for file in files[:4]]
        said = [replace(each, detections=(box,) * n) for n, each in enumerate(said)]
        said[1] = replace(said[1], state=State.EMPTY)
        ledger.record(card, new_run(ledger), list(zip(files, said, strict=False)))
    entries = list(ledger.entries())
    assert [len(entry.detections) for entry in entries] == [0, 1, 2, 3, 0, 0] * 2
    for states in ({State.PREY}, {State.EMPTY, State.PENDING}, set[State]()):
        found = list(ledger.entries(states))
        assert found == [entry for entry in entries if entry.state in states]
    assert [ledger.entry(entry.file_id) for entry in entries] == entries


def test_a_file_number_that_is_none_is_told(ledger: Ledger) -> None:
    with pytest.raises(SeasonError, match="does not know a file number 7"):
        ledger.entry(7)


def test_a_glimpse_tells_what_the_entry_tells(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2)
    ledger.register(card, files)
    ledger.record(card, new_run(ledger), [(files[0], replace(seen(files[0]), capture=FULL))])
    first, second = ledger.glimpses()
    assert first == ("A", files[0].relative_path, "empty", "exif", "2026-02-03T23:59:58.250000")
    assert second == ("A", files[1].relative_path, "pending", None, None)


def test_totals_count_every_card(ledger: Ledger) -> None:
    for name in "AB":
        card = ledger.add_card(name, Path(f"/cards/{name}"))
        ledger.register(card, listed(card.root, 2))
    assert ledger.totals() == {State.PENDING: 4}


# -- runs


def test_a_run_is_kept_with_its_settings_and_its_end(ledger: Ledger) -> None:
    first = ledger.start_run({"model": {"id": "ирбис"}, "thresholds": {"leopard": 0.3}})
    second = ledger.start_run({})
    ledger.finish_run(second)
    runs = ledger.runs()
    assert [run["run_id"] for run in runs] == [first, second]
    assert runs[0]["settings"] == {"model": {"id": "ирбис"}, "thresholds": {"leopard": 0.3}}
    assert runs[0]["finished_at"] is None
    assert runs[1]["finished_at"] >= runs[1]["started_at"]
    assert runs[1]["started_at"].endswith("Z")


def test_a_run_tells_of_how_many_files_it_had_the_last_word(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 3)
    ledger.register(card, files)
    run = new_run(ledger)
    ledger.record(card, run, [(file, seen(file)) for file in files[:2]])
    new_run(ledger)
    assert [run["files"] for run in ledger.runs()] == [2, 0]
    notes = [{key: run[key] for key in run if key != "files"} for run in ledger.runs()]
    assert ledger.run_notes() == notes
