"""The clock doctor: a season's ledger goes through card by card, and what is odd comes out.

A track is all pictures of one folder and one camera on one card; a card's tracks are held until the
card is through. What is remembered of all cards is a set of days for each deployment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby

import numpy as np

from camtrap.card.deployments import Deployment
from camtrap.clock.bounds import faults_by_bounds
from camtrap.clock.daylight import faults_by_daylight
from camtrap.clock.finding import DAY, Finding, Kind
from camtrap.clock.making import bounds, when
from camtrap.clock.shots import Shot, file_number
from camtrap.clock.silence import silences
from camtrap.clock.steps import faults_by_order
from camtrap.clock.track import Site, Track, TrackMaker, moment_of
from camtrap.events import names
from camtrap.events.frames import Placing, corrected
from camtrap.ledger.stamps import Stamp, path_of_file, stamps
from camtrap.ledger.store import Ledger

_OTHER_CARDS = 0.5
_SAME_LENGTH = timedelta(hours=1)
Bounds = tuple[datetime | None, datetime | None]
_SAME_DAYS = frozenset([Kind.STUCK, Kind.JUMP, Kind.DAYLIGHT])
"""Faults that leave most pictures on their days or near them."""


def examine(track: Track, now: datetime) -> list[Finding]:
    """What is odd about one track by itself, in the order of the camera's files.

    `now` is a time of this computer, without a zone.
    """
    if not len(track):
        return []
    order = faults_by_order(track)
    by_sun = faults_by_daylight(track, order.parts)
    sunny = {(found.first_file, found.last_file) for found in by_sun}
    left = [part for part in order.parts if not any(_holds(track, part, files) for files in sunny)]
    found = [*order.findings, *by_sun, *faults_by_bounds(track, left, now)]
    return sorted(found, key=lambda each: _place(track, each.first_file))


def findings(ledger: Ledger, placing: Placing, now: datetime | None = None) -> list[Finding]:
    """Everything that is odd about the clocks of a season, by station and deployment; streams.

    `placing` is how the season's files are placed (`events.frames.placing`), with the corrections
    that people made: what they put right is not found again. `now` is this computer's time.
    """
    now = datetime.now() if now is None else now
    season = _Season(placing, now)
    for _, card in groupby(stamps(ledger), key=lambda stamp: stamp.card):
        season.take_card(card)
    found = [
        replace(
            each,
            first_path=path_of_file(ledger, each.first_file),
            last_path=path_of_file(ledger, each.last_file),
        )
        for each in season.findings()
    ]
    return sorted(found, key=lambda each: (each.station_id, each.deployment_id))


@dataclass(slots=True)
class _Presence:
    """On which days a deployment took pictures, with one file of each."""

    station_id: str
    days: dict[date, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Season:
    placing: Placing
    now: datetime
    found: list[tuple[Finding, Bounds]] = field(default_factory=list)
    presence: dict[str, _Presence] = field(default_factory=dict)
    tracks: dict[str, list[Bounds]] = field(default_factory=dict)

    def take_card(self, card: Iterator[Stamp]) -> None:
        """Look through one card's files."""
        makers: dict[tuple[str, str, tuple[str, ...]], TrackMaker] = {}
        for stamp in card:
            # A file's own date is that of a copy, and no clock of a camera.
            if stamp.taken_at is None or stamp.timestamp_source == "modified":
                continue
            stays = self.placing.matcher.match(
                stamp.card, stamp.relative_path, stamp.serial, stamp.user_label
            ).candidates
            stay_names = tuple(stay.deployment_id for stay in stays)
            key = (names.deployment_id(stamp), stamp.serial, stay_names)
            maker = makers.get(key)
            if maker is None:
                maker = makers[key] = TrackMaker(_site(stamp, stays))
            maker.add(self._shot(stamp))
        for maker in makers.values():
            track = _narrowed(maker.track())
            found = examine(track, self.now)
            limits = bounds(track, 0, len(track))
            self.found += [(each, limits) for each in found]
            for name in _deployments(track):
                self.tracks.setdefault(name, []).append(limits)
            self._note_days(track, found)

    def findings(self) -> list[Finding]:
        """All of them, once every card was taken."""
        found = [self._beside_others(each, limits) for each, limits in self.found]
        return [*found, *self._silences()]

    def _beside_others(self, found: Finding, limits: Bounds) -> Finding:
        """A finding about one of several cards or folders of a deployment.

        A correction is one of the deployment, so one of a whole card is bounded to its times.
        """
        others = list(self.tracks.get(found.deployment_id, ()))
        if limits in others:
            others.remove(limits)
        if not others or found.seconds is None:
            return found
        said = [found.proposal]
        score = found.score
        if found.start is None and found.end is None:
            said[0] = said[0].replace(when(None, None), when(*limits), 1)
            found = replace(found, start=limits[0], end=limits[1])
        if any(_meet((found.start, found.end), other) for other in others):
            score *= _OTHER_CARDS
            said.append("Other cards of this camera have pictures of the same times, which would "
                        "be moved as well.")  # fmt: skip
        if found.leans_on_visits:
            score *= _OTHER_CARDS
            said.append("There are other cards of this camera, so the visit may have been another.")
        return replace(found, score=score, proposal=" ".join(said))

    def _shot(self, stamp: Stamp) -> Shot:
        assert stamp.taken_at is not None
        deployment = self._deployment(stamp)
        name = deployment.deployment_id if deployment else ""
        applied = 0
        offset = self.placing.offset_of(name or names.deployment_id(stamp), stamp.taken_at)
        if offset is not None:
            moved = corrected(stamp.taken_at, offset)
            applied = offset.seconds if moved != stamp.taken_at else 0
        return Shot(
            file_id=stamp.file_id,
            taken_at=stamp.taken_at,
            number=file_number(stamp.relative_path),
            is_night=stamp.is_night,
            applied=applied,
            event=stamp.maker_event,
            index=stamp.sequence_index,
            deployment_id=name,
        )

    def _deployment(self, stamp: Stamp) -> Deployment | None:
        return self.placing.matcher.deployment_of(
            stamp.card, stamp.relative_path, stamp.serial, stamp.user_label, stamp.taken_at
        )

    def _note_days(self, track: Track, found: list[Finding]) -> None:
        """The days on which pictures were taken, without those of times that are wrong."""
        doubtful = np.zeros(len(track), bool)
        for each in found:
            if each.kind not in _SAME_DAYS:
                first, last = (_place(track, file) for file in (each.first_file, each.last_file))
                doubtful[first : last + 1] = True
        sure = np.flatnonzero(~doubtful)
        if not len(sure):
            return
        days, at_first = np.unique(track.time[sure] // DAY, return_index=True)
        for day, at in zip(days.tolist(), sure[at_first].tolist(), strict=True):
            where = int(track.place[at])
            name = track.names[where] if where >= 0 else track.site.deployment_id
            station = next(
                (s.station_id for s in track.site.stays if s.deployment_id == name), name
            )
            presence = self.presence.setdefault(name, _Presence(station))
            presence.days.setdefault(moment_of(day * DAY).date(), int(track.file_id[at]))

    def _silences(self) -> list[Finding]:
        by_name = {each.deployment_id: each for each in self.placing.notes.deployments}
        found = []
        for name, presence in self.presence.items():
            stay = by_name.get(name)
            for (first, last), count in silences(
                presence.days.keys(), [stay] if stay else [], self.now
            ):
                before = presence.days.get(first - timedelta(days=1))
                after = presence.days.get(last + timedelta(days=1))
                found.append(
                    Finding(
                        kind=Kind.SILENCE,
                        station_id=presence.station_id,
                        deployment_id=name,
                        file_count=0,
                        first_file=before or after or 0,
                        last_file=after or before or 0,
                        evidence=f"no picture on {count:,} days, from {first} to {last}",
                        start=datetime.combine(first, datetime.min.time()),
                        end=datetime.combine(last, datetime.min.time()) + timedelta(days=1),
                        proposal="The camera was dead, covered or away, or its clock jumped: note "
                        "it as a problem in stations.csv where it did not work.",
                    )
                )
        return found


def _site(stamp: Stamp, stays: tuple[Deployment, ...]) -> Site:
    """Where the track that begins with this file was taken."""
    placed = next((s for s in stays if s.latitude is not None), None)
    offset = next((s.utc_offset for s in stays if s.utc_offset), stamp.utc_offset)
    return Site(
        deployment_id=names.deployment_id(stamp),
        stays=stays,
        latitude=placed.latitude if placed else stamp.latitude,
        longitude=placed.longitude if placed else stamp.longitude,
        utc_offset=offset,
    )


def _meet(one: Bounds, other: Bounds) -> bool:
    return (one[0] or datetime.min) < (other[1] or datetime.max) and (other[0] or datetime.min) < (
        one[1] or datetime.max
    )


def _narrowed(track: Track) -> Track:
    """The track with those deployments alone that its pictures name, where several are possible.

    Set-up and retrieval of another year would bring a wrong date there. Where no picture's time
    lies in any of them, it is the only one that lasted as long as the pictures did.
    """
    stays = track.site.stays
    if len(stays) < 2 or not len(track):
        return track
    named = {track.names[place] for place in np.unique(track.place).tolist() if place >= 0}
    fitting = [stay for stay in stays if stay.deployment_id in named]
    if not fitting and not track.steps_back():
        lasted = timedelta(seconds=int(track.time[-1] - track.time[0]))
        fitting = [
            stay
            for stay in stays
            if stay.start and stay.end and abs(stay.end - stay.start - lasted) <= _SAME_LENGTH
        ]
        fitting = fitting if len(fitting) == 1 else []
    return replace(track, site=replace(track.site, stays=tuple(fitting))) if fitting else track


def _deployments(track: Track) -> list[str]:
    known = [track.names[place] for place in np.unique(track.place).tolist() if place >= 0]
    return known or [track.site.deployment_id]


def _place(track: Track, file_id: int) -> int:
    return int(np.flatnonzero(track.file_id == file_id)[0])


def _holds(track: Track, part: tuple[int, int], files: tuple[int, int]) -> bool:
    return bool(np.isin(track.file_id[part[0] : part[1]], files).any())
