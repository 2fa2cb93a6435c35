"""`camtrap events`: the outputs follow the season's tables and people's word, without a model."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camtrap.cli.main import app
from camtrap.errors import CamtrapError, SeasonError
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.vision import predictor as predictor_module
from tests.cards import FakePredictor, frame, put, snapshot

START = datetime(2026, 2, 3, 12)


def camtrap(*words: object) -> Result:
    result = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(result.exception, CamtrapError):
        raise result.exception
    return result


@pytest.fixture
def done(tmp_path: Path, season: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A season of four prey frames, ten minutes apart, that no model can be asked about again."""
    with monkeypatch.context() as patch:
        patch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())
        frames = {
            f"ST01/{n}.JPG": frame("prey", n, taken_at=START + timedelta(minutes=10 * n))
            for n in range(4)
        }
        card = put(tmp_path / "card", frames)
        assert camtrap("run", card, "-o", season, "--workers", 1).exit_code == 0
    monkeypatch.setattr(predictor_module, "load_predictors", None)
    monkeypatch.setattr(predictor_module, "load_predictor", None)
    return season


def events(season: Path) -> list[dict[str, str]]:
    with (season / "events.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_outputs_that_were_deleted_come_back_the_same(done: Path, tmp_path: Path) -> None:
    names = ("events.csv", "images.csv", "run.json", "static.html", "brief.html")
    before = {name: (done / name).read_bytes() for name in names}
    for name in names:
        (done / name).unlink()
    card = snapshot(tmp_path / "card")
    result = camtrap("events", done)
    assert result.exit_code == 0
    assert "4 files = 4 prey" in result.stdout
    assert "1 event\n" in result.stdout
    assert {name: (done / name).read_bytes() for name in names} == before
    assert snapshot(tmp_path / "card") == card


def test_stations_clocks_and_reviews_are_followed(done: Path) -> None:
    (done / "stations.csv").write_text(
        "station_id,station_name,latitude,longitude,deployment_id,folder,utc_offset\n"
        "RIDGE,Хребет,43.1,131.2,RIDGE_1,ST01,+10:00\n",
        encoding="utf-8",
    )
    (done / "clock_offsets.csv").write_text(
        "deployment_id,seconds,from,to,reason\nRIDGE_1,3600,,,slow\n", encoding="utf-8"
    )
    with Ledger(done) as ledger:
        file_id = next(ledger.entries()).file_id
    add_review(done, file_id, "leopard", reviewer="Анна")
    assert camtrap("events", done).exit_code == 0
    told = events(done)
    assert [(row["label"], row["image_count"]) for row in told] == [("leopard", "1"), ("prey", "3")]
    assert {row["station_name"] for row in told} == {"Хребет"}
    assert told[0]["event_start"] == "2026-02-03T13:00:00+10:00"
    (done / "stations.csv").unlink()
    assert camtrap("events", done).exit_code == 0
    assert {row["station_id"] for row in events(done)} == {"ST01"}


def test_a_run_writes_anew_when_only_a_table_of_the_season_changed(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(predictor_module, "load_predictor", lambda *_, **__: FakePredictor())
    (done / "stations.csv").write_text(
        "station_id,latitude,longitude,deployment_id,folder\nRIDGE,43.1,131.2,RIDGE_1,ST01\n",
        encoding="utf-8",
    )
    assert camtrap("run", tmp_path / "card", "-o", done, "--workers", 1).exit_code == 0
    assert {row["station_id"] for row in events(done)} == {"RIDGE"}


def test_the_rules_can_be_given_for_once(done: Path) -> None:
    assert camtrap("events", done, "--event-gap", 10).exit_code == 0
    assert len(events(done)) == 4
    assert camtrap("events", done, "--event-rule", "last_independent").exit_code == 0
    assert [row["image_count"] for row in events(done)] == ["3", "1"]
    rules = json.loads((done / "run.json").read_text(encoding="utf-8"))["rules"]
    assert (rules["event_rule"], rules["event_gap_minutes"]) == ("last_independent", 30)


def test_a_rule_that_is_none_is_told(done: Path) -> None:
    with pytest.raises(CamtrapError, match="event_rule is one of last_record"):
        camtrap("events", done, "--event-rule", "sometimes")


def test_what_is_no_season_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeasonError, match="is not a season"):
        camtrap("events", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_may_go_out_is_written_when_asked_for(done: Path) -> None:
    (done / "stations.csv").write_text(
        "station_id,latitude,longitude,deployment_id,folder\nRIDGE,43.1234,131.2345,R1,ST01\n",
        encoding="utf-8",
    )
    assert camtrap("events", done).exit_code == 0
    assert not (done / "public").exists()
    assert events(done)[0]["latitude"] == "43.1234"
    assert camtrap("events", done, "--public").exit_code == 0
    assert "43.1234" not in (done / "public" / "events.csv").read_text(encoding="utf-8")
    assert events(done / "public")[0]["latitude"] == "43.1"
