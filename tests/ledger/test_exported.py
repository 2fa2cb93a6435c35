"""Outputs are written again when anything has changed that they are made of, and never else."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import camtrap
from camtrap.ledger import exported
from camtrap.ledger.exported import fingerprint, note, still_true
from camtrap.ledger.reconcile import reconcile
from camtrap.ledger.reviews import add_review
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import Prediction, State
from tests.cards import first_card, image_files, new_run, plain_card

Change = Callable[[Ledger, Path], object]
SETTINGS: dict[str, Any] = {"event_gap_minutes": 30.0, "excel": False}
REAL_PROGRAM = exported._program
ACCOUNT = {"files": 3, "states": {"empty": 3}, "events": 0}


def filled(season: Path, card: Path) -> Ledger:
    """A ledger of three files that were looked at."""
    ledger = Ledger(season, create=True)
    entry = ledger.add_card("card", card)
    files = image_files(card, sorted(str(p.relative_to(card)) for p in card.rglob("*.JPG")))
    ledger.register(entry, files)
    answers = [
        (file, Prediction(file.path, State.EMPTY, content_key=file.relative_path)) for file in files
    ]
    ledger.record(entry, new_run(ledger), answers)
    return ledger


@pytest.fixture(autouse=True)
def same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits the program while these tests run changes nothing for them."""
    monkeypatch.setattr(exported, "_program", lambda: "the same")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return plain_card(tmp_path / "card", 3)


@pytest.fixture
def written(season: Path, card: Path) -> Ledger:
    """A season with an output that is true."""
    ledger = filled(season, card)
    write(ledger)
    return ledger


def write(ledger: Ledger, settings: dict[str, Any] = SETTINGS) -> None:
    made_of = fingerprint(ledger, settings)
    path = ledger.season / "images.csv"
    path.write_bytes(b"image_id\n1\n")
    note(ledger, made_of, [path], ACCOUNT)


def is_true(ledger: Ledger, settings: dict[str, Any] = SETTINGS) -> bool:
    return still_true(ledger, fingerprint(ledger, settings)) is not None


def test_what_was_written_is_true_with_what_it_told(written: Ledger) -> None:
    assert still_true(written, fingerprint(written, SETTINGS)) == ACCOUNT


def test_it_stays_true_for_the_next_to_open_the_season(written: Ledger) -> None:
    written.close()
    with Ledger(written.season) as again:
        assert is_true(again)


def test_a_season_in_which_nothing_was_written_has_nothing_true(ledger: Ledger) -> None:
    assert not is_true(ledger)


def test_registering_a_card_as_it_was_changes_nothing(written: Ledger, card: Path) -> None:
    files = image_files(card, [e.relative_path for e in written.entries()])
    assert written.register(first_card(written), files).known == 3
    assert is_true(written)


def test_an_account_that_says_the_same_changes_nothing(written: Ledger, card: Path) -> None:
    reconcile(written, first_card(written), card, run_id=1)
    write(written)
    reconcile(written, first_card(written), card, run_id=1)
    assert is_true(written)


def _sql(statement: str) -> Change:
    def change(ledger: Ledger, card: Path) -> None:
        # As another program would: not through the ledger.
        db = sqlite3.connect(ledger.season / LEDGER_NAME)
        with db:
            db.execute(statement)
        db.close()

    return change


def _record(ledger: Ledger, card: Path) -> None:
    [file, *_] = image_files(card, [e.relative_path for e in ledger.entries()])
    said = Prediction(file.path, State.PREY, content_key=file.relative_path)
    ledger.record(first_card(ledger), 1, [(file, said)])


def _shorten(ledger: Ledger, card: Path) -> None:
    with (ledger.season / "images.csv").open("r+b") as stream:
        stream.truncate(5)


def _edit(ledger: Ledger, card: Path) -> None:
    """Another byte, with the size and time of before."""
    path = ledger.season / "images.csv"
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _count_again(ledger: Ledger, card: Path) -> None:
    next(card.rglob("*.JPG")).unlink()
    reconcile(ledger, first_card(ledger), card, run_id=1)


