from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from camtrap.card.deployments import FieldNotes, Offset
from camtrap.card.field_notes import read_field_notes
from camtrap.card.offsets import offsets_of
from camtrap.card.spreadsheet import parse_sheet
from camtrap.errors import NotesError

HEADER = "deployment_id,seconds,from,to,reason\n"


def offsets(*lines: str, header: str = HEADER) -> tuple[Offset, ...]:
    return offsets_of(parse_sheet(header + "\n".join(lines), Path("clock_offsets.csv")))


def test_a_correction_is_read() -> None:
    assert offsets("ST01,43200,2026-03-01,2026-03-05,am for pm", "ST02,-3600,,,") == (
        Offset("ST01", 43200, datetime(2026, 3, 1), datetime(2026, 3, 6), "am for pm"),
        Offset("ST02", -3600),
    )


def test_an_end_with_a_time_is_taken_to_the_second() -> None:
    (offset,) = offsets("ST01,60,,2026-03-05 12:00:01,")
    assert offset.end == datetime(2026, 3, 5, 12, 0, 1)
    assert not offset.holds(datetime(2026, 3, 5, 12, 0, 1))
    assert offset.holds(datetime(2026, 3, 5, 12, 0, 0))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (",60,,,", "deployment_id is empty"),
        ("ST01,12h,,,", "whole seconds"),
        ("ST01,,,,", "whole seconds"),
        ("ST01,1.5,,,", "whole seconds"),
        ("ST01,99999999999,,,", "two hundred years"),
        ("ST01,60,2026-03-05,2026-03-01,", "'to' is not after 'from'"),
        ("ST01,60,2026-03-05T00:00:00Z,,", "has a zone"),
        ("ST01,60,soon,,", "no date"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, told: str) -> None:
    with pytest.raises(NotesError, match=told) as caught:
        offsets(line)
    assert "clock_offsets.csv, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ST01,60,,,", "ST01,30,2026-03-01,,"),
        ("ST01,60,2026-03-01,2026-03-05,", "ST01,30,2026-03-05 12:00,,"),
    ],
)
def test_two_corrections_at_a_time_are_refused(first: str, second: str) -> None:
    for lines in ((first, second), (second, first)):
        with pytest.raises(NotesError, match="a second correction of ST01"):
            offsets(*lines)
    assert len(offsets(first, second.replace("ST01", "ST02"))) == 2


def test_corrections_may_follow_each_other() -> None:
    assert len(offsets("ST01,60,2026-03-01,2026-03-05,", "ST01,30,2026-03-06,,")) == 2


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(NotesError, match="no column 'seconds'"):
        offsets("ST01", header="deployment_id\n")


def test_a_season_without_tables_has_no_notes(tmp_path: Path) -> None:
    assert read_field_notes(tmp_path) == FieldNotes()


def test_a_season_s_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "stations.csv").write_text("station_id\nST01\n", encoding="utf-8")
    (tmp_path / "clock_offsets.csv").write_text(HEADER + "ST01,60,,,\n", encoding="utf-8")
    notes = read_field_notes(tmp_path)
    assert [each.station_id for each in notes.deployments] == ["ST01"]
    assert notes.offsets == (Offset("ST01", 60),)
