"""Checks of Camtrap DP's three tables, those included that span rows and tables; streams.

What has to be compared across rows goes into a scratch file of SQLite's own, so that a million rows
cost no memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from camtrap.outputs.exports.check_cells import (
    Wrong,
    check_cell,
    check_deployment,
    check_media,
    check_observation,
    moment_of,
    number_of,
    truth_of,
)
from camtrap.outputs.exports.check_descriptor import day_of, may_be_named, positions
from camtrap.outputs.exports.check_findings import Report
from camtrap.outputs.exports.dp_fields import FIELDS, HEADERS
from camtrap.outputs.exports.sites import MISSING_WORDS

_CREATE = """
PRAGMA journal_mode = OFF; PRAGMA cache_size = -8000;
CREATE TABLE media (id TEXT PRIMARY KEY, deployment TEXT, at INTEGER, public INTEGER) WITHOUT ROWID;
CREATE TABLE observation (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE event (id TEXT PRIMARY KEY, start INTEGER, "end" INTEGER, line INTEGER) WITHOUT ROWID;
CREATE TABLE part (event TEXT, media TEXT);
BEGIN;
"""

_ROW_CHECKS = {
    "deployments": check_deployment,
    "media": check_media,
    "observations": check_observation,
}

Row = Mapping[str, str]


@dataclass(slots=True)
class _Deployment:
    start: int | None
    end: int | None
    doubtful: bool


@dataclass(slots=True)
class _Tables:
    """What was read so far, as far as later rows are compared with it."""

    db: sqlite3.Connection
    report: Report
    said: Mapping[str, Any]
    deployments: dict[str, _Deployment] = field(default_factory=dict)
    species: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)


def check_tables(folder: Path, said: Mapping[str, Any], report: Report) -> None:
    """Check the tables of a package; `said` is its descriptor.

    A table that the descriptor does not name as one file of the package is not looked for.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.executescript(_CREATE)
        tables = _Tables(db, report, said)
        notes = {"deployments": _deployment, "media": _media, "observations": _observation}
        for name, note in notes.items():
            path = table_path(folder, said, name)
            if path is None:
                continue
            for line, row in _rows(path, name, report):
                report.rows[name] += 1
                where = f"{path.name} line {line}"
                _check_row(name, row, where, report)
                note(tables, row, where, line)
        _events(tables)
        _descriptor(tables)


def table_path(folder: Path, said: Mapping[str, Any], name: str) -> Path | None:
    """The file of a table within the package; None when the descriptor names none there."""
    resources = said.get("resources")
    for one in resources if isinstance(resources, list) else ():
        if isinstance(one, dict) and one.get("name") == name and isinstance(one.get("path"), str):
            path = folder / str(one["path"])
            if may_be_named(one["path"]) and path.resolve().is_relative_to(folder.resolve()):
                return path
    return None


# -- one table


def _rows(path: Path, name: str, report: Report) -> Iterator[tuple[int, Row]]:
    """The rows of a table that have all of its columns, with the number of their line."""
    header = HEADERS[name]
    try:
        with ExitStack() as stack:
            stream = _opened(path, stack, report)
            reader = csv.reader(stream, strict=True)
            first = next(reader, [])
            columns = _columns(first, header, path.name, report)
            for cells in reader:
                if len(cells) != len(first):
                    where = f"{path.name} line {reader.line_num}"
                    report.error("cells", where, f"{len(cells)} cells under {len(first)} columns.")
                    continue
                row = dict.fromkeys(header, "")
                for column, text in zip(columns, cells, strict=True):
                    if column:
                        row[column] = text
                yield reader.line_num, row
    except (OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        report.error("unreadable", path.name, f"it cannot be read: {error}.")


def _opened(path: Path, stack: ExitStack, report: Report) -> IO[str]:
    file = stack.enter_context(path.open("rb"))
    packed = path.suffix == ".gz"
    raw = stack.enter_context(gzip.GzipFile(fileobj=file)) if packed else file
    start = raw.readline()
    raw.seek(0)
    if start.startswith(b"\xef\xbb\xbf"):
        report.warning("byte-order-mark", path.name, "it begins with a byte-order mark.")
    if start.endswith(b"\r\n"):
        report.warning("line-ends", path.name, "its lines end as on Windows (CRLF); write LF.")
    return stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))


