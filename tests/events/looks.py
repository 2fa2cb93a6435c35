"""Frames as bursts and static things see them, made in code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from camtrap.events.fusion import Look, Sign
from camtrap.records import LABELS, Box, State
from camtrap.vision.calibration import LIVING, Thresholds, decide

NIGHT = datetime(2026, 2, 3, 23, 45)

THRESHOLDS = Thresholds(
    leopard=0.2, prey=0.4, other=0.3, person=0.5, vehicle=0.5, empty=0.9, doubt=0.05
)

PLACE = Box(0.2, 0.4, 0.2, 0.2)
ELSEWHERE = Box(0.7, 0.1, 0.2, 0.2)


def chances(**said: float) -> dict[str, float]:
    """One chance a label; what is not said goes to `empty`."""
    found = {label: said.get(label, 0.0) for label in LABELS}
    found["empty"] = 1.0 - sum(found[label] for label in LIVING)
    return found


def look(
    key: int,
    seconds: float | None = None,
    *,
    boxes: Sequence[Box] | None = None,
    signs: Sequence[Sign] = (),
    review: str = "",
    deployment: str = "ST01",
    dated: bool = True,
    sequence: tuple[int, int] | None = None,
    event: int | None = None,
    **said: float,
) -> Look:
    """A frame with these chances, labelled as the thresholds or a person say.

    Each of `boxes` has the frame's likeliest living label; frames without anything alive have none.
    """
    told = chances(**said)
    state, confidence = decide(told, THRESHOLDS)
    likeliest = max(LIVING, key=told.__getitem__)
    alive = 1.0 - told["empty"]
    if boxes is None:
        boxes = [PLACE] if alive > 0.1 else []
    mine = [Sign(likeliest, told[likeliest], alive, box) for box in boxes]
    index, length = sequence or (None, None)
    return Look(
        key,
        deployment,
        State(review) if review else state,
        None if seconds is None else NIGHT + timedelta(seconds=seconds),
        dated,
        index,
        length,
        event,
        key,
        bool(review),
        confidence,
        told,
        (*mine, *signs),
    )
