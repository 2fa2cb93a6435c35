"""A whole run: cards into a season, with the ledger kept true at every moment.

Scan, register, triage what is pending, commit as results come, and say how every file ended.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.batches import in_batches
from camtrap.card.content import content_key, is_content_of
from camtrap.card.scan import scan
from camtrap.config import Settings
from camtrap.engine.local import Result
from camtrap.engine.looking import tiling_of, triaged
from camtrap.engine.progress import RunProgress
from camtrap.engine.stages import read_file
from camtrap.engine.tiling import Forecast, forecast
from camtrap.errors import CamtrapError, SeasonError, UnreadablePicture
from camtrap.ledger.again import failed, note_full_keys, read_before, redo, start_again
from camtrap.ledger.duplicates import KnownContent
from camtrap.ledger.listing import ListingCount
from camtrap.ledger.rows import CardEntry
from camtrap.ledger.store import Ledger
from camtrap.records import ImageFile, Prediction
from camtrap.vision.calibration import Thresholds
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Predictor
from camtrap.vision.tiled import GPU_TILES

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


def add_card(ledger: Ledger, root: Path, *, videos: bool = False) -> CardSummary:
    """Enter a card's files into the ledger; raises `CardError` when the card cannot be listed.

    A card is recognised by its files, not by its place: another card in the same reader is a new
    card, and the same card under another drive letter is the old one. `videos` is that of `scan`.
    """
    check_apart(ledger.season, root)
    root = root.resolve()
    unlisted: list[Path] = []

    def note(path: Path, error: OSError) -> None:
        log.warning("%s cannot be listed: %s", path, error.strerror or error)
        unlisted.append(path)

    files = scan(root, videos=videos, on_error=note)
    first = list(islice(files, _SAMPLE))
    root = _folder(root)
    card = recognise(ledger, root, first) or ledger.add_card(card_name(root), root)
    listing = ledger.register(card, chain(first, files))
    return CardSummary(card, listing, len(unlisted))


def recognise(ledger: Ledger, root: Path, first: Sequence[ImageFile]) -> CardEntry | None:
    """The season's card that this is, if any.

    In the same place one file that is known is enough, elsewhere half of them must be; a card
    without files is the one that lay there before. Of cards that share equally many files, the one
    that lay there is taken. A card that was entered there and has no file yet is the one whose
    listing was interrupted.
    """
    if not first:
        return ledger.card_at(root)
    known = ledger.sharing(first)
    best: CardEntry | None = None
    for card in sorted(ledger.cards_numbered(known), key=lambda card: card.root != root):
        enough = card.root == root or 2 * known[card.card_id] >= len(first)
        if enough and (best is None or known[card.card_id] > known[best.card_id]):
            best = card
    if best is None:
        return ledger.card_at(root, without_files=True)
    return best if best.root == root else ledger.move_card(best, root)


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
    noticed: Callable[[Sequence[Prediction]], None] | None = None,
) -> None:
    """Triage a card's pending files and commit the results as they come.

    `noticed` is told what was stored after each commit.
    """
    with (
        KnownContent(ledger.season) as known,
        # Closed before `known` is, whatever happens: its workers ask until they have ended.
        closing(
            triaged(ledger.pending(card), predictor, settings, stop=stop, is_known=known)
        ) as results,
    ):
        for batch in _timed_batches(results):
            stored = ledger.record(card, run_id, batch)
            for (file, _), said in zip(batch, stored, strict=True):
                progress.advance(said.state, file.size)
            if noticed is not None:
                noticed(stored)


def foretold(
    ledger: Ledger, card: CardEntry, predictor: Predictor, settings: Settings
) -> Forecast | None:
    """How long a card's large pictures will take, told from a few; None where none are seen.

    Raises `CardError` when the card has vanished.
    """
    tiling = tiling_of(settings)
    count, _ = ledger.pending_bytes(card)
    return forecast(
        list(islice(ledger.pending(card), _SAMPLE)),
        count,
        tiling,
        lambda tiles: predictor.from_above.first_look(tiles),  # loaded for large pictures alone
        batch=1 if predictor.default_batch_size == 1 else GPU_TILES,
        workers=settings.workers or os.cpu_count() or 1,
    )


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
            continue  # it failed before its first result, or was done again, and binds nobody
        model = run["settings"]["model"]
        if run["settings"]["thresholds"] != thresholds.as_dict():
            raise SeasonError(
                f"This season was triaged with the thresholds {run['settings']['thresholds']}, "
                f"and now they are {thresholds.as_dict()}. Keep to the first, triage all of its "
                "files again (--redo; reviews are kept), or begin a new season (--out)."
            )
        if not is_same_model(model, info):
            raise SeasonError(
                f"This season was triaged with the model {model['id']}, and '{model_id(info)}' is "
                "another. Keep to that model (--model), triage all of its files again (--redo; "
                "reviews are kept), or begin a new season (--out)."
            )


def begin_redo(ledger: Ledger, info: ModelInfo, thresholds: Thresholds) -> int | None:
    """Make all files of the season pending again; returns how many.

    None when this very redo has begun already and has not ended: the same command then continues,
    and does not begin once more. People's reviews stay. Raises `SeasonError`.
    """
    for run in reversed(ledger.run_notes()):
        if run["finished_at"] is not None:
            break
        said = run["settings"]
        if said.get("redo"):
            if is_same_model(said["model"], info) and said["thresholds"] == thresholds.as_dict():
                return None
            break
    return redo(ledger)


@dataclass(frozen=True, slots=True)
class VerifyCount:
    """Of a card's files that were read before: how many hold the same bytes, and how many others.

    `unread` could not be read this time; what was said of them stands.
    """

    same: int = 0
    changed: int = 0
    unread: int = 0


def verify_card(ledger: Ledger, card: CardEntry, *, only_new: bool = False) -> VerifyCount:
    """Read every file of a card that was read before, and compare all of its bytes.

    One that holds other bytes under the same size and time becomes pending. The key of all bytes is
    noted where there was none; until then only what the older key was made of can be compared.
    `only_new` looks only at files without such a key. Raises `CardError` when the card vanishes.
    """
    count: Counter[str] = Counter()
    for batch in in_batches(read_before(ledger, card), COMMIT_FILES):
        changed: list[ImageFile] = []
        noted: list[tuple[ImageFile, str]] = []
        for file, short, full in batch:
            if (only_new and full) or not file.path.exists():
                continue
            try:
                data = read_file(file)
            except UnreadablePicture as error:
                log.warning("%s cannot be verified: %s", file.path, error)
                count["unread"] += 1
                continue
            if not is_content_of(full or short, data):
                log.info("%s holds other bytes than before", file.path)
                changed.append(file)
                continue
            count["same"] += 1
            if not full:
                noted.append((file, content_key(data, full=True)))
        count["changed"] += len(changed)
        if noted:
            note_full_keys(ledger, card, noted)
        if changed:
            start_again(ledger, card, changed, same_bytes=False)
    return VerifyCount(**count)


@dataclass(frozen=True, slots=True)
class RetryCount:
    """Failed files of a card: those that wait to be tried again, and those that are not there.

    The latter have vanished or are others by now: to read them under the old name would be wrong.
    """

    again: int = 0
    away: int = 0


def count_failed(ledger: Ledger, card: CardEntry) -> RetryCount:
    """Which failed files lie where the card was last seen; another card may be there by now."""
    there = Counter(_is_as_known(file) for file in failed(ledger, card))
    return RetryCount(there[True], there[False])


def retry_card(ledger: Ledger, card: CardEntry) -> None:
    """Make the failed files of a card pending that lie where it was last seen."""
    for batch in in_batches(failed(ledger, card), _SAMPLE):
        start_again(ledger, card, [file for file in batch if _is_as_known(file)], same_bytes=True)


def _is_as_known(file: ImageFile) -> bool:
    try:
        status = file.path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified_ns)


def model_note(info: ModelInfo) -> dict[str, Any]:
    """What a run notes of its model, as plain values: its name, and the key of all its weights."""
    parts = {role: part["sha256"] for role, part in sorted(info.parts.items())}
    return {"id": model_id(info), "sha256": info.sha256, "parts": parts}


def is_same_model(noted: Mapping[str, Any], info: ModelInfo) -> bool:
    """True when a run's note is of these very weights, those of the parts included.

    Runs of the first versions noted no parts, which are not compared then.
    """
    now = model_note(info)
    return {**now, **noted, "id": ""} == {**now, "id": ""}


def model_id(info: ModelInfo) -> str:
    """The model as tables name it: `camtrap 0.1.0 (amur 2026.11)`."""
    return f"camtrap {__version__} ({info.name} {info.version})"
