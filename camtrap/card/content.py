"""A file's content key: by it the season knows a picture again, whatever its name.

A key says of which kind it is, and keys of two kinds never equal each other:

    xxh3:...        XXH3 of the size, the first and the last 64 KB; what a run stores
    xxh3-full:...   XXH3 of every byte; what `camtrap run --verify full` stores beside it
    40 hex digits   SHA-1 of every byte; what the first version stored

It follows that a twin of a picture that the first version triaged is not known again: it is triaged
once more, and is an original beside the old one. To compare a file with an older key, ask
`is_content_of`, which makes the key of that older kind.
"""

from __future__ import annotations

import hashlib

import xxhash

ENDS = 64 * 1024
"""Bytes at each end of a file that the short key is made of."""

SHORT, FULL = "xxh3:", "xxh3-full:"
_SHA1_DIGITS = 40


def content_key(data: bytes, *, full: bool = False) -> str:
    """The key of a file's bytes: 128 bits of XXH3 in hexadecimal, behind the name of its kind.

    Without `full` only the size, the first and the last 64 KB count. What lies between them may
    then differ unseen: in a JPEG of a camera the first 64 KB hold the time, the preview and the
    beginning of the picture, which no two frames share, but a copy damaged in its middle keeps the
    key of the good one.
    """
    if full:
        return FULL + xxhash.xxh3_128_hexdigest(data)
    view = memoryview(data)
    return key_of_ends(len(data), view[:ENDS], view[max(ENDS, len(data) - ENDS) :])


def key_of_ends(size: int, head: bytes | memoryview, tail: bytes | memoryview) -> str:
    """The short key of a file of `size` bytes, of its first 64 KB and what follows up to 64 KB
    of its end."""
    digest = xxhash.xxh3_128(size.to_bytes(8, "little"))
    digest.update(head)
    digest.update(tail)
    return SHORT + digest.hexdigest()


def kind_of(key: str) -> str:
    """`xxh3:`, `xxh3-full:`, `sha1`, or empty for a key of no known kind (such as none at all)."""
    prefix, colon, _ = key.partition(":")
    if colon:
        return prefix + colon if prefix + colon in (SHORT, FULL) else ""
    return "sha1" if len(key) == _SHA1_DIGITS else ""


def is_content_of(key: str, data: bytes) -> bool:
    """True when `data` has this key; made anew in the key's own kind, however old."""
    kind = kind_of(key)
    if kind == "sha1":
        return hashlib.sha1(data).hexdigest() == key
    return content_key(data, full=kind == FULL) == key
