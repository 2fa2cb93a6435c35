"""The queue between stages: order, bounds in bytes, and an end that wakes everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from camtrap.engine.channel import Channel, Closed, gathered

SOON = 0.05


def blocks(action: Callable[[], object]) -> tuple[threading.Thread, list[BaseException | None]]:
    """Start something that must not end yet; what it raises in the end is in the list."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            action()
            ended.append(None)
        except Closed as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(SOON)
    assert not ended
    return thread, ended


def test_items_come_out_as_they_went_in():
    channel: Channel[int] = Channel(10)
    for number in range(5):
        channel.put(number)
    assert [channel.get() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_full_channel_waits_until_there_is_room():
    channel: Channel[str] = Channel(100)
    channel.put("a", 60)
    thread, ended = blocks(lambda: channel.put("b", 60))
    assert channel.get() == "a"
    thread.join(5)
    assert ended == [None]
    assert channel.get() == "b"


def test_what_is_heavier_than_the_channel_passes_alone():
    channel: Channel[str] = Channel(100)
    channel.put("huge", 1000)
    thread, ended = blocks(lambda: channel.put("small", 1))
    assert channel.get() == "huge"
    thread.join(5)
    assert ended == [None]


def test_a_closed_channel_gives_what_it_holds_and_then_ends():
    channel: Channel[int] = Channel(10)
    channel.put(1)
    channel.close()
    assert channel.get() == 1
    with pytest.raises(Closed):
        channel.get()
    with pytest.raises(Closed):
        channel.put(2)


def test_an_aborted_channel_forgets_what_it_holds():
    channel: Channel[int] = Channel(10)
    channel.put(1)
    channel.abort()
    with pytest.raises(Closed):
        channel.get()


@pytest.mark.parametrize("end", [Channel.close, Channel.abort])
def test_the_end_wakes_those_who_wait(end: Callable[[Channel[int]], None]):
    full: Channel[int] = Channel(1)
    full.put(1)
    empty: Channel[int] = Channel(1)
    putting, put_end = blocks(lambda: full.put(2))
    getting, get_end = blocks(empty.get)
    end(full)
    end(empty)
    putting.join(5)
    getting.join(5)
    assert isinstance(put_end[0], Closed)
    assert isinstance(get_end[0], Closed)


def test_waiting_has_an_end():
    channel: Channel[int] = Channel(1)
    with pytest.raises(TimeoutError):
        channel.get(0.01)


# Batches


def filled(count: int) -> Channel[int]:
    channel: Channel[int] = Channel(1000)
    for number in range(count):
        channel.put(number)
    return channel


def test_a_batch_is_no_larger_than_wanted():
    channel = filled(5)
    assert gathered(channel, 3, 1.0) == [0, 1, 2]
    assert gathered(channel, 3, 0.0) == [3, 4]


def test_a_batch_does_not_wait_for_pictures_that_do_not_come():
    started = time.monotonic()
    assert gathered(filled(1), 8, 0.01) == [0]
    assert time.monotonic() - started < 5


def test_the_last_batch_may_be_smaller():
    channel = filled(2)
    channel.close()
    assert gathered(channel, 8, 10.0) == [0, 1]
    with pytest.raises(Closed):
        gathered(channel, 8, 10.0)
