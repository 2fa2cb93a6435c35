"""Labelled pictures from a season: what people said of its files, never what a model said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from camtrap.errors import DataError
from camtrap.events import names
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import MISSING, Gathering, Pictures, Truth
from camtrap.ledger.reviews import Review, reviews
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.records import UNSURE


def read_season(season: Path, pictures: Path | None = None) -> list[Sample]:
    """Every reviewed file of a season with the newest label that a person gave it.

    The group is the card and the station's folder on it. Pictures are looked for where their card
    lay last, or, with `pictures`, in the card's folder there or directly there.

    Raises `DataError` when nobody has reviewed anything, or no reviewed picture is found.
    """
    said = reviews(season)
    if not said:
        raise DataError(
            f"The season {season} holds no people's labels yet, and a model's own are no truth to "
            f"learn from. Give labelled pictures as a manifest or as folders named by label."
        )
    gathering = Gathering(season, season.resolve().name)
    with Ledger(season) as ledger:
        for entry in ledger.entries():
            if review := said.get(entry.file_id):
                _take(gathering, entry, review, said, pictures)
    return gathering.samples()


def _take(
    gathering: Gathering,
    entry: Entry,
    review: Review,
    said: Mapping[int, Review],
    pictures: Path | None,
) -> None:
    path = _find(entry, pictures)
    if review.label == UNSURE:
        gathering.leave_out("the person was unsure as well")
    elif entry.duplicate_of in said:
        gathering.leave_out("the same content as another reviewed picture")
    elif path is None:
        gathering.leave_out(f"{MISSING}; is its card plugged in?")
    else:
        dated = entry.capture.timestamp_source != "modified"
        deployment = names.deployment_id(entry)
        gathering.add(
            path,
            names.file_path(entry),
            Truth(review.label, review.species, ()),
            camera=deployment,
            group=f"{gathering.source} {deployment}",
            taken_at=entry.capture.taken_at if dated else None,
            modality=_modality(entry.infrared),
        )


def _find(entry: Entry, pictures: Path | None) -> Path | None:
    if pictures is None:
        return entry.path if entry.path.is_file() else None
    return Pictures(pictures).find(names.file_path(entry), entry.relative_path)


def _modality(infrared: bool | None) -> str:
    if infrared is None:
        return ""
    return "night_ir" if infrared else "day"
