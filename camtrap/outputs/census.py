"""Counts of files and events, and the span of dates, of a station or of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from camtrap.events.frames import Frame
from camtrap.records import State


@dataclass(slots=True)
class Tally:
    """Counts and the span of dates, of a station or of everything."""

    events: Counter[str] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def note(self, moment: datetime | None) -> None:
        """Widen the span by a moment, if it is known."""
        if moment is not None:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)


def counted(frames: Iterable[Frame], stations: dict[str, Tally]) -> Iterator[Frame]:
    """The same frames, while they are counted by station.

    A file's own date does not count for the span: copying changes it.
    """
    for frame in frames:
        tally = stations.get(frame.station_id)
        if tally is None:
            tally = stations[frame.station_id] = Tally()
        tally.states[frame.label] += 1
        if frame.dated:
            tally.note(frame.taken_at)
        yield frame
