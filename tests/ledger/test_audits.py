"""Audits in the ledger: written whole, read as they were, and known to what outputs are made of."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.errors import SeasonError
from camtrap.ledger.audits import (
    Begun,
    Draw,
    Picture,
    add_draw,
    changed_files,
    draws,
    last_audit,
    pictures,
    words_until,
)
from camtrap.ledger.decisions import decide, undo
from camtrap.ledger.exported import fingerprint
from camtrap.ledger.reviews import add_review
from camtrap.ledger.schema import LEDGER_NAME, VERSION
from camtrap.ledger.store import Ledger
from camtrap.records import Prediction, State
from tests.cards import listed, new_run

CARD = Path("/cards/A")
NEW = Begun(0, "animal", 7, 2, 3, "")
STRATA = ((((("ручей", 0), ("ручей", 2)), 40, 3)), ((("ridge", 1),), 20, 1))
DRAW = Draw(0, "", 0.95, None, 0, {"empty": 60}, STRATA, ((1, 5), (3, 9)))
SAMPLE = [Picture(1, 1, 0, 0, "000000.JPG"), Picture(2, 1, None, None, "000001.JPG")]


@pytest.fixture
def audited(ledger: Ledger) -> Path:
    """A season of four files that a model called empty."""
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 4)
    ledger.register(card, files)
    said = [(f, Prediction(f.path, State.EMPTY, content_key=f.relative_path)) for f in files]
    ledger.record(card, new_run(ledger), said)
    return ledger.season


def test_what_is_written_is_read(audited: Path) -> None:
    assert last_audit(audited) is None
    begun = add_draw(audited, NEW, DRAW, SAMPLE)
    assert begun == replace(NEW, audit_id=1, started_at=begun.started_at)
    assert begun.started_at.endswith("Z")
    assert last_audit(audited) == last_audit(audited, "animal") == begun
    assert last_audit(audited, "leopard") is None
    [draw] = draws(audited, begun)
    assert replace(draw, draw_id=0, drawn_at="") == DRAW
    assert pictures(audited, draw) == SAMPLE


def test_a_later_draw_stands_beside_the_first(audited: Path) -> None:
    begun = add_draw(audited, NEW, DRAW, SAMPLE[:1])
    assert add_draw(audited, begun, replace(DRAW, wish=9, looked=1), SAMPLE) == begun
    first, second = draws(audited, begun)
    assert (len(pictures(audited, first)), len(pictures(audited, second))) == (1, 2)
    assert (second.wish, second.looked) == (9, 1)


def test_the_audit_that_was_drawn_last_is_the_last(audited: Path) -> None:
    one = add_draw(audited, NEW, DRAW, SAMPLE)
    other = add_draw(audited, replace(NEW, target="leopard"), DRAW, SAMPLE)
    assert last_audit(audited) == other
    add_draw(audited, one, DRAW, SAMPLE)
    assert last_audit(audited) == one


def test_a_draw_that_cannot_be_written_leaves_nothing(audited: Path) -> None:
    with pytest.raises(SeasonError, match="cannot be written"):
        add_draw(audited, NEW, DRAW, [*SAMPLE, SAMPLE[0]])
    assert last_audit(audited) is None


def test_the_ledger_keeps_its_version(audited: Path) -> None:
    add_draw(audited, NEW, DRAW, SAMPLE)
    with sqlite3.connect(audited / LEDGER_NAME) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_outputs_are_no_longer_true_after_a_draw(audited: Path, ledger: Ledger) -> None:
    before = fingerprint(ledger, {})
    begun = add_draw(audited, NEW, DRAW, SAMPLE)
    after = fingerprint(ledger, {})
    assert before != after != ""
    add_draw(audited, begun, DRAW, SAMPLE)
    assert fingerprint(ledger, {}) not in ("", before, after)


def test_other_pictures_under_drawn_names_are_known(audited: Path, ledger: Ledger) -> None:
    begun = add_draw(audited, NEW, DRAW, SAMPLE)
    [draw] = draws(audited, begun)
    assert changed_files(audited, draw) == set()
    with ledger.writing():
        ledger.db.execute("UPDATE file SET content_key = 'new' WHERE file_id IN (2, 3)")
    assert changed_files(audited, draw) == {2}


def test_words_are_those_up_to_a_review(audited: Path, ledger: Ledger) -> None:
    assert words_until(audited) == ({}, 0)
    add_review(audited, 1, "prey")
    add_review(audited, 1, "empty")
    add_review(audited, 2, "leopard")
    assert words_until(audited) == ({1: "empty", 2: "leopard"}, 3)
    assert words_until(audited, 1) == ({1: "prey"}, 1)
    with ledger.writing():
        ledger.db.execute("UPDATE file SET content_key = 'new' WHERE file_id = 2")
    assert words_until(audited)[0] == {1: "empty"}


def test_words_that_were_taken_back_do_not_count(audited: Path) -> None:
    decide(audited, {3: 0}, "prey", reviewer="Li")
    assert words_until(audited)[0] == {3: "prey"}
    undo(audited, reviewer="Li")
    assert words_until(audited)[0] == {}
