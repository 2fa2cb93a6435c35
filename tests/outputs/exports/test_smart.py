"""SMART: incidents in the site's keys, a plain table, and nothing of people in public."""

from __future__ import annotations

import base64
import csv
import io
import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from PIL import Image

from camtrap.errors import ConfigError
from camtrap.ledger.reviews import add_review
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.smart import HEADER
from camtrap.records import State
from tests.cards import frame, put
from tests.outputs.exports import made
from tests.outputs.exports.made import START, Row, box, exported, made_season, read_json
from tests.outputs.exports.test_folders import triaged
from tests.outputs.exports.test_smart_mapping import CONFIGS, DATA_MODEL

fresh = count()
MAPPING = (CONFIGS / "smart_mapping-example.toml").read_text(encoding="utf-8")
HERE: dict[str, Any] = {"latitude": 43.123456, "longitude": 131.654321}


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


ROWS = [
    Row(
        "ST01/a.JPG",
        State.LEOPARD,
        (box("leopard", 0.87),),
        confidence=0.87,
        probabilities=made.chances(leopard=0.87),
        **HERE,
    ),
    Row("ST01/b.JPG", State.PREY, (box("prey"), box("prey")), taken_at=at(60), **HERE),
    Row("ST01/c.JPG", State.PERSON, (box("person"),), taken_at=at(120), **HERE),
    Row("ST01/d.JPG", State.OTHER, (box("other"),), taken_at=at(180), **HERE),
    Row("ST02/e.JPG", State.LEOPARD, (box("leopard"),), taken_at=at(240)),
    Row("ST01/f.JPG", State.LEOPARD, (box("leopard"),), taken_at=None, **HERE),
]


def season_of(tmp_path: Path, *rows: Row, mapping: str = MAPPING, model: str = "") -> Path:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    if mapping:
        (season / "smart_mapping.toml").write_text(mapping, encoding="utf-8")
    if model:
        (season / "smart_datamodel.xml").write_text(model, encoding="utf-8")
    return season


def told(season: Path, **said: Any) -> tuple[list[dict[str, str]], list[dict[str, Any]], Exported]:
    done = exported(season, "smart", season.parent / f"out {next(fresh)}", **said)
    with done.paths[0].open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    features = read_json(done.paths[1])["features"] if len(done.paths) > 1 else []
    return rows, features, done


def test_an_incident_has_the_shape_that_smart_connect_takes(tmp_path: Path) -> None:
    _, [feature, *_], done = told(season_of(tmp_path, *ROWS, model=DATA_MODEL))
    number = feature["properties"]["smartAttributes"]["incidentUuid"]
    [group] = feature["properties"]["smartAttributes"].pop("observationGroups")
    [observation] = group["observations"]
    assert uuid.UUID(observation.pop("observationUuid")) != uuid.UUID(number)
    assert feature == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [131.654321, 43.123456]},
        "properties": {
            "dateTime": "2026-02-03T21:50:00",
            "smartDataType": "incident",
            "smartFeatureType": "waypoint/new",
            "smartAttributes": {
                "incidentId": "CT-card-ST01_e0001",
                "incidentUuid": number,
                "comment": "camera trap ST01, leopard 0.87, machine (camtrap (fake))",
            },
        },
    }
    assert observation == {
        "category": "wildlife.cameratrap",
        "attributes": {
            "species": "carnivora.pantherapardus",
            "numberofanimals": 1,
            "station": "ST01",
            "confidence": 0.87,
        },
    }
    assert any("All keys are in smart_datamodel.xml" in note for note in done.notes)


def test_only_events_of_a_mapped_label_with_time_and_place_are_incidents(tmp_path: Path) -> None:
    rows, features, done = told(season_of(tmp_path, *ROWS))
    assert len(rows) == done.rows == 6
    labels = [
        feature["properties"]["smartAttributes"]["comment"].split()[3] for feature in features
    ]
    assert labels == ["leopard", "prey", "person"]
    said = " ".join(done.notes)
    for part in ("3 incidents", "1 events are no incidents, because the mapping", "no camera told"):
        assert part in said
    assert "nothing tells their place" in said and "Keys were not checked" in said


def test_the_table_needs_no_mapping(tmp_path: Path) -> None:
    rows, features, done = told(season_of(tmp_path, *ROWS, mapping=""))
    assert features == [] and len(done.paths) == 1 and tuple(rows[0]) == HEADER
    assert rows[0] == {
        "id": "card-ST01_e0001",
        "date": "2026-02-03",
        "time": "21:50:00",
        "x": "131.654321",
        "y": "43.123456",
        "station_id": "ST01",
        "category_key": "",
        "species_key": "",
        "count": "1",
        "comment": "camera trap ST01, leopard 0.87, machine (camtrap (fake))",
        "photo": "card/ST01/a.JPG",
        "label": "leopard",
        "confidence": "0.87",
    }
    undated = [row for row in rows if not row["date"]]
    assert len(undated) == 1 and undated[0]["time"] == ""
    placeless = [row for row in rows if not row["x"]]
    assert [row["station_id"] for row in placeless] == ["ST02"] and placeless[0]["y"] == ""


def test_the_table_has_the_site_s_keys_where_they_are_mapped(tmp_path: Path) -> None:
    rows, _, _ = told(season_of(tmp_path, *ROWS))
    assert (rows[0]["category_key"], rows[0]["species_key"]) == (
        "wildlife.cameratrap",
        "carnivora.pantherapardus",
    )
    other = next(row for row in rows if row["label"] == "other")
    assert (other["category_key"], other["species_key"]) == ("", "")


