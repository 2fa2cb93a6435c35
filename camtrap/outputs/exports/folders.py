"""The pictures themselves, sorted into a folder a label: copied, linked, or moved out of a copy.

A picture is taken only when it is the one that was looked at: cameras begin their numbers anew, and
another card in the same reader holds the same names. Names are the deployment's, the time and the
file's own; no two are the same, and no file is written over.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path

from camtrap.errors import ConfigError, SeasonError
from camtrap.events.frames import Frame
from camtrap.events.names import image_id
from camtrap.ledger.rows import text_of
from camtrap.outputs.exports.bare_jpeg import bare_jpeg
from camtrap.outputs.exports.base import Exported, Source
from camtrap.outputs.exports.moving import copy_out, move_out
from camtrap.outputs.exports.pictures_at import is_same, path_on_card, picture_path, read_same
from camtrap.outputs.exports.registry import chosen
from camtrap.outputs.exports.safe_names import UniqueNames, safe_name
from camtrap.outputs.exports.sites import shows_people
from camtrap.outputs.exports.writing import check_holds_no_card
from camtrap.records import LABELS, UNSURE, State

MODES = ("copy", "hardlink", "symlink")
_SPARE_BYTES = 64 << 20
_NO_EVENT = "no_event"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options ask for; `moved_from` is None unless pictures are to be moved."""

    by_event: bool
    mode: str
    labels: frozenset[State]
    moved_from: Path | None


@dataclass(slots=True)
class _Sorting:
    """One export under way."""

    source: Source
    wish: Wish
    out: Path
    count: Counter[str] = field(default_factory=Counter)


def write(source: Source, out: Path) -> Exported:
    """Sort the pictures; the rows are those that lie in the folders.

    Raises `ConfigError` for options that do not go together, and `SeasonError` when the room does
    not suffice, links cannot be made, or no picture at all is where it was.
    """
    wish = wish_of(source)
    if wish.mode == "copy" and wish.moved_from is None:
        _check_room(source, wish, out)
    sorting = _Sorting(source, wish, out)
    with closing(UniqueNames()) as names, closing(_EventLabels(source, wish)) as labels:
        for frame in _wanted(source, wish, labels, sorting.count):
            folder = _folder_of(source, wish, frame, labels)
            name = names.give(folder, _name_of(source, frame))
            _place(sorting, frame, out / folder / name)
    if sorting.count["missing"] and not sorting.count["placed"]:
        raise SeasonError(
            f"None of the {sorting.count['missing']:,} pictures is where it was. {_where(source)}"
        )
    return Exported((out,), sorting.count["placed"], _notes(sorting), sorting.count["missing"])


def wish_of(source: Source) -> Wish:
    """The options, checked; raises `ConfigError`, and `SeasonError` for a card to move out of."""
    options = source.options
    mode = chosen(options, "mode", MODES)
    moved_from = Path(options["move-from"]) if "move-from" in options else None
    if moved_from is not None:
        if "mode" in options:
            raise ConfigError("Pictures are moved or copied or linked: give move-from or mode.")
        check_holds_no_card(source.ledger, moved_from, "taken from")
    if source.public and (mode != "copy" or moved_from is not None):
        raise ConfigError(
            "A public export holds copies without the camera's notes; leave mode and move-from out."
        )
    by_event = chosen(options, "by", ("picture", "event")) == "event"
    return Wish(by_event, mode, labels_of(options), moved_from)


def labels_of(options: Mapping[str, str]) -> frozenset[State]:
    """The labels that are wanted, all but empty where nothing is said; raises `ConfigError`."""
    said = options.get("labels", "")
    every = (*LABELS, UNSURE)
    if said == "all":
        return frozenset(map(State, every))
    if not said:
        return frozenset(State(label) for label in every if label != State.EMPTY)
    labels = [label.strip() for label in said.split(",")]
    if unknown := [label for label in labels if label not in every]:
        raise ConfigError(f"'{unknown[0]}' is no label. Labels are: {', '.join(every)}, or all.")
    return frozenset(map(State, labels))


# -- which, and where to


class _EventLabels:
    """The label of each event by its name, in a scratch file; needed only to sort by event."""

    def __init__(self, source: Source, wish: Wish) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE event (name TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID")
        if wish.by_event:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO event VALUES (?, ?)",
                ((event.name, event.label.value) for event in source.events),
            )

    def close(self) -> None:
        self._db.close()

    def of(self, event: str) -> State | None:
        row = self._db.execute("SELECT label FROM event WHERE name = ?", (event,)).fetchone()
        return None if row is None else State(row[0])


def _label(source: Source, wish: Wish, frame: Frame, labels: _EventLabels) -> State:
    """The folder's label: the picture's own, or that of the event that it is part of."""
    if not wish.by_event:
        return frame.label
    return labels.of(source.events.event_of(frame.entry.file_id)) or frame.label


