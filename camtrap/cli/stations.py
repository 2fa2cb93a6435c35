"""`camtrap stations`: propose a `stations.csv`, and say what of a season it knows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camtrap.events.matched import Matched

app = typer.Typer(help="Where each camera stood, and when.", no_args_is_help=True)

_FOLDERS_TOLD = 30


@app.command("init")
def init(
    source: Annotated[
        Path, typer.Argument(metavar="CARD|SEASON", help="A card's folder, or a season's.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write it there instead of showing it."),
    ] = None,
) -> None:
    """Propose a stations.csv from folders, serial numbers, GPS, first and last dates."""
    from camtrap.card.propose import proposed, save_proposal, seen_on_card, write_proposal
    from camtrap.card.scan import SEASON_MARK
    from camtrap.events.matched import seen_in_season
    from camtrap.ledger.store import Ledger

    if (source / SEASON_MARK).is_file():
        with Ledger(source) as ledger:
            rows = proposed(seen_in_season(ledger))
    else:
        rows = proposed(seen_on_card(source), of_one_card=True)
    if out is None:
        write_proposal(rows, sys.stdout)
    else:
        save_proposal(rows, out)
    where = "" if out is None else f" in {out}"
    missing = sum(row.latitude is None for row in rows)
    typer.echo(
        f"{len(rows)} deployments proposed{where}; {missing} without a place. Correct start and "
        "end to the visits, complete it, and keep it as stations.csv in the season's folder.",
        err=True,
    )


@app.command("check")
def check(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same facts as JSON.")] = False,
) -> None:
    """Say which files the season's stations.csv knows, and which it does not."""
    from camtrap.card.deployments import FieldNotes
    from camtrap.card.offsets import OFFSETS_NAME, read_offsets
    from camtrap.card.stations import STATIONS_NAME, read_stations
    from camtrap.errors import NotesError
    from camtrap.events.matched import matched
    from camtrap.ledger.store import Ledger

    with Ledger(season) as ledger:
        path, offsets = season / STATIONS_NAME, season / OFFSETS_NAME
        if not path.exists():
            raise NotesError(
                f"{season} has no {STATIONS_NAME}. Propose one with 'camtrap stations init "
                f"{season} --out {path}', then complete it."
            )
        stations = read_stations(path)
        corrections = read_offsets(offsets) if offsets.exists() else ()
        told = matched(ledger, FieldNotes(stations.deployments, corrections))
    if as_json:
        said = {"remarks": list(stations.remarks), **told.as_dict()}
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(_lines(told, stations.remarks)))


def _lines(told: Matched, remarks: Sequence[str]) -> list[str]:
    """The deployments with their files, then what needs a person."""
    width = max([len(each.deployment_id) for each in told.deployments] + [10])
    lines = [f"{'deployment':{width}}  {'files':>10}  told by"]
    for each in told.deployments:
        name = each.deployment_id
        by = ", ".join(sorted(told.told_by.get(name, {}))) or "no file is of this deployment"
        lines.append(f"{name:{width}}  {told.file_counts[name]:>10,}  {by}")
    for name, count in sorted(told.outside.items()):
        lines.append(
            f"{name}: {count:,} files are dated outside its start and end; 'camtrap clock' says "
            "whether its clock was wrong"
        )
    for (name, serial), count in sorted(told.serial_elsewhere.items()):
        lines.append(
            f"{name}: {count:,} files lie in its folder, but were taken by camera {serial}, which "
            "stands elsewhere by stations.csv; the folder was believed"
        )
    for folder in told.unmatched[:_FOLDERS_TOLD]:
        why = folder.why
        if folder.fitting:
            why += f" ({', '.join(folder.fitting)}) and the time does not decide"
        if folder.serials:
            why += f"; camera {', '.join(sorted(folder.serials))}"
        lines.append(f"{folder.folder}: {folder.file_count:,} files, {why}")
    if len(told.unmatched) > _FOLDERS_TOLD:
        lines.append(f"and {len(told.unmatched) - _FOLDERS_TOLD:,} more folders")
    lines += [
        f"clock_offsets.csv corrects {name}, which is no deployment" for name in told.idle_offsets
    ]
    lines += remarks
    if told.unmatched_count:
        lines.append(
            f"{told.unmatched_count:,} files keep their folder's name as station; nothing is lost. "
            "To name them, put their folder into the column 'folder' of a row."
        )
    else:
        lines.append(f"all {sum(told.file_counts.values()):,} files have a deployment")
    return lines
