"""Labelled pictures, however they come: a manifest, folders, a season, or others' tables.

One way in: `read_samples` looks at what it was given and hands it to the reader of its kind. See
docs/labelled_data.md.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from camtrap.errors import DataError
from camtrap.imports.camtrap_dp import DESCRIPTOR
from camtrap.imports.documents import read_json
from camtrap.learn.dataset import Sample, read_manifest
from camtrap.learn.sources.camtrap_dp import read_camtrap_dp
from camtrap.learn.sources.coco import read_coco
from camtrap.learn.sources.folders import read_folders
from camtrap.learn.sources.gather import MISSING
from camtrap.learn.sources.megadetector import read_megadetector
from camtrap.learn.sources.season import read_season
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.taxonomy import Taxonomy, read_taxonomy

log = logging.getLogger(__name__)

MANIFEST = "manifest.csv"


def read_samples(
    path: Path,
    *,
    splits: Collection[str] = (),
    pictures: Path | None = None,
    taxonomy: Taxonomy | None = None,
) -> list[Sample]:
    """The labelled pictures that `path` holds or names, in its order.

    A `.csv` is a manifest, and so is a folder with `manifest.csv`. A `.json` is COCO Camera Traps,
    MegaDetector's batch format or the descriptor of a Camtrap DP package. A folder with
    `ledger.sqlite` is a season, one with `datapackage.json` a package, and any other folder holds
    one folder a label.

    `splits` chooses rows of a manifest, all when empty; the other kinds know none and give all.
    `pictures` is the folder below which named pictures are looked for, that of `path` unless given.
    `taxonomy` tells the label of a species' name, the Amur list unless given.

    A picture that is named but not there is left out and counted in the log. Raises `DataError`
    when nothing is left, or when `path` cannot be used.
    """
    if not path.exists():
        raise DataError(f"The labelled data {path} do not exist. Check the name.")
    manifest = path / MANIFEST if path.is_dir() else path
    if manifest.suffix.lower() == ".csv" and manifest.is_file():
        return _from_manifest(manifest, splits, pictures)
    if splits:
        log.warning("%s knows no splits: all its pictures are taken.", path)
    if path.is_dir() and (path / LEDGER_NAME).is_file():
        return read_season(path, pictures)
    taxonomy = taxonomy or read_taxonomy()
    if path.is_dir():
        if (path / DESCRIPTOR).is_file():
            return read_camtrap_dp(path, taxonomy, pictures)
        return read_folders(path, taxonomy)
    if path.suffix.lower() == ".json":
        return _from_json(path, pictures, taxonomy)
    raise DataError(
        f"{path} is nothing that labelled pictures are read from: give a CSV manifest, a JSON, a "
        "season, or a folder with one folder a label (see docs/labelled_data.md)."
    )


def _from_manifest(path: Path, splits: Collection[str], pictures: Path | None) -> list[Sample]:
    samples = read_manifest(path, splits)
    if pictures is not None:
        samples = [replace(sample, path=pictures / sample.file) for sample in samples]
    there = [sample for sample in samples if sample.path.is_file()]
    if not there:
        raise DataError(f"None of the {len(samples)} pictures that {path} names was found.")
    if missing := len(samples) - len(there):
        log.warning("%s: %d of %d pictures left out: %s", path, missing, len(samples), MISSING)
    return there


def _from_json(path: Path, pictures: Path | None, taxonomy: Taxonomy) -> list[Sample]:
    document = read_json(path)
    keys = document.keys() if isinstance(document, dict) else set()
    folder = pictures or path.parent
    if "resources" in keys:
        return read_camtrap_dp(path, taxonomy, pictures)
    if {"images", "annotations", "categories"} <= keys:
        return read_coco(path, document, folder, taxonomy)
    if {"images", "detection_categories"} <= keys:
        return read_megadetector(path, document, folder, taxonomy)
    raise DataError(
        f"{path} is none of the JSON kinds that are read: COCO Camera Traps (images, annotations, "
        "categories), MegaDetector (images, detection_categories), Camtrap DP (resources)."
    )
