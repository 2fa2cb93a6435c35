"""Outputs that are still true: while nothing has changed that they are made of, none is written.

Outputs are a pure function of the ledger, the settings and the program; pages also show pictures
from the cards that are plugged in. All of that goes into one fingerprint, which is noted after the
outputs were written, with the key of every byte of each. They are true as long as the fingerprint
is the same and each of the files still has its key. Whatever is in doubt, they are not.

The program counts with each of its own files, because who works on it changes no version. Of a card
that is plugged in counts how many of its files were there at the last account.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import xxhash

import camtrap
from camtrap.ledger.reconcile import last_reconciliations
from camtrap.ledger.schema import UNWATCHED
from camtrap.ledger.store import Ledger

_BLOCK = 1 << 20
_EVENTS = ("INSERT", "UPDATE", "DELETE")


def fingerprint(ledger: Ledger, settings: Mapping[str, Any]) -> str:
    """Everything that outputs are made of, as short text; to be asked before they are written.

    `settings` are plain values: all that is not in the ledger and bears on an output. Empty when it
    cannot be told, which is never equal to what was noted.
    """
    count = ledger.db.execute("SELECT count FROM change").fetchall()
    if len(count) != 1 or _unwatched(ledger):
        return ""
    counted = last_reconciliations(ledger)
    said = {
        "camtrap": camtrap.__version__,
        "program": _program(),
        "changes": count[0][0],
        "season": str(ledger.season.resolve()),
        "cards": [
            [card.name, _is_there(card.root), *_there(counted.get(card.name, {}))]
            for card in ledger.cards()
        ],
        "settings": settings,
    }
    text = json.dumps(said, sort_keys=True, default=str)
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


def note(ledger: Ledger, made_of: str, paths: Iterable[Path], account: Mapping[str, Any]) -> None:
    """Note outputs that were written in the season, and what they tell of it, as plain values.

    `made_of` is the fingerprint from before they were written: what changed meanwhile makes it
    another. Raises `SeasonError` when the ledger cannot be written.
    """
    files = {os.path.relpath(path, ledger.season): _key(path) for path in paths}
    with ledger.writing():
        ledger.db.execute("DELETE FROM export")
        ledger.db.execute(
            "INSERT INTO export VALUES (?, ?, ?)", (made_of, json.dumps(account), json.dumps(files))
        )


def still_true(ledger: Ledger, made_of: str) -> dict[str, Any] | None:
    """What the outputs in the season tell of it, when they need not be written; else None."""
    row = ledger.db.execute("SELECT made_of, account, files FROM export").fetchone()
    if row is None or not made_of or row["made_of"] != made_of:
        return None
    try:
        files = json.loads(row["files"])
        if not all(_key(ledger.season / path) == key for path, key in files.items()):
            return None
    except OSError:
        return None
    account: dict[str, Any] = json.loads(row["account"])
    return account


def _unwatched(ledger: Ledger) -> bool:
    """True when a table may have changed without being counted."""
    rows = ledger.db.execute("SELECT type, tbl_name, sql FROM sqlite_master").fetchall()
    watching = {(row["tbl_name"], event) for row in rows for event in _EVENTS if _is_on(row, event)}
    tables = {row["tbl_name"] for row in rows if row["type"] == "table"}
    return any(
        (table, event) not in watching
        for table in tables - UNWATCHED
        if not table.startswith("sqlite_")
        for event in _EVENTS
    )


def _is_on(row: Mapping[str, Any], event: str) -> bool:
    return row["type"] == "trigger" and f" AFTER {event} ON " in row["sql"]


def _program() -> str:
    """The program's own files and those that come with it, by size and time."""
    home = Path(camtrap.__file__).parent
    found = []
    for start in (home, home / "_bundled" / "configs", home.parent / "configs"):
        for folder, folders, names in os.walk(start):
            folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
            for name in sorted(names):
                try:
                    status = (Path(folder) / name).stat()
                except OSError:  # somebody is just saving it
                    found.append(name)
                else:
                    found.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return xxhash.xxh3_64_hexdigest("\n".join(found).encode("utf-8", "surrogateescape"))


def _is_there(root: Path) -> bool:
    """True when something lies where a card was; an empty mount point is none."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _there(counted: Mapping[str, object]) -> list[object]:
    return [counted.get("on_card"), counted.get("gone")]


def _key(path: Path) -> str:
    """The key of all bytes of a file, however large; raises `OSError`."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
