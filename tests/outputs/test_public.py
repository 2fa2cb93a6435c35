"""Public files tell nobody where a leopard walks or where a ranger stood."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import gpxpy
import pytest
from fastkml.validator import validate
from geojson_pydantic import FeatureCollection
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.errors import ConfigError, SeasonError
from camtrap.events.fieldwork import Fieldwork, fieldwork
from camtrap.events.frames import placing
from camtrap.events.watch import Watches
from camtrap.ledger.reviews import add_review
from camtrap.outputs.public import (
    FOLDER,
    NAMES,
    Cover,
    grid_uncertainty_m,
    notice,
    on_grid,
    write_public,
)
from camtrap.outputs.season_events import SeasonEvents
from camtrap.records import State
from tests.outputs.season_made import Made, Shot, made

D = datetime

SECRETS = {
    "station": (43.123456, 131.234567),
    "folder": (43.654321, 131.765432),
    "gps": (42.987654, 130.876543),
    "second": (43.149999, 131.250001),
}
RIDGE = Deployment(
    "ST01-2026",
    "ST01",
    station_name="Ridge at 43.123456 131.234567",
    latitude=43.123456,
    longitude=131.234567,
    coordinate_uncertainty_m=7,
    camera_id="SERIAL-43123456",
    start=D(2026, 3, 1),
    utc_offset="+10:00",
    bait="carcass at 43.123456",
    feature_type="trail 131.234567",
    notes="N43.123456 E131.234567, ask Ivan",
)
# A second camera of the station, on the other side of a cell's edge.
SECOND = Deployment(
    "ST01-43.149999",
    "ST01",
    latitude=43.149999,
    longitude=131.250001,
    start=D(2026, 4, 1),
    folder="second",
)
FOLDER_S = Deployment(
    "Khata 43.654321 131.765432",
    "Khata 43.654321 131.765432",
    latitude=43.654321,
    longitude=131.765432,
)
CAMERA = (
    ("latitude", 42.987654),
    ("longitude", 130.876543),
    ("serial", "S-42.987654"),
    ("model", "X 130.876543"),
    ("user_label", "42.987654"),
)
SHOTS = (
    Shot("ST01", State.LEOPARD, D(2026, 3, 5, 2, 14, 9), 0.93),
    Shot("ST01", State.PERSON, D(2026, 3, 6, 11, 22, 33)),
    Shot("ST01", State.VEHICLE, D(2026, 3, 6, 17, 44, 55)),
    Shot("ST01", State.UNSURE, D(2026, 3, 7, 19, 8, 7)),
    Shot("second", State.LEOPARD, D(2026, 4, 5, 2)),
    Shot("Khata 43.654321 131.765432", State.PREY, D(2026, 3, 5, 5)),
    Shot("Khata 43.654321 131.765432", State.OTHER, None),
    Shot("N42.987654_E130.876543", State.LEOPARD, D(2026, 3, 9), capture=CAMERA),
    Shot("Hidden spring", State.LEOPARD, D(2026, 3, 10)),
)


@pytest.fixture
def filled(season: Path) -> Iterator[Made]:
    with made(season, SHOTS, (RIDGE, SECOND, FOLDER_S)) as told:
        yield told


@pytest.fixture
def folder(filled: Made) -> Path:
    paths = write_public(filled.ledger, filled.events, filled.placed, filled.work)
    assert [path.name for path in paths] == list(NAMES)
    return filled.ledger.season / FOLDER


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode("utf-8") for path in folder.iterdir()}


# -- nothing gets out


def test_no_byte_of_any_file_tells_an_exact_coordinate(folder: Path) -> None:
    told = texts(folder)
    assert sorted(told) == sorted(NAMES)
    for degrees in (each for pair in SECRETS.values() for each in pair):
        exact = f"{degrees:.6f}"
        # A tenth is all that may be told, so no beginning with more decimals may be there,
        # and without the dot nothing so long that it could be nothing else.
        beginnings = [exact[:length] for length in range(exact.index(".") + 3, len(exact) + 1)]
        digits = exact.replace(".", "")
        for shown in (*beginnings, exact.replace(".", ","), digits, digits[:-1]):
            for name, text in told.items():
                assert shown not in text, (name, shown)


@pytest.mark.parametrize(
    "word",
    [
        *("Ridge", "Ivan", "carcass", "Khata", "Hidden", "spring", "SERIAL", "N42", "E130"),
        *("second", "ST01-2026", "JPG", "trail", "X 130"),
    ],
)
def test_no_word_tells_a_place(folder: Path, word: str) -> None:
    for name, text in texts(folder).items():
        # The notice says that names are left out, and no row says anything else.
        assert word not in text, name


@pytest.mark.parametrize("time", ["11:22", "17:44", "19:08", "01:22:33", "07:44:55", "09:08:07"])
def test_people_and_what_may_be_people_are_left_out(folder: Path, time: str) -> None:
    for name, text in texts(folder).items():
        assert time not in text, name
    for text in texts(folder).values():
        assert not re.search(r"\b(person|vehicle|unsure)\b", text.replace(notice(0.1), ""))


def test_every_file_with_a_place_says_that_it_is_rounded(folder: Path) -> None:
    for name in ("events.csv", "stations_report.csv", "patrol.gpx", "patrol.geojson"):
        assert notice(0.1) in texts(folder)[name]
    assert notice(0.1) in texts(folder)["patrol.kml"]
    assert texts(folder)["PUBLIC.txt"] == f"{notice(0.1)}\n"
    for row in read(folder / "events.csv") + read(folder / "stations_report.csv"):
        assert row["comments"] == notice(0.1)


def test_the_sun_does_not_give_the_place_away(folder: Path) -> None:
    for row in read(folder / "events.csv"):
        assert (row["solar_elevation_deg"], row["day_night"]) == ("", "")


def test_a_station_at_the_edge_of_a_cell_has_one_place(folder: Path) -> None:
    # Two cameras, 43.123 and 43.149999: had each its own cell, the edge between would be told.
    rows = [row for row in read(folder / "stations_report.csv") if row["station_id"] == "ST01"]
    assert len(rows) == 2
    assert len({(row["latitude"], row["longitude"]) for row in rows}) == 1
    events = [row for row in read(folder / "events.csv") if row["station_id"] == "ST01"]
    assert len(events) == 2
    places = {(row["latitude"], row["longitude"]) for row in events}
    assert places == {(rows[0]["latitude"], rows[0]["longitude"])}


# -- what is left can be used


def test_the_public_files_tell_the_same_events_at_the_same_places(folder: Path) -> None:
    placed = {
        (row["event_id"], row["label"], float(row["latitude"]), float(row["longitude"]))
        for row in read(folder / "events.csv")
        if row["latitude"]
    }
    assert len(placed) == 5
    features = json.loads((folder / "patrol.geojson").read_text(encoding="utf-8"))
    assert FeatureCollection(**features)
    assert {
        (each["id"], each["properties"]["label"], *reversed(each["geometry"]["coordinates"]))
        for each in features["features"]
        if each["properties"]["kind"] != "station"
    } == placed
    points = gpxpy.parse((folder / "patrol.gpx").read_text(encoding="utf-8")).waypoints
    assert {
        (each.comment, each.type, each.latitude, each.longitude)
        for each in points
        if each.type != "station"
    } == placed
    assert validate(file_to_validate=folder / "patrol.kml")
    marks = ElementTree.parse(folder / "patrol.kml").getroot().findall(".//{*}Placemark")
    assert len(marks) == len(points) == len(features["features"])


def test_ids_join_the_public_tables(folder: Path) -> None:
    stations = read(folder / "stations_report.csv")
    deployments = {row["deployment_id"] for row in stations}
    events = read(folder / "events.csv")
    assert {row["deployment_id"] for row in events} <= deployments
    assert all(row["event_id"].startswith(row["deployment_id"] + "_e") for row in events)
    assert len({row["event_id"] for row in events}) == len(events) == 6
    history = read(folder / "detection_history_leopard.csv")
    assert {row["station_id"] for row in history} == {row["station_id"] for row in stations}


def test_a_ranger_is_not_named(season: Path) -> None:
    with made(season, SHOTS, (RIDGE, SECOND, FOLDER_S)) as told:
        for entry in told.ledger.entries():
            add_review(season, entry.file_id, "prey", reviewer="Olga 43.123456")
        placed = placing(told.ledger, told.placed.notes)
        with SeasonEvents(placed.frames(told.ledger)) as events:
            write_public(told.ledger, events, placed, told.work)
    rows = read(season / FOLDER / "events.csv")
    assert {row["classified_by"] for row in rows} == {"a person"}
    assert not any("Olga" in text for text in texts(season / FOLDER).values())


# -- names and grid


def cover(*stations: str) -> Cover:
    places = [Deployment(f"{name}-2026", name) for name in stations]
    return Cover(fieldwork(Watches(FieldNotes(tuple(places)))))


@pytest.mark.parametrize("code", ["ST01", "CAM-12", "7", "A7b", "T 3", "ж12", "st_004"])
def test_a_code_stays(code: str) -> None:
    assert cover(code).station(code) == code


@pytest.mark.parametrize(
    "name", ["Khata", "Ridge 1", "43.12", "4312", "N43E131", "DCIM", "ST01 spring", "A", ""]
)
def test_what_may_be_a_place_becomes_a_number(name: str) -> None:
    assert cover(name, "ST01").station(name) in ("site-1", "site-2")
    assert cover(name).deployment(f"{name}-2026") == "site-1-d1"
    assert cover(name).event(f"{name}-2026_e0012") == "site-1-d1_e0012"


@given(st.sets(st.text(min_size=1), min_size=1, max_size=8))
def test_no_two_stations_have_one_name(names: set[str]) -> None:
    told = cover(*names)
    assert len({told.station(name) for name in names}) == len(names)
    assert len({told.deployment(f"{name}-2026") for name in names}) == len(names)


latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
grids = st.sampled_from([0.01, 0.05, 0.1, 0.25, 1.0])


@given(latitudes, longitudes, grids)
def test_the_true_place_lies_within_what_is_told(
    latitude: float, longitude: float, grid: float
) -> None:
    north, east = on_grid(latitude, grid), on_grid(longitude, grid)
    assert abs(north - latitude) <= grid / 2 + 1e-6
    assert abs(east - longitude) <= grid / 2 + 1e-6
    assert on_grid(north, grid) == north
    assert haversine(latitude, longitude, north, east) <= grid_uncertainty_m(north, grid)


@given(latitudes, grids)
def test_all_places_of_a_cell_are_told_alike(latitude: float, grid: float) -> None:
    # The uncertainty of the exact latitude would tell a part of it.
    north = on_grid(latitude, grid)
    near = north + (latitude - north) / 3
    assert on_grid(near, grid) == north


@pytest.mark.parametrize(
    ("degrees", "grid", "told"),
    [
        (43.123456, 0.1, 43.1),
        (131.2599, 0.1, 131.3),
        (-0.04, 0.1, 0.0),
        (-8.56, 0.1, -8.6),
        (43.123456, 0.25, 43.0),
        (43.126, 0.25, 43.25),
        (43.12, 1, 43.0),
    ],
)
def test_degrees_go_to_the_nearest_line(degrees: float, grid: float, told: float) -> None:
    assert on_grid(degrees, grid) == told
    assert math.copysign(1, on_grid(degrees, grid)) == math.copysign(1, told)


@pytest.mark.parametrize("grid", [0.0, -0.1, 0.001, 90.0, math.nan])
def test_a_grid_that_hides_nothing_is_refused(grid: float) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        Cover(Fieldwork((), None), grid)


def test_a_coarser_grid_is_told_in_the_files(filled: Made) -> None:
    write_public(filled.ledger, filled.events, filled.placed, filled.work, grid=0.5)
    folder = filled.ledger.season / FOLDER
    rows = [row for row in read(folder / "events.csv") if row["latitude"]]
    assert {float(row["latitude"]) % 0.5 for row in rows} == {0.0}
    assert all(int(row["coordinate_uncertainty_m"]) > 30_000 for row in rows)
    assert "0.5 degrees" in (folder / "PUBLIC.txt").read_text(encoding="utf-8")


def test_a_file_in_the_folder_s_place_is_told(filled: Made) -> None:
    (filled.ledger.season / FOLDER).write_text("mine")
    with pytest.raises(SeasonError, match="cannot be made"):
        write_public(filled.ledger, filled.events, filled.placed, filled.work)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.floats(-89.9, 89.9).map(lambda x: round(x, 6)),
            st.floats(-179.9, 179.9).map(lambda x: round(x, 6)),
        ).filter(lambda pair: all(abs(x * 10 - round(x * 10)) > 0.1 for x in pair)),
        min_size=1,
        max_size=6,
    )
)
def test_wherever_cameras_stand_no_exact_place_gets_out(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[float, float]]
) -> None:
    season = tmp_path_factory.mktemp("season")
    shots, deployments = [], []
    for n, (latitude, longitude) in enumerate(places):
        name = f"at {latitude} {longitude} {n}"
        moment = D(2026, 3, 1) + timedelta(hours=n)
        if n % 2:
            capture = (("latitude", latitude), ("longitude", longitude))
            shots.append(Shot(name, State.LEOPARD, moment, capture=capture))
        else:
            shots.append(Shot(name, State.LEOPARD, moment))
            deployments.append(
                Deployment(name, name, name, latitude=latitude, longitude=longitude, notes=name)
            )
    with made(season, shots, deployments) as told:
        write_public(told.ledger, told.events, told.placed, told.work)
    for name, text in texts(season / FOLDER).items():
        for pair in places:
            for degrees in pair:
                whole, _, part = f"{degrees:.6f}".partition(".")
                assert f"{whole}.{part.rstrip('0')}" not in text, name
    assert len(read(season / FOLDER / "events.csv")) == len(places)


def haversine(latitude: float, longitude: float, north: float, east: float) -> float:
    """Metres on a sphere as large as the Earth's mean radius."""
    a, b = math.radians(latitude), math.radians(north)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(east - longitude) / 2) ** 2
    return 2 * 6_371_009 * math.asin(min(1.0, math.sqrt(half)))
