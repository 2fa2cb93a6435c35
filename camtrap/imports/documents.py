"""JSON files of others: small ones as a whole, long ones a record at a time.

A season's predictions may be some hundred megabytes, so their lists are streamed (ijson), and only
what stands around them is held. Programs write the names of categories behind the pictures as often
as before them; a file is therefore read twice, first for all but its long lists.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import ijson

from camtrap.errors import DataError

_BOM = b"\xef\xbb\xbf"
_HELD = 200_000
"""Values that may stand around the lists; no file that is meant to be read has more."""


def document_head(path: Path, lists: Collection[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """All of an object but its `lists`, and the names of those that are there.

    Raises `DataError` when the file is no JSON object, or holds too much besides.
    """
    head: dict[str, Any] = {}
    there: set[str] = set()
    with _opened(path) as stream:
        depth, key, count, builder = 0, "", 0, None
        for event, value in ijson.basic_parse(stream, use_float=True):
            if event in ("end_map", "end_array"):
                depth -= 1
            if depth == 0 and event not in ("start_map", "end_map"):
                raise DataError(f"{path} is no JSON object, so it is none of the kinds read.")
            if depth == 1 and event == "map_key":
                key = str(value)
                builder = None if key in lists else ijson.ObjectBuilder()
                there.update({key} & set(lists))
            elif builder is not None and depth >= 1:
                builder.event(event, value)
                head[key] = getattr(builder, "value", None)
                count += 1
                if count > _HELD:
                    raise DataError(f"{path}: '{key}' is longer than any such file has it.")
            if event in ("start_map", "start_array"):
                depth += 1
    return head, frozenset(there)


def records(path: Path, name: str) -> Iterator[dict[str, Any]]:
    """The records of a list under a key of the document, one by one.

    Raises `DataError` when it is no JSON, or the key does not hold a list of records.
    """
    with _opened(path) as stream:
        for record in ijson.items(stream, f"{name}.item", use_float=True):
            if not isinstance(record, dict):
                raise DataError(f"{path}: '{name}' is not a list of records.")
            yield record


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as stream:
            if stream.read(len(_BOM)) != _BOM:
                stream.seek(0)
            yield stream
    except (OSError, ijson.JSONError, UnicodeError, ValueError, OverflowError) as error:
        told = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path} cannot be read as JSON: {told}. Check that it was copied in full."
        ) from error


def names_table(path: Path, document: Mapping[str, Any], key: str) -> dict[str, str]:
    """A table of numbers and names, as `detection_categories`; raises `DataError` for another."""
    table = document.get(key) or {}
    if not isinstance(table, dict):
        raise DataError(f"{path}: '{key}' is not a table of numbers and names.")
    return {str(number): plain_text(name) for number, name in table.items()}


def text(record: dict[str, Any], key: str) -> str:
    """A value of a record as text; see `plain_text`."""
    return plain_text(record.get(key))


def plain_text(value: object) -> str:
    """A value as text; numbers occur as ids, and 0 is one. Empty for a list or an object.

    Those may lie within each other deeper than Python can write out.
    """
    return str(value) if isinstance(value, str | int | float) else ""


def read_json(path: Path) -> Any:
    """What a JSON file holds; raises `DataError` when it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error


def records_of(path: Path, document: Any, name: str) -> list[dict[str, Any]]:
    """The list of records under a key; raises `DataError` when it is none."""
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise DataError(f"{path}: '{name}' is not a list of records.")
    return found


def folder_of(name: str) -> str:
    """The folders before a file's name, POSIX; empty when there are none."""
    folder = PurePosixPath(name.replace("\\", "/")).parent.as_posix()
    return "" if folder == "." else folder


def several(names: Iterable[str], limit: int = 10) -> str:
    """Names in a row for a message, the first of them when they are many."""
    ordered = sorted(set(names))
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more
