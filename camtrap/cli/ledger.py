"""`camtrap ledger check`: whether a season's ledger is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look after a season's ledger.", no_args_is_help=True)


@app.callback()
def _ledger() -> None:
    """Keeps `check` a word of its own while it is the only one."""


@app.command("check")
def check(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same facts as JSON.")] = False,
) -> None:
    """Check the file and that its rows agree; exit code 1 when anything is wrong."""
    from camtrap.ledger.check import check as check_ledger
    from camtrap.ledger.rows import text_of
    from camtrap.ledger.store import Ledger

    with Ledger(season) as ledger:
        problems = check_ledger(ledger)
    if as_json:
        said = {
            "season": text_of(str(season)),
            "whole": not problems,
            "problems": [problem.as_dict() for problem in problems],
        }
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    elif not problems:
        typer.echo("the ledger is whole")
    else:
        for problem in problems:
            typer.echo(f"{problem.kind}: {problem.count:,}")
            for example in problem.examples:
                typer.echo(f"  {example}")
            if problem.count > len(problem.examples):
                typer.echo(f"  and {problem.count - len(problem.examples):,} more")
    if problems:
        raise typer.Exit(1)
