"""The command line's front door: it parses, dispatches, and turns our errors into sentences and
exit codes.

Exit codes: 0 all done, 1 error, 2 usage, 3 done but some files could not be read, 130 interrupted.
Torch and pandas are imported by the commands that need them, never here, so that `--help` answers
at once.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from camtrap import __version__
from camtrap.cli import (
    audit,
    brief,
    clock,
    compare,
    doctor,
    evaluate,
    events,
    explain,
    export,
    import_,
    ledger,
    models,
    push,
    retry,
    review,
    run,
    stations,
    status,
    train,
    validate,
)
from camtrap.errors import CamtrapError

app = typer.Typer(
    name="camtrap",
    help="Triage of camera-trap cards: leopard, prey or empty, with nothing lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run.run)
app.command("models")(models.models)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("explain")(explain.explain)
app.command("doctor")(doctor.doctor)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("compare")(compare.compare)
app.command("validate")(validate.validate)
app.command("events")(events.events)
app.command("brief")(brief.brief)
app.command("review")(review.review)
app.command("audit")(audit.audit)
app.command("status")(status.status)
app.command("retry")(retry.retry)
app.command("clock")(clock.clock)
app.add_typer(stations.app, name="stations")
app.add_typer(ledger.app, name="ledger")
app.add_typer(push.app, name="push")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"camtrap {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell more, for a report of a problem.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # Pillow tells every chunk it reads; that helps nobody here.
    logging.getLogger("PIL").setLevel(logging.INFO)


def main() -> None:
    """Run the command line; our own errors become one sentence and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may be set to a code page that holds no Chinese file name.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except CamtrapError as error:
        typer.echo(f"camtrap: {error}", err=True)
        sys.exit(1)
