"""A workbook of Excel that is written row by row (xlsxwriter, constant memory).

Nothing that comes in becomes a formula or a link: texts are written as texts, and those that a
spreadsheet would run when somebody edits the cell carry Excel's mark for text (quotePrefix).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError
from xlsxwriter.utility import xl_col_to_name

from camtrap.outputs.exports.sheet import (
    Sheet,
    clock_number,
    day_number,
    is_guarded,
    is_plain,
    number_xml,
    text_xml,
    truth_xml,
)
from camtrap.outputs.tables import cell
from camtrap.outputs.waypoints import xml_text

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header among them (Excel's specifications and limits)."""

MOST_LETTERS = 32_767
"""Characters of a cell."""

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
        sheet = self._book.add_worksheet(name, Sheet)
        columns = set(header)
        for number, column in enumerate(header):
            sheet.set_column(number, number, min(_WIDEST, max(10, len(column) + 3)))
        if picture_side:
            sheet.set_column_pixels(len(header) - 1, len(header) - 1, picture_side + _CELL_PADDING)
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, header, self._head)
        letters = [xl_col_to_name(number) for number in range(len(header))]
        count = 0
        for count, row in enumerate(rows, 1):
            if row.keys() != columns:
                raise ValueError(f"row does not fit the header: {row.keys() ^ columns}")
            if picture_side and any(isinstance(value, Path) for value in row.values()):
                sheet.set_row(count, (picture_side + _CELL_PADDING) * _POINTS_A_PIXEL)
            for number, column in enumerate(header):
                value = row[column]
                if value is None or value == "":
                    continue
                sheet.reach(count)
                if xml := self._xml(f"{letters[number]}{count + 1}", column, value):
                    sheet.put_xml(count, number, xml)
                elif isinstance(value, Path):
                    _show(sheet, count, number, value, picture_side)
                elif text := plain(value):
                    style = self._quoted if is_guarded(text) else None
                    sheet.write_string(count, number, text, style)
        sheet.autofilter(0, 0, max(count, 1), len(header) - 1)
        return count

    def _xml(self, place: str, column: str, value: Any) -> str:
        """A cell's element; empty for what needs xlsxwriter's own care."""
        if isinstance(value, str):
            if column in DATES and (day := day_number(value)) is not None:
                return number_xml(place, day, _style(self._date))
            if column in TIMES:
                return number_xml(place, clock_number(value), _style(self._time))
            if not is_plain(value):
                return ""
            return text_xml(place, value, _style(self._quoted) if is_guarded(value) else "")
        if isinstance(value, bool):
            return truth_xml(place, value)
        return number_xml(place, value) if isinstance(value, (int, float)) else ""


def _style(form: Any) -> str:
    return f' s="{form._get_xf_index()}"'


def plain(value: Any) -> str:
    """A value as a cell's text: on one line, no longer than a cell, and of XML's characters."""
    text = xml_text(cell(value))[: MOST_LETTERS - 1]
    # xlsxwriter takes such a text for markup of its own and does not escape it.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


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
