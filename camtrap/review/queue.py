"""Which events a person wants to see, in which order: the page's questions to the queue index."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from camtrap.errors import ConfigError
from camtrap.records import LABELS, UNSURE
from camtrap.review.index_build import LAST

ORDERS: Mapping[str, str] = {
    "queue": f"rank, sort DESC, coalesce(start, '{LAST}'), event",
    "time": f"coalesce(start, '{LAST}'), event",
}
KINDS: Mapping[str, tuple[str, ...]] = {
    "leopard": ("leopard",),
    "people": ("person", "vehicle"),
    "unsure": ("unsure",),
    "prey": ("prey",),
    "other": ("other",),
    "empty": ("empty",),
}
REVIEWED = ("no", "yes", "all")
MOST = 200
"""Events that one answer holds at most."""

_LABEL = "CASE WHEN told.whole THEN told.label ELSE event.label END"
"""What an event is called: by people where all of its frames were named, else by the machine."""

_FROM = "FROM event LEFT JOIN told USING (event) LEFT JOIN audit USING (event)"
_COLUMNS = (
    'event, station, deployment, start, "end", event.label, confidence, event.leopard, frames,'
    " count, cover, audit.event, words, told.label, told.species, told.reviewer, told.reviewed_at,"
    " mixed, whole"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks for; empty means any. Dates are camera-local, `low` and `high` the event's
    confidence, 0..1."""

    order: str = "queue"
    kind: str = "all"
    station: str = ""
    first: str = ""
    last: str = ""
    label: str = ""
    low: float = 0.0
    high: float = 1.0
    reviewed: str = "no"
    offset: int = 0
    limit: int = 100


def question_of(values: Mapping[str, str]) -> Question:
    """The question in a URL; raises `ConfigError` for what cannot be asked."""
    return Question(
        order=_one_of(values, "order", "queue", tuple(ORDERS)),
        kind=_one_of(values, "kind", "all", ("all", "audit", *KINDS)),
        station=values.get("station", ""),
        first=_day(values, "from"),
        last=_day(values, "to"),
        label=_one_of(values, "label", "", ("", *LABELS, UNSURE)),
        low=_number(values, "min", 0.0),
        high=_number(values, "max", 1.0),
        reviewed=_one_of(values, "reviewed", "no", REVIEWED),
        offset=_count(values, "offset", 0, 1 << 40),
        limit=_count(values, "limit", 100, MOST),
    )


def asked(db: sqlite3.Connection, question: Question) -> list[dict[str, Any]]:
    """The events of a question, as the page has them."""
    where, values = _condition(question)
    order = "audit.place" if question.kind == "audit" else ORDERS[question.order]
    rows = db.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        (*values, question.limit, question.offset),
    )
    return [_event_of(row) for row in rows]


def counted(db: sqlite3.Connection, question: Question) -> int:
    """How many events a question has in all."""
    where, values = _condition(question)
    total: int = db.execute(f"SELECT count(*) {_FROM} WHERE {where}", values).fetchone()[0]
    return total


def event_around(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """The event that holds a file, or is of this number, with its neighbours at the station."""
    row = db.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE event = (SELECT event FROM file WHERE file_id = ?)",
        (number,),
    ).fetchone()
    if row is None:
        return None
    event = _event_of(row)
    here = (event["station"], event["start"] or LAST, event["event"])
    return {**event, "before": _beside(db, here, "<"), "after": _beside(db, here, ">")}


class Told(NamedTuple):
    """A file of an event: the machine's label, the corrected time, and what suppresses it."""

    file_id: int
    label: str
    taken_at: str | None
    suppressed: str | None


def files_of(db: sqlite3.Connection, event: int) -> list[Told]:
    """The files of an event in its order."""
    rows = db.execute(
        "SELECT file_id, label, taken_at, suppressed FROM file WHERE event = ? ORDER BY place",
        (event,),
    )
    return [Told(*row) for row in rows]


def told_of_file(db: sqlite3.Connection, number: int) -> tuple[str, str | None, str | None] | None:
    """The label of a file's event, the file's corrected time, and what suppresses it."""
    row: tuple[str, str | None, str | None] | None = db.execute(
        "SELECT event.label, taken_at, suppressed FROM file JOIN event USING (event)"
        " WHERE file_id = ?",
        (number,),
    ).fetchone()
    return row


def reviewed_count(db: sqlite3.Connection) -> int:
    """Events of which every frame has a person's word."""
    total: int = db.execute("SELECT count(*) FROM told WHERE whole").fetchone()[0]
    return total


def _beside(db: sqlite3.Connection, here: tuple[str, str, int], sign: str) -> int | None:
    direction = "DESC" if sign == "<" else "ASC"
    row = db.execute(
        f"SELECT event FROM event WHERE station = ? AND (coalesce(start, '{LAST}'), event)"
        f" {sign} (?, ?) ORDER BY coalesce(start, '{LAST}') {direction}, event {direction} LIMIT 1",
        here,
    ).fetchone()
    return None if row is None else row[0]


def _condition(question: Question) -> tuple[str, list[Any]]:
    parts: list[str] = ["true"]
    values: list[Any] = []

    def add(part: str, *given: Any) -> None:
        parts.append(part)
        values.extend(given)

    # What nobody has reviewed is called as the machine did, by whose rank the index finds it.
    label = "event.label" if question.reviewed == "no" else _LABEL
    if question.reviewed == "no":
        add("NOT coalesce(whole, 0)")
    elif question.reviewed == "yes":
        add("whole")
    if question.kind == "audit":
        add("audit.place IS NOT NULL")
    elif question.kind != "all":
        labels = KINDS[question.kind]
        add(f"{label} IN ({', '.join('?' * len(labels))})", *labels)
    if question.label:
        add(f"{label} = ?", question.label)
    if question.station:
        add("station = ?", question.station)
    if question.first:
        add("start >= ?", question.first)
    if question.last:
        add("start < ?", f"{question.last}T99")  # after every hour of that day
    if question.low > 0:
        add("confidence >= ?", question.low)
    if question.high < 1:
        add("confidence <= ?", question.high)
    return " AND ".join(parts), values


def _event_of(row: tuple[Any, ...]) -> dict[str, Any]:
    number, station, deployment, start, end, label, confidence, leopard, frames = row[:9]
    count, cover, audit, words, said, species, by, at, mixed, whole = row[9:]
    reviewed = None
    if whole:
        reviewed = {"label": said, "species": species, "by": by, "at": at, "mixed": bool(mixed)}
    return {
        "event": number,
        "station": station,
        "deployment": deployment,
        "start": start,
        "end": end,
        "label": label,
        "species": reviewed["species"] if reviewed else "",
        "confidence": confidence,
        "leopard": leopard,
        "frames": frames,
        "count": count,
        "cover": cover,
        "reviewed": reviewed,
        "reviewed_frames": words or 0,
        "audit": audit is not None,
    }


def _one_of(values: Mapping[str, str], name: str, default: str, known: tuple[str, ...]) -> str:
    value = values.get(name) or default
    if value not in known:
        raise ConfigError(f"'{name}' is one of {', '.join(filter(None, known))}.")
    return value


def _day(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "")
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise ConfigError(f"'{name}' is a day like 2026-03-14.") from None


def _number(values: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(values.get(name) or default)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise ConfigError(f"'{name}' is a number between 0 and 1.")
    return number


def _count(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = values.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 15 and int(text) <= most):
        raise ConfigError(f"'{name}' is a whole number up to {most}.")
    return int(text)
