"""Is the ledger whole: what SQLite says of its file, and whether its rows agree with each other."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from camtrap.ledger.reviews import live
from camtrap.ledger.schema import has_table
from camtrap.ledger.store import Ledger
from camtrap.records import State

TOLERANCE = 1e-3
"""The probabilities of a picture sum to 1 within this."""

_EXAMPLES = 5
_STATES = ", ".join(f"'{state}'" for state in State)
_LOOKED_AT = ", ".join(f"'{state}'" for state in State if state.is_label)
_NAMED = "SELECT card.name || '/' || file.relative_path FROM file LEFT JOIN card USING (card_id)"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of fault, how often it was found, and the first of them."""

    kind: str
    count: int
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {"kind": self.kind, "count": self.count, "examples": list(self.examples)}


def check(ledger: Ledger) -> list[Problem]:
    """Every fault of a ledger, empty when it is whole; reads only, also while a run writes."""
    problems = []
    for kind, find in _CHECKS:
        try:
            # One moment of the ledger: a run that goes on must not change it between two counts.
            with _snapshot(ledger.db):
                problem = _gathered(kind, find(ledger.db))
        except sqlite3.Error as error:
            problem = Problem(kind, 1, (f"cannot be checked: {error}",))
        if problem is not None:
            problems.append(problem)
    return problems


class _snapshot:  # noqa: N801 - reads as a verb where it is used
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN")

    def __exit__(self, *_: object) -> None:
        if self._db.in_transaction:
            self._db.rollback()


def _gathered(kind: str, found: Iterable[str]) -> Problem | None:
    examples: list[str] = []
    count = 0
    for count, text in enumerate(found, start=1):
        if count <= _EXAMPLES:
            examples.append(text)
    return Problem(kind, count, tuple(examples)) if count else None


def _texts(db: sqlite3.Connection, query: str) -> Iterator[str]:
    return (str(row[0]) for row in db.execute(query))


def _damage(db: sqlite3.Connection) -> Iterator[str]:
    return (text for text in _texts(db, "PRAGMA integrity_check") if text != "ok")


def _loose_ends(db: sqlite3.Connection) -> Iterator[str]:
    for table, number, other, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"{table} {number if number is not None else ''} names no {other}".replace("  ", " ")


def _unknown_states(db: sqlite3.Connection) -> Iterator[str]:
    return _texts(
        db,
        "SELECT card.name || '/' || file.relative_path || ': ' || file.state FROM file"
        f" LEFT JOIN card USING (card_id) WHERE file.state NOT IN ({_STATES})",
    )


def _sums(db: sqlite3.Connection) -> Iterator[str]:
    # Each is answered from another index or table: a damaged index gives another number.
    rows = db.execute("SELECT count(*) FROM file NOT INDEXED").fetchone()[0]
    by_state = sum(
        count
        for state, count in db.execute("SELECT state, count(*) FROM file GROUP BY state")
        if state in set(State)
    )
    by_card = sum(
        count
        for (count,) in db.execute(
            "SELECT (SELECT count(*) FROM file WHERE file.card_id = card.card_id) FROM card"
        )
    )
    if not rows == by_state == by_card:
        yield f"{rows} files, {by_state} by their states, {by_card} by their cards"


def _orphan_detections(db: sqlite3.Connection) -> Iterator[str]:
    return _texts(
        db,
        "SELECT 'detection ' || number || ' of file ' || detection.file_id FROM detection"
        " LEFT JOIN file ON file.file_id = detection.file_id"
        f" WHERE file.file_id IS NULL OR file.state NOT IN ({_LOOKED_AT})",
    )


def _orphan_reviews(db: sqlite3.Connection) -> Iterator[str]:
    if not has_table(db, "review"):
        return iter(())
    return _texts(
        db,
        "SELECT 'review ' || review_id || ' of file ' || review.file_id FROM review"
        " LEFT JOIN file ON file.file_id = review.file_id WHERE file.file_id IS NULL",
    )


def _half_undone(db: sqlite3.Connection) -> Iterator[str]:
    """Words that were given together and are taken back in part; older tables know no such."""
    if not has_table(db, "review") or live(db) == "true":
        return iter(())
    return _texts(
        db,
        "SELECT 'that of ' || min(reviewed_at) || ' by ' || reviewer FROM review WHERE batch != ''"
        " GROUP BY batch HAVING count(undone_at) NOT IN (0, count(*))"
        " OR count(DISTINCT undo_number) > 1",
    )


def _odd_individuals(db: sqlite3.Connection) -> Iterator[str]:
    """Words on single animals that are of no file, or that were taken back in part."""
    if not has_table(db, "individual"):
        return iter(())
    return _texts(
        db,
        "SELECT 'word ' || word_id || ' of file ' || individual.file_id FROM individual"
        " LEFT JOIN file ON file.file_id = individual.file_id WHERE file.file_id IS NULL"
        " UNION ALL SELECT 'those of ' || min(said_at) || ' by ' || reviewer FROM individual"
        " GROUP BY batch HAVING count(undone_at) NOT IN (0, count(*))",
    )


def _odd_duplicates(db: sqlite3.Connection) -> Iterator[str]:
    """Duplicates of nothing, of themselves, of a file without a look, or of another content."""
    return _texts(
        db,
        "SELECT card.name || '/' || file.relative_path FROM file LEFT JOIN card USING (card_id)"
        " LEFT JOIN file AS original ON original.file_id = file.duplicate_of"
        " WHERE (file.state = 'duplicate') != (file.duplicate_of IS NOT NULL)"
        " OR file.state = 'duplicate' AND (original.file_id IS NULL"
        f" OR original.state NOT IN ({_LOOKED_AT})"
        " OR original.content_key != file.content_key)",
    )


def _without_a_run(db: sqlite3.Connection) -> Iterator[str]:
    return _texts(db, f"{_NAMED} WHERE file.state IN ({_LOOKED_AT}) AND file.run_id IS NULL")


def _odd_probabilities(db: sqlite3.Connection) -> Iterator[str]:
    rows = db.execute(
        "SELECT card.name || '/' || file.relative_path, file.probabilities FROM file"
        f" LEFT JOIN card USING (card_id) WHERE file.state IN ({_LOOKED_AT})"
    )
    for name, text in rows:
        total = _sum_of(text)
        if total is None:
            yield f"{name}: not readable"
        elif not math.isclose(total, 1.0, rel_tol=0.0, abs_tol=TOLERANCE):
            yield f"{name}: {total:.4f}"


def _sum_of(text: str | None) -> float | None:
    try:
        return float(sum(json.loads(text or "").values()))
    except (ValueError, TypeError, AttributeError):
        return None


_CHECKS: tuple[tuple[str, Callable[[sqlite3.Connection], Iterable[str]]], ...] = (
    ("the file is damaged", _damage),
    ("rows name others that are not there", _loose_ends),
    ("files without a known state", _unknown_states),
    ("the sums differ", _sums),
    ("detections of no file that was looked at", _orphan_detections),
    ("reviews of no file", _orphan_reviews),
    ("decisions taken back in part", _half_undone),
    ("odd words on individuals", _odd_individuals),
    ("duplicates of no original", _odd_duplicates),
    ("results of no run", _without_a_run),
    ("probabilities that do not sum to 1", _odd_probabilities),
)
