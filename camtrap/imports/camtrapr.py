"""Record tables of R's camtrapR: a species, and the file that the record is of.

The columns are those of camtrapR 3.0 (`recordTable`). A record stands for an event, so that only
the file which it names is given its species.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from camtrap.imports.tables import path_spellings, table_rows
from camtrap.imports.told import UNSEEN, Asked, Reading, Told, told_of

_FOLDER, _FILE, _SPECIES = "Directory", "FileName", "Species"


def read(path: Path, asked: Asked) -> Reading:
    """The records of one table; raises `DataError` when a column is missing."""
    wanted = [_FOLDER, _FILE, _SPECIES]
    rows = table_rows(path, wanted, wanted, paths=(_FOLDER, _FILE))

    def told() -> Iterator[Told]:
        for row in rows:
            names = path_spellings(row[_FOLDER], row[_FILE])
            if row[_FILE].strip() in ("", "NA") or not row[_SPECIES]:
                yield Told(names, why_not=UNSEEN)
            else:
                yield told_of(names, [asked.naming.said(row[_SPECIES])])

    return Reading("", told())
