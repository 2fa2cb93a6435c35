"""The self-check: who agrees with the reference, who does not, and who is fast."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from types import SimpleNamespace

import pytest

from camtrap.records import LABELS, State
from camtrap.vision import checkpoint
from camtrap.vision.backends import selfcheck
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.selfcheck import (
    TOLERANCE,
    Measured,
    check_looks,
    compared,
    fastest,
    measured,
)
from camtrap.vision.predictor import Look, Verdict
from tests.cards import FakePredictor

REFERENCE, OTHER, THIRD = Spec("torch"), Spec("onnxruntime"), Spec("openvino")


def verdict(leopard: float, state: State = State.PREY) -> Verdict:
    chances = {**dict.fromkeys(LABELS, 0.0), "leopard": leopard, "prey": 1 - leopard}
    return Verdict(state, 1 - leopard, chances)


class Shifted(FakePredictor):
    """A backend whose P(leopard) is off by `shift`, and that may flip the state or fail."""

    def __init__(self, spec: Spec, shift: float = 0.0, state: State = State.PREY) -> None:
        super().__init__()
        self.backend, self.shift, self.state = spec, shift, state
        self.asked = 0

    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        self.asked += len(looks)
        return [verdict(0.1 + self.shift, self.state) for _ in looks]


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    return check_looks(4)


@pytest.fixture(autouse=True)
def even_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look takes a second: stand-ins are done at once, and a pause of the computer is long."""
    clock = SimpleNamespace(perf_counter=count().__next__)
    monkeypatch.setattr(selfcheck, "time", clock)


def found(looks: Sequence[Look], *predictors: Shifted) -> list[Measured]:
    by_spec = {each.backend: each for each in predictors}

    def build(info, spec):
        if by_spec[spec].shift > 1:
            raise RuntimeError("illegal\ninstruction")
        return by_spec[spec]

    return measured(checkpoint.find("amur"), list(by_spec), looks, build)


def test_the_sample_card_is_there_and_decodes(looks):
    assert len(looks) == 4
    assert len({look.data for look in looks}) == 4


def test_no_card_no_pictures(monkeypatch):
    monkeypatch.setattr("camtrap.vision.backends.selfcheck.sample_card", lambda: None)
    assert check_looks() == []


@pytest.mark.parametrize(
    ("shift", "state", "agrees"),
    [
        (0.0, State.PREY, True),
        (0.9 * TOLERANCE, State.PREY, True),
        (1.5 * TOLERANCE, State.PREY, False),
        (0.0, State.UNSURE, False),
    ],
)
def test_a_backend_agrees_when_no_chance_and_no_label_moves(looks, shift, state, agrees):
    reference, other = found(looks, Shifted(REFERENCE), Shifted(OTHER, shift, state))
    assert reference.agrees
    assert other.agrees is agrees
    assert other.difference == pytest.approx(shift)


def test_one_that_disagrees_is_not_asked_to_the_end(looks):
    wrong = Shifted(OTHER, 0.5)
    found(looks, Shifted(REFERENCE), wrong)
    assert wrong.asked <= 4


def test_one_that_does_not_run_is_told_and_the_others_go_on(looks):
    _, broken, third = found(looks, Shifted(REFERENCE), Shifted(OTHER, 2.0), Shifted(THIRD))
    assert broken.problem == "illegal instruction"
    assert not broken.agrees
    assert third.agrees


def test_a_reference_that_does_not_run_is_an_error(looks):
    with pytest.raises(RuntimeError):
        found(looks, Shifted(REFERENCE, 2.0), Shifted(OTHER))


def test_the_fastest_that_agrees_wins():
    times = [Measured(REFERENCE, 0.3), Measured(OTHER, 0.2), Measured(THIRD, 0.1, difference=0.5)]
    assert fastest(times) == OTHER
    assert fastest(times[:1] + times[2:]) == REFERENCE


def test_what_was_compared_early_is_compared_with_the_first_ones():
    reference = [verdict(0.1), verdict(0.9, State.LEOPARD)]
    assert compared([verdict(0.1)], reference) == (0.0, 0)
    difference, flips = compared([verdict(0.15), verdict(0.9)], reference)
    assert difference == pytest.approx(0.05)
    assert flips == 1
