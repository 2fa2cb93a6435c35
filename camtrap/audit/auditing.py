"""An audit from its beginning to its verdict: `start` draws or grows it, `current` tells it.

Nothing is kept of the population but its numbers: it is found again from the ledger whenever the
sample grows. What people say of drawn pictures is found among their reviews, however it came there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from camtrap.audit.population import Population
from camtrap.audit.strata import DRAWS_A_STRATUM, Cell, Stratum, needed, strata_of, with_draws
from camtrap.audit.targets import ANIMAL, LEOPARD, checked
from camtrap.audit.verdict import Looks, bound_of, looks_of, more_looks, order_of_looking
from camtrap.config import Settings
from camtrap.errors import ConfigError, SeasonError
from camtrap.events.frames import Placing, placing
from camtrap.ledger.audits import (
    Begun,
    Draw,
    add_draw,
    changed_files,
    draws,
    last_audit,
    pictures,
    words_until,
)
from camtrap.ledger.reviews import reviews
from camtrap.ledger.store import Ledger
from camtrap.records import State

DEFAULT_CONFIDENCE = 0.95
DEFAULT_SIZE = 300
"""Pictures; if nothing was missed in them, at most 1 in 100 of all was (the rule of three)."""

_LABELLED = frozenset(state for state in State if state.is_label)
_NOTHING = {
    LEOPARD: "There is nothing to audit: each picture is called leopard, or a person has seen it.",
    ANIMAL: "There is nothing to audit: no picture is called empty that no person has seen.",
}


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit as it stands.

    `population` pictures were put away, of which `sample` were drawn. `looked`, `missed` and
    `unsure` are those of `verdict.Looks`. With `confidence` no more than `bound_pictures` (of the
    population: `bound_share`) hold the target, in no more than `bound_events` events. `wish` is the
    bound that was asked for, and `more` how many more looks reach it if nothing more is missed.
    `files` are the drawn pictures in the order in which to look at them, `shown` these and the
    others of their bursts. `changed` is true when the season's files are others than they were:
    the verdict is about those of then.

    Who enlarges a sample until its bound pleases is wrong more often than each draw by itself. So
    the doubts of all draws add up: `rounds` counts those that came after looks at the one before,
    `draw_confidence` is that by which the last one's bound is made, and `confidence` that of all.
    """

    target: str
    confidence: float
    draw_confidence: float
    seed: int
    started_at: str
    population: int
    sample: int
    looked: int
    missed: int
    unsure: int
    bound_pictures: int
    bound_events: int
    wish: int | None
    more: int | None
    changed: bool
    rounds: int
    files: tuple[int, ...]
    shown: frozenset[int]
    strata: tuple[Stratum, ...]
    looks: Looks

    @property
    def bound_share(self) -> float:
        """The bound as a share of the population, 0..1."""
        return self.bound_pictures / self.population

    @property
    def code(self) -> str:
        """Which sentence tells it: `unlooked`, `part` or `whole`."""
        if not self.looked:
            return "unlooked"
        return "whole" if self.looked == self.sample else "part"

    def looks_needed(self, bound: int) -> int:
        """How many more looks bring the bound down to `bound` pictures, if none is a miss."""
        return more_looks(self.strata, self.looks, bound, self.draw_confidence)

    def as_dict(self) -> dict[str, Any]:
        """The audit as plain values, without the pictures' numbers."""
        names = ["target", "population", "sample"]
        if self.looked:
            names += ("looked", "missed", "unsure", "confidence", *_BOUNDS)
        plain = (
            *_ALWAYS,
            *_BOUNDS,
            "wish",
            "more",
            "changed",
            "rounds",
            "draw_confidence",
            "seed",
            "started_at",
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "sentence": {
                "code": self.code,
                "values": {name: getattr(self, name) for name in names},
            },
        }


_ALWAYS = ("target", "confidence", "sample", "looked", "missed", "unsure", "population")
_BOUNDS = ("bound_pictures", "bound_share", "bound_events")


def current(season: Path, target: str | None = None) -> Audit | None:
    """The audit of a target, or the one drawn last; None when there is none.

    Raises `SeasonError`, and `ConfigError` for a target that does not exist.
    """
    begun = last_audit(season, checked(target) if target is not None else None)
    return None if begun is None else _told(season, begun)


def start(
    season: Path,
    target: str,
    *,
    confidence: float | None = None,
    size: int | None = None,
    bound: float | None = None,
    seed: int | None = None,
    anew: bool = False,
) -> Audit:
    """Begin an audit of a target, or grow the one there is; what was looked at stays looked at.

    `size` is how many pictures are drawn in all; `bound` how many may hold the target at most (a
    share of all below 1) if nothing more is missed, from which the size follows. `anew` begins
    another one, of what nobody has looked at by now. Raises `ConfigError` for values that cannot
    be, and `SeasonError` when nothing was put away or the ledger cannot be written.
    """
    _refuse(confidence, size, bound, seed)
    before = None if anew else current(season, checked(target))
    begun = _begun(season, checked(target), before, seed)
    sure = confidence or (before.draw_confidence if before is not None else DEFAULT_CONFIDENCE)
    with Ledger(season) as ledger:
        states = _states(ledger)
        with _population(ledger, begun) as found:
            total = found.cells.total()
            if not total:
                raise SeasonError(_NOTHING[target])
            wish = _wish(bound, total, before)
            size, begun = _sized(found.cells, begun, before, sure, size, wish if bound else None)
            strata = with_draws(strata_of(found.cells, begun.strata), size)
            drawn = found.draw([(stratum.cells, stratum.drawn) for stratum in strata])
            bursts = tuple(sorted(found.bursts.items()))
    plain = tuple((stratum.cells, stratum.size, stratum.drawn) for stratum in strata)
    draw = Draw(0, "", sure, wish, 0, states, plain, bursts)
    last = draws(season, begun)[-1] if before is not None else None
    if last is not None and before is not None:
        if replace(last, draw_id=0, drawn_at="", looked=0) == draw:
            return before
        grown = {picture.file_id for picture in drawn if picture.rank is not None}
        draw = replace(draw, looked=before.looked if grown != set(before.files) else 0)
    return _told(season, add_draw(season, begun, draw, drawn))


