"""How far two voices agree on the same pictures: counts of pairs, and figures made of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from camtrap.imports.said import ANIMAL, LABELS_TOLD
from camtrap.records import LABELS, UNSURE
from camtrap.shares import Share

GROUPS: Mapping[str, str] = {
    **dict.fromkeys(("leopard", "prey", "other", ANIMAL), ANIMAL),
    **{label: label for label in ("person", "vehicle", "empty")},
}
"""What a detector alone can tell: an animal of whatever kind, a person, a vehicle, or nothing."""

Pair = tuple[str, str]


@dataclass(slots=True)
class Pairs:
    """How often each pair of labels was given to one picture, the first voice's first."""

    counts: Counter[Pair] = field(default_factory=Counter)

    def add(self, first: str, second: str) -> None:
        """Count one picture."""
        self.counts[first, second] += 1

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def labels(self) -> list[str]:
        """The labels that occur, in the order in which tables list them."""
        told = {label for pair in self.counts for label in pair}
        return [label for label in LABELS_TOLD if label in told]

    def decided(self) -> Pairs:
        """Those in which both voices gave one of the six labels: neither doubt nor `animal`."""
        return Pairs(
            Counter(
                {
                    pair: n
                    for pair, n in self.counts.items()
                    if pair[0] in LABELS and pair[1] in LABELS
                }
            )
        )

    def grouped(self) -> Pairs:
        """The same by `GROUPS`; doubt belongs to none."""
        found = Pairs()
        for (first, second), count in self.counts.items():
            if first in GROUPS and second in GROUPS:
                found.counts[GROUPS[first], GROUPS[second]] += count
        return found

    def agreement(self) -> Share:
        """The share of pictures with twice the same label."""
        same = sum(count for (first, second), count in self.counts.items() if first == second)
        return Share(same, self.total)

    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond what chance would give, 1 at most.

        Cohen, J. (1960): A coefficient of agreement for nominal scales. Educational and
        Psychological Measurement 20(1), 37-46. NaN without pictures, and where both voices gave one
        and the same label to all of them, for then chance would agree as well.
        """
        total = self.total
        if not total:
            return math.nan
        first: Counter[str] = Counter()
        second: Counter[str] = Counter()
        for (one, other), count in self.counts.items():
            first[one] += count
            second[other] += count
        by_chance = sum(first[label] * second[label] for label in first)
        if by_chance == total * total:
            return math.nan
        same = self.agreement().right
        # In whole numbers as far as it goes, so that full agreement is 1 and nothing less.
        return (same * total - by_chance) / (total * total - by_chance)

    def of_first(self, label: str) -> Share:
        """Of the pictures that the first voice gave a label: to how many did the second too?"""
        told = sum(count for (first, _), count in self.counts.items() if first == label)
        return Share(self.counts[label, label], told)

    def of_second(self, label: str) -> Share:
        """Of the pictures that the second voice gave a label: to how many did the first too?"""
        told = sum(count for (_, second), count in self.counts.items() if second == label)
        return Share(self.counts[label, label], told)


def differ(first: str, second: str) -> bool:
    """True when two labels of one picture cannot both be right; doubt contradicts nothing."""
    if UNSURE in (first, second):
        return False
    if ANIMAL in (first, second):
        return GROUPS[first] != GROUPS[second]
    return first != second


def share_dict(share: Share) -> dict[str, Any]:
    """A share as plain values, for JSON."""
    low, high = share.interval
    return {
        "same": share.right,
        "count": share.count,
        "share": None if not share.count else round(share.value, 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def figures(pairs: Pairs) -> dict[str, Any]:
    """Agreement and kappa as plain values, for JSON."""
    kappa = pairs.kappa()
    return {
        **share_dict(pairs.agreement()),
        "kappa": None if math.isnan(kappa) else round(kappa, 4),
    }