def _columns(
    first: Sequence[str], header: tuple[str, ...], where: str, report: Report
) -> list[str]:
    """The known columns in the order of the file, empty for one that is not the standard's."""
    missing = [name for name in header if name not in first]
    extra = [name for name in first if name not in header]
    if missing:
        report.error("header", where, f"columns are missing: {', '.join(missing)}.")
    if extra:
        report.error("header", where, f"columns are not the standard's: {', '.join(extra)}.")
    if len(set(first)) != len(first):
        report.error("header", where, "a column comes twice.")
    if not missing and not extra and tuple(first) != header:
        report.error("header", where, "the columns are not in the standard's order.")
    return [name if name in header else "" for name in first]


def _check_row(name: str, row: Row, where: str, report: Report) -> None:
    for column in FIELDS[name]:
        text = row[column.name]
        if text or column.required:
            for wrong in check_cell(column, text):
                _note(wrong, where, report)
    for wrong in _ROW_CHECKS[name](row):
        _note(wrong, where, report)


def _note(wrong: Wrong, where: str, report: Report) -> None:
    note = report.error if wrong.error else report.warning
    note(wrong.rule, f"{where}, {wrong.column}", wrong.sentence)


# -- across rows


def _deployment(tables: _Tables, row: Row, where: str, line: int) -> None:
    name = row["deploymentID"]
    if name in tables.deployments:
        tables.report.error("unique", where, f"the deploymentID '{name}' comes twice.")
    tables.deployments[name] = _Deployment(
        _seconds(row["deploymentStart"]),
        _seconds(row["deploymentEnd"]),
        truth_of(row["timestampIssues"]) is True,
    )
    _check_place(tables, row, where)
    _check_days(tables, row, where)


def _check_place(tables: _Tables, row: Row, where: str) -> None:
    spatial = tables.said.get("spatial")
    told = positions(spatial.get("coordinates")) if isinstance(spatial, dict) else []
    # Others are told of by the check of the descriptor, and may be too large for a float.
    points = [(x, y) for x, y in told if abs(x) <= 180 and abs(y) <= 90]
    latitude, longitude = number_of(row["latitude"]), number_of(row["longitude"])
    if not points or latitude is None or longitude is None:
        return
    longitudes, latitudes = zip(*points, strict=True)
    inside = min(longitudes) - 1e-6 <= longitude <= max(longitudes) + 1e-6
    if not inside or not min(latitudes) - 1e-6 <= latitude <= max(latitudes) + 1e-6:
        tables.report.warning("outside-spatial", where, "it lies outside of 'spatial'.")


def _check_days(tables: _Tables, row: Row, where: str) -> None:
    temporal = tables.said.get("temporal")
    if not isinstance(temporal, dict):
        return
    first, last = day_of(temporal.get("start")), day_of(temporal.get("end"))
    start, end = moment_of(row["deploymentStart"]), moment_of(row["deploymentEnd"])
    if (first and start and start.date() < first) or (last and end and end.date() > last):
        tables.report.warning("outside-temporal", where, "it lies outside of 'temporal'.")


def _media(tables: _Tables, row: Row, where: str, line: int) -> None:
    name, at = row["mediaID"], _seconds(row["timestamp"])
    added = tables.db.execute(
        "INSERT OR IGNORE INTO media VALUES (?, ?, ?, ?)",
        (name, row["deploymentID"], at, truth_of(row["filePublic"]) is True),
    ).rowcount
    if not added:
        tables.report.error("unique", where, f"the mediaID '{name}' comes twice.")
    if row["captureMethod"]:
        tables.methods.add(row["captureMethod"])
    place = _place(tables, row, where)
    if place is None or at is None:
        return
    early = place.start is not None and at < place.start
    if early or (place.end is not None and at > place.end):
        note = tables.report.warning if place.doubtful else tables.report.error
        note("media-outside", where, f"its time lies outside of deployment {row['deploymentID']}.")


