"""A sheet of xlsxwriter that takes cells as XML, and the XML of what nearly all cells hold.

The longest table of a season has millions of cells, and xlsxwriter's own way from a value to XML
(an object for each cell, an attribute at a time) would take most of an export. Numbers, dates and
plain texts are so made straight, byte for byte as xlsxwriter makes them; what needs more care, such
as escapes, has no XML here and is left to xlsxwriter.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from xlsxwriter.worksheet import Worksheet

from camtrap.outputs.tables import guarded

_FIRST_YEAR = 1900  # Excel has no day before
_EPOCH = datetime(1899, 12, 31)
_FALSE_LEAP_DAY = 59  # Excel counts a 29 February 1900
_DAY_SECONDS = 86_400

_NEEDS_CARE = re.compile(r"[&<>]|_x|^ | $")
_LONGEST_PLAIN = 8_000
"""Characters of a text that is surely short enough for a cell, however its signs are counted."""

_REMEMBERED = 4_096


class Sheet(Worksheet):  # type: ignore[misc]
    """A sheet of a workbook with constant memory; rows come in order, as they always do there."""

    def reach(self, row: int) -> None:
        """Go on to a row, counted from 0, that holds something; the one before goes to the disk."""
        if row > self.previous_row:
            self._write_single_row(row)
            self._check_dimensions(row, 0)  # notes how long the sheet is

    def put_xml(self, row: int, column: int, xml: str) -> None:
        """Put a cell's whole element where a cell of xlsxwriter's would stand."""
        self.table[row][column] = xml

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if isinstance(cell, str):
            self.fh.write(cell)
        else:
            super()._write_cell(row, col, cell)


def number_xml(place: str, value: float, style: str = "") -> str:
    """A number at `B2`, with a style like ` s="1"` or none; raises `ValueError` for NaN."""
    if not math.isfinite(value):
        raise ValueError(f"a sheet cannot hold the number {value}")
    return f'<c r="{place}"{style}><v>{value:.16G}</v></c>'


def truth_xml(place: str, value: bool) -> str:
    """True or false."""
    return f'<c r="{place}" t="b"><v>{value:d}</v></c>'


def text_xml(place: str, text: str, style: str = "") -> str:
    """A text for which `is_plain` holds."""
    return f'<c r="{place}"{style} t="inlineStr"><is><t>{text}</t></is></c>'


@lru_cache(_REMEMBERED)
def is_plain(text: str) -> bool:
    """True for a text that stands in XML as it is, and that no limit of a cell can cut."""
    return len(text) <= _LONGEST_PLAIN and text.isprintable() and _NEEDS_CARE.search(text) is None


@lru_cache(_REMEMBERED)
def is_guarded(text: str) -> bool:
    """True for a text that a spreadsheet would run when somebody edits its cell."""
    return guarded(text) != text


@lru_cache(_REMEMBERED)
def day_number(text: str) -> int | None:
    """An ISO date as Excel counts days; None for one before its calendar, which stays a text."""
    day = date.fromisoformat(text)
    if day.year <= _FIRST_YEAR:
        return None
    count = day.toordinal() - _EPOCH.toordinal()
    return count + (count > _FALSE_LEAP_DAY)


@lru_cache(_REMEMBERED)
def clock_number(text: str) -> float:
    """An ISO time of day as Excel has it: the share of the day that has passed."""
    clock = time.fromisoformat(text)
    seconds = clock.hour * 3_600 + clock.minute * 60 + clock.second
    return (seconds + clock.microsecond / 1e6) / _DAY_SECONDS
