"""Fixtures for every room: cards made in code, a season, and a model that knows greys."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from camtrap.ledger.store import Ledger
from camtrap.vision.backends.memory import CACHE_VARIABLE
from tests.cards import FakePredictor, odd_card, plain_card

hypothesis_settings.register_profile(
    "camtrap",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("camtrap")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let reports go from one process to another: names of files hold bytes that are no text."""
    report = yield
    report.sections = [
        (title, said.encode("utf-8", "backslashreplace").decode())
        for title, said in report.sections
    ]
    return report


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is remembered of this machine stays out of the user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_clips() -> Iterator[None]:
    """Runs pass clips over, as they do without the extra `video`; whoever tests them says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMTRAP_VIDEO", "false")
        yield


@pytest.fixture
def predictor() -> FakePredictor:
    """A model that answers from a picture's brightness."""
    return FakePredictor()


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A card on which everything is wrong that may be."""
    return odd_card(tmp_path / "карта 1")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card of twelve good frames."""
    return plain_card(tmp_path / "card", 12)


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """A folder for a season, not made yet."""
    return tmp_path / "season"


@pytest.fixture
def ledger(season: Path) -> Iterator[Ledger]:
    """The ledger of a new season."""
    with Ledger(season, create=True) as opened:
        yield opened
