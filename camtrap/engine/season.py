"""A whole run: cards into a season, with the ledger kept true at every moment.

Scan, register, triage what is pending, commit as results come, and say how every file ended.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from camtrap import __version__
from camtrap.card.scan import scan
from camtrap.config import Settings
from camtrap.engine.local import Result, triage_files
from camtrap.engine.progress import RunProgress
from camtrap.errors import CamtrapError, SeasonError
from camtrap.ledger.duplicates import KnownContent
from camtrap.ledger.listing import ListingCount
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.store import Ledger
from camtrap.pixels.decode import Decode, decode_frame
from camtrap.records import ImageFile
from camtrap.vision.calibration import Thresholds
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Predictor

log = logging.getLogger(__name__)

COMMIT_FILES = 64
COMMIT_SECONDS = 2.0
"""Results are committed after so many files or so long, whichever comes first."""

_SAMPLE = 500  # so many files of a card are compared to recognise it


@dataclass(frozen=True, slots=True)
class CardSummary:
    """What registering one card found, and how many of its folders could not be listed."""

    card: CardEntry
    listing: ListingCount
    unlisted: int


def check_apart(season: Path, card: Path) -> None:
    """Raise `SeasonError` when a season lies on a card; to be asked before the season is made."""
    folder = _folder(card.resolve())
    if season.resolve().is_relative_to(folder):
        raise SeasonError(
            f"The season {season} lies on the card {folder}, and nothing is ever written to a "
            "card. Choose a folder elsewhere with --out."
        )


def add_card(ledger: Ledger, root: Path) -> CardSummary:
    """Enter a card's files into the ledger; raises `CardError` when the card cannot be listed.

    A card is recognised by its files, not by its place: another card in the same reader is a new
    card, and the same card under another drive letter is the old one.
    """
    check_apart(ledger.season, root)
    root = root.resolve()
    unlisted: list[Path] = []

    def note(path: Path, error: OSError) -> None:
        log.warning("%s cannot be listed: %s", path, error.strerror or error)
        unlisted.append(path)

    files = scan(root, on_error=note)
    first = list(islice(files, _SAMPLE))
    root = _folder(root)
    card = recognise(ledger, root, first) or ledger.add_card(card_name(root), root)
    listing = ledger.register(card, chain(first, files))
    return CardSummary(card, listing, len(unlisted))


def recognise(ledger: Ledger, root: Path, first: Sequence[ImageFile]) -> CardEntry | None:
    """The season's card that this is, if any.

    In the same place one file that is known is enough, elsewhere half of them must be; a card
    without files is the one that lay there before. Of cards that share equally many files, the one
    that lay there is taken.
    """
    if not first:
        return next((card for card in ledger.cards() if card.root == root), None)
    best: tuple[int, CardEntry] | None = None
    for card in sorted(ledger.cards(), key=lambda card: card.root != root):
        known = ledger.count_known(card, first)
        if card.root == root and known == len(first):
            return card  # no other shares more, and a season may hold hundreds
        enough = known > 0 if card.root == root else 2 * known >= len(first)
        if enough and (best is None or known > best[0]):
            best = known, card
    if best is None:
        return None
    card = best[1]
    return card if card.root == root else ledger.move_card(card, root)


def _folder(root: Path) -> Path:
    """A single picture may stand for a card: then its folder is the card."""
    return root.parent if root.is_file() else root


def card_name(root: Path) -> str:
    """The folder's name; for the root of a drive its letter."""
    return root.name or root.drive.strip(":\\/") or "card"


def run_card(
    ledger: Ledger,
    card: CardEntry,
    predictor: Predictor | Sequence[Predictor],
    run_id: int,
    settings: Settings,
    *,
    stop: threading.Event,
    progress: RunProgress,
) -> None:
    """Triage a card's pending files and commit the results as they come."""
    with (
        KnownContent(ledger.season) as known,
        # Closed before `known` is, whatever happens: its workers ask until they have ended.
        closing(
            triage_files(
                ledger.pending(card),
                predictor,
                workers=settings.workers,
                batch_size=settings.batch_size,
                stop=stop,
                is_known=known,
                decode=decoder_of(settings, predictor),
            )
        ) as results,
    ):
        for batch in _timed_batches(results):
            for (file, _), stored in zip(batch, ledger.record(card, run_id, batch), strict=True):
                progress.advance(stored.state, file.size)


def decoder_of(settings: Settings, predictor: Predictor | Sequence[Predictor]) -> Decode:
    """What decodes pictures; raises `ModelError` where a GPU is to do it and there is none."""
    if settings.decoder == "cpu":
        return decode_frame
    from camtrap.pixels.gpu import gpu_decoder

    first = predictor if isinstance(predictor, Predictor) else predictor[0]
    return gpu_decoder(first.backend.device)


def _timed_batches(results: Iterator[Result]) -> Iterator[list[Result]]:
    """Gather results for one commit; what was gathered is yielded even when the source fails."""
    batch: list[Result] = []
    last = time.monotonic()
    try:
        for result in results:
            batch.append(result)
            if len(batch) >= COMMIT_FILES or time.monotonic() - last >= COMMIT_SECONDS:
                yield batch
                batch, last = [], time.monotonic()
    except CamtrapError:
        # A vanished card or a failing model ends the run, but not what was done before.
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def check_model(ledger: Ledger, info: ModelInfo, thresholds: Thresholds) -> None:
    """Never mix results of two models or two sets of thresholds unseen; raises `SeasonError`."""
    for run in ledger.runs():
        if not run["files"]:
            continue  # it failed before its first result, which binds nobody
        model = run["settings"]["model"]
        if run["settings"]["thresholds"] != thresholds.as_dict():
            raise SeasonError(
                f"This season was triaged with the thresholds {run['settings']['thresholds']}, "
                f"and now they are {thresholds.as_dict()}. Keep to the first, or begin a new "
                "season (--out)."
            )
        if model["sha256"] != info.sha256:
            raise SeasonError(
                f"This season was triaged with the model {model['id']}, and '{model_id(info)}' is "
                "another. Keep to that model (--model), or begin a new season (--out)."
            )


def model_id(info: ModelInfo) -> str:
    """The model as tables name it: `camtrap 0.1.0 (amur 2026.11)`."""
    return f"camtrap {__version__} ({info.name} {info.version})"
