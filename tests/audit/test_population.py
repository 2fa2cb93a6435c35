"""The population: what was put away, in which bursts, and lots that nothing else decides."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.audit.population import Population, lot_of
from camtrap.audit.strata import Stratum
from camtrap.audit.targets import ANIMAL, LEOPARD
from camtrap.events.frames import placing
from camtrap.ledger.audits import Picture
from camtrap.ledger.store import Ledger
from camtrap.records import State
from tests.audit.seasons import burst, many, season_of

EMPTY, PREY, UNSURE = State.EMPTY, State.PREY, State.UNSURE


def found_in(
    season: Path, target: str = ANIMAL, words: dict[int, str] | None = None, seed: int = 0
) -> Population:
    with Ledger(season) as ledger:
        frames = list(placing(ledger).frames(ledger))
    looked_at = [frame for frame in frames if frame.label.is_label]
    return Population(looked_at, target, seed, words or {}, timedelta(seconds=5))


def drawn_of(population: Population, count: int) -> list[Picture]:
    return population.draw([(tuple(population.cells), count)])


@pytest.fixture
def mixed(season: Path) -> Path:
    """Files 1 to 9: an empty burst, one of prey and nothing, a leopard with an empty frame."""
    shots = [
        *burst("ST01", 0, EMPTY, EMPTY, EMPTY),
        *burst("ST01", 60, PREY, EMPTY, UNSURE),
        *burst("ST02", 0, State.LEOPARD, EMPTY, State.UNREADABLE),
    ]
    return season_of(season, shots)


def test_for_animals_it_is_what_was_called_empty(mixed: Path) -> None:
    with found_in(mixed) as population:
        assert population.cells.total() == 5
        assert {p.file_id for p in drawn_of(population, 9)} == {1, 2, 3, 5, 8}
        # Of the bursts only the first holds nothing that anybody saw.
        assert population.bursts == Counter({3: 1})


def test_for_leopards_it_is_what_was_called_anything_else(mixed: Path) -> None:
    with found_in(mixed, LEOPARD) as population:
        assert {p.file_id for p in drawn_of(population, 9)} == {1, 2, 3, 4, 5, 6, 8}
        assert population.bursts == Counter({3: 2})


def test_what_people_had_seen_is_out_and_its_burst_may_be_found(mixed: Path) -> None:
    with found_in(mixed, LEOPARD, {2: "empty", 4: "leopard"}) as population:
        assert {p.file_id for p in drawn_of(population, 9)} == {1, 3, 5, 6, 8}
        assert population.bursts == Counter({2: 1})


def test_a_drawn_picture_brings_the_rest_of_its_burst(mixed: Path) -> None:
    with found_in(mixed) as population:
        pictures = drawn_of(population, 1)
    [drawn] = [p for p in pictures if p.rank is not None]
    assert {p.burst for p in pictures} == {drawn.burst}
    assert all(p.content_key == f"key-{p.file_id - 1}" for p in pictures)
    assert [(p.stratum, p.rank) for p in pictures if p != drawn] == [(None, None)] * (
        len(pictures) - 1
    )


def test_score_bands_follow_the_models_chance(season: Path) -> None:
    season_of(
        season,
        [
            *burst("A", 0, EMPTY, confidence=0.995),
            *burst("A", 9, EMPTY, confidence=0.95),
            *burst("A", 20, EMPTY, confidence=0.8),
        ],
    )
    with found_in(season) as population:
        assert population.cells == Counter({("A", 0): 1, ("A", 1): 1, ("A", 2): 1})


def test_the_same_seed_draws_the_same_and_a_larger_draw_holds_it(season: Path) -> None:
    season_of(season, many())
    with found_in(season) as one, found_in(season) as other, found_in(season, seed=1) as third:
        small = {p.file_id for p in drawn_of(one, 40) if p.rank is not None}
        assert small == {p.file_id for p in drawn_of(other, 40) if p.rank is not None}
        assert small < {p.file_id for p in drawn_of(other, 80) if p.rank is not None}
        assert small != {p.file_id for p in drawn_of(third, 40) if p.rank is not None}


def test_each_picture_is_drawn_as_often_as_any_other(season: Path) -> None:
    """60 pictures, 15 drawn by each of 400 seeds: 100 times each, give or take 8.7."""
    season_of(season, [shot for n in range(20) for shot in burst("A", 10 * n, *[EMPTY] * 3)])
    count: Counter[int] = Counter()
    with Ledger(season) as ledger:
        frames = list(placing(ledger).frames(ledger))
    for seed in range(400):
        with Population(frames, ANIMAL, seed, {}, timedelta(seconds=5)) as population:
            count.update(p.file_id for p in drawn_of(population, 15) if p.rank is not None)
    assert len(count) == 60
    assert all(60 < times < 140 for times in count.values())
    squares = sum((times - 100) ** 2 for times in count.values()) / 75
    assert 30 < squares < 100  # chi-square with 59 degrees of freedom


def test_strata_draw_from_their_own_cells(season: Path) -> None:
    season_of(season, many())
    with found_in(season) as population:
        by_station = {
            station: Stratum(tuple(cell for cell in population.cells if cell[0] == station), 0)
            for station, _ in population.cells
        }
        pictures = population.draw([(s.cells, 5) for s in by_station.values()])
    with Ledger(season) as ledger:
        stations = list(by_station)
        for picture in pictures:
            if picture.stratum is not None:
                path = ledger.entry(picture.file_id).relative_path
                assert path.startswith(stations[picture.stratum])
    ranks = Counter(p.rank for p in pictures if p.rank is not None)
    assert ranks == Counter(dict.fromkeys(range(5), len(by_station)))


@given(st.integers(), st.text())
def test_a_lot_is_a_number_that_sqlite_holds(seed: int, key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    assert 0 <= lot_of(seed, key) < 2**63
    assert lot_of(seed, key) == lot_of(seed, key)
