"""What the pages ask of a season: its facts, the queue, an event's pictures, the overview."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

import xxhash

from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.decisions import reviewers, words_on
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.words import LANGUAGES
from camtrap.records import LABELS, UNSURE
from camtrap.review import overview as overview_page
from camtrap.review import queue as queue_page
from camtrap.review import writing
from camtrap.review.answers import Refused, not_found
from camtrap.review.context import Review
from camtrap.review.index import facts
from camtrap.review.species import choices
from camtrap.review.telling import details_of, frame_of, short_frame_of

WHOLE_FRAMES = 500
"""Pictures of one event that are told with all that is known of them."""

_NO_FACTS: dict[str, Any] = {"states": {}, "events": 0, "first_date": "", "last_date": ""}


def season(review: Review) -> dict[str, Any]:
    """What the first screen needs to know; quick however large the season is."""
    review.index.look()
    with review.index.reading() as db:
        known = _NO_FACTS if db is None else facts(db)
        reviewed = 0 if db is None else queue_page.reviewed_count(db)
        stations = [] if db is None else db.execute("SELECT station FROM station").fetchall()
    return {
        "id": _season_id(review),
        "name": text_of(review.season.resolve().name),
        "languages": list(LANGUAGES),
        "language": review.language,
        "reviewer": review.reviewer,
        "labels": [*LABELS, UNSURE],
        "files": sum(known["states"].values()),
        "events": known["events"],
        "reviewed_events": reviewed,
        "species": choices(),
        "stations": [name for (name,) in stations],
        "first_date": known["first_date"],
        "last_date": known["last_date"],
        "reviewers": reviewers(review.season),
        "audit": review.audits.told(),
        "index": review.index.state,
        "is_building": review.index.is_building,
        "problem": review.index.problem,
        "can_write": os.access(review.season, os.W_OK),
    }


def queue(review: Review, values: Mapping[str, str]) -> dict[str, Any]:
    """The events of a question; without an index yet, none."""
    try:
        question = queue_page.question_of(values)
    except ConfigError as error:
        raise Refused(400, "question", str(error)) from error
    review.index.look()
    with review.index.reading() as db:
        items = [] if db is None else queue_page.asked(db, question)
        total = 0 if db is None else review.index.total(db, question)
    return {
        "total": total,
        "offset": question.offset,
        "items": items,
        "index": review.index.state,
    }


def event(review: Review, number: int) -> dict[str, Any]:
    """The event that holds a file, with all of its pictures.

    Of a herd that stays for days only the first are told as a whole; the others are there to be
    decided on, and `file` tells the rest of them.
    """
    with _index(review) as db:
        found = queue_page.event_around(db, number)
        if found is None:
            raise not_found("such event")
        files = queue_page.files_of(db, found["event"])
    words = words_on(review.season, (told.file_id for told in files))
    frames: list[dict[str, Any]] = []
    with Ledger(review.season) as ledger:
        for told in files:
            word = words.get(told.file_id)
            if len(frames) >= WHOLE_FRAMES:
                frames.append(short_frame_of(told, word, frames[0]))
                continue
            try:
                entry = ledger.entry(told.file_id)
            except SeasonError:  # it is another ledger by now
                continue
            frames.append(frame_of(entry, told.taken_at, word, review.cards))
    return {**found, "frames": frames}


def file(review: Review, number: int) -> dict[str, Any]:
    """One picture, with what its camera wrote and why the machine called it so."""
    with review.index.reading() as db:
        row = (
            db
            and db.execute(
                "SELECT event.label, taken_at, suppressed FROM file JOIN event USING (event)"
                " WHERE file_id = ?",
                (number,),
            ).fetchone()
        )
        if row:
            event_label, taken_at, suppressed = row
    words = words_on(review.season, [number])
    with Ledger(review.season) as ledger:
        try:
            entry = ledger.entry(number)
        except SeasonError:
            raise not_found("such picture") from None
        run = next((run for run in ledger.run_notes() if run["run_id"] == entry.run_id), None)
    frame = frame_of(entry, taken_at, words.get(number), review.cards)
    return {**frame, **details_of(entry, run, event_label, suppressed or "")}


def overview(review: Review) -> dict[str, Any]:
    """The season at a glance."""
    with _index(review) as db:
        told = overview_page.overview(db)
    return {
        **told,
        "audit": review.audits.told(),
        "exports": writing.names(),
        "brief": (review.season / "brief.html").is_file(),
    }


def refresh(review: Review) -> dict[str, Any]:
    """Tables, brief and index anew."""
    done = writing.refresh(review.season, review.refresh)
    review.index.build_now()
    return done


def event_number(review: Review, files: Sequence[int]) -> int | None:
    """The event of the first of these files; None without files, or where the index has none."""
    with review.index.reading() as db:
        for number in files:
            if db is None:
                break
            row = db.execute("SELECT event FROM file WHERE file_id = ?", (number,)).fetchone()
            if row is not None:
                found: int = row[0]
                return found
    return None


@contextmanager
def _index(review: Review) -> Iterator[Connection]:
    review.index.look()
    with review.index.reading() as db:
        if db is None:
            raise Refused(503, "building", "The season's events are being put together. Wait.")
        yield db


def _season_id(review: Review) -> str:
    """Tells this season from others, wherever it lies: by its first card and its first run."""
    with Ledger(review.season) as ledger:
        rows = [
            ledger.db.execute(f"SELECT * FROM {table} ORDER BY 1 LIMIT 1").fetchone()
            for table in ("card", "run")
        ]
    first = [list(row)[:4:2] if row is not None else None for row in rows]
    return xxhash.xxh3_64_hexdigest(json.dumps(first, default=repr).encode())
