"""Words on single animals: the newest counts, none is replaced unseen, none outlives its box."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.ledger import individuals as module
from camtrap.ledger.check import check
from camtrap.ledger.exported import fingerprint
from camtrap.ledger.individuals import (
    FLANKS,
    NO_BOX,
    IndividualConflict,
    UnknownCrop,
    individuals,
    name,
    say,
    set_flanks,
    undo,
)
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import Box, Detection, Prediction, State
from tests.cards import listed, new_run

CARD = Path("/cards/A")
FILES = 3
LEFT_ONE, RIGHT_ONE = Box(0.1, 0.2, 0.3, 0.4), Box(0.6, 0.2, 0.3, 0.4)


def said_by_model(season: Path, *boxes: Box, keys: str = "key") -> None:
    """Let a model look at every file and see these boxes."""
    with Ledger(season) as ledger:
        [card] = ledger.cards()
        files = listed(CARD, FILES)
        found = tuple(Detection("leopard", 0.9, box, 0.8) for box in boxes)
        results = [
            (f, Prediction(f.path, State.LEOPARD, 1.0, {"leopard": 1.0}, found, content_key=key))
            for number, f in enumerate(files)
            for key in [f"{keys} {number}"]
        ]
        ledger.record(card, new_run(ledger), results)


def filled(season: Path) -> Path:
    """A season of a few files, two leopards in each."""
    with Ledger(season, create=True) as ledger:
        card = ledger.add_card("A", CARD)
        ledger.register(card, listed(CARD, FILES))
    said_by_model(season, LEFT_ONE, RIGHT_ONE)
    return season


@pytest.fixture
def season(tmp_path: Path) -> Path:
    return filled(tmp_path / "season")


def named(season: Path) -> dict[tuple[int, int], str]:
    return {crop: said.individual_id for crop, said in individuals(season).items()}


def sql(season: Path, statement: str, *values: Any) -> list[Any]:
    with sqlite3.connect(season / LEDGER_NAME) as db:
        rows = db.execute(statement, values).fetchall()
    db.close()
    return rows


def test_nobody_has_said_anything_and_no_table_is_made_by_asking(season: Path) -> None:
    assert individuals(season) == {} == undo(season, reviewer="Li")
    assert sql(season, "SELECT 1 FROM sqlite_master WHERE name = 'individual'") == []


def test_an_event_s_pictures_get_a_name_in_one_batch(season: Path) -> None:
    done = name(season, [(1, 0), (2, 0)], "  Narva \n", reviewer="Ольга")
    assert named(season) == {(1, 0): "Narva", (2, 0): "Narva"}
    assert done.said == individuals(season)
    assert {said.named_by for said in done.said.values()} == {"Ольга"}
    assert len(sql(season, "SELECT DISTINCT batch FROM individual")) == 1


def test_name_and_flank_are_told_apart_and_each_by_whom(season: Path) -> None:
    name(season, [(1, 0)], "Narva", reviewer="Ольга")
    set_flanks(season, {(1, 0): "left", (1, 1): "right"}, reviewer="Li")
    said = individuals(season)
    assert (said[1, 0].individual_id, said[1, 0].named_by) == ("Narva", "Ольга")
    assert (said[1, 0].flank, said[1, 0].flank_by) == ("left", "Li")
    assert (said[1, 1].individual_id, said[1, 1].flank) == ("", "right")


def test_the_newest_word_counts_and_the_older_ones_stay(season: Path) -> None:
    for text in ("Narva", "Bary", ""):
        name(season, [(1, 0)], text, reviewer="Li")
    assert named(season) == {(1, 0): ""}
    assert [row[0] for row in sql(season, "SELECT individual_id FROM individual")] == [
        "Narva",
        "Bary",
        "",
    ]


def test_what_is_said_already_adds_no_word(season: Path) -> None:
    first = say(season, {(1, 0): "Narva"}, {(1, 0): "left"}, reviewer="Li")
    again = say(season, {(1, 0): "Narva"}, {(1, 0): "left"}, reviewer="Ольга")
    assert (again.said, again.batch) == (first.said, "")
    assert name(season, [(2, 0)], "", reviewer="Li").batch == ""
    assert len(sql(season, "SELECT * FROM individual")) == 1


def test_another_s_word_is_not_replaced_unseen_and_then_nothing_is_saved(season: Path) -> None:
    theirs = name(season, [(2, 0)], "Narva", reviewer="Li").said
    with pytest.raises(IndividualConflict) as caught:
        name(season, [(1, 0), (2, 0)], "Bary", reviewer="Ольга")
    assert caught.value.said == theirs
    assert named(season) == {(2, 0): "Narva"}
    with pytest.raises(IndividualConflict):
        set_flanks(season, {(2, 0): "left"}, reviewer="Ольга", seen={(2, 0): 0})
    # Flank and name are two things: who tells the one replaces nothing of the other.
    set_flanks(season, {(2, 0): "left"}, reviewer="Ольга")


def test_who_has_seen_it_may_overrule_it_until_something_new_is_said(season: Path) -> None:
    version = name(season, [(1, 0)], "Narva", reviewer="Li").said[1, 0].version
    seen = {(1, 0): version}
    name(season, [(1, 0)], "Bary", reviewer="Ольга", seen=seen)
    with pytest.raises(IndividualConflict):
        name(season, [(1, 0)], "Kerri", reviewer="Ольга", seen=seen)
    assert named(season) == {(1, 0): "Bary"}


def test_a_saying_is_taken_back_whole_and_what_was_before_counts_again(season: Path) -> None:
    name(season, [(1, 0)], "Narva", reviewer="Li")
    last = say(season, {(1, 0): "Bary", (2, 0): "Bary"}, {(1, 0): "left"}, reviewer="Li")
    assert undo(season, reviewer="Ольга") == {} == undo(season, reviewer="Li", batch="other")
    back = undo(season, reviewer="Li", batch=last.batch)
    assert {crop: said.individual_id for crop, said in back.items()} == {
        (1, 0): "Narva",
        (2, 0): "",
    }
    assert named(season) == {(1, 0): "Narva"}
    assert individuals(season)[1, 0].flank == "unknown"
    undo(season, reviewer="Li")
    assert individuals(season) == {} == undo(season, reviewer="Li")
    assert len(sql(season, "SELECT * FROM individual WHERE undone_at IS NOT NULL")) == 3


def test_another_picture_under_the_name_has_no_words(season: Path) -> None:
    name(season, [(1, 0)], "Narva", reviewer="Li")
    said_by_model(season, LEFT_ONE, RIGHT_ONE, keys="other")
    assert individuals(season) == {}


def test_words_follow_their_animal_when_a_model_draws_the_boxes_anew(season: Path) -> None:
    say(season, {(1, 0): "Narva", (1, 1): "Bary"}, {}, reviewer="Li")
    moved = RIGHT_ONE._replace(x=RIGHT_ONE.x + 0.02)
    said_by_model(season, moved, LEFT_ONE)
    assert named(season) == {(1, 0): "Bary", (1, 1): "Narva"}
    said_by_model(season, moved)
    assert named(season) == {(1, 0): "Bary"}
    said_by_model(season, LEFT_ONE, RIGHT_ONE)  # nothing was lost
    assert named(season) == {(1, 0): "Narva", (1, 1): "Bary"}


def test_a_leopard_without_a_box_has_its_picture(season: Path) -> None:
    name(season, [(1, NO_BOX)], "Narva", reviewer="Li")
    said_by_model(season)
    assert named(season) == {(1, NO_BOX): "Narva"}


@pytest.mark.parametrize("crop", [(99, 0), (99, NO_BOX), (1, 2), (1, -2)])
def test_what_is_not_there_has_no_name(season: Path, crop: tuple[int, int]) -> None:
    with pytest.raises(UnknownCrop):
        name(season, [(1, 0), crop], "Narva", reviewer="Li")
    assert individuals(season) == {}


@pytest.mark.parametrize(
    ("names", "flanks"), [({}, {(1, 0): "front"}), ({(1, 0): "x" * 61}, {}), ({(1, 0): "a\0"}, {})]
)
def test_what_cannot_be_meant_is_refused(season: Path, names: Any, flanks: Any) -> None:
    with pytest.raises(SeasonError):
        say(season, names, flanks, reviewer="Li")


def test_some_files_can_be_asked_for(season: Path) -> None:
    name(season, [(1, 0), (2, 0)], "Narva", reviewer="Li")
    assert set(individuals(season, [2, 3])) == {(2, 0)}
    assert individuals(season, []) == {}


def test_outputs_are_out_of_date_after_a_word_and_its_changes_can_be_taken_off(
    season: Path,
) -> None:
    def told() -> tuple[str, int, int]:
        with Ledger(season) as ledger:
            count = ledger.db.execute("SELECT count FROM change").fetchone()[0]
            return fingerprint(ledger, {}), count, module.changes(ledger.db)

    before, count, none = told()
    say(season, {(1, 0): "Narva", (2, 0): "Narva"}, {(2, 1): "left"}, reviewer="Li")
    undo(season, reviewer="Li")
    after, changed, ours = told()
    assert none == 0 and before and after and after != before
    assert changed - ours == count


def test_a_whole_ledger_has_no_fault_and_odd_words_are_found(season: Path) -> None:
    say(season, {(1, 0): "Narva", (2, 0): "Narva"}, {}, reviewer="Li")
    with Ledger(season) as ledger:
        assert check(ledger) == []
    sql(season, "UPDATE individual SET undone_at = 'now' WHERE file_id = 1")
    sql(season, "UPDATE individual SET file_id = 99 WHERE file_id = 2")
    with Ledger(season) as ledger:
        kinds = {problem.kind: problem for problem in check(ledger)}
    assert kinds["odd words on individuals"].count == 2
    assert kinds["odd words on individuals"].examples[0] == "word 2 of file 99"


crops = st.tuples(st.integers(1, FILES), st.integers(0, 1))
people = st.sampled_from(["Li", "Ольга"])
sayings = st.tuples(
    people,
    st.dictionaries(crops, st.sampled_from(["", "Narva", "Бары"]), max_size=3),
    st.dictionaries(crops, st.sampled_from(FLANKS), max_size=3),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(sayings, people), max_size=6))
def test_what_counts_is_what_was_said_last_and_not_taken_back(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        season = filled(Path(folder) / "season")
        told: list[tuple[str, dict[Any, str], dict[Any, str]]] = []
        for step in steps:
            if isinstance(step, str):
                mine = [place for place, one in enumerate(told) if one[0] == step]
                assert bool(undo(season, reviewer=step)) == bool(mine)
                if mine:
                    del told[mine[-1]]
                continue
            who, names, flanks = step
            seen = {crop: said.version for crop, said in individuals(season).items()}
            if say(season, names, flanks, reviewer=who, seen=seen).batch:
                before = _counting(told)
                new_names = {c: n for c, n in names.items() if before[0].get(c, "") != n}
                new = {c: f for c, f in flanks.items() if before[1].get(c, "unknown") != f}
                told.append((who, new_names, new))
        now = individuals(season)
        wanted = _counting(told)
        for crop in [(file, box) for file in range(1, FILES + 1) for box in (0, 1)]:
            said = now.get(crop)
            assert (said.individual_id if said else "") == wanted[0].get(crop, "")
            assert (said.flank if said else "unknown") == wanted[1].get(crop, "unknown")


def _counting(told: list[Any]) -> tuple[dict[Any, str], dict[Any, str]]:
    names: dict[Any, str] = {}
    flanks: dict[Any, str] = {}
    for _, some, others in told:
        names |= some
        flanks |= others
    return names, flanks
