"""What people decide in the browser: words on many files at once, and taking them back.

Two people may look at one event. Who decides says which words were on the screen (a version a
file), and nothing is saved when another word has come since. Nothing is ever deleted: what is taken
back is marked, and the word before it counts again.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from camtrap.batches import in_batches
from camtrap.errors import SeasonError
from camtrap.ledger.reviews import begin, cannot_write, live, opened, reading
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import has_table
from camtrap.ledger.store import utc_now
from camtrap.records import LABELS, UNSURE

_AT_ONCE = 500  # numbers in one question; SQLite takes no more than 999 in older versions
_PART = 20_000  # words that are read at once

_INSERT = (
    "INSERT INTO review (file_id, label, species, reviewer, reviewed_at, content_key, batch)"
    " SELECT file_id, ?, ?, ?, ?, content_key, ? FROM file WHERE file_id = ?"
)
_WORDS = (
    "SELECT file_id, review_id, label, species, reviewer, reviewed_at,"
    " review.content_key IN ('', file.content_key), {batch} FROM review JOIN file USING (file_id)"
    " WHERE review_id IN (SELECT max(review_id) FROM review WHERE {live} AND file_id IN ({files})"
    " GROUP BY file_id)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """The newest word on a file that was not taken back.

    `version` is its number, by which it is told from an earlier or later one. `counts` is false
    when another picture lies under the file's name by now.
    """

    file_id: int
    version: int
    label: str
    species: str
    reviewer: str
    reviewed_at: str
    counts: bool
    batch: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was saved: the words by file, and the batch that names them together."""

    words: Mapping[int, Word]
    batch: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The files of which a word was taken back, with the word that counts now (None for none)."""

    words: Mapping[int, Word | None]
    batch: str


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has read the table: the last word, and the last time one was taken back."""

    review_id: int = 0
    undo_number: int = 0


class UnknownFile(SeasonError):  # noqa: N818 - what it is
    """The ledger does not know a file of this number."""


class DecisionConflict(SeasonError):  # noqa: N818 - it is no failure: another person was faster
    """Others have decided meanwhile; nothing was saved. `words` holds theirs, None for no more."""

    def __init__(self, words: Mapping[int, Word | None]) -> None:
        super().__init__("Somebody else has decided this meanwhile. Look at it once more.")
        self.words = words


def decide(
    season: Path,
    expected: Mapping[int, int],
    label: str,
    *,
    reviewer: str,
    species: str = "",
) -> Decided:
    """Save one person's word on all files of `expected`, or on none of them.

    `expected` maps each file to the version that the person saw, 0 for no word. The same decision
    once more, as it comes when its answer was lost, saves nothing and answers what is there.
    Raises `DecisionConflict`, and `SeasonError` for what is no label, an unknown file, or a ledger
    that cannot be written.
    """
    if label not in (*LABELS, UNSURE):
        raise SeasonError(f"'{label}' is no label. Use one of {', '.join((*LABELS, UNSURE))}.")
    if not expected:
        raise SeasonError("A decision names one file at least.")
    told = (label, text_of(species), text_of(reviewer))
    with opened(season) as db:
        try:
            with db:
                begin(db)
                found = _words(db, expected)
                changed = {
                    number: found.get(number)
                    for number, version in expected.items()
                    if _version(found.get(number)) != version
                }
                if changed:
                    if batch := _said_already(found, expected, told):
                        return Decided(found, batch)
                    raise DecisionConflict(changed)
                batch = secrets.token_hex(8)
                now = utc_now()
                for number in expected:
                    if not db.execute(_INSERT, (*told, now, batch, number)).rowcount:
                        raise UnknownFile(f"The ledger does not know a file number {number}.")
                return Decided(_words(db, expected), batch)
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error


def undo(season: Path, *, reviewer: str, batch: str = "") -> Undone:
    """Take back the last decision of a person that still stands; nothing when there is none.

    With `batch`, only when it is that one. What others said of the same files stays. Raises
    `SeasonError` when the ledger cannot be written.
    """
    nothing = Undone({}, "")
    with opened(season) as db:
        try:
            if not has_table(db, "review"):
                return nothing
            with db:
                begin(db)
                last = db.execute(
                    "SELECT review_id, batch FROM review WHERE reviewer = ? AND batch != ''"
                    " AND undone_at IS NULL ORDER BY review_id DESC LIMIT 1",
                    (text_of(reviewer),),
                ).fetchone()
                if last is None or (batch and batch != last[1]):
                    return nothing
                files = _mark_undone(db, *last)
                found = _words(db, files)
                return Undone({number: found.get(number) for number in files}, last[1])
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error


