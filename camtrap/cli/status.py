"""`camtrap status`: what became of each card's files, and whether a run is going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camtrap.ledger.account import CardAccount

_COLUMNS = ("files", "done", "left", "failed", "duplicates", "skipped")


def status(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same facts as JSON.")] = False,
) -> None:
    """Say what is done and what is left on each card; may be asked while a run goes on."""
    from dataclasses import asdict

    from camtrap.ledger.account import card_accounts, last_run
    from camtrap.ledger.lock import holder
    from camtrap.ledger.reconcile import last_reconciliations
    from camtrap.ledger.rows import text_of
    from camtrap.ledger.store import Ledger

    with Ledger(season) as ledger:
        accounts, run = card_accounts(ledger), last_run(ledger)
        counted = last_reconciliations(ledger)
    now = holder(season)
    if as_json:
        said: dict[str, Any] = {
            "season": text_of(str(season)),
            "cards": [
                {
                    **account.as_dict(),
                    "root": text_of(account.root),
                    "reconciled": counted.get(account.card),
                }
                for account in accounts
            ],
            "last_run": run,
            "running": None if now is None else asdict(now),
        }
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(_table(accounts)))
    if run is None:
        typer.echo("no run yet")
    else:
        ended = f"finished {run['finished_at']}" if run["finished_at"] else "not finished"
        typer.echo(f"run {run['run_id']}: started {run['started_at']}, {ended}, {run['model']}")
    typer.echo("no run is going on" if now is None else f"a run is going on: {now.told}")
    if any(account.failed for account in accounts):
        typer.echo(f"to try the failed files again: camtrap retry {season}")


def _table(accounts: Sequence[CardAccount]) -> list[str]:
    """One line a card under a header, and one for all where there are several."""
    numbers = [[getattr(account, column) for column in _COLUMNS] for account in accounts]
    names = [account.card for account in accounts]
    if len(accounts) > 1:
        numbers.append([sum(column) for column in zip(*numbers, strict=True)])
        names.append("all")
    width = max(map(len, [*names, "card"]))
    lines = [f"{'card':{width}}  " + "  ".join(f"{column:>10}" for column in _COLUMNS)]
    for name, row in zip(names, numbers, strict=True):
        lines.append(f"{name:{width}}  " + "  ".join(f"{number:>10,}" for number in row))
    return lines
