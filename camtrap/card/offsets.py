"""`clock_offsets.csv`: by how many seconds which camera's clock was wrong, and when.

Columns: deployment_id, seconds, from, to, reason. `from` and `to` are times as the camera wrote
them, and may be empty; a `to` without a time of day means the whole day.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from camtrap.card.deployments import Offset
from camtrap.card.spreadsheet import Line, Sheet, is_day_first, parse_when, read_sheet, refuse
from camtrap.errors import NotesError

OFFSETS_NAME = "clock_offsets.csv"
COLUMNS = ("deployment_id", "seconds", "from", "to", "reason")

MOST_SECONDS = 200 * 366 * 86_400
"""A correction of more than two hundred years is a slip of the pen."""

_DEPLOYMENT = ("deploymentid", "deployment")
_SECONDS = ("seconds", "offsetseconds", "offset")
_FROM, _TO = ("from", "start"), ("to", "end", "until")
_NEXT_STEP = "Correct it and run 'camtrap clock' on the season again."


def read_offsets(path: Path) -> tuple[Offset, ...]:
    """Read the table; raises `NotesError` that tells every line that is wrong."""
    return offsets_of(read_sheet(path))


def offsets_of(sheet: Sheet) -> tuple[Offset, ...]:
    """The corrections in a table; two that hold at the same time for one camera are refused."""
    for names, column in ((_DEPLOYMENT, "deployment_id"), (_SECONDS, "seconds")):
        if not any(name in sheet.columns for name in names):
            raise NotesError(
                f"{sheet.path} has no column '{column}'. Its columns are {', '.join(COLUMNS)}."
            )
    times = [line.get(*_FROM) for line in sheet.lines] + [line.get(*_TO) for line in sheet.lines]
    day_first = is_day_first(times)
    found: list[tuple[int, Offset]] = []
    faults: list[tuple[int, str]] = []
    for line in sheet.lines:
        try:
            found.append((line.number, _offset(line, day_first)))
        except ValueError as error:
            faults.append((line.number, str(error)))
    faults += _overlaps(found)
    refuse(sheet.path, faults, _NEXT_STEP)
    return tuple(offset for _, offset in found)


def _offset(line: Line, day_first: bool | None) -> Offset:
    deployment, seconds = line.get(*_DEPLOYMENT), line.get(*_SECONDS)
    if not deployment:
        raise ValueError("deployment_id is empty, so it is not told which camera this is for")
    try:
        number = int(seconds.removesuffix(".0"))
    except ValueError:
        raise ValueError(
            f"seconds is '{seconds}'; write whole seconds, such as 43200 for twelve hours to add "
            "or -3600 for one hour to take away"
        ) from None
    if abs(number) > MOST_SECONDS:
        raise ValueError(f"{seconds} seconds are more than two hundred years")
    start = _time(line.get(*_FROM), day_first, is_end=False)
    end = _time(line.get(*_TO), day_first, is_end=True)
    if start is not None and end is not None and end <= start:
        raise ValueError("'to' is not after 'from'")
    return Offset(deployment, number, start, end, line.get("reason"))


def _time(text: str, day_first: bool | None, *, is_end: bool) -> datetime | None:
    if not text:
        return None
    when = parse_when(text, day_first)
    if when.utc_offset:
        raise ValueError(f"'{text}' has a zone; write the time as the camera wrote it, without one")
    if is_end and when.whole_day and when.moment.year < 9999:
        return when.moment + timedelta(days=1)
    return when.moment


def _overlaps(found: list[tuple[int, Offset]]) -> list[tuple[int, str]]:
    by_deployment: dict[str, list[tuple[int, Offset]]] = defaultdict(list)
    for number, offset in found:
        by_deployment[offset.deployment_id].append((number, offset))
    faults = []
    for each in by_deployment.values():
        each.sort(key=lambda numbered: numbered[1].start or datetime.min)
        for (before, one), (number, other) in pairwise(each):
            if (one.end or datetime.max) > (other.start or datetime.min):
                faults.append(
                    (
                        number,
                        f"a second correction of {other.deployment_id} at a time for which line "
                        f"{before} has one; end the first where the second begins",
                    )
                )
    return faults
