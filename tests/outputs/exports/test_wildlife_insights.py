"""Wildlife Insights' four tables keep the rules that its validation has."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.errors import ConfigError
from camtrap.ledger.reviews import add_review
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.wildlife_insights import HEADERS
from camtrap.records import State
from tests.outputs.exports import made
from tests.outputs.exports.made import Row, box, exported, made_season

fresh = count()
LEOPARD = Row("ST01/a b.JPG", State.LEOPARD, (box("leopard"),), latitude=43.12, longitude=131.57)
PROJECT = """
[wildlife_insights]
project_id = "2001"
project_name = "Leopards"
project_admin = "Anna"
project_admin_email = "anna@example.org"
country_code = "RUS"
"""
Tables = dict[str, list[dict[str, str]]]


def season_of(tmp_path: Path, *rows: Row, project: str = PROJECT) -> Path:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    (season / "project.toml").write_text(project, encoding="utf-8")
    return season


def tables(season: Path, bucket: str = "gs://b/x", **said: object) -> tuple[Tables, Exported]:
    out = season.parent / f"out {next(fresh)}"
    done = exported(season, "wildlife-insights", out, bucket=bucket, **said)
    told = {}
    for name in HEADERS:
        with (out / "wildlife-insights" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            told[name] = list(csv.DictReader(file))
    assert done.rows == sum(map(len, told.values()))
    return told, done


def faults(told: Tables) -> list[str]:
    """What Wildlife Insights' own validation would refuse."""
    found = []
    places = {row["deployment_id"]: row for row in told["deployments"]}
    used = {row["deployment_id"] for row in told["images"]}
    if used != set(places) or len(places) != len(told["deployments"]):
        found.append("deployments and images do not match")
    for key in ("image_id", "location"):
        if any(times > 1 for times in Counter(row[key] for row in told["images"]).values()):
            found.append(f"{key} stands twice")
    if len({row["project_id"] for table in told.values() for row in table}) > 1:
        found.append("several projects")
    for row in told["images"]:
        place = places.get(row["deployment_id"])
        if place and not place["start_date"] <= row["timestamp"] <= place["end_date"]:
            found.append("a picture outside its deployment")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["timestamp"]):
            found.append("a time of another form")
        if row["number_of_objects"] and not 1 <= int(row["number_of_objects"]) <= 175:
            found.append("a count out of range")
        if not row["location"].startswith("gs://") or " " in row["location"]:
            found.append("no address")
    for row in told["deployments"]:
        if not -90 <= float(row["latitude"]) <= 90 or not -180 <= float(row["longitude"]) <= 180:
            found.append("no place on Earth")
        if row["camera_id"] not in {camera["camera_id"] for camera in told["cameras"]}:
            found.append("no such camera")
    return found


@settings(max_examples=25)
@given(rows=made.rows())
def test_whatever_the_season_holds_the_rules_are_kept(tmp_path: Path, rows: list[Row]) -> None:
    placed = [replace(row, latitude=43.12, longitude=131.57) for row in rows]
    own = replace(LEOPARD, name="zz/z.JPG", content_key="own")
    assert faults(tables(season_of(tmp_path, own, *placed))[0]) == []


def test_a_leopard_is_named_by_its_ranks_and_a_blank_is_blank(tmp_path: Path) -> None:
    rows = LEOPARD, Row("ST01/b.JPG", latitude=43.12, longitude=131.57)
    told = tables(season_of(tmp_path, *rows))[0]
    cat, blank = told["images"]
    assert (cat["genus"], cat["species"], cat["family"]) == ("Panthera", "pardus", "Felidae")
    assert (cat["is_blank"], cat["number_of_objects"], cat["identified_by"]) == (
        *("No", "1", "camtrap (fake)"),
    )
    assert cat["location"] == "gs://b/x/card/ST01/a%20b.JPG"
    assert (blank["is_blank"], blank["common_name"], blank["genus"]) == ("Yes", "Blank", "")
    assert blank["wi_taxon_id"].startswith("f1856211-")
    assert told["projects"][0]["country_code"] == "RUS"


def test_what_nobody_can_tell_is_no_blank(tmp_path: Path) -> None:
    doubt = replace(LEOPARD, state=State.UNSURE, probabilities=made.chances(prey=0.4))
    [row] = tables(season_of(tmp_path, doubt))[0]["images"]
    assert (row["is_blank"], row["wi_taxon_id"], row["common_name"]) == ("No", "", "")


def test_a_person_is_named_who_looked(tmp_path: Path) -> None:
    season = season_of(tmp_path, LEOPARD)
    add_review(season, 1, "prey", species="Capreolus pygargus", reviewer="Anna")
    [row] = tables(season)[0]["images"]
    assert (row["identified_by"], row["genus"], row["species"]) == (
        *("Anna", "Capreolus", "pygargus"),
    )
    assert tables(season, public=True)[0]["images"][0]["identified_by"] == "a person"


def test_a_public_upload_names_no_place(tmp_path: Path) -> None:
    person = replace(LEOPARD, name="ST01/p.JPG", state=State.PERSON, content_key="p")
    told = tables(season_of(tmp_path, LEOPARD, person), public=True)[0]
    text = str(told)
    assert "ST01" not in text and "43.12" not in text and "131.57" not in text
    assert len(told["images"]) == 1


@pytest.mark.parametrize(
    ("project", "bucket", "told"),
    [
        ("", "gs://b", "needs project_id"),
        (PROJECT.replace('"RUS"', '"Russia"'), "gs://b", "three capitals"),
        (PROJECT + 'image_license = "none"\n', "gs://b", "image_license is one of"),
        (PROJECT + 'colour = "red"\n', "gs://b", "colour is none of its columns"),
        (PROJECT, "", "--option bucket="),
        (PROJECT, "https://b", "--option bucket="),
    ],
)
def test_what_people_must_tell_is_asked_for(
    tmp_path: Path, project: str, bucket: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        tables(season_of(tmp_path, LEOPARD, project=project), bucket)


def test_it_says_that_it_is_experimental(tmp_path: Path) -> None:
    assert "Experimental" in tables(season_of(tmp_path, LEOPARD))[1].notes[0]
