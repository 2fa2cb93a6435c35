"""What a check of a data package found: sentences, counted by rule, the first few of each kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from camtrap.ledger.rows import text_of

MOST_OF_A_RULE = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `rule` is its name, `where` the file, and row and column if any.

    An `error` makes the package invalid or untrue; anything else is a warning.
    """

    rule: str
    where: str
    sentence: str
    error: bool = True

    def __str__(self) -> str:
        return (
            f"{'error' if self.error else 'warning'}: {self.where}: {self.sentence} [{self.rule}]"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "rule": self.rule,
            "where": self.where,
            "sentence": self.sentence,
            "error": self.error,
        }


@dataclass(slots=True)
class Report:
    """All that was found; of each rule the first findings, and the counts of all."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[str, bool]] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def error(self, rule: str, where: str, sentence: str) -> None:
        """Note an error."""
        self._note(Finding(rule, text_of(where), text_of(sentence)))

    def warning(self, rule: str, where: str, sentence: str) -> None:
        """Note a warning."""
        self._note(Finding(rule, text_of(where), text_of(sentence), error=False))

    def _note(self, finding: Finding) -> None:
        key = finding.rule, finding.error
        self.counts[key] += 1
        if self.counts[key] <= MOST_OF_A_RULE:
            self.findings.append(finding)

    @property
    def errors(self) -> int:
        return sum(count for (_, error), count in self.counts.items() if error)

    @property
    def warnings(self) -> int:
        return sum(count for (_, error), count in self.counts.items() if not error)

    @property
    def rules(self) -> frozenset[str]:
        """The names of all rules against which there is an error."""
        return frozenset(rule for rule, error in self.counts if error)
