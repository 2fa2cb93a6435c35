"""What all readers of labelled pictures share: one label a picture, and an account of the rest.

A picture that is not taken is counted with its reason, so that nobody wonders where half of the
data went.
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from camtrap.card.scan import HEIC_SUFFIXES, IMAGE_SUFFIXES, scan
from camtrap.errors import CardError, DataError
from camtrap.events.grouping import Sighting, group
from camtrap.learn.dataset import Sample
from camtrap.records import Box, State

log = logging.getLogger(__name__)

CONCERN = (
    State.LEOPARD,
    State.PERSON,
    State.VEHICLE,
    State.PREY,
    State.OTHER,
    State.EMPTY,
)
"""Several things in one picture: the first of these that is there becomes its label."""

MISSING = "not found on this computer"
NOT_A_PICTURE = "not a picture that is read (a video, a RAW file)"
UNNAMED = "something in it that the species list cannot tell"
UNSEEN = "nobody has said what is in it"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of one thing in a picture; `label` is None where a name tells too little.

    `box` is None for what was said of the picture as a whole.
    """

    label: str | None
    species: str = ""
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What counts for a picture: its label, the species behind it, and the boxes of that label."""

    label: str
    species: str
    boxes: tuple[Box, ...]


def rarest_concern(said: Sequence[Said]) -> Truth | None:
    """The label of the rarest concern (`CONCERN`) among what was said; None when it cannot be told.

    A thing that nobody could name is passed over beside a living one that has a name. Alone, or
    beside the word "empty", it may be anything.
    """
    labels = {one.label for one in said}
    known = next((label.value for label in CONCERN if label in labels), None)
    if known is None or (known == State.EMPTY and None in labels):
        return None
    chosen = [one for one in said if one.label == known]
    species = next((one.species for one in chosen if one.species), "")
    return Truth(known, species, tuple(one.box for one in chosen if one.box is not None))


def relative_box(values: Sequence[float], width: float = 1, height: float = 1) -> Box | None:
    """`x, y, width, height` in pixels of a picture so large as a box 0..1, cut at its edges.

    None when nothing is left of it inside, or when it is no box at all.
    """
    try:
        left, top, box_width, box_height = (float(value) for value in values)
        if not all(map(math.isfinite, (left, top, box_width, box_height))):
            return None
        right = min(1.0, (left + box_width) / width)
        bottom = min(1.0, (top + box_height) / height)
        left, top = max(0.0, left / width), max(0.0, top / height)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if right <= left or bottom <= top:
        return None
    return Box(left, top, right - left, bottom - top)


class Pictures:
    """The folder under which named pictures are looked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, *names: str) -> Path | None:
        """The first of `names` that is a file below the folder; None when none is.

        A name may come from Windows, with backslashes. What is only a web address lies nowhere.
        """
        for name in names:
            path = self.folder / name.replace("\\", "/")
            if name and "://" not in name and _is_file(path):
                return path
        return None

    def find_by_name(self, name: str) -> Path | None:
        """The only file of that name anywhere below the folder; None when there are two."""
        found = self._by_name.get(name.casefold(), [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        try:
            for file in scan(self.folder):
                found[file.path.name.casefold()].append(file.path)
        except CardError as error:
            raise DataError(f"The pictures' folder cannot be listed. {error}") from error
        return found

    def name_of(self, path: Path) -> str:
        """How a picture is called in lists: its path below the folder, POSIX."""
        inside = path.is_relative_to(self.folder)
        return (path.relative_to(self.folder) if inside else path).as_posix()


@dataclass(frozen=True, slots=True)
class _Draft:
    sample: Sample
    camera: str
    taken_at: datetime | None


class Gathering:
    """Samples as they come in from one source, and a count of what was left out."""

    def __init__(self, path: Path, source: str) -> None:
        self.path = path
        self.source = source
        self._drafts: dict[str, _Draft] = {}
        self._left_out: Counter[str] = Counter()
        self._untold: set[str] = set()

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Count pictures that are not taken."""
        self._left_out[reason] += count

    def leave_out_untold(self, said: Iterable[Said]) -> None:
        """Count a picture whose label cannot be told, and keep the names that tell too little."""
        self.leave_out(UNNAMED)
        self._untold.update(one.species for one in said if one.label is None and one.species)

    def add(
        self,
        path: Path,
        file: str,
        truth: Truth,
        *,
        camera: str,
        group: str = "",
        event: str = "",
        taken_at: datetime | None = None,
        **more: str,
    ) -> None:
        """Take a picture, once.

        Without an event it belongs to the one that its `camera` and time tell; without a group, to
        its event; without either, it is a group of its own. `more` are other fields of `Sample`.
        """
        if not _is_picture(path):
            self.leave_out(NOT_A_PICTURE)
        elif file in self._drafts:
            self.leave_out("named before")
        else:
            sample = Sample(
                path=path,
                file=file,
                label=truth.label,
                group=group,
                source=self.source,
                split="",
                species=truth.species,
                event=event,
                boxes=truth.boxes,
                **more,
            )
            self._drafts[file] = _Draft(sample, camera, taken_at)

    def samples(self) -> list[Sample]:
        """What was taken, with groups and events; the rest is told in the log.

        Raises `DataError` when nothing was taken.
        """
        total = len(self._drafts) + sum(self._left_out.values())
        for reason, count in self._left_out.most_common():
            log.warning("%s: %d of %d pictures left out: %s", self.path, count, total, reason)
        if self._untold:
            log.warning("%s: names that tell no label: %s", self.path, several(self._untold))
        if not self._drafts:
            reasons = "; ".join(f"{n} × {reason}" for reason, n in self._left_out.most_common())
            raise DataError(
                f"{self.path} gives no labelled picture"
                + (f" ({reasons})." if reasons else ": it names none.")
                + " Say where the pictures lie, or see docs/labelled_data.md for what can be read."
            )
        drafts = list(self._drafts.values())
        events = event_names(
            [(draft.camera, None if draft.sample.event else draft.taken_at) for draft in drafts]
        )
        return [
            _placed(draft.sample, f"{self.source} {event}" if event else "")
            for draft, event in zip(drafts, events, strict=True)
        ]


def _placed(sample: Sample, timed_event: str) -> Sample:
    event = sample.event or timed_event
    return replace(sample, event=event, group=sample.group or event or sample.file)


def event_names(frames: Sequence[tuple[str, datetime | None]]) -> list[str]:
    """The event of each frame, given its camera and time: camera and start of the event.

    Frames of one camera less than 30 minutes after the one before are one event, whatever they
    show. A frame without a time belongs to none, and its name is empty.
    """
    names = [""] * len(frames)
    sightings = (
        Sighting(number, camera, "", taken_at, 0, 0)
        for number, (camera, taken_at) in enumerate(frames)
        if taken_at is not None
    )
    for event in group(sightings):
        assert event.start is not None
        for sighting in event.sightings:
            names[sighting.key] = f"{event.station} {event.start.isoformat(timespec='seconds')}"
    return names


def folder_of(name: str) -> str:
    """The folders before a file's name, POSIX; empty when there are none."""
    folder = PurePosixPath(name.replace("\\", "/")).parent.as_posix()
    return "" if folder == "." else folder


def read_json(path: Path) -> Any:
    """What a JSON file holds; raises `DataError` when it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error


def records_of(path: Path, document: Any, name: str) -> list[dict[str, Any]]:
    """The list of records under a key; raises `DataError` when it is none."""
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise DataError(f"{path}: '{name}' is not a list of records.")
    return found


def several(names: Iterable[str], limit: int = 10) -> str:
    """Names in a row for a message, the first of them when they are many."""
    ordered = sorted(set(names))
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more


def _is_file(path: Path) -> bool:
    """False too for a name that no file can have: too long, half a character."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_picture(path: Path) -> bool:
    return path.suffix.lower().removeprefix(".") in IMAGE_SUFFIXES | HEIC_SUFFIXES
