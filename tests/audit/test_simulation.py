"""The promise itself: of many audits with known truth, the stated share and more are right."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from camtrap.audit.bounds import share_between

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from audit_simulation import SCENARIOS, Scenario, audit, exact_coverage, grown, make

AUDITS = 1000
SMALLER = 2_500  # pictures; the benchmark has 10,000


def smaller(scenario: Scenario) -> Scenario:
    return Scenario(
        **{
            **{name: getattr(scenario, name) for name in Scenario.__dataclass_fields__},
            "pictures": min(scenario.pictures, SMALLER),
        }
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_bound_holds_as_often_as_it_says(scenario: Scenario) -> None:
    random = np.random.default_rng(7)
    truth = make(smaller(scenario), random)
    said = audit(truth, 150, AUDITS, random)
    chance = exact_coverage(truth, 150)
    assert chance >= 0.95
    # Drawn and computed agree, so that both are right or both are wrong in the same way.
    low, high = share_between(said.pictures_held, AUDITS, 0.9999)
    assert low <= chance <= high
    assert said.pictures_held >= 0.95 * AUDITS
    assert said.events_held >= said.pictures_held


@pytest.mark.parametrize("share", np.linspace(0.002, 0.2, 25))
def test_at_every_share_of_misses_the_chance_is_high_enough(share: float) -> None:
    truth = make(Scenario("", SMALLER, float(share), sizes=(1, 3, 5)), np.random.default_rng(3))
    for size in (30, 100, 300):
        assert exact_coverage(truth, size) >= 0.95


def test_pictures_of_a_burst_are_no_looks_of_their_own() -> None:
    """Why bursts are the thing: who counts each of their pictures promises too much."""
    random = np.random.default_rng(0)
    truth = make(Scenario("", SMALLER, 0.03, sizes=(5,)), random)
    assert audit(truth, 150, 300, random).careless_held < 0.9 * 300


def test_what_is_enlarged_until_it_pleases_keeps_the_confidence_that_is_stated() -> None:
    random = np.random.default_rng(5)
    truth = make(Scenario("", SMALLER, 0.0205), random)
    many = grown(truth, 0.02, 400, random)
    assert many.stated <= many.held / 400
    two = grown(truth, 0.02, 400, random, confidence=0.975, rounds=2)
    assert two.held >= 0.95 * 400
