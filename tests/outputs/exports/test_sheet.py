"""Cells that are written straight are, byte for byte, those that xlsxwriter would have written."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.outputs.tables import guarded
from camtrap.records import State

xlsxwriter = pytest.importorskip("xlsxwriter", reason="xlsxwriter is not installed: camtrap[excel]")
fresh = count()

HEADER = ("value", "date_local", "time_local", "label")
HOSTILE = "aZ09 ._x-+=@'\"<>&\t\n\r\0\x0b_x0041_ё狍\u00a0\u2028\u200b\ufeff\ufffe\ud7ff😀"

texts = st.one_of(
    st.text(HOSTILE, max_size=12),
    st.sampled_from(["-5", "+10:00", "=1+1", "<r>x</r>", " a", "a ", "_x0041_", "", "é" * 9_000]),
)
values = st.one_of(
    st.none(),
    texts,
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(State),
)
days = st.none() | st.dates().map(date.isoformat)
clocks = st.none() | st.times().map(time.isoformat)
rows_of_any = st.lists(st.tuples(values, days, clocks, values), max_size=12)


def ours(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    from camtrap.outputs.exports.workbook import Book

    with Book(path, path.parent, created=datetime(2026, 1, 1)) as book:
        book.table("a", HEADER, [dict(zip(HEADER, row, strict=True)) for row in rows])


def its_own(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """The same table by xlsxwriter's own calls alone."""
    from camtrap.outputs.exports.workbook import plain

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    head = book.add_format({"bold": True, "bottom": 1})
    as_date = book.add_format({"num_format": "yyyy-mm-dd"})
    as_time = book.add_format({"num_format": "hh:mm:ss"})
    quoted = book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet("a")
    for number, column in enumerate(HEADER):
        sheet.set_column(number, number, max(10, len(column) + 3))
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, HEADER, head)
    for line, row in enumerate(rows, 1):
        for number, value in enumerate(row):
            at = line, number
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                sheet.write_boolean(*at, value)
            elif isinstance(value, (int, float)):
                sheet.write_number(*at, value)
            elif number == 1 and date.fromisoformat(value).year > 1900:
                sheet.write_datetime(*at, date.fromisoformat(value), as_date)
            elif number == 2:
                sheet.write_datetime(*at, time.fromisoformat(value), as_time)
            elif text := plain(value):
                sheet.write_string(*at, text, None if guarded(text) == text else quoted)
    sheet.autofilter(0, 0, max(len(rows), 1), len(HEADER) - 1)
    book.close()


def cells_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read("xl/worksheets/sheet1.xml")


def styled(path: Path) -> list[list[tuple[Any, str, bool]]]:
    """Values, number formats and marks for text of all cells."""
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(path).active
    return [[(c.value, c.number_format, c.quotePrefix) for c in row] for row in sheet.iter_rows()]


@settings(max_examples=20)
@given(rows_of_any)
def test_a_table_reads_as_if_xlsxwriter_had_written_every_cell(
    tmp_path: Path, rows: list[tuple[Any, ...]]
) -> None:
    one, other = (tmp_path / f"{next(fresh)}.xlsx" for _ in range(2))
    ours(one, rows)
    its_own(other, rows)
    assert styled(one) == styled(other)


def test_the_bytes_are_the_same_too(tmp_path: Path) -> None:
    rows = [
        ("ST01", "2026-03-01", "21:50:00", State.LEOPARD),
        (0.1234, "1900-12-31", "00:00:00.5", "a & b"),
        (12345678901234567890, "9999-12-31", None, "-5"),
        (None, None, None, None),
        (1e-7, None, "23:59:59", "=1+1"),
        (True, "2000-02-29", None, " x "),
    ]
    one, other = tmp_path / "one.xlsx", tmp_path / "other.xlsx"
    ours(one, rows)
    its_own(other, rows)
    assert cells_of(one) == cells_of(other)


def test_every_second_of_a_day_is_the_same_number(tmp_path: Path) -> None:
    start = datetime(2026, 1, 1)
    moments = [start + timedelta(seconds=n) for n in range(0, 86_400, 61)]
    rows = [(None, None, moment.time().isoformat(), None) for moment in moments]
    one, other = tmp_path / "one.xlsx", tmp_path / "other.xlsx"
    ours(one, rows)
    its_own(other, rows)
    assert cells_of(one) == cells_of(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_of_excel_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        ours(tmp_path / "a.xlsx", [(value, None, None, None)])
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize(
    "text, plain",
    [
        ("ST01 ключ 狍 😀", True),
        ("a<b", False),
        ("a&b", False),
        (" a", False),
        ("a ", False),
        ("a\tb", False),
        ("a\u00a0", False),
        ("_x0041_", False),
        ("\ufffe", False),
        ("a" * 8_001, False),
    ],
)
def test_only_texts_that_stand_in_xml_as_they_are_go_straight(text: str, plain: bool) -> None:
    from camtrap.outputs.exports.sheet import is_plain

    assert is_plain(text) is plain


def test_a_picture_s_row_keeps_its_height_and_its_other_cells(tmp_path: Path) -> None:
    from PIL import Image

    from camtrap.outputs.exports.workbook import Book

    openpyxl = pytest.importorskip("openpyxl")
    Image.new("RGB", (8, 4)).save(tmp_path / "a.png")
    path = tmp_path / "a.xlsx"
    with Book(path, tmp_path, created=datetime(2026, 1, 1)) as book:
        rows: list[dict[str, Any]] = [{"a": "x", "b": tmp_path / "a.png"}, {"a": "y", "b": None}]
        assert book.table("a", ("a", "b"), rows, picture_side=80) == 2
    sheet = openpyxl.load_workbook(path).active
    assert [cell.value for cell in sheet["A"]] == ["a", "x", "y"]
    assert sheet.row_dimensions[2].height == pytest.approx(66, abs=1)
    assert sheet.row_dimensions[3].height is None and len(sheet._images) == 1
