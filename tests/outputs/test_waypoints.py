"""`patrol.gpx`, `.geojson` and `.kml`, each read by somebody else's reader."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import gpxpy
import pytest
from fastkml.validator import validate
from geojson_pydantic import FeatureCollection
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment
from camtrap.outputs import events_csv, geojson, gpx, kml
from camtrap.outputs.tables import cell
from camtrap.outputs.waypoints import PATROL, Drawn, Waypoint, xml_text
from camtrap.records import State
from tests.outputs.season_made import Made, Shot, made

D = datetime
KML = "{http://www.opengis.net/kml/2.2}"
HERE = Deployment(
    "ST01-2026",
    "ST01",
    station_name="Ridge <north> & \x07spring]]>",
    latitude=43.123456,
    longitude=131.2345678,
    coordinate_uncertainty_m=8,
    utc_offset="+10:00",
)
THERE = Deployment("ST02-2026", "ST02", latitude=-8.5, longitude=-179.25)
NOWHERE = Deployment("ST03-2026", "ST03")

SHOTS = (
    Shot("ST01", State.LEOPARD, D(2026, 3, 5, 2, 14, 9), 0.93, count=2),
    Shot("ST01", State.LEOPARD, D(2026, 3, 5, 2, 14, 12), 0.8),
    Shot("ST01", State.PREY, D(2026, 3, 5, 5)),
    Shot("ST02", State.PERSON, D(2026, 3, 6, 12)),
    Shot("ST02", State.VEHICLE, D(2026, 3, 6, 13)),
    Shot("ST03", State.LEOPARD, D(2026, 3, 7, 1)),
    Shot("ST04", State.LEOPARD, None, capture=(("latitude", 43.5), ("longitude", 131.5))),
    Shot("ST01", State.EMPTY, D(2026, 3, 8)),
)


@pytest.fixture
def filled(season: Path) -> Iterator[Made]:
    with made(season, SHOTS, (HERE, THERE, NOWHERE)) as told:
        yield told


def test_a_gps_reads_the_stations_and_then_the_last_events(filled: Made, tmp_path: Path) -> None:
    drawn = gpx.write(tmp_path / "p.gpx", filled.waypoints())
    assert drawn == Drawn(stations=3, events=4, events_left_out=1)
    with (tmp_path / "p.gpx").open(encoding="utf-8") as stream:
        points = gpxpy.parse(stream).waypoints
    assert [point.type for point in points] == [
        *("station", "station", "station", "vehicle", "person", "leopard", "leopard")
    ]
    leopard = points[5]
    assert (leopard.latitude, leopard.longitude) == (43.123456, 131.234568)
    assert leopard.time == D(2026, 3, 4, 16, 14, 9, tzinfo=UTC)
    assert leopard.name == "leopard 03-05 02:14 ST01"
    assert leopard.symbol == "Flag, Red"
    assert leopard.comment == "ST01-2026_e0001"
    assert re.fullmatch(
        r"2026-03-05 02:14, station ST01, Ridge <north> & spring\]\]>, at least 2, 0\.\d\d sure",
        leopard.description or "",
    )
    # Without a zone there is no moment in UTC: an invented one would be wrong by hours.
    assert (points[3].time, points[4].time) == (None, None)
    assert (points[3].description or "").startswith("2026-03-06 13:00")
    # What has no time comes last, and is told as such.
    assert (points[6].description or "").startswith("time unknown")
    assert (points[6].latitude, points[6].longitude) == (43.5, 131.5)


def test_a_gps_gets_the_elements_in_the_order_of_the_schema(filled: Made, tmp_path: Path) -> None:
    gpx.write(tmp_path / "p.gpx", filled.waypoints())
    order = ["time", "name", "cmt", "desc", "sym", "type"]
    root = ElementTree.parse(tmp_path / "p.gpx").getroot()
    points = root.findall("{*}wpt")
    assert points
    for point in points:
        tags = [child.tag.split("}")[1] for child in point]
        assert tags == [tag for tag in order if tag in tags]


def test_geojson_has_longitude_first_and_only_what_is_known(filled: Made, tmp_path: Path) -> None:
    drawn = geojson.write(tmp_path / "p.geojson", filled.waypoints())
    assert drawn == Drawn(stations=3, events=4, events_left_out=1)
    told = json.loads((tmp_path / "p.geojson").read_text(encoding="utf-8"))
    collection = FeatureCollection(**told)
    assert len(collection.features) == 7
    assert "crs" not in told
    [leopard] = [each for each in told["features"] if each["id"] == "ST01-2026_e0001"]
    # Not to be swapped: 131 is no latitude, and -179.25 would be none either.
    assert leopard["geometry"] == {"type": "Point", "coordinates": [131.234568, 43.123456]}
    assert leopard["properties"] == {
        "kind": "leopard",
        "station_id": "ST01",
        "station_name": HERE.station_name,
        "coordinate_uncertainty_m": 8,
        "event_id": "ST01-2026_e0001",
        "label": "leopard",
        "deployment_id": "ST01-2026",
        "event_start": "2026-03-05T02:14:09+10:00",
        "event_end": "2026-03-05T02:14:12+10:00",
        "confidence": leopard["properties"]["confidence"],
        "count_min": 2,
        "image_count": 2,
        "needs_review": False,
    }
    [there] = [each for each in told["features"] if each["id"] == "station:ST02"]
    assert there["geometry"]["coordinates"] == [-179.25, -8.5]
    assert there["properties"] == {"kind": "station", "station_id": "ST02"}


def test_google_earth_s_schema_is_met(filled: Made, tmp_path: Path) -> None:
    path = tmp_path / "p.kml"
    assert kml.write(path, filled.waypoints(notice="Told & <read>")) == Drawn(3, 4, 1)
    assert validate(file_to_validate=path)
    marks = ElementTree.parse(path).getroot().findall(f".//{KML}Placemark")
    assert len(marks) == 7
    leopard = marks[5]
    assert leopard.findtext(f"{KML}Point/{KML}coordinates") == "131.234568,43.123456"
    assert leopard.findtext(f"{KML}TimeStamp/{KML}when") == "2026-03-04T16:14:09Z"
    data = {each.get("name"): each.findtext(f"{KML}value") for each in leopard.iter(f"{KML}Data")}
    assert data["event_start"] == "2026-03-05T02:14:09+10:00"
    assert data["needs_review"] == "false"
    assert marks[3].find(f"{KML}TimeStamp") is None


def test_the_validator_would_notice(filled: Made, tmp_path: Path) -> None:
    kml.write(tmp_path / "p.kml", filled.waypoints())
    text = (tmp_path / "p.kml").read_text(encoding="utf-8")
    wrong = re.sub("(<name>[^<]*</name>)(<description>[^<]*</description>)", r"\2\1", text)
    assert wrong != text
    (tmp_path / "wrong.kml").write_text(wrong, encoding="utf-8")
    with pytest.raises(AssertionError):
        validate(file_to_validate=tmp_path / "wrong.kml")


def test_a_season_without_places_gives_files_that_can_be_read(season: Path, tmp_path: Path) -> None:
    with made(season, [Shot("ST01", State.LEOPARD, D(2026, 3, 5))]) as told:
        for module in (gpx, geojson, kml):
            assert module.write(tmp_path / module.__name__, told.waypoints()) == Drawn(0, 0, 1)
        assert FeatureCollection(**json.loads((tmp_path / geojson.__name__).read_text()))
        assert validate(file_to_validate=tmp_path / kml.__name__)
        assert not gpxpy.parse((tmp_path / gpx.__name__).read_text()).waypoints


def test_a_station_stands_where_its_last_camera_stood(season: Path) -> None:
    first = Deployment("a", "ST01", latitude=1.0, longitude=2.0, start=D(2026, 1, 1))
    last = Deployment("b", "ST01", latitude=1.5, longitude=2.5, start=D(2026, 2, 1))
    bare = Deployment("c", "ST01", start=D(2026, 3, 1))
    shots = [Shot(name, State.EMPTY, D(2026, 4, 1)) for name in "abc"]
    with made(season, shots, (last, bare, first)) as told:
        [station] = told.waypoints().stations()
    assert (station.latitude, station.longitude) == (1.5, 2.5)


# -- names and texts


def point(**changes: object) -> Waypoint:
    return Waypoint(
        **{  # type: ignore[arg-type]
            "kind": "leopard",
            "key": "e",
            "station_id": "ST01",
            "latitude": 1.0,
            "longitude": 2.0,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("waypoint", "name"),
    [
        (point(start=D(2026, 3, 5, 2, 14)), "leopard 03-05 02:14 ST01"),
        (point(), "leopard ST01"),
        (point(kind="station"), "ST01"),
        (point(kind="station", station_id="С" * 40), "С" * 30),
        (point(station_id="\x00\x0bA"), "leopard A"),
    ],
)
def test_a_name_is_short_enough_for_a_small_screen(waypoint: Waypoint, name: str) -> None:
    assert gpx.short_name(waypoint) == name


@given(st.lists(st.text("ab", min_size=28, max_size=30), max_size=40))
def test_no_two_waypoints_have_one_name(names: list[str]) -> None:
    taken: set[str] = set()
    told = [gpx.unique(name, taken) for name in names]
    assert len(set(told)) == len(told)
    assert all(len(name) <= gpx.LONGEST_NAME for name in told)


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_stands_in_a_name_the_xml_can_be_read(text: str) -> None:
    mark = kml.placemark(point(station_name=text, start=D(2026, 3, 5)))
    line = ElementTree.tostring(mark, encoding="unicode")
    read = ElementTree.fromstring(line.encode("utf-8"))
    told = {each.get("name"): each.findtext("value") for each in read.iter("Data")}
    # Line breaks are one space in a cell; a parser makes one kind of the rest.
    assert (told.get("station_name") or "").split() == xml_text(cell(text)).split()


# -- all of them tell the same


labels = st.sampled_from([*PATROL, State.PREY, State.EMPTY, State.UNSURE])
shots = st.lists(
    st.builds(
        Shot,
        st.sampled_from(["ST01", "ST02", "ST03", "Хребет"]),
        labels,
        st.none()
        | st.integers(0, 5000).map(lambda minutes: D(2026, 3, 4) + timedelta(minutes=minutes)),
        st.floats(0.5, 1).map(lambda value: round(value, 3)),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(shots)
def test_the_same_events_are_in_every_file(
    tmp_path_factory: pytest.TempPathFactory, told: list[Shot]
) -> None:
    folder = tmp_path_factory.mktemp("season")
    with made(folder, told, (HERE, THERE, NOWHERE)) as season:
        events_csv.write(season.ledger, folder / "e.csv", season.events, season.placed)
        drawn = [
            gpx.write(folder / "p.gpx", season.waypoints()),
            geojson.write(folder / "p.geojson", season.waypoints()),
            kml.write(folder / "p.kml", season.waypoints()),
        ]
    with (folder / "e.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["label"] in PATROL]
    placed = {
        (row["event_id"], row["label"], float(row["latitude"]), float(row["longitude"]))
        for row in rows
        if row["latitude"]
    }
    with (folder / "p.gpx").open(encoding="utf-8") as stream:
        points = [p for p in gpxpy.parse(stream).waypoints if p.type != "station"]
    features = json.loads((folder / "p.geojson").read_text(encoding="utf-8"))["features"]
    features = [each for each in features if each["properties"]["kind"] != "station"]
    marks = ElementTree.parse(folder / "p.kml").getroot().findall(f".//{KML}Placemark")
    in_kml = []
    for mark in marks:
        data = {each.get("name"): each.findtext(f"{KML}value") for each in mark.iter(f"{KML}Data")}
        if "event_id" in data:
            longitude, latitude = (mark.findtext(f"{KML}Point/{KML}coordinates") or "").split(",")
            in_kml.append((data["event_id"], data["label"], float(latitude), float(longitude)))
    assert {(p.comment, p.type, p.latitude, p.longitude) for p in points} == placed
    assert {
        (f["id"], f["properties"]["label"], *reversed(f["geometry"]["coordinates"]))
        for f in features
    } == placed
    assert set(in_kml) == placed
    counts = Counter(row["event_id"] for row in rows)
    assert set(counts.values()) <= {1}
    for each in drawn:
        assert (each.events, each.events_left_out) == (len(placed), len(rows) - len(placed))
    assert len(points) == len(features) == len(in_kml) == len(placed)
