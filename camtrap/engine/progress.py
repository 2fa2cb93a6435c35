"""Progress on standard error: a bar on a terminal, plain lines elsewhere, both with an honest ETA.

The ETA goes by bytes, not by files: what a card costs is mostly its bytes, and empty night frames
are smaller than day ones.
"""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from camtrap.records import State

_LINE_SECONDS = 10.0
"""Where there is no terminal, a line at most this often."""


class RunProgress:
    """Counts what is done; use as a context manager around the loop. `quiet` shows nothing."""

    def __init__(self, files: int, size: int, *, quiet: bool = False) -> None:
        self._files, self._size = files, size
        self._done = self._done_size = 0
        self._counts: Counter[State] = Counter()
        self._started = self._last_line = time.monotonic()
        self._console = Console(stderr=True, quiet=quiet)
        self._bar: Progress | None = None
        if self._console.is_terminal and not quiet:
            self._bar = Progress(
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.description}"),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("", total=max(size, 1))

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, state: State, size: int) -> None:
        """Note that one file of `size` bytes ended in `state`."""
        self._done += 1
        self._done_size += size
        self._counts[state] += 1
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done_size, description=self._text(now))
        elif now - self._last_line >= _LINE_SECONDS:
            self._last_line = now
            self._console.print(self._text(now), highlight=False, soft_wrap=True)

    def _text(self, now: float) -> str:
        seconds = max(now - self._started, 1e-6)
        left = seconds * (self._size - self._done_size) / max(self._done_size, 1)
        return (
            f"{self._done:,}/{self._files:,} files, {self._done / seconds:.1f} files/s, "
            f"{duration(left)} left: {counts_text(self._counts)}"
        )


def duration(seconds: float) -> str:
    """Seconds as a person says them: `40 s`, `12 min`, `3 h 05 min`."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def counts_text(counts: Counter[State]) -> str:
    """The states that occurred, in their fixed order: `61 leopard, 1,902 prey`."""
    return ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state])


def account(counts: Counter[State]) -> str:
    """One line that accounts for every file: `12 files = 3 leopard + 9 empty`."""
    total = sum(counts.values())
    parts = " + ".join(f"{counts[state]:,} {state}" for state in State if counts[state])
    return f"{total:,} files = {parts or '0'}"
