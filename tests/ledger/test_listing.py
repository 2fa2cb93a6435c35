"""A card's files: what is new, what is known, what starts again, and what still waits."""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from camtrap.ledger import store
from camtrap.ledger.listing import ListingCount
from camtrap.ledger.store import Ledger
from camtrap.records import Box, Capture, Detection, ImageFile, Prediction, State
from tests.cards import listed, new_run, states

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
CARD = Path("/cards/A")


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


# -- registering


def test_every_file_gets_one_state(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    film = ImageFile(CARD, "b.MP4", 5, 5, "a video; only pictures are looked at")
    assert ledger.register(card, [*listed(CARD, 3), film]) == ListingCount(new=4)
    assert ledger.totals() == {State.PENDING: 3, State.SKIPPED: 1}
    [skipped] = [entry for entry in ledger.entries() if entry.state == State.SKIPPED]
    assert skipped.reason == "a video; only pictures are looked at"


def test_registering_again_adds_nothing(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    ledger.register(card, listed(CARD, 5))
    before = list(ledger.entries())
    assert ledger.register(card, listed(CARD, 5)) == ListingCount(known=5)
    assert list(ledger.entries()) == before


def test_a_grown_card_adds_only_what_is_new(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    ledger.register(card, listed(CARD, 5))
    assert ledger.register(card, listed(CARD, 8)) == ListingCount(new=3, known=5)


def test_more_files_than_one_transaction_holds_are_all_entered(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    assert ledger.register(card, iter(listed(CARD, 2 * store._BATCH + 1))).new == 2001
    assert ledger.totals() == {State.PENDING: 2001}


def test_a_changed_file_starts_again_and_nothing_old_is_left(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    fresh = list(ledger.entries())
    found = Detection("leopard", 0.9, Box(0, 0, 1, 1), 0.8)
    prediction = replace(
        seen(file, state=State.LEOPARD),
        capture=Capture(datetime(2026, 2, 3), "exif", serial="H2BC0123"),
        detections=(found,),
        infrared=True,
    )
    ledger.record(card, new_run(ledger), [(file, prediction)])
    changed = replace(file, size=2000)
    assert ledger.register(card, [changed]) == ListingCount(changed=1)
    assert list(ledger.entries()) == [replace(fresh[0], size=2000)]
    ledger.record(card, new_run(ledger), [(changed, seen(changed))])
    assert [entry.detections for entry in ledger.entries()] == [()]


def test_a_file_of_another_time_is_another_file(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    assert ledger.register(card, [replace(file, modified_ns=99)]).changed == 1


@pytest.mark.parametrize(
    ("what", "again"),
    [
        (Prediction(CARD, State.UNREADABLE, reason="the file cannot be read: I/O error"), True),
        (
            Prediction(CARD, State.UNREADABLE, content_key="k", width=64, reason="out of memory"),
            True,
        ),
        (Prediction(CARD, State.UNREADABLE, content_key="k", reason="not a picture"), False),
        (Prediction(CARD, State.TRUNCATED, content_key="k", reason="no end marker"), False),
        (Prediction(CARD, State.EMPTY, 0.9, content_key="k", width=64), False),
    ],
    ids=["no byte was read", "the model failed", "not decodable", "cut", "done"],
)
def test_a_file_gets_another_chance_only_when_the_fault_may_not_be_its_own(
    ledger: Ledger, what: Prediction, again: bool
) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    ledger.record(card, new_run(ledger), [(file, what)])
    assert ledger.register(card, [file]) == ListingCount(known=not again, again=again)
    assert states(ledger) == {file.relative_path: State.PENDING if again else what.state}


def test_a_failure_while_registering_leaves_the_ledger_usable(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ledger.add_card("A", CARD)

    def fails(*_: object) -> str:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(store, "enter", fails)
        with pytest.raises(RuntimeError):
            ledger.register(card, listed(CARD, 3))
    assert ledger.register(card, listed(CARD, 3)).new == 3


# -- names


@linux_only
def test_a_name_that_is_not_utf_8_comes_back_as_it_is(ledger: Ledger) -> None:
    raw = os.fsdecode(b"DCIM/\xea\xe0\xe1\xe0\xed.JPG")
    card = ledger.add_card("A", CARD)
    file = ImageFile(CARD, raw, 3, 4)
    ledger.register(card, [file])
    assert ledger.register(card, [file]) == ListingCount(known=1)
    assert list(ledger.pending(card)) == [file]
    ledger.record(card, new_run(ledger), [(file, seen(file, "k"))])
    [entry] = ledger.entries()
    assert entry.relative_path == "DCIM/\\xea\\xe0\\xe1\\xe0\\xed.JPG"
    assert entry.state == State.EMPTY


@pytest.mark.parametrize(
    "name", ["кабан.JPG", "雪豹/一.jpg", "a'b\"c.jpg", "%_?.jpg", "é.jpg", "🐆.jpg"]
)
def test_any_name_comes_back_as_it_is(ledger: Ledger, name: str) -> None:
    card = ledger.add_card("A", CARD)
    ledger.register(card, [ImageFile(CARD, name, 1, 1)])
    assert [file.relative_path for file in ledger.pending(card)] == [name]


@pytest.mark.parametrize("text", ["half a character \ud83d", "a raw byte \udcff"])
def test_metadata_with_broken_text_can_be_stored(ledger: Ledger, text: str) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    said = replace(seen(file), capture=Capture(user_label=text), reason=text)
    ledger.record(card, new_run(ledger), [(file, said)])
    [entry] = ledger.entries()
    assert entry.capture.user_label.startswith(text[:10])
    entry.capture.user_label.encode()
    entry.reason.encode()


# -- pending


def test_pending_files_come_in_path_order_over_many_pages(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2 * store._BATCH + 300)
    ledger.register(card, random.Random(5).sample(files, len(files)))
    assert list(ledger.pending(card)) == files


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
def test_pages_end_where_the_files_end(ledger: Ledger, count: int) -> None:
    card = ledger.add_card("A", CARD)
    ledger.register(card, listed(CARD, count))
    assert len(list(ledger.pending(card))) == count


def test_pending_may_be_read_while_results_are_recorded(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 1500)
    ledger.register(card, files)
    run = new_run(ledger)
    met = []
    for file in ledger.pending(card):
        met.append(file)
        if len(met) % 300 == 0:
            ledger.record(card, run, [(done, seen(done)) for done in met[-300:]])
    assert met == files
    assert ledger.totals() == {State.EMPTY: 1500}


def test_pending_knows_its_own_card_only(ledger: Ledger) -> None:
    a, b = ledger.add_card("A", CARD), ledger.add_card("B", Path("/cards/B"))
    ledger.register(a, listed(CARD, 2))
    ledger.register(b, listed(Path("/cards/B"), 3))
    assert ledger.pending_bytes(a) == (2, 2000)
    assert ledger.pending_bytes(b) == (3, 3000)
    assert {file.card for file in ledger.pending(b)} == {Path("/cards/B")}
