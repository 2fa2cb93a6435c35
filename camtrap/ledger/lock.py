"""One writer a season: `run.lock`, held by the operating system, read by people.

The system's own lock on the file is what keeps a second run out; it ends with the process, however
that ends. What the file says is for the message: user, computer, process, since when, command. On a
drive whose file system has no locks the words alone must do.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from camtrap.errors import SeasonError
from camtrap.ledger.store import utc_now

log = logging.getLogger(__name__)

LOCK_NAME = "run.lock"

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
_FAR = 1 << 30
"""Windows keeps others from reading a locked byte, so one is locked that is never written."""

_READS, _PAUSE = 10, 0.02  # who has just locked needs a moment to write the name down
_SETTLE = 0.3  # without the system's lock: of two that write at once, the last is seen after this


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a season; `since` is UTC."""

    user: str
    host: str
    pid: int
    since: str
    command: str

    @property
    def told(self) -> str:
        """For a sentence: `olga on station-2, process 4711, since ...: camtrap run ...`."""
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since}: {self.command}"


@contextlib.contextmanager
def locked(season: Path, command: str) -> Iterator[Holder]:
    """Hold the season for writing; raises `SeasonError` at once when another holds it.

    The season's folder is made where it is missing. A lock whose process has died is taken over
    with a warning; one that another computer left is not, because nobody here can ask there.
    """
    path = season / LOCK_NAME
    mine = Holder(_user(), platform.node(), os.getpid(), utc_now(), command)
    try:
        season.mkdir(parents=True, exist_ok=True)
        # Neither "w", which would empty another's words, nor "a", which writes at the end alone.
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _NO_INHERIT, 0o666), "r+b", 0)
    except OSError as error:
        raise SeasonError(
            f"{path} cannot be written: {error.strerror or error}. Check that the folder can be "
            "written to, or choose another with --out."
        ) from error
    with stream:
        _take(stream, path, mine)
        try:
            yield mine
        finally:
            _write(stream, b"")  # the file stays: to remove it would let two hold it


def holder(season: Path) -> Holder | None:
    """Who writes to the season now, as far as the words of the lock tell; None for nobody."""
    found = _read(season / LOCK_NAME)
    if found is None or (found.host == platform.node() and not is_alive(found.pid)):
        return None
    return found


def _take(stream: BinaryIO, path: Path, mine: Holder) -> None:
    by_system = _lock(stream)
    if by_system is False:
        raise _refusal(path, _read_soon(path))
    found = _read(path)
    if found is not None:
        if found.host != mine.host:
            raise SeasonError(
                f"The season {path.parent} is, or was, being written to by {found.told}. Whether "
                "that goes on cannot be asked from this computer. When no camtrap runs there any "
                f"more, remove {path} and run the same command again."
            )
        if by_system is None and is_alive(found.pid):
            raise _refusal(path, found)
        log.warning(
            "%s was left by a run that was killed (%s); it is taken over.", path, found.told
        )
    _write(stream, json.dumps(asdict(mine), ensure_ascii=False).encode())
    if by_system is None:
        log.debug("%s: this drive has no locks, only words", path)
        time.sleep(_SETTLE)
        if _read(path) != mine:
            raise _refusal(path, _read(path))


def _refusal(path: Path, found: Holder | None) -> SeasonError:
    who = found.told if found is not None else "another camtrap"
    return SeasonError(
        f"The season {path.parent} is being written to by {who}. Wait until that has ended, or "
        "choose another season with --out. To look on: camtrap status."
    )


def _read_soon(path: Path) -> Holder | None:
    for _ in range(_READS):
        if (found := _read(path)) is not None:
            return found
        time.sleep(_PAUSE)
    return None


def _read(path: Path) -> Holder | None:
    try:
        said = json.loads(path.read_bytes())
        return Holder(
            str(said["user"]),
            str(said["host"]),
            int(said["pid"]),
            str(said["since"]),
            str(said["command"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(stream: BinaryIO, data: bytes) -> None:
    try:
        stream.seek(0)
        stream.truncate()
        stream.write(data)
        os.fsync(stream.fileno())
    except OSError as error:  # the lock itself holds without its words
        log.debug("run.lock cannot be written: %s", error)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no name in the environment, none for the number
        return "somebody"


if sys.platform == "win32":
    import ctypes
    import msvcrt

    _NO_INHERIT = os.O_NOINHERIT | os.O_BINARY

    def _lock(stream: BinaryIO) -> bool | None:
        """True when locked, False when another holds it, None where the drive has no locks."""
        try:
            stream.seek(_FAR)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return False if error.errno in _BUSY else None
        finally:
            stream.seek(0)
        return True

    def is_alive(pid: int) -> bool:
        """True when a process of this number runs on this computer."""
        synchronize, still_running = 0x0010_0000, 0x102
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(synchronize, False, pid)
        if not handle:
            return False
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == still_running)
        finally:
            kernel.CloseHandle(handle)

else:
    import fcntl

    _NO_INHERIT = os.O_CLOEXEC

    def _lock(stream: BinaryIO) -> bool | None:
        """True when locked, False when another holds it, None where the drive has no locks."""
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return False if error.errno in _BUSY else None
        return True

    def is_alive(pid: int) -> bool:
        """True when a process of this number runs on this computer."""
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True
        return True
