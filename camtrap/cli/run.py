"""`camtrap run`: cards in, a season out."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camtrap.cli import running
from camtrap.cli.running import EXIT_INTERRUPTED, EXIT_SOME_UNREADABLE, Outcome, Talk
from camtrap.errors import CamtrapError, SeasonError

if TYPE_CHECKING:
    from camtrap.config import Settings
    from camtrap.engine.season import CardSummary
    from camtrap.ledger.reconcile import Reconciliation
    from camtrap.ledger.rows import CardEntry
    from camtrap.ledger.store import Ledger
    from camtrap.vision.predictor import Predictor

log = logging.getLogger(__name__)


class Verify(StrEnum):
    """How closely files are looked at that were read before."""

    FULL = "full"


class FramesBy(StrEnum):
    """By what a clip's frames are chosen: so many a second, or where the picture changes."""

    TIME = "time"
    CHANGE = "change"


def run(
    cards: Annotated[
        list[Path], typer.Argument(metavar="CARD...", help="Folders as they came from cameras.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="SEASON", help="Where results go; grows.")
    ] = Path("season"),
    model: Annotated[str | None, typer.Option(help="Name or folder of a model.")] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, mps, cuda; several GPUs as cuda:0,cuda:1.")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(help="auto, onnxruntime, openvino or torch. \\[default: the fastest here]"),
    ] = None,
    decoder: Annotated[
        str | None, typer.Option(help="Where JPEG is decoded: cpu or gpu. \\[default: cpu]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Pictures a batch. \\[default: as suits the device]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads. \\[default: one a processor core]")
    ] = None,
    pixel_limit: Annotated[
        float | None,
        typer.Option(metavar="MEGAPIXELS", help="Larger pictures are refused. \\[default: 400]"),
    ] = None,
    metadata_limit: Annotated[
        float | None,
        typer.Option(metavar="MB", help="Metadata beyond this are not read. \\[default: 16]"),
    ] = None,
    drone: Annotated[
        bool | None,
        typer.Option(
            "--drone/--no-drone",
            help="Look at pictures tile by tile. \\[default: those that a drone took]",
        ),
    ] = None,
    video: Annotated[
        bool | None,
        typer.Option(
            "--video/--no-video",
            help="Look at clips, too. \\[default: where camtrap\\[video] is installed]",
        ),
    ] = None,
    frames_per_second: Annotated[
        float | None, typer.Option(help="Frames of a clip's second. \\[default: 1]")
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Frames of one clip, at most. \\[default: 20]")
    ] = None,
    frames_by: Annotated[
        FramesBy | None,
        typer.Option(help="change: a clip's frames are those where it changes. \\[default: time]"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file (TOML).")
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=P", help="Replace one threshold, e.g. leopard=0.3"),
    ] = None,
    redo: Annotated[
        bool,
        typer.Option("--redo", help="Triage every file of the season again; reviews are kept."),
    ] = False,
    verify: Annotated[
        Verify | None,
        typer.Option(help="full: compare every byte of files that were read before."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; write nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV for Excel: byte-order mark, guarded formulas.")
    ] = False,
) -> None:
    """Triage cards into a season; the same command again continues where it stopped."""
    from camtrap.config import parse_threshold, resolve

    settings = resolve(
        config,
        model=model,
        device=device,
        backend=backend,
        decoder=decoder,
        batch_size=batch_size,
        workers=workers,
        pixel_limit=pixel_limit,
        metadata_limit=metadata_limit,
        video=video,
        clip_frames_per_second=frames_per_second,
        clip_frames=max_frames,
        clip_frames_by=frames_by and frames_by.value,
        drone=None if drone is None else str(drone).lower(),
        thresholds=dict(map(parse_threshold, threshold or ())),
    )
    say = Talk(quiet)
    if dry_run:
        _foresee(cards, as_json, videos=settings.video)
        return

    from camtrap.engine.progress import account
    from camtrap.engine.season import add_card, check_apart
    from camtrap.ledger.store import Ledger

    for card in cards:
        check_apart(out, card)
    facts = {"cards": [str(card) for card in cards], "settings": settings.as_dict()}
    with running.writing_to(out, say, **facts), Ledger(out, create=True) as ledger:
        summaries = [add_card(ledger, card, videos=settings.video) for card in cards]
        for summary in summaries:
            _tell_card(summary, say)
        if verify:
            _verify(ledger, summaries, say)
        ended = _triage(ledger, summaries, settings, say, quiet=quiet, excel=excel, redo=redo)
        counts: list[Reconciliation] = []
        try:
            if verify and not ended.interrupted:
                _verify(ledger, summaries, say, only_new=True)
            if not ended.interrupted:
                counts = _reconcile(ledger, summaries, cards, ended, say)
        except CamtrapError:
            # The card is gone, and its results are not.
            running.write_what_is_done(ledger, settings, excel=excel)
            raise
        written = running.write_outputs(ledger, settings, excel=excel)
        totals = ledger.totals()
        log.debug("%s", account(totals))
    if as_json:
        said = {
            **written.account,
            "season": str(out),
            "reconciled": [found.as_dict() for found in counts],
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
    else:
        typer.echo(account(totals))
    running.say_written(written, say)
    _raise_if_unbalanced(counts)
    if ended.interrupted:
        running.say_how_to_go_on(say)
        raise typer.Exit(EXIT_INTERRUPTED)
    unlisted = any(summary.unlisted for summary in summaries)
    if running.unread(totals) or unlisted or any(found.unlisted for found in counts):
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _triage(
    ledger: Ledger,
    summaries: list[CardSummary],
    settings: Settings,
    say: Talk,
    *,
    quiet: bool,
    excel: bool,
    redo: bool,
) -> Outcome:
    """Run the model over what is pending, if anything is."""
    from camtrap.engine.season import begin_redo, check_model

    # The same card may have been named twice.
    cards = list({summary.card.card_id: summary.card for summary in summaries}.values())
    if not redo and not any(ledger.pending_bytes(card)[0] for card in cards):
        running.note_outputs(ledger, settings)
        return Outcome()
    predictors = running.open_model(settings, say)
    info, thresholds = predictors[0].info, predictors[0].thresholds
    if redo:
        begun = begin_redo(ledger, info, thresholds)
        if begun is None:
            say("all files are being triaged again since an earlier run; it goes on")
        else:
            say(f"all {begun:,} files of the season are triaged again; reviews are kept")
        _tell_waiting(ledger, {card.card_id for card in cards}, say)
    check_model(ledger, info, thresholds)
    _tell_tiles(ledger, cards, predictors[0], settings, say)
    return running.triage(ledger, cards, predictors, settings, quiet=quiet, excel=excel, redo=redo)


def _tell_tiles(
    ledger: Ledger, cards: list[CardEntry], predictor: Predictor, settings: Settings, say: Talk
) -> None:
    """How long the pictures of drones will take: each is as much work as dozens of others."""
    from camtrap.engine.season import foretold

    for card in cards:
        if found := foretold(ledger, card, predictor, settings):
            say(f"card {card.name}: {found}; --no-drone looks at each as a whole")


def _tell_waiting(ledger: Ledger, given: set[int], say: Talk) -> None:
    """After `--redo`: which other cards of the season wait to be run."""
    for card in ledger.cards():
        waiting, _ = ledger.pending_bytes(card)
        if waiting and card.card_id not in given:
            say(f"  {waiting:,} files of card {card.name} wait for it: run it without --redo")


def _verify(
    ledger: Ledger, summaries: Sequence[CardSummary], say: Talk, *, only_new: bool = False
) -> None:
    """Compare every byte of files that were read before, or note the keys of the new ones."""
    from camtrap.engine.season import verify_card

    for summary in summaries:
        found = verify_card(ledger, summary.card, only_new=only_new)
        text = f"card {summary.card.name}: {found.same:,} files verified"
        if found.changed:
            text += f", {found.changed:,} hold other bytes than before, read again"
        if found.unread:
            text += f", {found.unread:,} could not be read this time"
        say(text)


def _reconcile(
    ledger: Ledger,
    summaries: Sequence[CardSummary],
    roots: Sequence[Path],
    ended: Outcome,
    say: Talk,
) -> list[Reconciliation]:
    """Count every card a second time, and say whether each of its files has a state."""
    from camtrap.ledger.reconcile import reconcile

    counts = []
    for summary, root in zip(summaries, roots, strict=True):
        found = reconcile(ledger, summary.card, root, run_id=ended.run_id)
        states = " + ".join(f"{count:,} {state}" for state, count in found.states.items())
        gone = f" - {found.gone:,} no longer on it" if found.gone else ""
        equals = "=" if found.is_balanced else "is not"
        say(f"card {found.card}: {found.on_card:,} files on it {equals} {states or 0}{gone}")
        counts.append(found)
    return counts


def _raise_if_unbalanced(counts: Sequence[Reconciliation]) -> None:
    from camtrap.ledger.reconcile import explain

    if wrong := [explain(found) for found in counts if not found.is_balanced]:
        raise SeasonError(" ".join(wrong))


def _tell_card(summary: CardSummary, say: Talk) -> None:
    listing = summary.listing
    text = f"card {summary.card.name}: {listing.new:,} new files"
    if listing.known:
        text += f", {listing.known:,} known from before"
    if listing.changed:
        text += f", {listing.changed:,} changed since, read again"
    if listing.again:
        text += f", {listing.again:,} that could not be read before, tried again"
    say(text)
    if not (listing.new or listing.changed or listing.again):
        say("  nothing new on it: no file that is done is read again")
    if summary.unlisted:
        say(f"  {summary.unlisted:,} folders could not be listed; see the warnings above")


def _foresee(cards: list[Path], as_json: bool, *, videos: bool) -> None:
    """Say how many files of which kind lie on the cards."""
    from camtrap.card.scan import scan

    said: list[dict[str, str | int]] = []
    for card in cards:
        count = Counter({"pictures": 0, "skipped": 0, "bytes": 0})
        for file in scan(card, videos=videos):
            count["skipped" if file.skip_reason else "pictures"] += 1
            count["bytes"] += file.size
        said.append({"card": str(card), **count})
        if not as_json:
            typer.echo(
                f"{card}: {count['pictures']:,} pictures, {count['skipped']:,} to be skipped, "
                f"{count['bytes'] / 1e6:,.0f} MB"
            )
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
