"""How files, deployments and stations are called in every output, so that tables can be joined."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from camtrap.card.scan import station_folder
from camtrap.ledger.rows import Entry

_NOT_A_NAME = re.compile(r"[^\w.-]+")


def file_path(entry: Entry) -> str:
    """The card's name and the path on it, POSIX: unique in the season."""
    return f"{entry.card}/{entry.relative_path}"


def image_id(entry: Entry) -> str:
    """16 hexadecimal digits that stay the same whenever the season is run again."""
    return hashlib.sha1(file_path(entry).encode()).hexdigest()[:16]


def station_id(entry: Entry) -> str:
    """The station's folder, or the card's name where there are only the camera's own folders."""
    return _name(station_folder(entry.relative_path)) or _card(entry)


def deployment_id(entry: Entry) -> str:
    """Card and station: one camera at one place, as far as folders can tell."""
    folder = _name(station_folder(entry.relative_path))
    return f"{_card(entry)}-{folder}" if folder else _card(entry)


def is_night(entry: Entry) -> bool | None:
    """True for an infra-red picture or one marked as a night scene; None when it was not read.

    Cameras that mark night do it rightly; many write "no night scene" day and night, so that is not
    heard.
    """
    return True if entry.capture.night_scene else entry.infrared


def _card(entry: Entry) -> str:
    return _name(entry.card) or "card"


def _name(folder: str) -> str:
    return _NOT_A_NAME.sub("_", folder.replace("/", "-")).strip("_")


def timestamp(moment: datetime | None, utc_offset: str) -> str:
    """ISO 8601 to the second, with the offset where one is known; empty for None."""
    if moment is None:
        return ""
    return moment.isoformat(timespec="seconds") + utc_offset
