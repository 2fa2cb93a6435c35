"""What was sent where: one row an event and site, so that nothing is sent twice or forgotten.

The tables are made when something is sent first, so that a ledger from before has them without
being of another version. A row is on disk before the site is asked, and again when it has answered;
between the two it is `intended`, and the site has to be asked whether it knows the event.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from camtrap.errors import SeasonError
from camtrap.ledger.schema import LEDGER_NAME, has_table
from camtrap.ledger.store import Ledger, utc_now

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS push (
    push_id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,                   -- its address
    key TEXT NOT NULL,                    -- by which the site knows the event
    label TEXT NOT NULL,
    state TEXT NOT NULL,                  -- of `Step`
    remote_id TEXT NOT NULL DEFAULT '',   -- the site's own
    serial TEXT NOT NULL DEFAULT '',      -- what the site's people call it by
    body TEXT NOT NULL,                   -- JSON, what was sent last, or is to be sent first
    picture TEXT NOT NULL DEFAULT '',     -- the name under which one is, or is being, attached
    changed_at TEXT NOT NULL,
    UNIQUE (site, key)
)
""",
    """
CREATE TABLE IF NOT EXISTS push_file (
    file_id INTEGER NOT NULL REFERENCES file,
    push_id INTEGER NOT NULL REFERENCES push,
    PRIMARY KEY (file_id, push_id)
) WITHOUT ROWID
""",
    "CREATE INDEX IF NOT EXISTS push_file_by_push ON push_file (push_id)",
)

_COLUMNS = "push_id, key, label, state, remote_id, serial, body, picture"


class Step(StrEnum):
    """How far an event has come on a site."""

    INTENDED = "intended"
    SENT = "sent"
    ATTACHING = "attaching"
    ATTACHED = "attached"
    GONE = "gone"  # it was there, and somebody removed it


@dataclass(frozen=True, slots=True)
class Push:
    """An event on a site; `body` is what the site has of it, or with `INTENDED`, may have."""

    push_id: int
    key: str
    label: str
    state: Step
    remote_id: str
    serial: str
    body: dict[str, Any]
    picture: str


class Pushed:
    """The events that were sent from a season to one site."""

    def __init__(self, db: sqlite3.Connection, site: str) -> None:
        self._db, self._site = db, site
        self._made = has_table(db, "push_file")

    def by_key(self, key: str) -> Push | None:
        """The event that the site knows by this key."""
        return next(self._select("key = ?", key), None)

    def with_files(self, files: Sequence[int]) -> list[tuple[Push, int, int]]:
        """The events in which any of these files was sent: each with how many, and of how many."""
        if not self._made:
            return []
        common: dict[int, int] = {}
        for file_id in files:
            for (push_id,) in self._db.execute(
                "SELECT push_id FROM push_file JOIN push USING (push_id)"
                " WHERE file_id = ? AND site = ?",
                (file_id, self._site),
            ):
                common[push_id] = common.get(push_id, 0) + 1
        found = []
        for push_id, count in sorted(common.items()):
            [push] = self._select("push_id = ?", push_id)
            total = self._db.execute(
                "SELECT count(*) FROM push_file WHERE push_id = ?", (push_id,)
            ).fetchone()[0]
            found.append((push, count, total))
        return found

    def all(self, labels: Iterable[str]) -> Iterator[Push]:
        """The events of some labels; streams."""
        told = list(labels)
        return self._select(f"label IN ({', '.join('?' * len(told))})", *told)

    def intend(self, key: str, label: str, body: dict[str, Any], files: Iterable[int]) -> Push:
        """Enter an event that is about to be sent; a key that is taken gets a number behind it."""
        self._make()
        name, number = key, 1
        while self.by_key(name) is not None:
            number += 1
            name = f"{key}-{number}"
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO push (site, key, label, state, body, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._site, name, label, Step.INTENDED, _text(body), utc_now()),
            )
            push_id = cursor.lastrowid
            assert push_id is not None
            self._enter_files(push_id, files)
        return Push(push_id, name, label, Step.INTENDED, "", "", body, "")

    def update(self, push: Push, files: Iterable[int] | None = None, **said: Any) -> Push:
        """Change fields of an event, and with `files` those it is made of; on disk on return."""
        now = replace(push, **said)
        with self._transaction():
            self._db.execute(
                "UPDATE push SET label = ?, state = ?, remote_id = ?, serial = ?, body = ?,"
                " picture = ?, changed_at = ? WHERE push_id = ?",
                (
                    *(now.label, now.state, now.remote_id, now.serial, _text(now.body)),
                    *(now.picture, utc_now(), now.push_id),
                ),
            )
            if files is not None:
                self._db.execute("DELETE FROM push_file WHERE push_id = ?", (now.push_id,))
                self._enter_files(now.push_id, files)
        return now

    def files_of(self, push: Push) -> frozenset[int]:
        """The numbers of the files that an event was made of when it was sent last."""
        rows = self._db.execute("SELECT file_id FROM push_file WHERE push_id = ?", (push.push_id,))
        return frozenset(file_id for (file_id,) in rows)

    def _select(self, condition: str, *values: Any) -> Iterator[Push]:
        if not self._made:
            return
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM push WHERE site = ? AND {condition} ORDER BY push_id",
            (self._site, *values),
        )
        for push_id, key, label, state, remote_id, serial, body, picture in rows:
            yield Push(
                *(push_id, key, label, Step(state), remote_id, serial, json.loads(body), picture)
            )

    def _enter_files(self, push_id: int, files: Iterable[int]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO push_file VALUES (?, ?)",
            ((file_id, push_id) for file_id in files),
        )

    def _make(self) -> None:
        if self._made:
            return
        with self._transaction():
            for statement in _TABLES:
                self._db.execute(statement)
        self._made = True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.rollback()
        except sqlite3.Error as error:
            raise SeasonError(
                f"What was sent cannot be written to the season's ledger: {error}. Check the free "
                "space, then run the same command again; what the site has already is not sent "
                "twice."
            ) from error


@contextmanager
def pushed(season: Path, site: str) -> Iterator[Pushed]:
    """Open what was sent from a season to a site; raises `SeasonError`."""
    Ledger(season).close()  # says in words when there is none, or one of a newer camtrap
    db = sqlite3.connect(season / LEDGER_NAME, isolation_level=None, timeout=30)
    try:
        db.execute("PRAGMA synchronous = FULL")  # what the site was asked is on disk before
        yield Pushed(db, site)
    except sqlite3.Error as error:
        raise SeasonError(f"The ledger in {season} cannot be read: {error}.") from error
    finally:
        db.close()


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)
