"""A season's own log: `logs/camtrap.log`, for whoever has to find out later what went wrong.

It tells everything from DEBUG on, with tracebacks, in three files of at most 1 MB. Positions of
leopards are no business of a log that is sent to strangers: whatever looks like one is left out.
"""

from __future__ import annotations

import json
import logging
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from camtrap import __version__

log = logging.getLogger(__name__)

LOG_NAME = "logs/camtrap.log"
LOG_BYTES, LOG_FILES = 1_000_000, 3

_POSITION = re.compile(
    # latitude=43.1, 'lon': -131.5 (also quoted inside JSON), GPSLatitude: (43, 6, 0)
    r"(?P<name>\b\w*(?:latitude|longitude|\blat|\blon|\blng)\w*[\\'\"]*\s*[=:]\s*)"
    r"(?:\([^)]*\)|\[[^\]]*\]|[\\'\"]*[-+]?\d+(?:[.,]\d+)?)"
    # 43.123, 131.456
    r"|(?<![\w.])[-+]?\d{1,3}\.\d{3,}\s*[,;/ ]\s*[-+]?\d{1,3}\.\d{3,}(?![\w.])"
    # 43 deg 6' 12"
    r"|\d{1,3}\s?(?:°|deg)\s?\d{1,2}\s?['′][^,;\n]{0,12}",
    re.IGNORECASE,
)


@contextmanager
def logbook(season: Path, facts: Mapping[str, Any]) -> Iterator[None]:
    """Write the log of the season while the block runs, beginning with `facts` in JSON.

    An exception that ends the block is told with its traceback and goes on. Without a place to
    write, the block runs all the same. What goes to standard error stays as it was.
    """
    handler = _open(season / LOG_NAME)
    if handler is None:
        yield
        return
    ours, root = logging.getLogger("camtrap"), logging.getLogger()
    before = ours.level
    # Ours now tells everything; those that listen already are to hear what they heard before.
    quiet = [(other, other.level) for other in root.handlers if other.level == logging.NOTSET]
    for other, _ in quiet:
        other.setLevel(ours.getEffectiveLevel())
    ours.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        system = f"{platform.platform()}, Python {platform.python_version()}"
        log.debug("camtrap %s on %s, %s", __version__, system, sys.getfilesystemencoding())
        log.debug("%s", json.dumps(facts, ensure_ascii=False, default=str))
        yield
        log.debug("ended")
    except BaseException:
        log.debug("ended by an error", exc_info=True)
        raise
    finally:
        root.removeHandler(handler)
        handler.close()
        ours.setLevel(before)
        for other, level in quiet:
            other.setLevel(level)


def without_positions(text: str) -> str:
    """The text with everything that looks like a position replaced by `[position]`."""
    return _POSITION.sub(lambda match: f"{match['name'] or ''}[position]", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_positions(super().format(record))


class _Handler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A full disk is told by what cannot be written to the ledger; a log ends no run."""

    def close(self) -> None:
        """Close the file; what no longer fits on a full disk is lost."""
        with suppress(OSError):
            super().close()


def _open(path: Path) -> _Handler | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Handler(
            path,
            maxBytes=LOG_BYTES,
            backupCount=LOG_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError as error:
        log.warning("%s cannot be written (%s); this run keeps no log.", path, error)
        return None
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(
        _Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
    )
    return handler
