"""How often a site is asked again, and how long is waited in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from camtrap.errors import PushError

T = TypeVar("T")

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
TRIES = 6
"""With 1, 2, 4, 8 and 16 seconds between them, half a minute of a site that does not answer."""

LONGEST_ASKED_SECONDS = 600.0
"""A site may ask for so long a wait; for longer, the person is sent away."""


class Passing(Exception):  # noqa: N818 - no failure until it has lasted
    """What may be over when the site is asked again; `retry_after` seconds if it said so."""

    def __init__(self, told: str, retry_after: float | None = None) -> None:
        super().__init__(told)
        self.told, self.retry_after = told, retry_after


def pause(attempt: int, retry_after: float | None, chance: float) -> float:
    """Seconds to wait after an attempt, the first of which is 0.

    Twice as long each time, up to a minute, and between half of that and all of it by `chance`
    (0..1): programs that were cut off together do not come back together. Never less than the site
    asked for.
    """
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt, 30))
    return max(longest * (0.5 + chance / 2), retry_after or 0.0)


def retry_after_of(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a `Retry-After` header (RFC 9110: a number, or a date); None for anything else."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


@dataclass(frozen=True, slots=True)
class Patience:
    """Asks again; `wait` and `chance` are others in tests."""

    tries: int = TRIES
    wait: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def asked(self, ask: Callable[[], T]) -> T:
        """What `ask` gives, however often it raises `Passing` before; `PushError` in the end."""
        attempt = 0
        while True:
            try:
                return ask()
            except Passing as problem:
                attempt += 1
                if (problem.retry_after or 0.0) > LONGEST_ASKED_SECONDS:
                    raise PushError(
                        f"{problem.told} It asks to wait {problem.retry_after:,.0f} seconds; run "
                        "the same command again after that. What was sent is kept."
                    ) from problem
                if attempt >= self.tries:
                    raise PushError(
                        f"{problem.told} It was tried {attempt} times. Run the same command again "
                        "later: it goes on where it stopped, and sends nothing twice."
                    ) from problem
                self.wait(pause(attempt - 1, problem.retry_after, self.chance()))
