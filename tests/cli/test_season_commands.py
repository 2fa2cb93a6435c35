"""`camtrap status`, `retry` and `ledger check`: what they say, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from camtrap.errors import SeasonError
from camtrap.ledger.lock import locked
from camtrap.ledger.store import Ledger
from camtrap.records import State
from camtrap.vision import predictor as predictor_module
from tests.cards import ODD_STATES, FakePredictor, frame, put, snapshot, states
from tests.cli.conftest import Command
from tests.cli.test_main import CAMTRAP
from tests.ledger.old import old_season

FAILED = [s for s in ODD_STATES.values() if s in (State.UNREADABLE, State.TRUNCATED)]


@pytest.fixture
def odd_season(camtrap: Command, odd: Path, season: Path) -> Path:
    """A season of a card on which everything is wrong, and all of it done."""
    assert camtrap("run", odd, "-o", season, "--workers", 1).exit_code == 3
    return season


def loose_contact(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == name:
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)


@pytest.mark.parametrize("command", ["status", "retry", "ledger check"])
def test_a_folder_that_is_no_season_is_told_and_left_as_it_is(
    camtrap: Command, tmp_path: Path, command: str
) -> None:
    with pytest.raises(SeasonError, match="is not a season"):
        camtrap(*command.split(), tmp_path)
    assert list(tmp_path.iterdir()) == []


# -- status


def test_status_counts_every_file_of_every_card_once(camtrap: Command, odd_season: Path) -> None:
    said = json.loads(camtrap("status", odd_season, "--json").stdout)
    [card] = said["cards"]
    assert card["files"] == len(ODD_STATES)
    assert card["failed"] == len(FAILED)
    assert (card["left"], card["duplicates"], card["skipped"]) == (0, 1, 1)
    parts = ("done", "left", "failed", "duplicates", "skipped")
    assert sum(card[part] for part in parts) == card["files"]
    assert card["reconciled"]["on_card"] == len(ODD_STATES)
    assert said["running"] is None
    assert said["last_run"]["finished_at"] is not None
    assert "fake 1" in said["last_run"]["model"]


def test_status_is_a_table_for_people(camtrap: Command, odd_season: Path, card: Path) -> None:
    with Ledger(odd_season) as ledger:
        from camtrap.engine.season import add_card

        add_card(ledger, card)
    lines = camtrap("status", odd_season).stdout.splitlines()
    assert lines[0].split() == ["card", "files", "done", "left", "failed", "duplicates", "skipped"]
    assert lines[2].split() == ["card", "12", "0", "12", "0", "0", "0"]
    assert lines[3].split()[:2] == ["all", str(len(ODD_STATES) + 12)]
    assert lines[4].startswith("run 1: started ")
    assert lines[5] == "no run is going on"
    assert lines[6] == f"to try the failed files again: camtrap retry {odd_season}"


def test_status_tells_of_a_run_that_goes_on_and_needs_no_lock(
    camtrap: Command, odd_season: Path
) -> None:
    with locked(odd_season, "camtrap run E:/") as mine:
        assert f"process {mine.pid}" in camtrap("status", odd_season).stdout
        said = json.loads(camtrap("status", odd_season, "--json").stdout)
        assert said["running"]["command"] == "camtrap run E:/"
        assert camtrap("ledger", "check", odd_season).exit_code == 0


def test_status_of_a_season_without_a_run(camtrap: Command, season: Path) -> None:
    Ledger(season, create=True).close()
    result = camtrap("status", season)
    assert result.exit_code == 0
    assert "no run yet" in result.stdout


def test_status_of_an_old_season(camtrap: Command, card: Path, season: Path) -> None:
    old_season(season, card, ["DCIM/100RECNX/RCNX0001.JPG"])
    [told] = json.loads(camtrap("status", season, "--json").stdout)["cards"]
    assert (told["files"], told["done"], told["reconciled"]) == (1, 1, None)


# -- ledger check


def test_a_whole_ledger_is_said_to_be_whole(camtrap: Command, odd_season: Path) -> None:
    result = camtrap("ledger", "check", odd_season)
    assert (result.exit_code, result.stdout) == (0, "the ledger is whole\n")
    said = json.loads(camtrap("ledger", "check", odd_season, "--json").stdout)
    assert (said["whole"], said["problems"]) == (True, [])


def test_a_fault_is_told_with_exit_code_1(camtrap: Command, odd_season: Path) -> None:
    with Ledger(odd_season) as ledger:
        ledger.db.execute("UPDATE file SET state = 'tiger' WHERE state = 'leopard'")
    result = camtrap("ledger", "check", odd_season)
    assert result.exit_code == 1
    assert "files without a known state: 3" in result.stdout
    assert "RCNX0001.JPG: tiger" in result.stdout
    told = camtrap("ledger", "check", odd_season, "--json")
    assert told.exit_code == 1
    kinds = [problem["kind"] for problem in json.loads(told.stdout)["problems"]]
    assert "files without a known state" in kinds


# -- retry


def test_retry_tries_the_failed_files_and_nothing_else(
    camtrap: Command, odd: Path, season: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        loose_contact(patch, "RCNX0002.JPG")
        camtrap("run", odd, "-o", season, "--workers", 1)
    with Ledger(season) as ledger:
        before = {e.relative_path: e.run_id for e in ledger.entries()}
    on_card = snapshot(odd)
    result = camtrap("retry", season)
    assert result.exit_code == 3  # what is no picture stays none
    assert f"{len(FAILED) + 1} failed files, tried again" in result.stderr
    with Ledger(season) as ledger:
        assert states(ledger) == ODD_STATES
        after = {e.relative_path: e.run_id for e in ledger.entries()}
    tried = {name for name in after if after[name] != before[name]}
    failed = {name for name, state in ODD_STATES.items() if state in FAILED}
    assert tried == failed | {"ST01_ridge/DCIM/100RECNX/RCNX0002.JPG"}
    assert snapshot(odd) == on_card


def test_retry_of_a_season_without_failures_does_nothing(
    camtrap: Command, card: Path, season: Path
) -> None:
    camtrap("run", card, "-o", season, "--workers", 1)
    result = camtrap("retry", season)
    assert result.exit_code == 0
    assert "no file has failed" in result.stderr


def test_retry_tells_which_card_is_missing(camtrap: Command, odd_season: Path, odd: Path) -> None:
    odd.rename(odd.with_name("drawer"))
    with pytest.raises(SeasonError, match=rf"card карта 1: {len(FAILED)} failed files do not lie"):
        camtrap("retry", odd_season)
    with Ledger(odd_season) as ledger:
        assert states(ledger) == ODD_STATES


def test_retry_goes_on_with_the_cards_that_are_there(
    camtrap: Command, odd: Path, odd_season: Path, tmp_path: Path
) -> None:
    other = put(tmp_path / "other", {"bad.JPG": b"no picture either", "a.JPG": frame("prey", 41)})
    camtrap("run", other, "-o", odd_season, "--workers", 1)
    odd.rename(odd.with_name("drawer"))
    result = camtrap("retry", odd_season)
    assert result.exit_code == 3
    assert "card other: 1 failed files, tried again" in result.stderr
    assert "card карта 1" in result.stderr


def test_retry_of_one_card_by_its_name(camtrap: Command, odd_season: Path) -> None:
    assert camtrap("retry", odd_season, "--card", "карта 1").exit_code == 3
    with pytest.raises(SeasonError, match=r"no card 'E'.*карта 1"):
        camtrap("retry", odd_season, "--card", "E")


def test_retry_is_refused_while_a_run_goes_on(camtrap: Command, odd_season: Path) -> None:
    with locked(odd_season, "camtrap run E:/"), pytest.raises(SeasonError, match="being written"):
        camtrap("retry", odd_season)


def test_retry_with_another_model_is_refused_and_changes_nothing(
    camtrap: Command, odd_season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FakePredictor(sha256="1" * 64)
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: other)
    with pytest.raises(SeasonError, match="another"):
        camtrap("retry", odd_season)
    with Ledger(odd_season) as ledger:
        assert states(ledger) == ODD_STATES


# -- the front door


@pytest.mark.parametrize("command", ["status", "retry", "ledger", "ledger check"])
def test_help_answers_without_torch(command: str) -> None:
    code = (
        f"import sys; sys.argv = ['camtrap', *{command.split()!r}, '--help']\n"
        "from camtrap.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'pandas', 'numpy', 'PIL', 'xxhash'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_two_retries_at_once_are_one(odd_season: Path) -> None:
    with locked(odd_season, "camtrap run E:/"):
        done = subprocess.run(
            [*CAMTRAP, "retry", str(odd_season)], capture_output=True, encoding="utf-8", check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("camtrap: The season ")
    assert "camtrap run E:/" in done.stderr
