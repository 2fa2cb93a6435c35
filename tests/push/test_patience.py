from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import PushError
from camtrap.push.patience import (
    LONGEST_SECONDS,
    TRIES,
    Passing,
    Patience,
    pause,
    retry_after_of,
)


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e6), st.floats(0, 1))
def test_a_pause_is_never_shorter_than_asked_for_and_bounded_else(
    attempt: int, asked: float | None, chance: float
) -> None:
    seconds = pause(attempt, asked, chance)
    assert seconds >= (asked or 0.0)
    assert 0.5 <= seconds <= max(LONGEST_SECONDS, asked or 0.0)
    assert pause(attempt + 1, asked, chance) >= seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        (f"Wed, 25 Nov {'9' * 30} 12:00:30 GMT", None),
        (f"Wed, 25 Nov 2026 {'9' * 30}:00:30 GMT", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_site_asks_for(value: str | None, seconds: float | None) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert retry_after_of(value, now) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_it(value: str) -> None:
    seconds = retry_after_of(value)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("failures", [0, 1, TRIES - 1])
def test_what_passes_is_asked_again(failures: int) -> None:
    waits: list[float] = []
    left = failures

    def ask() -> str:
        nonlocal left
        if left:
            left -= 1
            raise Passing("Busy.")
        return "done"

    assert Patience(wait=waits.append, chance=lambda: 1.0).asked(ask) == "done"
    assert waits == [2.0**n for n in range(failures)]


def test_what_does_not_pass_ends_after_some_tries() -> None:
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        raise Passing("Busy.")

    with pytest.raises(PushError, match=r"Busy\. It was tried 6 times"):
        Patience(wait=lambda _: None).asked(ask)
    assert asked == TRIES


def test_other_errors_are_not_waited_for() -> None:
    def ask() -> None:
        raise PushError("no")

    with pytest.raises(PushError, match="no"):
        Patience(wait=lambda _: pytest.fail("waited")).asked(ask)
