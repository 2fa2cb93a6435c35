"""A file of the ledger as everything after it sees it: placed, dated, and with people's word on it.

The ledger keeps what the card and the model said. Where the camera stood and how wrong its clock
was is told in the season's own tables, and people's labels stand over the model's; all of that is
put together here, anew for every output, so that a change of a table needs no look at a picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from camtrap.card.deployments import NO_NOTES, Deployment, FieldNotes, Offset
from camtrap.card.field_notes import read_field_notes
from camtrap.card.matching import Matcher
from camtrap.events import names
from camtrap.ledger.reviews import Review, reviews
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import ALL_STATES, Ledger
from camtrap.records import State


@dataclass(frozen=True, slots=True)
class Frame:
    """One file of a season.

    `label` is the person's where there is a `review`, and the file's state otherwise; `taken_at` is
    camera-local, corrected by `offset`; `deployment` is None where `stations.csv` does not know the
    camera, and `station_id` and `deployment_id` then come from the card's folders. `utc_offset` is
    the deployment's, else what the camera wrote, like `+10:00`, or empty.
    """

    entry: Entry
    label: State
    station_id: str
    deployment_id: str
    taken_at: datetime | None
    utc_offset: str
    deployment: Deployment | None = None
    offset: Offset | None = None
    review: Review | None = None

    @property
    def latitude(self) -> float | None:
        """WGS84 degrees: the deployment's, else the camera's own GPS."""
        place = self.deployment
        known = place is not None and place.latitude is not None
        return place.latitude if place is not None and known else self.entry.capture.latitude

    @property
    def longitude(self) -> float | None:
        """WGS84 degrees: the deployment's, else the camera's own GPS."""
        place = self.deployment
        known = place is not None and place.longitude is not None
        return place.longitude if place is not None and known else self.entry.capture.longitude

    @property
    def dated(self) -> bool:
        """True when the camera gave the time; a file's own date changes with copying."""
        return self.taken_at is not None and self.entry.capture.timestamp_source != "modified"


@dataclass(frozen=True, slots=True)
class Placing:
    """What is needed to make frames of a season's files."""

    matcher: Matcher
    notes: FieldNotes = NO_NOTES
    reviews: Mapping[int, Review] | None = None

    def frame(self, entry: Entry) -> Frame:
        """Place and date one file."""
        capture = entry.capture
        deployment = self.matcher.deployment_of(
            entry.card, entry.relative_path, capture.serial, capture.user_label, capture.taken_at
        )
        review = (self.reviews or {}).get(entry.file_id)
        station, where = names.station_id(entry), names.deployment_id(entry)
        if deployment is not None:
            station, where = deployment.station_id, deployment.deployment_id
        offset = self.offset_of(where, capture.taken_at)
        return Frame(
            entry=entry,
            label=State(review.label) if review is not None else entry.state,
            station_id=station,
            deployment_id=where,
            taken_at=corrected(capture.taken_at, offset),
            utc_offset=(deployment.utc_offset if deployment else "") or capture.utc_offset,
            deployment=deployment,
            offset=offset,
            review=review,
        )

    def frames(self, ledger: Ledger, states: Collection[State] = ALL_STATES) -> Iterator[Frame]:
        """The season's files in the ledger's order; streams.

        `states` are those of the frames wanted, after people's word; without any, all.
        """
        # A review may bring in or take out a file of any state.
        for entry in ledger.entries(ALL_STATES if self.reviews else states):
            frame = self.frame(entry)
            if frame.label in states:
                yield frame

    def offset_of(self, deployment_id: str, moment: datetime | None) -> Offset | None:
        """The correction of what a deployment's camera wrote at this time, or None."""
        if moment is None:
            return None
        for offset in self.notes.offsets:
            if offset.deployment_id == deployment_id and offset.holds(moment):
                return offset
        return None


def placing(ledger: Ledger, notes: FieldNotes | None = None) -> Placing:
    """How the files of this season are placed: by `notes`, or by those in the season's folder.

    Raises `SeasonError`, and `NotesError` for a table of the season that cannot be used.
    """
    if notes is None:
        notes = read_field_notes(ledger.season)
    return Placing(Matcher(notes.deployments, notes.offsets), notes, reviews(ledger.season))


def corrected(moment: datetime | None, offset: Offset | None) -> datetime | None:
    """The camera's time with the offset added; None stays None.

    A correction that leaves the calendar (years 1 to 9999) is not applied.
    """
    if moment is None or offset is None:
        return moment
    try:
        return moment + timedelta(seconds=offset.seconds)
    except OverflowError:
        return moment
