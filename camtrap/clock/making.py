"""From a stretch of a track to a finding: which files, which deployment, and the period's ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from camtrap.clock.finding import Finding, Kind, shifted, told
from camtrap.clock.track import Track, moment_of


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
    seconds, words = None, "No correction can be told from the pictures; ask who set up the camera."
    if correction is not None and correction.seconds:
        applied = int(track.time[first] - track.raw[first])
        seconds = correction.seconds + applied
        words = f"{shifted(seconds)} {_when(start, end)}"
        words = f"{words[0].upper()}{words[1:]}{f': {correction.why}' if correction.why else ''}."
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
        score=correction.score if correction is not None and seconds else 0.0,
        start=start,
        end=end,
        proposal=words,
        leans_on_visits=correction is not None and correction.leans_on_visits,
    )


def _period(track: Track, first: int, last: int) -> tuple[datetime | None, datetime | None]:
    """From the earliest to the latest time of these pictures by the camera's clock, half open."""
    raw = track.raw
    low, high = int(raw[first:last].min()), int(raw[first:last].max())
    if last - first == len(track):
        return None, None
    return moment_of(low), moment_of(high) + timedelta(seconds=1)


def _when(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None:
        return "at all times of this camera"
    return f"from {told(start)} to {told(end)} by the camera's clock"


def _station(track: Track, deployment: str) -> str:
    for stay in track.site.stays:
        if stay.deployment_id == deployment:
            return stay.station_id
    return track.site.stays[0].station_id if track.site.stays else track.site.deployment_id
