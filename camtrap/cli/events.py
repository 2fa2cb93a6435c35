"""`camtrap events`: the season's tables and pages once more, from what is known already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camtrap.cli import running
from camtrap.cli.running import Talk


def events(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    event_gap: Annotated[
        float | None,
        typer.Option(metavar="MINUTES", help="Another independence interval than in the last run."),
    ] = None,
    event_rule: Annotated[
        str | None,
        typer.Option(help="Counted from the last_record or from the last_independent one."),
    ] = None,
    burst_gap: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Frames this close are one trigger's."),
    ] = None,
    static: Annotated[
        bool | None,
        typer.Option("--static/--no-static", help="Leave out what never moves, or keep it."),
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public", help="Also write the folder `public`: places rounded, no people in it."
        ),
    ] = False,
    grid: Annotated[
        float, typer.Option(metavar="DEGREES", help="What --public rounds places to.")
    ] = 0.1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No talk.")] = False,
    excel: Annotated[bool, typer.Option("--excel", help="CSV for Excel.")] = False,
) -> None:
    """Make all tables and pages again, after a change of stations, clocks or reviews.

    No picture is triaged; the model and the cards are not needed. The settings are those of the
    season's last run, but for what is given here.
    """
    from camtrap.engine.progress import account
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.markup import count

    Ledger(season).close()  # says in words when there is none, before a lock is made there
    say = Talk(quiet)
    with running.writing_to(season, say), Ledger(season) as ledger:
        settings = running.settings_of_last_run(
            ledger,
            event_gap_minutes=event_gap,
            event_rule=event_rule,
            burst_gap_seconds=burst_gap,
            static=static,
        )
        written = running.write_outputs(
            ledger, settings, excel=excel, anew=True, grid=grid if public else None
        )
        totals = ledger.totals()
    typer.echo(f"{account(totals)}\n{count(written.account['events'], 'event')}")
    running.say_written(written, say)
