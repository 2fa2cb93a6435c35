"""Everything that a run leaves in the season, made from the ledger and the season's own tables."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.clock.doctor import findings
from camtrap.clock.finding import Kind
from camtrap.config import Settings
from camtrap.events.fieldwork import fieldwork
from camtrap.events.frames import Placing, placing
from camtrap.events.rules import rules_of
from camtrap.events.watch import Watches
from camtrap.ledger.store import Ledger
from camtrap.outputs import (
    brief,
    detection_history,
    events_csv,
    flights,
    geojson,
    gpx,
    images_csv,
    kml,
    leopards_page,
    public,
    run_json,
    static_sheet,
    stations_report,
)
from camtrap.outputs.brief_facts import told_findings
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.waypoints import Waypoints

log = logging.getLogger(__name__)

NAMES = (
    "events.csv",
    "images.csv",
    "stations_report.csv",
    *detection_history.names(),
    "patrol.gpx",
    "patrol.geojson",
    "patrol.kml",
    "run.json",
    "static.html",
    "brief.html",
    "leopards.html",
)
"""The files that a season always holds."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and the account of the season as plain values."""

    paths: tuple[Path, ...]
    account: dict[str, Any]


def write_all(
    ledger: Ledger,
    settings: Settings,
    placed: Placing | None = None,
    *,
    excel: bool = False,
    grid: float | None = None,
) -> Written:
    """Write the tables, `run.json`, the patrol's maps and the pages of a season.

    `placed` is how files are placed; None reads the season's own tables. With `grid`, in degrees,
    the folder `public` is written as well. Raises `SeasonError` when something cannot be written,
    and `NotesError` for a table of the season that cannot be used.
    """
    season = ledger.season
    placed = placed or placing(ledger)
    rules = rules_of(settings, ledger.run_notes())
    clock = findings(ledger, placed)
    in_doubt = frozenset(each.deployment_id for each in clock if each.kind is not Kind.SILENCE)
    watches = Watches(placed.notes)
    with SeasonEvents(watches.passing(placed.frames(ledger)), rules) as events:
        work = fieldwork(watches)
        events_csv.write(
            ledger, season / "events.csv", events, placed, clock_issues=in_doubt, excel=excel
        )
        images_csv.write(ledger, season / "images.csv", events, placed, excel=excel)
        stations_report.write(season / "stations_report.csv", work, events, excel=excel)
        detection_history.write(season, work, events, excel=excel)
        points = Waypoints(ledger, placed, events, work)
        drawn = gpx.write(season / "patrol.gpx", points)
        if drawn.events_left_out:
            log.warning(
                "%d events of leopards, people or vehicles are on no map: stations.csv tells no "
                "coordinates of their stations.",
                drawn.events_left_out,
            )
        geojson.write(season / "patrol.geojson", points)
        kml.write(season / "patrol.kml", points)
        static_sheet.write(ledger, season / "static.html", events)
        flown = flights.flights(ledger, placed)
        has_flights = flights.write(season / flights.NAME, flown)
        said = run_json.write(
            ledger,
            season / "run.json",
            len(events),
            rules=rules,
            placed=placed,
            suppressed=_suppressed(events),
        )
        brief.write(
            ledger,
            season / "brief.html",
            events,
            placed,
            language=settings.language,
            work=work,
            clock=told_findings(clock),
            flown=flown,
        )
        leopards_page.write(ledger, season / "leopards.html", placed, language=settings.language)
        paths = tuple(season / name for name in (*NAMES, *has_flights * [flights.NAME]))
        if grid is not None:
            paths += public.write_public(ledger, events, placed, work, grid=grid, excel=excel)
    return Written(paths, {key: said[key] for key in ("files", "states", "events")})


def _suppressed(events: SeasonEvents) -> int:
    return sum(count for _, count in events.suspects())
