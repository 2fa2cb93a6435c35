"""Times that do not follow the camera's own order: steps back, jumps, resets, a clock that stands.

The numbers of files and of triggers grow whatever the clock says. Where the time runs back between
two neighbours, the clock was changed there: by a factory reset when the batteries ran out, by hand,
or by its own summer time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from camtrap.clock.bounds import SLACK_SECONDS, visit
from camtrap.clock.daylight import Spells, spells_of
from camtrap.clock.finding import DAY, HOUR, Finding, Kind, span, told
from camtrap.clock.making import Correction, finding
from camtrap.clock.track import BACK_SECONDS, Track, moment_of, seconds_of

RESET_MINUTES = 10
"""A clock that begins anew shows 1 January, and its first picture follows within these minutes."""

LONGEST_JUMP_DAYS = 31
"""Beyond, a step back is no slip of some days, and its size is not rounded to days."""

STUCK_COUNT, STUCK_EVENTS = 20, 3
"""So many pictures in one second, or triggers, are more than a camera takes."""

BURST_JUMP_SECONDS = 300
"""Within one burst no two frames lie so far apart."""

_HALF_DAY = 12 * HOUR
_ROUND = 60
_WEAK = 0.2


@dataclass(frozen=True, slots=True)
class Steps:
    """The faults of a track's order, and its parts between the steps.

    `parts` are those whose times may still be judged by themselves; `explained` those that a
    finding explains already.
    """

    findings: list[Finding]
    parts: list[tuple[int, int]]
    explained: list[tuple[int, int]]


def faults_by_order(track: Track) -> Steps:
    """Look through a track in the camera's order."""
    backs = track.steps_back()
    bounds = [0, *backs, len(track)]
    parts = list(pairwise(bounds))
    resets = _resets(track, parts)
    spells = spells_of(track) if backs or track.is_ordered else None
    found, explained = [], []
    for number, (first, last) in enumerate(parts):
        if number in resets:
            found.append(_reset(track, parts, resets, number))
            explained.append((first, last))
        elif number and number - 1 not in resets:
            jump = _back(track, parts[number - 1], (first, last), spells)
            found.append(jump.finding)
            explained.append(jump.part)
    found += _jumps_in_bursts(track)
    found += _stuck(track)
    left = [part for part in _cut(parts, explained) if part[1] > part[0]]
    return Steps(found, left, explained)


# -- a clock that began anew


def _resets(track: Track, parts: list[tuple[int, int]]) -> set[int]:
    """The parts that begin where a clock begins anew.

    Either on 1 January just after midnight, or, whatever date a maker chose, within ten minutes of
    where another part after a step back begins.
    """
    begins = [moment_of(track.raw[first]) for first, _ in parts]
    found = set()
    for number, moment in enumerate(begins):
        is_new_year = (moment.month, moment.day, moment.hour) == (1, 1, 0)
        is_new_year = is_new_year and moment.minute <= RESET_MINUTES
        first = parts[number][0]
        # Without a step, what people corrected is judged by its corrected times alone.
        is_raw = bool(track.time[first] == track.raw[first])
        if is_new_year and (number or (is_raw and _is_not_set_up_then(track, moment))):
            found.add(number)
    for number, moment in enumerate(begins[1:], start=1):
        same = [
            other
            for other in range(1, len(begins))
            if abs(begins[other] - moment).total_seconds() <= 60 * RESET_MINUTES
        ]
        furthest = max(_fell(track, parts, other) for other in same)
        if len(same) > 1 and furthest > LONGEST_JUMP_DAYS * DAY:
            found.add(number)
    return found


def _is_not_set_up_then(track: Track, moment: datetime) -> bool:
    """Without a step back, only a set-up at another time tells that this was no New Year's Eve."""
    start = track.site.start
    if start is None:
        following = track.time[1:]
        away = int(following.min()) - seconds_of(moment) if len(following) else DAY
        return moment.year < 2010 or away > LONGEST_JUMP_DAYS * DAY
    return abs((start - moment).total_seconds()) > DAY + SLACK_SECONDS


def _fell(track: Track, parts: list[tuple[int, int]], number: int) -> int:
    first = parts[number][0]
    return int(track.time[first - 1] - track.time[first])


def _reset(track: Track, parts: list[tuple[int, int]], resets: set[int], number: int) -> Finding:
    first, last = parts[number]
    before = parts[number - 1] if number and number - 1 not in resets else None
    after = next((parts[n] for n in range(number + 1, len(parts)) if n not in resets), None)
    is_last = number == len(parts) - 1
    evidence = f"the clock begins anew at {told(moment_of(track.raw[first]))}"
    if before is not None:
        evidence += f" after a picture of {told(moment_of(track.time[first - 1]))}"
    correction = _between(track, (first, last), before, after, is_first=not number, is_last=is_last)
    return finding(track, Kind.RESET, first, last, evidence, correction)


