"""Camtrap DP: people's or machines' observations of files and of events.

The format: https://camtrap-dp.tdwg.org, versions 1.0 to 1.0.2. Observations of a file come before
those of the event within whose time it lies. Of its tables those columns are read that tell what is
in a picture; they are joined in a scratch file.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from camtrap.errors import DataError
from camtrap.imports.documents import plain_text, read_json
from camtrap.imports.said import ANIMAL, Naming, Said, relative_box, share_of
from camtrap.imports.scratch import fill, scratch
from camtrap.imports.tables import path_spellings, table_rows
from camtrap.imports.told import BY_OTHERS, KINDS, UNSEEN, Asked, Reading, Told, told_of
from camtrap.ledger.rows import text_of
from camtrap.records import LABELS, UNSURE, Box, State

DESCRIPTOR = "datapackage.json"

BOX = ("bboxX", "bboxY", "bboxWidth", "bboxHeight")
TYPES = {"human": State.PERSON, "vehicle": State.VEHICLE, "blank": State.EMPTY}
_VAGUE = {"animal": ANIMAL, "unknown": UNSURE}

_MEDIA = ("mediaID", "deploymentID", "timestamp", "filePath")
_OBSERVATIONS = (
    *("deploymentID", "mediaID", "eventStart", "eventEnd", "observationType", "scientificName"),
    *(*BOX, "classificationMethod", "classificationProbability", "observationTags"),
)
_NEEDED = {
    "media": ("mediaID", "deploymentID", "filePath"),
    "observations": ("deploymentID", "observationType"),
}

_TABLES = """
CREATE TABLE seen (media TEXT, deployment TEXT, start REAL, end REAL, type TEXT, species TEXT,
    x TEXT, y TEXT, width TEXT, height TEXT, kind TEXT, chance TEXT, tags TEXT);
