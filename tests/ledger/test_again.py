"""What starts again forgets the model's word and keeps people's, whatever kind its key is of."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from camtrap.card.content import content_key
from camtrap.ledger import again
from camtrap.ledger.again import failed, note_full_keys, read_before, redo, start_again
from camtrap.ledger.check import check
from camtrap.ledger.forget import forget_all
from camtrap.ledger.listing import ListingCount
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.store import Ledger
from camtrap.records import Box, Detection, ImageFile, Prediction, State
from tests.cards import listed, new_run, states

CARD = Path("/cards/A")
SHA1 = hashlib.sha1(b"x").hexdigest()
NEW = content_key(b"x")


def said(file: ImageFile, key: str, state: State = State.EMPTY) -> Prediction:
    box = Detection("prey", 0.9, Box(0, 0, 1, 1), 0.8)
    found = (box,) if state.is_label else ()
    return Prediction(file.path, state, 0.9, {"empty": 1.0}, found, content_key=key, width=9)


@pytest.fixture
def card(ledger: Ledger) -> CardEntry:
    """A card of eight files: two of one content, three failed, one skipped, two that wait."""
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 7)
    ledger.register(card, [*files, ImageFile(CARD, "film.MP4", 1, 1, "a video")])
    kinds = [
        (SHA1, State.PREY),
        (SHA1, State.PREY),
        ("u", State.UNREADABLE),
        ("t", State.TRUNCATED),
        ("", State.UNREADABLE),
    ]
    results = [(f, said(f, *kind)) for f, kind in zip(files, kinds, strict=False)]
    ledger.record(card, new_run(ledger), results)
    return card


def test_a_redo_makes_all_but_the_skipped_pending_and_keeps_reviews(
    ledger: Ledger, card: CardEntry, season: Path
) -> None:
    add_review(season, 1, "leopard", reviewer="Olga")
    before = reviews(season)
    assert redo(ledger) == 7
    assert ledger.totals() == {State.PENDING: 7, State.SKIPPED: 1}
    assert reviews(season) == before
    assert not any(entry.detections for entry in ledger.entries())
    assert {entry.run_id for entry in ledger.entries()} == {None}
    assert len(list(ledger.pending(card))) == 7
    assert check(ledger) == []


def test_a_redo_that_fails_changes_nothing(
    ledger: Ledger, card: CardEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(ledger.entries())

    def fails(db: sqlite3.Connection) -> int:
        forget_all(db)
        raise KeyboardInterrupt

    monkeypatch.setattr(again, "forget_all", fails)
    with pytest.raises(KeyboardInterrupt):
        redo(ledger)
    assert list(ledger.entries()) == before


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (SHA1, SHA1, True),
        (SHA1, NEW, True),
        (NEW, NEW, True),
        (NEW, content_key(b"another"), False),
        (SHA1, hashlib.sha1(b"another").hexdigest(), False),
    ],
    ids=["old", "old to new", "new", "another picture", "another old picture"],
)
def test_a_review_counts_on_when_only_the_kind_of_key_is_another(
    ledger: Ledger, season: Path, old: str, new: str, counts: bool
) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    ledger.record(card, new_run(ledger), [(file, said(file, old))])
    add_review(season, 1, "leopard")
    redo(ledger)
    ledger.record(card, new_run(ledger), [(file, said(file, new))])
    assert (1 in reviews(season)) is counts
    assert ledger.db.execute("SELECT count(*) FROM review").fetchone()[0] == 1


def test_a_review_of_a_picture_that_changed_does_not_count_for_the_new_one(
    ledger: Ledger, season: Path
) -> None:
    card = ledger.add_card("A", CARD)
    [file] = listed(CARD, 1)
    ledger.register(card, [file])
    ledger.record(card, new_run(ledger), [(file, said(file, SHA1))])
    add_review(season, 1, "leopard")
    changed = ImageFile(CARD, file.relative_path, 5, 5)
    assert ledger.register(card, [changed]) == ListingCount(changed=1)
    ledger.record(card, new_run(ledger), [(changed, said(changed, NEW))])
    assert reviews(season) == {}


def test_keys_of_two_kinds_make_no_duplicates(ledger: Ledger, card: CardEntry) -> None:
    twin = listed(CARD, 1, start=5)[0]
    [stored] = ledger.record(card, new_run(ledger), [(twin, said(twin, NEW, State.PREY))])
    assert stored.state is State.PREY
    later = listed(CARD, 1, start=6)[0]
    [stored] = ledger.record(card, new_run(ledger), [(later, said(later, NEW, State.PREY))])
    assert stored.state is State.DUPLICATE


def test_the_failed_are_those_of_two_states(ledger: Ledger, card: CardEntry) -> None:
    names = [file.relative_path for file in failed(ledger, card)]
    assert names == ["000002.JPG", "000003.JPG", "000004.JPG"]


def test_the_failed_start_again_and_nothing_else(ledger: Ledger, card: CardEntry) -> None:
    before = states(ledger)
    files = list(failed(ledger, card))
    start_again(ledger, card, files, same_bytes=True)
    expected = {**before, **{file.relative_path: State.PENDING for file in files}}
    assert states(ledger) == expected
    assert check(ledger) == []


def test_many_failed_files_are_all_found_while_they_start_again(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    files = listed(CARD, 2500)
    ledger.register(card, files)
    ledger.record(card, new_run(ledger), [(f, said(f, "", State.UNREADABLE)) for f in files])
    met = 0
    for file in failed(ledger, card):
        start_again(ledger, card, [file], same_bytes=True)
        met += 1
    assert met == 2500
    assert ledger.totals() == {State.PENDING: 2500}


def test_keys_of_all_bytes_stay_until_the_bytes_are_others(ledger: Ledger, card: CardEntry) -> None:
    first = next(read_before(ledger, card))
    assert (first.content_key, first.full_key) == (SHA1, "")
    note_full_keys(ledger, card, [(first.file, "xxh3-full:1")])
    assert next(read_before(ledger, card)).full_key == "xxh3-full:1"
    start_again(ledger, card, [first.file], same_bytes=True)
    ledger.record(card, new_run(ledger), [(first.file, said(first.file, NEW))])
    assert next(read_before(ledger, card)).full_key == "xxh3-full:1"
    start_again(ledger, card, [first.file], same_bytes=False)
    ledger.record(card, new_run(ledger), [(first.file, said(first.file, NEW))])
    assert next(read_before(ledger, card)).full_key == ""


def test_a_twin_of_what_changed_speaks_for_itself(ledger: Ledger, card: CardEntry) -> None:
    first = next(read_before(ledger, card))
    start_again(ledger, card, [first.file], same_bytes=False)
    assert states(ledger)["000001.JPG"] == State.PENDING


def test_a_skipped_file_that_can_be_read_by_now_is_read(ledger: Ledger) -> None:
    card = ledger.add_card("A", CARD)
    skipped = ImageFile(CARD, "a.heic", 1, 1, "to read it: pip install camtrap[heic]")
    ledger.register(card, [skipped])
    assert ledger.register(card, [skipped]) == ListingCount(known=1)
    assert ledger.register(card, [ImageFile(CARD, "a.heic", 1, 1)]) == ListingCount(again=1)
    assert ledger.totals() == {State.PENDING: 1}
