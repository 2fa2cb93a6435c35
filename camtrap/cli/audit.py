"""`camtrap audit`: how much was missed at most, from a sample that people look at."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camtrap.audit.auditing import Audit


class Target(StrEnum):
    """What may have been missed."""

    LEOPARD = "leopard"
    ANIMAL = "animal"


def audit(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    target: Annotated[
        Target | None,
        typer.Option(
            help="leopard: leopards in all pictures not called so; animal: animals in those called "
            "empty. [default: that of the last audit, else leopard]"
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="How often such a statement shall be true. [default: 0.95]"),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Draw so many pictures in all. [default: 300 for a first draw]"),
    ] = None,
    bound: Annotated[
        float | None,
        typer.Option(
            help="Draw as many as this bound needs if nothing is missed: 0.01 for 1 % of all, 50 "
            "for 50 pictures."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the lot by which pictures are drawn. [default: 0]")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin another audit, of what nobody has seen yet.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="The paths of the drawn pictures, in order, instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """State how many were missed at most, with what confidence, from a sample that people look at.

    The first time this draws pictures by lot; look at them in the browser, and ask again. With
    --size or --bound the sample grows, and what was looked at counts on. Without them a sample that
    was drawn is only told.
    """
    import json

    from camtrap.audit.auditing import current, start
    from camtrap.audit.targets import LEOPARD
    from camtrap.outputs.brief_audit import sentences
    from camtrap.outputs.words import words

    wanted = target.value if target is not None else None
    found = None if anew else current(season, wanted)
    is_asked = any(value is not None for value in (confidence, size, bound, seed))
    if found is None or is_asked:
        wanted = wanted or (found.target if found is not None else LEOPARD)
        found = start(
            season, wanted, confidence=confidence, size=size, bound=bound, seed=seed, anew=anew
        )
    if listed:
        for path in _paths(season, found):
            typer.echo(path)
        return
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        typer.echo(_plain(sentences(words("en"), found)))
    for line in _next_steps(season, found):
        typer.echo(line, err=True)


def _plain(markup: str) -> str:
    from html import unescape

    return unescape(markup)


def _paths(season: Path, found: Audit) -> Iterator[str]:
    from camtrap.ledger.rows import text_of
    from camtrap.ledger.store import Ledger

    with Ledger(season) as ledger:
        for file_id in found.files:
            yield text_of(str(ledger.entry(file_id).path))


def _doubtful(season: Path) -> int:
    from camtrap.ledger.store import Ledger
    from camtrap.records import State

    with Ledger(season) as ledger:
        return ledger.totals()[State.UNSURE]


def _next_steps(season: Path, found: Audit) -> Iterator[str]:
    """What to do now: look, look at more, or draw again."""
    again = f"camtrap audit {season} --target {found.target}"
    if left := found.sample - found.looked:
        yield (
            f"{left:,} of {found.sample:,} drawn pictures are still to be looked at: "
            f"'camtrap review {season}' shows them with their bursts (audit), '{again} --list' "
            "names them. Say of each burst what it shows."
        )
    if not found.looked and found.target == Target.LEOPARD and (doubtful := _doubtful(season)):
        yield (
            f"The model was unsure of {doubtful:,} pictures; those that nobody has looked at are "
            f"among the {found.population:,}. Look through them first, then '{again} --anew'."
        )
    if found.changed:
        yield (
            f"The season's files have changed since: '{again} --size {found.sample}' draws from "
            "all of them, and keeps what was looked at where it is drawn again."
        )
    elif not left and found.bound_pictures > found.missed:
        wish = found.wish if found.more else found.bound_pictures // 2
        more = found.looks_needed(wish or 0)
        yield (
            f"For a bound of {wish or 0:,} pictures {more:,} more looks are needed if none of them "
            f"is a miss: '{again} --size {found.sample + more}'. To enlarge a sample after looks "
            "costs confidence: the doubts of both draws add up."
        )
    if found.looked:
        yield f"'camtrap events {season}' writes it into brief.html and run.json."
