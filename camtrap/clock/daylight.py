"""Day and night: what a camera took infra-red against where the sun stood.

A camera turns to infra-red in the dusk. With a clock that is twelve hours wrong nearly all of its
night pictures lie in the day, and its colour pictures in the night. One night picture at noon is
fog or a shadow, so only many count; and a camera that always shows colour (a white flash) or never
does (a stuck filter) tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from camtrap.clock.bounds import visits
from camtrap.clock.finding import HOUR, Finding, Kind, span
from camtrap.clock.heights import heights
from camtrap.clock.making import Correction, finding
from camtrap.clock.track import Numbers, Track
from camtrap.events.sun import zone_of

SUN_HIGH, SUN_LOW = 10.0, -6.0
"""Degrees above which a night picture is wrong, and below which a colour picture is."""

FEWEST = 8
"""Ten-minute spells of each kind, night and colour, that a judgement needs."""

WRONG, RIGHT, BETTER = 0.75, 0.9, 0.2
"""A clock is wrong when it agrees with the sun less than this, and a correction is proposed when it
agrees so well, and so much better."""

_SPELL = 600
_MOST = 4000  # spells looked at in one stretch, evenly taken
_HALF_DAY = 12 * HOUR
_NEARLY = 0.03
_NEARLY_ALL = 0.95
_SLACK = HOUR


@dataclass(frozen=True, slots=True)
class Spells:
    """Ten minutes with a picture each: where in the track, when (UTC), and whether it is night."""

    place: Numbers
    utc: Numbers
    night: Numbers
    latitude: float
    longitude: float

    def part(self, first: int, last: int) -> Spells:
        """Those from one place of the track up to another."""
        kept = (self.place >= first) & (self.place < last)
        return Spells(
            self.place[kept], self.utc[kept], self.night[kept], self.latitude, self.longitude
        )

    def verdicts(self, seconds: int = 0) -> Numbers:
        """1 for each spell that fits the sun once so much was added, -1 for each that does not, and
        0 for those that tell nothing, because the sun is near the horizon."""
        sun = heights(self.latitude, self.longitude, self.utc + seconds)
        is_night = self.night == 1
        verdict = np.zeros(len(sun), np.int64)
        verdict[(is_night & (sun <= 0)) | (~is_night & (sun > 0))] = 1
        verdict[(is_night & (sun > SUN_HIGH)) | (~is_night & (sun < SUN_LOW))] = -1
        return verdict

    def agreement(self, seconds: int = 0) -> float | None:
        """Share of spells that fit, night and colour counted alike; None with too few of either."""
        verdict = self.verdicts(seconds)
        shares = []
        for kind in (0, 1):
            judged = verdict[(self.night == kind) & (verdict != 0)]
            if len(judged) < FEWEST:
                return None
            shares.append(float(np.mean(judged > 0)))
        return sum(shares) / 2


def spells_of(track: Track) -> Spells | None:
    """What can be compared with the sun, or None where the place is not known."""
    site = track.site
    if site.latitude is None or site.longitude is None:
        return None
    known = np.flatnonzero(track.night >= 0)
    if len(known) < 2 * FEWEST:
        return None
    spell = track.time[known] // _SPELL * 2 + track.night[known]
    fresh = np.concatenate(([True], np.diff(spell) != 0))
    known = known[fresh]
    if len(known) > _MOST:
        known = known[np.linspace(0, len(known) - 1, _MOST).astype(np.int64)]
    utc = track.time[known] - _offset_seconds(track)
    return Spells(known, utc, track.night[known], site.latitude, site.longitude)


def faults_by_daylight(track: Track, parts: list[tuple[int, int]]) -> list[Finding]:
    """What the sun says of each part of a track that is judged by itself."""
    spells = spells_of(track)
    if spells is None:
        return []
    found = []
    for first, last in parts:
        of_part = spells.part(first, last)
        for stretch in _suspicious(of_part, first, last):
            part = of_part.part(*stretch)
            correction = _correction(track, part, stretch)
            if correction is not None:
                found.append(_fault(track, part, stretch, correction))
                break
    return found


def _fault(track: Track, part: Spells, stretch: tuple[int, int], correction: Correction) -> Finding:
    wrong = part.verdicts() == -1
    is_night = part.night == 1
    nights, days = (int(np.count_nonzero(wrong & kind)) for kind in (is_night, ~is_night))
    all_nights = int(np.count_nonzero(is_night))
    evidence = (
        f"{nights:,} of {all_nights:,} times of night pictures lie where the sun is high, "
        f"{days:,} of {len(is_night) - all_nights:,} of colour pictures in the dark"
    )
    return finding(track, Kind.DAYLIGHT, *stretch, evidence, correction)


def _suspicious(part: Spells, first: int, last: int) -> list[tuple[int, int]]:
    """The stretches of the track that may not fit the sun: the likeliest first."""
    found = []
    verdict = -part.verdicts()
    if len(verdict):
        # The stretch in which what does not fit outweighs most what does.
        total = np.concatenate(([0], np.cumsum(verdict)))
        end = int(np.argmax(total - np.minimum.accumulate(total)))
        begin = int(np.argmin(total[: end + 1]))
        told = verdict[begin:end]
        wrong, judged = np.count_nonzero(told == 1), np.count_nonzero(told)
        if end - begin >= 2 * FEWEST and wrong >= WRONG * judged:
            whole = end - begin >= _NEARLY_ALL * len(verdict)
            start = first if begin == 0 or whole else int(part.place[begin])
            found.append((start, last if end == len(verdict) or whole else int(part.place[end])))
    agreement = part.agreement()
    if agreement is not None and agreement < WRONG:
        found.append((first, last))
    return found


def _correction(track: Track, part: Spells, stretch: tuple[int, int]) -> Correction | None:
    """The shift that makes the stretch fit the sun; half a day is preferred to odd hours."""
    now = part.agreement()
    scored = {seconds: part.agreement(seconds) for seconds in _shifts(track)}
    fits = {seconds: share for seconds, share in scored.items() if share is not None}
    if now is None or not fits:
        return None
    best = max(fits.values())
    if best < RIGHT or best - now < BETTER:
        return None
    if fits.get(_HALF_DAY, 0) >= best - _NEARLY:
        sign, is_sure = _half_day_sign(track, stretch)
        why = "day and night then fit the sun; AM and PM were taken for each other"
        if not is_sure:
            why += ", or take away as much: only the date tells"
        return Correction(sign * _HALF_DAY, min(0.95, best) * (1 if is_sure else 0.6), why)
    zone = _offset_seconds(track)
    if zone and fits.get(zone, 0) >= best - _NEARLY:
        return Correction(zone, min(0.9, best), "the camera seems to be set to UTC")
    good = sorted(seconds for seconds, share in fits.items() if share >= best - 0.01)
    middle = good[len(good) // 2]
    doubt = span(max(HOUR, (good[-1] - good[0]) // 2))
    why = f"day and night then fit the sun, to {doubt} more or less"
    return Correction(middle, min(0.7, best), why)


def _shifts(track: Track) -> list[int]:
    if zone_of(track.site.utc_offset) is None:  # then the sun's own time is only a guess
        return [_HALF_DAY]
    hours = [hour * HOUR for hour in range(-11, 13) if hour]
    return [*hours, _offset_seconds(track)]


def _half_day_sign(track: Track, stretch: tuple[int, int]) -> tuple[int, bool]:
    """Whether half a day is to be added or taken away, by set-up and retrieval."""
    time = track.time[stretch[0] : stretch[1]]
    set_up, retrieval = visits(track.site)
    low = None if set_up is None else set_up - _SLACK
    high = None if retrieval is None else retrieval + _SLACK
    outside = {}
    for sign in (1, -1):
        moved = time + sign * _HALF_DAY
        outside[sign] = int(np.count_nonzero(moved < low)) if low is not None else 0
        outside[sign] += int(np.count_nonzero(moved > high)) if high is not None else 0
        if track.is_ordered:  # the neighbours in the camera's order bound it as well
            before, after = track.time[: stretch[0]], track.time[stretch[1] :]
            outside[sign] += int(len(before) > 0 and moved[0] < before[-1])
            outside[sign] += int(len(after) > 0 and moved[-1] > after[0])
    if outside[1] != outside[-1]:
        return (1, True) if outside[1] < outside[-1] else (-1, True)
    return 1, False


def _offset_seconds(track: Track) -> int:
    """The site's offset from UTC; by its longitude, to the hour, where that is not told."""
    zone = zone_of(track.site.utc_offset)
    if zone is not None:
        ahead = zone.utcoffset(None)
        return int(ahead.total_seconds())
    return round((track.site.longitude or 0) / 15) * HOUR
