"""What a burst shows: its frames' chances put together, with people's word on top.

Frames of one trigger are not independent: the grass that fools the model in the first fools it in
the next. So nothing here gets more certain by repetition, and a burst of copies of one picture says
what that picture says:

    P(animal) = max over frames of 1 - P(empty)
    log share(label) = mean over frames of log(P(label) / P(animal)), each weighing its P(animal)
    P(label) = P(animal) * share(label), the shares made to sum to 1

The maximum keeps an animal that shows in one frame from being outvoted by the empty ones, and is
what thresholds are judged by event with: found in any frame. The mean of logarithms is the mean of
the labels' log-odds to each other.

The thresholds then decide, as they do for a picture, and these laws stand above them:

- A frame that a person looked at is what the person says. Where people's animal, person or vehicle
  is the only one they named in the burst, the unnamed frames and the model's `prey` and `other` are
  that too. `empty` and `unsure` say nothing of other frames.
- What the model named in a frame stays, so several species stay several. Only where boxes of two
  labels overlap is it one animal with two names; its frames are then fused to one label or to
  `unsure`, and to nothing but `leopard` or `unsure` when one of them said leopard.
- A frame with P(leopard) of `doubt` or more stays `unsure` unless the burst is a leopard's.
- A burst shows nothing only when each of its frames is empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from camtrap.events.bursts import order
from camtrap.pixels.fit import overlap
from camtrap.records import LABELS, Box, State
from camtrap.vision.calibration import LIVING, Thresholds, decide

ORDER = (State.LEOPARD, State.PERSON, State.VEHICLE, State.PREY, State.OTHER, State.UNSURE)
"""Which label of a burst takes in frames that say nothing themselves."""

ANIMALS = frozenset({State.LEOPARD, State.PREY, State.OTHER})
YIELDING = frozenset({State.PREY, State.OTHER, State.UNSURE})
"""Frames of these give way to what people named in their burst; the others are looked at anew."""

SAME_PLACE = 0.3
"""Intersection over union from which two boxes of a burst hold one animal."""

_SHARE_FLOOR = 1e-4  # no frame may say `never` for all others


@dataclass(frozen=True, slots=True)
class Sign:
    """A box of a frame: its label with its chance, and the chance that anything is alive in it."""

    label: str
    confidence: float
    alive: float
    box: Box


@dataclass(frozen=True, slots=True)
class Look:
    """A frame that was looked at, as bursts see it.

    `label` is a person's where `reviewed`. `chances` has one value a label of `LABELS`, or none.
    `place` is its place among the season's files.
    """

    key: int
    deployment: str
    label: State
    taken_at: datetime | None = None
    dated: bool = True
    sequence_index: int | None = None
    sequence_length: int | None = None
    maker_event: int | None = None
    place: int = 0
    reviewed: bool = False
    confidence: float = 0.0
    chances: Mapping[str, float] | None = None
    signs: tuple[Sign, ...] = ()

    def chance(self, label: State) -> float:
        """The model's chance of a label; what is known of it where chances are not."""
        if self.chances is not None:
            return self.chances.get(label, max(self.chances.values()))
        return self.confidence


@dataclass(frozen=True, slots=True)
class Shown:
    """One label that a burst shows, and the frames that are of it, by time.

    `confidence` is the model's fused chance of the label (for `unsure`, of the likeliest); `best`
    is the frame that shows it most certainly. `conflict` is true when the model named one burst
    differently and cannot say that both were there.
    """

    label: State
    confidence: float
    best: Look
    looks: tuple[Look, ...]
    conflict: bool = False

    @property
    def needs_review(self) -> bool:
        """True when a person should look: at frames still in doubt, or named in two ways."""
        return self.conflict or (
            self.label is State.UNSURE
            and any(look.label is State.UNSURE and not look.reviewed for look in self.looks)
        )

    @property
    def box_count(self) -> int:
        """The most boxes of the label in one frame."""
        return max(sum(sign.label == self.label for sign in look.signs) for look in self.looks)


