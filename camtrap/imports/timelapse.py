"""CSV that Timelapse exports: what people entered, one row a file.

Facts from its documentation and source, 2026: `File` and `RelativePath` (with backslashes) are
always there, `RootFolder` in some versions; all others are the template's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from camtrap.card.spreadsheet import plain
from camtrap.errors import DataError
from camtrap.imports.said import Said, share_of
from camtrap.imports.tables import header_of, path_spellings, table_rows
from camtrap.imports.told import UNSEEN, Asked, Reading, Told, told_of

LABEL = "Species"
_FILE, _FOLDER, _ROOT = "File", "RelativePath", "RootFolder"


def read(path: Path, asked: Asked) -> Reading:
    """The rows of one table; the options `label` and `confidence` name the template's columns.

    Raises `DataError` when a column is missing.
    """
    label = asked.options.get("label", LABEL)
    confidence = asked.options.get("confidence", "")
    if plain(label) not in header_of(path):
        raise DataError(
            f"The table {path} has no column '{label}'. Name the one in which your template keeps "
            "the species, as in --option label=Species."
        )
    own = [label, *([confidence] if confidence else [])]
    rows = table_rows(
        path, [_ROOT, _FOLDER, _FILE, *own], [_FILE, _FOLDER, *own], paths=(_ROOT, _FOLDER, _FILE)
    )

    def told() -> Iterator[Told]:
        for row in rows:
            names = path_spellings(row[_ROOT], row[_FOLDER], row[_FILE])
            if not row[label]:
                yield Told(names, why_not=UNSEEN)
                continue
            said: Said = asked.naming.said(row[label], None, share_of(row.get(confidence)))
            yield told_of(names, [said])

    return Reading("", told(), f"The label is the column {label}.")
