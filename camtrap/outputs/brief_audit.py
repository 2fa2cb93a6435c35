"""What audits say of the season, in the words of the brief: how many were missed, at most."""

from __future__ import annotations

import math
from collections.abc import Iterator

from camtrap.audit.auditing import Audit, current
from camtrap.audit.targets import LEOPARD, TARGETS
from camtrap.outputs.brief_told import Told
from camtrap.outputs.markup import Safe
from camtrap.outputs.words import Words

_UNLOOKED = {"leopard": "audit.leopard.unlooked", "animal": "audit.animal.unlooked"}
_LOOKED = {"leopard": "audit.leopard.looked", "animal": "audit.animal.looked"}


def audits(told: Told) -> list[Audit]:
    """The newest audit of each target that was audited."""
    found = (current(told.ledger.season, target) for target in TARGETS)
    return [audit for audit in found if audit is not None]


def audited(told: Told) -> Iterator[str]:
    """A paragraph an audit."""
    for audit in audits(told):
        yield f"<p>{sentences(told.words, audit)}</p>\n"


def knows_of_leopards(told: Told) -> bool:
    """True when somebody looked whether leopards were missed."""
    return any(audit.target == LEOPARD and audit.looked for audit in audits(told))


def sentences(words: Words, audit: Audit) -> Safe:
    """What an audit says, with all that bears on it."""
    if not audit.looked:
        said = [
            words(_UNLOOKED[audit.target], sample=audit.sample, population=audit.population),
        ]
    else:
        said = [
            words(
                _LOOKED[audit.target],
                population=audit.population,
                missed=audit.missed,
                looked=audit.looked,
                confidence=words.decimal(100 * audit.confidence, 2),
                bound=audit.bound_pictures,
                share=share_text(words, audit.bound_share),
                events=audit.bound_events,
            )
        ]
        if audit.unsure:
            said.append(words("audit.unsure", n=audit.unsure))
        if left := audit.sample - audit.looked:
            said.append(words("audit.left", n=left, sample=audit.sample))
        if audit.rounds > 1:
            said.append(words("audit.rounds", n=audit.rounds))
    if audit.changed:
        said.append(words("audit.changed"))
    return words.text(said)


def share_text(words: Words, share: float) -> str:
    """A bound as percent, never less than it is: two digits that count, `0.99`, `4.1`, `23`."""
    percent = 100 * share
    digits = 0 if percent >= 10 else 1 if percent >= 1 else 2 if percent >= 0.1 else 3
    # What lies on the last digit but for rounding is not raised by a whole one.
    return words.decimal(math.ceil(percent * 10**digits - 1e-6) / 10**digits, digits)
