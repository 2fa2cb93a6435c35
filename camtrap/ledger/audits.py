"""Audits in the ledger: what was drawn for people to look at, when, and of which pictures.

The tables are made with the first audit, as that of reviews is with the first of them. An audit is
a seed and a place in people's words: what they had said before it began is no part of it. Each draw
of it holds its whole sample; what people say of these pictures is found among the reviews.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from camtrap.errors import SeasonError
from camtrap.ledger.reviews import live, opened, reading
from camtrap.ledger.schema import has_table, watched
from camtrap.ledger.store import utc_now

_CREATE = (
    """
CREATE TABLE IF NOT EXISTS audit (
    audit_id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    seed INTEGER NOT NULL,
    last_review INTEGER NOT NULL,   -- the newest review when it began; 0 for none
    strata INTEGER NOT NULL,        -- how many strata it has at most
    started_at TEXT NOT NULL
)
""",
    """
CREATE TABLE IF NOT EXISTS audit_draw (
    draw_id INTEGER PRIMARY KEY,
    audit_id INTEGER NOT NULL REFERENCES audit,
    drawn_at TEXT NOT NULL,
    confidence REAL NOT NULL,
    wish INTEGER,                   -- the bound that was asked for, as a number of pictures
    looked INTEGER NOT NULL,        -- how many drawn before had been looked at by then
    states TEXT NOT NULL,           -- JSON object, files of the season in each state
    strata TEXT NOT NULL,           -- JSON: [[station, band], ...], size and drawn of each
    bursts TEXT NOT NULL            -- JSON: [pictures of a burst, such bursts], ...
)
""",
    """
