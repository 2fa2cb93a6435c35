"""`stations_report.csv` and the detection histories, as R and a ranger read them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from camtrap.card.deployments import Deployment, Period
from camtrap.outputs import detection_history, stations_report
from camtrap.records import State
from tests.outputs.season_made import Made, Shot, made

D = datetime
START = D(2026, 3, 1, 8)
ST01 = Deployment(
    "ST01-2026",
    "ST01",
    station_name="Ridge",
    latitude=43.1234567,
    longitude=131.5,
    coordinate_uncertainty_m=10,
    camera_id="H2",
    start=START,
    end=D(2026, 3, 31, 8),
    utc_offset="+10:00",
    problems=(
        Period(D(2026, 3, 5), D(2026, 3, 6)),
        Period(D(2026, 3, 10, 12), D(2026, 3, 11)),
        Period(D(2026, 3, 12), D(2026, 3, 13)),
    ),
    notes="=under the oak",
)
NEVER = Deployment("ST09-2026", "ST09", start=START, end=D(2026, 3, 31))

SHOTS = (
    *(Shot("ST01", State.EMPTY, START + timedelta(days=n, hours=1)) for n in range(30)),
    Shot("ST01", State.LEOPARD, D(2026, 3, 3, 2)),
    Shot("ST01", State.LEOPARD, D(2026, 3, 3, 4)),
    Shot("ST01", State.LEOPARD, D(2026, 3, 20, 4)),
    Shot("ST01", State.LEOPARD, D(2026, 3, 5, 4)),  # while the camera was said to be broken
    Shot("ST02", State.PREY, D(2026, 3, 2, 8), capture=(("battery_mv", 8800),)),
    Shot("ST02", State.PREY, D(2026, 3, 4, 8), capture=(("battery_mv", 7000),)),
    Shot("ST02", State.PREY, D(2026, 3, 4, 9), source="modified"),
)


@pytest.fixture
def filled(season: Path) -> Iterator[Made]:
    with made(season, SHOTS, (ST01, NEVER)) as told:
        yield told


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_deployment_has_a_row_and_what_stations_csv_says_of_it(
    filled: Made, tmp_path: Path
) -> None:
    path = tmp_path / "stations_report.csv"
    assert stations_report.write(path, filled.work, filled.events) == 3
    one, two, never = read(path)
    assert [row["station_id"] for row in (one, two, never)] == ["ST01", "ST02", "ST09"]
    assert [row["in_stations_csv"] for row in (one, two, never)] == ["true", "false", "true"]
    assert (one["start"], one["utc_offset"]) == ("2026-03-01T08:00:00+10:00", "+10:00")
    assert (one["latitude"], one["longitude"]) == ("43.123457", "131.5")
    assert one["problem1_to"] == "2026-03-06T00:00:00+10:00"
    assert one["other_problems"] == (
        "2026-03-10T12:00:00+10:00/2026-03-11T00:00:00+10:00; "
        "2026-03-12T00:00:00+10:00/2026-03-13T00:00:00+10:00"
    )


def test_effort_and_rates_are_those_of_the_formulas(filled: Made) -> None:
    one, two, never = stations_report.rows(filled.work, filled.events)
    assert (one["trap_nights"], one["active_days"]) == (27.5, 29)
    assert (one["effort_start_from"], one["effort_end_from"]) == ("table", "table")
    assert (one["leopard_events"], one["prey_events"]) == (4, 0)
    assert one["rai_leopard"] == round(400 / 27.5, 3)
    assert one["rai_leopard_low"] < one["rai_leopard"] < one["rai_leopard_high"]
    assert (one["rai_prey"], one["rai_prey_low"]) == (0.0, 0.0)
    assert one["rai_prey_high"] == pytest.approx(368.9 / 27.5, abs=2e-3)
    # Without a table the pictures tell; what no camera dated is an event, and no rate.
    assert (two["trap_nights"], two["effort_end_from"]) == (2.0, "pictures")
    assert (two["prey_events"], two["rai_prey"], two["undated_count"]) == (3, 100.0, 1)
    assert (two["battery_mv"], two["battery_low"]) == (7000, True)
    assert two["last_image_at"] == "2026-03-04T08:00:00"
    # Of a camera without pictures nothing is known: that is not 30 nights without a leopard.
    assert (never["trap_nights"], never["rai_leopard"], never["active_days"]) == (None, None, None)
    assert (never["image_count"], never["battery_low"]) == (0, None)
    assert never["comments"].startswith("no effort")


def test_a_dead_camera_is_told(season: Path) -> None:
    shots = [Shot("ST01", State.EMPTY, START + timedelta(days=n)) for n in range(12)]
    bare = Deployment("ST01-2026", "ST01", start=START, end=D(2026, 5, 1))
    with made(season, shots, [bare]) as told:
        [row] = stations_report.rows(told.work, told.events)
    assert (row["trap_nights"], row["effort_end_from"]) == (11.0, "dead")
    assert row["dead_since"] == row["last_image_at"] == "2026-03-12T08:00:00"
    assert "effort ends" in row["comments"]


def test_a_spreadsheet_runs_no_notes(filled: Made, tmp_path: Path) -> None:
    stations_report.write(tmp_path / "s.csv", filled.work, filled.events, excel=True)
    assert "'=under the oak" in (tmp_path / "s.csv").read_text(encoding="utf-8-sig")


def test_a_detection_history_is_what_r_reads(filled: Made, tmp_path: Path) -> None:
    lost = detection_history.write(tmp_path, filled.work, filled.events, days=7)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".csv") == sorted(
        detection_history.names()
    )
    text = (tmp_path / "detection_history_leopard.csv").read_text(encoding="utf-8")
    assert text == (
        "station_id,o1,o2,o3,o4,o5\nST01,1,0,1,0,0\nST02,0,NA,NA,NA,NA\nST09,NA,NA,NA,NA,NA\n"
    )
    effort = (tmp_path / "effort.csv").read_text(encoding="utf-8").splitlines()
    assert effort[1] == "ST01,5.6667,5.5,7.0,7.0,2.3333"
    assert effort[2:] == ["ST02,2.0,0.0,0.0,0.0,0.0", "ST09,0.0,0.0,0.0,0.0,0.0"]
    occasions = read(tmp_path / "occasions.csv")
    assert occasions[0] == {
        "occasion": "o1",
        "start": "2026-03-01T00:00:00",
        "end": "2026-03-08T00:00:00",
    }
    # The one that only a copied file's date would place is told, and not put somewhere.
    assert lost == 1
    [told] = read(tmp_path / "detections_without_effort.csv")
    assert (told["label"], told["station_id"], told["reason"]) == ("prey", "ST02", "no time")


def test_a_detection_of_a_broken_day_is_told_and_not_dropped(filled: Made, tmp_path: Path) -> None:
    assert detection_history.write(tmp_path, filled.work, filled.events, days=1) == 2
    rows = read(tmp_path / "detections_without_effort.csv")
    assert [(row["began"], row["reason"]) for row in rows] == [
        ("2026-03-05T04:00:00", "no effort"),
        ("", "no time"),
    ]


def test_other_labels_and_their_effort_add_up(filled: Made, tmp_path: Path) -> None:
    detection_history.write(tmp_path, filled.work, filled.events, labels=[State.OTHER], days=3)
    assert (tmp_path / "detection_history_other.csv").is_file()
    assert not (tmp_path / "detection_history_prey.csv").exists()
    [one, *_] = read(tmp_path / "effort.csv")
    whole = sum(float(cell) for name, cell in one.items() if name != "station_id")
    assert whole == pytest.approx(27.5, abs=1e-3)


def test_a_season_without_effort_has_tables_too(season: Path, tmp_path: Path) -> None:
    with made(season, [Shot("ST01", State.LEOPARD, None)]) as told:
        assert detection_history.write(tmp_path, told.work, told.events) == 1
    assert (tmp_path / "effort.csv").read_text() == "station_id\nST01\n"
