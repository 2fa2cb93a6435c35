"""Which events look alike to the machine: a hint for the order in which people compare leopards.

The network behind it knows kinds of animals and no rosettes. Its vectors of the best crops are made
in a thread when they are first asked for; an answer tells what is known by then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import xxhash

from camtrap.errors import CamtrapError, UnreadablePicture
from camtrap.ledger.individuals import LEFT, RIGHT, UNKNOWN
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import settings_of_last_run
from camtrap.outputs.pictures import PictureAway, read_picture
from camtrap.outputs.thumbnails import SCREENS, Thumbnails
from camtrap.pixels.decode import opened, upright_size
from camtrap.records import Box
from camtrap.review.feature_cache import FeatureCache, Vector
from camtrap.review.gallery import Crop, Seen

log = logging.getLogger(__name__)

CROPS = 4
"""So many crops of an event are compared, two of each flank where people have told flanks."""

PATIENCE = 4.0
"""Seconds that an answer waits for vectors; what takes longer is ready for the next one."""

LEAST_SIDE = 96
"""A kept picture serves when its card is away, if the animal's longer side has so many pixels."""

OTHER = "other"
"""What two events are compared by when only a left and a right flank are known: nearly nothing."""

_RANKS = {LEFT: 0, RIGHT: 0, UNKNOWN: 1, OTHER: 2}


class Features(Protocol):
    """As `vision.features.CropFeatures`: vectors of length 1 for boxes of a picture's bytes."""

    @property
    def name(self) -> str: ...

    def of(self, data: bytes, boxes: Sequence[Box]) -> Vector: ...


class _Place(NamedTuple):
    """A box of a file, whatever was said of it."""

    file: int
    box: Box

    @classmethod
    def of(cls, crop: Crop) -> _Place:
        return cls(crop.file, crop.box)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike an event is: the cosine of the most alike crops, 0..1, None where it is not known.

    `flank` is that which both show, `UNKNOWN` where it is not told, or `OTHER`.
    """

    event: int
    similarity: float | None = None
    flank: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class Answer:
    """The other events in the order in which to look at them.

    `problem` says why there are no vectors at all; `pending` crops are still being looked at, and
    of `away` neither card nor a kept picture is there.
    """

    events: tuple[Likeness, ...]
    problem: str = ""
    pending: int = 0
    away: int = 0


class Alike:
    """Compares the events of one season; `load` makes its features, once, in the thread."""

    def __init__(
        self,
        season: Path,
        *,
        load: Callable[[Path], Features] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._season, self._patience = season, patience
        self._load = load or features_of
        self._kept = Thumbnails(season)
        self._cache: FeatureCache | None = None
        self._features: Features | None = None
        self._problem = ""
        self._todo: list[tuple[int, list[Crop]]] = []
        self._keys: dict[_Place, str] = {}
        self._away: set[tuple[int, int]] = set()
        self._changed = threading.Condition()  # on a lock that its holder may take again
        self._thread: threading.Thread | None = None

    def to(self, seen: Seen, others: Iterable[Seen]) -> Answer:
        """The others by how alike they are to an event; what is not known comes last, by time."""
        others = [other for other in others if other.event != seen.event]
        crops = {one.event: best_of(one.crops) for one in (seen, *others)}
        vectors, pending = self._seen([crop for some in crops.values() for crop in some])
        known = {
            event: [(crop.said.flank, vectors[crop.key]) for crop in some if crop.key in vectors]
            for event, some in crops.items()
        }
        told = {other.event: Likeness(other.event) for other in others}
        told |= {found.event: found for found in compared(known.pop(seen.event), known)}
        ordered = sorted(told.values(), key=_order)
        return Answer(tuple(ordered), self._problem, pending, len(self._away))

    # -- the thread

    def _seen(self, crops: Sequence[Crop]) -> tuple[Mapping[tuple[int, int], Vector], int]:
        """The vectors that there are within `patience`, and how many crops are still to come."""
        by_file: dict[int, list[Crop]] = {}
        for crop in crops:
            if _Place.of(crop) not in self._keys:
                by_file.setdefault(crop.file, []).append(crop)
        deadline = time.monotonic() + self._patience
        with self._changed:
            self._todo = list(reversed(by_file.items()))
            self._away = set()
            if self._thread is None and not self._problem:
                self._thread = threading.Thread(
                    target=self._work, name="review-features", daemon=True
                )
                self._thread.start()
            while self._thread is not None and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            pending = {crop.key for _, some in self._todo for crop in some}
            keys = dict(self._keys)
        found = {}
        for crop in crops:
            key = keys.get(_Place.of(crop))
            vector = self._cache.get(key) if key is not None and self._cache is not None else None
            if vector is not None:
                found[crop.key] = vector
        return found, 0 if self._problem else len(pending - found.keys())

    def _work(self) -> None:
        try:
            if self._features is None:
                self._features = self._load(self._season)
                self._cache = FeatureCache(self._season)
            with Ledger(self._season) as ledger:
                while (todo := self._next()) is not None:
                    self._look(ledger, self._features, self._cache, *todo)
                    with self._changed:
                        if self._todo and self._todo[-1] == todo:
                            self._todo.pop()
        except (CamtrapError, ImportError, OSError, RuntimeError) as error:
            # Whatever a runtime lacks on this computer, the gallery works without it.
            log.warning("Events are not compared: %s", error)
            self._problem = f"Similar events cannot be put first: {' '.join(str(error).split())}"
            self._end()

    def _next(self) -> tuple[int, list[Crop]] | None:
        with self._changed:
            if self._todo:
                return self._todo[-1]
            self._end()
            return None

    def _end(self) -> None:
        """Let the thread end; the next question starts another."""
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _look(
        self,
        ledger: Ledger,
        features: Features,
        cache: FeatureCache | None,
        file: int,
        crops: Sequence[Crop],
    ) -> None:
        """Make the vectors of one picture's crops that are not kept."""
        assert cache is not None
        try:
            entry = ledger.entry(file)
        except CamtrapError:  # it is another ledger by now
            return
        keys = {crop: _key(entry, crop, features.name) for crop in crops}
        small = {crop: f"{key}-kept" for crop, key in keys.items()}
        for known in (keys, small):
            if all(cache.get(key) is not None for key in known.values()):
                self._note(known)
                return
        data, names, usable = self._pixels(entry, keys, small, crops)
        if usable:
            try:
                vectors = features.of(data, [crop.box for crop in usable])
            except UnreadablePicture:
                usable = []
            else:
                for crop, vector in zip(usable, vectors, strict=True):
                    cache.put(names[crop], vector)
        self._note({crop: names[crop] for crop in usable})
        with self._changed:
            self._away |= {crop.key for crop in crops if crop not in usable}

    def _pixels(
        self,
        entry: Entry,
        keys: Mapping[Crop, str],
        small: Mapping[Crop, str],
        crops: Sequence[Crop],
    ) -> tuple[bytes, Mapping[Crop, str], list[Crop]]:
        """A picture's bytes, or a kept smaller one; under which keys, and for which crops."""
        try:
            return read_picture(entry), keys, list(crops)
        except PictureAway:
            pass
        try:
            data = self._kept.plain(entry, max(SCREENS))
            with opened(data) as image:
                width, height = upright_size(image)
        except UnreadablePicture:
            return b"", small, []
        sides = {crop: max(crop.box.width * width, crop.box.height * height) for crop in crops}
        return data, small, [crop for crop in crops if sides[crop] >= LEAST_SIDE]

    def _note(self, names: Mapping[Crop, str]) -> None:
        with self._changed:
            self._keys |= {_Place.of(crop): key for crop, key in names.items()}


