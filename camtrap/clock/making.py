"""From a stretch of a track to a finding: which files, which deployment, and the period's ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from camtrap.card.offsets import MOST_SECONDS
from camtrap.clock.finding import Finding, Kind, shifted, told
from camtrap.clock.track import Track, moment_of

_SECOND = timedelta(seconds=1)
_APART = (
    "The table cannot tell them apart: where that matters, put the files into folders of their "
    "own, with a row each in stations.csv."
)


@dataclass(frozen=True, slots=True)
class Correction:
    """Seconds to add to the times as they are corrected now, how well that fits, and why."""

    seconds: int
    score: float
    why: str = ""
    leans_on_visits: bool = False


def finding(
    track: Track,
    kind: Kind,
    first: int,
    last: int,
    evidence: str,
    correction: Correction | None = None,
    *,
    shown: int | None = None,
) -> Finding:
    """A finding about the pictures from `first` up to `last`, to which a correction would apply.

    `shown` is the count of those that show the fault, where that is not all of them. The period is
    without a bound on the side where the track has no other picture by the camera's clock.
    """
    start, end = _period(track, first, last)
    seconds, score = None, 0.0
    words = "No correction can be told from the pictures; ask who set up the camera."
    if correction is not None and correction.seconds:
        applied = int(track.time[first] - track.raw[first])
        others = _others(track, first, last)
        moved = correction.seconds + applied
        if others and applied:
            # What is left is what the correction did to the others; more of it would not end.
            words = f"It is corrected already, with {_others_of(others)}. {_APART}"
        elif moved and abs(moved) <= MOST_SECONDS:
            seconds = moved
            score = correction.score * ((last - first) / (last - first + others))
            why = f": {correction.why}" if correction.why else ""
            words = f"{shifted(seconds)} {when(start, end)}{why}."
            words = f"{words[0].upper()}{words[1:]}"
            if others:
                words += f" That moves {_others_of(others)} as well. {_APART}"
    deployment = track.deployment_of(first, last)
    return Finding(
        kind=kind,
        station_id=_station(track, deployment),
        deployment_id=deployment,
        file_count=last - first if shown is None else shown,
        first_file=int(track.file_id[first]),
        last_file=int(track.file_id[last - 1]),
        evidence=evidence,
        seconds=seconds,
        score=score,
        start=start,
        end=end,
        proposal=words,
        leans_on_visits=correction is not None and correction.leans_on_visits,
    )


def _others_of(count: int) -> str:
    pictures = "another picture" if count == 1 else f"{count:,} other pictures"
    return f"{pictures} of the same times by the camera's clock"


def _others(track: Track, first: int, last: int) -> int:
    """Pictures of the track beside these which a correction of their times would move as well."""
    raw = track.raw
    low, high = raw[first:last].min(), raw[first:last].max()
    return int(np.count_nonzero((raw >= low) & (raw <= high))) - (last - first)


def _period(track: Track, first: int, last: int) -> tuple[datetime | None, datetime | None]:
    """From the earliest to the latest time of these pictures by the camera's clock, half open.

    Without bounds for a whole track, and without an end for the calendar's last second.
    """
    if last - first == len(track):
        return None, None
    return bounds(track, first, last)


def bounds(track: Track, first: int, last: int) -> tuple[datetime, datetime | None]:
    """As `_period`, with bounds for a whole track too."""
    raw = track.raw
    low, high = moment_of(raw[first:last].min()), moment_of(raw[first:last].max())
    return low, None if high > datetime.max - _SECOND else high + _SECOND


def when(start: datetime | None, end: datetime | None) -> str:
    """A period in words."""
    if start is None:
        return "at all times of this camera"
    if end is None:
        return f"from {told(start)} by the camera's clock"
    return f"from {told(start)} to {told(end)} by the camera's clock"


def _station(track: Track, deployment: str) -> str:
    for stay in track.site.stays:
        if stay.deployment_id == deployment:
            return stay.station_id
    return track.site.stays[0].station_id if track.site.stays else track.site.deployment_id
