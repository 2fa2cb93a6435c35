"""One file from here to there: nothing is written over, nothing removed before it is safe."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from camtrap.ledger.rows import Entry
from camtrap.outputs.exports.pictures_at import is_same, read_same


def copy_out(data: bytes, to: Path, *, modified_ns: int | None = None, safe: bool = False) -> None:
    """Write a new file, with the old one's time; with `safe` it is on the disk when this returns.

    Raises `FileExistsError` when there is one of that name, and `OSError` when it cannot be
    written; then no part of it stays.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("xb") as stream:
        try:
            stream.write(data)
            stream.flush()
            if safe:
                os.fsync(stream.fileno())
        except OSError:
            stream.close()
            to.unlink(missing_ok=True)
            raise
    if modified_ns is not None:
        with contextlib.suppress(OSError):  # some network drives keep no times
            os.utime(to, ns=(modified_ns, modified_ns))


def move_out(entry: Entry, candidates: Sequence[Path], folder: Path, to: Path) -> str:
    """Move a picture out of `folder`, where it is one of `candidates`; returns what became of it.

    `placed` when it lies at its place now, or did already; `missing` when neither holds the picture
    that the season knows. A link that leads out of the folder is not followed.
    """
    path = next((path for path in candidates if lies_in(path, folder)), None)
    if path is None or not is_same(entry, path):
        return "placed" if is_same(entry, to) else "missing"
    to = _free(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(to)
    except OSError:  # another drive
        data = read_same(entry, path)
        if data is None:
            return "missing"
        copy_out(data, to, modified_ns=path.stat().st_mtime_ns, safe=True)
        path.unlink()
    return "placed"


def lies_in(path: Path, folder: Path) -> bool:
    """True when a file is there, and not by a link that leads out of the folder."""
    try:
        return path.is_file() and path.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False


def _free(to: Path) -> Path:
    """A name that nothing has; on some systems to rename would write over what is there."""
    number, free = 1, to
    while os.path.lexists(free):
        number += 1
        free = to.with_name(f"{to.stem} ({number}){to.suffix}")
    return free
