"""Verify, redo, retry: what is read again is what was asked for, and nothing else is lost by it."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.card.content import ENDS, kind_of
from camtrap.engine.season import (
    RetryCount,
    VerifyCount,
    add_card,
    begin_redo,
    check_model,
    count_failed,
    retry_card,
    run_card,
    verify_card,
)
from camtrap.errors import CardError, SeasonError
from camtrap.ledger.again import read_before
from camtrap.ledger.check import check
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cards import (
    ODD_STATES,
    FakePredictor,
    first_card,
    frame,
    new_run,
    plain_card,
    put,
    settings,
    silence,
    states,
)
from tests.ledger.old import old_season

PICTURE = "DCIM/100RECNX/RCNX0003.JPG"


def triage(
    ledger: Ledger, card: CardEntry, model: FakePredictor | None = None, *, redo: bool = False
) -> int:
    model = model or FakePredictor()
    run = new_run(ledger, model)
    if redo:
        ledger.db.execute(
            "UPDATE run SET settings = json_set(settings, '$.redo', json('true')) WHERE run_id = ?",
            (run,),
        )
    run_card(ledger, card, model, run, settings(), stop=threading.Event(), progress=silence())
    return run


def done(ledger: Ledger, card: Path) -> CardEntry:
    entry = add_card(ledger, card).card
    ledger.finish_run(triage(ledger, entry))
    return entry


def alter(path: Path, place: int) -> None:
    """Change one byte and leave size and time as they were, as a failing card does."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


# -- verify


def test_a_card_that_is_as_it_was_is_verified_and_nothing_starts_again(
    ledger: Ledger, odd: Path
) -> None:
    entry = done(ledger, odd)
    before = list(ledger.entries())
    read = len(list(read_before(ledger, entry)))
    assert verify_card(ledger, entry) == VerifyCount(same=read)
    assert list(ledger.entries()) == before
    assert {kind_of(keyed.full_key) for keyed in read_before(ledger, entry)} == {"xxh3-full:"}
    assert verify_card(ledger, entry) == VerifyCount(same=read)
    assert verify_card(ledger, entry, only_new=True) == VerifyCount()


def test_other_bytes_under_the_same_size_and_time_are_found(ledger: Ledger, card: Path) -> None:
    entry = done(ledger, card)
    alter(card / PICTURE, 30)
    assert add_card(ledger, card).listing.changed == 0
    assert verify_card(ledger, entry) == VerifyCount(same=11, changed=1)
    assert [name for name, state in states(ledger).items() if state is State.PENDING] == [PICTURE]