def _between(
    track: Track,
    part: tuple[int, int],
    before: tuple[int, int] | None,
    after: tuple[int, int] | None,
    *,
    is_first: bool,
    is_last: bool,
) -> Correction | None:
    """The shift of a part whose date says nothing, from what lies before and behind it.

    The first picture of all is mostly the ranger who sets up, the last one who takes down.
    """
    first, last = int(track.time[part[0]]), int(track.time[part[1] - 1])
    start, is_exact_start = visit(track.site.start)
    end, is_exact_end = visit(track.site.end)
    by_start = seconds_of(start) - first if start is not None and is_first else None
    by_end = seconds_of(end) - last if end is not None and is_last else None
    at_set_up, at_retrieval = "the set-up", "the retrieval"
    if by_start is not None and by_end is not None and abs(by_start - by_end) <= HOUR:
        seconds = by_start if is_exact_start or not is_exact_end else by_end
        why = f"the first picture is then that of {at_set_up}, the last that of {at_retrieval}"
        return Correction(seconds, 0.95, why, leans_on_visits=True)
    choices = (
        (by_start, is_exact_start, f"the first picture is then that of {at_set_up}"),
        (by_end, is_exact_end, f"the last picture is then that of {at_retrieval}"),
    )
    for shift, is_exact, why in sorted(choices, key=lambda choice: not choice[1]):
        if shift is not None:
            score = 0.8 if is_exact else 0.4
            why += "" if is_exact else ", of which only the day is known"
            return Correction(shift, score, why, leans_on_visits=True)
    lowest = int(track.time[before[1] - 1]) - first if before is not None else None
    highest = int(track.time[after[0]]) - last if after is not None else None
    if lowest is not None and highest is not None and 0 <= highest - lowest <= DAY:
        why = f"it then lies between its neighbours, to {span((highest - lowest) // 2)}"
        return Correction((lowest + highest) // 2, 0.6, why)
    if highest is not None:
        why = "the clock was set right at the visit just after; it cannot have been later"
        return Correction(highest, 0.4, why)
    if lowest is not None:
        return Correction(lowest, 0.3, "it cannot have been earlier; by how much later is not told")
    return None


# -- a clock that was put back


@dataclass(frozen=True, slots=True)
class _Jump:
    finding: Finding
    part: tuple[int, int]


def _back(
    track: Track,
    before: tuple[int, int],
    after: tuple[int, int],
    spells: Spells | None,
) -> _Jump:
    """What a step back may be: exactly an hour, half a day or some days, less the time between."""
    step = after[0]
    fell = int(track.time[step - 1] - track.time[step])
    last, first = moment_of(track.time[step - 1]), moment_of(track.time[step])
    evidence = f"the time runs back by {span(fell)}, from {told(last)} to {told(first)}"
    if fell > LONGEST_JUMP_DAYS * DAY:
        correction = _between(track, after, before, None, is_first=False,
                              is_last=after[1] == len(track))  # fmt: skip
        if correction is not None and abs(correction.seconds) <= DAY:
            # The pictures behind the step are right as they are, so those before it are not.
            correction = _between(track, before, None, after, is_first=not before[0], is_last=False)
            after = before
        if correction is not None and correction.score < 0.4:
            correction = None
        return _Jump(finding(track, Kind.BACKWARDS, *after, evidence, correction), after)
    jump = _standard(fell)
    score = math.exp(-max(0, jump - fell) / _usual_gap(track))
    part, sign, side = _side(track, jump, before, after, spells)
    score *= side
    if score < _WEAK:
        return _Jump(finding(track, Kind.BACKWARDS, *after, evidence), after)
    why = _why(jump, sign)
    correction = Correction(sign * jump, min(0.95, score), why)
    return _Jump(finding(track, Kind.JUMP, *part, evidence, correction), part)


def _standard(fell: int) -> int:
    """The smallest of an hour, half a day and whole days that a step back may come from."""
    if fell <= HOUR + BACK_SECONDS:
        return HOUR
    if fell <= _HALF_DAY + BACK_SECONDS:
        return _HALF_DAY
    return math.ceil((fell - BACK_SECONDS) / DAY) * DAY


def _usual_gap(track: Track) -> float:
    """Seconds that usually lie between two triggers of this camera; at least five minutes."""
    gaps = np.diff(track.time)
    gaps = gaps[(gaps > _ROUND) & (gaps < LONGEST_JUMP_DAYS * DAY)]
    return max(300.0, float(np.mean(gaps)) if len(gaps) else 0.0)


def _side(
    track: Track,
    jump: int,
    before: tuple[int, int],
    after: tuple[int, int],
    spells: Spells | None,
) -> tuple[tuple[int, int], int, float]:
    """Which pictures are wrong, with the sign of their correction and how far that is certain.

    Behind the step they are too early, or before it too late. The sun decides, then set-up and
    retrieval; else who set up is believed.
    """
    late = _late_part(track, jump, before)
    if spells is not None and jump % DAY:
        by_sun = {part: spells.part(*part) for part in (after, late) if part}
        shares = {
            part: (each.agreement(0), each.agreement(jump if part == after else -jump))
            for part, each in by_sun.items()
        }
        for part, (now, then) in shares.items():
            if now is not None and then is not None and now < 0.5 < then:
                return part, 1 if part == after else -1, 1.0
    end = track.site.end
    if end is not None and int(track.time[after[0] : after[1]].max()) + jump > (
        seconds_of(end) + SLACK_SECONDS
    ):
        if late is not None:
            return late, -1, 0.8
        return after, 1, 0.0
    return after, 1, 0.8 if end is not None else 0.6


def _late_part(track: Track, jump: int, before: tuple[int, int]) -> tuple[int, int] | None:
    """The pictures before a step back that may be too late by so much: behind the one gap of that
    size, or all of them."""
    time = track.time[before[0] : before[1]]
    gaps = np.diff(time)
    if len(gaps) and int(gaps.max()) >= jump - BACK_SECONDS:
        return before[0] + int(np.argmax(gaps)) + 1, before[1]
    start = track.site.start
    if start is None or int(time.min()) - jump >= seconds_of(start) - SLACK_SECONDS:
        return before
    return None


def _why(jump: int, sign: int) -> str:
    which = "the pictures behind the step" if sign > 0 else "the pictures before the step"
    if jump == HOUR:
        return f"the clock was moved by exactly an hour, as for summer time; {which} are corrected"
    if jump == _HALF_DAY:
        return f"AM and PM were taken for each other; {which} are corrected"
    return f"the date was moved by {span(jump)}; {which} are corrected"


# -- jumps inside a burst, and a clock that stands


def _jumps_in_bursts(track: Track) -> list[Finding]:
    """Frames of one burst that lie apart by exactly an hour, half a day or some days."""
    if len(track) < 2:
        return []
    same = (track.event[1:] >= 0) & (np.diff(track.event) == 0) & (np.diff(track.index) == 1)
    ahead = np.diff(track.time)
    found = []
    for before in np.flatnonzero(same & (ahead > BURST_JUMP_SECONDS)).tolist():
        jump = int(ahead[before])
        near = min((HOUR, _HALF_DAY, max(1, round(jump / DAY)) * DAY), key=lambda j: abs(j - jump))
        if abs(near - jump) > _ROUND or near > LONGEST_JUMP_DAYS * DAY:
            continue
        first = before + 1
        last = next((step for step in track.steps_back() if step > first), len(track))
        evidence = (
            f"within one burst the time jumps ahead by {span(near)}, at "
            f"{told(moment_of(track.time[before]))}"
        )
        correction = Correction(-near, 0.7, "the pictures behind the jump are corrected")
        found.append(finding(track, Kind.JUMP, first, last, evidence, correction))
    return found


def _stuck(track: Track) -> list[Finding]:
    """Stretches in which the clock stands."""
    if not track.is_ordered or len(track) < STUCK_EVENTS:
        return []
    edges = np.flatnonzero(np.diff(track.time) != 0) + 1
    bounds = [0, *edges.tolist(), len(track)]
    found = []
    for first, last in pairwise(bounds):
        if last - first < STUCK_EVENTS:
            continue
        events = track.event[first:last]
        triggers = len(np.unique(events[events >= 0]))
        if last - first < STUCK_COUNT and triggers < STUCK_EVENTS:
            continue
        evidence = (
            f"{last - first:,} pictures in a row are all of {told(moment_of(track.time[first]))}"
        )
        if triggers >= STUCK_EVENTS:
            evidence += f", though the camera was triggered {triggers:,} times"
        found.append(finding(track, Kind.STUCK, first, last, evidence))
    return found


def _cut(
    parts: Iterable[tuple[int, int]], explained: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The parts without the explained stretches."""
    left = list(parts)
    for first, last in explained:
        cut = []
        for start, end in left:
            cut.append((start, min(end, first)) if start < first else (start, start))
            cut.append((max(start, last), end) if end > last else (end, end))
        left = [part for part in cut if part[0] < part[1]]
    return left
