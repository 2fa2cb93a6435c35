"""What never moves is not an animal: boxes that come back in one place, camera by camera.

A stump that looks like a boar is found at every trigger, for weeks, in the same spot. Boxes of one
camera that overlap nearly wholly make a cluster; one that was there for hours and over many
triggers is a suspect. Its frames make no event while the model is unsure of them. Nothing of this
is stored: it is worked out anew for every output, and `static = false` turns it off.

A frame is kept, whatever its cluster, when

- a person said what it shows, or the model named a leopard, a person or a vehicle in it, or is sure
- it has another box, elsewhere, in which something may be alive
- a leopard was there within the independence interval before or after

and a whole cluster is kept when a leopard's box lies in it, when the model was sure of an animal in
it more than once in ten times or a person named one, and when a leopard is not out of the question
before it has been there for a day and a night: an animal that rests may lie still for hours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import numpy.typing as npt

from camtrap.events.fusion import Look, Sign
from camtrap.events.rules import Rules
from camtrap.pixels.fit import overlap
from camtrap.records import Box, State

SAME_SPOT = 0.7
"""Intersection over union with the cluster's mean box; a detector's own jitter leaves 0.75 or more,
another pose of an animal seldom half of the box."""

LEAST_TRIGGERS = 10
LEAST_TIME = timedelta(hours=4)
LEAST_TIME_LEOPARD = timedelta(hours=24)
MOST_SURE = 0.1
"""The part of a cluster's frames in which the model may be sure of an animal."""

LEAST_ALIVE = 0.05
"""Boxes below are noise. Where thresholds are known, noise is what alone leaves a frame empty."""

MOST_CLUSTERS = 256
"""So many are followed at a camera at a time; those seen least make room for new ones."""

_TOUCHES = 0.3
_SHOWN = 4


@dataclass(slots=True)
class Cluster:
    """Boxes of one camera in one place; `box` is their mean.

    `frames` counts frames, `triggers` bursts, `sure` the frames in which an animal was named with
    certainty. `keys` are a few of the frames, spread over the time from `first` to `last`. `why`
    tells in words why nothing of it is suppressed; empty when its unsure frames are.
    """

    deployment: str
    box: Box
    first: datetime
    last: datetime
    frames: int = 0
    triggers: int = 0
    sure: int = 0
    told: bool = False
    leopard_like: bool = False
    name: str = ""
    why: str = ""
    keys: list[int] = field(default_factory=list)

    def add(self, look: Look, sign: Sign, moment: datetime, rules: Rules) -> None:
        """Take in a frame's box; frames come by time."""
        if not self.frames or moment - self.last > rules.burst_gap:
            self.triggers += 1
            # Kept at 1, 2, 4, 8, ... triggers: few, and spread over however long it lasts.
            if self.triggers & (self.triggers - 1) == 0:
                self.keys = [*self.keys[-_SHOWN + 1 :], look.key]
        self.frames += 1
        self.last = moment
        self.box = Box(
            *(old + (new - old) / self.frames for old, new in zip(self.box, sign.box, strict=True))
        )
        if look.reviewed:
            # Which of several boxes the person meant is not told.
            alone = len(list(living_signs(look, rules))) == 1
            self.told |= alone and look.label not in (State.EMPTY, State.UNSURE)
        else:
            self.sure += _is_named_for(look, sign) and not is_weak(look, rules)
            self.leopard_like |= may_be_leopard(look, rules)

    @property
    def is_suspect(self) -> bool:
        """True when it was there for hours and over many triggers."""
        return self.triggers >= LEAST_TRIGGERS and self.last - self.first >= LEAST_TIME


