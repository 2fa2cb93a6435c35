"""What others said of a season's files: models and people whose files were imported.

The tables are made when the first import comes, like that of reviews. A source is one file that
somebody's words came in; several of one name are one voice, and the newest of them counts for a
picture. No output of a run tells of them, so that they are not watched (`schema.UNWATCHED`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from camtrap.batches import in_batches
from camtrap.ledger.rows import text_of
from camtrap.ledger.schema import has_table
from camtrap.ledger.store import Ledger, utc_now

# `content_key` is that of the file when the observation came in: a new picture under an old name
# has not been observed.
_CREATE = (
    """
CREATE TABLE IF NOT EXISTS source (
    source_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,         -- machine or human
    format TEXT NOT NULL,
    path TEXT NOT NULL,         -- where the file lay when it was imported
    sha256 TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    UNIQUE (name, path)
)
""",
    """
CREATE TABLE IF NOT EXISTS observation (
    source_id INTEGER NOT NULL REFERENCES source,
    file_id INTEGER NOT NULL REFERENCES file,
    label TEXT NOT NULL,
    species TEXT NOT NULL,
    confidence REAL,
    boxes TEXT NOT NULL,        -- JSON: label, confidence and box (x, y, width, height) of each
    raw TEXT NOT NULL,          -- the label as it was written
    content_key TEXT NOT NULL,
    PRIMARY KEY (source_id, file_id)
) WITHOUT ROWID
""",
)
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS told (
    file_id INTEGER PRIMARY KEY, label TEXT, species TEXT, confidence REAL, boxes TEXT, raw TEXT,
    place INTEGER
)
"""
_BATCH = 1000
_NAMES = ("label", "species", "confidence", "boxes", "raw")
_COLUMNS = ", ".join(_NAMES)


def _of(table: str) -> str:
    """The columns of an observation in a table that is joined with others."""
    return ", ".join(f"{table}.{name}" for name in _NAMES)


