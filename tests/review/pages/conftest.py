"""One browser for all tests of the pages, and a season each where something is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.pages.live import Server, chromium, serving
from tests.review.seasons import season_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MakeServer = Callable[..., Server]


# Not of the whole session: while it is open, no other test may have an event loop of its own.
@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """A browser without a window, or the test is skipped."""
    pytest.importorskip("uvicorn", reason="the review's extra is not installed")
    pytest.importorskip("starlette", reason="the review's extra is not installed")
    with chromium() as browser:
        yield browser


@pytest.fixture
def serve(chrome: Browser, tmp_path: Path) -> Iterator[MakeServer]:
    """Makes the server of a new season of so many events."""
    with ExitStack() as stack:
        yield lambda events, **options: stack.enter_context(
            serving(season_of(tmp_path, events, **options))
        )


@pytest.fixture(scope="package")
def standing(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A season in which nothing is decided, for tests that only look."""
    with serving(season_of(tmp_path_factory.mktemp("standing"), 45)) as server:
        yield server
