"""CSV tables of others, a row at a time: commas, semicolons or tabs, UTF-8 or UTF-16, or packed."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from camtrap.card.spreadsheet import plain
from camtrap.errors import DataError

_LONGEST = 1 << 20
"""Characters of a line; a file without line breaks must not be read into memory as one."""

_LONGEST_CELL = 1 << 17
"""Characters of a cell; Python's own limit is the same, but any library may raise it for all."""

_NOTHING = frozenset(["", "NA", "NaN", "nan"])


def header_of(path: Path) -> dict[str, str]:
    """The columns of a table by their plain names; raises `DataError` when it cannot be read."""
    with _rows(path) as rows:
        return {plain(cell): cell for cell in next(rows, [])}


def table_rows(
    path: Path, wanted: Sequence[str], needed: Sequence[str], *, paths: Collection[str] = ()
) -> Iterator[Mapping[str, str]]:
    """Rows with the cells of the `wanted` columns, by the names given; empty where there is none.

    Columns are found whatever their case and signs. What stands for "no value" is empty, but for
    the columns of `paths`: a folder may be called NA, and begin with a space. Raises `DataError`
    when a column that is `needed` is not there, or the file cannot be read.
    """
    with _rows(path) as rows:
        header = [plain(cell) for cell in next(rows, [])]
        places = {name: header.index(plain(name)) for name in wanted if plain(name) in header}
        if missing := [name for name in needed if name not in places]:
            raise DataError(f"The table {path} lacks the columns {', '.join(missing)}.")
        for row in rows:
            cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
            if any(row):
                yield {
                    name: cells.get(name, "") if name in paths else _value(cells.get(name, ""))
                    for name in wanted
                }


def path_spellings(*pieces: str) -> tuple[str, ...]:
    """A path of several cells: as they stand, and without the spaces around them."""
    as_is = "/".join(piece for piece in pieces if piece)
    stripped = "/".join(piece.strip() for piece in pieces if piece.strip())
    return tuple(dict.fromkeys((as_is, stripped)))


def _value(cell: str) -> str:
    text = cell.strip()
    return "" if text in _NOTHING else text


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[list[str]]]:
    try:
        with _text(path) as stream:
            lines = _lines(stream, path)
            first = next((line for line in lines if line.strip()), "")
            delimiter = max(",;\t", key=first.count)
            yield _checked(csv.reader(_again(first, lines), delimiter=delimiter), path)
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error, ValueError) as error:
        raise DataError(f"The table {path} cannot be read: {error}.") from error


def _checked(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    for row in rows:
        if any(len(cell) > _LONGEST_CELL for cell in row):
            raise DataError(f"The table {path} has a cell that is too long to be one.")
        yield row


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _lines(stream: IO[str], path: Path) -> Iterator[str]:
    while line := stream.readline(_LONGEST):
        if len(line) >= _LONGEST:
            raise DataError(f"The table {path} has a line that is too long to be one.")
        yield line


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    packed = path.suffix.lower() == ".gz"
    with path.open("rb") as plainly, gzip.open(plainly) if packed else plainly as stream:
        start = stream.read(2)
        stream.seek(0)
        wide = start in (b"\xff\xfe", b"\xfe\xff")
        # newline="": line breaks within quotation marks stay what they are.
        with io.TextIOWrapper(
            stream, encoding="utf-16" if wide else "utf-8-sig", newline=""
        ) as text:
            yield text
