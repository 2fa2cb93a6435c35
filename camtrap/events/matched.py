"""What of a season `stations.csv` knows: which files each deployment has, and which none has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from camtrap.card.deployments import Deployment, FieldNotes
from camtrap.card.matching import Matcher
from camtrap.card.propose import Seen
from camtrap.events import names
from camtrap.ledger.stamps import stamps
from camtrap.ledger.store import Ledger

NOT_KNOWN = "not in stations.csv"
SEVERAL = "several deployments fit"


@dataclass(slots=True)
class Folder:
    """Files of one folder that have no deployment: how many, and why."""

    folder: str
    why: str
    file_count: int = 0
    serials: set[str] = field(default_factory=set)
    fitting: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "folder": self.folder,
            "why": self.why,
            "file_count": self.file_count,
            "serials": sorted(self.serials),
            "fitting": list(self.fitting),
        }


@dataclass(slots=True)
class Matched:
    """Files by deployment and by what told it; folders without one; what contradicts itself."""

    deployments: tuple[Deployment, ...]
    file_counts: Counter[str] = field(default_factory=Counter)
    told_by: dict[str, Counter[str]] = field(default_factory=dict)
    outside: Counter[str] = field(default_factory=Counter)
    unmatched: list[Folder] = field(default_factory=list)
    serial_elsewhere: Counter[tuple[str, str]] = field(default_factory=Counter)
    idle_offsets: tuple[str, ...] = ()

    @property
    def unmatched_count(self) -> int:
        """Files without a deployment."""
        return sum(folder.file_count for folder in self.unmatched)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "deployments": [
                {
                    "deployment_id": each.deployment_id,
                    "station_id": each.station_id,
                    "file_count": self.file_counts[each.deployment_id],
                    "told_by": dict(self.told_by.get(each.deployment_id, {})),
                    "outside_its_time": self.outside[each.deployment_id],
                }
                for each in self.deployments
            ],
            "unmatched": [folder.as_dict() for folder in self.unmatched],
            "serial_elsewhere": [
                {"deployment_id": name, "serial": serial, "file_count": count}
                for (name, serial), count in sorted(self.serial_elsewhere.items())
            ],
            "offsets_of_nobody": list(self.idle_offsets),
        }


def matched(ledger: Ledger, notes: FieldNotes) -> Matched:
    """Match every file of the season; streams. Copies of files known already are not counted."""
    matcher = Matcher(notes.deployments, notes.offsets)
    told = Matched(notes.deployments)
    folders: dict[tuple[str, str, tuple[str, ...]], Folder] = {}
    called: set[str] = set()
    for stamp in stamps(ledger):
        match = matcher.match(stamp.card, stamp.relative_path, stamp.serial, stamp.user_label)
        found = matcher.deployment_of(
            stamp.card, stamp.relative_path, stamp.serial, stamp.user_label, stamp.taken_at
        )
        if found is None:
            called.add(names.deployment_id(stamp))
            where = names.file_path(stamp).rpartition("/")[0]
            fitting = tuple(each.deployment_id for each in match.candidates)
            why = SEVERAL if fitting else NOT_KNOWN
            folder = folders.setdefault((where, why, fitting), Folder(where, why, fitting=fitting))
            folder.file_count += 1
            if stamp.serial:
                folder.serials.add(stamp.serial)
            continue
        name = found.deployment_id
        told.file_counts[name] += 1
        told.told_by.setdefault(name, Counter())[match.by] += 1
        # A file's own date is that of a copy and says nothing about the camera.
        is_dated = stamp.timestamp_source != "modified"
        moment = matcher.corrected(found, stamp.taken_at) if stamp.taken_at and is_dated else None
        if moment is not None and not found.runs_at(moment):
            told.outside[name] += 1
        if match.serial_elsewhere:
            told.serial_elsewhere[name, stamp.serial] += 1
    told.unmatched = sorted(folders.values(), key=lambda each: each.folder)
    known = called | {each.deployment_id for each in notes.deployments}
    told.idle_offsets = tuple(
        sorted({each.deployment_id for each in notes.offsets if each.deployment_id not in known})
    )
    return told


def seen_in_season(ledger: Ledger) -> Iterator[Seen]:
    """The season's files as a proposal of stations needs them."""
    for stamp in stamps(ledger):
        is_dated = stamp.timestamp_source in ("exif", "filename")
        yield Seen(
            card=stamp.card,
            relative_path=stamp.relative_path,
            taken_at=stamp.taken_at if is_dated else None,
            serial=stamp.serial,
            utc_offset=stamp.utc_offset,
            latitude=stamp.latitude,
            longitude=stamp.longitude,
        )