def test_a_byte_between_the_ends_is_found_once_the_full_key_is_known(
    ledger: Ledger, tmp_path: Path
) -> None:
    big = frame("prey") + bytes(4 * ENDS)
    card = put(tmp_path / "card", {"big.JPG": big})
    entry = done(ledger, card)
    verify_card(ledger, entry)
    alter(card / "big.JPG", len(big) // 2)
    assert verify_card(ledger, entry) == VerifyCount(changed=1)
    triage(ledger, entry)
    assert verify_card(ledger, entry) == VerifyCount(same=1)


def test_an_old_season_is_verified_by_its_old_keys(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", 3)
    names = [f"DCIM/100RECNX/RCNX{number:04}.JPG" for number in range(3)]
    old_season(tmp_path / "season", card, names)
    alter(card / names[1], 30)
    with Ledger(tmp_path / "season") as ledger:
        entry = add_card(ledger, card).card
        assert verify_card(ledger, entry) == VerifyCount(same=2, changed=1)
        assert [name for name, state in states(ledger).items() if state is State.PENDING] == [
            names[1]
        ]


def test_what_cannot_be_read_this_time_keeps_its_result(
    ledger: Ledger, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = done(ledger, card)
    before = states(ledger)
    real = Path.read_bytes

    def loose_contact(path: Path) -> bytes:
        if path.name == "RCNX0003.JPG":
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", loose_contact)
    assert verify_card(ledger, entry) == VerifyCount(same=11, unread=1)
    assert states(ledger) == before


def test_files_that_people_deleted_are_not_verified(ledger: Ledger, card: Path) -> None:
    entry = done(ledger, card)
    (card / PICTURE).unlink()
    assert verify_card(ledger, entry) == VerifyCount(same=11)


# -- an old season


def test_an_old_season_goes_on_where_it_stopped(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", 8)
    names = [f"DCIM/100RECNX/RCNX{number:04}.JPG" for number in range(5)]
    old_season(tmp_path / "season", card, names)
    shutil.copy2(card / names[0], card / "twin.JPG")
    model = FakePredictor()
    with Ledger(tmp_path / "season") as ledger:
        summary = add_card(ledger, card)
        assert (summary.card.name, summary.listing.known, summary.listing.new) == ("A", 5, 4)
        check_model(ledger, model.info, model.thresholds)
        triage(ledger, summary.card, model)
        assert ledger.totals()[State.PENDING] == 0
        # An old key says nothing of a new one: the twin is looked at for itself.
        assert states(ledger)["twin.JPG"] is State.LEOPARD
        assert sum(model.batches) == 4
        assert check(ledger) == []
        assert reviews(tmp_path / "season")[1].label == "leopard"


def test_an_old_season_that_is_done_again_keeps_its_reviews(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", 3)
    names = [f"DCIM/100RECNX/RCNX{number:04}.JPG" for number in range(3)]
    old_season(tmp_path / "season", card, names)
    model = FakePredictor()
    with Ledger(tmp_path / "season") as ledger:
        assert begin_redo(ledger, model.info, model.thresholds) == 3
        triage(ledger, add_card(ledger, card).card)
        assert {kind_of(entry.content_key) for entry in ledger.entries()} == {"xxh3:"}
    assert reviews(tmp_path / "season")[1].label == "leopard"


# -- redo


def test_another_model_is_refused_and_the_way_out_is_told(ledger: Ledger, card: Path) -> None:
    done(ledger, card)
    other = FakePredictor(sha256="1" * 64)
    for info, thresholds in (
        (other.info, other.thresholds),
        (FakePredictor().info, replace(other.thresholds, leopard=0.3)),
    ):
        with pytest.raises(SeasonError, match=r"--redo; reviews are kept.*new season \(--out\)"):
            check_model(ledger, info, thresholds)


def test_after_a_redo_another_model_has_the_whole_season(
    ledger: Ledger, season: Path, odd: Path
) -> None:
    entry = done(ledger, odd)
    add_review(season, 1, "other", reviewer="Olga")
    other = FakePredictor(sha256="1" * 64)
    assert begin_redo(ledger, other.info, other.thresholds) == len(ODD_STATES) - 1
    check_model(ledger, other.info, other.thresholds)
    run = triage(ledger, entry, other, redo=True)
    assert states(ledger) == ODD_STATES
    assert {e.run_id for e in ledger.entries() if e.state is not State.SKIPPED} == {run}
    assert reviews(season)[1].reviewer == "Olga"
    assert check(ledger) == []


def test_a_redo_that_was_interrupted_goes_on_and_does_not_begin_again(
    ledger: Ledger, card: Path
) -> None:
    entry = done(ledger, card)
    model = FakePredictor()
    assert begin_redo(ledger, model.info, model.thresholds) == 12
    run = triage(ledger, entry, redo=True)  # not finished, as after a power cut
    assert begin_redo(ledger, model.info, model.thresholds) is None
    assert ledger.totals()[State.PENDING] == 0
    other = FakePredictor(sha256="1" * 64)
    assert begin_redo(ledger, other.info, other.thresholds) == 12
    triage(ledger, entry)
    ledger.finish_run(run)
    assert begin_redo(ledger, model.info, model.thresholds) == 12


# -- retry


def test_the_failed_files_are_tried_again_and_nothing_else(
    ledger: Ledger, odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.read_bytes

    def loose_contact(path: Path) -> bytes:
        if path.name == "RCNX0002.JPG":
            raise OSError(5, "Input/output error")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", loose_contact)
        entry = done(ledger, odd)
    failed = [
        state for state in states(ledger).values() if state in (State.UNREADABLE, State.TRUNCATED)
    ]
    assert count_failed(ledger, entry) == RetryCount(again=len(failed))
    retry_card(ledger, entry)
    assert ledger.totals()[State.PENDING] == len(failed)
    triage(ledger, entry)
    assert states(ledger) == ODD_STATES


def test_another_card_in_the_same_reader_is_not_taken_for_the_failed_one(
    ledger: Ledger, tmp_path: Path
) -> None:
    reader = put(tmp_path / "E", {"a.JPG": b"no picture", "b.JPG": frame("prey")})
    entry = done(ledger, reader)
    reader.rename(tmp_path / "drawer")
    put(reader, {"a.JPG": frame("leopard")})
    assert count_failed(ledger, entry) == RetryCount(away=1)
    retry_card(ledger, entry)
    assert states(ledger) == {"a.JPG": State.UNREADABLE, "b.JPG": State.PREY}


def test_a_card_that_is_away_is_counted_as_away(ledger: Ledger, tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"a.JPG": b"no picture"})
    done(ledger, card)
    card.rename(tmp_path / "away")
    assert count_failed(ledger, first_card(ledger)) == RetryCount(away=1)


def test_a_card_pulled_while_it_is_verified_is_told(ledger: Ledger, card: Path) -> None:
    entry = done(ledger, card)
    real = Path.exists
    away = card.with_name("away")

    def pulled(path: Path, **said: bool) -> bool:
        found = real(path, **said)
        if path.name == "RCNX0003.JPG" and card.is_dir():
            card.rename(away)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "exists", pulled)
        with pytest.raises(CardError, match="is gone"):
            verify_card(ledger, entry)
    assert ledger.totals()[State.PENDING] == 0
