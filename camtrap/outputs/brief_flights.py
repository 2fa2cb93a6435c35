"""The section of the brief on drone flights: ground seen, animals counted once, and the caveats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from camtrap.drone.ground import HORIZON
from camtrap.outputs.brief_field import EVENT_LABELS
from camtrap.outputs.brief_told import Told
from camtrap.outputs.flights import Flight
from camtrap.outputs.markup import Safe, section, table
from camtrap.records import State

SHOWN = 40
ON_PAPER = 6


def from_the_air(told: Told) -> Iterator[str]:
    """A row a flight; nothing where no drone flew, and nothing for the public."""
    words, flights = told.words, told.flights
    if not flights or told.public:
        return
    yield section("air", words("air.title"), None, words.count("air.flights", len(flights)))
    seen = {label for flight in flights for label in flight.transect.counts}
    labels = [label for label in EVENT_LABELS if label in seen or label == State.LEOPARD]
    header = [
        words("air.flight"),
        words("air.when"),
        words("air.pictures"),
        words("air.km2"),
        *(words(f"label.{label}") for label in labels),
        words("air.density"),
    ]
    yield table(
        words("air.caption"),
        header,
        [_row(told, flight, labels) for flight in flights[:SHOWN]],
        only_on_screen=range(ON_PAPER, SHOWN),
    )
    yield f"<p>{words.text(list(_notes(told)))}</p>\n</section>\n"


def _row(told: Told, flight: Flight, labels: list[State]) -> list[str]:
    words, numbers = told.words, flight.transect
    cells = [
        told.name(flight.name),
        told.span(told.moment(flight.first), told.moment(flight.last)),
        words.number(numbers.frame_count),
        words.decimal(numbers.area_km2, 3) if numbers.area_km2 else "",
    ]
    cells += [words.number(numbers.counts.get(label, 0)) for label in labels]
    prey = numbers.per_km2.get(State.PREY)
    return [*cells, "" if prey is None else words.decimal(prey)]


def _notes(told: Told) -> Iterator[Safe]:
    """What the numbers are worth, over all flights."""
    words, count = told.words, Counter[str]()
    for flight in told.flights:
        count["air.horizon"] += sum(HORIZON in shot.footprint.flags for shot in flight.shots)
        count["air.no_ground"] += flight.transect.frame_count - flight.transect.placed_count
        count["air.unplaced"] += flight.unplaced
        count["air.odd_size"] += sum(
            "too_small" in box.placed.flags or "too_large" in box.placed.flags
            for box in flight.boxes
        )
    yield words("air.once")
    yield words("air.caveat")
    for key in ("air.no_ground", "air.unplaced", "air.horizon", "air.odd_size"):
        if count[key]:
            yield words.count(key, count[key])
    if (more := len(told.flights) - SHOWN) > 0:
        yield words.count("air.left", more)
    yield words("air.file")
