"""`camtrap push`: a season's events to another program's site, when a person says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camtrap.cli.running import EXIT_SOME_UNREADABLE, command_line

if TYPE_CHECKING:
    from camtrap.outputs.exports.base import Source
    from camtrap.outputs.exports.earthranger import Choice
    from camtrap.push.pushing import Done

app = typer.Typer(
    help="Send events to another program's site.", no_args_is_help=True, add_completion=False
)

_TOLD_LINES = 20
_TOLD_STRAYS = 20
_LOCK_FOLDER = Path("cache") / "push"


@app.callback()
def _push() -> None:
    """Send events to another program's site; the only command that uses the network."""


@app.command("earthranger")
def earthranger(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    site: Annotated[
        str, typer.Option(metavar="URL", help="The site's address, https://mysite.pamdas.org")
    ],
    send: Annotated[
        bool, typer.Option("--send", help="Really send; without it, say what would be sent.")
    ] = False,
    labels: Annotated[
        str, typer.Option(metavar="LABELS", help="Which labels, with commas between.")
    ] = "leopard,person,vehicle",
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Only events from then on, as in 2026-03-01."),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Attach each event's best picture.")
    ] = True,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="event-type, priority or utc-offset, as for the export."
        ),
    ] = None,
) -> None:
    """Send leopards, people and vehicles to EarthRanger, each once; again what has changed.

    The token comes from the environment: CAMTRAP_EARTHRANGER_TOKEN. Exact places are sent. The same
    command goes on where it was stopped. Exit code 3: pictures wait for their card.
    """
    from camtrap.errors import ConfigError
    from camtrap.ledger.lock import locked
    from camtrap.ledger.pushed import pushed
    from camtrap.outputs.exports.earthranger import choice_of, notes_of
    from camtrap.outputs.exports.opening import source_of
    from camtrap.outputs.exports.registry import formats_of, parse_options
    from camtrap.push.site import site_of, token_of

    try:
        words = {"labels": labels, **({} if since is None else {"since": since})}
        options = parse_options(option or (), formats_of(["earthranger"]))
        if twice := sorted(options.keys() & {"labels", "since"}):
            raise ConfigError(f"Give --{twice[0]} instead of --option {twice[0]}=...")
        choice = choice_of({**words, **options})
        address = site_of(site)
        token = token_of(os.environ) if send else ""
    except ConfigError as error:
        typer.echo(f"camtrap: {error}", err=True)
        raise typer.Exit(2) from None

    if not send:
        _need_extra()
        from camtrap.push.pushing import rehearse

        with source_of(season) as source, pushed(season, address) as sent:
            done = rehearse(source, choice, sent, _first_lines(), pictures=pictures)
    else:
        _need_extra()
        with locked(season / _LOCK_FOLDER, command_line()), source_of(season) as source:
            done = _send(source, choice, address, token, pictures=pictures)
    typer.echo(_line(address, done, sent=send))
    for note in notes_of(done.left_out):
        typer.echo(f"camtrap: {note}", err=True)
    if done.away:
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _send(source: Source, choice: Choice, site: str, token: str, *, pictures: bool) -> Done:
    from camtrap.ledger.pushed import pushed
    from camtrap.ledger.rows import Entry
    from camtrap.outputs.thumbnails import Thumbnails
    from camtrap.push.earthranger import EarthRanger
    from camtrap.push.patience import Patience
    from camtrap.push.picture import within
    from camtrap.push.pushing import Done, Sender, push_season

    kept = Thumbnails(source.season)

    def picture(entry: Entry) -> bytes:
        return within(kept.plain(entry))

    with pushed(source.season, site) as sent:
        sender = Sender(
            EarthRanger(site, token),
            sent,
            Done(),
            picture if pictures else None,
            Patience(),
            lambda line: typer.echo(line, err=True),
        )
        return push_season(source, choice, sender)


def _need_extra() -> None:
    from camtrap.errors import ConfigError

    try:
        import camtrap.push.earthranger  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"Sending to EarthRanger needs the extra 'earthranger': pip install "
            f"'camtrap[earthranger]' ({error})."
        ) from error


def _first_lines() -> Callable[[str], None]:
    """Tells the first lines of a rehearsal, and that there are more."""
    count = 0

    def tell(line: str) -> None:
        nonlocal count
        count += 1
        if count <= _TOLD_LINES:
            typer.echo(line, err=True)
        elif count == _TOLD_LINES + 1:
            typer.echo("...", err=True)

    return tell


def _line(site: str, done: Done, *, sent: bool) -> str:
    """`https://...: 12 posted, 3 changed, 40 as they were, 14 pictures attached.` and what more."""
    words = _SENT if sent else _WOULD
    counts = {
        words[0]: done.posted,
        "found there already": done.found,
        words[1]: done.changed,
        "as they were": done.unchanged,
        words[2]: done.attached,
        "pictures that wait for their card": done.away,
        "removed on the site and not sent again": done.gone,
    }
    always = (words[0], words[1], "as they were")
    told = [f"{count:,} {name}" for name, count in counts.items() if count or name in always]
    line = f"{site}: {', '.join(told)}."
    if done.strays:
        more = ", ..." if len(done.strays) > _TOLD_STRAYS else ""
        line += (
            f" {len(done.strays):,} on the site are no longer so in the season; look at them there:"
            f" {', '.join(done.strays[:_TOLD_STRAYS])}{more}."
        )
    return line if sent else f"{line} Nothing was sent; add --send."


_SENT = ("posted", "changed", "pictures attached")
_WOULD = ("to post", "to change", "pictures to attach")
