"""camtrapR: stations with effort, one record an event, times local and without a zone."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.errors import SeasonError
from camtrap.ledger.reviews import add_review
from camtrap.outputs.exports import camtrapr
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.camtrapr import deltas, names
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.sites import Site
from camtrap.records import State
from tests.outputs.exports import made
from tests.outputs.exports.made import START, Row, box, exported, made_season

fresh = count()
Table = list[dict[str, str]]
HEAD = (
    "station_id,deployment_id,latitude,longitude,start,end,utc_offset,problem1_from,problem1_to\n"
)


def season_of(tmp_path: Path, *rows: Row, stations: str = "") -> Path:
    season = made_season(tmp_path / f"season {next(fresh)}", rows)
    if stations:
        (season / "stations.csv").write_text(HEAD + stations, encoding="utf-8")
    return season


def tables(season: Path, **said: object) -> tuple[Table, Table, Exported]:
    out = season.parent / f"out {next(fresh)}"
    done = exported(season, "camtrapr", out, **said)
    stations, records = (read(out / "camtrapr" / name) for name in ("stations.csv", "records.csv"))
    return stations, records, done


def read(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def leopard(name: str, minutes: int = 0, **said: object) -> Row:
    row = Row(name, State.LEOPARD, (box("leopard"),), taken_at=START + timedelta(minutes=minutes))
    return replace(row, **said)  # type: ignore[arg-type]


ONE = "ST01,ST01_a,43.1,131.5,2026-02-01 08:00:00,2026-03-01 09:30:00,+05:45,,\n"


def test_the_columns_are_those_that_camtrapr_reads(tmp_path: Path) -> None:
    stations, records, _ = tables(season_of(tmp_path, leopard("ST01/a.JPG"), stations=ONE))
    assert list(stations[0])[:4] == ["Station", "Camera", "utm_x", "utm_y"]
    assert list(stations[0])[-2:] == ["Setup_date", "Retrieval_date"]
    assert list(records[0]) == [
        *("Station", "Camera", "Species", "DateTimeOriginal", "Date", "Time"),
        *("delta.time.secs", "delta.time.mins", "delta.time.hours", "delta.time.days"),
        *("Directory", "FileName", "n_images", "metadata_count"),
    ]


def test_a_station_has_its_dates_place_and_problems(tmp_path: Path) -> None:
    stations = (
        ONE
        + "ST02,ST02_a,43.2,131.6,2026-02-01 08:00:00,2026-03-01 09:30:00,+05:45,"
        + "2026-01-20 00:00:00,2026-02-05 12:00:00\n"
    )
    first, second = tables(season_of(tmp_path, leopard("ST01/a.JPG"), stations=stations))[0]
    assert (first["Setup_date"], first["Retrieval_date"]) == (
        *("2026-02-01 08:00:00", "2026-03-01 09:30:00"),
    )
    assert (first["longitude"], first["latitude"], first["utm_zone"]) == ("131.5", "43.1", "52N")
    assert 700_000 < float(first["utm_x"]) < 710_000
    assert 4_770_000 < float(first["utm_y"]) < 4_780_000
    assert (first["Problem1_from"], first["Problem1_to"]) == ("", "")
    # camtrapR refuses a problem that begins before the set-up.
    assert second["Problem1_from"] == second["Setup_date"]
    assert second["Problem1_to"] == "2026-02-05 12:00:00"


def test_all_stations_are_in_one_grid(tmp_path: Path) -> None:
    stations = ONE + "".join(
        f"ST0{n},,43.1,{place},2026-02-01,2026-03-01,+10:00,,\n"
        for n, place in ((2, 131.9), (3, 132.1))
    )
    told = tables(season_of(tmp_path, leopard("ST01/a.JPG"), stations=stations))[0]
    assert {row["utm_zone"] for row in told} == {"52N"}
    east = [float(row["utm_x"]) for row in told]
    # A fifth of a degree at 43.1 degrees north is 16.3 km.
    assert east[2] - east[1] == pytest.approx(16_280, rel=0.01)


def test_a_record_is_an_event_with_the_time_since_the_one_before(tmp_path: Path) -> None:
    rows = [leopard(f"ST01/{n}.JPG", minutes) for n, minutes in enumerate((0, 1, 90, 1530))]
    rows.append(Row("ST01/p.JPG", State.PREY, taken_at=START + timedelta(minutes=5)))
    records = tables(season_of(tmp_path, *rows, stations=ONE))[1]
    cats = [row for row in records if row["Species"] == "Panthera pardus"]
    assert [row["DateTimeOriginal"] for row in cats] == [
        *("2026-02-03 21:50:00", "2026-02-03 23:20:00", "2026-02-04 23:20:00"),
    ]
    assert [row["delta.time.secs"] for row in cats] == ["0", "5400", "86400"]
    assert cats[2]["delta.time.days"] == "1.0"
    assert (cats[0]["Date"], cats[0]["Time"]) == ("2026-02-03", "21:50:00")
    assert (cats[0]["n_images"], cats[0]["metadata_count"]) == ("2", "1")
    assert (cats[0]["Directory"], cats[0]["FileName"][1:]) == ("card/ST01", ".JPG")
    [prey] = [row for row in records if row["Species"] == "prey"]
    assert (prey["delta.time.secs"], prey["metadata_count"]) == ("0", "")


def test_what_is_not_decided_or_dated_is_left_out_and_told(tmp_path: Path) -> None:
    rows = [
        leopard("ST01/a.JPG"),
        Row("ST01/b.JPG", State.UNSURE, taken_at=START + timedelta(days=1)),
        leopard("ST01/c.JPG", 600, timestamp_source="modified"),
    ]
    _, records, done = tables(season_of(tmp_path, *rows, stations=ONE))
    assert len(records) == 1
    assert any("1 events that are not decided" in note for note in done.notes)
    assert any("1 events without the camera's own time" in note for note in done.notes)
    assert any("+05:45" in note for note in done.notes)


def test_a_persons_species_is_the_records(tmp_path: Path) -> None:
    season = season_of(tmp_path, Row("ST01/a.JPG", State.PREY), stations=ONE)
    add_review(season, 1, "prey", species="roe deer")
    [record] = tables(season)[1]
    assert record["Species"] == "roe deer"


def test_people_and_places_stay_out_of_public_tables(tmp_path: Path) -> None:
    later = START + timedelta(hours=1)
    person = Row("den/b.JPG", State.PERSON, (box("person"),), taken_at=later)
    rows = [leopard("den/a.JPG"), person]
    stations = ONE.replace("ST01", "den").replace("43.1,131.5", "43.123,131.567")
    season = season_of(tmp_path, *rows, stations=stations)
    [station], [record], _ = tables(season, public=True)
    assert (station["Station"], station["latitude"], station["longitude"]) == (
        *("site-1", "43.1", "131.6"),
    )
    assert (record["Station"], record["Directory"], record["FileName"]) == ("site-1", "", "")
    assert len(tables(season)[1]) == 2


def test_records_are_of_stations_and_in_time(tmp_path: Path) -> None:
    rows = [leopard(f"ST0{n}/a.JPG", n, content_key=str(n)) for n in (1, 2, 3)]
    stations, records, _ = tables(season_of(tmp_path, *rows))
    assert {(r["Station"], r["Camera"]) for r in records} <= {
        (s["Station"], s["Camera"]) for s in stations
    }
    spans = {s["Camera"]: (s["Setup_date"], s["Retrieval_date"]) for s in stations}
    for record in records:
        start, end = spans[record["Camera"]]
        assert start <= record["DateTimeOriginal"] <= end


@settings(max_examples=20)
@given(rows=made.rows())
def test_whatever_the_season_holds_the_tables_agree(tmp_path: Path, rows: list[Row]) -> None:
    season = season_of(tmp_path, leopard("zz/z.JPG", content_key="own"), *rows)
    stations, records, done = tables(season)
    assert done.rows == len(stations) + len(records)
    with source_of(season) as source:
        decided = [e for e in source.events if e.label != State.UNSURE and e.began is not None]
    assert len(records) == len(decided)
    order = [(r["Station"], r["Species"], r["DateTimeOriginal"]) for r in records]
    assert order == sorted(order)
    for record in records:
        datetime.strptime(record["DateTimeOriginal"], "%Y-%m-%d %H:%M:%S")
        assert int(record["delta.time.secs"]) >= 0


def test_names_cannot_be_taken_for_camtraprs_separators() -> None:
    told = [Site("A", "A__CAM_1", "A____B"), Site("B", "A__B", "A_B")]
    labels = names(told)
    assert not any("__" in label for label in labels.values())
    assert len(set(labels.values())) == len(labels)
    assert labels["A_B"] == "A_B" or labels["A__B"] == "A_B"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, (0, 0, 0)), (90, (2, 0.0, 0.0)), (5400, (90, 1.5, 0.1))]
)
def test_times_between_records(seconds: int, told: tuple[float, ...]) -> None:
    assert tuple(deltas(seconds).values()) == (seconds, *told)


def test_a_season_without_dates_says_what_to_do(tmp_path: Path) -> None:
    season = season_of(tmp_path, leopard("a.JPG", taken_at=None))
    with source_of(season) as source, pytest.raises(SeasonError, match=r"stations\.csv"):
        camtrapr.write(source, tmp_path)
