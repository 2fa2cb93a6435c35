"""XMP sidecars, `RCNX0031.JPG.xmp`: labels and boxes for digiKam, darktable and exiftool.

They lie in the export's folder, in folders as on the cards, or beside the pictures of a copy of the
cards; never on a card. A picture has the keywords `Species|Leopard` and `Review|machine`, and its
boxes as regions of the Metadata Working Group (MWG 2.0, section 5.9), which are of the picture as
it is stored, each with its centre. No position, no time and no person's name is in them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from camtrap.errors import SeasonError
from camtrap.ledger.rows import Entry, text_of
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.moving import lies_in
from camtrap.outputs.exports.opening import models
from camtrap.outputs.exports.pictures_at import is_same, path_on_card
from camtrap.outputs.exports.recognised import PATHS_AS_ON_CARDS, Recognised, Recognitions
from camtrap.outputs.exports.safe_names import UniqueNames, safe_name
from camtrap.outputs.exports.writing import check_holds_no_card
from camtrap.outputs.exports.xmp_packet import MARK, packet, seen_of

SUFFIX = ".xmp"
_LONGEST_NAME = 255 - len(SUFFIX)
"""Bytes of a picture's name that leave room for the suffix on every file system."""


@dataclass(slots=True)
class _Sidecars:
    """One export under way; `names` are those of the cards' folders in it, `made` the last one."""

    source: Source
    names: UniqueNames
    made: Path | None = None
    count: Counter[str] = field(default_factory=Counter)
    folders: dict[str, str] = field(default_factory=dict)


def write(source: Source, out: Path) -> Exported:
    """Write a sidecar for every file that has a label; the rows are those written.

    Raises `ConfigError` for a folder that is none, and `SeasonError` when it is a card, holds one,
    or holds none of the pictures.
    """
    beside = Path(source.options["beside"]) if "beside" in source.options else None
    if beside is not None:
        check_holds_no_card(source.ledger, beside, "written to")
    recognitions = Recognitions(source)
    told_models = models(source)
    with closing(UniqueNames()) as names:
        work = _Sidecars(source, names)
        for known in recognitions:
            if not known.label:
                work.count["no label"] += 1
                continue
            model = told_models.get(known.origin.entry.run_id or 0, "")
            text = packet(seen_of(known, model))
            if beside is None:
                _in_tree(work, known, out, text)
            else:
                _beside(work, known, beside, text)
    if beside is not None:
        if work.count["missing"] and not work.count["written"]:
            raise SeasonError(
                f"None of the {work.count['missing']:,} pictures is in {text_of(str(beside))}. "
                "Name the folder that holds the copies of the cards' folders."
            )
        _remove_if_empty(out)
    notes = tuple(_notes(work, recognitions, source.public))
    return Exported(
        (out if beside is None else beside,), work.count["written"], notes, work.count["missing"]
    )


# -- in a folder of their own


def _in_tree(work: _Sidecars, known: Recognised, out: Path, text: bytes) -> None:
    entry = known.frame.entry
    parts = path_on_card(work.source.ledger, entry).split("/")
    kept = [mirrored(part) for part in parts]
    folder = out.joinpath(_card_folder(work, entry), *kept[:-1])
    try:
        if folder != work.made:
            folder.mkdir(parents=True, exist_ok=True)
            work.made = folder
        with (folder / f"{kept[-1]}{SUFFIX}").open("xb") as stream:
            stream.write(text)
    except (FileExistsError, NotADirectoryError):
        # Names that differ in capitals alone, on a drive that does not tell them apart.
        work.count["clash"] += 1
        return
    work.count["written"] += 1
    work.count["renamed"] += kept != parts


def mirrored(part: str) -> str:
    """A part of a path on a card as it may be written here, the same wherever that goes."""
    same = part not in ("", ".", "..") and len(os.fsencode(part)) <= _LONGEST_NAME
    # On Windows a colon writes into another file, and `CON` is none.
    if os.name == "nt" and same:
        same = safe_name(part) == part
    return part if same else safe_name(part)


def _card_folder(work: _Sidecars, entry: Entry) -> str:
    if entry.card not in work.folders:
        work.folders[entry.card] = work.names.give("", safe_name(entry.card))
    return work.folders[entry.card]


# -- beside copies


def _beside(work: _Sidecars, known: Recognised, folder: Path, text: bytes) -> None:
    """Write beside the copy of a picture, if that is the picture and no other sidecar is there."""
    entry = known.frame.entry
    on_card = path_on_card(work.source.ledger, entry)
    candidates = (folder / f"{above}{on_card}" for above in (f"{entry.card}/", ""))
    path = next((path for path in candidates if lies_in(path, folder)), None)
    if path is None or not is_same(entry, path):
        work.count["missing"] += 1
        return
    to = path.with_name(f"{path.name}{SUFFIX}")
    there = _bytes_of(to)
    if there is not None and MARK not in there:
        work.count["others"] += 1
        return
    if there != text:
        _replace(to, text)
    work.count["written"] += 1


def _bytes_of(path: Path) -> bytes | None:
    """What lies there already; empty for something that is no file, None for nothing."""
    if not os.path.lexists(path):
        return None
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""


def _replace(to: Path, text: bytes) -> None:
    part = to.with_name(f".{to.name[:200]}.part")
    try:
        part.write_bytes(text)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _notes(work: _Sidecars, recognitions: Recognitions, public: bool) -> Iterator[str]:
    for kind, tells in _NOTES.items():
        number = recognitions.count[kind] or work.count[kind]
        if number:
            yield tells.format(number)
    if public:
        yield PATHS_AS_ON_CARDS


_NOTES = {
    "no label": "{:,} files of which nothing could be said have no sidecar.",
    "pending": "{:,} files wait to be looked at and have none; type 'camtrap run' first.",
    "people": "{:,} files with people or vehicles are left out.",
    "missing": "{:,} pictures are not in that folder, or are others there.",
    "others": "{:,} pictures have a sidecar of another program already, which was left as it is.",
    "renamed": "{:,} names cannot be written here as they are on the card; they were changed.",
    "clash": "{:,} sidecars were not written, because one of that name was there already.",
}
