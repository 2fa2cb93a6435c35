"""One animal in many frames counts once; animals that stand together stay apart."""

from __future__ import annotations

import math
import random as chance
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.drone.area import covered_m2
from camtrap.drone.census import Animal, CensusRules, Sighting, count_animals, sighting_of
from camtrap.drone.ground import Placed
from camtrap.drone.local import degrees_of, metres_of
from tests.drone.flights import LONG, ORIGIN, START, WIDE, Flight, Point, mown


def sighting(
    key: str,
    frame: str,
    east: float,
    north: float = 0.0,
    label: str = "prey",
    radius: float = 5.0,
    seconds: float | None = 0.0,
    confidence: float = 0.9,
) -> Sighting:
    latitude, longitude = degrees_of(*ORIGIN, east, north)
    taken_at = None if seconds is None else START + timedelta(seconds=seconds)
    return Sighting(
        key, frame, latitude, longitude, radius, radius + 5, label, confidence, taken_at
    )


def keys(animals: tuple[Animal, ...]) -> list[set[str]]:
    return [set(animal.sightings) for animal in animals]


def scattered(count: int, seed: int, apart: float = 0.0) -> list[Point]:
    """Animals somewhere in the mown rectangle, none nearer to another than so many metres."""
    random = np.random.default_rng(seed)
    width, length = WIDE * (1 + 9 * 0.3), LONG * (1 + 19 * 0.3)
    found: list[Point] = []
    while len(found) < count:
        east = float(random.uniform(0, width) - WIDE / 2)
        north = float(random.uniform(0, length) - LONG / 2)
        if all((east - e) ** 2 + (north - n) ** 2 > apart**2 for e, n in found):
            found.append((east, north))
    return found


# -- a whole flight


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_frames_count_sixty_animals_once(seed: int) -> None:
    flight = mown(scattered(60, seed), found=0.9, bias=(4.0, -3.0), seed=seed)
    assert len(flight.footprints) == 200
    assert len(flight.sightings) > 400
    animals = count_animals(flight.sightings)
    assert abs(len(animals) - 60) <= 3  # 5%
    assert covered_m2(f.corners for f in flight.footprints) == pytest.approx(
        flight.area_m2, rel=0.002
    )
    assert _purity(animals, flight) > 0.95


@pytest.mark.parametrize("seed", [4, 5])
def test_herds_are_counted_by_heads(seed: int) -> None:
    random = np.random.default_rng(seed)
    animals = [
        (east + float(random.normal(0, 4)), north + float(random.normal(0, 4)))
        for east, north in scattered(8, seed, apart=60)
        for _ in range(6)
    ]
    flight = mown(animals, found=0.95, seed=seed)
    assert len(count_animals(flight.sightings)) == pytest.approx(48, abs=48 * 0.1)


def test_the_place_of_an_animal_is_better_than_that_of_its_sightings() -> None:
    places = scattered(20, 6, apart=30)
    flight = mown(places, seed=6)

    def miss(key: str, latitude: float, longitude: float) -> float:
        return math.dist(metres_of(*ORIGIN, latitude, longitude), places[flight.animal_of[key]])

    animals = count_animals(flight.sightings)
    of_animals = [miss(each.sightings[0], each.latitude, each.longitude) for each in animals]
    of_sightings = [miss(each.key, each.latitude, each.longitude) for each in flight.sightings]
    assert np.median(of_animals) < 0.6 * np.median(of_sightings)


def _purity(animals: tuple[Animal, ...], flight: Flight) -> float:
    """The share of sightings that are with the animal which most of their company is."""
    right = 0
    for animal in animals:
        numbers = [flight.animal_of[key] for key in animal.sightings]
        right += max(numbers.count(number) for number in numbers)
    return right / len(flight.sightings)


# -- the rules


def test_nothing_seen_is_nothing_counted() -> None:
    assert count_animals([]) == ()


def test_the_same_place_in_three_frames_is_one_animal() -> None:
    (animal,) = count_animals(
        [
            sighting("a", "1", 0, seconds=0),
            sighting("b", "2", 3, seconds=4),
            sighting("c", "3", -3, seconds=8),
        ]
    )
    assert animal.number == 1
    assert animal.sightings == ("a", "b", "c")
    assert metres_of(*ORIGIN, animal.latitude, animal.longitude) == pytest.approx((0, 0), abs=0.01)
    assert animal.uncertainty_m == 10
    assert (animal.first, animal.last) == (START, START + timedelta(seconds=8))


def test_two_boxes_of_one_frame_are_two_animals_wherever_they_are() -> None:
    assert len(count_animals([sighting("a", "1", 0), sighting("b", "1", 0)])) == 2


def test_two_that_stand_together_are_two_in_every_frame() -> None:
    sightings = [
        sighting(f"{frame}{name}", str(frame), east + shift, seconds=4 * frame)
        for frame, shift in enumerate((0.0, 2.5, -2.0, 1.5))
        for name, east in (("a", 0.0), ("b", 4.0))
    ]
    assert keys(count_animals(sightings)) == [{"0a", "1a", "2a", "3a"}, {"0b", "1b", "2b", "3b"}]


