"""`camtrap run`: cards in, a season out."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camtrap.errors import CamtrapError

if TYPE_CHECKING:
    from camtrap.config import Settings
    from camtrap.engine.season import CardSummary
    from camtrap.ledger.store import Ledger
    from camtrap.vision.predictor import Predictor

EXIT_SOME_UNREADABLE = 3
EXIT_INTERRUPTED = 130


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
        typer.Option(help="auto, onnxruntime, openvino or torch. [default: the fastest here]"),
    ] = None,
    decoder: Annotated[
        str | None, typer.Option(help="Where JPEG is decoded: cpu or gpu. [default: cpu]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Pictures a batch. [default: as suits the device]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads. [default: one a processor core]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file (TOML).")
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=P", help="Replace one threshold, e.g. leopard=0.3"),
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
        thresholds=dict(map(parse_threshold, threshold or ())),
    )
    say = _Talk(quiet)
    if dry_run:
        _foresee(cards, as_json)
        return

    from camtrap.engine.progress import account
    from camtrap.engine.season import add_card, check_apart
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.season import write_all

    for card in cards:
        check_apart(out, card)
    with Ledger(out, create=True) as ledger:
        summaries = [add_card(ledger, card) for card in cards]
        for summary in summaries:
            _tell_card(summary, say)
        interrupted = False
        if any(ledger.pending_bytes(summary.card)[0] for summary in summaries):
            interrupted = _triage(ledger, summaries, settings, say, quiet=quiet, excel=excel)
        written = write_all(ledger, settings, excel=excel)
        totals = ledger.totals()
    if as_json:
        typer.echo(json.dumps({**written.account, "season": str(out)}, ensure_ascii=False))
    else:
        typer.echo(account(totals))
    for path in written.paths:
        say(f"wrote {path}")
    if interrupted:
        say("Interrupted. What is done is kept; to continue, run the same command again:")
        say(f"  {_command_line()}")
        raise typer.Exit(EXIT_INTERRUPTED)
    if _unread(totals) or any(summary.unlisted for summary in summaries):
        raise typer.Exit(EXIT_SOME_UNREADABLE)


def _triage(
    ledger: Ledger,
    summaries: list[CardSummary],
    settings: Settings,
    say: _Talk,
    *,
    quiet: bool,
    excel: bool,
) -> bool:
    """Run the model over what is pending; True when a person interrupted it."""
    from camtrap import __version__
    from camtrap.engine.progress import RunProgress
    from camtrap.engine.season import check_model, model_id, run_card
    from camtrap.outputs.season import write_all
    from camtrap.vision.predictor import load_predictors

    predictors = load_predictors(
        settings.model,
        device=settings.device,
        backend=settings.backend,
        thresholds=settings.thresholds,
    )
    predictor = predictors[0]
    say(f"model {predictor.info.name} {predictor.info.version}, {_told(predictors)}")
    check_model(ledger, predictor.info, predictor.thresholds)
    run_id = ledger.start_run(
        {
            "camtrap": __version__,
            "command": _command_line(),
            "backend": _told(predictors),
            "model": {"id": model_id(predictor.info), "sha256": predictor.info.sha256},
            "thresholds": predictor.thresholds.as_dict(),
            "settings": settings.as_dict(),
        }
    )
    pending = [ledger.pending_bytes(summary.card) for summary in summaries]
    files, size = (sum(column) for column in zip(*pending, strict=True))
    try:
        with (
            _interruptible() as stop,
            RunProgress(files, size, quiet=quiet) as progress,
        ):
            for summary in summaries:
                run_card(
                    ledger,
                    summary.card,
                    predictors,
                    run_id,
                    settings,
                    stop=stop,
                    progress=progress,
                )
    except CamtrapError:
        write_all(ledger, settings, excel=excel)  # what was done before the error is worth having
        raise
    left = sum(ledger.pending_bytes(summary.card)[0] for summary in summaries)
    if not left:
        ledger.finish_run(run_id)
    return stop.is_set() and left > 0


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Let the first Ctrl-C (or SIGTERM) finish what is in flight, and a second one stop at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, on_signal) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _told(predictors: Sequence[Predictor]) -> str:
    """What runs the networks, for people: one backend, on as many devices as there are."""
    first, *more = (predictor.backend for predictor in predictors)
    return ", ".join([str(first), *(spec.device for spec in more)])


class _Talk:
    """Says things to a person, on standard error, unless told to be quiet."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, text: str) -> None:
        if not self._quiet:
            typer.echo(text, err=True)


def _tell_card(summary: CardSummary, say: _Talk) -> None:
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


def _foresee(cards: list[Path], as_json: bool) -> None:
    """Say how many files of which kind lie on the cards."""
    from camtrap.card.scan import scan

    said: list[dict[str, str | int]] = []
    for card in cards:
        count = Counter({"pictures": 0, "skipped": 0, "bytes": 0})
        for file in scan(card):
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


def _unread(totals: Counter[Any]) -> int:
    from camtrap.records import State

    return totals[State.UNREADABLE] + totals[State.TRUNCATED]


def _command_line() -> str:
    import shlex

    return shlex.join(["camtrap", *sys.argv[1:]])