@dataclass(frozen=True, slots=True)
class Still:
    """What does not move at one camera, and when leopards were there."""

    clusters: tuple[Cluster, ...]
    leopards: tuple[datetime, ...]
    gap: timedelta

    def suppressing(self, look: Look, rules: Rules) -> str:
        """The name of the cluster for which a frame makes no event; empty when it makes one."""
        if look.reviewed or look.taken_at is None or not is_weak(look, rules):
            return ""
        living = list(living_signs(look, rules))
        names = [self._cluster_of(sign) for sign in living]
        if not living or not all(names) or self._leopard_near(look.taken_at):
            return ""
        return names[0]

    def counted(self, look: Look, rules: Rules) -> Look:
        """The frame as animals are counted in it: a stump beside a deer is no second deer.

        Boxes of a suppressed cluster are left out where the model is unsure of them and anything
        else is alive in the frame.
        """
        if len(look.signs) < 2 or not self.clusters:
            return look
        still = [
            sign
            for sign in look.signs
            if is_low(sign.label, sign.confidence, rules) and self._cluster_of(sign)
        ]
        moving = tuple(sign for sign in look.signs if sign not in still)
        if not still or not any(sign in moving for sign in living_signs(look, rules)):
            return look
        return replace(look, signs=moving)

    def _cluster_of(self, sign: Sign) -> str:
        found = [
            (overlap(cluster.box, sign.box), cluster.name)
            for cluster in self.clusters
            if not cluster.why
        ]
        best, name = max(found, default=(0.0, ""))
        return name if best >= SAME_SPOT else ""

    def _leopard_near(self, moment: datetime) -> bool:
        place = bisect_left(self.leopards, moment)
        return any(
            abs(leopard - moment) < self.gap
            for leopard in self.leopards[max(place - 1, 0) : place + 1]
        )


def stills(ordered: Iterable[Look], rules: Rules) -> Iterator[tuple[str, Still]]:
    """What does not move, camera by camera, from frames that come by camera and time.

    Frames without boxes need not be among them, except those of leopards. Frames of which only the
    file's own date is known tell nothing of time and are passed over. Memory goes by the clusters.
    """
    for deployment, looks in groupby(ordered, key=lambda look: look.deployment):
        yield deployment, _still(deployment, looks, rules)


def _still(deployment: str, looks: Iterable[Look], rules: Rules) -> Still:
    following = _Following(deployment, rules)
    leopards: list[datetime] = []
    boxes: list[Box] = []
    for look in looks:
        if look.taken_at is None:
            continue
        if look.label is State.LEOPARD:
            # Closer ones add nothing, and a leopard's burst may be long.
            if not leopards or look.taken_at - leopards[-1] >= rules.burst_gap:
                leopards.append(look.taken_at)
            mine = [sign.box for sign in look.signs if sign.label == State.LEOPARD]
            boxes.extend(mine or [sign.box for sign in living_signs(look, rules)])
            del boxes[:-_LEOPARD_BOXES]
        elif look.dated:
            following.see(look)
    clusters = sorted(
        (cluster for cluster in following.clusters if cluster.is_suspect),
        key=lambda cluster: (cluster.first, cluster.box),
    )
    for number, cluster in enumerate(clusters, start=1):
        cluster.name = f"{deployment}_s{number:02d}"
        cluster.why = _why_kept(cluster, boxes)
    return Still(tuple(clusters), tuple(leopards), rules.gap)


_LEOPARD_BOXES = 5_000


def _why_kept(cluster: Cluster, leopards: Iterable[Box]) -> str:
    if any(overlap(cluster.box, box) >= _TOUCHES for box in leopards):
        return "a leopard was seen in this place"
    if cluster.told:
        return "a person named an animal in this place"
    if cluster.sure > MOST_SURE * cluster.frames:
        return f"the model is sure of an animal in {cluster.sure:,} of {cluster.frames:,} frames"
    if cluster.leopard_like and cluster.last - cluster.first < LEAST_TIME_LEOPARD:
        return "it may be a leopard, and was there for less than a day and a night"
    return ""


