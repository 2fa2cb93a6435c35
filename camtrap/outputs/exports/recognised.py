"""What the model said of each file, as formats of predictions take it: one record a file.

A file that holds the same bytes as another has not been looked at, and what is in the other is in
it. Files that could not be read, and those that are no pictures, come as failures, never as empty;
files that wait for their turn do not come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from camtrap.events.frames import Frame
from camtrap.events.names import file_path
from camtrap.outputs.exports.base import Source
from camtrap.outputs.exports.sites import shows_people
from camtrap.records import Box, State

WHOLE_PICTURE = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """One box, or the whole picture where the model drew none.

    `label` is its own; `chances` are its calibrated probabilities of each label that is not empty,
    and `alive` their sum, all 0..1.
    """

    label: str
    box: Box
    alive: float
    chances: Mapping[str, float]
    whole: bool = False

    def ranked(self, *labels: str) -> list[tuple[str, float]]:
        """The chances of some labels, the likeliest first, and this box's own before all.

        A leopard is decided long before it is the likeliest, because one that is missed costs more
        than one that is looked at in vain. Readers take the first for the answer, so what is
        likelier than the answer is left out.
        """
        most = self.chances.get(self.label, 1.0) if self.label in labels else 1.0
        told = [(label, self.chances.get(label, 0.0)) for label in labels]
        kept = [pair for pair in told if pair[0] == self.label or 0 < pair[1] <= most]
        return sorted(kept, key=lambda pair: (-pair[1], pair[0] != self.label))


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file, and what was said of it or why nothing was.

    `origin` is the file that was looked at: itself, or the one that it repeats. `label` is the word
    that counts, a person's before the model's; empty where there is none.
    """

    frame: Frame
    origin: Frame
    found: tuple[Found, ...]
    failure: str = ""

    @property
    def label(self) -> str:
        told = self.word_of.label
        return told.value if told.is_label else ""

    @property
    def word_of(self) -> Frame:
        """The frame whose label counts: a person may have spoken on the file itself."""
        return self.frame if self.frame.review is not None else self.origin


@dataclass(slots=True)
class Recognitions:
    """The season's files one by one; afterwards `notes` tells what did not come, and why."""

    source: Source
    count: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Recognised]:
        self.count.clear()
        for frame in self.source.frames():
            entry = frame.entry
            origin = frame
            if entry.state == State.DUPLICATE and entry.duplicate_of is not None:
                origin = self.source.placing.frame(self.source.ledger.entry(entry.duplicate_of))
            if origin.entry.state == State.PENDING:
                self.count["pending"] += 1
                continue
            if self.source.public and (shows_people(frame) or shows_people(origin)):
                self.count["people"] += 1
                continue
            if "\\" in entry.relative_path:
                self.count["names"] += 1
            failure = "" if origin.entry.state.is_label else _failure(origin)
            if failure:
                self.count["failures"] += 1
            yield Recognised(frame, origin, () if failure else found_in(origin), failure)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each kind of file that did not come, or came as a failure."""
        told = [
            tells.format(self.count[kind]) for kind, tells in _NOTES.items() if self.count[kind]
        ]
        return (*told, PATHS_AS_ON_CARDS) if self.source.public else tuple(told)


PATHS_AS_ON_CARDS = "File paths are as on the cards: see whether folders' names tell a place."
"""A note on every public export that other programs find the files by."""

_NOTES = {
    "failures": "{:,} files are told as failures, because nothing could be said of them.",
    "pending": "{:,} files wait to be looked at and are not in it; type 'camtrap run' first.",
    "people": "{:,} files with people or vehicles are left out.",
    "names": "{:,} file names hold backslashes or bytes that are not UTF-8; other tools may not "
    "find these files.",
}


def found_in(frame: Frame) -> tuple[Found, ...]:
    """The model's boxes; the whole picture where it saw something and drew none."""
    entry = frame.entry
    boxes = tuple(
        _found(detection.label, detection.box, detection.probabilities, detection.confidence)
        for detection in entry.detections
    )
    if boxes or entry.state == State.EMPTY:
        return boxes
    chances = entry.probabilities
    label = entry.state.value
    if entry.state == State.UNSURE:
        living = {name: chances[name] for name in chances if name != State.EMPTY}
        label = max(living, key=lambda name: living[name], default=State.OTHER.value)
    return (_found(label, WHOLE_PICTURE, chances, entry.confidence or 0.0, whole=True),)


def _found(
    label: str, box: Box, chances: Mapping[str, float], confidence: float, *, whole: bool = False
) -> Found:
    living = {name: chances[name] for name in chances if name != State.EMPTY}
    # Ledgers may hold boxes of models that give one number alone.
    living = living or {label: confidence}
    return Found(label, inside(box), min(1.0, sum(living.values())), living, whole)


def inside(box: Box) -> Box:
    """The part of a box that lies in the picture, to six decimals."""
    left, top = _share(box.x), _share(box.y)
    right, bottom = _share(box.x + box.width), _share(box.y + box.height)
    return Box(left, top, round(right - left, 6), round(bottom - top, 6))


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, float(value))), 6)


def _failure(frame: Frame) -> str:
    """Why nothing was said of a file, in words."""
    entry = frame.entry
    return f"{entry.state}: {entry.reason}" if entry.reason else str(entry.state)


def copy_of(known: Recognised) -> str:
    """The path of the file that this one repeats, or empty."""
    return "" if known.origin is known.frame else file_path(known.origin.entry)
