"""Every file that a camera may have written is found once, in order, and none is opened."""

from __future__ import annotations

import logging
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from camtrap.card import scan as scan_module
from camtrap.card.scan import scan, station_folder
from camtrap.errors import CardError

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX file system")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")


def put(card: Path, *relative_paths: str) -> None:
    for relative_path in relative_paths:
        path = card / relative_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def paths(card: Path) -> list[str]:
    return [found.relative_path for found in scan(card)]


def reason(card: Path, relative_path: str) -> str:
    return {found.relative_path: found.skip_reason for found in scan(card)}[relative_path]


@pytest.fixture
def link() -> Callable[[Path, Path], None]:
    def make(path: Path, target: Path) -> None:
        try:
            path.symlink_to(target, target_is_directory=target.is_dir())
        except OSError:
            pytest.skip("this computer does not allow links")

    return make


def test_files_come_in_the_order_of_the_parts_of_their_paths(tmp_path: Path) -> None:
    ordered = ["A/z.jpg", "A-1/a.jpg", "B.jpg", "c/1.jpg", "c/10.jpg", "c/2.jpg", "d.jpg"]
    put(tmp_path, *random.Random(7).sample(ordered, len(ordered)))
    assert paths(tmp_path) == ordered


def test_a_file_is_told_with_its_size_and_time_and_the_card_it_lies_on(tmp_path: Path) -> None:
    put(tmp_path, "DCIM/100RECNX/RCNX0001.JPG")
    path = tmp_path / "DCIM/100RECNX/RCNX0001.JPG"
    os.utime(path, ns=(0, 1_618_173_789_000_000_000))
    [found] = scan(tmp_path)
    assert found.card == tmp_path
    assert found.path == path
    assert (found.size, found.modified_ns) == (1, 1_618_173_789_000_000_000)
    assert found.skip_reason == ""


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a.JPG",
        "a.Jpeg",
        "a.jpe",
        "a.jfif",
        "a.png",
        "a.tif",
        "a.TIFF",
        "a.bmp",
        "a.webp",
        "a.gif",
        "a.b.jpg",
        ".jpg",
    ],
)
def test_pictures_are_known_by_their_suffix_in_any_case(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    assert reason(tmp_path, name) == ""


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("IMG_0001.MP4", "video"),
        ("a.avi", "video"),
        ("a.mts", "video"),
        ("a.webm", "video"),
        ("a.CR2", "RAW"),
        ("a.dng", "RAW"),
        ("a.nef", "RAW"),
        ("a.avif", "not read"),
    ],
)
def test_other_media_are_yielded_with_a_reason(tmp_path: Path, name: str, word: str) -> None:
    put(tmp_path, name)
    assert word in reason(tmp_path, name)


def test_heic_is_read_when_its_reader_is_installed_and_else_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.HEIC")
    monkeypatch.setattr(scan_module, "find_spec", lambda name: object())
    assert reason(tmp_path, "a.HEIC") == ""
    monkeypatch.setattr(scan_module, "find_spec", lambda name: None)
    assert "pip install camtrap[heic]" in reason(tmp_path, "a.HEIC")


def test_what_no_camera_took_is_no_media(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt", "db.sqlite", "a.xml", "MVI_0001.THM", "jpg", "a.jpg.part", "noname.")
    assert paths(tmp_path) == []


@pytest.mark.parametrize(
    "junk",
    [
        "._IMG_0001.JPG",
        "DCIM/._IMG_0001.JPG",
        "Thumbs.db",
        ".DS_Store",
        "$RECYCLE.BIN/S-1-5/a.jpg",
        "$Recycle.Bin/a.jpg",
        "System Volume Information/a.jpg",
        ".Trashes/501/a.jpg",
        ".Spotlight-V100/a.jpg",
        ".fseventsd/a.jpg",
        ".Trash-1000/a.jpg",
        "FOUND.000/a.jpg",
        "found.012/a.jpg",
        "lost+found/a.jpg",
        "A01/.thumbnails/a.jpg",
    ],
)
def test_what_computers_leave_behind_is_passed_over(tmp_path: Path, junk: str) -> None:
    put(tmp_path, junk, "DCIM/IMG_0001.JPG")
    assert paths(tmp_path) == ["DCIM/IMG_0001.JPG"]


def test_a_season_inside_the_card_is_no_part_of_it(tmp_path: Path) -> None:
    put(tmp_path, "DCIM/a.jpg", "season-2026/ledger.sqlite", "season-2026/crops/b.jpg")
    assert paths(tmp_path) == ["DCIM/a.jpg"]


def test_a_season_in_the_cards_own_folder_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, "ledger.sqlite", "DCIM/a.jpg")
    assert paths(tmp_path) == ["DCIM/a.jpg"]


