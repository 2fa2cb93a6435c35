"""CSV as every table of camtrap is written: UTF-8, LF, commas, ISO times, and empty where unknown.

`excel` adds a byte-order mark and puts an apostrophe before cells that a spreadsheet would run as a
formula (OWASP, "CSV Injection"): file names come from cards, and cards come from anywhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from camtrap.errors import SeasonError

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Any]


def write_table(
    path: Path, header: Sequence[str], rows: Iterable[Row], *, excel: bool = False
) -> int:
    """Write rows under a fixed header and return their count.

    An earlier file is replaced only when all is written. Every row has exactly the header's
    columns. Raises `SeasonError` when the file cannot be written.
    """
    count = 0
    columns = set(header)
    with replacing(path, encoding="utf-8-sig" if excel else "utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            if row.keys() != columns:
                raise ValueError(f"row does not fit the header: {row.keys() ^ columns}")
            cells = [cell(row[column]) for column in header]
            writer.writerow([guarded(text) for text in cells] if excel else cells)
            count += 1
    return count


def rounded(value: float | None, digits: int = 4) -> float | None:
    """A number for a cell; more than four decimals claim a precision that no calibration has."""
    return None if value is None else round(value, digits)


@contextmanager
def replacing(path: Path, *, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Open a text file that takes the place of `path` when the block ends well, else vanishes."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("w", encoding=encoding, newline="") as stream:
            yield stream
        temporary.replace(path)
    except OSError as error:
        raise SeasonError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Close it if another program has it open, check the free space, and run again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def cell(value: Any) -> str:
    """One value as text: empty for None, `true`/`false`, and no line breaks."""
    if value is None:
        return ""
    if isinstance(value, str):
        # No line break of any alphabet is printable, and nearly every cell is.
        return str(value) if value.isprintable() else " ".join(value.splitlines())
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula; plain numbers stay numbers."""
    if not text.startswith(_FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text
