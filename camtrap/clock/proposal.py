"""A `clock_offsets.csv` for people to look through: what the doctor would correct, and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from camtrap.card.deployments import Offset
from camtrap.card.offsets import COLUMNS
from camtrap.clock.finding import Finding
from camtrap.errors import NotesError


def proposed_offsets(findings: Iterable[Finding]) -> list[Offset]:
    """The corrections of all findings that have one, by deployment and time.

    Of two for one deployment that would hold at the same time, the better one is taken: a table
    with both could not be read. The other is found again once the first is in place.
    """
    chosen: list[Offset] = []
    for finding in sorted(findings, key=lambda each: -each.score):
        offset = finding.offset
        if offset is not None and not any(_meet(offset, other) for other in chosen):
            chosen.append(offset)
    return sorted(chosen, key=lambda each: (each.deployment_id, each.start or datetime.min))


def save_proposal(offsets: Sequence[Offset], path: Path) -> None:
    """Write a new file; raises `NotesError` when it is there already or cannot be written."""
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            for each in offsets:
                ends = (moment.isoformat(sep=" ") if moment else "" for moment in _ends(each))
                writer.writerow([each.deployment_id, each.seconds, *ends, each.reason])
    except FileExistsError:
        raise NotesError(
            f"{path} is there already and was left as it is. Name another file, and copy the rows "
            "that you agree with."
        ) from None
    except OSError as error:
        raise NotesError(
            f"{path} cannot be written: {error.strerror or error}. Name another file."
        ) from error


def _ends(offset: Offset) -> tuple[datetime | None, datetime | None]:
    return offset.start, offset.end


def _meet(one: Offset, other: Offset) -> bool:
    return (
        one.deployment_id == other.deployment_id
        and (one.start or datetime.min) < (other.end or datetime.max)
        and (other.start or datetime.min) < (one.end or datetime.max)
    )
