"""What somebody said of a picture, however they wrote it down: names, boxes, and what counts.

One picture has one label here. A name goes through the species list; what the list cannot tell is
not guessed, but where it surely means an animal, or doubt, that much is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from camtrap.records import CONCERN, LABELS, UNSURE, Box, State
from camtrap.taxonomy import Taxonomy, words_of

ANIMAL = "animal"
"""A label that only others give: something living that is no person, and no more is known."""

LABELS_TOLD = (*LABELS, ANIMAL, UNSURE)
"""What others may say of a picture, in the order in which tables list it."""

_DOUBT = frozenset(
    map(
        words_of,
        ("unsure", "unknown", "unidentified", "unidentifiable", "unclassified", "no cv result"),
    )
) | {("неизвестно",), ("未知",)}

LONGEST_NAME = 1000
"""Characters of a name that is looked up: the time that it takes grows with their square."""

# SpeciesNet and Wildlife Insights: id;class;order;family;genus;species;common name
_RANKED, _CLASS, _COMMON = 7, 1, 6


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of one thing in a picture; `label` is None where a name tells too little.

    `vague` is then `animal` or `unsure` where it tells that much, else empty. `box` is None for
    what was said of the picture as a whole; `confidence` is the speaker's own, 0..1, or None.
    """

    label: str | None
    species: str = ""
    box: Box | None = None
    confidence: float | None = None
    vague: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What counts for a picture: its label, the species behind it, and the boxes of that label."""

    label: str
    species: str
    boxes: tuple[Box, ...]


def rarest_concern(said: Sequence[Said]) -> Truth | None:
    """The label of the rarest concern (`CONCERN`) among what was said; None when it cannot be told.

    A thing that nobody could name is passed over beside a living one that has a name. Alone, or
    beside the word "empty", it may be anything.
    """
    labels = {one.label for one in said}
    known = next((label.value for label in CONCERN if label in labels), None)
    if known is None or (known == State.EMPTY and None in labels):
        return None
    chosen = [one for one in said if one.label == known]
    species = next((one.species for one in chosen if one.species), "")
    return Truth(known, species, tuple(one.box for one in chosen if one.box is not None))


@dataclass(frozen=True, slots=True)
class Word:
    """One word on one picture: a label of `LABELS_TOLD`, and what stands behind it.

    `raw` is the name as it was written; `boxes` are all things that were said to be in it.
    """

    label: str
    raw: str = ""
    confidence: float | None = None
    boxes: tuple[Said, ...] = ()


def word_of(said: Sequence[Said]) -> Word | None:
    """What was said of a picture as one word: its rarest concern, else `animal`, else `unsure`.

    None when only names were given that the species list does not hold, or none at all.
    """
    truth = rarest_concern(said)
    if truth is not None:
        label = truth.label
        chosen = [one for one in said if one.label == label]
    else:
        vague = {one.vague for one in said}
        if not vague & {ANIMAL, UNSURE}:
            return None
        label = ANIMAL if ANIMAL in vague else UNSURE
        chosen = [one for one in said if one.vague == label]
    raw = next((one.species for one in chosen if one.species), "")
    sure = [one.confidence for one in chosen if one.confidence is not None]
    boxes = tuple(one for one in said if one.box is not None)
    return Word(label, raw, max(sure, default=None), boxes)


class Naming:
    """Names as a species list reads them, each looked up once; what is too long is none."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._looked_up = lru_cache(maxsize=4096)(self._look_up)

    def said(
        self,
        name: str,
        box: Box | None = None,
        confidence: float | None = None,
        *,
        vague: str = "",
    ) -> Said:
        """One thing that was called `name`; `vague` is what is known of it besides."""
        label, known = self.told(name)
        name = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
        return Said(label, name, box, confidence, "" if label else (known or vague))

    def told(self, name: str) -> tuple[str | None, str]:
        """The label of a name, or None and what it tells besides: `animal`, `unsure`, nothing."""
        return self._looked_up(name) if len(name) <= LONGEST_NAME else (None, "")

    def _look_up(self, name: str) -> tuple[str | None, str]:
        label = self._taxonomy.label_of(name)
        return label, "" if label else vague_of(name, self._taxonomy)


def vague_of(name: str, taxonomy: Taxonomy) -> str:
    """What a name without a label tells: `animal`, `unsure`, or nothing."""
    parts = name.split(";")
    if len(parts) == _RANKED:
        if parts[_CLASS].strip() and words_of(parts[_CLASS]) not in _DOUBT:
            return ANIMAL
        name = parts[_COMMON]
    words = words_of(name)
    if words in _DOUBT:
        return UNSURE
    return ANIMAL if taxonomy.says_little(name) else ""


def relative_box(values: Sequence[float], width: float = 1, height: float = 1) -> Box | None:
    """`x, y, width, height` in pixels of a picture so large as a box 0..1, cut at its edges.

    None when nothing is left of it inside, or when it is no box at all.
    """
    try:
        left, top, box_width, box_height = (float(value) for value in values)
        if not all(map(math.isfinite, (left, top, box_width, box_height))):
            return None
        right = min(1.0, (left + box_width) / width)
        bottom = min(1.0, (top + box_height) / height)
        left, top = max(0.0, left / width), max(0.0, top / height)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if right <= left or bottom <= top:
        return None
    return Box(left, top, right - left, bottom - top)


def share_of(value: object) -> float | None:
    """A confidence as a number 0..1; None for anything else, also for true and false."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= 1 else None
