"""`camtrap run`, killed without a word at any moment, ends like a run that nobody disturbed."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.ledger.check import check
from camtrap.ledger.lock import LOCK_NAME, locked
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cards import plain_card

# The model is slow enough to be killed in the middle, and results are committed one by one.
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
sys.argv = ["camtrap", "run", sys.argv[1], "--out", sys.argv[2], "--workers", "2", "--quiet"]
main()
"""
ROOT = Path(__file__).parents[2]
FILES = 60


def begin(card: Path, season: Path, seconds: float = 0.02) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, str(card), str(season), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )


def done_count(season: Path) -> int:
    if not (season / "ledger.sqlite").is_file():
        return 0
    with Ledger(season) as ledger:
        return sum(count for state, count in ledger.totals().items() if state.is_label)


def everything(season: Path) -> list[Entry]:
    with Ledger(season) as ledger:
        assert check(ledger) == []
        return [replace(entry, run_id=None) for entry in ledger.entries()]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_a_run_that_is_killed_again_and_again_ends_like_one_that_was_not(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", FILES)
    undisturbed = begin(card, tmp_path / "plain")
    assert undisturbed.wait(timeout=120) == 0, undisturbed.communicate()[1]

    season = tmp_path / "season"
    chance = random.Random(7)
    kept = 0
    for _ in range(3):
        running = begin(card, season)
        wanted = kept + chance.randint(1, 12)
        deadline = time.monotonic() + 100
        while done_count(season) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        running.kill()
        running.communicate()
        assert done_count(season) >= wanted  # nothing that was done is lost
        kept = done_count(season)
    assert kept < FILES, "the runs were over before they were killed"

    assert (season / LOCK_NAME).read_bytes() != b""
    last = begin(card, season)
    _, stderr = last.communicate(timeout=120)
    assert last.returncode == 0, stderr
    assert "was left by a run that was killed" in stderr
    assert everything(season) == everything(tmp_path / "plain")
    plain = tmp_path / "plain" / "images.csv"
    assert (season / "images.csv").read_bytes() == plain.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_fifty_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    """Each at a moment between the start of Python and the last export, whatever goes on then."""
    card = plain_card(tmp_path / "card", 24)
    started = time.monotonic()
    undisturbed = begin(card, tmp_path / "plain")
    assert undisturbed.wait(timeout=120) == 0, undisturbed.communicate()[1]
    whole = time.monotonic() - started

    chance = random.Random(11)
    kills, seasons = 0, 0
    while kills < 50:
        season = tmp_path / f"season{seasons}"
        seasons += 1
        for _ in range(5):
            running = begin(card, season)
            time.sleep(chance.uniform(0.3, 1.1) * whole)
            kills += running.poll() is None
            running.kill()
            running.communicate()
        last = begin(card, season)
        _, stderr = last.communicate(timeout=120)
        assert last.returncode == 0, stderr
        assert everything(season) == everything(tmp_path / "plain")
        for name in ("images.csv", "events.csv"):
            # When a table tells the moment of the run, that alone may differ.
            found, plain = (
                re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"", (each / name).read_bytes())
                for each in (season, tmp_path / "plain")
            )
            assert found == plain, name
        assert seasons < 30, "the runs were over before they were killed"


@pytest.mark.slow
def test_a_second_run_beside_the_first_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    card = plain_card(tmp_path / "card", FILES)
    season = tmp_path / "season"
    first = begin(card, season, seconds=0.15)  # longer than the second takes to start
    deadline = time.monotonic() + 100
    while not done_count(season) and time.monotonic() < deadline:
        time.sleep(0.01)
    second = begin(card, season)
    _, stderr = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"process {first.pid}" in stderr
    assert first.wait(timeout=120) == 0
    with Ledger(season) as ledger:
        assert ledger.totals()[State.PENDING] == 0
        assert sum(ledger.totals().values()) == FILES
    with locked(season, "next"):
        pass