CREATE TABLE longest (deployment TEXT PRIMARY KEY, seconds REAL);
"""
_INDEXES = (
    "CREATE INDEX by_media ON seen (media) WHERE media != ''",
    "CREATE INDEX by_time ON seen (deployment, start) WHERE media = ''",
    "INSERT INTO longest SELECT deployment, max(end - start) FROM seen"
    " WHERE media = '' AND end >= start GROUP BY deployment",
)
_SAID = "type, species, x, y, width, height, kind, chance, tags"
_OF_MEDIA = f"SELECT {_SAID} FROM seen WHERE media = ? AND media != '' ORDER BY rowid"
_OF_EVENT = (
    f"SELECT {_SAID} FROM seen JOIN longest USING (deployment) WHERE media = ''"
    " AND deployment = ? AND start BETWEEN ? - seconds AND ? AND end >= ? ORDER BY seen.rowid"
)


def read(path: Path, asked: Asked) -> Reading:
    """The observations of a package (its folder or `datapackage.json`), file by file.

    An observation that does not say its method is taken for one of the kind that is asked for.
    Raises `DataError` when a table is missing or lacks a column.
    """
    descriptor = path / DESCRIPTOR if path.is_dir() else path
    package = read_json(descriptor)
    if not isinstance(package, dict):
        raise DataError(f"{descriptor} does not describe a data package.")
    tables = {name: table_path(descriptor, package, name) for name in _NEEDED}
    told = (plain_text(package.get(key)) for key in ("name", "title"))
    name = next(filter(None, told), descriptor.resolve().parent.name)
    return Reading(name, _pictures(tables, asked))


def table_path(
    descriptor: Path, package: Mapping[str, Any], name: str, *, packed: bool = True
) -> Path:
    """Where a table of a package lies; raises `DataError` when that is not beside it."""
    resources = package.get("resources")
    for resource in resources if isinstance(resources, list) else ():
        if isinstance(resource, dict) and resource.get("name") == name:
            path = resource.get("path")
            if not isinstance(path, str) or "://" in path or (path.endswith(".gz") and not packed):
                raise DataError(
                    f"{descriptor}: the table '{name}' is not a plain CSV beside it "
                    f"({plain_text(path) or 'no text'}). Unpack or download it, and name that file "
                    "as its path."
                )
            return descriptor.parent / path
    raise DataError(f"{descriptor} names no table '{name}', so it is no Camtrap DP package.")


def parts(path: Path) -> list[Path]:
    """The files of a package that are read, its descriptor first; raises `DataError`."""
    descriptor = path / DESCRIPTOR if path.is_dir() else path
    package = read_json(descriptor)
    if not isinstance(package, dict):
        raise DataError(f"{descriptor} does not describe a data package.")
    return [descriptor, *(table_path(descriptor, package, name) for name in _NEEDED)]


def _pictures(tables: Mapping[str, Path], asked: Asked) -> Iterator[Told]:
    with scratch(_TABLES) as db:
        rows = table_rows(tables["observations"], _OBSERVATIONS, _NEEDED["observations"])
        fill(db, f"INSERT INTO seen VALUES ({', '.join('?' * 13)})", map(_row, rows))
        for statement in _INDEXES:
            db.execute(statement)
        for media in table_rows(tables["media"], _MEDIA, _NEEDED["media"], paths=("filePath",)):
            names = path_spellings(media["filePath"])
            names = tuple(dict.fromkeys((*names, *map(unquote, names))))
            found = _found(db, media)
            wanted = [row for row in found if row[6] in ("", asked.kind)]
            if wanted:
                yield told_of(names, [_said(row, asked.naming) for row in wanted])
            elif found:
                yield Told(names, why_not=BY_OTHERS[asked.kind])
            else:
                yield Told(names, why_not=UNSEEN)


def _found(db: sqlite3.Connection, media: Mapping[str, str]) -> list[tuple[str, ...]]:
    """What was observed in a picture, or else in the events around it."""
    own = db.execute(_OF_MEDIA, (text_of(media["mediaID"]),)).fetchall()
    at = seconds_of(media["timestamp"])
    if not own and at is not None:
        deployment = text_of(media["deploymentID"])
        own = db.execute(_OF_EVENT, (deployment, at, at, at)).fetchall()
    # `unclassified` is what nobody has looked at.
    return [row for row in own if row[0] != "unclassified"]


def _row(row: Mapping[str, str]) -> tuple[Any, ...]:
    kind = row["classificationMethod"]
    return (
        *(text_of(row[name]) for name in ("mediaID", "deploymentID")),
        *(seconds_of(row[name]) for name in ("eventStart", "eventEnd")),
        *(text_of(row[name]) for name in ("observationType", "scientificName", *BOX)),
        kind if kind in KINDS else "",
        *(text_of(row[name]) for name in ("classificationProbability", "observationTags")),
    )


def seconds_of(text: str) -> float | None:
    """A time with its zone, which the format demands, in seconds since 1970; None without one."""
    moment = moment_of(text)
    try:
        return None if moment is None else moment.astimezone(UTC).timestamp()
    except (OverflowError, OSError, ValueError):
        return None


def moment_of(text: str) -> datetime | None:
    """A time with its zone, which the format demands; None without one, since it is no moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _said(row: tuple[str, ...], naming: Naming) -> Said:
    kind, species, *sides, _, chance, tags = row
    box, confidence = box_of(sides), share_of(chance)
    if label := TYPES.get(kind):
        return Said(label, species or kind, box, confidence)
    if kind == "animal":
        named = naming.said(species, box, confidence) if species else None
        tagged = tagged_label(tags)
        if named is not None and named.label:
            return named
        if tagged in LABELS:
            return Said(tagged, species or tagged_species(tags) or tagged, box, confidence)
        return Said(None, species or kind, box, confidence, ANIMAL)
    return Said(None, kind, box, confidence, _VAGUE.get(kind, ""))


def tagged_label(tags: str) -> str:
    """The label in `key:value | label:prey`, as camtrap writes it; empty where there is none."""
    label = _tag(tags, "label")
    return label if label in LABELS else ""


def tagged_species(tags: str) -> str:
    """What a person called the species, as camtrap writes it into a tag."""
    return _tag(tags, "species")


def _tag(tags: str, wanted: str) -> str:
    for tag in tags.split("|"):
        key, _, value = tag.partition(":")
        if key.strip() == wanted:
            return value.strip()
    return ""


def box_of(sides: list[str]) -> Box | None:
    """A box from its four cells; None where one is empty or no number."""
    try:
        numbers = [float(side) for side in sides]
    except ValueError:
        return None
    return relative_box(numbers) if all(map(math.isfinite, numbers)) else None
