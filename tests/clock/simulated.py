"""Seasons made in code: a camera that triggers at random, in bursts, infra-red when the sun is low;
and the faults of clocks, put in where they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from camtrap.card.deployments import Deployment
from camtrap.clock.heights import heights
from camtrap.clock.shots import Shot
from camtrap.clock.track import Site, moment_of, seconds_of
from camtrap.events.sun import zone_of

NOW = datetime(2026, 11, 25, 12)
BURST = 3

PLACES = {
    "Primorye": (43.1, 131.9, "+10:00"),
    "Nepal": (27.7, 85.3, "+05:45"),
    "Kenya": (-1.3, 36.8, "+03:00"),
    "Chile": (-53.1, -70.9, "-03:00"),
    "Lapland": (69.6, 27.0, "+02:00"),
    "Svalbard": (78.2, 15.6, "+01:00"),
    "Spain in summer time": (40.4, -3.7, "+02:00"),
}


def site(
    place: str = "Primorye",
    start: datetime | None = datetime(2026, 2, 10, 14, 20),
    days: float = 90,
    **said: object,
) -> Site:
    """A station with one deployment from `start` for so many days."""
    latitude, longitude, offset = PLACES[place]
    end = None if start is None else start + timedelta(days=days)
    stay = Deployment(
        "ST01-a",
        "ST01",
        latitude=latitude,
        longitude=longitude,
        start=start,
        end=end,
        utc_offset=offset,
    )
    return Site("card-ST01", (replace(stay, **said),), latitude, longitude, offset)  # type: ignore[arg-type]


def shots(where: Site, *, seed: int = 0, per_day: float = 20, dusk: float = 1.0) -> list[Shot]:
    """What the camera took, in its order: from the set-up's picture to that of the retrieval.

    `per_day` triggers a day come at random, one each ten days at least; pictures are infra-red
    where the sun stands below `dusk` degrees, give or take four for clouds.
    """
    start, end = where.start, where.end
    assert start is not None
    assert end is not None
    random = np.random.default_rng(seed)
    low, high = seconds_of(start), seconds_of(end)
    count = int(random.poisson(per_day * (high - low) / 86_400))
    kept_alive = np.arange(low, high, 10 * 86_400) + random.integers(3600, 86_400)
    triggers = np.concatenate((random.integers(low, high, count), kept_alive))
    triggers = np.sort(triggers[(triggers > low + 60) & (triggers < high - 60)])
    triggers = triggers[np.concatenate(([True], np.diff(triggers) > 30))]
    triggers = np.concatenate(([low], triggers, [high - BURST]))
    zone = zone_of(where.utc_offset)
    assert zone is not None
    assert where.latitude is not None
    assert where.longitude is not None
    ahead = int(zone.utcoffset(None).total_seconds())
    sun = heights(where.latitude, where.longitude, triggers - ahead)
    is_night = sun < dusk + random.uniform(-4, 4, len(triggers))
    made: list[Shot] = []
    for event, (trigger, night) in enumerate(
        zip(triggers.tolist(), is_night.tolist(), strict=True)
    ):
        for index in range(BURST):
            number = len(made)
            made.append(
                Shot(
                    file_id=number + 1,
                    taken_at=moment_of(trigger + index),
                    number=(100 + number // 9999, number % 9999 + 1),
                    is_night=night,
                    event=event,
                    index=index + 1,
                    deployment_id="ST01-a",
                )
            )
    return made


def moved(
    taken: Sequence[Shot], seconds: int, first: int = 0, last: int | None = None
) -> list[Shot]:
    """The same pictures, those from `first` up to `last` dated so many seconds later."""
    last = len(taken) if last is None else last
    return [
        replace(shot, taken_at=shot.taken_at + timedelta(seconds=seconds))
        if first <= place < last
        else shot
        for place, shot in enumerate(taken)
    ]


def first_where(taken: Sequence[Shot], is_met: Callable[[Shot], bool]) -> int:
    """The place of the first picture of a burst that meets a condition."""
    return next(i for i, shot in enumerate(taken) if shot.index == 1 and is_met(shot))
