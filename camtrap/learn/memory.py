"""Memory that a training step frees is kept for the next one.

glibc, the C library of most Linux systems, gives a large block back as soon as it is freed. A step
asks for the same hundreds of megabytes again, and the system has to clear every page of them: a
third of the time of a batch, measured. macOS and Windows are left as they are.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of `mallopt`, as glibc's malloc.h numbers them."""

_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keep it from now on, in the whole process; True where the C library does so."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has no such function
        return False
    # One arena, because those of single threads hold no block of more than 64 MB.
    wanted = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _MOST), (_TRIM_THRESHOLD, _MOST))
    done = [mallopt(parameter, value) == 1 for parameter, value in wanted]
    return all(done)
