"""An export into its folder: written beside it, put in its place at the end, never onto a card.

What an interrupted export leaves is in `.FORMAT.part`, and the earlier export stays as it was. What
a folder holds is listed in its `.camtrap-export`, so that a file which a person put there, or
worked on, is told from ours: the earlier folder is then kept under another name.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.lock import locked
from camtrap.ledger.rows import CardEntry, text_of
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported, Format, Source

DEFAULT_FOLDER = "exports"
MARK = ".camtrap-export"

_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
"""What computers put into folders that somebody looks at."""


class Held(NamedTuple):
    """A file of an export's folder: the parts of its path there, and its bytes."""

    parts: tuple[str, ...]
    size: int


def export(source: Source, form: Format, parent: Path, command: str = "camtrap export") -> Exported:
    """Write one format into `parent/FORMAT` and return what was written, where it lies now.

    An earlier export there is replaced when all is written. Raises `SeasonError` when the folder
    lies on a card or cannot be written, and whatever the format raises.
    """
    target = parent / form.name
    check_off_cards(source.ledger, target)
    form.writer()  # tells what is not installed before anything is made
    work = parent / f".{form.name}.part"
    ours = False
    try:
        with locked(work, command):
            ours = True
            _finish_earlier(work, target)
            if form.in_place_with and form.in_place_with in source.options:
                done = _in_place(source, form, target)
            else:
                done = _replacing(source, form, work, target)
    except OSError as error:
        raise SeasonError(
            f"{text_of(str(target))} cannot be written: {error.strerror or error}. Close it if "
            "another program has it open, check the free space, and run the same command again. "
            "The earlier export is as it was."
        ) from error
    finally:
        # What lies there is the earlier export, if even its way back was barred.
        if ours and not (work / "old").exists():
            shutil.rmtree(work, ignore_errors=True)
    return done


def check_off_cards(ledger: Ledger, folder: Path) -> None:
    """Raise `SeasonError` when a folder, which need not exist, is or lies within a card's."""
    if card := card_around(ledger, folder):
        raise SeasonError(
            f"{text_of(str(folder))} lies on the card {card.name} ({text_of(str(card.root))}), and "
            "nothing is ever written to a card. Choose a folder elsewhere with --out."
        )


def check_holds_no_card(ledger: Ledger, folder: Path, never: str) -> None:
    """Raise unless a folder is there, and neither lies on a card nor holds one.

    `never` is what is not done to cards, as "written to". Raises `ConfigError` and `SeasonError`.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder. Name the one that holds a copy of the cards.")
    inside = folder.resolve()
    on_card = card_around(ledger, folder)
    for card in [on_card] if on_card else ledger.cards():
        if on_card or card.root.resolve().is_relative_to(inside):
            raise SeasonError(
                f"{text_of(str(folder))} is, or holds, the card {card.name}, and nothing is ever "
                f"{never} a card. Copy the card's files to a disk, and name that folder."
            )


def card_around(ledger: Ledger, folder: Path) -> CardEntry | None:
    """The card on which a folder lies, by whatever name the folder is called; None for no card."""
    folder = folder.resolve()
    around = [folder, *folder.parents]
    for card in ledger.cards():
        root = card.root.resolve()
        if root in around or any(_is_same(root, place) for place in around):
            return card
    return None


def _is_same(one: Path, other: Path) -> bool:
    """True for one folder under two names, as drives without capitals and mounts give them."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _finish_earlier(work: Path, target: Path) -> None:
    """Clear what an export left that was killed; between its two last steps, bring the old back."""
    old = work / "old"
    if old.exists() and not target.exists():
        old.rename(target)
    for left in (old, work / "new"):
        if left.exists():
            shutil.rmtree(left)


def _in_place(source: Source, form: Format, target: Path) -> Exported:
    is_new = not target.exists()
    target.mkdir(exist_ok=True)
    try:
        return form.writer()(source, target)
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # it holds something by now
                target.rmdir()
        raise


def _replacing(source: Source, form: Format, work: Path, target: Path) -> Exported:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise SeasonError(
            f"{text_of(str(target))} is not a folder of its own. Remove it, or name another place "
            "with --out."
        )
    new = work / "new"
    new.mkdir()
    try:
        done = form.writer()(source, new)
        _write_mark(new, form.name)
        # Pictures that are missing now may lie in the earlier folder, and nowhere else any more.
        note = _put_in_place(new, target, work / "old", keep=done.missing > 0)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    paths = tuple(target / path.relative_to(new) for path in done.paths)
    return replace(done, paths=paths, notes=(*done.notes, note) if note else done.notes)


def _put_in_place(new: Path, target: Path, old: Path, *, keep: bool) -> str:
    """Let `new` take the place of `target`; returns what is to be told of what was there."""
    stranger = _stranger(target) if target.exists() else ""
    kept = _free_name(target) if stranger or (keep and target.exists()) else None
    if target.exists():
        target.rename(kept or old)
    try:
        new.rename(target)
    except OSError:
        if (kept or old).exists():
            (kept or old).rename(target)
        raise
    if kept is None:
        shutil.rmtree(old, ignore_errors=True)  # where that is barred, the next export does it
        return ""
    why = f"held {text_of(stranger)}, which is not as camtrap wrote it" if stranger else "held more"
    return f"The earlier folder {why}; all that was there is kept in {text_of(str(kept))}."


def _free_name(target: Path) -> Path:
    number = 1
    while (free := target.with_name(f"{target.name}-earlier-{number}")).exists():
        number += 1
    return free


# -- what is ours


def _write_mark(folder: Path, name: str) -> None:
    """List an export's files with their sizes, a line each, in the order of a walk."""
    held = _walk(folder)
    # Beside the folder first, or the list would hold itself.
    listed = folder.with_name(MARK)
    with listed.open("w", encoding="ascii", newline="\n") as stream:
        stream.write(json.dumps({"camtrap export": name}) + "\n")
        for file in held:
            stream.write(json.dumps([file.size, *file.parts]) + "\n")
    listed.replace(folder / MARK)


def _stranger(folder: Path) -> str:
    """The first file of a folder that is not as its list tells, or empty; holds one at a time."""
    listed = _listed(folder / MARK)
    ours = next(listed, None)
    for file in _walk(folder):
        if file.parts == (MARK,) or file.parts[-1].lower() in _SYSTEM_FILES:
            continue
        # What is listed and has gone was removed by a person, which is no loss.
        while ours is not None and ours.parts < file.parts:
            ours = next(listed, None)
        if ours != file:
            return "/".join(file.parts)
    return ""


def _listed(mark: Path) -> Iterator[Held]:
    try:
        with mark.open(encoding="ascii") as stream:
            next(stream)
            for line in stream:
                size, *parts = json.loads(line)
                yield Held(tuple(map(str, parts)), int(size))
    except (OSError, ValueError, StopIteration):
        return  # without a list that can be read, nothing is known to be ours


def _walk(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Held]:
    """The files below a folder, by the parts of their paths; links are told, not followed."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        parts = (*above, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), parts)
        else:
            yield Held(parts, entry.stat(follow_symlinks=False).st_size)