def features_of(season: Path) -> Features:
    """The features of the model that a season was looked at with last; raises `ModelError`."""
    from camtrap.vision.features import load_features

    with Ledger(season) as ledger:
        model = settings_of_last_run(ledger).model
    return load_features(model)


def best_of(crops: Sequence[Crop]) -> list[Crop]:
    """`CROPS` of an event's crops, which come the best first: two of each flank, then the best."""
    picked = [
        crop
        for flank in (LEFT, RIGHT)
        for crop in [crop for crop in crops if crop.said.flank == flank][: CROPS // 2]
    ]
    return [*picked, *(crop for crop in crops if crop not in picked)][:CROPS]


def compared(
    mine: Sequence[tuple[str, Vector]], others: Mapping[int, Sequence[tuple[str, Vector]]]
) -> list[Likeness]:
    """How alike each event is to one, by the flanks and vectors of their crops.

    Two crops of one flank count before those of which one is not told, and these before a left and
    a right one; within a kind, the most alike two count. Events without vectors are not among them.
    """
    events = [event for event, some in others.items() for _ in some]
    flanks = [flank for some in others.values() for flank, _ in some]
    if not mine or not events:
        return []
    theirs = np.stack([vector for some in others.values() for _, vector in some])
    cosines = np.stack([vector for _, vector in mine]) @ theirs.T
    best: dict[int, Likeness] = {}
    for row, (flank, _) in enumerate(mine):
        for event, other, cosine in zip(events, flanks, cosines[row].tolist(), strict=True):
            one = Likeness(event, min(max(cosine, 0.0), 1.0), _kind(flank, other))
            if event not in best or _order(one) < _order(best[event]):
                best[event] = one
    return list(best.values())


def _kind(flank: str, other: str) -> str:
    if UNKNOWN in (flank, other):
        return UNKNOWN
    return flank if flank == other else OTHER


def _order(one: Likeness) -> tuple[bool, int, float]:
    return one.similarity is None, _RANKS[one.flank], -(one.similarity or 0.0)


def _key(entry: Entry, crop: Crop, features: str) -> str:
    edges = " ".join(f"{edge:.5f}" for edge in crop.box)
    known = entry.content_key or f"{entry.file_id} {entry.size}"
    return xxhash.xxh3_128_hexdigest(f"{known} {edges} {features}".encode())
