"""People's words on files: all are kept, the newest counts, and a new picture has none."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.errors import SeasonError
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.schema import LEDGER_NAME, VERSION
from camtrap.ledger.store import Ledger
from camtrap.records import Prediction, State
from tests.cards import listed, new_run

CARD = Path("/cards/A")


@pytest.fixture
def reviewed(ledger: Ledger) -> Ledger:
    """A ledger of three files that a model called empty."""
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 3)
    ledger.register(card, files)
    said = [(f, Prediction(f.path, State.EMPTY, content_key=f.relative_path)) for f in files]
    ledger.record(card, new_run(ledger), said)
    return ledger


def test_a_season_that_nobody_reviewed_has_none_and_stays_as_it_is(reviewed: Ledger) -> None:
    assert reviews(reviewed.season) == {}
    with sqlite3.connect(reviewed.season / LEDGER_NAME) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'review'").fetchone() is None


def test_the_newest_word_counts_and_none_is_deleted(reviewed: Ledger) -> None:
    add_review(reviewed.season, 1, "prey", species="косуля", reviewer="Ольга")
    last = add_review(reviewed.season, 1, "leopard", reviewer="Li")
    add_review(reviewed.season, 3, "unsure")
    found = reviews(reviewed.season)
    assert found[1] == last
    assert (last.label, last.species, last.reviewer) == ("leopard", "", "Li")
    assert last.reviewed_at.endswith("Z")
    assert {number: review.label for number, review in found.items()} == {
        1: "leopard",
        3: "unsure",
    }
    with sqlite3.connect(reviewed.season / LEDGER_NAME) as db:
        assert db.execute("SELECT count(*) FROM review").fetchone() == (3,)


def test_the_ledger_keeps_its_version_and_its_states(reviewed: Ledger) -> None:
    before = list(reviewed.entries())
    add_review(reviewed.season, 2, "leopard")
    assert list(reviewed.entries()) == before
    with sqlite3.connect(reviewed.season / LEDGER_NAME) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_new_picture_under_an_old_name_has_not_been_reviewed(reviewed: Ledger) -> None:
    add_review(reviewed.season, 1, "leopard")
    add_review(reviewed.season, 2, "prey")
    [card] = reviewed.cards()
    changed = replace(listed(CARD, 1)[0], size=5)
    reviewed.register(card, [changed])
    said = Prediction(changed.path, State.PREY, content_key="another")
    reviewed.record(card, new_run(reviewed), [(changed, said)])
    assert list(reviews(reviewed.season)) == [2]


def test_a_review_before_the_run_holds_after_it(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    add_review(ledger.season, 1, "leopard")
    said = Prediction(file.path, State.EMPTY, content_key="a")
    ledger.record(card, new_run(ledger), [(file, said)])
    assert reviews(ledger.season)[1].label == "leopard"


def test_what_is_no_label_no_file_and_no_season_is_refused(
    reviewed: Ledger, tmp_path: Path
) -> None:
    with pytest.raises(SeasonError, match="'roe' is no label"):
        add_review(reviewed.season, 1, "roe")
    with pytest.raises(SeasonError, match="file number 99"):
        add_review(reviewed.season, 99, "prey")
    with pytest.raises(SeasonError, match="is not a season"):
        reviews(tmp_path)
    assert reviews(reviewed.season) == {}
