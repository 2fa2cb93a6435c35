"""How files, deployments and stations are called in every output, so that tables can be joined."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from camtrap.card.scan import station_folder
from camtrap.ledger.rows import Entry

_NOT_A_NAME = re.compile(r"[^\w.-]+")


class Placed(Protocol):
    """A file of the season, as far as names go."""

    @property
    def card(self) -> str:
        """The card's name."""
        ...

    @property
    def relative_path(self) -> str:
        """The path on the card, POSIX."""
        ...


def file_path(entry: Placed) -> str:
    """The card's name and the path on it, POSIX: unique in the season."""
    return f"{entry.card}/{entry.relative_path}"


def image_id(entry: Placed) -> str:
    """16 hexadecimal digits that stay the same whenever the season is run again."""
    return hashlib.sha1(file_path(entry).encode()).hexdigest()[:16]


def station_id(entry: Placed) -> str:
    """The station's folder, or the card's name where there are only the camera's own folders."""
    return _station(entry) or _card(entry.card)


def deployment_id(entry: Placed) -> str:
    """Card and station: one camera at one place, as far as folders can tell."""
    folder = _station(entry)
    return f"{_card(entry.card)}-{folder}" if folder else _card(entry.card)


def is_night(entry: Entry) -> bool | None:
    """True for an infra-red picture or one marked as a night scene; None when it was not read.

    Cameras that mark night do it rightly; many write "no night scene" day and night, so that is not
    heard.
    """
    return True if entry.capture.night_scene else entry.infrared


def _card(name: str) -> str:
    return _name(name) or "card"


def _station(entry: Placed) -> str:
    return _name_of_folder(entry.relative_path.rpartition("/")[0])


@lru_cache(maxsize=64)
def _name_of_folder(folder: str) -> str:
    """Files come folder by folder, so each folder's station is looked for once."""
    return _name(station_folder(f"{folder}/"))


@lru_cache(maxsize=64)
def _name(folder: str) -> str:
    return _NOT_A_NAME.sub("_", folder.replace("/", "-")).strip("_")


def timestamp(moment: datetime | None, utc_offset: str) -> str:
    """ISO 8601 to the second, with the offset where one is known; empty for None."""
    if moment is None:
        return ""
    return moment.isoformat(timespec="seconds") + utc_offset
