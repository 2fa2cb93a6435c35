"""Decisions from the page into the ledger, and back out of it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import SeasonError
from camtrap.ledger import decisions
from camtrap.ledger.decisions import DecisionConflict, UnknownFile, Word
from camtrap.records import LABELS, UNSURE
from camtrap.review.answers import LARGEST_NUMBER, Refused, not_found, text_in
from camtrap.review.telling import reviewed_of

FILES_LIMIT = 100_000
"""Files of one decision; cattle that stay for days at a camera make one event."""

NAME_LENGTH, SPECIES_LENGTH, BATCH_LENGTH = 100, 200, 64


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of some files, each with the version that was on the screen."""

    reviewer: str
    files: Mapping[int, int]
    label: str
    species: str


def decision_of(said: Mapping[str, Any]) -> Decision:
    """The decision in a request; raises `Refused` with the field that cannot be used."""
    label = said.get("label")
    if label not in (*LABELS, UNSURE):
        raise Refused(400, "label", f"'label' is one of {', '.join((*LABELS, UNSURE))}.")
    return Decision(
        text_in(said, "reviewer", most=NAME_LENGTH, required=True),
        _files_in(said.get("files")),
        str(label),
        text_in(said, "species", most=SPECIES_LENGTH),
    )


def decide(season: Path, decision: Decision) -> dict[str, Any]:
    """Save a decision, and answer with what counts now.

    Raises `Refused`: 409 with the words of others, 404 for an unknown file, 503 when the ledger
    cannot be written.
    """
    try:
        done = decisions.decide(
            season,
            decision.files,
            decision.label,
            reviewer=decision.reviewer,
            species=decision.species,
        )
    except DecisionConflict as conflict:
        theirs = {str(number): _conflicting(word) for number, word in conflict.words.items()}
        raise Refused(409, "conflict", str(conflict), conflicts=theirs) from None
    except UnknownFile:
        raise not_found("such picture") from None
    except SeasonError as error:
        raise Refused(503, "ledger", str(error)) from error
    saved = {
        str(number): {**(reviewed_of(word) or {}), "version": word.version}
        for number, word in done.words.items()
    }
    return {"saved": saved, "batch": done.batch}


def undo(season: Path, said: Mapping[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Take back the last decision of a person; answers what counts now, and the files."""
    reviewer = text_in(said, "reviewer", most=NAME_LENGTH, required=True)
    batch = text_in(said, "batch", most=BATCH_LENGTH)
    try:
        done = decisions.undo(season, reviewer=reviewer, batch=batch)
    except SeasonError as error:
        raise Refused(503, "ledger", str(error)) from error
    undone = {
        str(number): {"version": word.version if word else 0, "reviewed": reviewed_of(word)}
        for number, word in done.words.items()
    }
    return {"undone": undone, "batch": done.batch}, sorted(done.words)


def _conflicting(word: Word | None) -> dict[str, Any]:
    nothing = {"label": "", "species": "", "by": "", "at": ""}
    return {**(reviewed_of(word) or nothing), "version": word.version if word else 0}


def _files_in(said: Any) -> dict[int, int]:
    if not isinstance(said, dict) or not 0 < len(said) <= FILES_LIMIT:
        raise Refused(400, "files", f"'files' names 1 to {FILES_LIMIT:,} files with versions.")
    files: dict[int, int] = {}
    for name, version in said.items():
        is_number = name.isascii() and name.isdigit() and len(name) < 19
        if not is_number or type(version) is not int or not 0 <= version <= LARGEST_NUMBER:
            raise Refused(400, "files", "'files' holds a file number with its version each.")
        files[int(name)] = version
    return files
