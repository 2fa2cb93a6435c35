"""Names that break tables, and things on a card that are no files: each is told, none is opened."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from camtrap.engine.stages import FILE_LIMIT, read_file
from camtrap.errors import UnreadablePicture
from camtrap.records import ImageFile, State
from tests.cards import frame
from tests.reliability.triage import answers, check_reason, listed

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX file system")

NAMES = {
    "a comma": "a,b.JPG",
    "quotes": "a\"b'c.JPG",
    "a line break": "a\nb.JPG",
    "a carriage return": "a\rb.JPG",
    "a tab": "a\tb.JPG",
    "a backslash": "a\\b.JPG",
    "equals first": "=1+1.JPG",
    "plus first": "+1.JPG",
    "minus first": "-rf.JPG",
    "at first": "@SUM(A1).JPG",
    "a pipe": "|reboot.JPG",
    "a semicolon": "a;b.JPG",
    "percent": "%s%n%00.JPG",
    "braces": "{0.__class__}.JPG",
    "a web page": "<img src=x onerror=alert(1)>.JPG",
    "an escape sequence": "\x1b[31mred\x07.JPG",
    "text turned round": "a\u202egpj.exe\u202c.JPG",
    "zero-width characters": "a\u200b\u200d\ufeffb.JPG",
    "something unseen behind it": "a.JPG\u200b",
    "a space behind it": "a.JPG ",
    "a dot behind it": "a.JPG.",
    "only a suffix": ".JPG",
    "two suffixes": "a.exe.JPG",
    "spaces alone": "   .JPG",
    "combining marks": "e" + "\u0301" * 100 + ".JPG",
    "emoji": "\U0001f406.JPG",
    "255 bytes": "x" * 251 + ".JPG",
    "255 bytes of Cyrillic": "ж" * 125 + "x.JPG",
    "a name of Windows": "CON.JPG",
    "a stream of Windows": "a.JPG:hidden.JPG",
}


@linux_only
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_picture_of_any_name_is_looked_at(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(frame("prey"))
    assert answers(tmp_path) == {name: (State.PREY, "")}


@linux_only
def test_a_name_of_any_bytes_is_looked_at(tmp_path: Path) -> None:
    names = [b"\xff\xfe.JPG", b"caf\xe9.JPG", b"\x80" * 200 + b".JPG", b"\xc3.jpg"]
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(frame("prey", number))
    found = answers(tmp_path)
    assert {os.fsencode(name) for name in found} == set(names)
    assert {state for state, _ in found.values()} == {State.PREY}


def test_a_folder_that_is_named_as_a_picture_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").mkdir()
    (tmp_path / "a.JPG" / "b.JPG").write_bytes(frame("prey"))
    assert answers(tmp_path) == {"a.JPG/b.JPG": (State.PREY, "")}


def test_a_hard_link_is_a_duplicate(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(frame("prey"))
    try:
        os.link(tmp_path / "a.JPG", tmp_path / "b.JPG")
    except OSError:
        pytest.skip("this file system has no hard links")
    assert [state for state, _ in answers(tmp_path).values()] == [State.PREY, State.DUPLICATE]


# -- what is no file


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    os.mknod(path, 0o020666, os.makedev(1, 5))  # /dev/zero: to read it never ends


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.JPG")


def _own_tail(path: Path) -> None:
    path.symlink_to(path.name)


def _endless_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


NO_FILES = {
    "a pipe": (_pipe, "not a regular file"),
    "a device": (_device, "not a regular file"),
    "a socket": (_socket, "not a regular file"),
    "a link to nothing": (_dangling, "broken link"),
    "a link to itself": (_own_tail, "broken link"),
    "a link to a device": (_endless_device, "not a regular file"),
}


@posix_only
@pytest.mark.parametrize(("make", "says"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_told_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], says: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    try:
        make(Path("a.JPG"))
    except OSError as error:
        pytest.skip(f"cannot be made here: {error}")
    assert answers(tmp_path) == {"a.JPG": (State.SKIPPED, says)}


@posix_only
def test_links_out_of_the_card_are_followed_and_links_in_circles_end(tmp_path: Path) -> None:
    card, outside = tmp_path / "card", tmp_path / "outside"
    card.mkdir()
    outside.mkdir()
    (outside / "far.JPG").write_bytes(frame("prey", 1))
    (outside / "back").symlink_to(outside)
    (card / "link.JPG").symlink_to(outside / "far.JPG")
    (card / "folder").symlink_to(outside)
    (card / "round").symlink_to(card)
    assert [found.relative_path for found in listed(card)] == ["folder/far.JPG", "link.JPG"]


# -- what is another thing by the time it is read


@posix_only
def test_a_picture_that_became_a_pipe_does_not_hang_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.JPG")
    start = time.monotonic()
    with pytest.raises(UnreadablePicture, match="not a regular file"):
        read_file(ImageFile(tmp_path, "a.JPG", 100, 0))
    assert time.monotonic() - start < 5


@posix_only
def test_a_picture_that_grew_to_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.JPG").open("wb") as stream:
        stream.truncate(FILE_LIMIT + 1)  # takes no room on the disk
    with pytest.raises(UnreadablePicture, match="too many"):
        read_file(ImageFile(tmp_path, "a.JPG", 100, 0))


@posix_only
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(frame("prey"))
    (tmp_path / "a.JPG").chmod(0)
    [(state, reason)] = answers(tmp_path).values()
    assert state == State.UNREADABLE
    check_reason(state, reason)
