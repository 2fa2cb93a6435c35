"""Labelled pictures looked up in a season, by their paths.

Truth and season name a picture from different folders on: `images/ST01/a.jpg` in a manifest may be
`ST01/a.jpg` of the card `images`, or `a.jpg` of the card `ST01`. A path that ends as the other does
means the same picture; where two would fit, nothing is guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from camtrap.errors import DataError
from camtrap.events import names
from camtrap.learn.dataset import Sample
from camtrap.learn.evaluation.judged import Answers, Judged, ModelNote
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.records import State

SAME_FILE, SAME_TAIL, SAME_TAIL_OF_CARD = 3, 2, 1
"""How well an entry fits a labelled picture; a better fit beats all worse ones."""

_SHOWN = 3


@dataclass(slots=True)
class _Fit:
    """The best entries so far for one labelled picture."""

    rank: int = 0
    entries: list[Entry] = field(default_factory=list)


def read_season(season: Path, samples: Sequence[Sample]) -> Answers:
    """What a season says of labelled pictures, in the order of `samples`.

    A duplicate speaks with its original's voice. Raises `SeasonError` when the season cannot be
    read, and `DataError` when two files fit a picture, or none fits any.
    """
    with Ledger(season) as ledger:
        found = match(samples, ledger.entries())
        originals = _originals(ledger, found)
        model = _model(ledger, season)
    if not found:
        raise DataError(
            f"None of the {len(samples):,} labelled pictures is in the season {season}. "
            "Triage them with 'camtrap run', or name the pictures' folder instead of a season."
        )
    judged = [
        _judged(samples[number], entry, originals.get(entry.duplicate_of or 0, entry))
        for number, entry in sorted(found.items())
    ]
    missing = [sample for number, sample in enumerate(samples) if number not in found]
    return Answers(judged, missing, model)


def match(samples: Sequence[Sample], entries: Iterable[Entry]) -> dict[int, Entry]:
    """The entry of each labelled picture, by its place in `samples`; those without are left out.

    Memory goes by the samples, not by the season. Raises `DataError` when several fit equally well.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, sample in enumerate(samples):
        by_name[_parts(sample.file)[-1]].append(number)
    places = [{sample.path.absolute(), sample.path.resolve()} for sample in samples]
    fits: dict[int, _Fit] = defaultdict(_Fit)
    for entry in entries:
        for number in by_name.get(entry.relative_path.rsplit("/", 1)[-1], ()):
            if entry.path in places[number]:
                rank = SAME_FILE
            else:
                rank = fit_of(samples[number].file, entry)
            if not rank or rank < fits[number].rank:
                continue
            if rank > fits[number].rank:
                fits[number] = _Fit(rank)
            fits[number].entries.append(entry)
    fits = {number: fit for number, fit in fits.items() if fit.entries}
    _refuse_several(samples, fits)
    return _one_each(samples, fits)


def fit_of(file: str, entry: Entry) -> int:
    """How well a path of the truth fits an entry; 0 when it does not."""
    wanted = _parts(file)
    if _same_tail(wanted, _parts(names.file_path(entry))):
        return SAME_TAIL
    # A card is called after its folder, which may have had another name when it was labelled. A
    # file's name alone would be too little then: cameras number their pictures alike.
    on_card = _parts(entry.relative_path)
    if len(on_card) > 1 and _same_tail(wanted, on_card):
        return SAME_TAIL_OF_CARD
    return 0


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]


def _same_tail(one: Sequence[str], other: Sequence[str]) -> bool:
    length = min(len(one), len(other))
    return length > 0 and list(one[-length:]) == list(other[-length:])


def _refuse_several(samples: Sequence[Sample], fits: Mapping[int, _Fit]) -> None:
    several = {number: fit for number, fit in fits.items() if len(fit.entries) > 1}
    if several:
        number, fit = next(iter(several.items()))
        shown = ", ".join(names.file_path(entry) for entry in fit.entries[:_SHOWN])
        raise DataError(
            f"{len(several):,} labelled pictures fit several files of the season: "
            f"{samples[number].file} may be any of {shown}. "
            "Name the files in the truth with the card's folder in front."
        )


def _one_each(samples: Sequence[Sample], fits: Mapping[int, _Fit]) -> dict[int, Entry]:
    """Give each entry to the picture that it fits best; raises `DataError` on a tie."""
    claims: dict[int, list[int]] = defaultdict(list)
    for number, fit in fits.items():
        claims[fit.entries[0].file_id].append(number)
    found: dict[int, Entry] = {}
    for numbers in claims.values():
        best = max(fits[number].rank for number in numbers)
        winners = [number for number in numbers if fits[number].rank == best]
        entry = fits[winners[0]].entries[0]
        if len(winners) > 1:
            shown = ", ".join(samples[number].file for number in winners[:_SHOWN])
            raise DataError(
                f"Several labelled pictures fit the one file {names.file_path(entry)} of the "
                f"season: {shown}. Name each file once, with the card's folder in front."
            )
        found[winners[0]] = entry
    return found


def _originals(ledger: Ledger, found: Mapping[int, Entry]) -> dict[int, Entry]:
    """The entries that duplicates among those found repeat, by file id."""
    wanted = {entry.duplicate_of for entry in found.values() if entry.state is State.DUPLICATE}
    if not wanted:
        return {}
    return {entry.file_id: entry for entry in ledger.entries() if entry.file_id in wanted}


def _judged(sample: Sample, entry: Entry, says: Entry) -> Judged:
    return Judged(
        # The card may lie where the truth's own copy no longer does, or the other way round.
        sample=sample if sample.path.is_file() else replace(sample, path=entry.path),
        state=says.state,
        chances=says.probabilities,
        detections=says.detections,
        infrared=says.infrared,
        reason=says.reason,
    )


def _model(ledger: Ledger, season: Path) -> ModelNote:
    runs = [run for run in ledger.runs() if run["files"]]
    if not runs:
        raise DataError(
            f"No picture of the season {season} was looked at yet. "
            "Run 'camtrap run' to its end first."
        )
    said = runs[-1]["settings"]
    return ModelNote(said["model"]["id"], said["model"]["sha256"], said["thresholds"])
