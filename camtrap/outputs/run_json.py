"""`run.json`: everything by which the tables of a season can be reproduced and accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.audit.auditing import current
from camtrap.audit.targets import TARGETS
from camtrap.card.deployments import Offset
from camtrap.events.frames import Placing
from camtrap.events.rules import Rules
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.tables import replacing
from camtrap.records import State


def content(
    ledger: Ledger,
    event_count: int,
    *,
    rules: Rules | None = None,
    placed: Placing | None = None,
    suppressed: int = 0,
) -> dict[str, Any]:
    """The season as plain values: version, cards, runs, rules, counts of states and of events.

    `placed` adds the stations and corrections of time that were applied, and how many files people
    named; `suppressed` is the count of frames of what never moves. `audit` holds the newest audit
    of each target, and is not there without any.
    """
    totals = ledger.totals()
    said: dict[str, Any] = {
        "camtrap": __version__,
        "files": sum(totals.values()),
        "states": {state.value: totals[state] for state in State if totals[state]},
        "events": event_count,
        "cards": [{"name": card.name, "root": text_of(str(card.root))} for card in ledger.cards()],
    }
    if rules is not None:
        said["rules"] = rules.as_dict()
        said["suppressed"] = suppressed
    if placed is not None:
        said["deployments"] = len(placed.notes.deployments)
        said["clock_offsets"] = [_offset(offset) for offset in placed.notes.offsets]
        said["reviewed"] = len(placed.reviews or {})
    audits = {target: current(ledger.season, target) for target in TARGETS}
    if any(audits.values()):
        said["audit"] = {key: audit.as_dict() for key, audit in audits.items() if audit}
    return {**said, "runs": ledger.runs()}


def _offset(offset: Offset) -> dict[str, Any]:
    return {
        "deployment_id": offset.deployment_id,
        "seconds": offset.seconds,
        "from": offset.start.isoformat() if offset.start else None,
        "to": offset.end.isoformat() if offset.end else None,
        "reason": offset.reason,
    }


def write(
    ledger: Ledger,
    path: Path,
    event_count: int,
    *,
    rules: Rules | None = None,
    placed: Placing | None = None,
    suppressed: int = 0,
) -> dict[str, Any]:
    """Write the file and return its content; raises `SeasonError` when it cannot be written."""
    said = content(ledger, event_count, rules=rules, placed=placed, suppressed=suppressed)
    text = json.dumps(said, indent=2, ensure_ascii=False)
    with replacing(path) as stream:
        stream.write(text + "\n")
    return said