def _wanted(
    source: Source, wish: Wish, labels: _EventLabels, count: Counter[str]
) -> Iterator[Frame]:
    for frame in source.frames():
        if source.public and shows_people(frame):
            count["people"] += 1
        elif not frame.label.is_label:
            count[frame.label.value] += 1
        elif _label(source, wish, frame, labels) in wish.labels:
            yield frame
        elif frame.label == State.EMPTY:
            count["empty"] += 1


def _folder_of(source: Source, wish: Wish, frame: Frame, labels: _EventLabels) -> str:
    """`leopard`, or `leopard/ST01_e0001`, POSIX."""
    label = _label(source, wish, frame, labels)
    if not wish.by_event:
        return label.value
    event = source.events.event_of(frame.entry.file_id)
    if event and source.public:  # events are called after stations
        event = f"event-{sha1(event.encode()).hexdigest()[:10]}"
    return f"{label.value}/{safe_name(event or _NO_EVENT)}"


def _name_of(source: Source, frame: Frame) -> str:
    """`ST01_20260203-215000_RCNX0001.JPG`; for everybody, no word that comes from the card."""
    entry = frame.entry
    own = entry.relative_path.rpartition("/")[2]
    moment = frame.taken_at if frame.dated else None
    parts = [] if moment is None else [moment.strftime("%Y%m%d-%H%M%S")]
    if source.public:
        parts.append(f"{image_id(entry)}.jpg")
    else:
        parts = [frame.deployment_id, *parts, own]
    return safe_name("_".join(parts))


# -- getting them there


def _place(sorting: _Sorting, frame: Frame, to: Path) -> None:
    """Bring one picture to its place, and count what became of it."""
    source, wish, entry = sorting.source, sorting.wish, frame.entry
    if wish.moved_from is not None:
        where = (f"{entry.card}/", "")
        on_card = path_on_card(source.ledger, entry)
        candidates = [wish.moved_from / f"{above}{on_card}" for above in where]
        sorting.count[move_out(entry, candidates, wish.moved_from, to)] += 1
        return
    path = picture_path(source.ledger, entry)
    if wish.mode != "copy":
        found = is_same(entry, path)
        if found:
            _link(path, to, wish.mode)
        sorting.count["placed" if found else "missing"] += 1
        return
    data = read_same(entry, path)
    if data is None:
        sorting.count["missing"] += 1
        return
    if source.public:
        bare = bare_jpeg(data, entry.capture.orientation)
        if bare is None:
            sorting.count["no JPEG"] += 1
            return
        copy_out(bare, to)
    else:
        copy_out(data, to, modified_ns=path.stat().st_mtime_ns)
    sorting.count["placed"] += 1


def _link(path: Path, to: Path, mode: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        if mode == "hardlink":
            os.link(path, to)
        else:
            to.symlink_to(path.absolute())
    except (OSError, NotImplementedError) as error:
        raise SeasonError(
            f"No {mode} can be made from {text_of(str(path))} to {text_of(str(to.parent))}: "
            f"{error}. Hard links need one drive for both, and links on Windows the developer "
            "mode; --option mode=copy always works."
        ) from error


def _check_room(source: Source, wish: Wish, out: Path) -> None:
    """Raise before the first of a hundred thousand copies when there is no room for the last."""
    with closing(_EventLabels(source, wish)) as labels:
        wanted = _wanted(source, wish, labels, Counter())
        size = sum(frame.entry.size for frame in wanted)
    free = shutil.disk_usage(out).free
    if size + _SPARE_BYTES > free:
        raise SeasonError(
            f"The pictures take {size / 1e9:,.1f} GB and {free / 1e9:,.1f} GB are free. Make room, "
            "name another drive with --out, or take fewer: --option labels=leopard."
        )


def _where(source: Source) -> str:
    roots = ", ".join(text_of(str(card.root)) for card in source.ledger.cards()[:5])
    return f"Put the cards in where they were ({roots}), and type the same command again."


def _notes(sorting: _Sorting) -> tuple[str, ...]:
    return tuple(
        tells.format(sorting.count[kind], where=_where(sorting.source))
        for kind, tells in _NOTES.items()
        if sorting.count[kind]
    )


_NOTES = {
    "missing": "{:,} pictures are not where they were, or are others now. {where}",
    "empty": "{:,} empty pictures were left where they are; --option labels=all brings them.",
    "people": "{:,} files with people or vehicles are left out.",
    "no JPEG": "{:,} pictures are no whole JPEG; what their cameras wrote into them cannot be "
    "taken out, and they are left out.",
    State.DUPLICATE: "{:,} files that repeat another were left where they are.",
    State.UNREADABLE: "{:,} files could not be read.",
    State.TRUNCATED: "{:,} files are cut short.",
    State.SKIPPED: "{:,} videos and other files were not looked at.",
    State.PENDING: "{:,} files wait to be looked at; type 'camtrap run' first.",
}
