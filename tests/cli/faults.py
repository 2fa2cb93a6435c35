"""What the tests of faults share: a run as it is typed, and what it leaves in the end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from camtrap.ledger.check import check
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger

TABLES = ("images.csv", "events.csv")

Left = tuple[list[Entry], dict[str, bytes]]


def left(season: Path) -> Left:
    """The files as the ledger knows them, and the tables' bytes, without the moment of the run.

    The ledger is whole, or this is no result.
    """
    with Ledger(season) as ledger:
        assert check(ledger) == []
        entries = [replace(entry, run_id=None) for entry in ledger.entries()]
    return entries, {
        name: re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"", (season / name).read_bytes())
        for name in TABLES
    }
