"""Results into the ledger: one file's prediction, or that it repeats another file."""

from __future__ import annotations

import json
import sqlite3

from camtrap.card.content import kind_of
from camtrap.errors import SeasonError
from camtrap.ledger.duplicates import Original, original_of
from camtrap.ledger.rows import CardEntry, capture_values, text_of, update_file
from camtrap.ledger.schema import has_table
from camtrap.ledger.special import store_special
from camtrap.records import ImageFile, Prediction, State


def store(
    db: sqlite3.Connection, card: CardEntry, run_id: int, file: ImageFile, prediction: Prediction
) -> Prediction:
    """Store what is said of one file, inside a transaction; returns it as it was stored."""
    row = db.execute(
        "SELECT file_id, content_key FROM file WHERE card_id = ? AND relative_path = ?",
        (card.card_id, text_of(file.relative_path)),
    ).fetchone()
    if row is None:
        raise SeasonError(f"The ledger does not know {file.path}. Run the same command again.")
    file_id = row["file_id"]
    old, new = row["content_key"], prediction.content_key
    _carry_words(db, file_id, old, new)
    if old != new and kind_of(old) == kind_of(new):  # other bytes under the same size and time
        update_file(db, file_id, {"full_key": ""})
    original = original_of(db, prediction.content_key, besides=file_id)
    if original is not None:
        prediction = _repeated(prediction, original)
    update_file(
        db,
        file_id,
        {
            "state": prediction.state,
            "reason": text_of(prediction.reason),
            "content_key": prediction.content_key,
            "duplicate_of": original.file_id if original is not None else None,
            "run_id": run_id,
            "confidence": prediction.confidence,
            "probabilities": json.dumps(dict(prediction.probabilities)),
            "width": prediction.width,
            "height": prediction.height,
            "infrared": prediction.infrared,
            **capture_values(prediction.capture),
        },
    )
    _store_detections(db, file_id, prediction)
    store_special(db, file_id, prediction)
    return prediction


def _carry_words(db: sqlite3.Connection, file_id: int, old: str, new: str) -> None:
    """Let words on a file count on when its key is of another kind now than when they came.

    An old key is kept only for a file of the same size and time; had it changed, it would have
    none. Keys of one kind that differ are two pictures, and a word counts for its own.
    """
    kind = kind_of(old)
    if not kind or kind_of(new) in ("", kind):
        return
    for table in ("review", "observation", "individual"):
        if has_table(db, table):
            db.execute(
                f"UPDATE {table} SET content_key = ? WHERE file_id = ? AND content_key = ?",
                (new, file_id, old),
            )


def _repeated(prediction: Prediction, original: Original) -> Prediction:
    """A duplicate, with the original's size: the twin itself may not have been decoded at all."""
    return Prediction(
        path=prediction.path,
        state=State.DUPLICATE,
        capture=prediction.capture,
        content_key=prediction.content_key,
        width=original.width,
        height=original.height,
        infrared=None if original.infrared is None else bool(original.infrared),
        reason=f"same content as {original.shown}",
    )


def _store_detections(db: sqlite3.Connection, file_id: int, prediction: Prediction) -> None:
    db.execute("DELETE FROM detection WHERE file_id = ?", (file_id,))
    db.executemany(
        "INSERT INTO detection VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                file_id,
                number,
                detection.label,
                detection.confidence,
                *detection.box,
                detection.score,
                json.dumps(dict(detection.probabilities)),
            )
            for number, detection in enumerate(prediction.detections)
        ],
    )
