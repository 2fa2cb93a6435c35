"""A workbook of Excel that is written row by row (xlsxwriter, constant memory).

Nothing that comes in becomes a formula or a link: texts are written as texts, and those that a
spreadsheet would run when somebody edits the cell carry Excel's mark for text (quotePrefix).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Self

import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError

from camtrap.outputs.tables import cell, guarded
from camtrap.outputs.waypoints import xml_text

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header among them (Excel's specifications and limits)."""

MOST_LETTERS = 32_767
"""Characters of a cell."""

_FIRST_YEAR = 1900  # Excel has no day before
_WIDEST = 40
_POINTS_A_PIXEL = 0.75
_CELL_PADDING = 8

DATES, TIMES = frozenset({"date_local"}), frozenset({"time_local"})
"""Columns of ISO dates and times."""


class Book:
    """A workbook under way; use it as a context manager, as it is written when the block ends."""

    def __init__(self, path: Path, scratch: Path, *, created: datetime) -> None:
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._book.use_zip64()
        self._book.set_properties({"created": created, "author": "camtrap"})
        self._head = self._book.add_format({"bold": True, "bottom": 1})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": "hh:mm:ss"})
        self._quoted = self._book.add_format({"quote_prefix": True})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Closing writes the file, which is of no use when the block failed.
        if kind is not None:
            return
        try:
            self._book.close()
        except XlsxFileError as error:
            raise OSError(str(error)) from error

    def table(
        self,
        name: str,
        header: Sequence[str],
        rows: Iterable[Mapping[str, Any]],
        *,
        picture_side: int = 0,
    ) -> int:
        """Add a sheet with a header that stays and can be filtered by; returns the rows' number.

        A value that is a `Path` is a picture's file, shown with `picture_side` pixels at most; it
        is there until the workbook is closed.
        """
        sheet = self._book.add_worksheet(name)
        columns = set(header)
        for number, column in enumerate(header):
            sheet.set_column(number, number, min(_WIDEST, max(10, len(column) + 3)))
        if picture_side:
            sheet.set_column_pixels(len(header) - 1, len(header) - 1, picture_side + _CELL_PADDING)
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, header, self._head)
        count = 0
        for count, row in enumerate(rows, 1):
            if row.keys() != columns:
                raise ValueError(f"row does not fit the header: {row.keys() ^ columns}")
            if picture_side and any(isinstance(value, Path) for value in row.values()):
                sheet.set_row(count, (picture_side + _CELL_PADDING) * _POINTS_A_PIXEL)
            for number, column in enumerate(header):
                self._put(sheet, count, number, column, row[column], picture_side)
        sheet.autofilter(0, 0, max(count, 1), len(header) - 1)
        return count

    def _put(
        self, sheet: Any, row: int, number: int, column: str, value: Any, picture_side: int
    ) -> None:
        if value is None or value == "":
            return
        if isinstance(value, Path):
            _show(sheet, row, number, value, picture_side)
        elif isinstance(value, bool):
            sheet.write_boolean(row, number, value)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, number, value)
        elif column in DATES and (day := _day(value)):
            sheet.write_datetime(row, number, day, self._date)
        elif column in TIMES and (clock := _clock(value)):
            sheet.write_datetime(row, number, clock, self._time)
        elif text := plain(value):
            sheet.write_string(row, number, text, None if guarded(text) == text else self._quoted)


def plain(value: Any) -> str:
    """A value as a cell's text: on one line, no longer than a cell, and of XML's characters."""
    text = xml_text(cell(value))[: MOST_LETTERS - 1]
    # xlsxwriter takes such a text for markup of its own and does not escape it.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def _day(text: str) -> date | None:
    day = date.fromisoformat(text)
    return day if day.year > _FIRST_YEAR else None


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _show(sheet: Any, row: int, number: int, path: Path, side: int) -> None:
    from PIL import Image

    with Image.open(path) as image:
        scale = side / max(image.size)
    sheet.insert_image(
        row,
        number,
        str(path),
        {
            "x_scale": scale,
            "y_scale": scale,
            "x_offset": _CELL_PADDING // 2,
            "y_offset": _CELL_PADDING // 2,
            "object_position": 1,  # moves and sizes with its cell
        },
    )
