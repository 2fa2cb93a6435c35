"""Events as EarthRanger takes them, and the type that they have there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.errors import ConfigError
from camtrap.events.names import image_id
from camtrap.ledger.store import Ledger
from camtrap.outputs import events_csv
from camtrap.outputs.exports.earthranger import (
    DETAILS,
    EVENT_TYPE,
    KEY,
    PRIORITIES,
    choice_of,
    event_type_spec,
    key_of,
)
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.season_events import SEEN
from camtrap.records import State
from tests.outputs.exports.made import START, Row, box, exported, made_season, read_json, rows

ALL = "leopard,person,vehicle,prey,other,unsure"
ZONED = {"labels": ALL, "utc_offset": "+10:00"}


def export(season: Path, out: Path, **said):
    done = exported(season, "earthranger", out, **said)
    return done, read_json(out / "earthranger" / "earthranger_events.json")


@pytest.fixture
def season(tmp_path: Path) -> Path:
    found = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),), latitude=43.1234567, longitude=-131.5),
        Row("ST02/b.JPG", State.PERSON, (box("person"),), taken_at=START + timedelta(hours=1)),
        Row("ST02/c.JPG", State.VEHICLE, taken_at=None),
        Row("ST02/d.JPG", State.PREY, taken_at=START + timedelta(hours=2)),
        Row("ST02/e.JPG", State.TRUNCATED),
    ]
    return made_season(tmp_path / "season", found)


def test_leopards_people_and_vehicles_with_time_and_place(season: Path, tmp_path: Path) -> None:
    done, events = export(season, tmp_path / "out", utc_offset="+10:00")
    assert done.rows == len(events) == 2
    assert [event["time"] for event in events] == ["2026-02-03T11:50:00Z", "2026-02-03T12:50:00Z"]
    assert events[0]["location"] == {"latitude": 43.123457, "longitude": -131.5}
    assert "location" not in events[1]
    assert [event["priority"] for event in events] == [300, 200]
    assert len({event["event_details"][KEY] for event in events}) == 2
    assert any("1 events are left out" in note for note in done.notes)
    assert any("1 events have no place" in note for note in done.notes)


def test_a_local_time_is_not_taken_for_utc(season: Path, tmp_path: Path) -> None:
    done, events = export(season, tmp_path / "out")
    assert events == [] and done.rows == 0
    assert any("3 events are left out" in note for note in done.notes)


def test_there_is_no_public_form(season: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no public form"):
        export(season, tmp_path / "out", public=True)
    assert not (tmp_path / "out" / "earthranger").exists()


def test_options(season: Path, tmp_path: Path) -> None:
    said = {**ZONED, "since": "2026-02-03T23:00", "event_type": "ours", "priority": "prey=100"}
    _, events = export(season, tmp_path / "out", **said)
    assert [(e["event_type"], e["priority"]) for e in events] == [("ours", 100)]
    spec = (tmp_path / "out" / "earthranger" / "earthranger_event_type.yaml").read_text()
    assert "value: ours\n" in spec and EVENT_TYPE not in spec


def test_since_with_a_zone_is_a_moment(season: Path, tmp_path: Path) -> None:
    _, events = export(season, tmp_path / "out", **ZONED, since="2026-02-03T12:50:00+00:00")
    assert [event["time"] for event in events] == ["2026-02-03T12:50:00Z", "2026-02-03T13:50:00Z"]


@pytest.mark.parametrize(
    "options",
    [
        {"labels": ""},
        {"labels": "leopard,empty"},
        {"since": "3.2.2026"},
        {"event-type": "Camera Trap"},
        {"event-type": "a\n"},
        {"priority": "leopard"},
        {"priority": "leopard=50"},
        {"priority": "empty=100"},
        {"utc-offset": "Vladivostok"},
    ],
)
def test_options_that_are_none(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        choice_of(options)


def test_every_label_has_a_priority() -> None:
    assert set(PRIORITIES) == set(SEEN)
    assert choice_of({"priority": "person=300, leopard=0"}).priorities[State.PERSON] == 300


def test_the_type_on_the_site_knows_every_detail_and_no_more() -> None:
    told = event_type_spec(EVENT_TYPE)
    keys = [part.split(",")[0].split("\n")[0].strip() for part in told.split("key: ")[1:]]
    assert sorted(keys) == sorted(DETAILS)
    assert all(f"value: {label}," in told for label in SEEN)
    assert f"value: {EVENT_TYPE}\n" in told


def test_a_key_is_of_the_picture_and_not_of_the_season(season: Path) -> None:
    with Ledger(season) as ledger:
        one, other, *_ = ledger.entries()
    assert key_of(one, State.LEOPARD) == key_of(one, State.LEOPARD)
    assert key_of(one, State.LEOPARD) != key_of(one, State.PERSON)
    assert key_of(one, State.LEOPARD) != key_of(other, State.LEOPARD)
    assert image_id(one) not in key_of(one, State.LEOPARD)


@given(found=rows())
@settings(max_examples=30, deadline=None)
def test_any_season_gives_the_events_that_events_csv_has(
    tmp_path_factory: pytest.TempPathFactory, found: list[Row]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    season = made_season(folder / "season", found)
    done, events = export(season, folder / "out", **ZONED)
    with source_of(season) as source:
        table = [
            row
            for row, event in zip(
                events_csv.rows(source.ledger, source.events, source.placing),
                source.events,
                strict=True,
            )
            if event.began is not None
        ]
        files = {}
        for event, members in source.events.with_files(*SEEN):
            assert members == sorted(set(members), key=members.index)
            assert all(source.events.event_of(file_id) == event.name for file_id in members)
            assert event.best in members and len(members) == event.image_count
            files[event.name] = members
    assert done.rows == len(events) == len(table)
    for event, row in zip(events, table, strict=True):
        details = event["event_details"]
        assert set(details) <= set(DETAILS)
        assert details["event_id"] == row["event_id"]
        assert details["label"] == str(row["label"])
        assert details["image_count"] == row["image_count"] == len(files[row["event_id"]])
        told = datetime.fromisoformat(event["time"]).astimezone(UTC)
        local = datetime.fromisoformat(details["camera_time"])
        assert told == local and local.replace(tzinfo=None).isoformat() == row["event_start"]
    keys = [event["event_details"][KEY] for event in events]
    assert len(set(keys)) == len(keys)
