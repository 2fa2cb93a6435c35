from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest

from camtrap.card.deployments import FieldNotes, Offset
from camtrap.card.field_notes import read_field_notes
from camtrap.errors import NotesError

NEAR = "".join(f"ST0{n},43.{n},131.{n}\n" for n in range(1, 5))


def write(season: Path, name: str, text: str) -> None:
    (season / name).write_text(text, encoding="utf-8")


def test_each_table_may_be_missing(tmp_path: Path) -> None:
    assert read_field_notes(tmp_path) == FieldNotes()
    write(tmp_path, "clock_offsets.csv", "deployment_id,seconds\nST01,60\n")
    assert read_field_notes(tmp_path) == FieldNotes((), (Offset("ST01", 60),))
    (tmp_path / "clock_offsets.csv").unlink()
    write(tmp_path, "stations.csv", "station_id,start\nST01,2026-03-01\n")
    notes = read_field_notes(tmp_path)
    assert [each.start for each in notes] == [datetime(2026, 3, 1)]
    assert notes.offsets == ()


def test_what_looks_odd_is_logged_and_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"station_id,latitude,longitude\n{NEAR}ST09,13.2,43.1\n"
    write(tmp_path, "stations.csv", text)
    with caplog.at_level(logging.WARNING):
        notes = read_field_notes(tmp_path)
    assert len(notes.deployments) == 5
    assert "stations.csv, line 6: station ST09 lies" in caplog.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stations.csv", "station_id,start\nST01,soon\n"),
        ("clock_offsets.csv", "deployment_id,seconds\nST01,soon\n"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_and_left_as_it_is(
    tmp_path: Path, name: str, text: str
) -> None:
    write(tmp_path, name, text)
    with pytest.raises(NotesError, match=f"{name}, line 2"):
        read_field_notes(tmp_path)
    assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "stations.csv").mkdir()
    with pytest.raises(NotesError, match="cannot be read"):
        read_field_notes(tmp_path)


def test_the_example_can_be_read() -> None:
    from camtrap.card.spreadsheet import read_sheet
    from camtrap.card.stations import COLUMNS, read_stations

    example = Path(__file__).parents[2] / "configs" / "stations-example.csv"
    found = read_stations(example)
    assert found.remarks == ()
    assert set(COLUMNS) <= set(read_sheet(example).columns.values())
    assert len({each.station_id for each in found.deployments}) == 3
    assert len(found.deployments) == 4
    assert all(each.utc_offset for each in found.deployments)
    assert any(each.problems for each in found.deployments)
