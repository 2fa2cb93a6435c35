"""A season opened for exports: its frames and events as they were told last, at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from camtrap.card.field_notes import read_field_notes
from camtrap.config import Settings
from camtrap.events.frames import placing
from camtrap.events.rules import rules_of
from camtrap.events.watch import Watches
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Source
from camtrap.outputs.season_events import SeasonEvents


@contextmanager
def source_of(season: Path, *, public: bool = False, grid: float = 0.1) -> Iterator[Source]:
    """Open a season to be exported, with the settings of its last run; changes nothing in it.

    Where people may look on while a run writes, all that the export asks is answered as of now, so
    that a run that goes on does not make two passes over the files differ. Raises `SeasonError`.
    """
    with Ledger(season) as ledger:
        # Without a write-ahead log a reader would keep a run from writing; see `ledger.opening`.
        if ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            ledger.db.execute("BEGIN")
        settings = settings_of_last_run(ledger)
        placed = placing(ledger, read_field_notes(season))
        rules = rules_of(settings, ledger.run_notes())
        watches = Watches(placed.notes)
        with SeasonEvents(watches.passing(placed.frames(ledger)), rules) as events:
            yield Source(ledger, placed, events, settings, watches, public, grid)


def settings_of_last_run(ledger: Ledger) -> Settings:
    """What the season was triaged with last; the defaults where no run tells."""
    notes = ledger.run_notes()
    stored: Mapping[str, Any] = notes[-1]["settings"].get("settings", {}) if notes else {}
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in stored.items() if name in known})


def models(source: Source) -> dict[int, str]:
    """Program and model of each run, by its number, as every table names it; '' where unknown."""
    return {
        run["run_id"]: str(run["settings"].get("model", {}).get("id", ""))
        for run in source.ledger.run_notes()
    }


def last_model(source: Source) -> str:
    """The newest model that a file of the season was looked at with; '' where there is none."""
    return next((name for _, name in sorted(models(source).items(), reverse=True) if name), "")


def last_finished(source: Source) -> str:
    """When the last run ended, or else began: `2026-03-05 02:14:09` in UTC; '' without a run."""
    notes = source.ledger.run_notes()
    told = next((n["finished_at"] or n["started_at"] for n in reversed(notes)), "")
    return str(told).replace("T", " ").removesuffix("Z")
