"""Everything that a run leaves in the season, made from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.config import Settings
from camtrap.ledger.store import Ledger
from camtrap.outputs import brief, events_csv, images_csv, run_json


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and the account of the season as plain values."""

    paths: tuple[Path, ...]
    account: dict[str, Any]


def write_all(ledger: Ledger, settings: Settings, *, excel: bool = False) -> Written:
    """Write `images.csv`, `events.csv`, `run.json` and `brief.html`; raises `SeasonError`."""
    season = ledger.season
    paths = {name: season / name for name in ("events.csv", "images.csv", "run.json", "brief.html")}
    with events_csv.collect(ledger, settings.event_gap) as events:
        events_csv.write(ledger, paths["events.csv"], events, excel=excel)
        images_csv.write(ledger, paths["images.csv"], events.event_of, excel=excel)
        said = run_json.write(ledger, paths["run.json"], len(events))
        brief.write(ledger, paths["brief.html"], events)
    return Written(tuple(paths.values()), {key: said[key] for key in ("files", "states", "events")})
