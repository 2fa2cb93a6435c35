"""Wildbook's bulk import: CSV tables of encounters, each a row with the names of its pictures.

After the manual (https://wildbook.docs.wildme.org, "Bulk Import"): columns without data are left
out, a table holds 200 encounters at most, `Encounter.locationID` is one of the Wildbook's own list,
and an encounter that nobody has checked is `unapproved`. The manual counts hours from 1 to 24; the
program takes 0 to 23 (github.com/WildMeOrg/Wildbook, StandardImport.java), and so are they here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from camtrap.outputs.tables import write_table

GENUS, EPITHET = "Panthera", "pardus"
AT_ONCE = 200

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Encounter:
    """One animal at one place and time; `began` is camera-local, `crops` are names of files."""

    crops: tuple[str, ...]
    individual: str
    occurrence: str
    began: datetime
    station: str
    latitude: float | None
    longitude: float | None
    is_curated: bool
    comment: str


class Wildbook:
    """Writes `wildbook.csv`, `wildbook-2.csv` ...; a context manager."""

    def __init__(self, folder: Path, *, location: str = "", with_place: bool = False) -> None:
        self._folder, self._location, self._with_place = folder, location, with_place
        self._rows: list[Row] = []
        self.files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and (self._rows or not self.files):
            self._flush()

    def add(self, encounter: Encounter) -> None:
        """Add a row."""
        if len(self._rows) == AT_ONCE:
            self._flush()
        self._rows.append(row_of(encounter, self._location, with_place=self._with_place))

    def _flush(self) -> None:
        self.files += 1
        more = f"-{self.files}" if self.files > 1 else ""
        columns = columns_of(self._rows)
        rows = ({column: row.get(column) for column in columns} for row in self._rows)
        write_table(self._folder / f"wildbook{more}.csv", columns, rows)
        self._rows = []


def row_of(encounter: Encounter, location: str, *, with_place: bool) -> Row:
    """One encounter by Wildbook's fields; unknown ones are None."""
    began = encounter.began
    row: Row = {
        "MarkedIndividual.individualID": encounter.individual or None,
        "Encounter.genus": GENUS,
        "Encounter.specificEpithet": EPITHET,
        "Encounter.year": began.year,
        "Encounter.month": began.month,
        "Encounter.day": began.day,
        "Encounter.hour": began.hour,
        "Encounter.minutes": began.minute,
        "Encounter.locationID": location or None,
        "Encounter.verbatimLocality": encounter.station,
        "Encounter.decimalLatitude": encounter.latitude if with_place else None,
        "Encounter.decimalLongitude": encounter.longitude if with_place else None,
        "Encounter.occurrenceID": encounter.occurrence,
        "Encounter.state": "approved" if encounter.is_curated else "unapproved",
        "Encounter.researcherComments": encounter.comment,
    }
    row |= {f"Encounter.mediaAsset{number}": crop for number, crop in enumerate(encounter.crops)}
    return row


def columns_of(rows: list[Row]) -> list[str]:
    """The columns of which at least one row has a value; the pictures come last, in order."""
    found = dict.fromkeys(
        column for row in rows for column, value in row.items() if value is not None
    )
    pictures = [column for column in found if column.startswith("Encounter.mediaAsset")]
    order = {column: place for row in rows for place, column in enumerate(row)}
    others = sorted(found.keys() - set(pictures), key=lambda column: order[column])
    return [*others, *sorted(pictures, key=lambda column: (len(column), column))]
