"""`camtrap run` a second time: locks, redo, verify, the account of every card, and the log."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, CardError, SeasonError
from camtrap.ledger import exported
from camtrap.ledger import reconcile as reconcile_module
from camtrap.ledger.check import check
from camtrap.ledger.count import CardCount, count_card
from camtrap.ledger.lock import LOCK_NAME, locked
from camtrap.ledger.logbook import LOG_NAME
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.store import Ledger
from camtrap.records import State
from camtrap.vision import predictor as predictor_module
from tests.cards import ODD_STATES, FakePredictor, frame, plain_card, put, snapshot, states

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits the program while these tests run changes nothing for them."""
    monkeypatch.setattr(exported, "_program", lambda: "the same")


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[FakePredictor]:
    """The models that were loaded; put one in to have it loaded next."""
    loaded = [FakePredictor()]
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: loaded[-1])
    return loaded


@pytest.fixture
def run(models: list[FakePredictor]) -> Run:
    """Runs the command in-process; our own errors are raised, as `main` would catch them."""

    def type_in(*words: object) -> Result:
        result = CliRunner().invoke(app, ["run", "--workers", "1", *map(str, words)])
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return type_in


def alter(path: Path) -> None:
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


# -- drives and locks


@pytest.mark.skipif(os.name == "nt", reason="needs SQLite's dot-file locks")
def test_a_run_on_a_drive_without_a_write_ahead_log_ends_like_any_other(
    run: Run, odd: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def without_shared_memory(path: Path | str, **said: Any) -> sqlite3.Connection:
        if isinstance(path, Path):  # the ledger, and not what an export holds in memory
            path, said = f"{path.absolute().as_uri()}?vfs=unix-dotfile", {**said, "uri": True}
        found: sqlite3.Connection = real(path, **said)
        return found

    monkeypatch.setattr(sqlite3, "connect", without_shared_memory)
    assert run(odd, "-o", season).exit_code == 3
    with Ledger(season) as ledger:
        assert states(ledger) == ODD_STATES
        assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert "nobody can look into the season" in (season / LOG_NAME).read_text(encoding="utf-8")


def test_a_season_that_is_written_to_is_left_alone(run: Run, card: Path, season: Path) -> None:
    with locked(season, "camtrap run E:/"):
        before = sorted(season.iterdir())
        with pytest.raises(SeasonError, match=rf"process {os.getpid()}, .*camtrap run E:/"):
            run(card, "-o", season)
        assert sorted(season.iterdir()) == before
    assert run(card, "-o", season).exit_code == 0


def test_after_a_run_nobody_holds_the_season(run: Run, card: Path, season: Path) -> None:
    run(card, "-o", season)
    assert (season / LOCK_NAME).read_bytes() == b""


def test_no_lock_is_made_on_a_card(run: Run, card: Path) -> None:
    before = snapshot(card)
    with pytest.raises(SeasonError, match="nothing is ever written to a card"):
        run(card, "-o", card / "season")
    assert snapshot(card) == before


# -- the account of a card


def test_every_card_is_counted_twice_and_both_counts_are_told(
    run: Run, odd: Path, season: Path
) -> None:
    result = run(odd, "-o", season)
    assert f"card карта 1: {len(ODD_STATES)} files on it = 1 duplicate + 1 empty" in result.stderr
    [counted] = json.loads(run(odd, "-o", season, "--json").stdout)["reconciled"]
    assert counted["on_card"] == counted["in_ledger"] == len(ODD_STATES)
    assert counted["balanced"] is True


def test_files_that_people_deleted_are_told_and_no_error(
    run: Run, card: Path, season: Path
) -> None:
    run(card, "-o", season)
    (card / "DCIM/100RECNX/RCNX0003.JPG").unlink()
    result = run(card, "-o", season)
    assert result.exit_code == 0
    assert "11 files on it =" in result.stderr
    assert "- 1 no longer on it" in result.stderr


def test_a_file_that_no_state_accounts_for_is_an_error_that_names_its_folder(
    run: Run, card: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = count_card

    def grown(root: Path) -> CardCount:
        put(card, {"DCIM/102RECNX/late.JPG": frame("prey", 99)})  # after the scan, before the count
        return real(root)

    monkeypatch.setattr(reconcile_module, "count_card", grown)
    with pytest.raises(SeasonError, match=r"13 files lie on it.*accounts for 12.*102RECNX \(1\)"):
        run(card, "-o", season)
    monkeypatch.setattr(reconcile_module, "count_card", real)
    assert (season / "images.csv").is_file()
    assert run(card, "-o", season).exit_code == 0


def test_a_card_pulled_before_it_was_counted_again_has_its_tables_all_the_same(
    run: Run, card: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(root: Path) -> CardCount:
        card.rename(card.with_name("away"))
        return count_card(root)

    monkeypatch.setattr(reconcile_module, "count_card", pulled)
    with pytest.raises(CardError, match="gone before its files were counted"):
        run(card, "-o", season)
    assert (season / "images.csv").read_text(encoding="utf-8").count("\n") == 13


def test_the_same_card_twice_in_one_command_is_one_card(run: Run, card: Path, season: Path) -> None:
    said = json.loads(run(card, card, "-o", season, "--json").stdout)
    assert said["files"] == 12


# -- outputs that are still true

OUTPUTS = ("images.csv", "events.csv", "run.json", "brief.html")
SAME = "nothing has changed: tables and pages are as they were"


def times(season: Path) -> dict[str, int]:
    return {name: (season / name).stat().st_mtime_ns for name in OUTPUTS}


def age(season: Path) -> dict[str, int]:
    """Make all outputs a day old, so that a rewrite shows."""
    for name in OUTPUTS:
        os.utime(season / name, ns=(1, 10**18))
    return times(season)


def test_a_run_that_finds_nothing_new_writes_no_output_again(
    run: Run, odd: Path, season: Path
) -> None:
    (odd / "odd/flag.gif").unlink()  # the model fails on it, so that every run tries it again
    first = run(odd, "-o", season, "--json")
    before, bytes_before = age(season), {n: (season / n).read_bytes() for n in OUTPUTS}
    second = run(odd, "-o", season, "--json")
    assert times(season) == before
    assert {name: (season / name).read_bytes() for name in OUTPUTS} == bytes_before
    assert SAME in second.stderr
    assert json.loads(second.stdout) == json.loads(first.stdout)
    assert second.exit_code == first.exit_code


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("how", ["deleted", "edited"])
def test_an_output_that_somebody_deleted_or_edited_is_made_again(
    run: Run, card: Path, season: Path, name: str, how: str
) -> None:
    run(card, "-o", season)
    right = (season / name).read_bytes()
    if how == "deleted":
        (season / name).unlink()
    else:
        (season / name).write_bytes(right.replace(b"e", b"E", 1))
    assert SAME not in run(card, "-o", season).stderr
    assert (season / name).read_bytes() == right
    assert SAME in run(card, "-o", season).stderr


def test_whatever_an_output_is_made_of_has_it_written_again(
    run: Run, card: Path, season: Path, tmp_path: Path
) -> None:
    def is_written(*words: object) -> bool:
        before = age(season)
        wrote = SAME not in run(card, "-o", season, *words).stderr
        assert wrote is (times(season) != before)
        return wrote

    run(card, "-o", season)
    assert not is_written()
    put(card, {"new.JPG": frame("prey", 41)})
    assert is_written()
    add_review(season, 1, "other")
    assert is_written()
    assert is_written("--excel")
    assert is_written()
    gap = tmp_path / "gap.toml"
    gap.write_text("event_gap_minutes = 5", encoding="utf-8")
    assert is_written("--config", gap)
    assert is_written()
    card.rename(tmp_path / "elsewhere").rename(card)
    assert not is_written()
    (card / "new.JPG").unlink()
    assert is_written()
    assert not is_written()


def test_a_card_that_was_pulled_or_is_back_has_the_page_made_again(
    run: Run, card: Path, season: Path, tmp_path: Path
) -> None:
    other = plain_card(tmp_path / "other", 2, labels=("prey", "unsure"))
    run(card, other, "-o", season)
    with_pictures = (season / "brief.html").read_bytes()
    card.rename(tmp_path / "drawer")
    assert SAME not in run(other, "-o", season).stderr
    assert SAME in run(other, "-o", season).stderr
    (tmp_path / "drawer").rename(card)
    assert SAME not in run(other, "-o", season).stderr
    assert (season / "brief.html").read_bytes() == with_pictures


def test_outputs_that_could_not_be_written_are_written_the_next_time(
    run: Run, card: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(card, "-o", season)
    (season / "brief.html").unlink()
    (season / "brief.html").mkdir()
    for _ in range(2):
        with pytest.raises(SeasonError, match=r"brief\.html cannot be written"):
            run(card, "-o", season)
    (season / "brief.html").rmdir()
    assert SAME not in run(card, "-o", season).stderr
    assert SAME in run(card, "-o", season).stderr


def test_a_retry_of_nothing_writes_nothing_again(run: Run, card: Path, season: Path) -> None:
    run(card, "-o", season)
    before = age(season)
    result = CliRunner().invoke(app, ["retry", str(season)])
    assert result.exit_code == 0
    assert SAME in result.stderr
    assert times(season) == before


# -- redo


def test_another_model_is_refused_until_everything_is_done_again(
    run: Run, models: list[FakePredictor], odd: Path, season: Path
) -> None:
    run(odd, "-o", season)
    add_review(season, 1, "other", reviewer="Olga")
    models.append(FakePredictor(sha256="1" * 64))
    put(odd, {"new.JPG": frame("prey", 77)})
    with pytest.raises(SeasonError, match="--redo"):
        run(odd, "-o", season)
    with Ledger(season) as ledger:
        assert ledger.totals()[State.PENDING] == 2  # the new one, and that on which the model fell

    result = run(odd, "-o", season, "--redo")
    assert result.exit_code == 3
    assert f"all {len(ODD_STATES)} files of the season are triaged again" in result.stderr
    with Ledger(season) as ledger:
        assert ledger.totals()[State.PENDING] == 0
        looked_at = {e.run_id for e in ledger.entries() if e.state.is_label}
        assert looked_at == {ledger.run_notes()[-1]["run_id"]}
        assert check(ledger) == []
    assert reviews(season)[1].reviewer == "Olga"
    assert run(odd, "-o", season).exit_code == 3


def test_a_redo_says_which_other_cards_wait_for_it(
    run: Run, tmp_path: Path, card: Path, season: Path
) -> None:
    other = plain_card(tmp_path / "other", 3, labels=("prey", "unsure"))
    run(card, other, "-o", season)
    result = run(card, "-o", season, "--redo")
    assert "3 files of card other wait for it" in result.stderr
    assert "3 pending" in result.stdout
    assert "pending" not in run(other, "-o", season).stdout


# -- verify


def test_verify_full_finds_what_size_and_time_do_not_show(
    run: Run, card: Path, season: Path
) -> None:
    first = run(card, "-o", season, "--verify", "full")
    assert "12 files verified" in first.stderr
    alter(card / "DCIM/100RECNX/RCNX0003.JPG")
    assert "1 hold other bytes" not in run(card, "-o", season).stderr
    result = run(card, "-o", season, "--verify", "full")
    assert "11 files verified, 1 hold other bytes than before, read again" in result.stderr
    assert result.exit_code in (0, 3)
    again = run(card, "-o", season, "--verify", "full")
    assert "12 files verified\n" in again.stderr


def test_verify_knows_no_other_word(run: Run, card: Path) -> None:
    assert run(card, "--verify", "half").exit_code == 2


# -- the log


def test_the_log_tells_version_command_model_settings_and_counts(
    run: Run, odd: Path, season: Path
) -> None:
    run(odd, "-o", season, "--quiet")
    said = (season / LOG_NAME).read_text(encoding="utf-8")
    for word in (
        '"command": "camtrap',
        '"workers": 1',
        "model fake 1",
        "0" * 64,
        "19 files = 3 leopard",
    ):
        assert word in said
    assert "the model failed on a batch" in said
    assert "RuntimeError: the network fell over" in said


def test_an_error_is_in_the_log(
    run: Run, models: list[FakePredictor], card: Path, season: Path
) -> None:
    run(card, "-o", season)
    models.append(FakePredictor(sha256="1" * 64))
    with pytest.raises(SeasonError):
        put(card, {"new.JPG": frame("prey", 88)})
        run(card, "-o", season)
    assert "SeasonError" in (season / LOG_NAME).read_text(encoding="utf-8")
