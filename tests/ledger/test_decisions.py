"""Decisions: on all files or on none, never over another's word unseen, and taken back in turn."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.events.frames import placing
from camtrap.ledger.check import check
from camtrap.ledger.decisions import (
    DecisionConflict,
    Mark,
    UnknownFile,
    Word,
    decide,
    reviewers,
    undo,
    words_on,
    words_since,
)
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import LABELS, Prediction, State
from tests.cards import listed, new_run

CARD = Path("/cards/A")
FILES = 4


def filled(season: Path) -> Path:
    """A season of a few files that a model called empty."""
    with Ledger(season, create=True) as ledger:
        card = ledger.add_card("A", CARD)
        files = listed(CARD, FILES)
        ledger.register(card, files)
        chances = {"empty": 1.0}
        said = [
            (f, Prediction(f.path, State.EMPTY, 1.0, chances, content_key=f.relative_path))
            for f in files
        ]
        ledger.record(card, new_run(ledger), said)
    return season


@pytest.fixture
def season(tmp_path: Path) -> Path:
    return filled(tmp_path / "season")


def labels(season: Path) -> dict[int, str]:
    return {number: review.label for number, review in reviews(season).items()}


def test_a_decision_is_of_all_its_files_with_one_batch(season: Path) -> None:
    done = decide(season, {1: 0, 2: 0}, "prey", reviewer="Ольга", species="косуля")
    assert labels(season) == {1: "prey", 2: "prey"}
    assert {word.batch for word in done.words.values()} == {done.batch}
    assert reviews(season)[1].species == "косуля"
    assert reviewers(season) == ["Ольга"]


def test_another_word_in_between_stops_all_of_it(season: Path) -> None:
    first = decide(season, {2: 0}, "prey", reviewer="Li")
    with pytest.raises(DecisionConflict) as caught:
        decide(season, {1: 0, 2: 0}, "leopard", reviewer="Ольга")
    assert caught.value.words == {2: first.words[2]}
    assert labels(season) == {2: "prey"}


def test_who_has_seen_the_other_word_may_overrule_it(season: Path) -> None:
    seen = decide(season, {2: 0}, "prey", reviewer="Li").words[2].version
    decide(season, {2: seen}, "leopard", reviewer="Ольга")
    assert labels(season) == {2: "leopard"}


def test_a_word_taken_back_in_between_is_a_conflict_too(season: Path) -> None:
    seen = decide(season, {2: 0}, "prey", reviewer="Li").words[2].version
    undo(season, reviewer="Li")
    with pytest.raises(DecisionConflict) as caught:
        decide(season, {2: seen}, "leopard", reviewer="Ольга")
    assert caught.value.words == {2: None}


def test_the_same_decision_sent_twice_is_one(season: Path) -> None:
    first = decide(season, {1: 0, 2: 0}, "prey", reviewer="Li")
    again = decide(season, {1: 0, 2: 0}, "prey", reviewer="Li")
    assert again == first
    undo(season, reviewer="Li")
    assert labels(season) == {}


def test_undo_goes_back_to_any_depth_and_deletes_nothing(season: Path) -> None:
    first = decide(season, {1: 0}, "prey", reviewer="Li").words[1].version
    second = decide(season, {1: first}, "leopard", reviewer="Li").words[1].version
    decide(season, {1: second, 2: 0}, "other", reviewer="Li")
    back = undo(season, reviewer="Li")
    assert {n: word and word.label for n, word in back.words.items()} == {1: "leopard", 2: None}
    assert labels(season) == {1: "leopard"}
    undo(season, reviewer="Li")
    assert labels(season) == {1: "prey"}
    undo(season, reviewer="Li")
    assert labels(season) == {}
    assert undo(season, reviewer="Li").words == {}
    with sqlite3.connect(season / LEDGER_NAME) as db:
        assert db.execute("SELECT count(*), count(undone_at) FROM review").fetchone() == (4, 4)


def test_one_person_takes_back_only_their_own(season: Path) -> None:
    seen = decide(season, {1: 0}, "prey", reviewer="Li").words[1].version
    decide(season, {1: seen}, "leopard", reviewer="Ольга")
    undo(season, reviewer="Li")
    assert labels(season) == {1: "leopard"}
    undo(season, reviewer="Ольга")
    assert labels(season) == {}


def test_an_undo_that_is_sent_again_takes_back_no_more(season: Path) -> None:
    decide(season, {1: 0}, "prey", reviewer="Li")
    batch = decide(season, {2: 0}, "prey", reviewer="Li").batch
    assert undo(season, reviewer="Li", batch=batch).batch == batch
    assert undo(season, reviewer="Li", batch=batch).words == {}
    assert labels(season) == {1: "prey"}


def test_of_two_at_the_same_moment_one_is_saved(season: Path) -> None:
    start = threading.Barrier(4)

    def decided(number: int) -> str:
        start.wait()
        try:
            decide(season, {1: 0, 2: 0}, LABELS[number], reviewer=f"person {number}")
        except DecisionConflict as conflict:
            assert conflict.words.keys() == {1, 2}
            return ""
        return LABELS[number]

    with ThreadPoolExecutor(4) as pool:
        [saved] = filter(None, pool.map(decided, range(4)))
    assert labels(season) == {1: saved, 2: saved}


def test_what_came_from_elsewhere_is_not_taken_back(season: Path) -> None:
    add_review(season, 1, "prey", reviewer="Li")
    assert undo(season, reviewer="Li").words == {}
    assert labels(season) == {1: "prey"}


def test_what_cannot_be_is_refused_and_nothing_is_saved(season: Path) -> None:
    with pytest.raises(SeasonError, match="no label"):
        decide(season, {1: 0}, "roe", reviewer="Li")
    with pytest.raises(UnknownFile, match="number 99"):
        decide(season, {1: 0, 99: 0}, "prey", reviewer="Li")
    with pytest.raises(SeasonError, match="one file"):
        decide(season, {}, "prey", reviewer="Li")
    assert labels(season) == {}


def test_outputs_and_the_check_follow_what_was_taken_back(season: Path) -> None:
    decide(season, {1: 0}, "leopard", reviewer="Li")
    with Ledger(season) as ledger:
        assert next(frame.label for frame in placing(ledger).frames(ledger)) is State.LEOPARD
        undo(season, reviewer="Li")
        assert next(frame.label for frame in placing(ledger).frames(ledger)) is State.EMPTY
        assert check(ledger) == []


def test_half_of_a_decision_taken_back_is_a_fault(season: Path) -> None:
    decide(season, {1: 0, 2: 0}, "leopard", reviewer="Li")
    with sqlite3.connect(season / LEDGER_NAME) as db:
        db.execute("UPDATE review SET undone_at = 'x', undo_number = 1 WHERE file_id = 1")
    with Ledger(season) as ledger:
        [problem] = check(ledger)
    assert problem.kind == "decisions taken back in part"
    assert "Li" in problem.examples[0]


def old_table(season: Path) -> None:
    """The table as it was before decisions, with one word in it."""
    with sqlite3.connect(season / LEDGER_NAME) as db:
        db.execute(
            "CREATE TABLE review (review_id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL"
            " REFERENCES file, label TEXT NOT NULL, species TEXT NOT NULL DEFAULT '', reviewer TEXT"
            " NOT NULL DEFAULT '', reviewed_at TEXT NOT NULL, content_key TEXT NOT NULL DEFAULT '')"
        )
        db.execute("INSERT INTO review VALUES (1, 1, 'prey', '', 'Li', '2026-01-01T00:00:00Z', '')")


def test_an_older_table_is_read_as_it_is_and_grows_with_the_first_word(season: Path) -> None:
    old_table(season)
    before = (season / LEDGER_NAME).read_bytes()
    assert labels(season) == {1: "prey"}
    assert words_on(season, [1])[1] == Word(
        1, 1, "prey", "", "Li", "2026-01-01T00:00:00Z", True, ""
    )
    assert words_since(season, Mark())[1].keys() == {1}
    assert reviewers(season) == ["Li"]
    with Ledger(season) as ledger:
        assert check(ledger) == []
    assert (season / LEDGER_NAME).read_bytes() == before
    decide(season, {1: 1}, "leopard", reviewer="Ольга")
    assert labels(season) == {1: "leopard"}
    undo(season, reviewer="Ольга")
    assert labels(season) == {1: "prey"}
    assert undo(season, reviewer="Li").words == {}


def test_words_are_fetched_in_parts_until_nothing_is_new(
    season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camtrap.ledger.decisions._PART", 2)
    for number in range(1, FILES + 1):
        decide(season, {number: 0}, "prey", reviewer="Li")
    known: dict[int, Word | None] = {}
    mark, parts = Mark(), 0
    while True:
        after, words = words_since(season, mark)
        known |= words
        if after == mark:
            break
        mark, parts = after, parts + 1
    assert known.keys() == set(range(1, FILES + 1)) and parts == 2
    undo(season, reviewer="Li")
    mark, words = words_since(season, mark)
    assert words == {FILES: None}
    assert words_since(season, mark) == (mark, {})


REVIEWERS = ("Ольга", "Li")
Step = tuple[str, str, frozenset[int], str, bool]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("decide", "undo")),
        st.sampled_from(REVIEWERS),
        st.frozensets(st.integers(1, FILES), min_size=1),
        st.sampled_from(("leopard", "prey", "empty", "unsure")),
        st.booleans(),
    ),
    max_size=14,
)


class Model:
    """The same in a few lines: a pile of decisions, of which some are taken back."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def newest(self, number: int) -> int:
        """The place of the newest decision on a file that stands, from 1; 0 for none."""
        places = [
            place
            for place, each in enumerate(self.said, 1)
            if number in each["files"] and not each["undone"]
        ]
        return max(places, default=0)

    def labels(self) -> dict[int, str]:
        found = {n: self.newest(n) for n in range(1, FILES + 1)}
        return {n: self.said[place - 1]["label"] for n, place in found.items() if place}

    def undo(self, reviewer: str) -> frozenset[int]:
        for each in reversed(self.said):
            if each["by"] == reviewer and not each["undone"]:
                each["undone"] = True
                return frozenset(each["files"])
        return frozenset()