def test_a_folder_with_a_pictures_name_is_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg/b.jpg")
    assert paths(tmp_path) == ["a.jpg/b.jpg"]


def test_an_empty_card_yields_nothing(tmp_path: Path) -> None:
    (tmp_path / "DCIM" / "100MEDIA").mkdir(parents=True)
    assert paths(tmp_path) == []


@posix_only  # Windows allows 260 letters
def test_a_deep_card_is_walked_to_its_end(tmp_path: Path) -> None:
    put(tmp_path, "d/" * 300 + "a.jpg")
    assert len(paths(tmp_path)) == 1


@pytest.mark.parametrize("folder", ["Кедровая Падь", "东北虎豹国家公园", "A 01", "naïve", "🐆"])
def test_folders_in_any_script_are_walked(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/кадр 1.JPG")
    assert paths(tmp_path) == [f"{folder}/кадр 1.JPG"]


@posix_only
def test_line_breaks_and_backslashes_in_names_stay_as_they_are(tmp_path: Path) -> None:
    put(tmp_path, "a\nb.jpg", "c\\d.jpg")
    found = list(scan(tmp_path))
    assert [one.relative_path for one in found] == ["a\nb.jpg", "c\\d.jpg"]
    assert all(one.path.is_file() for one in found)


@linux_only
def test_names_that_are_not_utf8_can_still_be_opened(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xcd\xee\xf7\xfc"  # "Ночь" in Windows-1251
    os.mkdir(folder)  # noqa: PTH102
    Path(os.fsdecode(folder + b"/\xff.jpg")).write_bytes(b"x")
    [found] = scan(tmp_path)
    assert os.fsencode(found.relative_path) == b"\xcd\xee\xf7\xfc/\xff.jpg"
    assert found.path.read_bytes() == b"x"


def test_a_single_picture_stands_for_its_card(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.mp4")
    [found] = scan(tmp_path / "a.jpg")
    assert (found.card, found.relative_path, found.size) == (tmp_path, "a.jpg", 1)
    [video] = scan(tmp_path / "c.mp4")
    assert "video" in video.skip_reason


def test_errors_of_the_card_itself_come_at_once_and_say_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt")
    with pytest.raises(CardError, match=r"does not exist.*plugged in"):
        scan(tmp_path / "absent")
    with pytest.raises(CardError, match=r"neither a folder nor a picture.*Name the folder"):
        scan(tmp_path / "notes.txt")


def test_a_card_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CardError, match=r"Permission denied.*another reader"):
        scan(tmp_path)


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card whose folder B cannot be listed."""
    put(tmp_path, "A/a.jpg", "B/b.jpg", "C/c.jpg")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "B":
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return tmp_path


def test_a_damaged_folder_is_reported_and_the_rest_is_read(damaged: Path) -> None:
    faults: list[tuple[Path, int | None]] = []
    found = list(scan(damaged, on_error=lambda path, error: faults.append((path, error.errno))))
    assert [one.relative_path for one in found] == ["A/a.jpg", "C/c.jpg"]
    assert faults == [(damaged / "B", 5)]


def test_a_damaged_folder_is_in_the_log_when_nobody_listens(
    damaged: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        list(scan(damaged))
    assert "missing from this run" in caplog.text


def test_what_was_listed_before_a_fault_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "A/a.jpg")
    real = os.scandir

    class Failing:
        def __init__(self, path: Path) -> None:
            self.found = list(real(path))

        def __enter__(self) -> Failing:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def __iter__(self) -> Failing:
            return self

        def __next__(self) -> os.DirEntry[str]:
            if self.found:
                return self.found.pop()
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(
        os,
        "scandir",
        lambda path: Failing(path) if Path(path).name == "A" else real(path),
    )
    faults: list[Path] = []
    found = list(scan(tmp_path, on_error=lambda path, error: faults.append(path)))
    assert [one.relative_path for one in found] == ["A/a.jpg"]
    assert faults == [tmp_path / "A"]


def test_a_picture_that_vanishes_is_yielded_so_that_reading_it_fails(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    files = scan(tmp_path)
    next(files)
    (tmp_path / "b.jpg").unlink()
    [last] = files
    assert (last.relative_path, last.size, last.skip_reason) == ("b.jpg", 0, "")


class TestLinks:
    def test_a_link_to_a_picture_or_folder_elsewhere_is_followed(
        self, tmp_path: Path, link: Callable[[Path, Path], None]
    ) -> None:
        card, other = tmp_path / "card", tmp_path / "other"
        put(card, "a.jpg")
        put(other, "one.jpg", "DCIM/two.jpg")
        link(card / "b.jpg", other / "one.jpg")
        link(card / "c", other)
        assert paths(card) == ["a.jpg", "b.jpg", "c/DCIM/two.jpg", "c/one.jpg"]

    def test_loops_end_and_folders_keep_their_own_names(
        self, tmp_path: Path, link: Callable[[Path, Path], None]
    ) -> None:
        put(tmp_path, "z/a.jpg")
        link(tmp_path / "again", tmp_path / "z")
        link(tmp_path / "z" / "up", tmp_path)
        assert paths(tmp_path) == ["z/a.jpg"]

    def test_a_folder_elsewhere_is_walked_once_however_many_links_lead_there(
        self, tmp_path: Path, link: Callable[[Path, Path], None]
    ) -> None:
        card, other = tmp_path / "card", tmp_path / "other"
        put(card, "a.jpg")
        put(other, "b.jpg", "sub/c.jpg")
        link(card / "l1", other)
        link(card / "l2", other)
        link(card / "l3", other / "sub")
        link(other / "loop", other)
        link(other / "back", card)
        assert paths(card) == ["a.jpg", "l1/b.jpg", "l1/sub/c.jpg"]

    def test_a_link_to_the_folder_above_does_not_yield_the_card_twice(
        self, tmp_path: Path, link: Callable[[Path, Path], None]
    ) -> None:
        put(tmp_path, "card/a.jpg", "neighbour/b.jpg")
        link(tmp_path / "card" / "up", tmp_path)
        assert paths(tmp_path / "card") == ["a.jpg", "up/neighbour/b.jpg"]

    def test_broken_links_are_yielded_with_their_reason(
        self, tmp_path: Path, link: Callable[[Path, Path], None]
    ) -> None:
        link(tmp_path / "a.jpg", tmp_path / "absent.jpg")
        link(tmp_path / "b.jpg", tmp_path / "b.jpg")
        link(tmp_path / "c", tmp_path / "c")
        assert [(f.relative_path, f.size, f.skip_reason) for f in scan(tmp_path)] == [
            ("a.jpg", 0, "broken link"),
            ("b.jpg", 0, "broken link"),
        ]


@posix_only
def test_a_pipe_with_a_pictures_name_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert reason(tmp_path, "a.jpg") == "not a regular file"


def test_a_scan_is_lazy(tmp_path: Path) -> None:
    put(tmp_path, "A/a.jpg", "B/b.jpg")
    files = scan(tmp_path)
    assert next(files).relative_path == "A/a.jpg"
    put(tmp_path, "B/c.jpg")  # B has not been listed yet
    assert [one.relative_path for one in files] == ["B/b.jpg", "B/c.jpg"]


@pytest.mark.parametrize(
    ("relative_path", "station"),
    [
        ("a.jpg", ""),
        ("DCIM/100RECNX/RCNX0001.JPG", ""),
        ("dcim/101EK113/a.jpg", ""),
        ("100RECNX/a.jpg", ""),
        ("A01/a.jpg", "A01"),
        ("A01/DCIM/100RECNX/a.jpg", "A01"),
        ("A01/DCIM/101RECNX/a.jpg", "A01"),
        ("A01/100_BTCF/a.jpg", "A01"),
        ("A01/DCIM/100MEDIA/sorted/a.jpg", "A01/sorted"),
        ("Кедровая/A 01/DCIM/100MEDIA/a.jpg", "Кедровая/A 01"),
        ("101NORTH/DCIM/100RECNX/a.jpg", "101NORTH"),
        ("101NORTH/100RECNX/a.jpg", "101NORTH"),
        ("001RIDGE/a.jpg", "001RIDGE"),  # DCF counts from 100
        ("A01/20210411/a.jpg", "A01/20210411"),  # a date
        ("A01/DCIM/10010411/a.jpg", "A01"),  # Sony's camera folders by date
        ("A01/100RECNXX/a.jpg", "A01/100RECNXX"),
    ],
)
def test_the_station_folder_is_the_path_without_the_cameras_own_folders(
    relative_path: str, station: str
) -> None:
    assert station_folder(relative_path) == station
