"""How a camera fared: its last picture, its silence, its nights, its battery and its memory card.

Everything is told with the evidence; what the figures behind the verdicts rest on stands in
`docs/effort.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from camtrap.events.effort import Bound, Effort, clipped, days_of, unlikely
from camtrap.events.watch import Day, Watch

NIGHT_FAILURE_DAYS = 14.0
"""Fewer days without a picture at night are no sign of anything."""

NIGHT_FAILURE_DAY_DAYS = 7
"""A blind camera has taken pictures by day on so many days since its last one at night."""

NEVER_NIGHT_DAYS = 30
"""A camera that never took a picture at night is called blind after so many days with pictures."""

BATTERY_LOW_PART = 0.8
"""A battery is called low at this part of the highest voltage that it had here."""

CARD_SIZES_GB = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Sizes in which memory cards are sold, in 10^9 bytes."""

CARD_FULL_PART = 0.9
"""A card is called full when so large a part of the next size is taken: file systems need some."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the camera of one deployment fared. Unknown is None.

    `image_count` are its pictures without copies; of these, `undated_count` have no time by the
    camera, and `outside_count` one at which it did not stand there. `silent_days` go from the last
    picture to retrieval, or to the season's end where that is unknown. `dead_since` is the last
    picture of a camera that died; `night_failed_since` the last picture at night (or the first of
    all) of one that sees nothing at night. `battery_mv` is the last voltage and `battery_from_mv`
    the highest; temperatures are degrees Celsius. `frames_a_day` are pictures a trap-night, and
    `busiest_count` those of `busiest_day`. `card_bytes` lie on the fullest card. `days` are all
    days with pictures, for those who want to draw them.
    """

    image_count: int = 0
    undated_count: int = 0
    outside_count: int = 0
    first_image_at: datetime | None = None
    last_image_at: datetime | None = None
    silent_days: float | None = None
    dead_since: datetime | None = None
    night_failed_since: datetime | None = None
    battery_mv: int | None = None
    battery_from_mv: int | None = None
    battery_low: bool = False
    coldest_c: int | None = None
    warmest_c: int | None = None
    frames_a_day: float | None = None
    busiest_day: date | None = None
    busiest_count: int = 0
    card_bytes: int = 0
    full: bool = False
    days: Mapping[date, Day] | None = None


def health(watch: Watch, effort: Effort, season_end: datetime | None) -> Health:
    """What a deployment's frames and its effort tell of its camera.

    `season_end` is the time of the last picture of any camera of the season.
    """
    days = watch.within()
    card_bytes = max(watch.bytes_by_card.values(), default=0)
    inside = sum(day.image_count for day in days.values())
    outside = watch.dated_count - inside
    if not days:
        return Health(watch.image_count, watch.undated_count, outside, card_bytes=card_bytes)
    told = list(days.values())
    first, last = told[0].first, told[-1].last
    dead = effort.end_from is Bound.DEAD
    busiest = max(days, key=lambda day: (days[day].image_count, day))
    voltages = [day.battery_mv for day in told if day.battery_mv is not None]
    cold = [day.coldest_c for day in told if day.coldest_c is not None]
    warm = [day.warmest_c for day in told if day.warmest_c is not None]
    nights = effort.trap_nights
    return Health(
        image_count=watch.image_count,
        undated_count=watch.undated_count,
        outside_count=outside,
        first_image_at=first,
        last_image_at=last,
        silent_days=_silence(watch, last, season_end),
        dead_since=last if dead else None,
        night_failed_since=night_failed_since(days, effort),
        battery_mv=voltages[-1] if voltages else None,
        battery_from_mv=max(voltages, default=None),
        battery_low=is_low(voltages),
        coldest_c=min(cold, default=None),
        warmest_c=max(warm, default=None),
        frames_a_day=inside / nights if nights else None,
        busiest_day=busiest,
        busiest_count=days[busiest].image_count,
        card_bytes=card_bytes,
        full=is_full(card_bytes, dead=dead),
        days=days,
    )


def night_failed_since(days: Mapping[date, Day], effort: Effort) -> datetime | None:
    """The last picture at night of a camera that goes on by day alone; None for one that sees.

    It has taken none at night for `NIGHT_FAILURE_DAYS` in which it worked, on which it took some by
    day on `NIGHT_FAILURE_DAY_DAYS` or more, and so long a pause would come by chance less often
    than one in a thousand, by how many of its nights had pictures before. Of a camera that never
    took any at night, the first picture, once it has taken some on `NEVER_NIGHT_DAYS` days.
    """
    told = list(days.values())
    with_night = [number for number, day in enumerate(told) if day.night_count]
    if not with_night:
        return told[0].first if len(told) >= NEVER_NIGHT_DAYS else None
    since = told[with_night[-1]].last
    by_day_since = len(told) - 1 - with_night[-1]
    blind = days_of(clipped(effort.worked, since, told[-1].last))
    lived = max(days_of(clipped(effort.worked, datetime.min, since)), 1.0)
    part = min((len(with_night) - 1) / lived, 1.0)
    failed = (
        blind >= NIGHT_FAILURE_DAYS
        and by_day_since >= NIGHT_FAILURE_DAY_DAYS
        and unlikely(part, blind)
    )
    return since if failed else None


def is_low(voltages: Sequence[int]) -> bool:
    """True when the last of some voltages of one camera is far below the highest.

    What a voltage means depends on the cells, which the camera does not tell; a fall by a fifth is
    near the end of all of them. Cold lowers it too, and takes the end nearer.
    """
    return bool(voltages) and voltages[-1] <= BATTERY_LOW_PART * max(voltages)


def is_full(card_bytes: int, *, dead: bool) -> bool:
    """True when a camera stopped and what lies on its card fills one of the usual sizes.

    Only of a camera that stopped: a card of the next size up would look the same half full.
    """
    gigabytes = card_bytes / 1e9
    return dead and any(CARD_FULL_PART * size <= gigabytes <= size * 1.01 for size in CARD_SIZES_GB)


def _silence(watch: Watch, last: datetime, season_end: datetime | None) -> float | None:
    """Days from the last picture to retrieval, else to the season's end."""
    place = watch.deployment
    end = place.end if place is not None and place.end is not None else season_end
    return None if end is None else max((end - last) / timedelta(days=1), 0.0)
