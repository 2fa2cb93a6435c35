from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.spreadsheet import (
    When,
    in_offset,
    is_day_first,
    parse_number,
    parse_offset,
    parse_sheet,
    parse_when,
    plain,
    read_sheet,
    refuse,
)
from camtrap.errors import NotesError

PATH = Path("stations.csv")


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "a;b\n1;2\n",
        "a\tb\n1\t2\n",
        "\ufeffa,b\r\n1,2\r\n",
        '\n"a", "b"\n\n"1", 2\n,\n',
    ],
)
def test_commas_semicolons_and_tabs_are_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    (line,) = read_sheet(path).lines
    assert line.cells == {"a": "1", "b": "2"}


def test_a_spreadsheets_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("имя\tb\nручей\t2\n".encode("utf-16"))
    assert read_sheet(path).lines[0].cells == {"имя": "ручей", "b": "2"}


def test_another_code_page_is_refused_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("station_id\nручей\n".encode("cp1251"))
    with pytest.raises(NotesError, match="CSV UTF-8"):
        read_sheet(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotesError, match=r"none\.csv cannot be read"):
        read_sheet(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("a,A\n1,2\n", "twice"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells under 2 columns"),
    ],
)
def test_a_table_that_cannot_be_told_is_refused(text: str, told: str) -> None:
    with pytest.raises(NotesError, match=told):
        parse_sheet(text, PATH)


def test_lines_are_counted_as_in_the_file() -> None:
    sheet = parse_sheet('a,b\n1,"two\nlines"\n\n3,NA\n', PATH)
    assert [(line.number, dict(line.cells)) for line in sheet.lines] == [
        (3, {"a": "1", "b": "two\nlines"}),
        (5, {"a": "3"}),
    ]


def test_columns_are_told_without_case_and_signs() -> None:
    assert plain("deployment_id") == plain("deploymentID") == plain(" Deployment ID ")


@pytest.mark.parametrize(
    ("text", "moment", "whole_day", "offset"),
    [
        ("2026-03-05", datetime(2026, 3, 5), True, ""),
        ("2026/3/5 8:30", datetime(2026, 3, 5, 8, 30), False, ""),
        ("2026-03-05T08:30:15+05:45", datetime(2026, 3, 5, 8, 30, 15), False, "+05:45"),
        ("2026-03-05T08:30:15.250Z", datetime(2026, 3, 5, 8, 30, 15), False, "+00:00"),
        ("05.03.2026", datetime(2026, 3, 5), True, ""),
        ("05.03.2026 08:30", datetime(2026, 3, 5, 8, 30), False, ""),
        ("25/12/2026", datetime(2026, 12, 25), True, ""),
        ("12/25/2026", datetime(2026, 12, 25), True, ""),
    ],
)
def test_times_are_read(text: str, moment: datetime, whole_day: bool, offset: str) -> None:
    assert parse_when(text) == When(moment, whole_day, offset)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("05/03/2026", "may be day 5 of month 3"),
        ("2026-02-30", "no such time"),
        ("2026-03-05 25:00", "no such time"),
        ("March", "no date"),
        ("2026-03", "no date"),
        ("46086", "no date"),  # a spreadsheet's own number of a day
    ],
)
def test_what_is_no_time_is_said(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_when(text)


def test_one_date_of_a_table_tells_the_order_of_all() -> None:
    assert is_day_first(["02/04/2009", "25/04/2009"]) is True
    assert is_day_first(["02/04/2009", "04/25/2009"]) is False
    assert is_day_first(["02/04/2009"]) is None
    assert is_day_first(["25/04/2009", "04/25/2009"]) is None
    assert parse_when("02/04/2009", True).moment == datetime(2009, 4, 2)
    assert parse_when("02/04/2009", False).moment == datetime(2009, 2, 4)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("+10:00", "+10:00"),
        ("+10", "+10:00"),
        ("10", "+10:00"),
        ("UTC+10", "+10:00"),
        ("GMT -3:30", "-03:30"),
        ("+0545", "+05:45"),
        ("Z", "+00:00"),
        ("-12", "-12:00"),
    ],
)
def test_offsets_are_read(text: str, offset: str) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize("text", ["Asia/Vladivostok", "+15", "-13:00", "+14:30", "ten", "+1:2:3"])
def test_what_is_no_offset_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no offset"):
        parse_offset(text)


def test_a_time_is_told_by_another_clock() -> None:
    assert in_offset(When(datetime(2026, 3, 5), False, "+00:00"), "+05:45") == datetime(
        2026, 3, 5, 5, 45
    )
    assert in_offset(When(datetime(2026, 3, 5), False), "+05:45") == datetime(2026, 3, 5)


@given(st.floats(-180, 180))
def test_numbers_may_have_a_comma(number: float) -> None:
    text = f"{number:.6f}"
    assert parse_number(text) == parse_number(text.replace(".", ",")) == float(text)


@pytest.mark.parametrize("text", ["nan", "inf", "43°7'", "1,2,3", "x"])
def test_what_is_no_number_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        parse_number(text)


def test_all_faults_are_told_at_once() -> None:
    refuse(PATH, [], "Next.")
    with pytest.raises(NotesError) as one:
        refuse(PATH, [(3, "wrong")], "Next.")
    assert str(one.value) == "stations.csv, line 3: wrong. Next."
    with pytest.raises(NotesError) as many:
        refuse(PATH, [(line, "wrong") for line in range(40, 0, -1)], "Next.")
    told = str(many.value).splitlines()
    assert told[1] == "  line 1: wrong"
    assert told[-2:] == ["  and 20 more", "Next."]
