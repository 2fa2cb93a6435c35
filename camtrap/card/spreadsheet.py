"""Tables that people typed: whatever program saved them, rows under the names of their columns.

A spreadsheet puts semicolons where the decimal sign is a comma, dates in the order of its country,
and saves in the code page of its computer. What can be told apart safely is read; what cannot is an
error that says what to do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from camtrap.errors import NotesError

_LINES_TOLD = 20
_UNSAID = frozenset(["", "na", "nan", "n/a", "null", "none"])  # as R and Camtrap DP leave a cell
_NOT_A_LETTER = re.compile(r"[\W_]+")

_ISO = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DAY_FIRST = re.compile(
    r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(\d{1,2})(?::?([0-5]\d))?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: its line in the file, and its filled cells by the column's plain name."""

    number: int
    cells: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first filled cell of these columns, or nothing."""
        return next((self.cells[name] for name in names if name in self.cells), "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table's filled rows, and the plain names of all its columns with how they were written."""

    path: Path
    columns: Mapping[str, str]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class When:
    """A time that a person wrote: camera-local, with the offset where one stood there.

    `whole_day` is True for a date alone; `moment` is then its midnight.
    """

    moment: datetime
    whole_day: bool
    utc_offset: str = ""


def plain(column: str) -> str:
    """A column's name without case and signs: `deployment_id`, `deploymentID`: `deploymentid`."""
    return _NOT_A_LETTER.sub("", column).casefold()


def read_sheet(path: Path) -> Sheet:
    """Read a CSV with commas, semicolons or tabs, in UTF-8 or UTF-16; empty rows are left out.

    Raises `NotesError` when it cannot be read or has no header.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotesError(
            f"{path} cannot be read: {error.strerror or error}. Check that it is there and that no "
            "other program holds it open."
        ) from error
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise NotesError(
            f"{path} is not in UTF-8, so its letters cannot be told. Open it in the program that "
            "wrote it and save it as 'CSV UTF-8'."
        ) from None
    return parse_sheet(text, path)


def parse_sheet(text: str, path: Path) -> Sheet:
    """As `read_sheet`, for a text; `path` is only told in errors."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise NotesError(f"{path}, line {reader.line_num}: {error}.") from error
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise NotesError(f"{path} is empty: its first line must name the columns.")
    names = [plain(cell) for cell in rows[0][1]]
    twice = sorted({rows[0][1][names.index(n)] for n in names if n and names.count(n) > 1})
    if twice:
        raise NotesError(f"{path} has the column '{twice[0]}' twice. Keep one of them.")
    lines = []
    for number, row in rows[1:]:
        if len(row) > len(names) and any(row[len(names) :]):
            raise NotesError(
                f"{path}, line {number} has {len(row)} cells under {len(names)} columns. Put a "
                "text that holds the separating sign into quotation marks."
            )
        pairs = zip(names, row, strict=False)
        said = {name: cell for name, cell in pairs if name and cell.casefold() not in _UNSAID}
        if said:
            lines.append(Line(number, said))
    return Sheet(path, dict(zip(names, rows[0][1], strict=True)), tuple(lines))


def is_day_first(texts: Iterable[str]) -> bool | None:
    """Whether dates like 02/04/2009 put the day first, told by those beyond 12; None: not told.

    Dates with dots are always written day first.
    """
    found = [m for m in map(_DAY_FIRST.match, texts) if m and m[2] == "/"]
    day_first = any(int(m[1]) > 12 for m in found)
    month_first = any(int(m[3]) > 12 for m in found)
    return None if day_first == month_first else day_first


def parse_when(text: str, day_first: bool | None = None) -> When:
    """A date with or without a time; raises `ValueError` with a sentence of what is wrong."""
    match = _ISO.fullmatch(text)
    if match is not None:
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        clock, zone = match.group(5, 6, 7), match[8] or ""
    else:
        match = _DAY_FIRST.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is no date; write it like 2026-03-05 or 2026-03-05 08:30")
        left, right, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == "." or left > 12:
            day_first = True
        elif right > 12:
            day_first = False
        if day_first is None:
            raise ValueError(
                f"'{text}' may be day {left} of month {right} or day {right} of month {left}; "
                "write dates like 2026-03-05"
            )
        day, month = (left, right) if day_first else (right, left)
        clock, zone = match.group(5, 6, 7), ""
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise ValueError(f"there is no such time as '{text}'") from None
    return When(moment, clock[0] is None, parse_offset(zone) if zone else "")


def parse_offset(text: str) -> str:
    """An offset from UTC like `+10:00`, however it was written (`+10`, `UTC+10`, `1000`, `Z`).

    Raises `ValueError` with a sentence of what is wrong.
    """
    if text in ("Z", "z"):
        return "+00:00"
    match = _OFFSET.fullmatch(text.strip())
    minutes = int(match[2]) * 60 + int(match[3] or 0) if match is not None else -1
    sign = "-" if match is not None and match[1] == "-" else "+"
    if not 0 <= minutes <= (12 if sign == "-" else 14) * 60:
        raise ValueError(f"'{text}' is no offset from UTC; write it like +10:00 or -03:30")
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def in_offset(when: When, utc_offset: str) -> datetime:
    """The local time of `when` by a clock with that offset; as it stands where it has none."""
    if not when.utc_offset or not utc_offset or when.utc_offset == utc_offset:
        return when.moment
    moment = when.moment.replace(tzinfo=_zone(when.utc_offset))
    try:
        return moment.astimezone(_zone(utc_offset)).replace(tzinfo=None)
    except OverflowError:
        return when.moment


def parse_number(text: str) -> float:
    """A number with a dot or a comma; raises `ValueError` with a sentence."""
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        raise ValueError(f"'{text}' is no number") from None
    if not abs(number) < 1e12:
        raise ValueError(f"'{text}' is no number that can be used")
    return number


def refuse(path: Path, faults: Iterable[tuple[int, str]], next_step: str) -> None:
    """Raise `NotesError` that tells every fault with its line, in order; nothing without any."""
    told = [f"line {number}: {fault}" for number, fault in sorted(faults)]
    if not told:
        return
    if len(told) == 1:
        raise NotesError(f"{path}, {told[0]}. {next_step}")
    more = len(told) - _LINES_TOLD
    lines = [f"  {line}" for line in told[:_LINES_TOLD]]
    if more > 0:
        lines.append(f"  and {more} more")
    raise NotesError("\n".join([f"{path} cannot be used:", *lines, next_step]))


def _zone(utc_offset: str) -> timezone:
    sign = -1 if utc_offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(utc_offset[1:3]), minutes=int(utc_offset[4:6])))
