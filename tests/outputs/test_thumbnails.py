"""Small pictures that a season keeps: made once, there when the card is away, bounded."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from camtrap.outputs import thumbnails as module
from camtrap.outputs.pictures import PictureAway
from camtrap.outputs.thumbnails import LARGE, SMALL, Thumbnails
from camtrap.records import State
from tests.outputs.pages import BOX, Season, forest


@pytest.fixture
def season(tmp_path: Path) -> Season:
    return Season(tmp_path)


def kept(season: Season) -> list[Path]:
    return sorted((season.ledger.season / module.FOLDER).glob("*/*"))


def test_a_picture_is_the_same_when_its_card_is_away(season: Season) -> None:
    path = season.add("a.jpg", State.LEOPARD, data=forest(1))
    [entry] = season.ledger.entries()
    album = Thumbnails(season.ledger.season)
    first = album.drawn(entry, [BOX])
    path.unlink()
    assert Thumbnails(season.ledger.season).drawn(entry, [BOX]) == first
    assert max(Image.open(io.BytesIO(first)).size) == LARGE


def test_another_size_serves_when_the_card_is_away(season: Season) -> None:
    path = season.add("a.jpg", State.LEOPARD, data=forest(1))
    [entry] = season.ledger.entries()
    Thumbnails(season.ledger.season).plain(entry, LARGE)
    path.unlink()
    small = Thumbnails(season.ledger.season).plain(entry, SMALL)
    assert max(Image.open(io.BytesIO(small)).size) == SMALL


def test_without_card_and_cache_the_picture_is_away(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, data=b"")
    [entry] = season.ledger.entries()
    with pytest.raises(PictureAway):
        Thumbnails(season.ledger.season).plain(entry)


def test_other_boxes_are_drawn_in_the_kept_picture(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, data=forest(1))
    [entry] = season.ledger.entries()
    album = Thumbnails(season.ledger.season)
    assert album.drawn(entry, [BOX]) != album.drawn(entry, [])
    assert len(kept(season)) == 1


def test_nothing_of_the_camera_is_kept_and_nothing_lies_on_the_card(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD)
    [entry] = season.ledger.entries()
    Thumbnails(season.ledger.season).plain(entry)
    [path] = kept(season)
    assert not Image.open(path).getexif()
    assert [file.name for file in entry.root.rglob("*") if file.is_file()] == ["a.jpg"]


def test_a_kept_picture_that_was_cut_short_is_made_again(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD, data=forest(1))
    [entry] = season.ledger.entries()
    album = Thumbnails(season.ledger.season)
    whole = album.plain(entry)
    [path] = kept(season)
    path.write_bytes(whole[:500])
    assert album.plain(entry) == whole
    assert path.read_bytes() == whole


def test_the_oldest_go_first_when_there_is_no_room(season: Season) -> None:
    for number in range(4):
        season.add(f"{number}.jpg", State.LEOPARD, data=forest(number, (320, 240)))
    entries = list(season.ledger.entries())
    album = Thumbnails(season.ledger.season)
    for number, entry in enumerate(entries):
        album.plain(entry)
        newest = max(kept(season), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    sizes = {path: path.stat().st_size for path in kept(season)}
    Thumbnails(season.ledger.season, limit=sum(sizes.values()) // 2).prune()
    left = kept(season)
    assert 0 < len(left) < 4
    assert sum(sizes[path] for path in left) <= sum(sizes.values()) // 2
    assert min(path.stat().st_mtime for path in left) >= 1


def test_a_folder_that_cannot_be_made_is_no_error(season: Season) -> None:
    season.add("a.jpg", State.LEOPARD)
    (season.ledger.season / "cache").write_text("in the way")
    [entry] = season.ledger.entries()
    assert Thumbnails(season.ledger.season).plain(entry)