def _refuse(
    confidence: float | None, size: int | None, bound: float | None, seed: int | None
) -> None:
    if size is not None and bound is not None:
        raise ConfigError("The size follows from the bound: give --size or --bound, not both.")
    if confidence is not None and not 0.5 <= confidence < 1:
        raise ConfigError(f"A confidence lies between 0.5 and 1, such as 0.95, not {confidence:g}.")
    if size is not None and size < 1:
        raise ConfigError(f"An audit draws one picture at least, not {size}.")
    if bound is not None and not 0 < bound < math.inf:
        raise ConfigError(
            f"A bound is a share such as 0.01 or a number of pictures such as 50, not {bound:g}."
        )
    if seed is not None and not 0 <= seed < 2**63:
        raise ConfigError(f"A seed is a whole number such as 0 or 2026, not {seed}.")


def _begun(season: Path, target: str, before: Audit | None, seed: int | None) -> Begun:
    """The audit that goes on, or the beginning of one, without a number yet."""
    if before is None:
        return Begun(0, target, seed or 0, words_until(season)[1], 0, "")
    if seed not in (None, before.seed):
        raise ConfigError(
            f"This audit was drawn with the seed {before.seed}; another seed draws other pictures. "
            "Leave --seed out to go on with it, or add --anew to begin another one."
        )
    begun = last_audit(season, target)
    assert begun is not None
    return begun


def _population(ledger: Ledger, begun: Begun) -> Population:
    placed = placing(ledger)
    # As the model called them: what people said since is what is asked for.
    frames = Placing(placed.matcher, placed.notes).frames(ledger, _LABELLED)
    words, _ = words_until(ledger.season, begun.last_review)
    return Population(frames, begun.target, begun.seed, words, _burst_gap(ledger))


def _burst_gap(ledger: Ledger) -> timedelta:
    """That of the season's last run; the usual one where no run tells."""
    notes = ledger.run_notes()
    said = notes[-1]["settings"].get("settings", {}) if notes else {}
    return timedelta(seconds=said.get("burst_gap_seconds", Settings().burst_gap_seconds))


def _states(ledger: Ledger) -> dict[str, int]:
    return {state.value: count for state, count in sorted(ledger.totals().items())}


def _wish(bound: float | None, total: int, before: Audit | None) -> int | None:
    """The bound that is asked for, as a number of pictures; that of before where none is."""
    if bound is None:
        return before.wish if before is not None else None
    return int(bound * total if bound < 1 else bound)


def _sized(
    cells: Mapping[Cell, int],
    begun: Begun,
    before: Audit | None,
    confidence: float,
    size: int | None,
    wish: int | None,
) -> tuple[int, Begun]:
    """How many pictures to draw in all, and the audit with its number of strata."""
    total = sum(cells.values())
    missed = before.looks.against if before is not None else 0
    if not begun.strata:
        first = size or DEFAULT_SIZE
        if wish is not None:
            first = needed([Stratum((), total)], missed, wish, confidence)
        begun = replace(begun, strata=max(1, min(first, total) // DRAWS_A_STRATUM))
    if wish is not None:
        size = needed(strata_of(cells, begun.strata), missed, wish, confidence)
    # What was drawn once stays drawn.
    return max(size or 0, before.sample if before is not None else 0) or DEFAULT_SIZE, begun


def _of_all(made: Sequence[Draw]) -> float:
    """The confidence in the last draw's bound, with the chances that draws before it had to err."""
    # A draw counts when it was looked at before another took its place.
    later = [*made[1:], None]
    counted = [
        draw for draw, after in zip(made, later, strict=True) if after is None or after.looked
    ]
    return round(max(0.0, 1 - sum(1 - draw.confidence for draw in counted)), 6)


def _told(season: Path, begun: Begun) -> Audit:
    made = draws(season, begun)
    draw = made[-1]
    drawn = pictures(season, draw)
    strata = tuple(Stratum(*told) for told in draw.strata)
    gone = changed_files(season, draw)
    said = {file_id: word for file_id, word in reviews(season).items() if file_id not in gone}
    looks = looks_of(drawn, said, begun.target, len(strata))
    bound = bound_of(strata, draw.bursts, looks, draw.confidence)
    with Ledger(season) as ledger:
        changed = bool(gone) or _states(ledger) != draw.states
    wish = draw.wish
    return Audit(
        target=begun.target,
        confidence=_of_all(made),
        draw_confidence=draw.confidence,
        seed=begun.seed,
        started_at=begun.started_at,
        population=sum(stratum.size for stratum in strata),
        sample=looks.sample,
        looked=looks.looked,
        missed=looks.missed,
        unsure=looks.unsure,
        bound_pictures=bound.pictures,
        bound_events=bound.events,
        wish=wish,
        more=None if wish is None else more_looks(strata, looks, wish, draw.confidence),
        changed=changed,
        rounds=1 + sum(each.looked > 0 for each in made[1:]),
        files=tuple(order_of_looking(drawn, [stratum.drawn for stratum in strata])),
        shown=frozenset(picture.file_id for picture in drawn),
        strata=strata,
        looks=looks,
    )
