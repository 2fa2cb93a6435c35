"""The season at a glance: counts of the queue index and of people's words, for one page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from camtrap.records import LABELS, UNSURE
from camtrap.review import queue
from camtrap.review.index import facts

_SEEN = tuple(label for label in (*LABELS, UNSURE) if label != "empty")
_LABEL = "CASE WHEN told.whole THEN told.label ELSE event.label END"
_EVENTS = "FROM event LEFT JOIN told USING (event)"


def overview(db: sqlite3.Connection) -> dict[str, Any]:
    """Everything that the overview shows of an index; events are called by people where they named
    all frames."""
    known = facts(db)
    return {
        "account": known["states"],
        "files": sum(known["states"].values()),
        "events": known["events"],
        "reviewed_files": _number(db, "SELECT count(*) FROM word"),
        "reviewed_events": queue.reviewed_count(db),
        "by_label": _by_label(db),
        "agreement": _agreement(db),
        "activity": _activity(db),
        "timeline": _timeline(db),
        "stations": _stations(db),
    }


def _number(db: sqlite3.Connection, query: str) -> int:
    number: int = db.execute(query).fetchone()[0]
    return number


def _by_label(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Files by label: of the machine all, of people those that they named."""
    counts = {label: {"machine": 0, "people": 0} for label in (*LABELS, UNSURE)}
    for table, who in (("file", "machine"), ("word", "people")):
        for label, count in db.execute(f"SELECT label, count(*) FROM {table} GROUP BY label"):
            counts.setdefault(label, {"machine": 0, "people": 0})[who] = count
    return counts


def _agreement(db: sqlite3.Connection) -> dict[str, Any]:
    """Of the files that people named: what the machine had called them."""
    table: dict[str, dict[str, int]] = {}
    rows = db.execute(
        "SELECT file.label, word.label, count(*) FROM word JOIN file USING (file_id)"
        " GROUP BY file.label, word.label"
    )
    for machine, person, count in rows:
        table.setdefault(machine, {})[person] = count
    return {
        "n": sum(sum(row.values()) for row in table.values()),
        "same": sum(row.get(label, 0) for label, row in table.items()),
        "table": table,
    }


def _activity(db: sqlite3.Connection) -> dict[str, list[int]]:
    """Events by the hour in which they began, by the camera's clock."""
    hours = {label: [0] * 24 for label in _SEEN}
    rows = db.execute(
        f"SELECT {_LABEL}, CAST(substr(start, 12, 2) AS INTEGER), count(*) {_EVENTS}"
        " WHERE dated AND start IS NOT NULL GROUP BY 1, 2"
    )
    for label, hour, count in rows:
        if label in hours:
            hours[label][hour] = count
    return hours


def _timeline(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Events of each day by label; days without any are left out."""
    rows = db.execute(
        f"SELECT substr(start, 1, 10), {_LABEL}, count(*) {_EVENTS}"
        " WHERE dated AND start IS NOT NULL GROUP BY 1, 2 ORDER BY 1"
    )
    return _gathered(rows, "date")


def _stations(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Events of each station by label, and where it lies in a sketch of the season."""
    rows = db.execute(f"SELECT station, {_LABEL}, count(*) {_EVENTS} GROUP BY 1, 2 ORDER BY 1")
    spots = {name: (x, y) for name, x, y in db.execute("SELECT station, x, y FROM station")}
    found = []
    for row in _gathered(rows, "station"):
        x, y = spots.get(row["station"], (None, None))
        people = row["person"] + row["vehicle"]
        found.append({**row, "x": x, "y": y, "people": people})
    return found


def _gathered(rows: Iterable[tuple[str, str, int]], key: str) -> list[dict[str, Any]]:
    """Counts by some key, a row each with all labels; empties are not counted."""
    found: dict[str, dict[str, Any]] = {}
    for value, label, count in rows:
        row = found.setdefault(value, {key: value, **dict.fromkeys(_SEEN, 0)})
        if label in row and label != key:
            row[label] = count
    return list(found.values())