def words_on(season: Path, files: Iterable[int]) -> dict[int, Word]:
    """The newest word on each of these files; those without one are not among them."""
    with opened(season) as db, reading(season):
        return _words(db, files) if has_table(db, "review") else {}


def words_since(season: Path, mark: Mark) -> tuple[Mark, dict[int, Word | None]]:
    """A part of what has changed since `mark`, and the mark behind it; ask again until it is empty.

    It names the files, each with the word that counts now; a word that is of another picture by now
    counts as none. From an empty mark on, these are all words of the season.
    """
    with opened(season) as db, reading(season):
        if not has_table(db, "review"):
            return mark, {}
        db.execute("BEGIN")  # all answers of one moment
        rows = db.execute(
            "SELECT review_id, file_id FROM review WHERE review_id > ? ORDER BY review_id LIMIT ?",
            (mark.review_id, _PART),
        ).fetchall()
        files = {file_id for _, file_id in rows}
        undone = _last_undo(db) if live(db) != "true" else 0
        if mark.review_id and undone > mark.undo_number:
            query = "SELECT file_id FROM review WHERE undo_number > ?"
            files.update(row[0] for row in db.execute(query, (mark.undo_number,)))
        found = _words(db, sorted(files))
    words = {number: found.get(number) for number in files}
    return (
        Mark(rows[-1][0] if rows else mark.review_id, undone),
        {number: word if word and word.counts else None for number, word in words.items()},
    )


def reviewers(season: Path) -> list[str]:
    """Everybody who has said something that still stands, in alphabetical order."""
    with opened(season) as db, reading(season):
        if not has_table(db, "review"):
            return []
        rows = db.execute(f"SELECT DISTINCT reviewer FROM review WHERE {live(db)}")
        return sorted(row[0] for row in rows if row[0])


def _words(db: sqlite3.Connection, files: Iterable[int]) -> dict[int, Word]:
    condition = live(db)
    batch = "batch" if condition != "true" else "''"
    found: dict[int, Word] = {}
    for some in in_batches(files, _AT_ONCE):
        places = ", ".join("?" * len(some))
        query = _WORDS.format(live=condition, files=places, batch=batch)
        for number, version, label, species, who, when, counts, name in db.execute(query, some):
            found[number] = Word(number, version, label, species, who, when, bool(counts), name)
    return found


def _version(word: Word | None) -> int:
    return word.version if word is not None else 0


def _said_already(
    found: Mapping[int, Word], expected: Iterable[int], told: tuple[str, str, str]
) -> str:
    """The batch in which a person said just this of just these files; empty where nobody did."""
    words = [found.get(number) for number in expected]
    same = {
        word.batch if word and (word.label, word.species, word.reviewer) == told else ""
        for word in words
    }
    return same.pop() if len(same) == 1 else ""


def _mark_undone(db: sqlite3.Connection, last: int, batch: str) -> list[int]:
    """Mark the words of a batch, of which `last` is the newest; returns their files.

    They lie side by side, because nobody else writes while a decision is saved.
    """
    numbers, files = [], []
    rows = db.execute(
        "SELECT review_id, file_id, batch FROM review WHERE review_id <= ? ORDER BY review_id DESC",
        (last,),
    )
    for review_id, file_id, name in rows:
        if name != batch:
            break
        numbers.append(review_id)
        files.append(file_id)
    number, now = _last_undo(db) + 1, utc_now()
    db.executemany(
        "UPDATE review SET undone_at = ?, undo_number = ? WHERE review_id = ?",
        ((now, number, review_id) for review_id in numbers),
    )
    return sorted(files)


def _last_undo(db: sqlite3.Connection) -> int:
    number: int = db.execute(
        "SELECT coalesce(max(undo_number), 0) FROM review WHERE undo_number IS NOT NULL"
    ).fetchone()[0]
    return number
