"""`camtrap clock`: what is odd about the cameras' clocks, with the evidence and a proposal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camtrap.clock.finding import Finding


def clock(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same facts as JSON.")] = False,
    write_proposal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the proposed corrections to a new file."),
    ] = None,
) -> None:
    """Look for clocks that were wrong. Nothing is corrected: that is for clock_offsets.csv."""
    from camtrap.card.field_notes import read_field_notes
    from camtrap.card.offsets import OFFSETS_NAME
    from camtrap.clock.doctor import findings
    from camtrap.clock.proposal import proposed_offsets, save_proposal
    from camtrap.events.frames import placing
    from camtrap.ledger.store import Ledger

    notes = read_field_notes(season)
    with Ledger(season) as ledger:
        found = findings(ledger, placing(ledger, notes))
    if as_json:
        said = {"season": str(season), "findings": [each.as_dict() for each in found]}
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    elif not found:
        typer.echo("nothing odd about the clocks")
    else:
        typer.echo("\n".join(_lines(found)))
    offsets = proposed_offsets(found)
    table = season / OFFSETS_NAME
    if write_proposal is not None:
        save_proposal(offsets, write_proposal)
        typer.echo(
            f"{len(offsets)} corrections proposed in {write_proposal}. Copy those that you agree "
            f"with into {table}, in the place of older ones for the same times.",
            err=True,
        )
    elif offsets:
        typer.echo(
            f"To correct, add rows to {table}; --write-proposal FILE writes those proposed here.",
            err=True,
        )


def _lines(found: Sequence[Finding]) -> list[str]:
    lines: list[str] = []
    last = ("", "")
    for each in found:
        where = (each.station_id, each.deployment_id)
        if where != last:
            lines.append(f"{each.station_id} ({each.deployment_id})")
            last = where
        lines.append(f"  {each.kind.replace('_', ' ')}: {each.evidence}")
        if each.file_count == 1:
            lines.append(f"    1 file: {each.first_path}")
        elif each.file_count:
            lines.append(f"    {each.file_count:,} files: {each.first_path} to {each.last_path}")
        score = f" (score {each.score:.2f})" if each.seconds else ""
        lines.append(f"    {each.proposal}{score}")
    return lines
