"""The same question by event: was the animal that walked past found in any of its frames?

A camera takes several frames of one visit, and a ranger needs one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from camtrap.learn.evaluation.figures import Figures, share
from camtrap.learn.evaluation.judged import ANIMALS, Judged
from camtrap.records import UNSURE, State

TITLES = {
    "leopard_recall": "leopard events found in any frame",
    "leopard_kept": "leopard events found, or kept as unsure",
    "leopard_precision": "events called leopard that are",
    "leopard_precision_without_look_alikes": "events called leopard that are, look-alikes left out",
    "animals_put_away": "animal events put away entirely as empty",
    "empties_removed": "empty events put away entirely",
}


@dataclass(frozen=True, slots=True)
class JudgedEvent:
    """The frames of one event, all of one truth."""

    truth: str
    frames: tuple[Judged, ...]

    @property
    def states(self) -> set[str]:
        return {frame.state.value for frame in self.frames}

    @property
    def is_put_away(self) -> bool:
        return self.states == {State.EMPTY.value}

    @property
    def is_called_leopard(self) -> bool:
        return State.LEOPARD.value in self.states


def gather(judged: Sequence[Judged]) -> tuple[list[JudgedEvent], int]:
    """The events whose frames agree in truth, by first frame, and how many do not."""
    frames: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for each in judged:
        frames[each.event].append(each)
    events = [
        JudgedEvent(members[0].truth, tuple(members))
        for members in frames.values()
        if len({member.truth for member in members}) == 1
    ]
    return events, len(frames) - len(events)


def event_figures(judged: Sequence[Judged]) -> Figures:
    """Counts and figures by event; events of mixed truth are counted and left out."""
    events, mixed = gather(judged)
    leopards = [event for event in events if event.truth == State.LEOPARD]
    animals = [event for event in events if event.truth in ANIMALS]
    empties = [event for event in events if event.truth == State.EMPTY]
    called = [event for event in events if event.is_called_leopard]
    local = [event for event in called if not event.frames[0].is_look_alike]
    found = [event for event in leopards if event.is_called_leopard]
    kept = [event for event in leopards if event.is_called_leopard or UNSURE in event.states]
    return {
        "events": len(events),
        "mixed": mixed,
        "of_several_frames": sum(len(event.frames) > 1 for event in events),
        "leopard_recall": share(len(found), len(leopards)),
        "leopard_kept": share(len(kept), len(leopards)),
        "leopard_precision": share(len(found), len(called)),
        "leopard_precision_without_look_alikes": share(len(found), len(local)),
        "animals_put_away": share(sum(e.is_put_away for e in animals), len(animals)),
        "empties_removed": share(sum(e.is_put_away for e in empties), len(empties)),
    }


def counted(found: Figures) -> dict[str, int]:
    """How many events there are, in words."""
    return {
        "events": found["events"],
        "of several frames": found["of_several_frames"],
        "of mixed truth, left out": found["mixed"],
    }


def rows(found: Figures) -> list[dict[str, Any]]:
    """The event figures that could be known, one flat row each."""
    return [
        {"figure": title, **found[name]}
        for name, title in TITLES.items()
        if found[name]["value"] is not None
    ]
