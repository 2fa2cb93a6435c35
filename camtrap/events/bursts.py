"""Frames into bursts: what one trigger of a camera took.

Where the maker numbers the pictures of a trigger (Reconyx: picture 2 of 5 of event 118), its word
counts, whatever the gap. Elsewhere frames of one camera belong together that are no more than
`burst_gap` apart. What is seen in a frame plays no part: an empty one never splits a burst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

DEFAULT_BURST_GAP = timedelta(seconds=5)
"""Cameras without numbered sequences take the pictures of a trigger 0 to 3 seconds apart, at night
a little more while the flash charges, and their times are whole seconds; pauses between triggers
are set to 10 seconds and more where they are set at all."""

SEQUENCE_GAP = timedelta(seconds=60)
"""Pictures of one numbered sequence lie no farther apart; cameras begin their numbers anew."""

MOST_FRAMES = 200
"""A burst is held in memory. A camera whose clock stands still would make one of its whole card."""


class Shot(Protocol):
    """A frame, as far as bursts go.

    `dated` is true when the camera gave the time; numbers of sequences are None where unknown.
    """

    @property
    def key(self) -> int: ...
    @property
    def place(self) -> int: ...
    @property
    def deployment(self) -> str: ...
    @property
    def taken_at(self) -> datetime | None: ...
    @property
    def dated(self) -> bool: ...
    @property
    def sequence_index(self) -> int | None: ...
    @property
    def sequence_length(self) -> int | None: ...
    @property
    def maker_event(self) -> int | None: ...


S = TypeVar("S", bound=Shot)


def bursts(shots: Iterable[S], gap: timedelta = DEFAULT_BURST_GAP) -> Iterator[list[S]]:
    """Group frames that come in any order; holds all of them."""
    yield from bursts_ordered(sorted(shots, key=order), gap)


def bursts_ordered(ordered: Iterable[S], gap: timedelta = DEFAULT_BURST_GAP) -> Iterator[list[S]]:
    """Group frames that come in the order of `order`; holds one burst."""
    burst: list[S] = []
    for shot in ordered:
        if burst and (len(burst) >= MOST_FRAMES or not same_burst(burst[-1], shot, gap)):
            yield burst
            burst = []
        burst.append(shot)
    if burst:
        yield burst


def same_burst(previous: Shot, current: Shot, gap: timedelta) -> bool:
    """True when two frames that follow each other at a camera are of one trigger."""
    if previous.deployment != current.deployment:
        return False
    away = None
    if previous.taken_at is not None and current.taken_at is not None:
        away = current.taken_at - previous.taken_at
    if is_numbered(previous) and is_numbered(current):
        return follows(previous, current) and (away is None or away <= SEQUENCE_GAP)
    # A file's own date comes from copying, a thousand files a minute.
    return away is not None and away <= gap and previous.dated and current.dated


def is_numbered(shot: Shot) -> bool:
    """True when the maker says which picture of several it is; `1 of 1` says nothing."""
    return shot.sequence_index is not None and (shot.sequence_length or 0) > 1


def follows(previous: Shot, current: Shot) -> bool:
    """True when the second is a later picture of the same numbered sequence; some may be missing.

    Without the camera's count of triggers, that the number grows is all that tells.
    """
    if previous.sequence_index is None or current.sequence_index is None:
        return False
    return (
        previous.maker_event == current.maker_event
        and previous.sequence_length == current.sequence_length
        and previous.sequence_index < current.sequence_index
    )


def order(shot: Shot) -> tuple[str, datetime, int, int, int, int]:
    """By camera and time, those without a time last; the maker's numbers and the card decide ties.

    Numbers of files decide last, because they begin anew at 9999.
    """
    return (
        shot.deployment,
        shot.taken_at or datetime.max,
        -1 if shot.maker_event is None else shot.maker_event,
        -1 if shot.sequence_index is None else shot.sequence_index,
        shot.place,
        shot.key,
    )
