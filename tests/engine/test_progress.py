"""Progress speaks plainly: how much is done, how long it will take, and how every file ended."""

from __future__ import annotations

import io
from collections import Counter
from types import SimpleNamespace

import pytest
from rich.console import Console

from camtrap.engine import progress
from camtrap.engine.progress import RunProgress, account, counts_text, duration
from camtrap.records import State


class Clock:
    """A clock that goes on only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (40.4, "40 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (720, "12 min"),
        (3569, "59 min"),
        (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts_come_in_the_order_of_the_states_and_leave_out_what_did_not_occur() -> None:
    counts = Counter({State.EMPTY: 9_871, State.LEOPARD: 61, State.PREY: 0, State.TRUNCATED: 2})
    assert counts_text(counts) == "61 leopard, 9,871 empty, 2 truncated"


def test_the_account_adds_up_to_all_files() -> None:
    counts = Counter({State.LEOPARD: 61, State.EMPTY: 12_000, State.UNREADABLE: 51})
    assert account(counts) == "12,112 files = 61 leopard + 12,000 empty + 51 unreadable"
    assert account(Counter()) == "0 files = 0"


def test_without_a_terminal_a_line_comes_at_most_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(40, 4000) as shown:
        for _ in range(30):
            clock.now += 1
            shown.advance(State.EMPTY, 100)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "10/40 files, 1.0 files/s, 30 s left: 10 empty",
        "20/40 files, 1.0 files/s, 20 s left: 20 empty",
        "30/40 files, 1.0 files/s, 10 s left: 30 empty",
    ]


def test_what_is_left_goes_by_bytes_not_by_files(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(2, 1000) as shown:
        clock.now += 10
        shown.advance(State.PREY, 900)
    assert "1/2 files, 0.1 files/s, 1 s left: 1 prey" in capsys.readouterr().err


def test_files_without_bytes_do_not_break_the_estimate(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(1, 0) as shown:
        clock.now += 10
        shown.advance(State.UNREADABLE, 0)
    assert "0 s left: 1 unreadable" in capsys.readouterr().err


def test_quiet_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with RunProgress(1, 100, quiet=True) as shown:
        clock.now += 60
        shown.advance(State.EMPTY, 100)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_that_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    with RunProgress(2, 200) as shown:
        shown.advance(State.LEOPARD, 100)
        shown.advance(State.EMPTY, 100)
    assert "2/2 files" in screen.getvalue()
    assert "1 leopard, 1 empty" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is erased
