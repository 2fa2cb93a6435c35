"""`camtrap run` with the shipped model, on small cards: states, files, exit codes, resuming."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import camtrap
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cli.test_main import CAMTRAP
from tests.cli.test_main import camtrap as command

SAMPLES = Path(__file__).parents[2] / "sample_images"
LEOPARD = SAMPLES / "ST01_ridge" / "DCIM" / "100RECNX" / "RCNX0005.JPG"
EMPTY = SAMPLES / "ST01_ridge" / "DCIM" / "100RECNX" / "RCNX0013.JPG"


@pytest.fixture
def card(tmp_path):
    """Two pictures, a copy of one, one cut short, one that is none, a video and a note."""
    folder = tmp_path / "карта 雪豹" / "ST01" / "DCIM" / "100RECNX"
    folder.mkdir(parents=True)
    shutil.copy(LEOPARD, folder / "IMG_0001.JPG")
    shutil.copy(EMPTY, folder / "IMG_0002.JPG")
    shutil.copy(LEOPARD, folder / "IMG_0003.JPG")
    (folder / "IMG_0004.JPG").write_bytes(EMPTY.read_bytes()[:20000])
    (folder / "IMG_0005.JPG").write_bytes(b"no picture")
    (folder / "IMG_0006.MP4").write_bytes(b"film")
    (folder / "заметки.txt").write_text("x", encoding="utf-8")
    return tmp_path / "карта 雪豹"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_card_becomes_a_season_and_a_second_run_reads_nothing_again(card, tmp_path):
    season = tmp_path / "сезон 2026"
    done = command("run", card, "--out", season, "--json")
    assert done.returncode == 3, done.stderr
    account = json.loads(done.stdout)
    assert account["files"] == 6
    assert sum(account["states"].values()) == 6
    assert {
        k: account["states"][k] for k in ("duplicate", "truncated", "unreadable", "skipped")
    } == {
        "duplicate": 1,
        "truncated": 1,
        "unreadable": 1,
        "skipped": 1,
    }
    rows = rows_of(season / "images.csv")
    assert [row["status"] for row in rows] == [
        "ok",
        "ok",
        "duplicate",
        "truncated",
        "unreadable",
        "skipped",
    ]
    assert rows[0]["label"] == "leopard"
    assert rows[0]["file_path"] == "карта 雪豹/ST01/DCIM/100RECNX/IMG_0001.JPG"
    events = rows_of(season / "events.csv")
    assert events[0]["station_id"] == "ST01"
    assert events[0]["label"] == "leopard"
    assert (season / "brief.html").stat().st_size > 10_000

    tables = {name: (season / name).read_bytes() for name in ("images.csv", "events.csv")}
    again = command("run", card, "--out", season)
    assert again.returncode == 3
    assert "6 known from before" in again.stderr
    assert "no file that is done is read again" in again.stderr
    assert again.stdout.startswith("6 files = ")
    assert {name: (season / name).read_bytes() for name in tables} == tables


def test_dry_run_writes_nothing(card, tmp_path):
    done = command("run", card, "--out", tmp_path / "season", "--dry-run")
    assert done.returncode == 0
    assert "5 pictures, 1 to be skipped" in done.stdout
    assert not (tmp_path / "season").exists()


def test_a_season_on_the_card_is_refused(card):
    done = command("run", card, "--out", card / "season")
    assert done.returncode == 1
    assert "nothing is ever written to a card" in done.stderr
    assert not (card / "season").exists()


def test_other_thresholds_in_the_same_season_are_refused(card, tmp_path):
    season = tmp_path / "season"
    for name in ("IMG_0003.JPG", "IMG_0004.JPG", "IMG_0005.JPG"):
        (card / "ST01" / "DCIM" / "100RECNX" / name).unlink()
    assert command("run", card, "--out", season, "--quiet").returncode == 0
    shutil.copy(EMPTY, card / "neu.jpg")
    with (card / "neu.jpg").open("ab") as stream:
        stream.write(b"another content")
    done = command("run", card, "--out", season, "--threshold", "leopard=0.9")
    assert done.returncode == 1
    assert "thresholds" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a child alone")
def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(card, tmp_path):
    folder = card / "ST01" / "DCIM" / "100RECNX"
    for number in range(10, 160):  # more than a fast computer judges before it is interrupted
        with (folder / f"IMG_{number:04}.JPG").open("wb") as stream:
            stream.write(EMPTY.read_bytes() + bytes([number]))  # behind the end marker: new content
    season = tmp_path / "season"
    running = subprocess.Popen(
        [*CAMTRAP, "run", str(card), "--out", str(season)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and not done_count(season):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=240)
    assert running.returncode == 130, stderr
    assert "pending" in stdout
    assert "run the same command again" in stderr
    with Ledger(season) as ledger:
        before = ledger.totals()
    assert before[State.PENDING] > 0
    assert sum(before.values()) == 156

    done = command("run", card, "--out", season, "--quiet")
    assert done.returncode == 3
    with Ledger(season) as ledger:
        after = ledger.totals()
    assert after[State.PENDING] == 0
    assert sum(after.values()) == 156


def done_count(season):
    if not (season / "ledger.sqlite").is_file():
        return 0
    try:
        with Ledger(season) as ledger:
            totals = ledger.totals()
    except Exception:
        return 0  # the run is just making it
    return sum(count for state, count in totals.items() if state.is_label)


@pytest.fixture(scope="module")
def model():
    return camtrap.load_model(device="cpu")


@pytest.fixture
def few(tmp_path):
    """Four pictures of three kinds."""
    for number in (1, 5, 8, 13):
        name = f"RCNX{number:04}.JPG"
        shutil.copy(LEOPARD.parent / name, tmp_path / name)
    return tmp_path


def test_triage_from_a_program(model, few):
    predictions = list(camtrap.triage(few, model=model))
    assert [p.path.name for p in predictions] == sorted(p.name for p in few.iterdir())
    for prediction in predictions:
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert predictions[1].state is State.LEOPARD


@pytest.mark.parametrize(("workers", "batch_size"), [(2, 1), (1, 3)])
def test_the_same_picture_gets_the_same_answer(model, few, workers, batch_size):
    """Whatever is beside it: to the last bit one at a time, closely in batches."""
    alone = [next(iter(camtrap.triage(path, model=model))) for path in sorted(few.iterdir())]
    other = list(camtrap.triage(few, model=model, workers=workers, batch_size=batch_size))
    for a, b in zip(alone, other, strict=True):
        assert a.state == b.state
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-5)
        assert batch_size > 1 or a == b
