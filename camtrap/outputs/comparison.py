"""Two voices on one season: the model, people, or what was imported; where they agree, and not.

A voice is a name: `camtrap` is the ledger's own model, `people` are reviews, and all others were
imported (`camtrap import`). Files that repeat another are left out, so that no picture counts
twice.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from camtrap.errors import SeasonError
from camtrap.events import names
from camtrap.events.frames import Frame, Placing, placing
from camtrap.imports.bring import CAMTRAP, PEOPLE
from camtrap.ledger.observations import Observation, Observations, boxes_text, sources
from camtrap.ledger.store import Ledger
from camtrap.outputs.agreement import Pairs, differ, figures, share_dict
from camtrap.outputs.tables import rounded
from camtrap.records import State

Ask = Callable[[Frame], Observation | None]

_WORST = {"leopard": 0, "person": 1, "vehicle": 1, "empty": 2}


@dataclass(frozen=True, slots=True)
class Difference:
    """A picture on which the two do not agree."""

    frame: Frame
    first: Observation
    second: Observation

    @property
    def rank(self) -> tuple[int, str]:
        """Leopards first, then people and vehicles, then what is empty to one of them."""
        worst = min(_WORST.get(one.label, 3) for one in (self.first, self.second))
        return worst, names.file_path(self.frame.entry)


@dataclass(slots=True)
class Comparison:
    """What came of it. `alone` counts the pictures on which only the first or the second spoke.

    `shown` are the worst of `differences`.
    """

    first: str
    second: str
    pairs: Pairs = field(default_factory=Pairs)
    stations: dict[str, Pairs] = field(default_factory=lambda: defaultdict(Pairs))
    alone: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    differences: int = 0
    shown: list[Difference] = field(default_factory=list)


def voice(ledger: Ledger, name: str) -> Ask:
    """What a name says of a frame; raises `SeasonError` when nobody of that name was imported."""
    if name == CAMTRAP:
        return _model
    if name == PEOPLE:
        return _people
    known = {source.name for source in sources(ledger)}
    if name not in known:
        told = ", ".join((CAMTRAP, PEOPLE, *sorted(known)))
        raise SeasonError(
            f"Nothing was imported as '{name}'. There is: {told}. Bring others in with "
            f"'camtrap import {ledger.season} FILE'."
        )
    observations = Observations(ledger, name)
    return lambda frame: observations.of(frame.entry.file_id)


def compare(
    ledger: Ledger,
    first: str,
    second: str,
    *,
    placed: Placing | None = None,
    show: int = 0,
    on_difference: Callable[[Difference], None] | None = None,
) -> Comparison:
    """Go over the season once; `show` of the worst differences are kept, and all are told.

    Raises `SeasonError` for a name that nobody has, or where both never spoke of one picture.
    """
    ask_first, ask_second = voice(ledger, first), voice(ledger, second)
    found = Comparison(first, second)
    differences = _differences(ledger, ask_first, ask_second, found, placed or placing(ledger))
    if on_difference is not None:
        differences = _told(differences, on_difference)
    # Memory stays at those that are shown; a season may hold a million.
    found.shown = heapq.nsmallest(max(show, 1), differences, key=attrgetter("rank"))[:show]
    if not found.pairs.total:
        raise SeasonError(
            f"{first} and {second} have said nothing of the same picture ({found.alone['first']:,} "
            f"by {first} alone, {found.alone['second']:,} by {second} alone)."
        )
    return found


def _differences(
    ledger: Ledger, ask_first: Ask, ask_second: Ask, found: Comparison, placed: Placing
) -> Iterator[Difference]:
    """The pictures on which two differ; all that is counted is counted on the way."""
    for frame in placed.frames(ledger):
        if frame.entry.state == State.DUPLICATE:
            found.repeated += 1
            continue
        one, other = ask_first(frame), ask_second(frame)
        if one is None or other is None:
            if one is not None or other is not None:
                found.alone["first" if one is not None else "second"] += 1
            continue
        found.pairs.add(one.label, other.label)
        found.stations[frame.station_id].add(one.label, other.label)
        if differ(one.label, other.label):
            found.differences += 1
            yield Difference(frame, one, other)


def _told(
    differences: Iterator[Difference], on_difference: Callable[[Difference], None]
) -> Iterator[Difference]:
    for each in differences:
        on_difference(each)
        yield each


def _model(frame: Frame) -> Observation | None:
    entry = frame.entry
    if not entry.state.is_label:
        return None
    boxes = boxes_text((one.label, one.confidence, one.box) for one in entry.detections)
    return Observation(entry.state.value, "", entry.confidence, boxes)


def _people(frame: Frame) -> Observation | None:
    review = frame.review
    return None if review is None else Observation(review.label, review.species, raw=review.label)


def as_dict(found: Comparison) -> dict[str, Any]:
    """The comparison as plain values, for JSON."""
    pairs, decided = found.pairs, found.pairs.decided()
    return {
        "a": found.first,
        "b": found.second,
        "files_named_by_both": pairs.total,
        "files_named_by_a_alone": found.alone["first"],
        "files_named_by_b_alone": found.alone["second"],
        "files_that_repeat_another": found.repeated,
        "differences": found.differences,
        "by_label": figures(decided),
        "by_group": figures(pairs.grouped()),
        "labels": {
            label: {
                "of_a_also_b": share_dict(decided.of_first(label)),
                "of_b_also_a": share_dict(decided.of_second(label)),
            }
            for label in decided.labels
        },
        "stations": {
            station: {"by_label": figures(own.decided()), "by_group": figures(own.grouped())}
            for station, own in sorted(found.stations.items())
        },
        "confusion": [
            {"a": one, "b": other, "count": count}
            for (one, other), count in sorted(pairs.counts.items())
        ],
    }


HEADER = (
    *("file_path", "station_id", "deployment_id", "date_time"),
    *("label_a", "label_b", "confidence_a", "confidence_b", "species_a", "species_b"),
)


def row_of(difference: Difference) -> dict[str, Any]:
    """One difference as a row of `differences.csv`."""
    frame, one, other = difference.frame, difference.first, difference.second
    return {
        "file_path": names.file_path(frame.entry),
        "station_id": frame.station_id,
        "deployment_id": frame.deployment_id,
        "date_time": names.timestamp(frame.taken_at, frame.utc_offset),
        "label_a": one.label,
        "label_b": other.label,
        "confidence_a": rounded(one.confidence),
        "confidence_b": rounded(other.confidence),
        "species_a": one.species,
        "species_b": other.species,
    }


def default_folder(season: Path, first: str, second: str) -> Path:
    """Where a comparison lies unless another folder is named."""
    from camtrap.outputs.exports.safe_names import safe_name

    return season / "comparisons" / safe_name(f"{first} and {second}")


def read_boxes(observation: Observation) -> list[dict[str, Any]]:
    """The boxes of an observation; none where they are not as they were stored."""
    try:
        boxes = json.loads(observation.boxes)
    except ValueError:
        return []
    return boxes if isinstance(boxes, list) else []
