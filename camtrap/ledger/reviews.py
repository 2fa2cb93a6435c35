"""What people said of a season's files: every word is kept, and the newest of each file counts.

The table is made when the first review comes, so that a ledger from before has it without being of
another version; columns that an older table lacks are added with the next word. It is written apart
from `Ledger`: people review while a run goes on. A word that its reviewer took back (`decisions`)
stays, is marked, and counts no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from camtrap.errors import SeasonError
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import LEDGER_NAME, has_table, watched
from camtrap.ledger.store import Ledger, utc_now
from camtrap.records import LABELS, UNSURE

# `content_key` is that of the file when the review was made: a new picture under an old name, as
# cameras write them, has not been reviewed.
_CREATE = """
CREATE TABLE IF NOT EXISTS review (
    review_id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file,
    label TEXT NOT NULL,
    species TEXT NOT NULL DEFAULT '',
    reviewer TEXT NOT NULL DEFAULT '',
    reviewed_at TEXT NOT NULL,
    content_key TEXT NOT NULL DEFAULT ''
)
"""
# `batch` is that of the words that were given together, and empty for what can't be taken back;
# `undone_at` is when they were, and `undo_number` grows with each time that anything was.
_LATER = (("batch", "TEXT NOT NULL DEFAULT ''"), ("undone_at", "TEXT"), ("undo_number", "INTEGER"))
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS review_by_file ON review (file_id)",
    "CREATE INDEX IF NOT EXISTS review_by_undo ON review (undo_number)"
    " WHERE undo_number IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS review_to_undo ON review (reviewer)"
    " WHERE batch != '' AND undone_at IS NULL",
)

_INSERT = (
    "INSERT INTO review (file_id, label, species, reviewer, reviewed_at, content_key)"
    " SELECT file_id, ?, ?, ?, ?, content_key FROM file WHERE file_id = ?"
)

# The newest is the one entered last, and not the one of the latest date: clocks are set back.
_NEWEST = """
SELECT file_id, label, species, reviewer, reviewed_at FROM review
JOIN (SELECT max(review_id) AS review_id FROM review WHERE {live} GROUP BY file_id)
    USING (review_id)
JOIN file USING (file_id)
WHERE review.content_key IN ('', file.content_key)
ORDER BY file_id
"""


@dataclass(frozen=True, slots=True)
class Review:
    """A person's word on one file: a label of `LABELS` or `unsure`, and when it was given (UTC)."""

    file_id: int
    label: str
    species: str
    reviewer: str
    reviewed_at: str


def add_review(
    season: Path, file_id: int, label: str, *, species: str = "", reviewer: str = ""
) -> Review:
    """Add a person's word on a file; it is on disk when this returns, and replaces no other.

    Raises `SeasonError` when the label is none, the ledger does not know the file, or it cannot be
    written.
    """
    if label not in (*LABELS, UNSURE):
        raise SeasonError(f"'{label}' is no label. Use one of {', '.join((*LABELS, UNSURE))}.")
    review = Review(file_id, label, text_of(species), text_of(reviewer), utc_now())
    with opened(season) as db:
        try:
            with db:
                begin(db)
                added = db.execute(
                    _INSERT,
                    (review.label, review.species, review.reviewer, review.reviewed_at, file_id),
                ).rowcount
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error
    if not added:
        raise SeasonError(f"The ledger in {season} does not know a file number {file_id}.")
    return review


def add_reviews(
    season: Path,
    words: Iterable[tuple[int, str, str]],
    *,
    reviewer: str,
    over_others: bool = False,
    dry_run: bool = False,
) -> tuple[int, int]:
    """Add many words of one person (file number, label, species) in one transaction.

    Returns how many were added, and how many were not because somebody has reviewed that file
    already. With `over_others` these are added too, but for what is that person's newest word as it
    is; a dry run only counts. Raises `SeasonError` as `add_review`; then none is added.
    """
    added = kept = 0
    with opened(season) as db:
        try:
            with db:
                begin(db)
                known = {row[0]: Review(*row) for row in _newest(db)}
                for file_id, label, species in words:
                    before = known.get(file_id)
                    told = (label, text_of(species), text_of(reviewer))
                    if before is not None:
                        is_same = (before.label, before.species, before.reviewer) == told
                        if is_same or not over_others:
                            kept += not is_same
                            continue
                    if label not in (*LABELS, UNSURE):
                        raise SeasonError(f"'{label}' is no label.")
                    added += db.execute(_INSERT, (*told, utc_now(), file_id)).rowcount
                if dry_run or not added:
                    db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error
    return added, kept


def reviews(season: Path) -> dict[int, Review]:
    """The newest review of each file, by file number; empty when nobody has reviewed anything.

    A review of a file whose content has changed since is not among them. Raises `SeasonError` when
    there is no season, or its ledger cannot be read.
    """
    with opened(season) as db, reading(season):
        if not has_table(db, "review"):
            return {}
        rows = _newest(db).fetchall()
    return {row[0]: Review(*row) for row in rows}


def begin(db: sqlite3.Connection) -> None:
    """Begin to write reviews: nobody else writes until the transaction ends, and the table is there
    with all its columns."""
    db.execute("BEGIN IMMEDIATE")
    db.execute(_CREATE)
    known = _columns(db)
    for name, kind in _LATER:
        if name not in known:
            db.execute(f"ALTER TABLE review ADD COLUMN {name} {kind}")
    for statement in (*_INDEXES, *watched("review")):
        db.execute(statement)


def live(db: sqlite3.Connection) -> str:
    """The condition on a row that it was not taken back, which an older table cannot tell."""
    return "undone_at IS NULL" if "undone_at" in _columns(db) else "true"


def _columns(db: sqlite3.Connection) -> set[str]:
    return {row[1] for row in db.execute("PRAGMA table_info(review)")}


def _newest(db: sqlite3.Connection) -> sqlite3.Cursor:
    return db.execute(_NEWEST.format(live=live(db)))


def cannot_write(season: Path, error: sqlite3.Error) -> SeasonError:
    """What to say when a word did not reach the disk."""
    return SeasonError(
        f"The review cannot be written to the ledger in {season}: {error}. Check the free "
        "space, then say it again."
    )


@contextmanager
def opened(season: Path) -> Iterator[sqlite3.Connection]:
    """The ledger, to read or write reviews; raises `SeasonError` where there is none."""
    Ledger(season).close()  # says in words when there is none, or one of a newer camtrap
    db = sqlite3.connect(season / LEDGER_NAME, isolation_level=None, timeout=30)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def reading(season: Path) -> Iterator[None]:
    """Tell in words when a ledger cannot be read."""
    try:
        yield
    except sqlite3.Error as error:
        raise SeasonError(f"The ledger in {season} cannot be read: {error}.") from error
