"""Every table is what its published schema says, in the eyes of frictionless."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from frictionless import Resource, Schema, system

from camtrap.card.deployments import Deployment, Period
from camtrap.events.frames import placing
from camtrap.ledger.reviews import add_review
from camtrap.outputs import events_csv, images_csv, public, stations_report
from camtrap.outputs.season_events import SeasonEvents
from camtrap.records import State
from tests.outputs.season_made import Made, Shot, made

D = datetime
HEADERS = {
    "events": events_csv.HEADER,
    "images": images_csv.HEADER,
    "stations": stations_report.HEADER,
}


def schema(name: str) -> dict[str, Any]:
    told = files("camtrap.outputs").joinpath("schemas", f"{name}.schema.json")
    read: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return read


def errors(path: Path, name: str) -> list[str]:
    with system.use_context(trusted=True):
        resource = Resource(path=str(path), schema=Schema.from_descriptor(schema(name)))
        report = resource.validate()
    return [error for [error] in report.flatten(["message"])]


@pytest.fixture
def filled(season: Path) -> Iterator[Made]:
    place = Deployment(
        "ST01-2026",
        "ST01",
        station_name="Ridge",
        latitude=43.1234567,
        longitude=131.5,
        coordinate_uncertainty_m=10,
        start=D(2026, 3, 1, 8),
        end=D(2026, 3, 31),
        utc_offset="+10:00",
        problems=(Period(D(2026, 3, 5), D(2026, 3, 6)),),
        height_m=0.5,
        notes="a, b\nc",
    )
    told = (("battery_mv", 8000), ("temperature_c", -5), ("moon_phase", 3), ("serial", "H2"))
    shots = [
        Shot("ST01", label, D(2026, 3, 1, 9) + timedelta(hours=7 * n), capture=told, count=n % 4)
        for n, label in enumerate([s for s in State if s.is_label] * 4)
    ]
    shots += [
        Shot("ST02", State.LEOPARD, None),
        Shot("ST02", State.PREY, D(2026, 3, 1), source="modified"),
    ]
    with made(season, shots, (place,)) as season_made:
        yield season_made


@pytest.mark.parametrize("name", HEADERS)
def test_the_schema_has_the_table_s_columns(name: str) -> None:
    assert [field["name"] for field in schema(name)["fields"]] == list(HEADERS[name])
    assert all(field["description"] for field in schema(name)["fields"])
    assert not Schema.validate_descriptor(schema(name)).errors


def test_the_tables_are_valid(filled: Made, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.csv" for name in HEADERS}
    events_csv.write(filled.ledger, paths["events"], filled.events, filled.placed)
    images_csv.write(filled.ledger, paths["images"], filled.events, filled.placed)
    stations_report.write(paths["stations"], filled.work, filled.events)
    for name, path in paths.items():
        assert errors(path, name) == []


def test_what_people_said_is_valid_too(filled: Made, tmp_path: Path) -> None:
    first = next(iter(filled.ledger.entries()))
    add_review(filled.ledger.season, first.file_id, "leopard", reviewer="Ann")
    placed = placing(filled.ledger, filled.placed.notes)
    with SeasonEvents(placed.frames(filled.ledger)) as events:
        events_csv.write(filled.ledger, tmp_path / "e.csv", events, placed)
        images_csv.write(filled.ledger, tmp_path / "i.csv", events, placed)
    assert "human" in (tmp_path / "e.csv").read_text(encoding="utf-8")
    assert errors(tmp_path / "e.csv", "events") == []
    assert errors(tmp_path / "i.csv", "images") == []


def test_the_public_tables_are_valid(filled: Made) -> None:
    public.write_public(filled.ledger, filled.events, filled.placed, filled.work)
    folder = filled.ledger.season / public.FOLDER
    assert errors(folder / "events.csv", "events") == []
    assert errors(folder / "stations_report.csv", "stations") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("label", "tiger"),
        ("latitude", "143.2"),
        ("confidence", "1.5"),
        ("event_start", "03/05/2026"),
        ("event_id", ""),
        ("image_count", "0"),
        ("needs_review", "maybe"),
    ],
)
def test_the_schema_would_notice(filled: Made, tmp_path: Path, column: str, value: str) -> None:
    path = tmp_path / "e.csv"
    events_csv.write(filled.ledger, path, filled.events, filled.placed)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0][column] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(events_csv.HEADER))
        writer.writeheader()
        writer.writerows(rows)
    assert any(column in error for error in errors(path, "events"))
