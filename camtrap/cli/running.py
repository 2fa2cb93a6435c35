"""What `run` and `retry` share: the model over what is pending, interrupts, and talk."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from camtrap.errors import CamtrapError

if TYPE_CHECKING:
    from camtrap.config import Settings
    from camtrap.ledger.rows import CardEntry
    from camtrap.ledger.store import Ledger
    from camtrap.vision.predictor import Predictor

log = logging.getLogger(__name__)

EXIT_SOME_UNREADABLE = 3
EXIT_INTERRUPTED = 130


class Talk:
    """Says things to a person, on standard error, unless told to be quiet; the log hears all."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, text: str) -> None:
        log.debug("said: %s", text)
        if not self._quiet:
            typer.echo(text, err=True)


class Outcome(NamedTuple):
    """How a triage ended: the number of its run, and whether a person interrupted it."""

    run_id: int | None = None
    interrupted: bool = False


@contextmanager
def writing_to(season: Path, **facts: Any) -> Iterator[None]:
    """Hold the season's lock and keep its log while the block runs; raises `SeasonError`."""
    from camtrap.ledger.lock import locked
    from camtrap.ledger.logbook import logbook

    with (
        locked(season, command_line()),
        logbook(season, {"command": command_line(), "season": str(season), **facts}),
    ):
        yield


def open_model(settings: Settings, say: Talk) -> list[Predictor]:
    """Load the model that the settings name, once a device."""
    from camtrap.vision.predictor import load_predictors

    predictors = load_predictors(
        settings.model,
        device=settings.device,
        backend=settings.backend,
        thresholds=settings.thresholds,
    )
    info = predictors[0].info
    say(f"model {info.name} {info.version}, {_told(predictors)}")
    log.debug("weights %s", info.sha256)
    return predictors


def triage(
    ledger: Ledger,
    cards: Sequence[CardEntry],
    predictors: list[Predictor],
    settings: Settings,
    *,
    quiet: bool,
    excel: bool = False,
    redo: bool = False,
) -> Outcome:
    """Run the model over what is pending on the cards; what is done before an error is exported."""
    from camtrap import __version__
    from camtrap.engine.progress import RunProgress
    from camtrap.engine.season import model_id, run_card
    from camtrap.outputs.season import write_all

    predictor = predictors[0]
    said = {
        "camtrap": __version__,
        "command": command_line(),
        "backend": _told(predictors),
        "model": {"id": model_id(predictor.info), "sha256": predictor.info.sha256},
        "thresholds": predictor.thresholds.as_dict(),
        "settings": settings.as_dict(),
        **({"redo": True} if redo else {}),
    }
    run_id = ledger.start_run(said)
    log.debug("run %d: %s", run_id, said)
    pending = [ledger.pending_bytes(card) for card in cards]
    files, size = (sum(column) for column in zip(*pending, strict=True))
    try:
        with interruptible() as stop, RunProgress(files, size, quiet=quiet) as progress:
            for card in cards:
                run_card(ledger, card, predictors, run_id, settings, stop=stop, progress=progress)
    except CamtrapError:
        write_all(ledger, settings, excel=excel)  # what was done before the error is worth having
        raise
    left = sum(ledger.pending_bytes(card)[0] for card in cards)
    if not left:
        ledger.finish_run(run_id)
    return Outcome(run_id, stop.is_set() and left > 0)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
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


def say_how_to_go_on(say: Talk) -> None:
    """After an interrupt: what is kept, and what to type."""
    say("Interrupted. What is done is kept; to continue, run the same command again:")
    say(f"  {command_line()}")


def unread(totals: Counter[Any]) -> int:
    """How many files could not be read."""
    from camtrap.records import State

    return totals[State.UNREADABLE] + totals[State.TRUNCATED]


def command_line() -> str:
    """What was typed, as a shell takes it."""
    import shlex

    return shlex.join(["camtrap", *sys.argv[1:]])


def _told(predictors: Sequence[Predictor]) -> str:
    """What runs the networks, for people: one backend, on as many devices as there are."""
    first, *more = (predictor.backend for predictor in predictors)
    return ", ".join([str(first), *(spec.device for spec in more)])
