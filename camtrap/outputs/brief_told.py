"""What every section of the brief is given, and the small pieces of text that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from camtrap.events import names
from camtrap.events.frames import Frame
from camtrap.ledger.rows import Entry
from camtrap.ledger.store import Ledger
from camtrap.outputs.brief_facts import FieldFacts
from camtrap.outputs.flights import Flight
from camtrap.outputs.map_svg import Line
from camtrap.outputs.markup import Safe, name_of
from camtrap.outputs.public import Cover
from camtrap.outputs.survey import Survey
from camtrap.outputs.thumbnails import Thumbnails
from camtrap.outputs.words import Words
from camtrap.records import LABELS


@dataclass(frozen=True, slots=True)
class Told:
    """A brief in the making.

    With `cover` it is for the public: people, vehicles and what may show them, paths, and the state
    of cameras are left out. `coordinates` writes exact positions as text; `outline` is drawn on the
    map.
    """

    ledger: Ledger
    found: Survey
    field: FieldFacts
    words: Words
    thumbnails: Thumbnails
    coordinates: bool = False
    outline: Sequence[Line] = ()
    cover: Cover | None = None
    flights: Sequence[Flight] = ()

    def public_id(self, station: str) -> str:
        """How a station is called on this page: in public, names of places stay at home."""
        return station if self.cover is None else self.cover.station(station)

    def station(self, station: str) -> Safe:
        """A station's id as text of the page."""
        return self.name(self.public_id(station))

    @property
    def public(self) -> bool:
        """True when the page may leave the house."""
        return self.cover is not None

    def chip(self, label: str) -> Safe:
        """A label in its colour, and in words."""
        return Safe(f'<span class="chip {label}">{self.words(f"label.{label}")}</span>')

    def name(self, value: str) -> Safe:
        """A name from a card."""
        return name_of(value, self.words("name.none"))

    def path(self, entry: Entry) -> Safe:
        """Where a file lies; left out of what goes to the public."""
        if self.public:
            return Safe("")
        return Safe(f"<code>{self.name(names.file_path(entry))}</code>")

    def moment(self, moment: datetime | None) -> Safe:
        """Date and time to the minute, in words when not known."""
        return self.words("time.unknown") if moment is None else Safe(f"{moment:%Y-%m-%d %H:%M}")

    def span(self, first: str, last: str) -> Safe:
        """From one day, or time, to another; only one of them where they are the same."""
        if first == last:
            return Safe(first)
        return self.words("time.span", first=first, last=last)


def entry_of(frame: Frame | Entry) -> Entry:
    """The row of the ledger behind a frame."""
    return frame.entry if isinstance(frame, Frame) else frame


def rank(label: str) -> int:
    """The place of a label in every table; what is no label comes last."""
    return LABELS.index(label) if label in LABELS else len(LABELS)