CHANGES: dict[str, Change] = {
    "a result": _record,
    "a run": lambda ledger, card: ledger.finish_run(1),
    "another card": lambda ledger, card: ledger.add_card("other", card),
    "a card's place": lambda ledger, card: ledger.move_card(first_card(ledger), card / "x"),
    "a review": lambda ledger, card: add_review(ledger.season, 1, "prey"),
    "a file's row": _sql("UPDATE file SET reason = 'x' WHERE file_id = 2"),
    "a detection": _sql("INSERT INTO detection VALUES (1, 0, 'prey', 1, 0, 0, 1, 1, 1, '{}')"),
    "a row less": _sql("DELETE FROM file WHERE file_id = 3"),
    "a table that nobody watches": _sql("CREATE TABLE station (name TEXT)"),
    "a trigger less": _sql("DROP TRIGGER file_update"),
    "no count": _sql("DELETE FROM change"),
    "an output deleted": lambda ledger, card: (ledger.season / "images.csv").unlink(),
    "an output cut": _shorten,
    "an output edited": _edit,
    "a card pulled": lambda ledger, card: shutil.rmtree(card),
    "a file less on the card": _count_again,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_makes_it_untrue(written: Ledger, card: Path, change: Change) -> None:
    change(written, card)
    assert not is_true(written)


def test_a_review_counts_in_a_season_that_had_reviews_before_they_were_watched(
    written: Ledger,
) -> None:
    add_review(written.season, 1, "prey")
    for event in ("insert", "update", "delete"):
        written.db.execute(f"DROP TRIGGER review_{event}")
    assert not is_true(written)
    add_review(written.season, 1, "other")
    write(written)
    assert is_true(written)
    add_review(written.season, 1, "prey")
    assert not is_true(written)


@pytest.mark.parametrize("key", SETTINGS)
def test_other_settings_make_it_untrue(written: Ledger, key: str) -> None:
    assert not is_true(written, {**SETTINGS, key: 5.0})


def test_another_version_makes_it_untrue(written: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camtrap, "__version__", "99.0")
    assert not is_true(written)


def test_a_changed_program_of_the_same_version_makes_it_untrue(
    written: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "camtrap"
    program.mkdir()
    (program / "__init__.py").write_text("one")
    monkeypatch.setattr(exported, "_program", REAL_PROGRAM)
    monkeypatch.setattr(camtrap, "__file__", str(program / "__init__.py"))
    write(written)
    assert is_true(written)
    (program / "__init__.py").write_text("other")
    assert not is_true(written)


def test_a_season_under_another_name_is_written_again(written: Ledger, tmp_path: Path) -> None:
    written.close()
    with Ledger(written.season.rename(tmp_path / "renamed")) as again:
        assert not is_true(again)


def test_what_changes_while_outputs_are_written_makes_them_untrue(written: Ledger) -> None:
    made_of = fingerprint(written, SETTINGS)
    add_review(written.season, 1, "prey")
    note(written, made_of, [written.season / "images.csv"], ACCOUNT)
    assert not is_true(written)


def test_a_change_that_was_taken_back_changes_nothing(written: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), written.writing():
        written.db.execute("UPDATE file SET reason = 'x'")
        raise ZeroDivisionError
    assert is_true(written)


@given(st.lists(st.sampled_from(["known", "record", "review", "write"]), max_size=8))
def test_it_is_true_exactly_when_nothing_came_after_the_last_writing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("exported")
    card = plain_card(folder / "card", 2)
    with filled(folder / "season", card) as ledger:
        entry: CardEntry = first_card(ledger)
        files = image_files(card, [e.relative_path for e in ledger.entries()])
        expected = False
        for step in steps:
            if step == "known":
                ledger.register(entry, files)
            elif step == "record":
                _record(ledger, card)
                expected = False
            elif step == "review":
                add_review(ledger.season, 1, "prey")
                expected = False
            else:
                write(ledger)
                expected = True
            assert is_true(ledger) is expected
