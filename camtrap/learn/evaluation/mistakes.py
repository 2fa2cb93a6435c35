"""Every mistake of a model, the costliest kind first: a leopard that nobody will look at again.

A picture left unsure goes to a person and is no mistake, except that a leopard should not have
needed one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from camtrap.learn.evaluation.figures import DECIMALS
from camtrap.learn.evaluation.judged import Judged
from camtrap.learn.evaluation.slices import box_size
from camtrap.records import LABELS, State

MISSED, FALSE, AWAY, WRONG, DOUBTED = (
    "leopard missed",
    "false leopard",
    "put away as empty",
    "wrong label",
    "leopard left unsure",
)
KINDS = (MISSED, FALSE, AWAY, WRONG, DOUBTED)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A judged picture, and what kind of mistake was made with it."""

    kind: str
    judged: Judged


def kind_of(judged: Judged) -> str:
    """One of `KINDS`; empty for a right label, or a doubt that is no mistake."""
    if judged.state == judged.truth:
        return ""
    if judged.truth == State.LEOPARD:
        return DOUBTED if judged.state is State.UNSURE else MISSED
    if judged.state is State.UNSURE:
        return ""
    return {State.LEOPARD: FALSE, State.EMPTY: AWAY}.get(judged.state, WRONG)


def _said(judged: Judged) -> float:
    return -judged.chances[judged.state]


_WORST_FIRST: dict[str, Callable[[Judged], float]] = {
    MISSED: lambda judged: judged.chances[State.LEOPARD],
    FALSE: _said,
    AWAY: _said,
    WRONG: _said,
    DOUBTED: lambda judged: judged.chances[State.LEOPARD],
}


def find_mistakes(judged: Sequence[Judged]) -> list[Mistake]:
    """All mistakes among the pictures looked at: by kind, and within it the surest first."""
    found = [Mistake(kind, each) for each in judged if (kind := kind_of(each))]
    return sorted(
        found,
        key=lambda m: (KINDS.index(m.kind), _WORST_FIRST[m.kind](m.judged), m.judged.sample.file),
    )


def worst(mistakes: Sequence[Mistake], count: int = 10) -> list[Mistake]:
    """The worst of each kind in turn, so that a common kind does not hide a rare one."""
    by_kind = [[m for m in mistakes if m.kind == kind] for kind in KINDS]
    turns = max((len(members) for members in by_kind), default=0)
    dealt = [members[turn] for turn in range(turns) for members in by_kind if turn < len(members)]
    return sorted(dealt[:count], key=mistakes.index)


def described(mistake: Mistake) -> dict[str, Any]:
    """What a mistake looks like, in words and one chance, without its name or picture."""
    judged = mistake.judged
    said = State.LEOPARD if mistake.kind in (MISSED, DOUBTED) else judged.state
    return {
        "mistake": mistake.kind,
        "source": judged.sample.source,
        "species": judged.sample.species,
        "modality": judged.modality,
        "box size": box_size(judged),
        "truth": judged.truth,
        "label": judged.state.value,
        "chance": f"P({said}) = {judged.chances[said]:.2f}",
    }


def detailed(mistake: Mistake) -> dict[str, Any]:
    """A mistake with its file, group and all chances."""
    judged = mistake.judged
    return {
        **described(mistake),
        "file": judged.sample.file,
        "group": judged.sample.group,
        "chances": {label: round(judged.chances[label], DECIMALS) for label in LABELS},
    }


def missed_leopards(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Every leopard that was not called one: file, group, P(leopard), and what became of it."""
    return [
        {
            "file": m.judged.sample.file,
            "group": m.judged.sample.group,
            "P(leopard)": round(m.judged.chances[State.LEOPARD], DECIMALS),
            "state": m.judged.state.value,
        }
        for m in find_mistakes(judged)
        if m.judged.truth == State.LEOPARD
    ]
