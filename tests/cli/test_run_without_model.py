"""`camtrap run`, from the words that are typed to the exit code, with a model that knows greys."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, CardError, ConfigError
from camtrap.vision import predictor as predictor_module
from tests.cards import BRIGHTNESS, ODD_STATES, FakePredictor, put, snapshot
from tests.clips import clip, grey

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in-process; our own errors are raised, as `main` would catch them."""
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())

    def type_in(*words: object) -> Result:
        result = CliRunner().invoke(app, ["run", "--workers", "1", *map(str, words)])
        if isinstance(result.exception, CamtrapError):
            raise result.exception
        return result

    return type_in


def test_one_line_accounts_for_every_file(run: Run, card: Path, season: Path) -> None:
    result = run(card, "--out", season)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "12 files = 2 leopard + 2 prey + 2 other + 2 person + 2 vehicle + 2 empty\n"
    )
    written = {path.name for path in season.iterdir()}
    assert {"images.csv", "events.csv", "run.json", "ledger.sqlite"} <= written


def test_some_files_that_cannot_be_read_have_an_exit_code_of_their_own(
    run: Run, odd: Path, season: Path
) -> None:
    before = snapshot(odd)
    result = run(odd, "-o", season, "--json")
    assert result.exit_code == 3
    said = json.loads(result.stdout)
    assert said["files"] == sum(said["states"].values()) == len(ODD_STATES)
    assert snapshot(odd) == before


def test_the_same_command_again_says_the_same(run: Run, card: Path, season: Path) -> None:
    first, second = run(card, "-o", season), run(card, "-o", season)
    assert first.stdout == second.stdout
    assert "12 known from before" in second.stderr


def test_two_cards_go_into_one_season(run: Run, card: Path, odd: Path, season: Path) -> None:
    said = json.loads(run(card, odd, "-o", season, "--json", "--quiet").stdout)
    assert said["files"] == 12 + len(ODD_STATES)


def test_a_dry_run_writes_nothing(run: Run, odd: Path, season: Path) -> None:
    result = run(odd, "-o", season, "--dry-run", "--json")
    [said] = json.loads(result.stdout)
    assert (said["pictures"], said["skipped"]) == (len(ODD_STATES) - 1, 1)
    assert not season.exists()


def test_quiet_says_the_account_alone(run: Run, card: Path, season: Path) -> None:
    result = run(card, "-o", season, "--quiet")
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


def test_excel_tables_have_a_byte_order_mark(run: Run, card: Path, season: Path) -> None:
    run(card, "-o", season, "--excel")
    assert (season / "images.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_card_that_is_not_there_is_told(run: Run, tmp_path: Path, season: Path) -> None:
    with pytest.raises(CardError, match="does not exist"):
        run(tmp_path / "no card", "-o", season)


def test_a_threshold_that_is_none_is_told(run: Run, card: Path, season: Path) -> None:
    with pytest.raises(ConfigError, match="not a threshold"):
        run(card, "-o", season, "--threshold", "leopard")
    assert not season.exists()


def test_frames_of_clips_are_taken_by_change_where_that_is_asked_for(
    run: Run, tmp_path: Path, season: Path
) -> None:
    pytest.importorskip("av")
    film = clip([grey(BRIGHTNESS["prey"], number) for number in range(30)], "avi", "mjpeg")
    card = put(tmp_path / "card", {"a.AVI": film})
    assert run(card, "-o", season, "--video").exit_code == 0
    assert "6 frames of 6.0 s" in (season / "images.csv").read_text(encoding="utf-8")
    assert run(card, "-o", season, "--video", "--frames-by", "change", "--redo").exit_code == 0
    assert "2 frames of 6.0 s" in (season / "images.csv").read_text(encoding="utf-8")
    *_, last = json.loads((season / "run.json").read_text(encoding="utf-8"))["runs"]
    assert last["settings"]["settings"]["clip_frames_by"] == "change"
    assert run(card, "-o", season, "--frames-by", "chance").exit_code == 2


def test_no_card_is_a_wrong_use(run: Run) -> None:
    assert run().exit_code == 2


def test_nothing_asks_the_network(
    run: Run, odd: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, no_network)
    assert run(odd, "-o", season).exit_code == 3
    told = str(season)
    for words in (
        *(["status", told], ["ledger", "check", told], ["models"], ["events", told, "--public"]),
        *(["brief", told, "--lang", "zh"], ["clock", told], ["stations", "init", told]),
        ["export", told, "megadetector", "coco", "speciesnet", "timelapse", "earthranger"],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (words, done.output, done.exception)
    assert CliRunner().invoke(app, ["retry", str(season)]).exit_code == 3