CREATE TABLE IF NOT EXISTS audit_picture (
    draw_id INTEGER NOT NULL REFERENCES audit_draw,
    file_id INTEGER NOT NULL REFERENCES file,
    burst INTEGER NOT NULL,
    stratum INTEGER,                -- empty for one that only lies in the burst of one drawn
    rank INTEGER,
    content_key TEXT NOT NULL,
    PRIMARY KEY (draw_id, file_id)
) WITHOUT ROWID
""",
    *(
        statement
        for table in ("audit", "audit_draw", "audit_picture")
        for statement in watched(table)
    ),
)

_WORDS = (
    "SELECT file_id, label FROM review"
    " JOIN (SELECT max(review_id) AS review_id FROM review WHERE review_id <= ? AND {live}"
    " GROUP BY file_id) USING (review_id)"
    " JOIN file USING (file_id) WHERE review.content_key IN ('', file.content_key)"
)


class Picture(NamedTuple):
    """A picture of a drawn burst.

    `stratum` and `rank`, its place among those drawn there, are None for one that was not drawn
    itself. A burst is called by the number of its first picture.
    """

    file_id: int
    burst: int
    stratum: int | None
    rank: int | None
    content_key: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An audit: its seed, and the newest review when it began."""

    audit_id: int
    target: str
    seed: int
    last_review: int
    strata: int
    started_at: str


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn for an audit at one time.

    `strata` holds a stratum's cells (station, band), its size and how many were drawn of it;
    `bursts` how many pictures a burst has, and how many such bursts there are; `states` how many
    files of the season were in each state.
    """

    draw_id: int
    drawn_at: str
    confidence: float
    wish: int | None
    looked: int
    states: dict[str, int]
    strata: tuple[tuple[tuple[tuple[str, int], ...], int, int], ...]
    bursts: tuple[tuple[int, int], ...]


def last_audit(season: Path, target: str | None = None) -> Begun | None:
    """The audit of a target that was begun last, or of any; None when there is none.

    Raises `SeasonError` when there is no season, or its ledger cannot be read.
    """
    with _reading(season) as db:
        if not has_table(db, "audit"):
            return None
        row = db.execute(
            "SELECT audit_id, target, seed, last_review, audit.strata, started_at FROM audit"
            " JOIN audit_draw USING (audit_id) WHERE ? IN ('', target)"
            " ORDER BY draw_id DESC LIMIT 1",
            (target or "",),
        ).fetchone()
    return None if row is None else Begun(*row)


def draws(season: Path, audit: Begun) -> list[Draw]:
    """What was drawn for an audit, the oldest first; raises `SeasonError`."""
    with _reading(season) as db:
        rows = db.execute(
            "SELECT draw_id, drawn_at, confidence, wish, looked, states, strata, bursts"
            " FROM audit_draw WHERE audit_id = ? ORDER BY draw_id",
            (audit.audit_id,),
        ).fetchall()
    return list(map(_draw_of, rows))


def pictures(season: Path, draw: Draw) -> list[Picture]:
    """The pictures of a draw, by their numbers; raises `SeasonError`."""
    with _reading(season) as db:
        rows = db.execute(
            "SELECT file_id, burst, stratum, rank, content_key FROM audit_picture"
            " WHERE draw_id = ? ORDER BY file_id",
            (draw.draw_id,),
        ).fetchall()
    return [Picture(*row) for row in rows]


def changed_files(season: Path, draw: Draw) -> set[int]:
    """Pictures of a draw under whose names others lie by now; raises `SeasonError`."""
    with _reading(season) as db:
        rows = db.execute(
            "SELECT file_id FROM audit_picture LEFT JOIN file USING (file_id)"
            " WHERE draw_id = ? AND audit_picture.content_key IS NOT file.content_key",
            (draw.draw_id,),
        )
        return {file_id for (file_id,) in rows}


def words_until(season: Path, last_review: int | None = None) -> tuple[dict[int, str], int]:
    """People's newest label of each file up to a review, or up to now, and that review's number.

    Words that were taken back, or said of another picture under the same name, are not among them.
    Raises `SeasonError`.
    """
    with _reading(season) as db:
        if not has_table(db, "review"):
            return {}, last_review or 0
        if last_review is None:
            last_review = int(
                db.execute("SELECT coalesce(max(review_id), 0) FROM review").fetchone()[0]
            )
        rows = db.execute(_WORDS.format(live=live(db)), (last_review,))
        return {row[0]: row[1] for row in rows}, last_review


def add_draw(season: Path, audit: Begun, draw: Draw, found: Sequence[Picture]) -> Begun:
    """Write a draw, with its audit where that has no number yet; all of it or nothing.

    The numbers and times of both are made here. Raises `SeasonError` when it cannot be written.
    """
    now = utc_now()
    with opened(season) as db:
        try:
            with db:
                db.execute("BEGIN IMMEDIATE")
                for statement in _CREATE:
                    db.execute(statement)
                audit_id = audit.audit_id or _inserted(
                    db,
                    "INSERT INTO audit (target, seed, last_review, strata, started_at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (audit.target, audit.seed, audit.last_review, audit.strata, now),
                )
                draw_id = _inserted(
                    db,
                    "INSERT INTO audit_draw (audit_id, drawn_at, confidence, wish, looked, states,"
                    " strata, bursts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (audit_id, now, draw.confidence, draw.wish, draw.looked, *_texts(draw)),
                )
                db.executemany(
                    "INSERT INTO audit_picture VALUES (?, ?, ?, ?, ?, ?)",
                    ((draw_id, *picture) for picture in found),
                )
        except sqlite3.Error as error:
            raise SeasonError(
                f"The audit cannot be written to the ledger in {season}: {error}. Check the free "
                "space, then type the same command again."
            ) from error
    return Begun(
        audit_id,
        audit.target,
        audit.seed,
        audit.last_review,
        audit.strata,
        audit.started_at or now,
    )


def _inserted(db: sqlite3.Connection, query: str, values: tuple[Any, ...]) -> int:
    number = db.execute(query, values).lastrowid
    assert number is not None
    return number


def _texts(draw: Draw) -> tuple[str, str, str]:
    return (
        json.dumps(draw.states),
        json.dumps(draw.strata, ensure_ascii=False),
        json.dumps(draw.bursts),
    )


def _draw_of(row: tuple[Any, ...]) -> Draw:
    draw_id, drawn_at, confidence, wish, looked, states, strata, bursts = row
    return Draw(
        draw_id,
        drawn_at,
        confidence,
        wish,
        looked,
        json.loads(states),
        _strata_of(strata),
        _bursts_of(bursts),
    )


def _strata_of(text: str) -> tuple[tuple[tuple[tuple[str, int], ...], int, int], ...]:
    return tuple(
        (tuple((station, band) for station, band in cells), size, drawn)
        for cells, size, drawn in json.loads(text)
    )


def _bursts_of(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((pictures, count) for pictures, count in json.loads(text))


@contextmanager
def _reading(season: Path) -> Iterator[sqlite3.Connection]:
    with opened(season) as db, reading(season):
        yield db
