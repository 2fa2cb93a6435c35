"""What all readers of labelled pictures share: one label a picture, and an account of the rest.

A picture that is not taken is counted with its reason, so that nobody wonders where half of the
data went.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from camtrap.card.scan import HEIC_SUFFIXES, IMAGE_SUFFIXES, scan
from camtrap.errors import CardError, DataError
from camtrap.events.grouping import Sighting, group
from camtrap.imports.documents import several
from camtrap.imports.said import Said, Truth
from camtrap.learn.dataset import Sample

log = logging.getLogger(__name__)

MISSING = "not found on this computer"
NOT_A_PICTURE = "not a picture that is read (a video, a RAW file)"
UNNAMED = "something in it that the species list cannot tell"
UNSEEN = "nobody has said what is in it"


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


def _is_file(path: Path) -> bool:
    """False too for a name that no file can have: too long, half a character."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_picture(path: Path) -> bool:
    return path.suffix.lower().removeprefix(".") in IMAGE_SUFFIXES | HEIC_SUFFIXES
