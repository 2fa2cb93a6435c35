"""Streams cut into batches, for stages that work on several records at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items, the last one shorter; takes no item before it is asked to."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
