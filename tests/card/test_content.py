"""Content keys: one kind never equals another, and each says what it was made of."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.content import ENDS, FULL, SHORT, content_key, is_content_of, kind_of

LONG = bytes(range(256)) * 1024  # 256 KB: more than both ends


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_key_names_its_kind() -> None:
    assert content_key(b"x").startswith("xxh3:")
    assert content_key(b"x", full=True).startswith("xxh3-full:")
    assert len(content_key(b"x")) == len("xxh3:") + 32


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (content_key(b""), SHORT),
        (content_key(b"", full=True), FULL),
        (hashlib.sha1(b"").hexdigest(), "sha1"),
        ("", ""),
        ("k", ""),
        ("md5:" + "0" * 32, ""),
    ],
)
def test_the_kind_of_a_key_is_told(key: str, kind: str) -> None:
    assert kind_of(key) == kind


@pytest.mark.parametrize(
    ("place", "seen"),
    [(0, True), (ENDS - 1, True), (ENDS, False), (len(LONG) // 2, False), (len(LONG) - ENDS, True)],
)
def test_the_short_key_is_of_both_ends_and_the_full_one_of_all(place: int, seen: bool) -> None:
    other = changed(LONG, place)
    assert (content_key(other) != content_key(LONG)) is seen
    assert content_key(other, full=True) != content_key(LONG, full=True)


def test_the_size_is_part_of_the_short_key() -> None:
    assert content_key(bytes(4 * ENDS)) != content_key(bytes(4 * ENDS + 1))


@given(st.binary(max_size=400), st.integers(0, 399))
def test_every_byte_of_a_short_file_counts(data: bytes, place: int) -> None:
    if place < len(data):
        assert content_key(changed(data, place)) != content_key(data)


@pytest.mark.parametrize("size", [ENDS - 1, ENDS, ENDS + 1, 2 * ENDS - 1, 2 * ENDS])
def test_no_byte_is_missed_where_the_ends_meet(size: int) -> None:
    data = LONG[:size]
    places = {0, size // 2, ENDS - 1, size - 1} & set(range(size))
    keys = {content_key(changed(data, place)) for place in places}
    assert len(keys | {content_key(data)}) == len(places) + 1


@given(st.binary(max_size=100))
def test_keys_of_two_kinds_are_never_equal_and_each_knows_its_content(data: bytes) -> None:
    keys = {content_key(data), content_key(data, full=True), hashlib.sha1(data).hexdigest()}
    assert len(keys) == 3
    assert all(is_content_of(key, data) for key in keys)
    assert not any(is_content_of(key, data + b"!") for key in keys)


def test_the_key_is_the_same_on_every_machine_and_in_every_version() -> None:
    assert content_key(b"leopard") == "xxh3:74fe16b8d728872000b538e15249d22e"
    assert content_key(b"leopard", full=True) == "xxh3-full:a2159839e1337b9fa4148b2a617a40c0"
