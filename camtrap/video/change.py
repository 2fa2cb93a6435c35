"""Where a clip changes: which of its frames are kept, as they pass, so that they show most of it.

A frame is looked at as 32 x 24 greys and compared with those that are kept. It is kept where it is
unlike all of them, so an animal in view for half a second is, and the empty scene behind it is not
kept again. In any case a frame is kept every few seconds, for an animal that came so slowly or is
so hard to see that nothing seems to change. When the clip is busier than there is room, what
changed least, or was kept within a moment of another, makes way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

GLANCE_SIZE = (32, 24)
"""Width and height, in pixels, of what frames are compared by."""

CHANGED = 8.0
"""Mean difference, in grey levels 0..255 of the small picture, of its most different pixels, from
which something else is in view."""

COMPARED = 8
"""How many pixels count: one in a hundred, so that a hare far away is not averaged away."""

LEAST_CONTRAST = 4.0
"""Grey levels; a fog's noise is not blown up to a scene."""

STRONG = 64.0
"""Grey levels; a change beyond this is not worth more: a person at hand must not take all the room
from a leopard far away."""

MOMENT = 1.0
"""Seconds; frames that are kept closer to each other than this are worth less."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame at a glance, however it is exposed.

    `relative` has 768 values: how far each grey lies from the middle one, in units of `contrast`,
    which is the median distance from it in grey levels.
    """

    relative: NDArray[np.float32]
    contrast: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A frame that is kept: its number and second, and by how much it differed from the others.

    One that `is_steady` is kept because its time had come, and makes way for no other.
    """

    number: int
    seconds: float
    glance: Glance
    change: float
    is_steady: bool = False


def glance_at(grey: NDArray[np.uint8]) -> Glance:
    """What a frame is compared by, from its greys, of whatever shape.

    Median and median distance are those of the scene while an animal fills less than half of it;
    brighter and darker exposures of one scene, as far as they are not clipped, give one glance.
    """
    values = grey.astype(np.float32).ravel()
    values -= np.median(values)
    contrast = max(float(np.median(np.abs(values))), LEAST_CONTRAST)
    return Glance(values / np.float32(contrast), contrast)


def difference(one: Glance, other: Glance) -> float:
    """Mean of the `COMPARED` largest differences, in grey levels of the stronger contrast, 0..255.

    The stronger, because before a dark scene that is lit by a flash, an animal that fills the
    picture is what brings the contrast.
    """
    apart = np.abs(one.relative - other.relative)
    most = np.partition(apart, -COMPARED)[-COMPARED:]
    return min(float(most.mean()) * max(one.contrast, other.contrast), 255.0)


def kept_after(
    kept: tuple[Kept, ...], number: int, seconds: float, seen: Glance, most: int, steady: float
) -> tuple[Kept, ...]:
    """Which frames are kept once one more has passed; it is the last of them, or not among them.

    Frames come in their order, and stay in it. The first is always kept, and never more than `most`
    are. Every `steady` seconds one is kept whatever it shows; where those would fill more than half
    of the room, every other of them becomes one like the rest, and from then on they come half as
    often.
    """
    if not kept:
        return (Kept(number, seconds, seen, np.inf, is_steady=True),)
    change = min(difference(seen, each.glance) for each in kept)
    due = _is_due([each.seconds for each in kept if each.is_steady], seconds, most, steady)
    if not due and change < CHANGED:
        return kept
    grown = _thinned((*kept, Kept(number, seconds, seen, change, due)), (most + 1) // 2)
    if len(grown) <= most:
        return grown
    spare = _least_worth(grown)
    return grown[:spare] + grown[spare + 1 :]


def _is_due(steady_ones: Sequence[float], seconds: float, most: int, steady: float) -> bool:
    if most < 3:  # what changes has the only place beside the first
        return False
    gap = min((later - earlier for earlier, later in pairwise(steady_ones)), default=steady)
    return seconds - steady_ones[-1] >= gap - 1e-3


def _thinned(kept: tuple[Kept, ...], room: int) -> tuple[Kept, ...]:
    """No more than `room` of them steady; every other is a frame like the rest where more were."""
    places = [place for place, each in enumerate(kept) if each.is_steady]
    if len(places) <= room:
        return kept
    loose = set(places[1::2])
    return tuple(
        replace(each, is_steady=False) if place in loose else each
        for place, each in enumerate(kept)
    )


def _least_worth(kept: Sequence[Kept]) -> int:
    """The place of the frame that is missed least; of equals the last."""

    def worth(place: int) -> tuple[float, int]:
        alone = min(kept[place].seconds - kept[place - 1].seconds, MOMENT)
        return min(kept[place].change, STRONG) * alone, -place

    return min((n for n, each in enumerate(kept) if not each.is_steady), key=worth)
