"""`camtrap stations` and `camtrap clock`: from a card to a table, and to times that are right."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camtrap.card.offsets import read_offsets
from camtrap.card.stations import read_stations
from camtrap.cli.main import app
from camtrap.errors import CamtrapError, CardError, NotesError, SeasonError
from camtrap.ledger.store import Ledger
from camtrap.records import Capture
from tests.cards import frame, put, snapshot
from tests.clock.filled import fill, fill_with_shots
from tests.clock.simulated import moved, shots, site

NOON = datetime(2026, 3, 5, 12)
ROW = (
    "station_id,latitude,longitude,deployment_id,start,end,utc_offset\n"
    "ST01,43.1,131.9,ST01-a,2026-02-10 14:20,2026-05-11 14:20,+10:00\n"
)


def camtrap(*words: object) -> Result:
    result = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(result.exception, CamtrapError):
        raise result.exception
    return result


def write(season: Path, name: str, text: str) -> None:
    (season / name).write_text(text, encoding="utf-8")


@pytest.fixture
def small(season: Path) -> Path:
    """A season of a few files in two folders."""
    with Ledger(season, create=True) as ledger:
        files = [
            (f"{station}/{n}.JPG", Capture(NOON + timedelta(days=n), "exif", serial=f"H{station}"))
            for station in ("ST01", "ST02")
            for n in range(3)
        ]
        fill(ledger, "A", files)
    return season


@pytest.fixture
def reset(season: Path) -> Iterator[Path]:
    """A season of one camera whose clock began anew halfway, and its `stations.csv`."""
    where = site(days=90)
    right = shots(where, per_day=6)
    half = len(right) // 6 * 3
    wrong = int((datetime(2019, 1, 1, 0, 4) - right[half].taken_at).total_seconds())
    with Ledger(season, create=True) as ledger:
        fill_with_shots(ledger, "A", "ST01", moved(right, wrong, half))
    write(season, "stations.csv", ROW)
    yield season


# -- stations init


def test_a_card_proposes_a_table_and_is_only_read(tmp_path: Path) -> None:
    card = put(
        tmp_path / "card",
        {f"ST01/{n}.JPG": frame("empty", n, taken_at=NOON + timedelta(days=n)) for n in range(3)},
    )
    before = snapshot(card)
    result = camtrap("stations", "init", card)
    assert snapshot(card) == before
    (row,) = csv.DictReader(result.stdout.splitlines())
    assert (row["station_id"], row["folder"]) == ("ST01", "ST01")
    assert (row["start"], row["end"]) == ("2026-03-05 12:00:00", "2026-03-07 12:00:00")
    assert (row["latitude"], row["problem1_from"]) == ("", "")
    assert "1 deployments proposed; 1 without a place" in result.stderr


def test_a_season_proposes_a_table_that_knows_all_its_files(small: Path) -> None:
    assert camtrap("stations", "init", small, "--out", small / "stations.csv").stdout == ""
    rows = read_stations(small / "stations.csv").deployments
    assert [(row.station_id, row.camera_id) for row in rows] == [
        ("ST01", "HST01"),
        ("ST02", "HST02"),
    ]
    result = camtrap("stations", "check", small)
    assert "all 6 files have a deployment" in result.stdout


def test_a_table_is_never_overwritten(small: Path) -> None:
    write(small, "stations.csv", ROW)
    with pytest.raises(NotesError, match="left as it is"):
        camtrap("stations", "init", small, "--out", small / "stations.csv")
    assert (small / "stations.csv").read_text(encoding="utf-8") == ROW


def test_a_card_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CardError):
        camtrap("stations", "init", tmp_path / "none")


# -- stations check


def test_check_tells_what_is_known_and_what_is_not(small: Path) -> None:
    write(small, "stations.csv", "station_id,camera_id,start\nST01,HST02,2026-03-06\nST09,,\n")
    write(small, "clock_offsets.csv", "deployment_id,seconds\nST1,60\n")
    lines = camtrap("stations", "check", small).stdout.splitlines()
    text = "\n".join(lines)
    # HST02 stands at ST01 by the table, so the pictures in ST02 are its own by the serial.
    assert any(line.split() == ["ST01_2026-03-06", "6", "folder,", "serial"] for line in lines)
    assert "no file is of this deployment" in text
    assert "2 files are dated outside its start and end" in text
    assert "clock_offsets.csv corrects ST1, which is no deployment" in text


def test_check_tells_folders_without_a_row(small: Path) -> None:
    write(small, "stations.csv", "station_id\nST01\n")
    text = camtrap("stations", "check", small).stdout
    assert "A/ST02: 3 files, not in stations.csv; camera HST02" in text
    assert "3 files keep their folder's name as station" in text
    facts = json.loads(camtrap("stations", "check", small, "--json").stdout)
    assert [folder["folder"] for folder in facts["unmatched"]] == ["A/ST02"]
    assert facts["deployments"][0]["file_count"] == 3
    assert facts["remarks"] == []


def test_check_without_a_table_says_how_to_get_one(small: Path) -> None:
    with pytest.raises(NotesError, match="camtrap stations init"):
        camtrap("stations", "check", small)


def test_check_tells_a_table_that_is_wrong(small: Path) -> None:
    write(small, "stations.csv", "station_id,start\nST01,soon\n")
    with pytest.raises(NotesError, match="line 2: start: 'soon' is no date"):
        camtrap("stations", "check", small)


# -- clock


@pytest.mark.parametrize("command", [("clock",), ("stations", "check")])
def test_a_folder_that_is_no_season_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(SeasonError, match="is not a season"):
        camtrap(*command, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_right_clocks_are_said_to_be_right(small: Path) -> None:
    result = camtrap("clock", small)
    assert result.exit_code == 0
    assert result.stdout == "nothing odd about the clocks\n"
    assert json.loads(camtrap("clock", small, "--json").stdout) == {
        "season": str(small),
        "findings": [],
    }


def test_a_fault_is_told_with_evidence_files_and_a_proposal(reset: Path) -> None:
    before = snapshot(reset)
    result = camtrap("clock", reset)
    assert "ST01 (ST01-a)" in result.stdout
    assert "factory reset: the clock begins anew at 2019-01-01 00:04" in result.stdout
    assert "A/ST01/DCIM/100RECNX/RCNX" in result.stdout
    assert "(score 0." in result.stdout
    assert "--write-proposal" in result.stderr
    changed = {path for path, said in snapshot(reset).items() if before.get(path) != said}
    assert not any(path.endswith(".csv") for path in changed)


def test_json_holds_the_same_facts(reset: Path) -> None:
    result = camtrap("clock", reset, "--json")
    fault = next(f for f in json.loads(result.stdout)["findings"] if f["kind"] == "factory_reset")
    assert fault["deployment_id"] == "ST01-a"
    assert fault["from"] == "2019-01-01T00:04:00"
    assert fault["seconds"] > 7 * 365 * 86_400
    assert 0 < fault["score"] <= 1
    assert fault["first_file"].startswith("A/ST01/")


def test_a_proposal_that_is_followed_makes_the_finding_vanish(reset: Path, tmp_path: Path) -> None:
    written = tmp_path / "proposal.csv"
    result = camtrap("clock", reset, "--write-proposal", written)
    assert "1 corrections proposed" in result.stderr
    (offset,) = read_offsets(written)
    assert offset.deployment_id == "ST01-a"
    assert offset.reason.startswith("factory_reset: ")
    assert not (reset / "clock_offsets.csv").exists()
    written.rename(reset / "clock_offsets.csv")
    assert camtrap("clock", reset).stdout == "nothing odd about the clocks\n"
    check = camtrap("stations", "check", reset).stdout
    assert "outside" not in check, check
    assert "which is no deployment" not in check


def test_a_proposal_is_never_written_over_a_file(reset: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(NotesError, match="left as it is"):
        camtrap("clock", reset, "--write-proposal", mine)
    assert mine.read_text(encoding="utf-8") == "mine"
