"""Which leopard it is and which of its flanks is seen: what people say of single animals.

A word is on one box of one picture. It tells the individual, or the flank, or both; of each, the
newest word counts, and none is ever deleted. The table is made with the first word, as that of
reviews is, and kept by the same rules: what was taken back is marked, and another picture under an
old name has no words. A word also keeps its box: when a newer model has drawn the boxes anew, it
counts for the one that lies there now.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from camtrap.batches import in_batches
from camtrap.errors import SeasonError
from camtrap.ledger.reviews import cannot_write, opened, reading
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import has_table, watched
from camtrap.ledger.store import utc_now
from camtrap.pixels.fit import WHOLE, overlap
from camtrap.records import Box

Crop = tuple[int, int]
"""A file's number and that of a box in it; `NO_BOX` where no box shows the animal."""

NO_BOX = -1
LEFT, RIGHT, UNKNOWN = "left", "right", "unknown"
FLANKS = (LEFT, RIGHT, UNKNOWN)
"""A leopard's own left and right: no rosette of one is on the other."""

NAME_LENGTH = 60

SAME_ANIMAL = 0.5
"""Boxes of two models that overlap so far (intersection over union) show one animal."""

_Told = tuple[str | None, str | None]
_AT_ONCE = 500  # numbers in one question; SQLite takes no more than 999 in older versions

# `individual_id` and `flank` are empty where the word says nothing of them.
_CREATE = """
CREATE TABLE IF NOT EXISTS individual (
    word_id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file,
    number INTEGER NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    individual_id TEXT,
    flank TEXT,
    reviewer TEXT NOT NULL,
    said_at TEXT NOT NULL,
    content_key TEXT NOT NULL,
    batch TEXT NOT NULL,
    undone_at TEXT
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS individual_by_file ON individual (file_id)"
_INSERT = (
    "INSERT INTO individual (file_id, number, x, y, width, height, individual_id, flank, reviewer,"
    " said_at, content_key, batch)"
    " SELECT file_id, ?, ?, ?, ?, ?, ?, ?, ?, ?, content_key, ? FROM file WHERE file_id = ?"
)
# The newest is the one entered last, and not the one of the latest date: clocks are set back.
_WORDS = (
    "SELECT word_id, file_id, number, x, y, individual.width, individual.height, individual_id,"
    " flank, reviewer, said_at FROM individual JOIN file USING (file_id)"
    " WHERE undone_at IS NULL AND individual.content_key IN ('', file.content_key){files}"
    " ORDER BY word_id"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What counts of one animal in one picture; `named_by` and `flank_by` are who said it.

    `version` is the number of the newest word on it, 0 for none, by which it is told whether
    somebody has said something since; `said_at` is that word's time (UTC).
    """

    file_id: int
    number: int
    individual_id: str = ""
    flank: str = UNKNOWN
    named_by: str = ""
    flank_by: str = ""
    said_at: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """What counts after a saying, and the batch that names its words together; '' for no word."""

    said: Mapping[Crop, Said]
    batch: str


class UnknownCrop(SeasonError):  # noqa: N818 - what it is
    """The ledger does not know such a file, or that file has no such box."""


class IndividualConflict(SeasonError):  # noqa: N818 - it is no failure: another person was faster
    """Another person's word would be replaced that was not seen; nothing was saved."""

    def __init__(self, said: Mapping[Crop, Said]) -> None:
        super().__init__("Somebody else has said something of this leopard. Look at it once more.")
        self.said = said


def name(
    season: Path,
    crops: Iterable[Crop],
    individual_id: str,
    *,
    reviewer: str,
    seen: Mapping[Crop, int] | None = None,
) -> Saved:
    """Give the animal in all of these crops, as those of an event, a name; '' takes it away.

    As `say`, and raises alike.
    """
    return say(season, dict.fromkeys(crops, individual_id), {}, reviewer=reviewer, seen=seen)


def set_flanks(
    season: Path,
    flanks: Mapping[Crop, str],
    *,
    reviewer: str,
    seen: Mapping[Crop, int] | None = None,
) -> Saved:
    """Tell which flank each of these crops shows, one of `FLANKS`; as `say`, and raises alike."""
    return say(season, {}, flanks, reviewer=reviewer, seen=seen)


def say(
    season: Path,
    names: Mapping[Crop, str],
    flanks: Mapping[Crop, str],
    *,
    reviewer: str,
    seen: Mapping[Crop, int] | None = None,
) -> Saved:
    """Save one person's words, individuals and flanks by crop: all of them, or none.

    What is said already adds no word. `seen` holds the version of each crop that the person had on
    the screen; of a crop that is not in it, only that person's own words are replaced. Raises
    `IndividualConflict`, `UnknownCrop`, and `SeasonError` for what is no flank or no name, or a
    ledger that cannot be written.
    """
    who = text_of(reviewer)
    names = {crop: _name_of(text) for crop, text in names.items()}
    if odd := [flank for flank in flanks.values() if flank not in FLANKS]:
        raise SeasonError(f"'{odd[0]}' is no flank. Use one of {', '.join(FLANKS)}.")
    crops = list(dict.fromkeys((*names, *flanks)))
    with opened(season) as db:
        try:
            with db:
                _begin(db)
                files = {file_id for file_id, _ in crops}
                boxes = _boxes(db, files)
                found = _said(db, files)
                new = {
                    crop: told
                    for crop in crops
                    for told in [_news(found.get(crop, Said(*crop)), names, flanks)]
                    if told != (None, None)
                }
                theirs = {
                    crop: said
                    for crop, told in new.items()
                    for said in [found.get(crop, Said(*crop))]
                    if _is_unseen(said, told, who, seen or {})
                }
                if theirs:
                    raise IndividualConflict(theirs)
                batch, now = secrets.token_hex(8), utc_now()
                for (file_id, number), told in new.items():
                    box = WHOLE if number == NO_BOX else boxes.get(file_id, {}).get(number)
                    row = (number, *(box or WHOLE), *told, who, now, batch, file_id)
                    if box is None or not db.execute(_INSERT, row).rowcount:
                        raise UnknownCrop(f"There is no box {number} in a file number {file_id}.")
                said = _said(db, files)
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error
    return Saved({crop: said.get(crop, Said(*crop)) for crop in crops}, batch if new else "")