def _observation(tables: _Tables, row: Row, where: str, line: int) -> None:
    db, report = tables.db, tables.report
    name = row["observationID"]
    if not db.execute("INSERT OR IGNORE INTO observation VALUES (?)", (name,)).rowcount:
        report.error("unique", where, f"the observationID '{name}' comes twice.")
    _place(tables, row, where)
    tables.levels.add(row["observationLevel"])
    if row["scientificName"] not in MISSING_WORDS:
        tables.species.add(row["scientificName"])
    media, event = row["mediaID"], row["eventID"]
    if media not in MISSING_WORDS:
        _check_media(tables, row, where)
        if event not in MISSING_WORDS:
            db.execute("INSERT INTO part VALUES (?, ?)", (event, media))
    elif event not in MISSING_WORDS and row["observationLevel"] == "event":
        start, end = _seconds(row["eventStart"]), _seconds(row["eventEnd"])
        if start is not None and end is not None:
            # Several labels may share one event: together they enclose its files.
            db.execute(
                "INSERT INTO event VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                ' start = min(start, excluded.start), "end" = max("end", excluded."end")',
                (event, start, end, line),
            )


def _check_media(tables: _Tables, row: Row, where: str) -> None:
    found = tables.db.execute(
        "SELECT deployment, public FROM media WHERE id = ?", (row["mediaID"],)
    ).fetchone()
    if found is None:
        told = f"there is no file '{row['mediaID']}' in the table of media."
        tables.report.error("foreign-key", where, told)
        return
    if found[0] != row["deploymentID"]:
        told = f"the file is of deployment {found[0]}, the observation of {row['deploymentID']}."
        tables.report.error("other-deployment", where, told)
    if found[1] and row["observationType"] == "human":
        tables.report.warning("people-public", where, "a person is in a file that is public.")


def _place(tables: _Tables, row: Row, where: str) -> _Deployment | None:
    name = row["deploymentID"]
    found = tables.deployments.get(name)
    if found is None and name not in MISSING_WORDS:
        tables.report.error("foreign-key", where, f"there is no deployment '{name}'.")
    return found


def _events(tables: _Tables) -> None:
    for event, media in tables.db.execute(
        "SELECT DISTINCT part.event, part.media FROM part JOIN event ON event.id = part.event"
        " JOIN media ON media.id = part.media"
        ' WHERE media.at < event.start OR media.at > event."end"'
    ):
        told = f"the file {media} is not within the time of its event {event}."
        tables.report.error("event-encloses", "observations", told)


def _descriptor(tables: _Tables) -> None:
    """What the rows hold and the descriptor does not tell, and the other way round."""
    report, said = tables.report, tables.said
    taxa = said.get("taxonomic")
    listed = {
        one["scientificName"]
        for one in (taxa if isinstance(taxa, list) else ())
        if isinstance(one, dict) and isinstance(one.get("scientificName"), str)
    }
    where = "datapackage.json"
    for name in sorted(tables.species - listed):
        report.error("taxonomic-missing", where, f"'{name}' is observed and not in 'taxonomic'.")
    for name in sorted(listed - tables.species):
        report.warning("taxonomic-unused", where, f"'{name}' is in 'taxonomic' and not observed.")
    project = said.get("project")
    for key, found in (("observationLevel", tables.levels), ("captureMethod", tables.methods)):
        told = project.get(key) if isinstance(project, dict) else None
        if isinstance(told, list) and (more := sorted(found - {str(value) for value in told})):
            report.error(f"project-{key}", where, f"'{more[0]}' is in the rows and not in {key}.")


def _seconds(text: str) -> int | None:
    moment = moment_of(text)
    return None if moment is None else int(moment.timestamp())
