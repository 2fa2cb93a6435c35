"""Pictures in folders by label: none written over, none lost, none leaked."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from camtrap.engine.season import add_card, run_card
from camtrap.errors import CamtrapError, ConfigError, SeasonError
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports import folders
from camtrap.records import State
from tests.cards import (
    BRIGHTNESS,
    FakePredictor,
    encoded,
    frame,
    new_run,
    put,
    settings,
    silence,
    snapshot,
)
from tests.outputs.exports.made import exported

NIGHT = datetime(2026, 2, 3, 23, 59, 50)
RECONYX = "ST01/DCIM/100RECNX"


def triaged(season: Path, *cards: Path) -> Path:
    """A season of real pictures, judged by the model that knows greys."""
    import threading

    predictor = FakePredictor()
    with Ledger(season, create=True) as ledger:
        run = new_run(ledger, predictor)
        for card in cards:
            entry = add_card(ledger, card).card
            run_card(
                ledger,
                entry,
                predictor,
                run,
                settings(),
                stop=threading.Event(),
                progress=silence(),
            )
    return season


def two_folders(card: Path) -> Path:
    """A card on which the camera began its numbers anew."""
    return put(
        card,
        {
            f"{RECONYX}/RCNX0001.JPG": frame("leopard", 1, taken_at=NIGHT),
            f"{RECONYX}/RCNX0002.JPG": frame("empty", 2, taken_at=NIGHT + timedelta(seconds=1)),
            "ST01/DCIM/101RECNX/RCNX0001.JPG": frame("leopard", 3, taken_at=NIGHT),
            "ST02/rcnx0001.jpg": frame("prey", 4, taken_at=NIGHT),
            "ST02/person.jpg": frame("person", 5, taken_at=NIGHT + timedelta(hours=1)),
            "ST02/cut.jpg": frame("prey", 6)[:-200],
        },
    )


def found(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() and not path.name.startswith(".")
    )


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return two_folders(tmp_path / "карта")


@pytest.fixture
def filled(tmp_path: Path, card: Path) -> Path:
    return triaged(tmp_path / "season", card)


def test_each_picture_lies_in_its_label_s_folder_under_a_name_of_its_own(
    filled: Path, card: Path
) -> None:
    before = snapshot(card)
    done = exported(filled, "folders", filled / "exports")
    assert found(filled / "exports" / "folders") == [
        "leopard/карта-ST01_20260203-235950_RCNX0001 (2).JPG",
        "leopard/карта-ST01_20260203-235950_RCNX0001.JPG",
        "person/карта-ST02_20260204-005950_person.jpg",
        "prey/карта-ST02_20260203-235950_rcnx0001.jpg",
    ]
    assert (done.rows, done.missing) == (4, 0)
    assert any("1 empty" in note for note in done.notes)
    assert snapshot(card) == before


def test_the_copies_are_the_pictures_byte_by_byte_with_their_times(
    filled: Path, card: Path
) -> None:
    os.utime(card / "ST02" / "rcnx0001.jpg", (1_700_000_000, 1_700_000_000))
    exported(filled, "folders", filled / "exports", labels="all")
    folder = filled / "exports" / "folders"
    originals = Counter(
        path.read_bytes() for path in card.rglob("*.[jJ]*") if "cut" not in path.name
    )
    copies = Counter((folder / name).read_bytes() for name in found(folder))
    assert copies == originals
    [copy] = [name for name in found(folder) if name.endswith("rcnx0001.jpg")]
    assert (folder / copy).stat().st_mtime == 1_700_000_000


def test_by_event_a_frame_lies_with_its_event_and_under_the_event_s_label(filled: Path) -> None:
    exported(filled, "folders", filled / "exports", by="event", labels="all")
    names = found(filled / "exports" / "folders")
    assert [name for name in names if name.startswith("leopard/")] == [
        "leopard/карта-ST01_e0001/карта-ST01_20260203-235950_RCNX0001 (2).JPG",
        "leopard/карта-ST01_e0001/карта-ST01_20260203-235950_RCNX0001.JPG",
        "leopard/карта-ST01_e0001/карта-ST01_20260203-235951_RCNX0002.JPG",
    ]
    assert len(names) == 5


def test_a_person_s_word_decides_the_folder(filled: Path) -> None:
    exported(filled, "folders", filled / "exports")
    with Ledger(filled) as ledger:
        [prey] = [e.file_id for e in ledger.entries() if e.state == State.PREY]
    add_review(filled, prey, "leopard")
    exported(filled, "folders", filled / "exports")
    names = found(filled / "exports" / "folders")
    assert "leopard/карта-ST02_20260203-235950_rcnx0001.jpg" in names
    assert not any(name.startswith("prey/") for name in names)


def test_only_the_labels_that_are_wanted(filled: Path) -> None:
    exported(filled, "folders", filled / "exports", labels="prey, empty")
    names = found(filled / "exports" / "folders")
    assert {name.split("/")[0] for name in names} == {"prey", "empty"}


def test_another_card_in_the_same_place_is_never_taken_for_the_first(
    filled: Path, card: Path
) -> None:
    path = card / "ST02" / "rcnx0001.jpg"
    other = frame("prey", 9, taken_at=NIGHT)
    assert len(other) == path.stat().st_size
    path.write_bytes(other)
    for mode in folders.MODES:
        done = exported(filled, "folders", filled / mode, mode=mode)
        assert done.missing == 1
        assert not any("rcnx0001" in name for name in found(filled / mode / "folders"))


def test_what_a_card_that_is_away_would_cost_is_kept(filled: Path, card: Path) -> None:
    exported(filled, "folders", filled / "exports")
    (card / "ST02" / "rcnx0001.jpg").unlink()
    done = exported(filled, "folders", filled / "exports")
    assert done.missing == 1
    kept = filled / "exports" / "folders-earlier-1"
    assert "prey/карта-ST02_20260203-235950_rcnx0001.jpg" in found(kept)
    assert any(str(kept) in note for note in done.notes)


def test_with_every_card_away_nothing_is_replaced(filled: Path, card: Path) -> None:
    exported(filled, "folders", filled / "exports")
    before = found(filled / "exports" / "folders")
    card.rename(card.with_name("elsewhere"))
    with pytest.raises(SeasonError, match="Put the cards in"):
        exported(filled, "folders", filled / "exports")
    assert found(filled / "exports" / "folders") == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_lead_to_the_pictures(filled: Path, card: Path) -> None:
    exported(filled, "folders", filled / "soft", mode="symlink")
    exported(filled, "folders", filled / "hard", mode="hardlink")
    original = card / "ST02" / "rcnx0001.jpg"
    name = "folders/prey/карта-ST02_20260203-235950_rcnx0001.jpg"
    assert (filled / "soft" / name).is_symlink()
    assert (filled / "soft" / name).resolve() == original.resolve()
    assert (filled / "hard" / name).samefile(original)
    # Replacing an export of links leaves what they lead to.
    exported(filled, "folders", filled / "soft", mode="copy", labels="leopard")
    exported(filled, "folders", filled / "hard", mode="copy", labels="leopard")
    assert original.is_file()


def test_where_no_link_can_be_made_the_sentence_says_what_to_do(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(SeasonError, match="mode=copy"):
        exported(filled, "folders", filled / "exports", mode="hardlink")
    assert not (filled / "exports" / "folders").exists()


def test_without_room_nothing_is_begun(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(SeasonError, match="free"):
        exported(filled, "folders", filled / "exports")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_not_utf_8_are_found_and_copied(tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"ST01/ok.JPG": frame("leopard", 1)})
    (card / "ST01" / os.fsdecode(b"\xff\xfe.JPG")).write_bytes(frame("leopard", 2))
    (card / "ST01" / 'a"\\:?*<>|\n\u202egpj.JPG').write_bytes(frame("prey", 3))
    season = triaged(tmp_path / "season", card)
    done = exported(season, "folders", season / "exports")
    names = found(season / "exports" / "folders")
    assert (done.rows, done.missing) == (3, 0)
    assert len(names) == 3
    for name in names:
        assert not set('<>:"\\|?*\n\u202e') & set(name)
        name.encode()


# -- for everybody


def with_position(path: Path, orientation: int) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (43.0, 7.0, 24.5)
    exif[0x010F] = "SECRET-MAKER"
    picture = Image.new("RGB", (64, 48), (BRIGHTNESS["leopard"],) * 3)
    picture.save(path, "JPEG", exif=exif.tobytes(), comment=b"SECRET-COMMENT")


def test_public_copies_hold_no_people_no_place_and_no_word_of_the_camera(tmp_path: Path) -> None:
    from PIL import Image, ImageOps

    card = put(tmp_path / "Secret valley", {"Leopard den/a.JPG": b"", "x.JPG": frame("person", 1)})
    with_position(card / "Leopard den" / "a.JPG", 6)
    grey = Image.new("RGB", (9, 9), (BRIGHTNESS["prey"],) * 3)
    put(card, {"plain.png": encoded(grey, "PNG")})
    season = triaged(tmp_path / "season", card)
    done = exported(season, "folders", season / "exports", public=True, by="event")
    folder = season / "exports" / "folders"
    [name] = found(folder)
    assert "ecret" not in name and "den" not in name
    data = (folder / name).read_bytes()
    assert b"SECRET" not in data
    copy = Image.open(folder / name)
    assert dict(copy.getexif()) == {0x0112: 6}
    original = Image.open(card / "Leopard den" / "a.JPG")
    assert ImageOps.exif_transpose(copy).tobytes() == ImageOps.exif_transpose(original).tobytes()
    assert any("no whole JPEG" in note for note in done.notes)
    assert any("people" in note for note in done.notes)


@pytest.mark.parametrize("said", [{"mode": "symlink"}, {"mode": "hardlink"}])
def test_public_pictures_are_copies(filled: Path, said: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="public"):
        exported(filled, "folders", filled / "exports", public=True, **said)


# -- moved out of a copy


@pytest.fixture
def copy(tmp_path: Path, card: Path) -> Path:
    shutil.copytree(card, tmp_path / "copies" / card.name)
    return tmp_path / "copies"


def test_moving_empties_the_copy_and_leaves_the_card(filled: Path, card: Path, copy: Path) -> None:
    before = snapshot(card)
    done = exported(filled, "folders", filled / "exports", move_from=copy)
    assert done.rows == 4
    assert len(found(filled / "exports" / "folders")) == 4
    assert found(copy) == [f"карта/{RECONYX}/RCNX0002.JPG", "карта/ST02/cut.jpg"]
    assert snapshot(card) == before


def test_moving_again_finds_all_in_place_and_goes_on(filled: Path, copy: Path) -> None:
    exported(filled, "folders", filled / "exports", move_from=copy, labels="leopard")
    done = exported(filled, "folders", filled / "exports", move_from=copy)
    assert (done.rows, done.missing) == (4, 0)
    assert len(found(filled / "exports" / "folders")) == 4


def test_a_copy_of_the_card_itself_may_be_named(filled: Path, card: Path, copy: Path) -> None:
    done = exported(filled, "folders", filled / "exports", move_from=copy / card.name)
    assert done.rows == 4


def test_moving_writes_nothing_over(filled: Path, copy: Path) -> None:
    there = filled / "exports" / "folders" / "prey" / "карта-ST02_20260203-235950_rcnx0001.jpg"
    put(filled / "exports", {there.relative_to(filled / "exports").as_posix(): b"a person's own"})
    exported(filled, "folders", filled / "exports", move_from=copy)
    assert there.read_bytes() == b"a person's own"
    assert there.with_name(f"{there.stem} (2).jpg").is_file()


def test_a_later_copy_export_keeps_what_was_moved(filled: Path, card: Path, copy: Path) -> None:
    exported(filled, "folders", filled / "exports", move_from=copy)
    exported(filled, "folders", filled / "exports", labels="leopard")
    assert len(found(filled / "exports" / "folders-earlier-1")) == 4


def test_another_drive_is_copied_to_and_then_emptied(
    filled: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_drive(self: Path, to: Path) -> Path:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", other_drive)
    done = exported(filled, "folders", filled / "exports", move_from=copy)
    assert done.rows == 4
    assert len(found(copy)) == 2


@pytest.mark.parametrize("where", [".", "карта", "карта/ST01"])
def test_nothing_is_moved_off_a_card(filled: Path, card: Path, where: str) -> None:
    before = snapshot(card)
    with pytest.raises(SeasonError, match="ever taken from a card"):
        exported(filled, "folders", filled / "exports", move_from=card.parent / where)
    assert snapshot(card) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_in_the_copy_does_not_lead_to_the_card(
    filled: Path, card: Path, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / card.name).symlink_to(card)
    before = snapshot(card)
    with pytest.raises(CamtrapError):
        exported(filled, "folders", filled / "exports", move_from=links)
    assert snapshot(card) == before


@pytest.mark.parametrize(
    "said",
    [
        {"by": "species"},
        {"mode": "move"},
        {"labels": "leopard,tiger"},
        {"move_from": "no such folder"},
    ],
)
def test_options_that_cannot_be_meant_are_refused(filled: Path, said: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        exported(filled, "folders", filled / "exports", **said)
    assert list((filled / "exports").iterdir()) == []
