"""`run.json`: everything by which the tables of a season can be reproduced and accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from camtrap import __version__
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.tables import replacing
from camtrap.records import State


def content(ledger: Ledger, event_count: int) -> dict[str, Any]:
    """The season as plain values: version, cards, runs, and counts of states and of events."""
    totals = ledger.totals()
    return {
        "camtrap": __version__,
        "files": sum(totals.values()),
        "states": {state.value: totals[state] for state in State if totals[state]},
        "events": event_count,
        "cards": [{"name": card.name, "root": text_of(str(card.root))} for card in ledger.cards()],
        "runs": ledger.runs(),
    }


def write(ledger: Ledger, path: Path, event_count: int) -> dict[str, Any]:
    """Write the file and return its content; raises `SeasonError` when it cannot be written."""
    said = content(ledger, event_count)
    text = json.dumps(said, indent=2, ensure_ascii=False)
    with replacing(path) as stream:
        stream.write(text + "\n")
    return said
