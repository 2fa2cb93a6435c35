"""`camtrap compare`: how far two models agree, or a model and people, and where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camtrap.outputs.comparison import Comparison


def compare(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    first: Annotated[
        str,
        typer.Argument(metavar="A", help="camtrap, people, or a name given to 'camtrap import'."),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="As A.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="\\[default: SEASON/comparisons/A and B]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Compare what two have said of the same pictures; a page shows those where they differ.

    `camtrap` is the model that triaged the season, `people` are its reviews.
    """
    import json

    from camtrap.ledger.store import Ledger
    from camtrap.outputs.comparison import as_dict, default_folder
    from camtrap.outputs.comparison_page import write

    if first == second:
        typer.echo("camtrap: A and B are one and the same.", err=True)
        raise typer.Exit(2)
    with Ledger(season) as ledger:
        folder = out if out is not None else default_folder(season, first, second)
        found, paths = write(ledger, first, second, folder)
    if as_json:
        typer.echo(json.dumps(as_dict(found), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(found)))
    typer.echo(f"see {paths[0]}; every difference is in {paths[1]}", err=True)


def _lines(found: Comparison) -> Iterator[str]:
    from camtrap.outputs.comparison_page import kappa_text, share_text

    pairs, decided, groups = found.pairs, found.pairs.decided(), found.pairs.grouped()
    yield (
        f"{found.first} and {found.second}: {pairs.total:,} files named by both "
        f"({found.alone['first']:,} by {found.first} alone, {found.alone['second']:,} by "
        f"{found.second} alone); {found.differences:,} differ"
    )
    yield f"  same label: {share_text(decided.agreement())}; kappa {kappa_text(decided)}"
    yield (
        f"  same of animal, person, vehicle, empty: {share_text(groups.agreement())}; "
        f"kappa {kappa_text(groups)}"
    )
    labels = pairs.labels
    width = max(8, *(len(label) + 1 for label in labels))
    yield f"  rows {found.first}, columns {found.second}"
    yield "  " + "".join(f"{label:>{width}}" for label in ["", *labels])
    for row in labels:
        cells = "".join(f"{pairs.counts[row, column]:>{width},}" for column in labels)
        yield f"  {row:>{width}}{cells}"
