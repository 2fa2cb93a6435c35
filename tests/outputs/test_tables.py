"""CSV that every program reads alike: UTF-8, LF, commas; whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.outputs.tables import cell, guarded, replacing, write_table
from camtrap.records import State

HEADER = ("name", "value")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def rows(*values: Any) -> list[dict[str, Any]]:
    return [{"name": f"n{number}", "value": value} for number, value in enumerate(values)]


def test_a_table_has_its_header_and_every_row(path: Path) -> None:
    assert write_table(path, HEADER, rows(1, None, "кабан, секач")) == 3
    assert path.read_bytes() == 'name,value\nn0,1\nn1,\nn2,"кабан, секач"\n'.encode()


def test_columns_come_in_the_order_of_the_header(path: Path) -> None:
    write_table(path, HEADER, [{"value": 2, "name": "a"}])
    assert path.read_text(encoding="utf-8").splitlines() == ["name,value", "a,2"]


@pytest.mark.parametrize("row", [{"name": "a"}, {"name": "a", "value": 1, "extra": 2}, {}])
def test_a_row_that_does_not_fit_the_header_is_an_error(path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not fit the header"):
        write_table(path, HEADER, [row])
    assert list(path.parent.iterdir()) == []


def test_for_excel_there_is_a_byte_order_mark_and_no_formula(path: Path) -> None:
    write_table(path, HEADER, rows("=1+1", -5), excel=True)
    assert path.read_bytes() == b"\xef\xbb\xbfname,value\nn0,'=1+1\nn1,-5\n"


def test_for_other_programs_cells_stay_as_they_are(path: Path) -> None:
    write_table(path, HEADER, rows("=1+1"))
    assert path.read_bytes() == b"name,value\nn0,=1+1\n"


def test_a_failure_half_way_leaves_the_earlier_table(path: Path) -> None:
    write_table(path, HEADER, rows(1))
    before = path.read_bytes()

    def fails() -> Iterator[dict[str, Any]]:
        yield from rows(2, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_table(path, HEADER, fails())
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_seen_of_a_table_before_it_is_whole(path: Path) -> None:
    with replacing(path) as stream:
        stream.write("half")
        stream.flush()
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "half"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeasonError, match=r"events\.csv cannot be written.*Close it"):
        write_table(tmp_path / "no folder" / "events.csv", HEADER, [])


def test_a_table_that_cannot_be_replaced_is_told_and_nothing_lies_about(tmp_path: Path) -> None:
    (tmp_path / "events.csv").mkdir()  # as another program's lock does, on Windows
    with pytest.raises(SeasonError, match="cannot be written"):
        write_table(tmp_path / "events.csv", HEADER, rows(1))
    assert [found.name for found in tmp_path.iterdir()] == ["events.csv"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        (0, "0"),
        (0.0, "0.0"),
        (0.25, "0.25"),
        (-21, "-21"),
        (True, "true"),
        (False, "false"),
        (State.LEOPARD, "leopard"),
        ("one\r\ntwo\nthree", "one two three"),
        ("\u2028line", " line"),
        ("雪豹", "雪豹"),
    ],
)
def test_a_cell_is_one_line_and_unknown_is_empty(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "=-5", "--5", "-a.JPG"]
)
def test_what_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["-21", "-0.5", "+3", "-131.5", "", "a=b", "2026-02-03", "кабан"])
def test_numbers_and_names_are_not_touched(text: str) -> None:
    assert guarded(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_any_text_comes_back_as_one_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_table(path, HEADER, rows(*texts))
    with path.open(encoding="utf-8", newline="") as stream:
        found = [row["value"] for row in csv.DictReader(stream)]
    assert found == [" ".join(text.splitlines()) for text in texts]
    assert path.read_bytes().count(b"\n") == len(texts) + 1
