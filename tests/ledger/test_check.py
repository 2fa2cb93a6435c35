"""A whole ledger has no fault, and each fault that is put into one is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from camtrap.ledger.check import check
from camtrap.ledger.reviews import add_review
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import Box, Detection, Prediction, State
from tests.cards import listed, new_run

CARD = Path("/cards/A")
CHANCES = {"leopard": 0.9, "empty": 0.1}


@pytest.fixture
def full(ledger: Ledger) -> Ledger:
    """A ledger of six files: leopard, its twin, empty, unreadable, and two that wait."""
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 6)
    ledger.register(card, files)
    box = Detection("leopard", 0.9, Box(0, 0, 1, 1), 0.8)
    said = [
        Prediction(CARD, State.LEOPARD, 0.9, CHANCES, (box,), content_key="k"),
        Prediction(CARD, State.LEOPARD, 0.9, CHANCES, (box,), content_key="k"),
        Prediction(CARD, State.EMPTY, 0.9, {"empty": 0.9995}, content_key="e"),
        Prediction(CARD, State.UNREADABLE, content_key="u", reason="no picture"),
    ]
    ledger.record(card, new_run(ledger), list(zip(files, said, strict=False)))
    add_review(ledger.season, 1, "leopard")
    return ledger


def test_a_whole_ledger_has_no_fault(full: Ledger) -> None:
    assert full.totals() == {
        State.LEOPARD: 1,
        State.DUPLICATE: 1,
        State.EMPTY: 1,
        State.UNREADABLE: 1,
        State.PENDING: 2,
    }
    assert check(full) == []


def test_an_empty_ledger_has_no_fault(ledger: Ledger) -> None:
    assert check(ledger) == []


@pytest.mark.parametrize(
    ("harm", "kind", "example"),
    [
        (
            "UPDATE file SET state = 'tiger' WHERE file_id = 3",
            "files without a known state",
            "tiger",
        ),
        ("UPDATE file SET state = 'tiger' WHERE file_id = 3", "the sums differ", "6 files, 5 by"),
        ("UPDATE file SET card_id = 9 WHERE file_id = 3", "the sums differ", "5 by their cards"),
        (
            "UPDATE file SET card_id = 9 WHERE file_id = 3",
            "rows name others",
            "file 3 names no card",
        ),
        ("INSERT INTO detection SELECT 99, 0, 'prey', 1, 0, 0, 1, 1, 1, '{}'", "detections", "99"),
        ("UPDATE detection SET file_id = 6", "detections of no file", "of file 6"),
        ("UPDATE review SET file_id = 77", "reviews of no file", "of file 77"),
        ("UPDATE file SET duplicate_of = 4 WHERE file_id = 2", "duplicates", "A/000001.JPG"),
        ("UPDATE file SET duplicate_of = 2 WHERE file_id = 2", "duplicates", "A/000001.JPG"),
        ("UPDATE file SET duplicate_of = NULL WHERE file_id = 2", "duplicates", "A/000001.JPG"),
        ("UPDATE file SET content_key = 'o' WHERE file_id = 2", "duplicates", "A/000001.JPG"),
        ("UPDATE file SET duplicate_of = 1 WHERE file_id = 3", "duplicates", "A/000002.JPG"),
        ("UPDATE file SET run_id = NULL WHERE file_id = 1", "results of no run", "A/000000.JPG"),
        (
            "UPDATE file SET probabilities = '{\"empty\": 0.9989}' WHERE file_id = 3",
            "probabilities that do not sum to 1",
            "A/000002.JPG: 0.9989",
        ),
        ("UPDATE file SET probabilities = NULL WHERE file_id = 3", "probabilities", "not readable"),
        ("UPDATE file SET probabilities = '[]' WHERE file_id = 3", "probabilities", "not readable"),
    ],
)
def test_each_fault_is_found(full: Ledger, harm: str, kind: str, example: str) -> None:
    full.db.execute("PRAGMA foreign_keys = OFF")
    full.db.execute(harm)
    found = [problem for problem in check(full) if problem.kind.startswith(kind)]
    assert [problem.count for problem in found] == [1]
    assert example in found[0].examples[0]


def test_of_many_faults_the_first_are_named_and_all_counted(ledger: Ledger) -> None:
    ledger.register(ledger.add_card("A", CARD), listed(CARD, 30))
    ledger.db.execute("UPDATE file SET state = 'tiger'")
    found = {problem.kind: problem for problem in check(ledger)}["files without a known state"]
    assert found.count == 30
    assert found.examples == tuple(f"A/{number:06}.JPG: tiger" for number in range(5))


def damaged(season: Path, spoil: Callable[[bytearray], None]) -> None:
    path = season / LEDGER_NAME
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    spoil(data)
    path.write_bytes(data)


def test_a_damaged_file_is_told_and_does_not_end_the_check(season: Path) -> None:
    with Ledger(season, create=True) as ledger:
        card = ledger.add_card("A", CARD)
        ledger.register(card, listed(CARD, 3000))

    def spoil(data: bytearray) -> None:
        half = len(data) // 2
        data[half : half + 8192] = b"\xaa" * 8192

    damaged(season, spoil)
    with Ledger(season) as ledger:
        problems = check(ledger)
    assert "the file is damaged" in [problem.kind for problem in problems]


def test_a_check_changes_nothing_and_runs_beside_a_writer(full: Ledger, season: Path) -> None:
    before = list(full.entries())
    with full.writing():
        full.db.execute("UPDATE file SET state = 'empty' WHERE file_id = 6")
        with Ledger(season) as other:
            assert check(other) == []
            assert other.db.in_transaction is False
        full.db.rollback()
        full.db.execute("BEGIN")
    assert list(full.entries()) == before
