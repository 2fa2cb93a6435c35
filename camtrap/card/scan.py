"""The card's files: every picture and video under a folder, in path order, none of them opened.

Law of this room: whatever a camera may have written is yielded, with a reason when it is not to be
looked at, so that the season's totals can equal the files on the card. What a computer left behind
(`._*`, `$RECYCLE.BIN`) is passed over. Only one folder's names are held in memory at a time, plus
those of the folders above it.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from camtrap.errors import CardError
from camtrap.records import ImageFile

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset(
    ["jpg", "jpeg", "jpe", "jfif", "mpo", "png", "tif", "tiff", "bmp", "webp", "gif"]
)
HEIC_SUFFIXES = frozenset(["heic", "heif"])
VIDEO_SUFFIXES = frozenset(
    ["mp4", "avi", "mov", "mkv", "m4v", "mts", "m2ts", "wmv", "3gp", "asf", "mpg", "mpeg", "webm"]
)
RAW_SUFFIXES = frozenset(
    ["cr2", "cr3", "crw", "nef", "arw", "sr2", "dng", "orf", "rw2", "raf", "pef", "srw"]
)
UNREAD_SUFFIXES = frozenset(["avif", "jxl", "jp2"])

VIDEO_EXTRA_REASON = "a video; to look at it: pip install camtrap[video]"
VIDEO_REASON = "a video; only pictures are looked at"
RAW_REASON = "a RAW file; only finished pictures such as JPEG are looked at"
UNREAD_REASON = "a kind of picture that is not read"
HEIC_REASON = "a HEIC picture; to read it: pip install camtrap[heic]"
BROKEN_LINK_REASON = "broken link"
NOT_A_FILE_REASON = "not a regular file"

SEASON_MARK = "ledger.sqlite"
"""A folder that holds this file is a season, our own output, and no part of the card."""

_SYSTEM_FOLDER = re.compile(
    r"\..*|\$recycle\.bin|system volume information|lost\+found|found\.\d{3}",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
# DCF (JEITA CP-3461): three digits from 100, five letters, digits or underscores.
_DCF_FOLDER = re.compile(r"[1-9]\d{2}\w{5}", re.ASCII)

_UNSEEN = " .\t\r\n\u00a0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"

OnError = Callable[[Path, OSError], None]


def scan(
    card: Path, *, videos: bool = False, on_error: OnError | None = None
) -> Iterator[ImageFile]:
    """Return an iterator over every media file under `card`, ordered by the parts of its path.

    A single picture may stand for a card: it is yielded with its folder as card. Links are
    followed, each folder once. A folder that cannot be listed goes to `on_error` with its error
    (a warning in the log when not given) and the scan continues with the next. A file whose size
    cannot be read is yielded with size 0, so that reading it fails in plain sight. With `videos`,
    clips are to be read where the extra `video` is installed, as HEIC pictures are with theirs.

    Raises `CardError` at once, before the first file, when `card` itself cannot be listed.
    """
    card = Path(card)
    reasons = _skip_reasons(videos)
    try:
        is_folder = stat.S_ISDIR(card.stat().st_mode)
        if is_folder:
            os.scandir(card).close()
    except FileNotFoundError as error:
        raise CardError(
            f"{card} does not exist. Check that the card is plugged in, and its drive letter or "
            "folder name."
        ) from error
    except OSError as error:
        raise CardError(
            f"{card} cannot be listed ({error.strerror or error}). Check that you may read it, "
            "take the card out and put it in again, or try another reader."
        ) from error
    if is_folder:
        return _Walk(card, reasons, on_error or _warn).files()
    if _suffix(card.name) not in reasons:
        raise CardError(
            f"{card} is neither a folder nor a picture. Name the folder that holds the pictures."
        )
    image_file = _image_file(card.parent, card.name, str(card), reasons[_suffix(card.name)])
    return iter([image_file])


def station_folder(relative_path: str) -> str:
    """Return the folder that stands for a file's station, POSIX, or '' when the path names none.

    These are the file's folders without those that cameras make: `DCIM`, and folders of a camera's
    kind of name (`100RECNX`) that lie directly below `DCIM` or directly hold the file. A camera
    that rolls over from 100RECNX to 101RECNX stays one station. A station whose own name is of that
    kind (`101NORTH`) is kept only when a camera's folder lies inside it; a date (`20210411`) is no
    camera's name except below `DCIM`.
    """
    folders = relative_path.split("/")[:-1]
    kept = []
    for position, folder in enumerate(folders):
        below_dcim = position > 0 and _is_dcim(folders[position - 1])
        innermost = position == len(folders) - 1 and not folder.isdigit()
        made_by_camera = (below_dcim or innermost) and _DCF_FOLDER.fullmatch(folder)
        if folder and not _is_dcim(folder) and not made_by_camera:
            kept.append(folder)
    return "/".join(kept)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder on the way: its names still to come, and whether a link led here."""

    relative: str
    entries: Iterator[os.DirEntry[str]]
    linked: bool