def fuse(
    looks: Sequence[Look], thresholds: Thresholds | None, quiet: frozenset[int] = frozenset()
) -> list[Shown]:
    """What a burst shows, in the order of `ORDER`; nothing when all of it is empty.

    Each frame is in exactly one of the answers, unless there is none. Frames whose keys are `quiet`
    count as empty. Without `thresholds`, what the frames leave in doubt stays so.
    """
    burst = _Burst(thresholds)
    agreed = _agreed(looks)
    for look in looks:
        if look.label is State.EMPTY or (look.key in quiet and not look.reviewed):
            burst.rest.append(look)
        elif look.reviewed:
            burst.told.setdefault(look.label, []).append(look)
        elif agreed is not None and look.label in YIELDING:
            burst.told.setdefault(agreed, []).append(look)
        elif look.label is State.UNSURE:
            burst.open.append(look)
        else:
            burst.named.setdefault(look.label, []).append(look)
    return burst.shown()


def fused_chances(frames: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """One chance a label of `LABELS`, summing to 1, from those of one frame or more; see above.

    The order of the frames does not matter, not even to the last bit.
    """
    frames = list(frames)
    weights = [1.0 - chances["empty"] for chances in frames]
    alive, total = max(weights), math.fsum(weights)
    if alive <= 0.0 or total <= 0.0:
        return {**dict.fromkeys(LIVING, 0.0), "empty": 1.0}
    logs = {
        label: math.fsum(
            weight * math.log(max(chances[label] / weight, _SHARE_FLOOR))
            for weight, chances in zip(weights, frames, strict=True)
            if weight > 0.0
        )
        / total
        for label in LIVING
    }
    top = max(logs.values())
    shares = {label: math.exp(value - top) for label, value in logs.items()}
    whole = math.fsum(shares.values())
    return {**{label: alive * shares[label] / whole for label in LIVING}, "empty": 1.0 - alive}


class _Burst:
    """The frames of a burst by what they say; each is in one of the lists."""

    def __init__(self, thresholds: Thresholds | None) -> None:
        self.thresholds = thresholds
        self.told: dict[State, list[Look]] = {}  # by people, or in their wake
        self.named: dict[State, list[Look]] = {}  # by the model
        self.open: list[Look] = []  # unsure
        self.rest: list[Look] = []  # empty

    def shown(self) -> list[Shown]:
        found: dict[State, list[Look]] = {label: list(looks) for label, looks in self.told.items()}
        chances: dict[State, float] = {}
        conflicts: set[State] = set()
        for names in self._animals():
            looks = [look for name in names for look in self.named[name]]
            label, chance = names[0], _fused(names[0], looks)
            if len(names) > 1:
                label, chance = self._one_of(names, looks)
                conflicts.add(label)
            chances[label] = max(chance, chances.get(label, 0.0))
            found.setdefault(label, []).extend(looks)
        if self._are_rivals(found):
            conflicts |= ANIMALS & found.keys()
        self._settle(found, chances)
        labels = sorted(found, key=ORDER.index)
        return [
            _shown(
                label,
                found[label],
                self.rest if label is labels[0] else [],
                chances.get(label),
                label in conflicts,
            )
            for label in labels
        ]

    def _settle(self, found: dict[State, list[Look]], chances: dict[State, float]) -> None:
        """Give each doubtful frame its label."""
        if not self.open:
            return
        if not found:
            label, chance = self._of_doubtful()
            found[label], chances[label] = list(self.open), chance
            return
        for look in self.open:
            if State.LEOPARD in found or not self._may_be_leopard(look):
                likeliest = _likeliest(look)
                label = likeliest if likeliest in found else min(found, key=ORDER.index)
            else:
                label = State.UNSURE
            found.setdefault(label, []).append(look)

    def _of_doubtful(self) -> tuple[State, float]:
        """The label of a burst in which nothing was named."""
        known = [look.chances for look in self.open if look.chances is not None]
        if self.thresholds is None or not known:
            return State.UNSURE, max(look.confidence for look in self.open)
        chances = fused_chances(known)
        label, chance = decide(chances, self.thresholds)
        doubtful = any(map(self._may_be_leopard, self.open))
        if label is State.EMPTY or (doubtful and label is not State.LEOPARD):
            return State.UNSURE, max(chances.values())
        return label, chance

    def _one_of(self, names: Sequence[State], looks: Sequence[Look]) -> tuple[State, float]:
        """The label of one animal that was given several names."""
        known = [look.chances for look in looks if look.chances is not None]
        if self.thresholds is None or not known:
            return State.UNSURE, max(look.confidence for look in looks)
        chances = fused_chances(known)
        label, chance = decide(chances, self.thresholds)
        wanted = {State.LEOPARD} if State.LEOPARD in names else set(names)
        return (label, chance) if label in wanted else (State.UNSURE, max(chances.values()))

    def _animals(self) -> Iterator[tuple[State, ...]]:
        """The model's labels, those of one animal together."""
        groups = [{label} for label in sorted(self.named, key=ORDER.index)]
        for one, other in combinations(sorted(self.named, key=ORDER.index), 2):
            if {one, other} == {State.PERSON, State.VEHICLE}:
                continue  # a rider is both
            if self._is_same(one, other):
                first, second = (next(g for g in groups if label in g) for label in (one, other))
                if first is not second:
                    first |= second
                    groups.remove(second)
        for group in groups:
            yield tuple(sorted(group, key=ORDER.index))

    def _is_same(self, one: State, other: State) -> bool:
        """True when boxes of two labels overlap, and no frame shows both apart."""
        if self._are_apart_in_a_frame(one, other):
            return False
        return any(
            overlap(mine.box, theirs.box) >= SAME_PLACE
            for look in self.named[one]
            for mine in _signs(look, one)
            for each in self.named[other]
            for theirs in _signs(each, other)
        )

    def _are_apart_in_a_frame(self, one: State, other: State) -> bool:
        """True when the model is certain of both in one frame, in boxes that do not overlap."""
        looks = [*self.named.get(one, ()), *self.named.get(other, ())]
        return any(
            overlap(mine.box, theirs.box) < SAME_PLACE
            for look in looks
            for mine in self._certain(look, one)
            for theirs in self._certain(look, other)
        )

    def _certain(self, look: Look, label: State) -> list[Sign]:
        least = 1.0 if self.thresholds is None else getattr(self.thresholds, label)
        return [sign for sign in _signs(look, label) if sign.confidence >= least]

    def _are_rivals(self, found: Iterable[State]) -> bool:
        """True when the model named several animals, and never saw them side by side."""
        names = [label for label in found if label in ANIMALS and label in self.named]
        return any(not self._are_apart_in_a_frame(*pair) for pair in combinations(names, 2))

    def _may_be_leopard(self, look: Look) -> bool:
        if self.thresholds is None or look.chances is None:
            return True
        return look.chances["leopard"] >= self.thresholds.doubt


def _agreed(looks: Sequence[Look]) -> State | None:
    """What people named, when they named one thing; `empty` and `unsure` name none."""
    names = {look.label for look in looks if look.reviewed and look.label is not State.EMPTY}
    return next(iter(names)) if len(names) == 1 and State.UNSURE not in names else None


def _shown(
    label: State, looks: list[Look], rest: list[Look], chance: float | None, conflict: bool
) -> Shown:
    best = max(looks, key=lambda look: _evidence(look, label))
    if chance is None:
        chance = max(look.chance(label) for look in looks)
    ordered = sorted([*looks, *rest], key=order)
    return Shown(label, chance, best, tuple(ordered), conflict)


def _evidence(look: Look, label: State) -> tuple[bool, bool, float, int, int]:
    """What makes a frame the one to show: called so, by a person, surely, and early on the card."""
    return (look.label is label, look.reviewed, look.chance(label), -look.place, -look.key)


def _fused(label: State, looks: Sequence[Look]) -> float:
    known = [look.chances for look in looks if look.chances is not None]
    if not known:
        return max(look.confidence for look in looks)
    return fused_chances(known)[label]


def _likeliest(look: Look) -> State | None:
    if look.chances is None:
        return None
    return State(max(LIVING, key=look.chances.__getitem__))


def _signs(look: Look, label: State) -> list[Sign]:
    return [sign for sign in look.signs if sign.label == label]


assert set(ORDER) | {State.EMPTY} == {State(label) for label in (*LABELS, "unsure")}
