"""The cameras of a season in the field: where each stood, how long it worked, how it fared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from camtrap.card.deployments import Deployment, Period
from camtrap.events.effort import Effort, effort, joined
from camtrap.events.health import Health, health
from camtrap.events.watch import Watches, shown


@dataclass(frozen=True, slots=True)
class Post:
    """One deployment: a camera at its station.

    `deployment` is its row of `stations.csv`, None where it has none. Latitude and longitude are
    WGS84 degrees: the row's, else the camera's own GPS; `utc_offset` is like `+10:00`.
    """

    deployment_id: str
    station_id: str
    deployment: Deployment | None
    latitude: float | None
    longitude: float | None
    utc_offset: str
    camera_id: str
    effort: Effort
    health: Health

    @property
    def placed(self) -> bool:
        """True when it can be shown on a map."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """All cameras of a season, by deployment; `season_end` is the last picture of any of them."""

    posts: tuple[Post, ...]
    season_end: datetime | None

    @property
    def worked(self) -> Mapping[str, tuple[Period, ...]]:
        """When each station worked, that is, one camera of it or more; by station."""
        periods: dict[str, list[Period]] = {}
        for post in self.posts:
            periods.setdefault(post.station_id, []).extend(post.effort.worked)
        return {station: joined(periods[station]) for station in sorted(periods)}

    @property
    def stations(self) -> Mapping[str, tuple[Post, ...]]:
        """The posts of each station, in the order of their set-up; by station."""
        posts: dict[str, list[Post]] = {}
        for post in self.posts:
            posts.setdefault(post.station_id, []).append(post)
        return {station: tuple(sorted(posts[station], key=_begun)) for station in sorted(posts)}


def fieldwork(watches: Watches, *, cut_dead: bool = True) -> Fieldwork:
    """Judge every camera, when all frames of the season have been noted.

    With `cut_dead`, the effort of a camera that died ends at its last picture.
    """
    told = [(watch, shown(watch.within())) for watch in watches]
    season_end = max((seen.last for _, seen in told if seen is not None), default=None)
    posts: list[Post] = []
    for watch, seen in told:
        place = watch.deployment
        latitude, longitude = watch.latitude, watch.longitude
        if place is not None and place.latitude is not None and place.longitude is not None:
            latitude, longitude = place.latitude, place.longitude
        spent = effort(place, seen, cut_dead=cut_dead)
        posts.append(
            Post(
                watch.deployment_id,
                watch.station_id,
                place,
                latitude,
                longitude,
                watch.utc_offset,
                watch.camera_id,
                spent,
                health(watch, spent, season_end),
            )
        )
    return Fieldwork(tuple(posts), season_end)


def _begun(post: Post) -> tuple[datetime, str]:
    return post.effort.start or datetime.min, post.deployment_id
