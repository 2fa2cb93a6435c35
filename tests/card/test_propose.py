from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.deployments import Deployment
from camtrap.card.matching import Matcher
from camtrap.card.propose import (
    SAMPLED,
    Seen,
    proposed,
    save_proposal,
    seen_on_card,
    write_proposal,
)
from camtrap.card.spreadsheet import parse_sheet
from camtrap.card.stations import stations_of
from camtrap.errors import CardError, NotesError
from tests.cards import frame, put, snapshot

NOON = datetime(2026, 3, 5, 12)


def seen(folder: str = "ST01", *, card: str = "card", day: int | None = 0, **said: object) -> Seen:
    at = None if day is None else NOON + timedelta(days=day)
    path = f"{folder}/A.JPG" if folder else "A.JPG"
    return Seen(card, path, at, **said)  # type: ignore[arg-type]


def read_back(rows: list[Deployment]) -> tuple[Deployment, ...]:
    stream = io.StringIO()
    write_proposal(rows, stream)
    return stations_of(parse_sheet(stream.getvalue(), Path("stations.csv"))).deployments


def test_a_camera_s_first_and_last_picture_are_its_ends() -> None:
    files = [seen(day=day, serial="H2X1", utc_offset="+10:00") for day in (3, 1, 9)]
    (row,) = proposed(files)
    assert row == Deployment(
        deployment_id="ST01_2026-03-06",
        station_id="ST01",
        camera_id="H2X1",
        start=NOON + timedelta(days=1),
        end=NOON + timedelta(days=9),
        utc_offset="+10:00",
        notes="proposed from 3 files; start and end are pictures, not visits",
        folder="card/ST01",
    )


def test_the_middle_of_all_fixes_is_the_place_and_the_usual_offset_the_zone() -> None:
    places = [(43.1, 131.1), (43.2, 131.2), (0.5, 0.5)]
    files = [
        seen(latitude=north, longitude=east, utc_offset="+10:00" if north > 1 else "+00:00")
        for north, east in places
    ]
    (row,) = proposed(files)
    assert (row.latitude, row.longitude, row.utc_offset) == (43.1, 1.1 + 130, "+10:00")


def test_the_last_picture_lies_within_though_it_has_parts_of_a_second() -> None:
    last = NOON + timedelta(hours=1, microseconds=300_000)
    (row,) = proposed([seen(), Seen("card", "ST01/B.JPG", last)])
    assert row.runs_at(last)
    assert read_back([row])[0].runs_at(last)


def test_the_folders_that_cameras_make_are_no_stations() -> None:
    files = [seen("ST01/DCIM/100RECNX"), seen("ST01/DCIM/101RECNX"), seen("DCIM/100RECNX")]
    assert [(row.station_id, row.folder) for row in proposed(files)] == [
        ("ST01", "card/ST01"),
        ("card", "card"),
    ]


def test_one_card_s_rows_leave_its_name_out_where_there_is_a_folder() -> None:
    rows = proposed([seen("ridge/ST01"), seen("")], of_one_card=True)
    assert [(row.station_id, row.folder) for row in rows] == [
        ("ridge-ST01", "ridge/ST01"),
        ("card", "card"),
    ]


def test_pictures_without_a_serial_are_of_the_only_camera_that_told_one() -> None:
    (row,) = proposed([seen(day=None, count=4), seen(serial="H2X1", day=2), seen(day=5)])
    assert (row.camera_id, row.start, row.end) == (
        "H2X1",
        NOON + timedelta(days=2),
        NOON + timedelta(days=5),
    )
    assert "from 6 files" in row.notes


def test_pictures_without_a_serial_beside_two_cameras_make_no_third() -> None:
    files = [seen(serial="A1", day=1), seen(serial="B2", day=2), seen(day=None, count=7)]
    rows = proposed(files)
    assert [row.camera_id for row in rows] == ["A1", "B2"]
    assert all("; 7 more in this folder do not tell their camera" in row.notes for row in rows)
    assert len(read_back(rows)) == 2


