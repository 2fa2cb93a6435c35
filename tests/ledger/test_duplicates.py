"""The same picture twice is looked at once; and never is the only one of its kind a duplicate."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.ledger.duplicates import KnownContent, original_of
from camtrap.ledger.store import Ledger
from camtrap.records import ImageFile, Prediction, State
from tests.cards import listed, new_run, states

CARD = Path("/cards/A")


def said(file: ImageFile, key: str, state: State = State.LEOPARD) -> Prediction:
    return Prediction(file.path, state, 0.9, content_key=key, width=64, height=48, infrared=True)


def test_the_first_in_order_is_the_original_and_the_second_the_duplicate(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2)
    ledger.register(card, files)
    stored = ledger.record(card, new_run(ledger), [(file, said(file, "k")) for file in files])
    assert [prediction.state for prediction in stored] == [State.LEOPARD, State.DUPLICATE]
    first, second = ledger.entries()
    assert second.duplicate_of == first.file_id
    assert second.reason == "same content as A/000000.JPG"
    assert (second.confidence, second.probabilities, second.detections) == (None, {}, ())


def test_a_duplicate_on_another_card_is_found(ledger: Ledger) -> None:
    run = new_run(ledger)
    for name in "AB":
        card = ledger.add_card(name, Path(f"/cards/{name}"))
        [file] = listed(card.root, 1)
        ledger.register(card, [file])
        ledger.record(card, run, [(file, said(file, "k"))])
    assert [entry.state for entry in ledger.entries()] == [State.LEOPARD, State.DUPLICATE]


def test_a_third_copy_repeats_the_original_not_the_second(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 3)
    ledger.register(card, files)
    run = new_run(ledger)
    for file in files:
        ledger.record(card, run, [(file, said(file, "k"))])
    original, *copies = ledger.entries()
    assert [copy.duplicate_of for copy in copies] == [original.file_id] * 2


def test_a_duplicate_is_the_same_row_whether_or_not_it_was_decoded(tmp_path: Path) -> None:
    """Whether the original was committed in time to spare the look depends on the clock alone."""
    rows = []
    for name, decoded in (("a", True), ("b", False)):
        with Ledger(tmp_path / name, create=True) as ledger:
            card = ledger.add_card("A", CARD)
            first, second = listed(CARD, 2)
            ledger.register(card, [first, second])
            undecoded = Prediction(second.path, State.DUPLICATE, content_key="k")
            twin = said(second, "k") if decoded else undecoded
            ledger.record(card, new_run(ledger), [(first, said(first, "k")), (second, twin)])
            rows.append(list(ledger.entries())[1])
    assert rows[0] == rows[1]
    assert (rows[0].width, rows[0].height, rows[0].infrared) == (64, 48, True)


@pytest.mark.parametrize("state", [State.UNREADABLE, State.TRUNCATED])
def test_every_file_that_cannot_be_read_is_told_for_itself(ledger: Ledger, state: State) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2)
    ledger.register(card, files)
    broken = [(f, Prediction(f.path, state, content_key="empty", reason="r")) for f in files]
    ledger.record(card, new_run(ledger), broken)
    assert list(states(ledger).values()) == [state, state]


def test_files_that_were_not_read_have_no_content_in_common(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2)
    ledger.register(card, files)
    ledger.record(card, new_run(ledger), [(file, said(file, "")) for file in files])
    assert State.DUPLICATE not in states(ledger).values()


def test_a_file_is_never_the_duplicate_of_itself(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    for _ in range(2):
        ledger.record(card, new_run(ledger), [(file, said(file, "k"))])
    assert list(states(ledger).values()) == [State.LEOPARD]


def test_when_an_original_changes_its_duplicates_are_looked_at_again(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    first, second, third = listed(CARD, 3)
    ledger.register(card, [first, second, third])
    run = new_run(ledger)
    ledger.record(card, run, [(file, said(file, "k")) for file in (first, second, third)])
    changed = replace(first, size=5)
    ledger.register(card, [changed])
    assert list(states(ledger).values()) == [State.PENDING] * 3
    ledger.record(
        card,
        run,
        [(changed, said(changed, "new")), (second, said(second, "k")), (third, said(third, "k"))],
    )
    assert list(states(ledger).values()) == [State.LEOPARD, State.LEOPARD, State.DUPLICATE]
    assert len({entry.file_id for entry in ledger.entries()}) == 3


def test_content_is_never_asked_for_while_the_ledger_closes(ledger: Ledger, season: Path) -> None:
    """SQLite takes the whole process down when a connection closes under a question."""
    known = KnownContent(season)
    closer = threading.Thread(target=known.__exit__, args=(None, None, None))
    with known._lock:  # a question is under way
        closer.start()
        closer.join(timeout=0.05)
        assert closer.is_alive()
    closer.join()
    with pytest.raises(sqlite3.ProgrammingError):
        known("k")


def test_known_content_is_what_a_commit_has_shown(ledger: Ledger, season: Path) -> None:
    card = ledger.add_card("A", CARD)
    good, bad = listed(CARD, 2)
    ledger.register(card, [good, bad])
    with KnownContent(season) as known:
        assert not known("k")
        ledger.record(
            card,
            new_run(ledger),
            [(good, said(good, "k")), (bad, said(bad, "broken", State.UNREADABLE))],
        )
        assert known("k")
        assert not known("broken")
        assert not known("")


def test_whether_content_is_known_is_asked_of_an_index(ledger: Ledger) -> None:
    """Else every picture of a season costs a walk over all that came before it."""
    queries: list[str] = []
    ledger._db.set_trace_callback(queries.append)
    original_of(ledger._db, "k", besides=1)
    ledger._db.set_trace_callback(None)
    # SQLite plans before it knows the values, and must find the index all the same.
    query = queries[0].replace("'k'", "?")
    plan = [row["detail"] for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {query}", ("k",))]
    assert any("USING INDEX file_by_content" in step for step in plan), plan