@dataclass(slots=True)
class _Walk:
    """One walk over a card: depth first, one sorted listing a level, no recursion."""

    card: Path
    reasons: dict[str, str]
    on_error: OnError
    reached: set[str] = field(default_factory=set)

    def files(self) -> Iterator[ImageFile]:
        # The card itself may hold a season, when someone writes it beside the pictures.
        stack = [_Folder("", iter(self._list("")), False)]
        while stack:
            folder = stack[-1]
            entry = next(folder.entries, None)
            if entry is None:
                stack.pop()
                continue
            relative = f"{folder.relative}/{entry.name}" if folder.relative else entry.name
            if self._is_folder(entry, relative):
                below = self._enter(entry, relative, folder.linked)
                if below is not None:
                    stack.append(below)
                continue
            reason = self.reasons.get(_suffix(entry.name))
            if reason is not None and not entry.name.startswith("._"):
                yield _image_file(self.card, relative, entry.path, reason)

    def _is_folder(self, entry: os.DirEntry[str], relative: str) -> bool:
        try:
            return entry.is_dir()
        except OSError as error:
            # A link that points at itself. A damaged entry that has a picture's name is yielded
            # as one; of another we cannot tell whether pictures were inside, so we say so.
            if _suffix(entry.name) not in self.reasons and not entry.is_symlink():
                self.on_error(self.card / relative, error)
            return False

    def _enter(self, entry: os.DirEntry[str], relative: str, linked: bool) -> _Folder | None:
        if _SYSTEM_FOLDER.fullmatch(entry.name):
            return None
        linked = linked or _is_link(entry)
        if linked and not self._is_new(relative):
            logger.debug("Link to a folder that is walked elsewhere: %r", relative)
            return None
        entries = self._list(relative)
        if any(found.name == SEASON_MARK for found in entries):
            logger.debug("A season, not part of the card: %r", relative)
            return None
        return _Folder(relative, iter(entries), linked)

    def _is_new(self, relative: str) -> bool:
        """True for a folder behind a link that no other path of this walk leads to.

        Folders of the card keep their own names: a link to one is not followed. Real paths tell
        folders apart, because inode numbers are invented, and may repeat, on FAT and network cards.
        """
        real = os.path.realpath(self.card / relative)
        home = os.path.realpath(self.card)
        if real in self.reached or real == home or real.startswith(os.path.join(home, "")):  # noqa: PTH118
            return False
        self.reached.add(real)
        return True

    def _list(self, relative: str) -> list[os.DirEntry[str]]:
        """The entries of a folder, sorted by name; a fault of the card is reported."""
        entries: list[os.DirEntry[str]] = []
        path = self.card / relative
        try:
            with os.scandir(path) as found:
                for entry in found:  # what came before a fault is kept
                    entries.append(entry)
        except OSError as error:
            self.on_error(path, error)
        return sorted(entries, key=lambda entry: entry.name)


def is_video(name: str) -> bool:
    """True for the name of a clip."""
    return _suffix(name) in VIDEO_SUFFIXES


def _skip_reasons(videos: bool) -> dict[str, str]:
    """Why a file of each media suffix is skipped; empty for what is read."""
    heic_reason = "" if find_spec("pillow_heif") else HEIC_REASON
    video_reason = VIDEO_REASON
    if videos:
        video_reason = "" if find_spec("av") else VIDEO_EXTRA_REASON
    return (
        dict.fromkeys(IMAGE_SUFFIXES, "")
        | dict.fromkeys(HEIC_SUFFIXES, heic_reason)
        | dict.fromkeys(VIDEO_SUFFIXES, video_reason)
        | dict.fromkeys(RAW_SUFFIXES, RAW_REASON)
        | dict.fromkeys(UNREAD_SUFFIXES, UNREAD_REASON)
    )


def _image_file(card: Path, relative: str, path: str, reason: str) -> ImageFile:
    try:
        # A million times: to make a `Path` takes longer than to ask the card.
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        broken_link = Path(path).is_symlink()
        return ImageFile(card, relative, 0, 0, BROKEN_LINK_REASON if broken_link else reason)
    if not stat.S_ISREG(status.st_mode):
        reason = NOT_A_FILE_REASON
    return ImageFile(card, relative, status.st_size, status.st_mtime_ns, reason)


def _suffix(name: str) -> str:
    # What nobody sees behind a name must not hide a picture; Windows drops it as well.
    name = name.rstrip(_UNSEEN)
    return name.rpartition(".")[2].lower() if "." in name else ""


def _is_link(entry: os.DirEntry[str]) -> bool:
    is_junction = getattr(entry, "is_junction", None)  # Windows, from Python 3.12
    return entry.is_symlink() or bool(is_junction and is_junction())


def _is_dcim(folder: str) -> bool:
    return folder.casefold() == "dcim"


def _warn(path: Path, error: OSError) -> None:
    logger.warning("%s cannot be listed (%s); its files are missing from this run.", path, error)
