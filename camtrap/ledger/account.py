"""The season at a glance: each card's files by what became of them, and the last run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from camtrap.ledger.again import FAILED
from camtrap.ledger.store import Ledger
from camtrap.records import State


@dataclass(frozen=True, slots=True)
class CardAccount:
    """One card's files, each counted once: done + left + failed + duplicates + skipped = files."""

    card: str
    root: str
    files: int
    done: int
    left: int
    failed: int
    duplicates: int
    skipped: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def card_accounts(ledger: Ledger) -> list[CardAccount]:
    """Every card's account, in the order in which the cards came."""
    counts: dict[int, Counter[State]] = {}
    # In the order of the index by state and card, of which SQLite need not sort anything.
    rows = ledger.db.execute(
        "SELECT state, card_id, count(*) AS n FROM file GROUP BY state, card_id"
    )
    for row in rows:
        counts.setdefault(row["card_id"], Counter())[State(row["state"])] = row["n"]
    return [
        _account(card.name, str(card.root), counts.get(card.card_id, Counter()))
        for card in ledger.cards()
    ]


def _account(name: str, root: str, count: Counter[State]) -> CardAccount:
    return CardAccount(
        name,
        root,
        files=sum(count.values()),
        done=sum(n for state, n in count.items() if state.is_label),
        left=count[State.PENDING],
        failed=sum(count[state] for state in FAILED),
        duplicates=count[State.DUPLICATE],
        skipped=count[State.SKIPPED],
    )


def last_run(ledger: Ledger) -> dict[str, Any] | None:
    """The newest run: `run_id`, `started_at`, `finished_at` (UTC), and the model's name."""
    notes = ledger.run_notes()
    if not notes:
        return None
    run = notes[-1]
    return {
        "run_id": run["run_id"],
        "started_at": run["started_at"],
        "finished_at": run["finished_at"],
        "model": run["settings"].get("model", {}).get("id", ""),
        "command": run["settings"].get("command", ""),
    }
