"""`brief.html`: the season on one page, leopards first, to read on a phone or to print on A4.

The page holds its style, pictures, map and charts itself and no script, and it forbids loading
anything, so that it can be handed on and opened without a network. On paper it keeps to two pages
and to what a patrol needs. All that comes from a card or the ledger goes through `markup.text`,
which escapes it. The same ledger, tables and cards give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.events.fieldwork import Fieldwork, fieldwork
from camtrap.events.frames import Placing, placing
from camtrap.events.watch import Watches
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.brief_cards import herds, leopards, people, unsure
from camtrap.outputs.brief_end import account, reading, unknown
from camtrap.outputs.brief_facts import Finding, field_facts, for_the_public
from camtrap.outputs.brief_field import (
    EVENT_LABELS,
    PEOPLE,
    clocks,
    hours,
    station_map,
    stations,
    visits,
)
from camtrap.outputs.brief_flights import from_the_air
from camtrap.outputs.brief_told import Told
from camtrap.outputs.flights import Flight, flights
from camtrap.outputs.map_svg import Line
from camtrap.outputs.markup import Safe, day_of, facts, text
from camtrap.outputs.public import Cover
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.survey import UNREAD, survey
from camtrap.outputs.tables import replacing
from camtrap.outputs.thumbnails import Thumbnails
from camtrap.outputs.words import words
from camtrap.records import State

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write(
    ledger: Ledger,
    path: Path,
    events: SeasonEvents,
    placed: Placing | None = None,
    *,
    language: str = "en",
    public: bool = False,
    coordinates: bool = False,
    outline: Sequence[Line] = (),
    work: Fieldwork | None = None,
    clock: Sequence[Finding] | None = None,
    flown: Sequence[Flight] | None = None,
) -> None:
    """Write the page; a card that is away leaves gaps where nothing is kept, and no error.

    `placed` is how files are placed (read from the season when None), `language` one of
    `words.LANGUAGES`. `public` rounds places and leaves out people, vehicles, paths and the state
    of cameras. `coordinates` writes the stations' places as text; without it the map alone shows
    how they lie to each other. `work` is how the cameras did, looked for in all frames when None;
    `clock` what is wrong with their clocks, None where nobody looked. `flown` are the flights of
    drones, gathered when None. Raises `SeasonError` when the page cannot be written.
    """
    placed = placed or placing(ledger)
    found = survey(ledger, events, placed)
    work = work or _fieldwork(ledger, placed)
    known = field_facts(placed, work, events, found, clock)
    cover = Cover(work) if public else None
    thumbnails = Thumbnails(ledger.season)
    told = Told(
        ledger,
        found,
        for_the_public(known, cover) if cover else known,
        words(language),
        thumbnails,
        coordinates=coordinates,
        outline=outline,
        cover=cover,
        flights=flights(ledger, placed) if flown is None else flown,
    )
    with replacing(path) as stream:
        for piece in page(told):
            stream.write(piece)
    thumbnails.prune()


def page(told: Told) -> Iterator[str]:
    """The page piece by piece, so that no more than one picture is held at a time."""
    season = text(text_of(told.ledger.season.resolve().name) or "season")
    yield head(told.words.language, told.words("page.title", season=season))
    runs = told.ledger.run_notes()
    totals = told.ledger.totals()
    yield from _header(told, season, runs)
    yield "<main>\n"
    yield from _notices(told, totals)
    yield from leopards(told)
    yield from station_map(told)
    if not told.public:
        yield from people(told)
    yield from unsure(told)
    yield from hours(told)
    yield from stations(told)
    if not told.public:
        yield from visits(told)
        yield from clocks(told)
    yield from herds(told)
    yield from from_the_air(told)
    yield from account(told, totals, runs)
    yield from unknown(told, totals)
    yield "</main>\n"
    yield from reading(told)
    yield "</body>\n</html>\n"


def head(language: str, title: Safe, more: str = "") -> str:
    """The beginning of a page up to its body; `more` goes into its head."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n{more}'
        f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
    )


def _fieldwork(ledger: Ledger, placed: Placing) -> Fieldwork:
    watches = Watches(placed.notes)
    for frame in placed.frames(ledger):
        watches.note(frame)
    return fieldwork(watches)


def _header(told: Told, season: Safe, runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    words, found = told.words, told.found
    whole = found.whole
    first, last = day_of(whole.first), day_of(whole.last)
    said: dict[str, str] = {
        words("fact.span"): told.span(first, last) if first else words("fact.no_dates"),
        words("fact.stations"): words.number(len(found.stations)),
        words("fact.model"): text(runs[-1]["settings"]["model"]["id"])
        if runs
        else words("fact.no_model"),
        words("fact.made_by"): text(f"camtrap {__version__}"),
    }
    yield f'<header>\n<p class="kind">{words("page.kind")}</p>\n<h1><bdi>{season}</bdi></h1>\n'
    yield facts(said)
    if told.public:
        grid = words.decimal(told.field.grid, 4)
        yield f'<p class="public">{words("public.note", grid=grid)}</p>\n'
    yield f'<p class="lead">{words("glance.title")}</p>\n<ul class="glance">\n'
    for label in EVENT_LABELS:
        if told.public and label in PEOPLE:
            continue
        number = words.number(whole.events[label])
        yield f'<li class="{label}"><b>{number}</b> <span>{words(f"label.{label}")}</span></li>\n'
    yield "</ul>\n</header>\n"


def _notices(told: Told, totals: Counter[State]) -> Iterator[str]:
    words = told.words
    if pending := totals[State.PENDING]:
        yield (
            f'<section class="notice">\n<h2>{words.count("notice.pending", pending)}</h2>\n'
            f"<p>{words('notice.go_on')}</p>\n</section>\n"
        )
    if unread := sum(totals[state] for state in UNREAD):
        yield (
            f'<section class="notice">\n<h2>{words.count("notice.unread", unread)}</h2>\n'
            f"<p>{words('notice.not_empty')}</p>\n</section>\n"
        )


def _style() -> str:
    return (files("camtrap.outputs") / "templates" / "brief.css").read_text(encoding="utf-8")
