"""`camtrap retry`: the files that failed, once more; nothing else is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camtrap.cli import running
from camtrap.cli.running import EXIT_INTERRUPTED, EXIT_SOME_UNREADABLE, Outcome, Talk
from camtrap.errors import SeasonError

if TYPE_CHECKING:
    from camtrap.config import Settings
    from camtrap.ledger.rows import CardEntry
    from camtrap.ledger.store import Ledger


def retry(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    card: Annotated[str | None, typer.Option(help="Only this card, by its name.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, mps or cuda.")] = None,
    backend: Annotated[str | None, typer.Option(help="Another backend than before.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Pictures a batch.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads.")] = None,
    pixel_limit: Annotated[
        float | None, typer.Option(metavar="MEGAPIXELS", help="Another limit than before.")
    ] = None,
    metadata_limit: Annotated[
        float | None, typer.Option(metavar="MB", help="Another limit than before.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")] = False,
    excel: Annotated[bool, typer.Option("--excel", help="CSV for Excel.")] = False,
) -> None:
    """Try the files again that were unreadable, cut short, or failed the model.

    With the model and settings of the season's last run. The card must lie where it was.
    """
    from camtrap.engine.progress import account
    from camtrap.ledger.store import Ledger

    Ledger(season).close()  # says in words when there is none, before a lock is made there
    say = Talk(quiet)
    with running.writing_to(season, say), Ledger(season) as ledger:
        settings = running.settings_of_last_run(
            ledger,
            device=device,
            backend=backend,
            batch_size=batch_size,
            workers=workers,
            pixel_limit=pixel_limit,
            metadata_limit=metadata_limit,
        )
        ready, missing = _ready(ledger, card, say)
        ended = _try_again(ledger, ready, settings, say, quiet=quiet, excel=excel)
        written = running.write_outputs(ledger, settings, excel=excel)
        totals = ledger.totals()
    typer.echo(account(totals))
    running.say_written(written, say)
    if ended.interrupted:
        running.say_how_to_go_on(say)
        raise typer.Exit(EXIT_INTERRUPTED)
    if missing or running.unread(totals):
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _ready(ledger: Ledger, name: str | None, say: Talk) -> tuple[list[CardEntry], list[str]]:
    """The cards that have failed files and are there, and what is not there, in words.

    Raises `SeasonError` for a name that is no card's, and when no card that is needed is there.
    """
    from camtrap.engine.season import count_failed

    cards = ledger.cards()
    if name is not None:
        cards = [card for card in cards if card.name == name]
        if not cards:
            known = ", ".join(card.name for card in ledger.cards())
            raise SeasonError(f"The season has no card '{name}'. Its cards are: {known}.")
    ready, missing = [], []
    for card in cards:
        found = count_failed(ledger, card)
        if found.again:
            ready.append(card)
            say(f"card {card.name}: {found.again:,} failed files, tried again")
        if found.away:
            missing.append(
                f"card {card.name}: {found.away:,} failed files do not lie in {card.root}, or are "
                "others now"
            )
            say(missing[-1])
    if missing and not ready:
        raise SeasonError(
            f"Nothing can be tried again. {'; '.join(missing)}. Put the card in where it was; or, "
            f"where it is now, type 'camtrap run CARD --out {ledger.season}', then this again."
        )
    return ready, missing


def _try_again(
    ledger: Ledger,
    cards: list[CardEntry],
    settings: Settings,
    say: Talk,
    *,
    quiet: bool,
    excel: bool,
) -> Outcome:
    from camtrap.engine.season import check_model, retry_card

    if not cards:
        say("no file has failed")
        return Outcome()
    predictors = running.open_model(settings, say)
    check_model(ledger, predictors[0].info, predictors[0].thresholds)
    for card in cards:
        retry_card(ledger, card)
    return running.triage(ledger, cards, predictors, settings, quiet=quiet, excel=excel)
