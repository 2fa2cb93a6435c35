"""What the clock doctor found, in numbers and in words a ranger understands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from camtrap.card.deployments import Offset

HOUR, DAY = 3600, 86_400


class Kind(StrEnum):
    """What may be wrong with a clock."""

    RESET = "factory_reset"
    FUTURE = "future_date"
    LONG_AGO = "before_2010"
    BEFORE_SETUP = "before_setup"
    AFTER_RETRIEVAL = "after_retrieval"
    BACKWARDS = "runs_backwards"
    JUMP = "jump"
    DAYLIGHT = "day_and_night"
    SILENCE = "silence"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, or what looks like one.

    `file_count` pictures show it, the first and last of which are `first_file` and `last_file` by
    the ledger's numbers (`first_path`, `last_path` once they were looked up). `evidence` says what
    was seen. `seconds` is what to add to the camera's own times from `start` up to `end` (None is
    without a bound); None where nothing can be proposed. `score` is how well the correction fits,
    0..1, and 0 without one; `proposal` says it in words.
    """

    kind: Kind
    station_id: str
    deployment_id: str
    file_count: int
    first_file: int
    last_file: int
    evidence: str
    seconds: int | None = None
    score: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    proposal: str = ""
    first_path: str = ""
    last_path: str = ""
    leans_on_visits: bool = False
    """True where the correction takes the first or last picture for that of a visit."""

    @property
    def offset(self) -> Offset | None:
        """The correction as a row of `clock_offsets.csv`, or None."""
        if not self.seconds:
            return None
        return Offset(self.deployment_id, self.seconds, self.start, self.end, self.reason)

    @property
    def reason(self) -> str:
        """Why, for the table of corrections."""
        return f"{self.kind}: {self.evidence} (score {self.score:.2f})"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, under the names that JSON and the documents use."""
        return {
            "kind": self.kind.value,
            "station_id": self.station_id,
            "deployment_id": self.deployment_id,
            "file_count": self.file_count,
            "first_file": self.first_path,
            "last_file": self.last_path,
            "evidence": self.evidence,
            "seconds": self.seconds,
            "score": round(self.score, 2),
            "from": self.start.isoformat() if self.start else None,
            "to": self.end.isoformat() if self.end else None,
            "proposal": self.proposal,
        }


def span(seconds: int) -> str:
    """A length of time in words: `12 hours`, `3 days`, `1 h 30 min`."""
    seconds = abs(seconds)
    if seconds >= DAY and seconds % DAY == 0:
        return _counted(seconds // DAY, "day")
    if seconds >= 3 * DAY:
        return f"{seconds / DAY:,.1f} days"
    if seconds >= HOUR and seconds % HOUR == 0:
        return _counted(seconds // HOUR, "hour")
    if seconds >= HOUR:
        return f"{seconds // HOUR} h {seconds % HOUR // 60:02} min"
    return _counted(seconds // 60, "minute") if seconds >= 60 else _counted(seconds, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"


def shifted(seconds: int) -> str:
    """A correction in words: `add 12 hours`, `take away 1 hour`."""
    return f"{'add' if seconds > 0 else 'take away'} {span(seconds)}"


def told(moment: datetime) -> str:
    """A time as it is told in a sentence."""
    return f"{moment:%Y-%m-%d %H:%M}"
