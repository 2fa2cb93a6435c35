"""What `run` and `retry` share: the model over what is pending, interrupts, and talk."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from camtrap.errors import CamtrapError

if TYPE_CHECKING:
    from camtrap.config import Settings
    from camtrap.ledger.rows import CardEntry
    from camtrap.ledger.store import Ledger
    from camtrap.outputs.season import Written
    from camtrap.vision.predictor import Predictor

log = logging.getLogger(__name__)

# What bears on outputs alone, and nothing on what a model says of a picture.
_OF_OUTPUTS = ("event_gap_minutes", "event_rule", "burst_gap_seconds", "static", "language")

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
def writing_to(season: Path, say: Talk, **facts: Any) -> Iterator[None]:
    """Hold the season's lock and keep its log while the block runs; raises `SeasonError`.

    A Ctrl-C that nobody else waits for ends the command, and says how to go on.
    """
    from camtrap.ledger.lock import locked
    from camtrap.ledger.logbook import logbook

    try:
        with (
            locked(season, command_line()),
            logbook(season, {"command": command_line(), "season": str(season), **facts}),
        ):
            yield
    except KeyboardInterrupt:
        say_how_to_go_on(say)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def settings_of_last_run(ledger: Ledger, **given: Any) -> Settings:
    """The settings of the season's last run, but for what is given (None means not given).

    A language that the environment names stands over that of the run, as it does in a run.
    """
    from camtrap.config import named_language

    settings = _stored(ledger.run_notes())
    given = {"language": named_language(), **given}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _stored(notes: Sequence[Mapping[str, Any]]) -> Settings:
    """The settings of the last of a ledger's runs; those that it does not know are the defaults."""
    from camtrap.config import Settings

    stored = notes[-1]["settings"].get("settings", {}) if notes else {}
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in stored.items() if name in known})


def note_outputs(ledger: Ledger, settings: Settings) -> None:
    """Note a run that triages nothing, where it wants other outputs than the run before it.

    Else `camtrap events` would go back to what that one wanted. What is told of the model stays the
    same, and so does whether the run before has ended: one that has not is still to be continued.
    """
    notes = ledger.run_notes()
    if not notes:
        return
    last, before = notes[-1], _stored(notes)
    after = replace(before, **{name: getattr(settings, name) for name in _OF_OUTPUTS})
    if after == before:
        return
    said = {**last["settings"], "command": command_line(), "settings": after.as_dict()}
    run_id = ledger.start_run(said)
    if last["finished_at"] is not None:
        ledger.finish_run(run_id)


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
    from camtrap.engine.season import model_note, run_card
    from camtrap.outputs.leopards_page import LivePage

    predictor = predictors[0]
    said = {
        "camtrap": __version__,
        "command": command_line(),
        "backend": _told(predictors),
        "model": model_note(predictor.info),
        "thresholds": predictor.thresholds.as_dict(),
        "settings": settings.as_dict(),
        **({"redo": True} if redo else {}),
    }
    run_id = ledger.start_run(said)
    log.debug("run %d: %s", run_id, said)
    pending = [ledger.pending_bytes(card) for card in cards]
    files, size = (sum(column) for column in zip(*pending, strict=True))
    try:
        with (
            interruptible() as stop,
            RunProgress(files, size, quiet=quiet) as progress,
            LivePage(
                ledger, predictor.thresholds.as_dict()["doubt"], language=settings.language
            ) as live,
        ):
            for card in cards:
                run_card(
                    ledger,
                    card,
                    predictors,
                    run_id,
                    settings,
                    stop=stop,
                    progress=progress,
                    noticed=live.note,
                )
    except CamtrapError:
        write_what_is_done(ledger, settings, excel=excel)
        raise
    left = sum(ledger.pending_bytes(card)[0] for card in cards)
    if not left:
        ledger.finish_run(run_id)
    return Outcome(run_id, stop.is_set() and left > 0)


def write_outputs(
    ledger: Ledger,
    settings: Settings,
    *,
    excel: bool = False,
    anew: bool = False,
    grid: float | None = None,
) -> Written:
    """Write what the season is made of for people, or nothing where all of it is still true.

    With `anew`, all of it is written whatever is true, and with `grid` what may go out as well.
    Raises `SeasonError` when it cannot be written.
    """
    from camtrap.events.frames import placing
    from camtrap.ledger.exported import fingerprint, note, still_true
    from camtrap.outputs.flights import terrain_stamp
    from camtrap.outputs.season import Written, write_all

    placed = placing(ledger)
    said = {**settings.as_dict(), "excel": excel, "field notes": repr(placed.notes)}
    said["terrain"] = terrain_stamp(ledger.season)
    made_of = fingerprint(ledger, said)
    account = still_true(ledger, made_of)
    if account is not None and not anew:
        log.debug("the outputs are still true")
        return Written((), account)
    written = write_all(ledger, settings, placed, excel=excel, grid=grid)
    note(ledger, made_of, written.paths, written.account)
    return written


def write_what_is_done(ledger: Ledger, settings: Settings, *, excel: bool = False) -> None:
    """Write the outputs after an error, which is to be told whether or not they can be written."""
    try:
        write_outputs(ledger, settings, excel=excel)
    except CamtrapError as error:
        log.warning("After the error: %s", error)


def say_written(written: Written, say: Talk) -> None:
    """Which outputs were written, or that there was no need."""
    for path in written.paths:
        say(f"wrote {path}")
    if not written.paths:
        say("nothing has changed: tables and pages are as they were")


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
