"""The sample card is what its README says: complete, decodable but for one, dated, unplaced."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

CARD = Path(__file__).parent.parent / "sample_images"
ROWS = list(csv.DictReader((CARD / "truth.csv").open(encoding="utf-8", newline="")))
WHOLE = [row["file"] for row in ROWS if row["label"] != "truncated"]
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DATE_TIME, ORIGINAL, DIGITIZED = 0x0132, 0x9003, 0x9004
SIX_MEGABYTES = 6_000_000


def taken_at(name: str) -> datetime:
    with Image.open(CARD / name) as picture:
        text = picture.getexif().get_ifd(EXIF_IFD)[ORIGINAL]
    return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")


def test_truth_lists_every_picture_once_and_no_other() -> None:
    on_disk = sorted(path.relative_to(CARD).as_posix() for path in CARD.rglob("*.JPG"))
    assert sorted(row["file"] for row in ROWS) == on_disk


def test_labels_are_triage_labels_and_all_kinds_are_there() -> None:
    labels = [row["label"] for row in ROWS]
    assert set(labels) == {"leopard", "prey", "other", "empty", "truncated"}
    assert labels.count("leopard") == 4
    assert labels.count("truncated") == 1


def test_every_frame_is_called_synthetic() -> None:
    assert all(row["note"].startswith("synthetic") for row in ROWS)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_pictures_decode_and_are_dated(name: str) -> None:
    with Image.open(CARD / name) as picture:
        picture.load()
        exif = picture.getexif()
    details = exif.get_ifd(EXIF_IFD)
    assert details[ORIGINAL] == details[DIGITIZED] == exif[DATE_TIME]
    assert picture.size == ((1280, 960) if name.startswith("ST01") else (1920, 1080))


def test_the_truncated_picture_has_a_header_but_does_not_decode() -> None:
    (name,) = [row["file"] for row in ROWS if row["label"] == "truncated"]
    assert taken_at(name).year == 2026
    with Image.open(CARD / name) as picture, pytest.raises(OSError, match="truncated"):
        picture.load()


@pytest.mark.parametrize("start", range(1, 19, 3))
def test_reconyx_bursts_are_three_frames_one_second_apart(start: int) -> None:
    names = [f"ST01_ridge/DCIM/100RECNX/RCNX{start + step:04}.JPG" for step in range(3)]
    first, second, third = map(taken_at, names)
    assert second - first == third - second == timedelta(seconds=1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_night_and_day_agree_with_the_clock(row: dict[str, str]) -> None:
    # In southern Primorye in February and March it is light from about 7 and dark by about 19:30.
    hour = taken_at(row["file"]).hour
    assert ("; night;" in row["note"]) == (hour >= 19 or hour < 6)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_no_picture_tells_where_it_was_taken(row: dict[str, str]) -> None:
    with Image.open(CARD / row["file"]) as picture:
        assert not picture.getexif().get_ifd(GPS_IFD)


def test_the_card_has_cyrillic_names_and_a_stray_text_file() -> None:
    assert (CARD / "ST02_ручей/DCIM/100EK113/кабан у солонца.JPG").is_file()
    assert "an example" in (CARD / "ST02_ручей/заметки.txt").read_text(encoding="utf-8")


def test_the_whole_folder_stays_small() -> None:
    files = [path for path in CARD.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < SIX_MEGABYTES
