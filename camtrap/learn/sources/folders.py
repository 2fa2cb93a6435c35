"""Labelled pictures from folders: one folder a label or species, and sites inside them."""

from __future__ import annotations

import logging
from pathlib import Path

from camtrap.card.clock import resolve_time
from camtrap.card.exif import parse_capture
from camtrap.card.scan import scan, station_folder
from camtrap.engine.stages import read_file
from camtrap.errors import DataError, UnreadablePicture
from camtrap.imports.said import Truth
from camtrap.learn.dataset import Sample
from camtrap.learn.sources.gather import NOT_A_PICTURE, Gathering
from camtrap.records import LABELS, Capture, ImageFile
from camtrap.taxonomy import Taxonomy, words_of

log = logging.getLogger(__name__)


def read_folders(path: Path, taxonomy: Taxonomy) -> list[Sample]:
    """Every picture below `path`, labelled by the folder that it lies in.

    The first folder is a label (`leopard`) or a species (`roe deer`); a species may also be inside
    its label (`prey/roe deer`). The next folder, but for those that cameras make, is the site and
    becomes the group. Without one, the group is the capture event: frames less than 30 minutes
    apart by EXIF or file name, of one camera by its serial number or else of one label's folder.
    A picture without a time is a group of its own.

    Raises `DataError` for a folder that is neither a label nor a species.
    """
    gathering = Gathering(path, path.resolve().name)
    labels: dict[str, str] = {}
    for file in scan(path):
        folder, _, rest = file.relative_path.partition("/")
        if not rest:
            gathering.leave_out("outside the folders of labels")
            continue
        label = labels.setdefault(folder, "") or _label_of(path, folder, taxonomy)
        labels[folder] = label
        if file.skip_reason:
            gathering.leave_out(NOT_A_PICTURE)
            continue
        species, site = _inside(path / folder, label, rest, taxonomy)
        if not species and words_of(folder) != (label,):
            species = folder
        capture = _capture(file)
        gathering.add(
            file.path,
            file.relative_path,
            Truth(label, species, ()),
            camera=site or capture.serial or folder,
            group=f"{gathering.source} {site}" if site else "",
            taken_at=capture.taken_at,
        )
    return gathering.samples()


def _label_of(path: Path, folder: str, taxonomy: Taxonomy) -> str:
    label = folder.casefold()
    if label in LABELS:
        return label
    found = taxonomy.label_of(folder)
    if found is None:
        raise DataError(
            f"The folder '{folder}' in {path} is neither a label ({', '.join(LABELS)}) nor a "
            "species of the list. Rename it, or take it out."
        )
    return found


def _inside(folder: Path, label: str, rest: str, taxonomy: Taxonomy) -> tuple[str, str]:
    """Species and site that the folders inside a label's folder tell, each empty when not told."""
    first, _, deeper = rest.partition("/")
    species = ""
    if deeper and (inner := taxonomy.label_of(first)) is not None:
        if inner != label:
            raise DataError(
                f"{folder / first} cannot be both {label} and {inner}. If it is a site, rename it "
                f"(site {first}); otherwise move it beside {folder.name}."
            )
        species, rest = first, deeper
    return species, station_folder(rest).partition("/")[0]


def _capture(file: ImageFile) -> Capture:
    """What header and name tell; a file's own date says when it was copied, and is not heard.

    Raises `CardError` when the pictures' folder has vanished.
    """
    try:
        capture = parse_capture(read_file(file))
    except UnreadablePicture as error:
        log.debug("No header in %s: %s", file.path, error)
        capture = Capture()
    return resolve_time(capture, file.relative_path, 0)