# What the file says now, as it would be stored: the picture's own content key goes with it.
_TOLD = f"SELECT file_id, {_of('told')}, content_key FROM temp.told JOIN main.file USING (file_id)"
_STORED = f"SELECT file_id, {_COLUMNS}, content_key FROM observation WHERE source_id = ?"
_OF_FILE = f"""
SELECT {_of("observation")} FROM source JOIN observation USING (source_id) JOIN file USING (file_id)
WHERE source.name = ? AND file_id = ? AND observation.content_key IN ('', file.content_key)
ORDER BY source_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was imported: whose words, of which kind, and how many pictures it names."""

    name: str
    kind: str
    format: str
    path: str
    sha256: str
    imported_at: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source says of one file.

    `label` is one of `imports.said.LABELS_TOLD`; `species` and `raw` are the name behind it as it
    is understood and as it was written; `confidence` is the source's own, 0..1; `boxes` is a JSON
    list of objects with `label`, `confidence` and `box` (x, y, width, height, 0..1).
    """

    label: str
    species: str = ""
    confidence: float | None = None
    boxes: str = "[]"
    raw: str = ""


class Staging:
    """Observations on their way into a ledger; nothing of it is stored until `commit`.

    A file may be named more than once: `concern` puts labels in order, and the first counts.
    """

    def __init__(self, ledger: Ledger, concern: Iterable[str]) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._place = {label: place for place, label in enumerate(concern)}
        self._db.execute(_STAGE)
        self._db.execute("DELETE FROM temp.told")

    def add(self, observations: Iterable[tuple[int, Observation]]) -> None:
        """Take observations of files, in any order; streams."""
        for batch in in_batches(observations, _BATCH):
            # A table of our own connection alone: nobody waits for it.
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO temp.told VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " label = excluded.label, species = excluded.species,"
                " confidence = excluded.confidence, boxes = excluded.boxes, raw = excluded.raw,"
                " place = excluded.place WHERE excluded.place < place",
                (
                    (
                        file_id,
                        one.label,
                        text_of(one.species),
                        one.confidence,
                        text_of(one.boxes),
                        text_of(one.raw),
                        self._place[one.label],
                    )
                    for file_id, one in batch
                ),
            )
            self._db.execute("COMMIT")

    @property
    def count(self) -> int:
        """How many files are observed."""
        return int(self._db.execute("SELECT count(*) FROM temp.told").fetchone()[0])

    def labels(self) -> dict[str, int]:
        """How many files have each label."""
        rows = self._db.execute("SELECT label, count(*) FROM temp.told GROUP BY label")
        return dict(map(tuple, rows))

    def __iter__(self) -> Iterator[tuple[int, Observation]]:
        cursor = self._db.cursor()
        cursor.row_factory = None
        for row in cursor.execute(f"SELECT file_id, {_COLUMNS} FROM temp.told ORDER BY file_id"):
            yield row[0], Observation(*row[1:])

    def would_change(self, source: Source, *, replace: bool = False) -> bool:
        """True when `commit` would change the ledger."""
        if not has_table(self._db, "observation"):
            return True
        mine, others = self._earlier(source)
        if replace and others:
            return True
        return mine is None or not self._is_same(mine, source)

    def commit(self, source: Source, *, replace: bool = False) -> bool:
        """Store the observations as those of `source`; returns False when all is there already.

        Rows of the same file under the same name are replaced, be it that it changed or moved; with
        `replace` all of that name are. One transaction. Raises `SeasonError`.
        """
        if not self.would_change(source, replace=replace):
            return False
        with self._ledger.writing():
            for statement in _CREATE:
                self._db.execute(statement)
            mine, others = self._earlier(source)
            is_same = mine is not None and self._is_same(mine, source)
            gone = ([] if mine is None or is_same else [mine]) + (others if replace else [])
            for source_id in gone:
                self._db.execute("DELETE FROM observation WHERE source_id = ?", (source_id,))
                self._db.execute("DELETE FROM source WHERE source_id = ?", (source_id,))
            if is_same:
                return True
            cursor = self._db.execute(
                "INSERT INTO source (name, kind, format, path, sha256, imported_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*_texts(source), utc_now()),
            )
            self._db.execute(
                f"INSERT INTO observation (source_id, file_id, {_COLUMNS}, content_key)"
                f" SELECT ?, told.* FROM ({_TOLD}) AS told",
                (cursor.lastrowid,),
            )
        return True

    def _earlier(self, source: Source) -> tuple[int | None, list[int]]:
        """The stored source that this one is, and the others of its name."""
        if not has_table(self._db, "observation"):
            return None, []
        name, _, _, path, sha256 = _texts(source)
        rows = self._db.execute(
            "SELECT source_id, path = ?, sha256 = ? FROM source WHERE name = ? ORDER BY source_id",
            (path, sha256, name),
        ).fetchall()
        mine = next((row[0] for row in rows if row[1]), None)
        mine = mine or next((row[0] for row in rows if row[2]), None)
        return mine, [row[0] for row in rows if row[0] != mine]

    def _is_same(self, source_id: int, source: Source) -> bool:
        _, kind, form, _, sha256 = _texts(source)
        row = self._db.execute(
            "SELECT kind, format, sha256 FROM source WHERE source_id = ?", (source_id,)
        ).fetchone()
        if tuple(row) != (kind, form, sha256):
            return False
        for one, other in ((_TOLD, _STORED), (_STORED, _TOLD)):
            query = f"SELECT EXISTS ({one} EXCEPT {other})"
            if self._db.execute(query, (source_id,)).fetchone()[0]:
                return False
        return True


def sources(ledger: Ledger) -> list[Source]:
    """Every file that was imported, the oldest first."""
    if not has_table(ledger.db, "observation"):
        return []
    rows = ledger.db.execute(
        "SELECT name, kind, format, path, sha256, imported_at, count(file_id) FROM source"
        " LEFT JOIN observation USING (source_id) GROUP BY source_id ORDER BY source_id"
    )
    return [Source(*row) for row in rows]


class Observations:
    """What one name says of each file; asked file by file, whatever the season's size."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._cursor = ledger.db.cursor()
        self._cursor.row_factory = None
        self._name = text_of(name)
        self._any = has_table(ledger.db, "observation")

    def of(self, file_id: int) -> Observation | None:
        """The newest word on a file; None where there is none, or of an earlier picture."""
        if not self._any:
            return None
        row = self._cursor.execute(_OF_FILE, (self._name, file_id)).fetchone()
        return None if row is None else Observation(*row)


def boxes_text(boxes: Iterable[tuple[str, float | None, Iterable[float]]]) -> str:
    """Boxes as they are stored: label, confidence and sides of each."""
    return json.dumps(
        [
            {
                "label": label,
                "confidence": confidence,
                "box": [round(float(side), 6) for side in sides],
            }
            for label, confidence, sides in boxes
        ],
        ensure_ascii=False,
    )


def _texts(source: Source) -> tuple[str, str, str, str, str]:
    return (
        text_of(source.name),
        source.kind,
        source.format,
        text_of(source.path),
        source.sha256,
    )
