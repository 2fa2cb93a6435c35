"""Our own check of a Camtrap DP 1.0.2: all that the official schemas ask, and what they let pass.

JSON Schema and Table Schema cannot say that a box stays in its picture, that an event encloses its
files or that a blank has no species. This needs no network and no further package.
"""

from __future__ import annotations

import json
from pathlib import Path

from camtrap.errors import DataError
from camtrap.outputs.exports.check_descriptor import check_descriptor
from camtrap.outputs.exports.check_findings import Report
from camtrap.outputs.exports.check_tables import check_tables

DESCRIPTOR = "datapackage.json"


def check(folder: Path) -> Report:
    """Check the package in a folder (or the one whose `datapackage.json` is named); streams.

    Raises `DataError` when there is no descriptor, or it is not JSON.
    """
    path = folder / DESCRIPTOR if folder.is_dir() else folder
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} is no data package: it holds no {DESCRIPTOR}. Make one with "
            "'camtrap export SEASON camtrap-dp'."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}. Make the package again.") from error
    if not isinstance(said, dict):
        raise DataError(f"{path} is no data package: it holds no JSON object.")
    report = Report()
    check_descriptor(said, report)
    check_tables(path.parent, said, report)
    return report