def undo(season: Path, *, reviewer: str, batch: str = "") -> dict[Crop, Said]:
    """Take back the last words that a person said together; returns what counts of them now.

    With `batch`, only when it is that one; empty when there is none. Raises `SeasonError`.
    """
    with opened(season) as db:
        try:
            if not has_table(db, "individual"):
                return {}
            with db:
                _begin(db)
                last = db.execute(
                    "SELECT batch FROM individual WHERE reviewer = ? AND undone_at IS NULL"
                    " ORDER BY word_id DESC LIMIT 1",
                    (text_of(reviewer),),
                ).fetchone()
                if last is None or (batch and batch != last[0]):
                    return {}
                crops = db.execute(
                    "SELECT DISTINCT file_id, number FROM individual WHERE batch = ?", last
                ).fetchall()
                db.execute(
                    "UPDATE individual SET undone_at = ? WHERE batch = ?", (utc_now(), *last)
                )
                said = _said(db, {file_id for file_id, _ in crops})
        except sqlite3.Error as error:
            raise cannot_write(season, error) from error
    return {crop: said.get(crop, Said(*crop)) for crop in crops}


def individuals(season: Path, files: Collection[int] | None = None) -> dict[Crop, Said]:
    """What counts of every animal of which people said something, or of those in some files.

    Words on a picture that is another by now, or on a box that no model draws any more, are not
    among them. Raises `SeasonError` when there is no season, or its ledger cannot be read.
    """
    with opened(season) as db, reading(season):
        return _said(db, files) if has_table(db, "individual") else {}


def changes(db: sqlite3.Connection) -> int:
    """How many of the ledger's counted changes are words of this table, given or taken back."""
    if not has_table(db, "individual"):
        return 0
    count: int = db.execute("SELECT count(*) + count(undone_at) FROM individual").fetchone()[0]
    return count


def _begin(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in (_CREATE, _INDEX, *watched("individual")):
        db.execute(statement)


def _name_of(text: str) -> str:
    name = text_of(" ".join(text.split()))
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise SeasonError(f"A leopard's name has at most {NAME_LENGTH} letters in one line.")
    return name


def _news(said: Said, names: Mapping[Crop, str], flanks: Mapping[Crop, str]) -> _Told:
    """Individual and flank as far as they are new for a crop; None for what is not."""
    crop = (said.file_id, said.number)
    individual_id, flank = names.get(crop), flanks.get(crop)
    return (
        None if individual_id == said.individual_id else individual_id,
        None if flank == said.flank else flank,
    )


def _is_unseen(said: Said, told: _Told, who: str, seen: Mapping[Crop, int]) -> bool:
    """True when a word would be replaced of which the person does not know."""
    crop = (said.file_id, said.number)
    if crop in seen:
        return seen[crop] != said.version
    individual_id, flank = told
    renames = individual_id is not None and said.individual_id != "" and said.named_by != who
    return renames or (flank is not None and said.flank_by not in ("", who))


def _said(db: sqlite3.Connection, files: Collection[int] | None) -> dict[Crop, Said]:
    """The words folded into what counts, by crop as the boxes are now."""
    rows = list(_rows(db, files))
    boxes = _boxes(db, {row[1] for row in rows})
    found: dict[Crop, Said] = {}
    for word_id, file_id, number, x, y, width, height, individual_id, flank, who, when in rows:
        if number != NO_BOX:
            now = box_now(number, Box(x, y, width, height), boxes.get(file_id, {}))
            if now is None:
                continue
            number = now
        crop = (file_id, number)
        said = replace(found.get(crop, Said(*crop)), said_at=when, version=word_id)
        if individual_id is not None:
            said = replace(said, individual_id=individual_id, named_by=who)
        if flank is not None:
            said = replace(said, flank=flank, flank_by=who)
        found[crop] = said
    return found


def box_now(number: int, box: Box, boxes: Mapping[int, Box]) -> int | None:
    """The number under which a file's boxes now show what a word was said of; None for none."""
    if number in boxes and boxes[number] == box:
        return number
    best = max(boxes, key=lambda other: overlap(box, boxes[other]), default=None)
    return best if best is not None and overlap(box, boxes[best]) >= SAME_ANIMAL else None


def _rows(db: sqlite3.Connection, files: Collection[int] | None) -> Iterator[tuple[Any, ...]]:
    if files is None:
        yield from db.execute(_WORDS.format(files=""))
        return
    for some in in_batches(sorted(files), _AT_ONCE):
        places = ", ".join("?" * len(some))
        yield from db.execute(_WORDS.format(files=f" AND file_id IN ({places})"), some)


def _boxes(db: sqlite3.Connection, files: Collection[int]) -> dict[int, dict[int, Box]]:
    """The boxes of files as they are now, by file and number."""
    found: dict[int, dict[int, Box]] = defaultdict(dict)
    for some in in_batches(sorted(files), _AT_ONCE):
        rows = db.execute(
            "SELECT file_id, number, x, y, width, height FROM detection"
            f" WHERE file_id IN ({', '.join('?' * len(some))})",
            some,
        )
        for file_id, number, *edges in rows:
            found[file_id][number] = Box(*edges)
    return found