def test_far_apart_they_are_two() -> None:
    assert len(count_animals([sighting("a", "1", 0), sighting("b", "2", 7.0)])) == 1
    assert len(count_animals([sighting("a", "1", 0), sighting("b", "2", 7.2)])) == 2


def test_what_lies_between_two_joins_them() -> None:
    places = enumerate((0.0, 7.5, 3.5))
    sightings = [sighting(str(n), str(n), east, seconds=4 * n) for n, east in places]
    rules = CensusRules(furthest_m=0)
    assert len(count_animals(sightings[:2], rules)) == 2
    assert len(count_animals(sightings, rules)) == 1


def test_a_precise_place_joins_less() -> None:
    sightings = [sighting("a", "1", 0, radius=1), sighting("b", "2", 3, radius=1)]
    assert len(count_animals(sightings)) == 2


@pytest.mark.parametrize("seconds, count", [(0, 2), (10, 2), (30, 1), (3_600, 1), (3_601, 2)])
def test_an_animal_walks_in_the_time_between(seconds: float, count: int) -> None:
    sightings = [sighting("a", "1", 0), sighting("b", "2", 12, seconds=seconds)]
    assert len(count_animals(sightings)) == count


def test_it_walks_no_further_than_the_rules_say() -> None:
    sightings = [sighting("a", "1", 0), sighting("b", "2", 18, seconds=600)]
    assert len(count_animals(sightings)) == 2
    assert len(count_animals(sightings, CensusRules(furthest_m=20))) == 1


def test_without_times_it_stands() -> None:
    sightings = [sighting("a", "1", 0, seconds=None), sighting("b", "2", 12, seconds=None)]
    assert len(count_animals(sightings)) == 2
    sightings[1] = sighting("b", "2", 6, seconds=None)
    (animal,) = count_animals(sightings)
    assert (animal.first, animal.last) == (None, None)


def test_a_deer_that_was_also_called_a_leopard_is_one_animal() -> None:
    (animal,) = count_animals(
        [
            sighting("a", "1", 0, label="leopard", confidence=0.6),
            sighting("b", "2", 0, label="prey", confidence=0.5),
            sighting("c", "3", 0, label="prey", confidence=0.4),
        ]
    )
    assert (animal.label, animal.confidence) == ("prey", 0.5)


def test_a_person_is_no_animal_and_no_vehicle() -> None:
    labels = ("prey", "person", "vehicle")
    sightings = [sighting(label, str(n), 0, label=label) for n, label in enumerate(labels)]
    assert [animal.label for animal in count_animals(sightings)] == list(labels)


def test_zones_do_not_change_when_something_was() -> None:
    one = replace(sighting("a", "1", 0), taken_at=datetime(2026, 1, 10, 9, tzinfo=UTC))
    assert len(count_animals([one, replace(one, key="b", frame="2")])) == 1


def test_a_key_is_there_once() -> None:
    with pytest.raises(ValueError, match="same key"):
        count_animals([sighting("a", "1", 0), sighting("a", "2", 0)])


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan"), float("inf")])
def test_a_radius_is_a_positive_number(radius: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        count_animals([sighting("a", "1", 0, radius=radius)])


def test_at_the_date_line_east_is_east() -> None:
    one = replace(sighting("a", "1", 0), latitude=66.0, longitude=179.99999)
    other = replace(sighting("b", "2", 0), latitude=66.0, longitude=-179.99999)
    (animal,) = count_animals([one, other])
    assert abs(animal.longitude) == pytest.approx(180, abs=1e-5)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.floats(-30, 30), st.floats(-30, 30), st.floats(1, 9)),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_changes_nothing_and_nothing_is_lost(
    boxes: list[tuple[int, float, float, float]], random: chance.Random
) -> None:
    sightings = [
        sighting(str(n), f"f{frame}", east, north, radius=radius, seconds=5 * frame)
        for n, (frame, east, north, radius) in enumerate(boxes)
    ]
    animals = count_animals(sightings)
    shuffled = list(sightings)
    random.shuffle(shuffled)
    assert count_animals(shuffled) == animals
    told = [key for animal in animals for key in animal.sightings]
    assert sorted(told) == sorted(each.key for each in sightings)
    frame_of = {each.key: each.frame for each in sightings}
    for animal in animals:
        frames = [frame_of[key] for key in animal.sightings]
        assert len(frames) == len(set(frames))
    most = max((sum(b[0] == frame for b in boxes) for frame in range(7)), default=0)
    assert len(animals) >= most
    assert [animal.number for animal in animals] == list(range(1, len(animals) + 1))


def test_a_box_without_a_place_is_no_sighting() -> None:
    assert sighting_of("a", "1", Placed(flags=("horizon",)), "prey") is None
    placed = Placed(43.1, 131.5, 9.0, 6.0, 1.2, 0.5, 0.02)
    assert sighting_of("a", "1", placed, "prey") == Sighting(
        "a", "1", 43.1, 131.5, 6.0, 9.0, "prey"
    )
