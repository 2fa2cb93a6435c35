"""Labelled pictures from a manifest, and folds that never split a site or an event.

A manifest is a CSV whose columns are at least `file, split, label, site_or_sequence, source`;
`file` is relative to the manifest's folder. Two frames of one site in training and test would
measure memory, not sight, so everything here goes by group.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camtrap.errors import DataError
from camtrap.records import LABELS, Box

_COLUMNS = ("file", "split", "label", "site_or_sequence", "source")

# "CCT loc10 seq701d…" is one sequence of a camera, "NTLNP bg06 frame1186" one frame of a capture
# event: the group is the camera or the event.
_GROUP = re.compile(r"^(.*?\b(?:loc|bg)\w+)\b")


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture.

    `group` is shared by all frames of one camera or event, and never split between training and
    test; `event` names the capture event within it (empty where every picture is its own). `boxes`
    are a person's, where there are any.
    """

    path: Path
    file: str
    label: str
    group: str
    source: str
    split: str
    species: str = ""
    modality: str = ""
    event: str = ""
    licence: str = ""
    boxes: tuple[Box, ...] = ()


def read_manifest(manifest: Path, splits: Iterable[str]) -> list[Sample]:
    """The samples of the named splits (all rows when none is named), in the manifest's order.

    Raises `DataError` when the file cannot be read, lacks a column, or holds an unknown label.
    """
    wanted = set(splits)
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, restval=""))  # a short row lacks its last values
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"The manifest {manifest} cannot be read: {error}.") from error
    if missing := [name for name in _COLUMNS if not rows or name not in rows[0]]:
        raise DataError(f"The manifest {manifest} lacks the columns {', '.join(missing)}.")
    samples = []
    for number, row in enumerate(rows, start=2):
        if wanted and row["split"] not in wanted:
            continue
        if row["label"] not in LABELS:
            raise DataError(f"{manifest}, line {number}: '{row['label']}' is not one of {LABELS}.")
        samples.append(
            Sample(
                path=manifest.parent / row["file"],
                file=row["file"],
                label=row["label"],
                group=group_of(row["source"], row["site_or_sequence"], row["file"]),
                source=row["source"],
                split=row["split"],
                species=row.get("species", ""),
                modality=row.get("modality", ""),
                event=event_of(row["site_or_sequence"]),
                licence=row.get("licence", ""),
            )
        )
    if not samples:
        of_split = f" of split {', '.join(sorted(wanted))}" if wanted else ""
        raise DataError(f"The manifest {manifest} holds no rows{of_split}.")
    return samples


def group_of(source: str, site: str, file: str) -> str:
    """The camera or event of a picture; a picture without one is a group of its own."""
    match = _GROUP.match(site)
    if match:
        return match[1]
    return f"{source} {site}" if site else file


def event_of(site: str) -> str:
    """The capture event of a picture, where its site's text tells one: a sequence of a camera, or
    a background (`NTLNP bg06 frame1186`), whose frames are one event; empty where it tells none."""
    match = _GROUP.match(site)
    if match is None or match[1] == site:
        return ""
    return match[1] if re.search(r"\bbg\w+$", match[1]) else site


def folds(samples: Sequence[Sample], count: int, seed: int = 0) -> list[int]:
    """A fold number 0..count-1 for each sample, the same for all of a group.

    Groups are dealt out largest first, each to the fold that holds the fewest pictures of the
    group's labels, so that rare labels are spread. The same samples and seed give the same folds.
    """
    members: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        members[sample.group][sample.label] += 1
    total = Counter(sample.label for sample in samples)

    def order(group: str) -> tuple[int, str]:
        digest = hashlib.sha256(f"{seed} {group}".encode()).hexdigest()
        return -sum(members[group].values()), digest

    held: list[Counter[str]] = [Counter() for _ in range(count)]
    fold_of: dict[str, int] = {}
    for group in sorted(members, key=order):
        labels = members[group]

        def load(fold: int, labels: Counter[str] = labels) -> tuple[float, int]:
            share = sum(n * held[fold][label] / total[label] for label, n in labels.items())
            return share, sum(held[fold].values())

        best = min(range(count), key=load)
        fold_of[group] = best
        held[best].update(labels)
    return [fold_of[sample.group] for sample in samples]
