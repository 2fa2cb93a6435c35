"""A season under review, and a browser at its address; skipped where the extra is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.seasons import season_of

if TYPE_CHECKING:
    from camtrap.review.context import Review
    from camtrap.review.security import Policy
    from tests.review.browsing import Browser

MakeReview = Callable[..., "Review"]


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """A season of eighteen events that nobody has reviewed."""
    return season_of(tmp_path, 18)


@pytest.fixture
def make_review() -> Iterator[MakeReview]:
    """Makes the review of a season, its index built; closed at the end."""
    pytest.importorskip("starlette")
    from camtrap.review.audit import Audits
    from camtrap.review.context import Review
    from camtrap.review.index import Index
    from camtrap.review.pictures import Pictures
    from camtrap.review.security import policy_of
    from tests.review.browsing import refresh

    with ExitStack() as stack:

        def make(season: Path, policy: Policy | None = None, **options: Any) -> Review:
            index = Index(season, threads=False)
            stack.callback(index.close)
            pictures = Pictures(season, threads=2, **options)
            stack.callback(pictures.close)
            index.start()
            policy = policy or policy_of("127.0.0.1", 8765)
            audits = Audits(season, index)
            return Review(season, index, audits, pictures, policy, refresh, "Ольга", "en")

        yield make


@pytest.fixture
def review(reviewed: Path, make_review: MakeReview) -> Review:
    """The review of the season."""
    return make_review(reviewed)


@pytest.fixture
def browser(review: Review) -> Iterator[Browser]:
    """A browser at the review's address."""
    from tests.review.browsing import Browser

    with Browser(review) as opened:
        yield opened