def test_a_person_s_word_has_no_confidence(tmp_path: Path) -> None:
    season = season_of(tmp_path, ROWS[0])
    add_review(season, 1, "leopard", reviewer="Анна")
    [row], [feature], _ = told(season)
    assert row["confidence"] == "" and row["comment"] == "camera trap ST01, leopard, by a person"
    [group] = feature["properties"]["smartAttributes"]["observationGroups"]
    assert "confidence" not in group["observations"][0]["attributes"]


def numbers(features: list[dict[str, Any]]) -> dict[str, str]:
    return {
        feature["properties"]["dateTime"]: feature["properties"]["smartAttributes"]["incidentUuid"]
        for feature in features
    }


def test_an_event_keeps_its_number_when_others_are_added_or_corrected(tmp_path: Path) -> None:
    season = season_of(tmp_path, *ROWS)
    first = numbers(told(season)[1])
    assert len(set(first.values())) == 3 and numbers(told(season)[1]) == first
    add_review(season, 1, "empty")  # all that follow are numbered anew
    _, features, _ = told(season)
    assert numbers(features).items() < first.items()
    assert features[0]["properties"]["smartAttributes"]["incidentId"] == "CT-card-ST01_e0001"


def test_keys_that_the_site_does_not_have_stop_it(tmp_path: Path) -> None:
    wrong = MAPPING.replace("carnivora.pantherapardus", "leopard").replace("ungulata", "deer")
    season = season_of(tmp_path, *ROWS, mapping=wrong, model=DATA_MODEL)
    with pytest.raises(ConfigError) as error:
        told(season)
    assert "'leopard'" in str(error.value) and "'deer'" in str(error.value)


def test_mapping_and_data_model_may_lie_anywhere(tmp_path: Path) -> None:
    season = season_of(tmp_path, *ROWS, mapping="")
    mapping, model = tmp_path / "m.toml", tmp_path / "d.xml"
    mapping.write_text(MAPPING, encoding="utf-8")
    model.write_text(DATA_MODEL, encoding="utf-8")
    with_model = {"mapping": mapping, "data-model": model}
    assert len(told(season, **with_model)[1]) == 3
    for name in with_model:
        with pytest.raises(ConfigError, match="nowhere"):
            told(season, **{**with_model, name: tmp_path / "nowhere"})


def test_public_events_tell_neither_people_nor_places(tmp_path: Path) -> None:
    rows = [replace(row, name=row.name.replace("ST01", "Кедровая")) for row in ROWS]
    season = season_of(tmp_path, *rows, Row("ST02/u.JPG", State.UNSURE, taken_at=at(999)))
    table, features, done = told(season, public=True)
    assert {row["label"] for row in table} == {"leopard", "prey", "other"}
    assert {tuple(feature["geometry"]["coordinates"]) for feature in features} == {(131.7, 43.1)}
    text = "".join(path.read_text(encoding="utf-8") for path in done.paths)
    for secret in ("Кедр", "ST02", "43.12", "131.65", "JPG", "person"):
        assert secret not in text
    exact = numbers(told(season)[1])
    assert not set(numbers(features).values()) & set(exact.values())


def test_the_best_picture_is_attached_when_it_is_asked_for(tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"ST01/a.JPG": frame("leopard", taken_at=START)})
    season = triaged(tmp_path / "season", card)
    mapping = '[labels.leopard]\ncategory = "a"\n'
    (season / "smart_mapping.toml").write_text(mapping, encoding="utf-8")
    (season / "stations.csv").write_text(
        "station_id,deployment_id,latitude,longitude\nST01,card-ST01,43.5,131.5\n",
        encoding="utf-8",
    )
    assert "attachments" not in told(season)[1][0]["properties"]["smartAttributes"]
    _, [feature], done = told(season, photos="yes")
    [attached] = feature["properties"]["smartAttributes"]["attachments"]
    assert attached["filename"] == "card-ST01_e0001.jpg" and done.missing == 0
    with Image.open(io.BytesIO(base64.b64decode(attached["data"]))) as image:
        assert image.format == "JPEG"


def test_pictures_that_are_not_there_are_told(tmp_path: Path) -> None:
    _, features, done = told(season_of(tmp_path, *ROWS), photos="yes")
    assert len(features) == done.missing == 3
    assert any("3 pictures are not where they were" in note for note in done.notes)


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    season = season_of(tmp_path, replace(ROWS[0], card="=cmd|' /C calc'!A0"), mapping="")
    [row], _, _ = told(season)
    assert row["photo"].startswith("'=cmd")


@settings(max_examples=15)
@given(rows=made.rows())
def test_every_event_comes_back(tmp_path: Path, rows: list[Row]) -> None:
    rows = [replace(row, **HERE) for row in rows]
    labels = "leopard", "prey", "other", "person", "vehicle", "unsure"
    mapping = "".join(f'[labels.{label}]\ncategory = "{label}"\n' for label in labels)
    season = season_of(tmp_path, *rows, mapping=mapping)
    table, features, done = told(season)
    with source_of(season) as source:
        events = list(source.events)
    assert [row["id"].removeprefix("'") for row in table] == [event.name for event in events]
    assert done.rows == len(events)
    dated = [event for event in events if event.began]
    assert len(features) == len(dated)
    for event, feature in zip(dated, features, strict=True):
        told_time = feature["properties"]["dateTime"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told_time)
        assert datetime.fromisoformat(told_time) == event.began
        [group] = feature["properties"]["smartAttributes"]["observationGroups"]
        assert group["observations"][0]["category"] == event.label
    assert len(set(map(str, numbers(features).values()))) <= len(features)
