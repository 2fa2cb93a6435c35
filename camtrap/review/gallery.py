"""The season's leopards as the gallery shows them: events, their best crops, and what people said.

An event is one when people call it so, or the machine where they have not spoken; so is one in
which they called a single picture so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from camtrap.batches import in_batches
from camtrap.ledger import individuals as ledger_individuals
from camtrap.ledger.decisions import Word, words_on
from camtrap.ledger.individuals import LEFT, RIGHT, UNKNOWN, Said
from camtrap.ledger.store import Ledger
from camtrap.outputs.animal_crops import leopard_boxes, worth
from camtrap.records import Box, State
from camtrap.review.answers import Refused
from camtrap.review.context import Review
from camtrap.review.index_build import LAST
from camtrap.review.queue import files_of

BEST = 12
"""Crops of an event that the gallery is sent, and besides them all of which something was said."""

BOTH = "both"
"""The flank of an event that shows the left one and the right one."""

_AT_ONCE = 500
_LEOPARDS = (
    'SELECT event, station, start, "end", cover, event.label'
    " FROM event LEFT JOIN told USING (event)"
    " WHERE (CASE WHEN told.whole THEN told.label ELSE event.label END = 'leopard'"
    " OR event IN (SELECT event FROM word WHERE label = 'leopard')){event}"
    f" ORDER BY coalesce(start, '{LAST}'), event"
)


class _Boxed(NamedTuple):
    """A box, and the size of its picture."""

    label: str
    confidence: float
    box: Box
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Crop:
    """One box of a leopard; `worth` is how much is to be seen in it."""

    file: int
    number: int
    box: Box
    confidence: float
    worth: float
    said: Said

    @property
    def key(self) -> tuple[int, int]:
        """File and number, by which words are kept."""
        return self.file, self.number


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of leopards; `crops` are all of them, the best first. `loose` are words on pictures
    in which no box shows the animal."""

    event: int
    station: str
    start: str | None
    end: str | None
    cover: int
    crops: tuple[Crop, ...]
    loose: tuple[Said, ...] = ()

    @property
    def words(self) -> list[Said]:
        """What counts of its animals, as far as anything was said."""
        return [said for said in (*(crop.said for crop in self.crops), *self.loose) if said.version]

    @property
    def names(self) -> list[str]:
        """The individuals in it, in alphabetical order."""
        return sorted({said.individual_id for said in self.words} - {""})

    @property
    def individual(self) -> str:
        """Its individual as one text: `A`, or `A + B` for a mother and her cub."""
        return " + ".join(self.names)

    @property
    def version(self) -> int:
        """The number of the newest word on it, 0 for none."""
        return max((said.version for said in self.words), default=0)

    def flanks(self, name: str = "") -> set[str]:
        """The flanks that people saw in it, of one individual or of all; `UNKNOWN` for none."""
        told = {said.flank for said in self.words if name in ("", said.individual_id)}
        return told - {UNKNOWN} or {UNKNOWN}


def leopards(review: Review, event: int | None = None) -> list[Seen]:
    """The events of leopards by their time, or only one of them; raises `Refused` without index."""
    review.index.look()
    with review.index.reading() as db:
        if db is None:
            raise Refused(503, "building", "The season's events are being put together. Wait.")
        condition, values = ("", ()) if event is None else (" AND event = ?", (event,))
        rows = db.execute(_LEOPARDS.format(event=condition), values).fetchall()
        files = {row[0]: [number for number, *_ in files_of(db, row[0])] for row in rows}
    numbers = [number for some in files.values() for number in some]
    words = words_on(review.season, numbers)
    # Of a whole season it is cheaper to read all words than to name every file.
    said = ledger_individuals.individuals(review.season, None if event is None else numbers)
    by_file = defaultdict(list)
    for one in said.values():
        by_file[one.file_id].append(one)
    boxes = _boxes(review, numbers)
    found = []
    for number, station, start, end, cover, label in rows:
        crops = [
            crop
            for file in files[number]
            for crop in _crops_of(file, label, words.get(file), boxes.get(file, {}), said)
        ]
        crops.sort(key=lambda crop: (-crop.worth, crop.key))
        loose = [
            one
            for file in files[number]
            for one in by_file[file]
            if one.number == ledger_individuals.NO_BOX
        ]
        found.append(Seen(number, station, start, end, cover, tuple(crops), tuple(loose)))
    return found


def row_of(seen: Seen) -> dict[str, Any]:
    """An event as the page has it."""
    newest = max(seen.words, key=lambda said: said.version, default=None)
    flanks = seen.flanks()
    shown = [crop for place, crop in enumerate(seen.crops) if place < BEST or crop.said.version]
    return {
        "event": seen.event,
        "station": seen.station,
        "start": seen.start,
        "end": seen.end,
        "cover": seen.cover,
        "individual": seen.individual,
        "flank": flanks.pop() if len(flanks) == 1 else BOTH,
        "version": seen.version,
        "by": (newest.named_by or newest.flank_by) if newest is not None else "",
        "at": newest.said_at if newest is not None else "",
        "crops": [
            {
                "file": crop.file,
                "number": crop.number,
                "flank": crop.said.flank,
                "individual": crop.said.individual_id,
                "version": crop.said.version,
                "confidence": crop.confidence,
            }
            for crop in shown
        ],
    }


def known(events: Iterable[Seen]) -> list[dict[str, Any]]:
    """Every individual with its events, how many of them show which flank, and its first and last
    time."""
    found: dict[str, list[Seen]] = defaultdict(list)
    for seen in events:
        for name in seen.names:
            found[name].append(seen)
    rows = []
    for name in sorted(found, key=str.casefold):
        flanks = Counter(flank for seen in found[name] for flank in seen.flanks(name))
        times = [seen.start for seen in found[name] if seen.start]
        rows.append(
            {
                "id": name,
                "events": [seen.event for seen in found[name]],
                "flanks": {flank: flanks[flank] for flank in (LEFT, RIGHT, UNKNOWN)},
                "first": min(times, default=""),
                "last": max(times, default=""),
            }
        )
    return rows


def _crops_of(
    file: int,
    event_label: str,
    word: Word | None,
    boxes: Mapping[int, _Boxed],
    said: Mapping[tuple[int, int], Said],
) -> list[Crop]:
    by_person = word is not None and word.counts
    label = word.label if word is not None and word.counts else event_label
    if label != State.LEOPARD:
        return []
    labels = {number: boxed.label for number, boxed in boxes.items()}
    crops = []
    for number in leopard_boxes(labels, by_person=by_person):
        of = boxes[number]
        value = worth(of.box, of.confidence, of.width, of.height)
        key = (file, number)
        crops.append(Crop(*key, of.box, of.confidence, value, said.get(key, Said(*key))))
    return crops


def _boxes(review: Review, files: Collection[int]) -> dict[int, dict[int, _Boxed]]:
    """Label, confidence, box, and the picture's size, by file and number."""
    found: dict[int, dict[int, _Boxed]] = defaultdict(dict)
    with Ledger(review.season) as ledger:
        for some in in_batches(files, _AT_ONCE):
            rows = ledger.db.execute(
                "SELECT file_id, number, label, detection.confidence, x, y, detection.width,"
                " detection.height, file.width, file.height"
                " FROM detection JOIN file USING (file_id)"
                f" WHERE file_id IN ({', '.join('?' * len(some))})",
                some,
            ).fetchall()
            for file, number, label, confidence, *rest in rows:
                found[file][number] = _Boxed(label, confidence, Box(*rest[:4]), *rest[4:])
    return found