@settings(max_examples=40)
@given(STEPS)
def test_any_decisions_and_undoes_of_two_people_equal_the_model(steps: list[Step]) -> None:
    model, seen = Model(), dict.fromkeys(range(1, FILES + 1), 0)
    with TemporaryDirectory() as folder:
        season = filled(Path(folder) / "season")
        mark, followed = Mark(), dict[int, str]()
        for kind, reviewer, files, label, looks in steps:
            if looks:  # at what stands; else what was seen last is what a person goes by
                seen = _versions(season)
            if kind == "undo":
                assert undo(season, reviewer=reviewer).words.keys() == model.undo(reviewer)
            else:
                now = _versions(season)
                expected = {number: seen[number] for number in files}
                fresh = all(seen[number] == now[number] for number in files)
                newest = {model.newest(number) for number in files}
                last = model.said[max(newest) - 1] if max(newest) else None
                told_already = (
                    len(newest) == 1
                    and last is not None
                    and ((last["by"], last["label"]) == (reviewer, label))
                )
                if fresh:
                    decide(season, expected, label, reviewer=reviewer)
                    model.said.append(
                        {"by": reviewer, "label": label, "files": files, "undone": False}
                    )
                elif told_already:
                    decide(season, expected, label, reviewer=reviewer)
                else:
                    with pytest.raises(DecisionConflict):
                        decide(season, expected, label, reviewer=reviewer)
            assert labels(season) == model.labels()
            mark, words = words_since(season, mark)
            for number, word in words.items():
                followed.pop(number, None)
                if word is not None:
                    followed[number] = word.label
            assert followed == model.labels()
        with Ledger(season) as ledger:
            assert check(ledger) == []


def _versions(season: Path) -> dict[int, int]:
    found = words_on(season, range(1, FILES + 1))
    return {n: found[n].version if n in found else 0 for n in range(1, FILES + 1)}
