"""The clock: a time for every picture that has any, and always where the time came from.

A `Capture` without a time goes in and comes out with one, from the file's name or else from its
date of modification, so that it can be put in order and its source be shown. Whether a time is
right (a reset clock, a wrong zone) is not judged here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import NamedTuple

from camtrap.records import Capture

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""A number in a file name is a year only within these; serial numbers often look like dates."""

_DATE = r"(?P<year>\d{4})(?P<d>[-_.]?)(?P<month>\d{2})(?P=d)(?P<day>\d{2})"
_TIME = r"(?P<hour>\d{2})(?P<t>[-_.:]?)(?P<minute>\d{2})(?P=t)(?P<second>\d{2})"
_PATTERNS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        # 20180322_102050, 2009-04-05__00-11-00, IMG_20240101_120000, 2023-01-01 at 12.00.00,
        # PXL_20240101_120000123 (with milliseconds). A 12-hour clock is not read.
        rf"(?<!\d){_DATE}(?:[-_. T]{{1,3}}| at ){_TIME}(?:\d{{3}})?(?!\d)(?![ _.]?[APap][Mm]\b)",
        # DJI_20230101120000_0001, 20210531082538-RCNX0031: exactly fourteen digits
        r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?!\d)",
    )
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NameTime(NamedTuple):
    """A time read from a file name, and the part of the name it was read from."""

    taken_at: datetime
    text: str


def resolve_time(capture: Capture, name: str, modified_ns: int) -> Capture:
    """Return `capture` with a time: its own, else the one in `name`, else that of `modified_ns`.

    `name` is a file name or a path with slashes, of which only the last part counts. A name may
    tell when a picture was uploaded, not taken: `timestamp_source` says that it was the name.
    `modified_ns` is nanoseconds since 1970 in UTC, 0 or less when unknown; it becomes local time of
    this computer, because FAT cards hold the camera's local time and the system has read it as its
    own. `raw_timestamp` becomes the part of the name, or the modification time in UTC.
    """
    if capture.taken_at is not None:
        return capture
    named = parse_name_time(name)
    if named is not None:
        return replace(
            capture,
            taken_at=named.taken_at,
            timestamp_source="filename",
            raw_timestamp=named.text,
        )
    if modified_ns > 0:
        try:
            modified = _EPOCH + timedelta(microseconds=modified_ns // 1_000)
            local = modified.astimezone().replace(tzinfo=None, fold=0)
        except (OverflowError, OSError, ValueError):  # beyond what the system's clock can express
            return capture
        return replace(
            capture,
            taken_at=local,
            timestamp_source="modified",
            raw_timestamp=modified.isoformat().replace("+00:00", "Z"),
        )
    return capture


def parse_name_time(name: str) -> NameTime | None:
    """Return the first full date with a time of day in a file name, or None.

    A date alone is not enough (`IMG-20240101-WA0001`, `2021-06-30_SYFR0218`): midnight would be a
    false time. Months of 13 and years outside 1990..2100 are not dates.
    """
    stem = PurePosixPath(name).name
    for pattern in _PATTERNS:
        for match in pattern.finditer(stem):
            year, month, day, hour, minute, second = (
                int(match[part]) for part in ("year", "month", "day", "hour", "minute", "second")
            )
            if not FIRST_YEAR <= year <= LAST_YEAR:
                continue
            try:
                return NameTime(datetime(year, month, day, hour, minute, second), match[0])
            except ValueError:
                continue
    return None
