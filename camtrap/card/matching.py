"""Which deployment a file is of: by its folders, its camera's serial number or its label.

Evidence is asked from the strongest to the weakest, and each narrows what the one before left:

1. folders, and the card's name: the row's `folder`; its deployment_id; its station_id or
   station_name (with the camera's own folder below it, where there are several cameras); a folder
   that begins with one of them (`ST01 spring`)
2. the serial number that the camera wrote, against camera_id
3. the label that people set in the camera, against the same names

The time decides only between what all of that leaves. What is still as likely as another is not
guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from camtrap.card.deployments import Deployment, Offset

_CACHED_FOLDERS = 10_000
_SHORTEST_START = 2  # a folder's beginning is a name only when it has more than one sign

_SEPARATORS = re.compile(r"[\s_.\-]+")
_BETWEEN_LETTER_AND_DIGIT = re.compile(r"(?<=[^\W\d])-(?=\d)|(?<=\d)-(?=[^\W\d])")

_FOLDER, _DEPLOYMENT, _STATION, _START = 4, 3, 2, 1
"""How strongly a folder tells a deployment."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a file's folders, serial and label allow, in the table's order.

    `by` is what told it: `folder`, `serial` or `label`; empty when nothing did, and all deployments
    are then out of the question.
    """

    candidates: tuple[Deployment, ...] = ()
    by: str = ""
    serial_elsewhere: bool = False
    """True when the serial number is that of a camera which the candidates do not have."""


def folded(name: str) -> str:
    """A name without what people vary: case, width, separators (`ST-01`, `st_01`, `St 01`).

    Digits stay apart: `1-11` is not `11-1`.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _BETWEEN_LETTER_AND_DIGIT.sub("", _SEPARATORS.sub("-", plain).strip("-"))


class Matcher:
    """Finds the deployment of a file among those of a season.

    `offsets` are the corrections of the cameras' clocks, so that a deployment is asked for a time
    as it will be once corrected.
    """

    def __init__(
        self, deployments: Sequence[Deployment] = (), offsets: Sequence[Offset] = ()
    ) -> None:
        self._deployments = tuple(deployments)
        self._offsets: dict[str, list[Offset]] = defaultdict(list)
        for offset in offsets:
            self._offsets[offset.deployment_id].append(offset)
        self._names = [_Names(deployment) for deployment in self._deployments]
        self._matches: dict[tuple[str, str, str, str], Match] = {}

    def deployment_of(
        self,
        card: str,
        relative_path: str,
        serial: str,
        user_label: str,
        taken_at: datetime | None,
    ) -> Deployment | None:
        """The deployment, or None where nothing tells it or two are as likely.

        `card` is the card's name and `relative_path` the path on it (POSIX); `taken_at` is what the
        camera wrote, and decides only between deployments that all else allows.
        """
        if not self._deployments:
            return None
        candidates = self.match(card, relative_path, serial, user_label).candidates
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        return self._by_time(candidates, taken_at)

    def match(self, card: str, relative_path: str, serial: str, user_label: str) -> Match:
        """What all but the time tells of a file; remembered folder by folder."""
        folder = relative_path.rpartition("/")[0]
        key = (card, folder, serial, user_label)
        known = self._matches.get(key)
        if known is None:
            if len(self._matches) >= _CACHED_FOLDERS:
                self._matches.clear()
            known = self._matches[key] = self._match(card, folder, serial, user_label)
        return known

    def _match(self, card: str, folder: str, serial: str, user_label: str) -> Match:
        # A card's name may hold slashes on no system, but a folder column may hold several parts.
        parts = tuple(_folded(part) for part in (card, *folder.split("/")) if part)
        left, by = self._names, ""
        ranks = [names.rank(parts) for names in left]
        best = max(ranks, default=())
        if best:
            left, by = [n for n, rank in zip(left, ranks, strict=True) if rank == best], "folder"
        serial, label = _folded(serial), _folded(user_label)
        elsewhere = False
        tests: list[tuple[str, str, Callable[[_Names], bool]]] = [
            ("serial", serial, lambda names: names.camera == serial),
            ("label", label, lambda names: names.is_called(label)),
        ]
        for kind, text, is_met in tests:
            if not text:
                continue
            met = [names for names in left if is_met(names)]
            if met:
                left, by = met, by or kind
            elif kind == "serial" and by:
                elsewhere = any(is_met(names) for names in self._names)
        found = tuple(names.deployment for names in left) if by else ()
        return Match(found, by, elsewhere)

    def _by_time(
        self, candidates: Iterable[Deployment], taken_at: datetime | None
    ) -> Deployment | None:
        """The only one of several that stood there at the time."""
        if taken_at is None:
            return None
        running = [
            (deployment, moment)
            for deployment in candidates
            if deployment.runs_at(moment := self.corrected(deployment, taken_at))
        ]
        if len(running) > 1:  # one may end at the very second at which the next begins
            running = [(d, moment) for d, moment in running if d.end is None or moment < d.end]
        return running[0][0] if len(running) == 1 else None

    def corrected(self, deployment: Deployment, taken_at: datetime) -> datetime:
        """What the camera wrote, with the correction that a deployment has at that time."""
        for offset in self._offsets.get(deployment.deployment_id, ()):
            if offset.holds(taken_at):
                try:
                    return taken_at + timedelta(seconds=offset.seconds)
                except OverflowError:
                    return taken_at
        return taken_at


