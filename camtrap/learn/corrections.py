"""What was found wrong with labels since they were published: pictures to leave out of a training,
and boxes drawn by hand where the detector overlooks what a person sees.

A table beside the training settings holds them, so that the labels themselves stay as they came.
Its columns are `file, action, reason, x, y, width, height`; `file` is a picture as its manifest
names it, `action` is `leave out` or `box`, and a box is relative to the upright picture, 0..1, from
its top left corner. A file may have several boxes.
"""

from __future__ import annotations

import csv
import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from camtrap.errors import DataError
from camtrap.learn.dataset import Sample
from camtrap.learn.looks import Seen
from camtrap.learn.sources import read_samples
from camtrap.pixels.fit import overlap
from camtrap.records import Box
from camtrap.vision.proposals import Proposal

log = logging.getLogger(__name__)

LEAVE_OUT = "leave out"
BOX = "box"
COLUMNS = ("file", "action", "reason", "x", "y", "width", "height")

DRAWN = 0.5
"""A box drawn by hand counts as one with this score: sure, but not easy to find."""

_SAME = 0.5  # a found box that overlaps a drawn one so much is the same animal


@dataclass(frozen=True, slots=True)
class Corrections:
    """Files to leave out, with the reason, and the boxes of others."""

    left_out: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, tuple[Box, ...]] = field(default_factory=dict)


def read_corrections(path: Path) -> Corrections:
    """Read the table; raises `DataError` naming the line that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            rows = list(reader)
            columns = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"The corrections {path} cannot be read: {error}.") from error
    if missing := [name for name in COLUMNS if name not in columns]:
        raise DataError(f"The corrections {path} lack the columns {', '.join(missing)}.")
    left_out: dict[str, str] = {}
    boxes: dict[str, list[Box]] = defaultdict(list)
    for number, row in enumerate(rows, start=2):
        if row["action"] == LEAVE_OUT:
            left_out[row["file"]] = row["reason"]
        elif row["action"] == BOX:
            boxes[row["file"]].append(_box(row, f"{path}, line {number}"))
        else:
            raise DataError(
                f"{path}, line {number}: the action '{row['action']}' is neither '{LEAVE_OUT}' "
                f"nor '{BOX}'."
            )
    if both := sorted(left_out.keys() & boxes.keys()):
        raise DataError(f"{path}: {both[0]} is left out, and has a box.")
    return Corrections(left_out, {file: tuple(each) for file, each in boxes.items()})


def read_corrected(data: Path, split: str, corrections: Path | None) -> list[Sample]:
    """The labelled pictures of a split, with the corrections in that file where one is named.

    `data` is anything that `learn.sources.read_samples` reads. Raises `DataError`.
    """
    samples = read_samples(data, splits=[split])
    return samples if corrections is None else corrected(samples, read_corrections(corrections))


def corrected(samples: Sequence[Sample], corrections: Corrections) -> list[Sample]:
    """The samples without those that are left out, and with the boxes that were drawn.

    What the table says of files that are not among the samples is told in the log.
    """
    files = {sample.file for sample in samples}
    said = corrections.left_out.keys() | corrections.boxes.keys()
    if unknown := sorted(said - files):
        log.warning("%d corrected files are not at hand, e.g. %s", len(unknown), unknown[0])
    return [
        replace(sample, boxes=corrections.boxes.get(sample.file, sample.boxes))
        for sample in samples
        if sample.file not in corrections.left_out
    ]


def with_drawn(samples: Sequence[Sample], seen: Sequence[Seen]) -> list[Seen]:
    """What was seen, with the boxes that people drew in the place of those that they replace.

    This is for what is learnt; what a model is judged by is what it sees itself.
    """
    return [
        replace(each, found=_joined(sample.boxes, each.found)) if sample.boxes else each
        for sample, each in zip(samples, seen, strict=True)
    ]


def _joined(drawn: Sequence[Box], found: Sequence[Proposal]) -> tuple[Proposal, ...]:
    others = [p for p in found if all(overlap(p.box, box) < _SAME for box in drawn)]
    surest = {box: max([DRAWN, *(p.score for p in found if overlap(p.box, box) >= _SAME)])
              for box in drawn}  # fmt: skip
    joined = [*(Proposal(box, score) for box, score in surest.items()), *others]
    return tuple(sorted(joined, key=lambda p: -p.score))


def _box(row: dict[str, str], where: str) -> Box:
    try:
        box = Box(*(float(row[name]) for name in ("x", "y", "width", "height")))
    except ValueError:
        raise DataError(f"{where}: a box needs x, y, width and height as numbers.") from None
    inside = box.x >= 0 and box.y >= 0 and box.x + box.width <= 1.001
    inside = inside and box.y + box.height <= 1.001 and all(map(math.isfinite, box))
    if not (inside and box.width > 0 and box.height > 0):
        raise DataError(f"{where}: the box does not lie in the picture (0..1).")
    return box
