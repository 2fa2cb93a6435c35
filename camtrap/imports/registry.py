"""Every format of `camtrap import`, and which of them a file is in."""

from __future__ import annotations

from pathlib import Path

from camtrap.errors import ConfigError, DataError
from camtrap.imports.documents import document_head
from camtrap.imports.tables import header_of
from camtrap.imports.told import HUMAN, MACHINE, Reader

_THRESHOLD = {"threshold": "from where a detection counts, 0 to 1"}

READERS: tuple[Reader, ...] = (
    Reader(
        "megadetector",
        "MegaDetector's JSON 1.0 to 1.6: MegaDetector, AddaxAI, EcoAssist",
        "megadetector",
        MACHINE,
        _THRESHOLD,
    ),
    Reader(
        "speciesnet",
        "SpeciesNet's predictions.json, before and from release 5",
        "speciesnet",
        MACHINE,
        _THRESHOLD,
    ),
    Reader("camtrap-dp", "Camtrap DP: Agouti, Trapper, GBIF; a folder", "camtrap_dp", HUMAN),
    Reader("coco", "COCO Camera Traps, as LILA has them", "coco", HUMAN),
    Reader(
        "timelapse",
        "CSV exported by Timelapse",
        "timelapse",
        HUMAN,
        {
            "label": "the column that holds the species [default: Species]",
            "confidence": "a column that holds a confidence, 0 to 1",
        },
    ),
    Reader("camtrapr", "record table of R's camtrapR (CSV)", "camtrapr", HUMAN),
)

_DOCUMENT_LISTS = ("images", "annotations", "predictions")


def reader_named(name: str) -> Reader:
    """The reader of this name; raises `ConfigError` that lists what there is."""
    for reader in READERS:
        if reader.name == name:
            return reader
    raise ConfigError(f"There is no format '{name}'. The formats that are read:\n{listing()}")


def reader_of(path: Path) -> Reader:
    """The reader for a file, by what is in it; raises `DataError` when it is of no known kind."""
    if not path.exists():
        raise DataError(f"{path} does not exist. Check the name.")
    if path.is_dir():
        return _named("camtrap-dp" if (path / "datapackage.json").is_file() else "", path)
    if path.suffix.lower() in (".csv", ".txt", ".tsv"):
        columns = set(header_of(path))
        if {"file", "relativepath"} <= columns:
            return _named("timelapse", path)
        is_record_table = {"filename", "directory", "species"} <= columns
        return _named("camtrapr" if is_record_table else "", path)
    head, lists = document_head(path, _DOCUMENT_LISTS)
    if "predictions" in lists:
        return _named("speciesnet", path)
    if "resources" in head:
        return _named("camtrap-dp", path)
    if {"images", "annotations"} <= lists and "categories" in head:
        return _named("coco", path)
    is_batch = "images" in lists and "detection_categories" in head
    return _named("megadetector" if is_batch else "", path)


def _named(name: str, path: Path) -> Reader:
    if not name:
        raise DataError(
            f"{path} is in none of the formats that are read (name one with --format):\n{listing()}"
        )
    return reader_named(name)


def listing() -> str:
    """A line for each format with what writes it, and one for each of its options."""
    width = max(len(reader.name) for reader in READERS)
    lines = []
    for reader in READERS:
        lines.append(f"  {reader.name:{width}}  {reader.tells} ({reader.kind})")
        for name, tells in reader.options.items():
            lines.append(f"  {'':{width}}    --option {name}=...  {tells}")
    return "\n".join(lines)
