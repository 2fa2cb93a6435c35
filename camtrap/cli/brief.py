"""`camtrap brief`: the season's page, made again from the ledger in a language of choice."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from camtrap.cli import running


class Language(StrEnum):
    """The languages in which the page is written."""

    ENGLISH = "en"
    RUSSIAN = "ru"
    CHINESE = "zh"


def brief(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="English, Russian or Chinese; else the season's own."),
    ] = None,
    public: Annotated[
        bool,
        typer.Option("--public", help="Round places, leave out people, paths and camera states."),
    ] = False,
    coordinates: Annotated[
        bool, typer.Option("--coordinates", help="Write exact coordinates on the page.")
    ] = False,
    outline: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A border for the map (GeoJSON)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", dir_okay=False, help="The page to write."),
    ] = None,
) -> None:
    """Make brief.html again from the ledger, after any change of stations, clocks or reviews.

    Pictures come from the card, or from the season's cache when the card is away. Without --out the
    page lies in the season: brief.html in the season's own language (`language` in the settings of
    its last run), brief_ru.html and so on in another; with --public, brief_public.html.
    """
    from camtrap.clock.doctor import findings
    from camtrap.errors import ConfigError
    from camtrap.events.fieldwork import fieldwork
    from camtrap.events.frames import placing
    from camtrap.events.rules import rules_of
    from camtrap.events.watch import Watches
    from camtrap.ledger.store import Ledger
    from camtrap.outputs import brief as page
    from camtrap.outputs.brief_facts import told_findings
    from camtrap.outputs.outline import read_outline
    from camtrap.outputs.season_events import SeasonEvents

    if public and coordinates:
        raise ConfigError("--public rounds places, so --coordinates cannot go with it. Drop one.")
    lines = read_outline(outline) if outline else ()
    with Ledger(season) as ledger:
        settings = running.settings_of_last_run(ledger)
        chosen = settings.language if language is None else language.value
        path = out or season / default_name(chosen, settings.language, public=public)
        placed = placing(ledger)
        rules = rules_of(settings, ledger.run_notes())
        clock, watches = findings(ledger, placed), Watches(placed.notes)
        with SeasonEvents(watches.passing(placed.frames(ledger)), rules) as events:
            page.write(
                ledger,
                path,
                events,
                placed,
                language=chosen,
                public=public,
                coordinates=coordinates,
                outline=lines,
                work=fieldwork(watches),
                clock=told_findings(clock),
            )
    typer.echo(f"wrote {path}", err=True)


def default_name(language: str, own: str, *, public: bool) -> str:
    """`brief.html`, `brief_ru.html`, `brief_public_zh.html`: no page takes the place of another.

    A page in the season's `own` language has the plain name.
    """
    parts = ["brief", *(["public"] if public else []), *([language] if language != own else [])]
    return "_".join(parts) + ".html"