def test_nothing_known_stays_empty() -> None:
    (row,) = proposed([seen("?!", card="...", day=None)])
    assert (row.station_id, row.deployment_id, row.start) == ("...", "...", None)
    assert proposed([]) == []


def test_ids_are_there_once() -> None:
    files = [seen("ST 01"), seen("ST_01"), seen("ST+01")]
    ids = [row.deployment_id for row in proposed(files)]
    assert ids == ["ST_01_2026-03-05", "ST_01_2026-03-05_2", "ST_01_2026-03-05_3"]


FOLDERS = st.sampled_from(
    ["", "ST01", "ST02 ridge", "ручей/К1", "站点三", 'a, "b"; c', "1", "DCIM/100RECNX", "ST02/DCIM"]
)


@given(
    st.lists(
        st.builds(
            seen,
            FOLDERS,
            card=st.sampled_from(["card", "карта 1"]),
            day=st.one_of(st.none(), st.integers(0, 400)),
            serial=st.sampled_from(["", "H2X1", "H2X2"]),
            count=st.integers(1, 5),
        ),
        max_size=25,
    )
)
def test_a_proposal_can_be_read_and_knows_its_files(files: list[Seen]) -> None:
    # Each folder has cameras of its own here; one at two places at once is for people to solve.
    files = [
        Seen(f.card, f.relative_path, f.taken_at, f.serial and f"{f.serial}-{f.card}-{where}")
        for f in files
        for where in [f.relative_path.replace("DCIM/", "").replace("100RECNX/", "")]
    ]
    rows = proposed(files)
    back = read_back(rows)
    names = ("deployment_id", "station_id", "camera_id", "start", "end", "notes", "folder")
    for row, again in zip(rows, back, strict=True):
        for name in names:
            assert getattr(row, name) == getattr(again, name)
    matcher = Matcher(back)
    for file in files:
        match = matcher.match(file.card, file.relative_path, file.serial, "")
        assert match.by == "folder"
        if file.serial:
            found = matcher.deployment_of(
                file.card, file.relative_path, file.serial, "", file.taken_at
            )
            assert found is not None
            assert found.camera_id == file.serial


# -- a card


@pytest.fixture
def two_stations(tmp_path: Path) -> Path:
    files = {
        f"{station}/DCIM/100RECNX/RCNX{number:04}.JPG": frame(
            "empty", number, taken_at=NOON + timedelta(days=number)
        )
        for station, count in (("ST01", 3 * SAMPLED + 5), ("ST02", 1))
        for number in range(count)
    }
    return put(tmp_path / "карта", files | {"ST02/film.MP4": b"", "ST02/cut.JPG": b"\xff\xd8"})


def test_a_card_s_sample_has_its_first_and_last_and_counts_all(two_stations: Path) -> None:
    before = snapshot(two_stations)
    files = list(seen_on_card(two_stations))
    assert snapshot(two_stations) == before
    one = [file for file in files if file.relative_path.startswith("ST01/")]
    assert len(one) <= SAMPLED + 1
    assert sum(file.count for file in one) == 3 * SAMPLED + 5
    first, second = proposed(files, of_one_card=True)
    assert (first.start, first.end) == (NOON, NOON + timedelta(days=3 * SAMPLED + 4))
    assert (second.station_id, second.start, second.end) == ("ST02", NOON, NOON)
    assert "from 3 files" in second.notes


def test_a_copy_s_own_date_is_no_start(tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"ST01/A.JPG": frame("empty")})
    (row,) = proposed(seen_on_card(card))
    assert (row.start, row.end, row.deployment_id) == (None, None, "ST01")


def test_a_card_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CardError):
        list(seen_on_card(tmp_path / "none"))


# -- a file


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(NotesError, match="left as it is"):
        save_proposal(proposed([seen()]), path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotesError, match="cannot be written"):
        save_proposal([], tmp_path / "none" / "stations.csv")
