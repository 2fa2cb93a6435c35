"""`camtrap export`: the season in the formats of other tools, each in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camtrap.cli.running import EXIT_SOME_UNREADABLE, command_line

if TYPE_CHECKING:
    from camtrap.outputs.exports.base import Exported, Format


def _list(wanted: bool) -> None:
    if wanted:
        from camtrap.outputs.exports.registry import listing

        typer.echo(listing())
        raise typer.Exit


def export(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    formats: Annotated[
        list[str] | None,
        typer.Argument(metavar="FORMAT...", help="One or more; --list shows all."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write to OUT/FORMAT. \\[default: SEASON/exports/FORMAT]"),
    ] = None,
    public: Annotated[
        bool,
        typer.Option("--public", help="Round coordinates; leave out people and vehicles."),
    ] = False,
    grid: Annotated[
        float,
        typer.Option(metavar="DEGREES", help="With --public: the grid to round to."),
    ] = 0.1,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of a format, as --list shows them."),
    ] = None,
    listed: Annotated[
        bool,
        typer.Option(
            "--list", callback=_list, is_eager=True, help="List the formats and what reads them."
        ),
    ] = False,
) -> None:
    """Write the season for other tools; an earlier export is replaced when all is written.

    Says a line for each format: rows, what to know, and where it lies.
    """
    from dataclasses import replace

    from camtrap.errors import CamtrapError, ConfigError
    from camtrap.outputs.exports.opening import source_of
    from camtrap.outputs.exports.registry import (
        formats_of,
        listing,
        options_of,
        parse_options,
    )
    from camtrap.outputs.exports.writing import DEFAULT_FOLDER
    from camtrap.outputs.exports.writing import export as write

    try:
        if not formats:
            raise ConfigError(f"Which format? There are, with what reads them:\n{listing()}")
        if not 0 < grid <= 10:
            raise ConfigError("The grid is more than 0 and at most 10 degrees.")
        wanted = formats_of(formats)
        options = parse_options(option or (), wanted)
    except ConfigError as error:
        typer.echo(f"camtrap: {error}", err=True)
        raise typer.Exit(2) from None

    missing = failed = 0
    parent = out if out is not None else season / DEFAULT_FOLDER
    with source_of(season, public=public, grid=grid) as source:
        for form in wanted:
            own = replace(source, options=options_of(form, options))
            try:
                done = write(own, form, parent, command_line())
            except CamtrapError as error:
                if len(wanted) == 1:
                    raise
                typer.echo(f"camtrap: {form.name}: {error}", err=True)
                failed += 1
                continue
            missing += done.missing
            typer.echo(_line(form, done, parent))
    if failed:
        raise typer.Exit(1)
    if missing:
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _line(form: Format, done: Exported, parent: Path) -> str:
    """`coco: 12,480 rows in season/exports/coco/coco.json. What there is to know.`"""
    place = done.paths[0] if len(done.paths) == 1 else parent / form.name
    rows = f"{done.rows:,} row{'' if done.rows == 1 else 's'}"
    told = " ".join([f"{form.name}: {rows} in {place}.", *done.notes])
    return " ".join(told.splitlines())
