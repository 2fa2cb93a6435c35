"""Old ledgers open and keep every row; drives without a write-ahead log are no obstacle."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from camtrap.errors import SeasonError
from camtrap.ledger import schema
from camtrap.ledger.check import check
from camtrap.ledger.opening import version_of
from camtrap.ledger.reviews import reviews
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.cards import listed, plain_card
from tests.ledger.old import old_season, rows

needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="needs SQLite's dot-file locks")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A season of version 1 with twelve files, a run, detections and a review."""
    card = plain_card(tmp_path / "card", 12)
    names = [f"DCIM/100RECNX/RCNX{number:04}.JPG" for number in range(12)]
    return old_season(tmp_path / "season", card, names)


def shape(db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Tables with their columns, and indexes, whatever order the columns have."""
    names = db.execute("SELECT type, name FROM sqlite_master ORDER BY name").fetchall()
    return {
        f"{kind} {name}": sorted(
            tuple(row)[1:5] for row in db.execute(f"PRAGMA table_info({name})")
        )
        for kind, name in map(tuple, names)
        if name != "review" and not name.startswith(("sqlite_", "review_"))
    }


# -- versions


def test_an_old_ledger_opens_and_keeps_every_row(old: Path) -> None:
    before = rows(old)
    assert [len(found) for found in before.values()] == [1, 1, 12, 12, 1]
    with Ledger(old) as ledger:
        assert version_of(ledger.db) == schema.VERSION
        assert ledger.totals() == {State.EMPTY: 12}
        assert check(ledger) == []
    assert rows(old) == before
    assert reviews(old)[1].label == "leopard"


def test_an_old_ledger_becomes_what_a_new_one_is(old: Path, tmp_path: Path) -> None:
    with Ledger(old) as led, Ledger(tmp_path / "new", create=True) as new:
        assert shape(led.db) == shape(new.db)


def test_an_old_ledger_is_led_on_once(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "camtrap"):
        Ledger(old).close()
        Ledger(old).close()
    for before in range(1, schema.VERSION):
        assert caplog.text.count(f"from version {before} to {before + 1}") == 1


def test_a_step_that_fails_leaves_the_old_ledger_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(old)
    steps = ((*schema.MIGRATIONS[0], "INSERT INTO no_such_table VALUES (1)"),)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", steps)
        with pytest.raises(SeasonError, match="no_such_table"):
            Ledger(old)
    db = sqlite3.connect(old / LEDGER_NAME)
    assert version_of(db) == 1
    assert "full_key" not in [row[1] for row in db.execute("PRAGMA table_info(file)")]
    db.close()
    assert rows(old) == before
    Ledger(old).close()


def test_several_that_open_an_old_ledger_at_once_lead_it_on_once(old: Path) -> None:
    errors: list[BaseException] = []
    barrier = threading.Barrier(4)

    def opens() -> None:
        barrier.wait()
        try:
            Ledger(old).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=opens) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Ledger(old) as ledger:
        assert ledger.totals() == {State.EMPTY: 12}


def test_every_table_is_watched_or_known_to_be_told_by_no_output(old: Path) -> None:
    with Ledger(old) as ledger:
        tables, triggers = (
            {
                row[0]
                for row in ledger.db.execute(
                    f"SELECT {name} FROM sqlite_master WHERE type = ?", (kind,)
                )
            }
            for name, kind in (("name", "table"), ("sql", "trigger"))
        )
    for table in tables - schema.UNWATCHED - {"review"}:
        for event in ("INSERT", "UPDATE", "DELETE"):
            assert any(f"AFTER {event} ON {table} BEGIN" in sql for sql in triggers), (table, event)


def test_there_is_a_step_from_every_version() -> None:
    assert len(schema.MIGRATIONS) == schema.VERSION - 1


# -- journals


def test_a_ledger_on_a_disk_has_a_write_ahead_log(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert ledger.db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert ledger.db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert caplog.records == []


@needs_unix
def test_a_drive_without_shared_memory_gets_the_older_journal_and_a_warning(
    season: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite's dot-file locks stand for such a drive: with them it refuses the log by itself."""
    real = sqlite3.connect

    def without_shared_memory(path: Path, **options: Any) -> sqlite3.Connection:
        found: sqlite3.Connection = real(
            f"{path.absolute().as_uri()}?vfs=unix-dotfile", uri=True, **options
        )
        return found

    monkeypatch.setattr(sqlite3, "connect", without_shared_memory)
    with Ledger(season, create=True) as ledger:
        assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert ledger.db.execute("PRAGMA synchronous").fetchone()[0] == 2
        ledger.register(ledger.add_card("A", Path("/cards/A")), listed(Path("/cards/A"), 3))
    assert "nobody can look into the season while a run writes" in caplog.text
    with Ledger(season) as ledger:
        assert ledger.totals() == {State.PENDING: 3}


class RefusesTheLog(sqlite3.Connection):
    """A drive that takes the log's name and fails at the first question, as some mounts do."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        mode = super().execute("PRAGMA journal_mode").fetchone()[0]
        alone = super().execute("PRAGMA locking_mode").fetchone()[0] == "exclusive"
        if mode == "wal" and not alone and "sqlite_master" in sql:
            raise sqlite3.OperationalError("locking protocol")
        return super().execute(sql, *values)


def test_a_log_that_fails_when_it_is_used_is_given_up_and_nothing_is_lost(
    season: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Ledger(season, create=True) as ledger:
        ledger.register(ledger.add_card("A", Path("/cards/A")), listed(Path("/cards/A"), 3))
    real = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **said: real(path, factory=RefusesTheLog, **said)
    )
    with Ledger(season) as ledger:
        assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert ledger.totals() == {State.PENDING: 3}
        with real(season / LEDGER_NAME, timeout=0) as other:  # the lock was let go
            assert other.execute("SELECT count(*) FROM file").fetchone() == (3,)
        other.close()
    assert "its journal is 'delete'" in caplog.text
