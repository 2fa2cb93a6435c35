"""The account of a card: the files that lie on it equal the sum of their states, folder by folder.

Files of the ledger that no longer lie on the card are no fault, since people delete pictures: they
are counted apart, as `gone`. A file on the card that no state accounts for is one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from camtrap.errors import CardError
from camtrap.ledger.count import CardCount, FolderSum, count_card, media_names
from camtrap.ledger.rows import CardEntry, text_of
from camtrap.ledger.store import Ledger, utc_now

_TOLD = 5


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the second count of a card found.

    `states` counts the card's files in the ledger, `gone` those of them that lie on the card no
    more, and `missing` the files a folder that lie there and have no state. `unlisted` folders
    could not be listed, and their files not be counted.
    """

    card: str
    on_card: int
    states: dict[str, int]
    gone: int
    missing: dict[str, int]
    unlisted: int

    @property
    def in_ledger(self) -> int:
        return sum(self.states.values())

    @property
    def is_balanced(self) -> bool:
        """True when every file on the card has a state: files = states - gone."""
        return not self.missing and self.on_card == self.in_ledger - self.gone

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "card": self.card,
            "on_card": self.on_card,
            "in_ledger": self.in_ledger,
            "gone": self.gone,
            "missing": self.missing,
            "unlisted": self.unlisted,
            "balanced": self.is_balanced,
        }


def reconcile(ledger: Ledger, card: CardEntry, root: Path, *, run_id: int | None) -> Reconciliation:
    """Count a card again, compare it with the ledger, and note the result there.

    `root` is what was given as card: a single picture may stand for one. Raises `CardError` when
    the card has vanished meanwhile.
    """
    counted = _count_picture(root) if root.is_file() else count_card(root)
    if root in counted.unlisted:
        raise CardError(
            f"The card {root} is gone before its files were counted again. What is done is kept; "
            "put it back and run the same command again."
        )
    known, states = _ledger_sums(ledger, card, only=text_of(root.name) if root.is_file() else "")
    differing = {
        folder
        for folder in counted.folders.keys() | known.keys()
        if counted.folders.get(folder) != known.get(folder)
    }
    gone = sum(known[folder].count for folder in differing - counted.folders.keys())
    missing: dict[str, int] = {}
    for folder, on_card in _names_on_card(root, differing):
        in_ledger = _names_known(ledger, card, folder)
        gone += len(in_ledger - on_card)
        if on_card - in_ledger:
            missing[folder] = len(on_card - in_ledger)
    found = Reconciliation(card.name, counted.files, states, gone, missing, len(counted.unlisted))
    _note(ledger, card, run_id, found)
    return found


def explain(found: Reconciliation) -> str:
    """What is wrong with a card's account, naming the folders, for an error message."""
    folders = [f"{name or '.'} ({count:,})" for name, count in found.missing.items()]
    more = f" and {len(folders) - _TOLD} more" if len(folders) > _TOLD else ""
    return (
        f"Card {found.card}: {found.on_card:,} files lie on it, and the ledger accounts for "
        f"{found.in_ledger - found.gone:,}. Files without a state are in "
        f"{', '.join(folders[:_TOLD])}{more}. If pictures were being copied there, run the same "
        "command again; if it says this once more, please report it."
    )


def last_reconciliations(ledger: Ledger) -> dict[str, dict[str, object]]:
    """The newest result of each card that has one, by the card's name."""
    rows = ledger.db.execute(
        "SELECT name, checked_at, on_card, states, gone, missing FROM reconciliation"
        " JOIN card USING (card_id) WHERE reconciliation_id IN"
        " (SELECT max(reconciliation_id) FROM reconciliation GROUP BY card_id)"
    )
    return {
        row["name"]: {
            "checked_at": row["checked_at"],
            "on_card": row["on_card"],
            "in_ledger": sum(json.loads(row["states"]).values()),
            "gone": row["gone"],
            "missing": json.loads(row["missing"]),
        }
        for row in rows
    }


def _count_picture(picture: Path) -> CardCount:
    count = CardCount({"": FolderSum()})
    count.folders[""].add(text_of(picture.name))
    return count


def _ledger_sums(
    ledger: Ledger, card: CardEntry, *, only: str
) -> tuple[dict[str, FolderSum], dict[str, int]]:
    folders: dict[str, FolderSum] = {}
    states: Counter[str] = Counter()
    for path, state in _paths(ledger, card):
        if only and path != only:  # a single picture, beside which others may be known
            continue
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, FolderSum()).add(name)
        states[state] += 1
    return folders, dict(sorted(states.items()))


def _paths(ledger: Ledger, card: CardEntry) -> Iterator[tuple[str, str]]:
    cursor = ledger.db.cursor()
    cursor.row_factory = None
    return cursor.execute(
        "SELECT relative_path, state FROM file WHERE card_id = ?", (card.card_id,)
    )


def _names_on_card(root: Path, folders: Set[str]) -> Iterator[tuple[str, set[str]]]:
    """The names in those folders, one folder after the other; a second walk, needed seldom."""
    if root.is_file():
        if folders:
            yield "", {text_of(root.name)}
    elif folders:
        for folder, names in media_names(root, CardCount()):
            if folder in folders:
                yield folder, set(names)


def _names_known(ledger: Ledger, card: CardEntry, folder: str) -> set[str]:
    start = f"{folder}/" if folder else ""
    rows = ledger.db.execute(
        "SELECT substr(relative_path, ?) AS name FROM file WHERE card_id = ?"
        " AND relative_path >= ? AND (? = '' OR relative_path < ?) AND instr(name, '/') = 0",
        (len(start) + 1, card.card_id, start, start, f"{folder}0"),  # 0 comes behind /
    )
    return {row["name"] for row in rows}


def _note(ledger: Ledger, card: CardEntry, run_id: int | None, found: Reconciliation) -> None:
    with ledger.writing():
        ledger.db.execute(
            "INSERT INTO reconciliation"
            " (card_id, run_id, checked_at, on_card, states, gone, missing)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                card.card_id,
                run_id,
                utc_now(),
                found.on_card,
                json.dumps(found.states),
                found.gone,
                json.dumps(found.missing, ensure_ascii=False),
            ),
        )
