"""What the brief tells of the field: where stations are, how cameras did, which to visit, clocks.

Put together from the season's own tables and from what the frames told of each camera; what nobody
wrote down stays unknown, and the brief says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import fmean

from camtrap.clock.finding import Finding as ClockFinding
from camtrap.clock.finding import Kind
from camtrap.events.effort import days_of
from camtrap.events.fieldwork import Fieldwork, Post
from camtrap.events.frames import Placing
from camtrap.outputs.activity import Place
from camtrap.outputs.next_visits import Camera
from camtrap.outputs.public import Cover, on_grid
from camtrap.outputs.season_events import SeasonEvents
from camtrap.outputs.survey import UNREAD, Survey
from camtrap.records import State


@dataclass(frozen=True, slots=True)
class Site:
    """A station: its name, WGS84 degrees and trap-nights where known, and what ails its camera.

    `surveyed` is true when `stations.csv` tells the place, and not only the camera's own GPS.
    """

    station_id: str
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    surveyed: bool = False
    trap_nights: float | None = None
    dead_since: datetime | None = None

    @property
    def placed(self) -> bool:
        """True when its place is known."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a camera's clock, as a sentence.

    `doubts_time` is false for what makes no time wrong, such as a long silence.
    """

    deployment_id: str
    told: str
    doubts_time: bool = True


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """All of it.

    `middle` is where the sun is looked for; `clock` is None where clocks were not looked at;
    `checked` counts reviews; `grid` is the size in degrees to which places were rounded, 0 where
    they are exact.
    """

    sites: Mapping[str, Site] = field(default_factory=dict)
    middle: Place | None = None
    cameras: Sequence[Camera] = ()
    clock: Sequence[Finding] | None = None
    checked: int = 0
    has_notes: bool = False
    grid: float = 0.0


def field_facts(
    placed: Placing,
    work: Fieldwork,
    events: SeasonEvents,
    found: Survey,
    clock: Sequence[Finding] | None = None,
) -> FieldFacts:
    """Put the facts together."""
    leopards = last_leopards(events)
    doubted = Counter(one.deployment_id for one in clock or () if one.doubts_time)
    worked = work.worked
    sites: dict[str, Site] = {}
    cameras: list[Camera] = []
    for station, posts in work.stations.items():
        sites[station] = site_of(station, posts, days_of(worked.get(station, ())))
        if station not in found.stations:
            continue  # it stands in the table, and no card of it has come yet
        tally = found.stations[station]
        seen = Camera(
            station,
            posts[-1].deployment_id,
            file_count=sum(tally.states.values()),
            unread_count=sum(tally.states[state] for state in UNREAD),
            leopard_count=tally.events[State.LEOPARD],
            leopard_at=leopards.get(station),
        )
        cameras.append(camera_of(posts[-1], seen, doubted[posts[-1].deployment_id]))
    return FieldFacts(
        sites=sites,
        middle=middle_of(work),
        cameras=cameras,
        clock=clock,
        checked=len(placed.reviews or {}),
        has_notes=bool(placed.notes.deployments),
    )


def told_findings(clock: Iterable[ClockFinding]) -> list[Finding]:
    """What the clock doctor found, as the page tells it."""
    return [
        Finding(found.deployment_id, found.evidence, found.kind is not Kind.SILENCE)
        for found in clock
    ]


def site_of(station: str, posts: Sequence[Post], trap_nights: float) -> Site:
    """A station from its posts in time order; of several that tell a thing the last counts."""
    site = Site(station)
    for post in posts:
        row = post.deployment
        told = row is not None and row.latitude is not None and row.longitude is not None
        if post.placed and (told or not site.surveyed):
            site = replace(site, latitude=post.latitude, longitude=post.longitude, surveyed=told)
        if row is not None and row.station_name:
            site = replace(site, name=row.station_name)
    # What only the pictures tell is no effort: the camera may have stood there for longer.
    written = any(post.deployment is not None and post.effort.known for post in posts)
    return replace(
        site,
        trap_nights=trap_nights if written else None,
        dead_since=posts[-1].health.dead_since,
    )


def camera_of(post: Post, seen: Camera, clock_wrong: int) -> Camera:
    """What is known of the camera that stood last at a station."""
    health = post.health
    fetched = post.deployment is not None and post.deployment.end is not None
    return replace(
        seen,
        dead_since=health.dead_since,
        silent_since=None if fetched else health.last_image_at,
        silent_days=0.0 if fetched else health.silent_days or 0.0,
        night_failed_since=health.night_failed_since,
        full=health.full,
        battery_low=health.battery_low,
        clock_wrong=clock_wrong,
    )


def middle_of(work: Fieldwork) -> Place | None:
    """The middle of all cameras whose place and clock are known, and the commonest offset."""
    known = [
        (post.latitude, post.longitude, post.utc_offset)
        for post in work.posts
        if post.latitude is not None and post.longitude is not None and post.utc_offset
    ]
    if not known:
        return None
    [(offset, _)] = Counter(offset for *_, offset in known).most_common(1)
    return Place(fmean(one[0] for one in known), fmean(one[1] for one in known), offset)


def last_leopards(events: SeasonEvents) -> dict[str, datetime]:
    """When a leopard was last seen at each station, where the camera gave a time."""
    last: dict[str, datetime] = {}
    for event in events:
        if event.label == State.LEOPARD and event.began is not None:
            last[event.station] = max(event.began, last.get(event.station, event.began))
    return last


def for_the_public(known: FieldFacts, cover: Cover) -> FieldFacts:
    """The same with places on a grid, and without names and the state of cameras and clocks.

    The sun, too, is looked for in the middle of a cell: its times tell where one stands.
    """
    sites: dict[str, Site] = {}
    for key, site in known.sites.items():
        latitude, longitude, _ = cover.place(key) if site.surveyed else (None, None, None)
        sites[key] = replace(site, name="", latitude=latitude, longitude=longitude, dead_since=None)
    middle = known.middle
    if middle is not None:
        there = on_grid(middle.latitude, cover.grid), on_grid(middle.longitude, cover.grid)
        middle = Place(*there, middle.utc_offset)
    return replace(known, sites=sites, middle=middle, cameras=(), clock=None, grid=cover.grid)
