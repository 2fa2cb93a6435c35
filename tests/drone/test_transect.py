"""A flight in numbers: its frames, its ground, its animals, and what the numbers do not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camtrap.drone.camera import View
from camtrap.drone.census import Animal
from camtrap.drone.ground import Footprint, footprint_of
from camtrap.drone.local import degrees_of
from camtrap.drone.transect import CAVEAT, LANDED, Frame, flights_of, looks_at, summarize
from tests.drone.flights import LONG, ORIGIN, START, WIDE

NADIR = View(*ORIGIN, 60.0, -90.0, 0.0, 0.0, 2773.0, 4000, 3000)


def frame(key: str, minutes: float | None = 0.0, view: View | None = NADIR) -> Frame:
    taken_at = None if minutes is None else START + timedelta(minutes=minutes)
    return Frame(key, taken_at, Footprint() if view is None else footprint_of(view))


def animal(number: int, label: str = "prey") -> Animal:
    return Animal(number, label, 0.9, *ORIGIN, 8.0, (str(number),))


def moved(east: float, north: float = 0.0) -> View:
    latitude, longitude = degrees_of(*ORIGIN, east, north)
    return replace(NADIR, latitude=latitude, longitude=longitude)


def test_ground_counts_once_and_animals_are_by_square_kilometre() -> None:
    frames = [frame("1"), frame("2", view=moved(WIDE / 2)), frame("3")]
    flight = summarize(frames, [animal(1), animal(2), animal(3, "leopard")])
    assert (flight.frame_count, flight.placed_count) == (3, 3)
    assert flight.area_km2 == pytest.approx(1.5 * WIDE * LONG / 1e6, rel=1e-3)
    assert flight.counts == {"leopard": 1, "prey": 2}
    assert flight.per_km2["prey"] == pytest.approx(2 / flight.area_km2)
    assert flight.caveats == (CAVEAT,)


def test_without_ground_there_is_no_density() -> None:
    flight = summarize([frame("1", view=None)], [], unplaced=1_200)
    assert (flight.area_km2, flight.per_km2) == (0, {})
    assert flight.caveats[1:] == (
        "1 of 1 frames have no place and no ground.",
        "1,200 boxes have no place and were not counted.",
    )


def test_frames_that_see_the_horizon_are_told() -> None:
    flight = summarize([frame("1", view=replace(NADIR, pitch=-20.0))], [])
    assert "1 frames look at the horizon" in flight.caveats[1]


def test_nothing_is_a_flight_without_anything() -> None:
    flight = summarize([], [])
    assert (flight.frame_count, flight.area_km2, flight.counts) == (0, 0, {})


def test_a_flight_ends_where_the_drone_landed() -> None:
    minutes = (0, 5, 24.9, 45, 46)
    frames = [frame(str(n), minute) for n, minute in enumerate(minutes)]
    flights = flights_of(reversed(frames))
    assert [[each.key for each in flight] for flight in flights] == [["0", "1", "2"], ["3", "4"]]


def test_frames_without_a_time_are_a_flight_of_their_own() -> None:
    flights = flights_of([frame("b", None), frame("c", 3), frame("a", None)])
    assert [[each.key for each in flight] for flight in flights] == [["c"], ["a", "b"]]


def test_times_with_and_without_a_zone_are_the_cameras() -> None:
    zoned = Frame("z", datetime(2026, 1, 10, 9, 1, tzinfo=UTC))
    assert len(flights_of([frame("a"), zoned])) == 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 300)), max_size=30))
def test_no_frame_is_lost_and_flights_are_apart(minutes: list[float | None]) -> None:
    frames = [frame(str(n), minute, view=None) for n, minute in enumerate(minutes)]
    flights = flights_of(frames)
    assert sorted(each.key for flight in flights for each in flight) == sorted(
        each.key for each in frames
    )
    timed = [[each.taken_at for each in flight if each.taken_at] for flight in flights]
    timed = [times for times in timed if times]
    for before, after in pairwise(timed):
        assert min(after) - max(before) >= LANDED


def test_frames_that_look_at_a_place_are_counted() -> None:
    footprints = [footprint_of(moved(east)) for east in (0, 30, 60, 200)]
    footprints.append(Footprint())
    assert looks_at(*ORIGIN, footprints) == 2
    edge = degrees_of(*ORIGIN, WIDE / 2 - 0.01, LONG / 2 - 0.01)
    assert looks_at(*edge, footprints[:1]) == 1
    beyond = degrees_of(*ORIGIN, WIDE / 2 + 0.01, 0)
    assert looks_at(*beyond, footprints[:1]) == 0


@given(st.floats(-150, 150), st.floats(-150, 150))
def test_a_ring_that_bends_inwards_holds_what_is_within(east: float, north: float) -> None:
    assume(min(abs(abs(east) - 30 - abs(north) * 0.7), abs(abs(north) - 30 - abs(east) * 0.7)) > 1)
    star = [(100.0, 100.0), (0.0, 30.0), (-100.0, 100.0), (-30.0, 0.0)]
    star += [(-east, -north) for east, north in star]
    is_within = max(abs(east), abs(north)) < 100 and (
        abs(east) < 30 + abs(north) * 0.7 and abs(north) < 30 + abs(east) * 0.7
    )
    for corners in (star, star[::-1]):
        footprint = Footprint(tuple(degrees_of(*ORIGIN, *corner) for corner in corners))
        assert looks_at(*degrees_of(*ORIGIN, east, north), [footprint]) == is_within


def test_the_edge_of_a_ring_is_in_it() -> None:
    footprint = footprint_of(NADIR)
    (south, west), (other, east) = footprint.corners[:2]
    assert looks_at((south + other) / 2, (west + east) / 2, [footprint]) == 1
    assert all(looks_at(*corner, [footprint]) == 1 for corner in footprint.corners)
