"""CSV files of an export, plain or packed with gzip; written row by row."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from camtrap.errors import SeasonError
from camtrap.outputs.tables import cell

Add = Callable[[Mapping[str, Any]], None]


@contextmanager
def table(path: Path, header: Sequence[str], *, lineterminator: str = "\n") -> Iterator[Add]:
    """Open a table whose rows are added one by one; packed when its name ends in `.gz`.

    Every row has exactly the header's columns. Raises `SeasonError` when it cannot be written.
    """
    try:
        with _stream(path) as stream:
            writer = csv.writer(stream, lineterminator=lineterminator)
            writer.writerow(header)

            def add(row: Mapping[str, Any]) -> None:
                if len(row) != len(header):
                    raise ValueError(f"row does not fit the header: {set(row) ^ set(header)}")
                writer.writerow([cell(row[column]) for column in header])

            yield add
    except OSError as error:
        raise SeasonError(
            f"{path} cannot be written: {error.strerror or error}. Check the free space, and run "
            "the same command again."
        ) from error


@contextmanager
def _stream(path: Path) -> Iterator[IO[str]]:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        if path.suffix != ".gz":
            yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
            return
        # Without a name and a time in it, so that the same rows are the same bytes.
        packed = stack.enter_context(
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6)
        )
        yield stack.enter_context(io.TextIOWrapper(packed, encoding="utf-8", newline=""))