class _Names:
    """What a deployment may be called on a card, folded."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.folder = tuple(_folded(part) for part in re.split(r"[/\\]", deployment.folder) if part)
        self.id = _folded(deployment.deployment_id)
        self.station = tuple(
            dict.fromkeys(
                name
                for name in (_folded(deployment.station_id), _folded(deployment.station_name))
                if name
            )
        )
        self.camera = _folded(deployment.camera_id)

    def is_called(self, label: str) -> bool:
        return label in (self.id, self.camera, *self.station) or self.folder == (label,)

    def rank(self, parts: tuple[str, ...]) -> tuple[int, ...]:
        """How strongly these folders, from the outermost, tell this deployment; empty: not at all.

        The innermost folder wins where all else is equal.
        """
        if self.folder and (place := _place_of(self.folder, parts)) is not None:
            return (_FOLDER, len(self.folder), place)
        if self.id in parts:
            return (_DEPLOYMENT, 0, _last(self.id, parts))
        for name in self.station:
            if name in parts:
                place = _last(name, parts)
                outer = parts.index(name)
                # Two cameras at a station have a folder each, below the station's.
                has_camera = bool(self.camera) and self.camera in parts[outer + 1 :]
                return (_STATION, int(has_camera), outer if has_camera else place)
        starts = [
            (len(name), place)
            for name in (self.id, *self.station)
            for place, part in enumerate(parts)
            if _begins_with(part, name)
        ]
        return (_START, *max(starts)) if starts else ()


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return folded(name)


def _last(name: str, parts: tuple[str, ...]) -> int:
    return len(parts) - 1 - parts[::-1].index(name)


def _place_of(folder: tuple[str, ...], parts: tuple[str, ...]) -> int | None:
    """Where these folders stand in a row among the parts of a path; the innermost place."""
    for place in range(len(parts) - len(folder), -1, -1):
        if parts[place : place + len(folder)] == folder:
            return place
    return None


def _begins_with(part: str, name: str) -> bool:
    """True for a name with more behind it: `ST01 spring` is of `ST01`, `ST011` and `2026` of `20`
    are not."""
    return (
        len(name) >= _SHORTEST_START
        and part.startswith(name)
        and not name.isdigit()
        and not (part[len(name) : len(name) + 1].isalnum() and _is_joined(part, len(name)))
    )


def _is_joined(part: str, place: int) -> bool:
    """True when the signs at both sides of a place belong together: two letters or two digits."""
    return part[place - 1].isdigit() == part[place].isdigit()