class _Following:
    """The clusters of one camera, while its frames go by."""

    def __init__(self, deployment: str, rules: Rules) -> None:
        self.deployment, self.rules = deployment, rules
        self.clusters: list[Cluster] = []
        # Of each cluster's box: left, top, right, bottom, and its area.
        self._sides: npt.NDArray[np.float64] = np.zeros((5, MOST_CLUSTERS))

    def see(self, look: Look) -> None:
        """Put each box of a frame into its cluster; two boxes of a frame are in two clusters."""
        moment = look.taken_at
        assert moment is not None
        taken: set[int] = set()
        for sign in living_signs(look, self.rules):
            number = self._nearest(sign.box, taken)
            if number is None:
                number = self._new(sign.box, moment, taken)
            if number is None:
                return
            taken.add(number)
            self.clusters[number].add(look, sign, moment, self.rules)
            self._sides[:, number] = _sides(self.clusters[number].box)

    def _nearest(self, box: Box, taken: set[int]) -> int | None:
        if not self.clusters:
            return None
        shares = _overlaps(box, self._sides[:, : len(self.clusters)])
        if taken:
            shares[list(taken)] = 0.0
        best = int(shares.argmax())
        return best if shares[best] >= SAME_SPOT else None

    def _new(self, box: Box, moment: datetime, taken: set[int]) -> int | None:
        cluster = Cluster(self.deployment, box, moment, moment)
        if len(self.clusters) < MOST_CLUSTERS:
            self.clusters.append(cluster)
            return len(self.clusters) - 1
        free = [n for n in range(MOST_CLUSTERS) if n not in taken]
        if not free:
            return None
        number = min(free, key=lambda n: (self.clusters[n].triggers, self.clusters[n].last, n))
        self.clusters[number] = cluster
        return number


def living_signs(look: Look, rules: Rules) -> Iterator[Sign]:
    """The boxes in which something may be alive."""
    known = rules.thresholds
    least = LEAST_ALIVE if known is None else min(1.0 - known.empty, known.doubt)
    return (sign for sign in look.signs if sign.alive >= least)


def _is_named_for(look: Look, sign: Sign) -> bool:
    """True when a frame has its living label for this box: the surest that it has of the label."""
    if look.label in (State.EMPTY, State.UNSURE) or sign.label != look.label:
        return False
    return all(
        sign.confidence >= other.confidence for other in look.signs if other.label == look.label
    )


def is_weak(look: Look, rules: Rules) -> bool:
    """True when the model is unsure of a frame: `unsure`, or prey or other of a low chance.

    Low is what `is_low` says.
    """
    return look.label is State.UNSURE or is_low(look.label, look.confidence, rules)


def is_low(label: str, confidence: float, rules: Rules) -> bool:
    """True for prey or other of a chance below the middle between its threshold and certainty."""
    if label not in (State.PREY, State.OTHER) or rules.thresholds is None:
        return False
    least: float = getattr(rules.thresholds, label)
    return confidence < (least + 1.0) / 2


def may_be_leopard(look: Look, rules: Rules) -> bool:
    """True when the chance of a leopard is too high to put the frame away as anything else."""
    if look.label is not State.UNSURE or look.chances is None or rules.thresholds is None:
        return False
    return look.chances["leopard"] >= rules.thresholds.doubt


def _sides(box: Box) -> tuple[float, float, float, float, float]:
    """Left, top, right, bottom and area of a box."""
    x, y, width, height = box
    return x, y, x + width, y + height, width * height


def _overlaps(box: Box, others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Intersection over union of a box with each of others, whose sides and areas are (5, n)."""
    lefts, tops, rights, bottoms, areas = others
    left, top, right, bottom, area = _sides(box)
    across = np.minimum(rights, right) - np.maximum(lefts, left)
    down = np.minimum(bottoms, bottom) - np.maximum(tops, top)
    # Not np.clip, which takes longer than all the rest.
    shared = np.maximum(across, 0.0) * np.maximum(down, 0.0)
    union = areas + area - shared
    shares: npt.NDArray[np.float64] = np.zeros_like(shared)
    np.divide(shared, union, out=shares, where=union > 0.0)
    return shares
