"""Labelled pictures from a season: what people said of its files, never what a model said."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from camtrap.errors import DataError
from camtrap.events import names
from camtrap.events.frames import Frame, placing
from camtrap.imports.said import Truth
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import MISSING, Gathering, Pictures
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.records import UNSURE


def read_season(season: Path, pictures: Path | None = None) -> list[Sample]:
    """Every reviewed file of a season with the newest label that a person gave it.

    The group is the station where the season's `stations.csv` knows it, else the card and the
    station's folder on it; times are corrected. Pictures are looked for where their card
    lay last, or, with `pictures`, in the card's folder there or directly there.

    Raises `DataError` when nobody has reviewed anything, or no reviewed picture is found.
    """
    with Ledger(season) as ledger:
        placed = placing(ledger)
    said = placed.reviews or {}
    if not said:
        raise DataError(
            f"The season {season} holds no people's labels yet, and a model's own are no truth to "
            f"learn from. Give labelled pictures as a manifest or as folders named by label."
        )
    gathering = Gathering(season, season.resolve().name)
    with Ledger(season) as ledger:
        for frame in placed.frames(ledger):
            if frame.review is not None:
                _take(gathering, frame, said, pictures)
    return gathering.samples()


def _take(gathering: Gathering, frame: Frame, said: Collection[int], pictures: Path | None) -> None:
    entry, review = frame.entry, frame.review
    assert review is not None
    path = _find(entry, pictures)
    if review.label == UNSURE:
        gathering.leave_out("the person was unsure as well")
    elif entry.duplicate_of in said:
        gathering.leave_out("the same content as another reviewed picture")
    elif path is None:
        gathering.leave_out(f"{MISSING}; is its card plugged in?")
    else:
        place = frame.station_id if frame.deployment else frame.deployment_id
        gathering.add(
            path,
            names.file_path(entry),
            Truth(review.label, review.species, ()),
            camera=frame.deployment_id,
            group=f"{gathering.source} {place}",
            taken_at=frame.taken_at if frame.dated else None,
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
