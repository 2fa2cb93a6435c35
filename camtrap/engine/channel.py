"""What stages of a pipeline hand each other: a queue that is bounded by bytes, and can be ended.

The standard queue counts items; a card may hold pictures of 40 KB beside one of 200 MB. It cannot
be ended either (before Python 3.13), and a stage that died would leave the others waiting for ever.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):  # noqa: N818 - it ends a stage, and is no error
    """Nothing comes through a channel any more."""


class Channel(Generic[T]):
    """Items in order, from any number of threads to any number, up to `capacity` in weight.

    An item heavier than the capacity passes when nothing else is in the channel.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T, weight: int = 1) -> None:
        """Wait until there is room; raises `Closed` when nobody takes anything any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(weight))
            if self._closed:
                raise Closed
            self._items.append((item, weight))
            self._weight += weight
            self._changed.notify_all()

    def _has_room(self, weight: int) -> bool:
        return not self._items or self._weight + weight <= self._capacity

    def get(self, timeout: float | None = None) -> T:
        """The oldest item; raises `Closed` when there is none to come, or `TimeoutError`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed or self._items, timeout):
                raise TimeoutError
            if not self._items:
                raise Closed
            item, weight = self._items.popleft()
            self._weight -= weight
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Take no more items; those inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Take no more items, and forget those inside."""
        with self._changed:
            self._items.clear()
            self._weight = 0
            self.close()


def gathered(channel: Channel[T], most: int, patience: float) -> list[T]:
    """One item at least, and more while they come within `patience` seconds, up to `most`.

    Raises `Closed` when there will be none.
    """
    items = [channel.get()]
    late = time.monotonic() + patience
    while len(items) < most:
        try:
            items.append(channel.get(max(0.0, late - time.monotonic())))
        except (Closed, TimeoutError):
            break
    return items
