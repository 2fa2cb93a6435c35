"""`camtrap review`: look at a season in the browser and decide, alone or several at once."""

from __future__ import annotations

import getpass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camtrap.cli import running
from camtrap.cli.brief import Language

if TYPE_CHECKING:
    from camtrap.ledger.store import Ledger

_NEEDED = ("starlette", "uvicorn", "jinja2")


def review(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    host: Annotated[
        str,
        typer.Option(help="Where to listen; 0.0.0.0 lets phones in, who then need a token."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")
    ] = 8765,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    reviewer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Your name; else that of this computer's user."),
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="English, Russian or Chinese; else the season's own."),
    ] = None,
) -> None:
    """Review a season in the browser: the leopards first, then what the machine doubts.

    Every decision is on disk when it is made, with name and time; the machine's word stays beside
    it. It may go on while a run does. Only this computer can reach the page, unless --host says
    otherwise. Ctrl-C ends it.
    """
    from camtrap.errors import ConfigError
    from camtrap.ledger.store import Ledger

    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise ConfigError(f"The review needs {', '.join(missing)}: pip install 'camtrap[review]'")
    from camtrap.review.serving import serve

    with Ledger(season) as ledger:
        own = running.settings_of_last_run(ledger).language
    try:
        serve(
            season,
            _refresh,
            lambda text: typer.echo(text, err=True),
            host=host,
            port=port,
            browser=browser,
            reviewer=_user() if reviewer is None else " ".join(reviewer.split()),
            language=own if language is None else language.value,
        )
    except KeyboardInterrupt:
        typer.echo("The review has ended.", err=True)


def _refresh(ledger: Ledger) -> dict[str, Any]:
    settings = running.settings_of_last_run(ledger)
    return running.write_outputs(ledger, settings, anew=True).account


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no name in the environment, none for the number
        return ""
