"""The few rules by which frames become bursts and events; written into `run.json` with every table.

They come from the settings, and the thresholds from the model that triaged the season.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from camtrap.config import LAST_RECORD, Settings
from camtrap.errors import ModelError
from camtrap.events.bursts import DEFAULT_BURST_GAP
from camtrap.events.grouping import DEFAULT_GAP
from camtrap.vision.calibration import Thresholds


@dataclass(frozen=True, slots=True)
class Rules:
    """How frames are grouped.

    `gap` is the independence interval and `event_rule` what it is counted from (`last_record`,
    `last_independent`); `burst_gap` parts bursts where the maker tells no sequence; with `static`,
    what never moves makes no event. `thresholds` are the model's; None when the season does not
    tell them, and doubtful frames then stay doubtful.
    """

    gap: timedelta = DEFAULT_GAP
    event_rule: str = LAST_RECORD
    burst_gap: timedelta = DEFAULT_BURST_GAP
    static: bool = True
    thresholds: Thresholds | None = None

    def as_dict(self) -> dict[str, Any]:
        """The rules as plain values, for `run.json`."""
        return {
            "event_gap_minutes": self.gap.total_seconds() / 60,
            "event_rule": self.event_rule,
            "burst_gap_seconds": self.burst_gap.total_seconds(),
            "static": self.static,
        }


def rules_of(settings: Settings, runs: Sequence[Mapping[str, Any]]) -> Rules:
    """The rules of some settings, with the thresholds of the season's last run that tells them.

    `runs` are those of the ledger (`run_notes`). A season keeps to one set of thresholds.
    """
    return Rules(
        gap=settings.event_gap,
        event_rule=settings.event_rule,
        burst_gap=settings.burst_gap,
        static=settings.static,
        thresholds=_thresholds(runs),
    )


def _thresholds(runs: Sequence[Mapping[str, Any]]) -> Thresholds | None:
    for run in reversed(runs):
        try:
            return Thresholds.from_mapping(run["settings"]["thresholds"])
        except (KeyError, AttributeError, ModelError):
            continue
    return None
