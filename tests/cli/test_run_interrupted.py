"""`camtrap run`, asked to stop: it ends soon, says how to go on, and the same command does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from camtrap.card.scan import scan
from camtrap.cli.main import app
from camtrap.engine import season as season_module
from camtrap.ledger.lock import LOCK_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import ImageFile, State
from camtrap.vision import predictor as predictor_module
from camtrap.vision.predictor import Look, Verdict
from tests.cards import FakePredictor, plain_card
from tests.cli.faults import Left, left

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to a child alone")

ROOT = Path(__file__).parents[2]
FILES = 60

SLOW_RUN = """
import sys, time
from camtrap.cli.main import main
from camtrap.engine import season
from camtrap.vision import predictor
from tests.cards import FakePredictor

class Slow(FakePredictor):
    def judge(self, looks):
        time.sleep(seconds)
        return super().judge(looks)

seconds = float(sys.argv[3])
season.COMMIT_FILES = 1
predictor.load_predictor = lambda *_, **__: Slow()
sys.argv = ["camtrap", "run", sys.argv[1], "--out", sys.argv[2], "--workers", "2"]
main()
"""


def begin(card: Path, season: Path, seconds: float = 0.05) -> subprocess.Popen[str]:
    """A run that takes so long for a picture, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, str(card), str(season), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )


def wait_for_results(season: Path, wanted: int = 2) -> None:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if (season / "ledger.sqlite").is_file():
            with Ledger(season) as ledger:
                if sum(n for state, n in ledger.totals().items() if state.is_label) >= wanted:
                    return
        time.sleep(0.02)
    raise AssertionError("the run has no results")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return plain_card(tmp_path / "card", FILES)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command in-process to its end; returns its exit code."""
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())

    def type_in(*words: object) -> int:
        result = CliRunner().invoke(app, ["run", "--workers", "1", "--quiet", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code

    return type_in


@pytest.fixture
def plain(run: Callable[..., int], card: Path, tmp_path: Path) -> Left:
    """What a run leaves that nobody disturbed."""
    assert run(card, "-o", tmp_path / "plain") == 0
    return left(tmp_path / "plain")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_finishes_what_is_in_flight_and_says_how_to_go_on(
    run: Callable[..., int], card: Path, plain: Left, season: Path, number: signal.Signals
) -> None:
    running = begin(card, season)
    wait_for_results(season)
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert f"camtrap run {card} --out {season}" in stderr
    assert f"{FILES} files = " in stdout
    assert "pending" in stdout
    assert (season / LOCK_NAME).read_bytes() == b""
    assert (season / "images.csv").read_bytes().count(b"\n") == FILES + 1
    assert run(card, "-o", season) == 0
    assert left(season) == plain


@pytest.mark.slow
def test_a_second_ctrl_c_waits_for_no_table_and_loses_nothing_that_was_told(
    run: Callable[..., int], card: Path, plain: Left, season: Path
) -> None:
    running = begin(card, season, seconds=0.8)
    wait_for_results(season)
    running.send_signal(signal.SIGINT)
    time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert f"camtrap run {card} --out {season}" in stderr
    assert not (season / "images.csv").exists()
    with Ledger(season) as ledger:
        assert ledger.totals()[State.PENDING] > FILES // 2
    assert (season / LOCK_NAME).read_bytes() == b""
    assert run(card, "-o", season) == 0
    assert left(season) == plain


def _while_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(card: Path, **said: Any) -> Iterator[ImageFile]:
        for number, file in enumerate(scan(card, **said)):
            if number == FILES // 2:
                raise KeyboardInterrupt
            yield file

    monkeypatch.setattr(season_module, "scan", interrupted)
    monkeypatch.setattr(season_module, "_SAMPLE", 5)


def _while_judging(monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(FakePredictor):
        def judge(self, looks: Sequence[Look]) -> list[Verdict]:
            if len(self.batches) == FILES // 2:
                raise KeyboardInterrupt
            return super().judge(looks)

    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: Impatient())


def _while_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the first table has taken its place, and the second is whole but not in its place."""
    real, replaced = Path.replace, []

    def interrupted(path: Path, target: Path) -> Path:
        replaced.append(target)
        if len(replaced) == 2:
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)


@pytest.mark.parametrize("moment", [_while_listing, _while_judging, _while_writing])
def test_ctrl_c_at_any_other_moment_says_how_to_go_on_too(
    run: Callable[..., int],
    card: Path,
    plain: Left,
    season: Path,
    moment: Callable[[pytest.MonkeyPatch], None],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())
        moment(patch)
        result = CliRunner().invoke(app, ["run", str(card), "-o", str(season), "--workers", "1"])
    assert result.exit_code == 130
    assert "run the same command again" in result.stderr
    assert (season / LOCK_NAME).read_bytes() == b""
    assert run(card, "-o", season) == 0
    assert left(season) == plain
