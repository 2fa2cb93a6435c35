"""What only some files tell: a drone's picture of its flight, and a clip of its best moment.

The table is made with the first of them, so that the ledger of ordinary cards has none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from camtrap.drone.flight import DroneCapture
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import has_table, watched
from camtrap.records import Clip, Prediction

_CREATE = """
CREATE TABLE IF NOT EXISTS special (
    file_id INTEGER PRIMARY KEY REFERENCES file,
    aerial TEXT,                -- JSON object, a `DroneCapture`; empty for what no drone took
    clip TEXT                   -- JSON object, a `Clip`; empty for a picture
)
"""


def store_special(db: sqlite3.Connection, file_id: int, prediction: Prediction) -> None:
    """Store what a file tells beside the ordinary, or that it tells nothing; in a transaction."""
    if prediction.aerial is None and prediction.clip is None:
        forget_special(db, file_id)
        return
    if not has_table(db, "special"):
        db.execute(_CREATE)
        for statement in watched("special"):
            db.execute(statement)
    db.execute(
        "INSERT OR REPLACE INTO special VALUES (?, ?, ?)",
        (file_id, _text(prediction.aerial), _text(prediction.clip)),
    )


def forget_special(db: sqlite3.Connection, file_id: int | None = None) -> None:
    """Forget it of one file, or of all."""
    if has_table(db, "special"):
        which, values = ("", ()) if file_id is None else (" WHERE file_id = ?", (file_id,))
        db.execute(f"DELETE FROM special{which}", values)


def aerials(db: sqlite3.Connection) -> Iterator[tuple[int, DroneCapture]]:
    """Every picture of a drone, by its file number, with what it says of the flight."""
    if has_table(db, "special"):
        rows = db.execute(
            "SELECT file_id, aerial FROM special WHERE aerial IS NOT NULL ORDER BY file_id"
        )
        for file_id, told in rows:
            yield file_id, DroneCapture(**_known(DroneCapture, told))


def clip_of(db: sqlite3.Connection, file_id: int) -> Clip | None:
    """What is known of a clip; None for a picture."""
    if not has_table(db, "special"):
        return None
    row = db.execute("SELECT clip FROM special WHERE file_id = ?", (file_id,)).fetchone()
    return None if row is None else clip_from(row[0])


def clip_column(db: sqlite3.Connection) -> str:
    """What gives a file's clip, for `clip_from`, in a query of the table `file`."""
    if not has_table(db, "special"):
        return "NULL"
    return "(SELECT clip FROM special WHERE special.file_id = file.file_id)"


def clip_from(told: str | None) -> Clip | None:
    """A clip as it was stored; None where nothing was."""
    return None if told is None else Clip(**_known(Clip, told))


def _text(told: DroneCapture | Clip | None) -> str | None:
    if told is None:
        return None
    said = {
        name: text_of(value) if isinstance(value, str) else value
        for name, value in asdict(told).items()
    }
    return json.dumps(said, ensure_ascii=False)


def _known(kind: type[DroneCapture] | type[Clip], told: str) -> dict[str, Any]:
    """The fields that this camtrap knows; a later one may have stored more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in json.loads(told).items() if name in names}
