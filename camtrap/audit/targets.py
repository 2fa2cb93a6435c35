"""What an audit asks: which pictures were put away, and which of people's words is a miss.

`leopard` asks for leopards in what the model called anything else, the doubtful included; `animal`
asks for animals of any kind in what it called empty. A person's `unsure` may be one: it counts
against the model, and is told apart.
"""

from __future__ import annotations

from camtrap.errors import ConfigError
from camtrap.ledger.reviews import Review
from camtrap.ledger.rows import Entry
from camtrap.records import UNSURE, State

LEOPARD, ANIMAL = "leopard", "animal"
TARGETS = (LEOPARD, ANIMAL)

PUT_AWAY: dict[str, frozenset[State]] = {
    LEOPARD: frozenset(state for state in State if state.is_label) - {State.LEOPARD},
    ANIMAL: frozenset({State.EMPTY}),
}
"""States of the pictures in which something may have been missed."""

MISSES: dict[str, frozenset[str]] = {
    LEOPARD: frozenset({"leopard"}),
    ANIMAL: frozenset({"leopard", "prey", "other"}),
}
"""People's labels that say that it was."""

BANDS = (0.01, 0.1)
"""Where the model's chance of the target is parted: under 1 %, under 10 %, and above."""


def checked(target: str) -> str:
    """The target itself; raises `ConfigError` when there is no such."""
    if target not in TARGETS:
        raise ConfigError(f"An audit's target is {' or '.join(TARGETS)}, not '{target}'.")
    return target


def score_of(entry: Entry, target: str) -> float:
    """The model's chance of the target in a picture that it put away; 0 where it told none."""
    if target == LEOPARD:
        return entry.probabilities.get("leopard", 0.0)
    return 1.0 - entry.probabilities.get(
        "empty", 1.0 if entry.confidence is None else entry.confidence
    )


def band_of(score: float) -> int:
    """The number of the band in which a score lies, the lowest first."""
    return sum(score >= limit for limit in BANDS)


def is_miss(review: Review | None, target: str) -> bool:
    """True when a person says that the target is there."""
    return review is not None and review.label in MISSES[target]


def is_doubtful(review: Review | None) -> bool:
    """True when a person looked and could not tell."""
    return review is not None and review.label == UNSURE
