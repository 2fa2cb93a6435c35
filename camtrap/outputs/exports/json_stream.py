"""JSON of any length, a value at a time: an object whose long lists are written as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from camtrap.outputs.tables import replacing


class Ready(str):
    """A value that is JSON already, and is written as it stands."""

    __slots__ = ()


class JsonObject:
    """An object in a file that is being written; every key is put once."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._put: set[str] = set()

    def put(self, key: str, value: Any) -> None:
        """Write one value."""
        self._begin(key)
        self._stream.write(plain(value))

    @contextmanager
    def array(self, key: str) -> Iterator[Callable[[Any], None]]:
        """Begin a list; what is given to the function that comes back is added to it."""
        self._begin(key)
        self._stream.write("[")
        between = "\n"

        def add(value: Any) -> None:
            nonlocal between
            self._stream.write(between)
            self._stream.write(plain(value))
            between = ",\n"

        yield add
        self._stream.write("\n]")

    def put_all(self, key: str, values: Iterable[Any]) -> int:
        """Write a list, a line for each value; returns how many there were."""
        count = 0
        with self.array(key) as add:
            for value in values:
                add(value)
                count += 1
        return count

    def _begin(self, key: str) -> None:
        if key in self._put:
            raise ValueError(f"{key} is written twice")
        self._stream.write(",\n" if self._put else "\n")
        self._stream.write(f"{plain(key)}: ")
        self._put.add(key)


@contextmanager
def json_object(path: Path) -> Iterator[JsonObject]:
    """Open a file to hold one object, in UTF-8; an earlier file is replaced when the block ends.

    Raises `SeasonError` when it cannot be written, `ValueError` for what JSON cannot hold (NaN).
    """
    with replacing(path) as stream:
        stream.write("{")
        yield JsonObject(stream)
        stream.write("\n}\n")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> str:
    """A value as JSON on one line, with every letter as it is written; raises on NaN."""
    if isinstance(value, Ready):
        return value
    return _ENCODER.encode(value)
