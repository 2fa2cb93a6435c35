"""Forget what was said of a file, so that it is looked at again; what people said of it stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from camtrap.ledger import schema
from camtrap.ledger.rows import update_file
from camtrap.ledger.special import forget_special
from camtrap.records import State

NOT_LOOKED_AT: Mapping[str, None] = dict.fromkeys(
    (
        *("duplicate_of", "run_id", "confidence", "probabilities"),
        *("width", "height", "infrared"),
        *(name for name, _ in schema.CAPTURE_COLUMNS),
    )
)
"""The columns of a file that only a look at it can fill, empty."""

_OTHER_BYTES: Mapping[str, str] = {"content_key": "", "full_key": ""}


def forget(
    db: sqlite3.Connection, file_id: int, said: Mapping[str, Any], *, same_bytes: bool
) -> None:
    """Set the columns `said` and empty what a look had filled, inside a transaction.

    Of a file with the `same_bytes` the content keys stay, by which its reviews still count. Files
    that only repeated this one must now speak for themselves.
    """
    keys = {} if same_bytes else _OTHER_BYTES
    db.execute("DELETE FROM detection WHERE file_id = ?", (file_id,))
    forget_special(db, file_id)
    update_file(db, file_id, {**said, **keys, **NOT_LOOKED_AT})
    repeated = db.execute("SELECT file_id FROM file WHERE duplicate_of = ?", (file_id,)).fetchall()
    for row in repeated:
        forget(db, row["file_id"], {"state": State.PENDING, "reason": ""}, same_bytes=True)


def forget_all(db: sqlite3.Connection) -> int:
    """Make every file of the season pending that is not skipped; returns how many there are.

    To be called inside a transaction. Reviews stay, and so do the keys by which they count.
    """
    empty = ", ".join(f"{column} = NULL" for column in NOT_LOOKED_AT)
    db.execute("DELETE FROM detection")
    forget_special(db)
    return db.execute(
        f"UPDATE file SET state = 'pending', reason = '', {empty} WHERE state != 'skipped'"
    ).rowcount
