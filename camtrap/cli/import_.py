"""`camtrap import`: what other models and people said of the season's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from camtrap.imports.bring import Brought, Request
    from camtrap.ledger.observations import Staging
    from camtrap.ledger.store import Ledger


def _list(wanted: bool) -> None:
    if wanted:
        from camtrap.imports.registry import listing

        typer.echo(listing())
        raise typer.Exit


def import_(
    season: Annotated[Path, typer.Argument(metavar="SEASON", help="A season's folder.")],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="What was written by others; --list shows kinds."),
    ],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="\\[default: told by the file]")
    ] = "",
    name: Annotated[
        str,
        typer.Option(
            metavar="MODEL_OR_PERSON", help="Whose words they are. \\[default: as in FILE]"
        ),
    ] = "",
    kind: Annotated[
        str, typer.Option(help="machine or human. \\[default: what the format is for]")
    ] = "",
    card: Annotated[
        str, typer.Option(metavar="NAME", help="The paths are those on this card of the season.")
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the format, as --list shows them."),
    ] = None,
    species_list: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Which species is which label. \\[default: the Amur's]"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget what other files of that name said.")
    ] = False,
    as_reviews: Annotated[
        bool, typer.Option("--as-reviews", help="Enter them as reviews too; for people's words.")
    ] = False,
    over_reviews: Annotated[
        bool, typer.Option("--over-reviews", help="With --as-reviews: over reviews that stand.")
    ] = False,
    lost: Annotated[
        Path | None,
        typer.Option("--lost", metavar="CSV", help="List every picture that was not taken."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come; change nothing.")
    ] = False,
    listed: Annotated[
        bool,
        typer.Option("--list", callback=_list, is_eager=True, help="List the formats."),
    ] = False,
) -> None:
    """Read labels by other programs, models and people; the season's own stay as they are.

    A picture is taken when its path means exactly one file of the season; the rest is counted. The
    same file again changes nothing.
    """
    import json

    from camtrap.errors import ConfigError
    from camtrap.imports.bring import Request, bring
    from camtrap.imports.told import HUMAN
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.exports.registry import split_option
    from camtrap.taxonomy import read_taxonomy

    try:
        if replace and len(files) > 1:
            raise ConfigError("--replace goes with one file, or the last would replace the others.")
        if over_reviews and not as_reviews:
            raise ConfigError("--over-reviews goes with --as-reviews.")
        if as_reviews and kind not in ("", HUMAN):
            raise ConfigError("Reviews are people's words: --as-reviews goes with --kind human.")
        options = dict(map(split_option, option or ()))
    except ConfigError as error:
        typer.echo(f"camtrap: {error}", err=True)
        raise typer.Exit(2) from None

    taxonomy = read_taxonomy(species_list)
    accounts: list[dict[str, Any]] = []
    with Ledger(season) as ledger, _losses(ledger, lost) as on_lost:
        for path in files:
            request = Request(path, form, name, kind, card, options)
            if as_reviews:
                _check_human(request)
            brought, staging = bring(
                ledger, request, taxonomy, replace=replace, dry_run=dry_run, on_lost=on_lost
            )
            account = _account(path, brought)
            if as_reviews:
                account |= _review(season, brought, staging, dry_run, over_reviews)
            accounts.append(account)
            if not as_json:
                _tell(path, brought, account, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(accounts, indent=2, ensure_ascii=False))


@contextmanager
def _losses(ledger: Ledger, path: Path | None) -> Iterator[Callable[[str, str], None] | None]:
    """A table of what is not taken, when one is asked for; gives the function that adds to it."""
    from camtrap.outputs.exports.dp_sinks import table
    from camtrap.outputs.exports.writing import check_off_cards

    if path is None:
        yield None
        return
    check_off_cards(ledger, path.parent)
    with table(path, ("name", "reason")) as add:
        yield lambda name, reason: add({"name": name, "reason": reason})


def _check_human(request: Request) -> None:
    """Refuse to enter a machine's words as reviews."""
    from camtrap.errors import ConfigError
    from camtrap.imports.registry import reader_named, reader_of
    from camtrap.imports.told import HUMAN

    reader = reader_named(request.form) if request.form else reader_of(request.path)
    if (request.kind or reader.kind) != HUMAN:
        raise ConfigError(
            f"{request.path} holds a machine's words, and reviews are people's. If a person "
            "checked the file, say so with --kind human and --name."
        )


def _review(
    season: Path, brought: Brought, staging: Staging, dry_run: bool, over_others: bool
) -> dict[str, Any]:
    """Enter what people said as reviews; `animal` is nothing that a review can say."""
    from camtrap.ledger.reviews import add_reviews
    from camtrap.records import LABELS, UNSURE

    words = ((n, o.label, o.species) for n, o in staging if o.label in (*LABELS, UNSURE))
    added, kept = add_reviews(
        season,
        words,
        reviewer=brought.source.name,
        over_others=over_others,
        dry_run=dry_run,
    )
    return {"reviews_added": added, "reviews_that_stand": kept}


def _account(path: Path, brought: Brought) -> dict[str, Any]:
    source = brought.source
    return {
        "file": str(path),
        "name": source.name,
        "kind": source.kind,
        "format": source.format,
        "sha256": source.sha256,
        "note": brought.note,
        "pictures": brought.pictures,
        "files": brought.files,
        "labels": dict(sorted(brought.labels.items())),
        "left_out": dict(brought.left_out.most_common()),
        "examples": brought.examples,
        "unknown_names": dict(brought.unknown.most_common()),
        "changed": brought.changed,
    }


def _tell(path: Path, brought: Brought, account: dict[str, Any], *, dry_run: bool) -> None:
    """Results on stdout; what was left out, and why, on stderr."""
    from camtrap.imports.said import LABELS_TOLD

    source = brought.source
    sum_of = " + ".join(
        f"{brought.labels[label]:,} {label}" for label in LABELS_TOLD if label in brought.labels
    )
    state = "nothing is new" if not brought.changed else ("would be new" if dry_run else "stored")
    typer.echo(
        f"{source.name} ({source.kind}, {source.format}): {brought.files:,} files = {sum_of}; "
        f"{state}"
    )
    if "reviews_added" in account:
        typer.echo(
            f"  {account['reviews_added']:,} reviews {'would be ' if dry_run else ''}added; "
            f"{account['reviews_that_stand']:,} files keep another review"
        )
    if brought.note:
        typer.echo(f"  {brought.note}", err=True)
    for reason, count in brought.left_out.most_common():
        names = brought.examples[reason]
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        typer.echo(f"  {count:,} of {brought.pictures:,} left out, {reason}:", err=True)
        typer.echo(f"    {', '.join(names)}{more}", err=True)
    if brought.unknown:
        names = [f"{name} ({count:,})" for name, count in brought.unknown.most_common(20)]
        typer.echo(
            f"  names that the species list does not hold: {', '.join(names)}. Enter them in a "
            "copy of species-amur.toml and give it with --species-list.",
            err=True,
        )
