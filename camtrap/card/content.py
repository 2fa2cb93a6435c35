"""A file's content key: by it the season knows a picture again, whatever its name."""

from __future__ import annotations

import hashlib


def content_key(data: bytes) -> str:
    """The SHA-1 of a file's bytes, in hexadecimal."""
    return hashlib.sha1(data).hexdigest()
