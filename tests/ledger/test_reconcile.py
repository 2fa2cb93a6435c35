"""Two counts of a card, made apart, agree; and a file without a state is named by its folder."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.card.scan import scan
from camtrap.engine.season import add_card
from camtrap.errors import CardError
from camtrap.ledger.check import check
from camtrap.ledger.count import count_card, is_computers_own, is_media
from camtrap.ledger.reconcile import Reconciliation, explain, last_reconciliations, reconcile
from camtrap.ledger.store import Ledger
from tests.cards import ODD_STATES, first_card, put

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")

NAMES = st.sampled_from(
    [
        *("DCIM", "100RECNX", "ST01", ".Trashes", "$RECYCLE.BIN", "System Volume Information"),
        *("lost+found", "LOST+FOUND", "FOUND.000", "found.12", "FOUND.0001", "$Recycle.Bin.old"),
        *("кабан", "a.JPG", "b.jpg", "._a.JPG", ".jpg", "c.MP4", "d.txt", "e", "f.JPG.", "g.nef"),
        *(".hidden.jpg", "h.HEIC", "ledger.sqlite", "i.jpeg.bak", "j .png", "%_'.gif"),
        *("k.jpg\u200f", "l.jpg \u2060", "m.jpg\u3000", "n.txt\u202e", ". ", "o.jpg\u2028"),
    ]
)


def counted(root: Path) -> dict[str, int]:
    return {folder: found.count for folder, found in count_card(root).folders.items()}


def scanned(root: Path) -> dict[str, int]:
    return dict(Counter(file.relative_path.rpartition("/")[0] for file in scan(root)))


def entered(ledger: Ledger, card: Path) -> Reconciliation:
    return reconcile(ledger, add_card(ledger, card).card, card, run_id=None)


# -- the second count


@given(st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=12))
def test_the_second_count_sees_what_the_scan_sees(paths: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "card"
        root.mkdir()
        for parts in paths:
            path = root.joinpath(*parts)
            if any(above.is_file() for above in path.parents) or path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        assert counted(root) == scanned(root)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b/c", "x", "b/y"]),
            st.sampled_from(["card/a", "card", "card/b", "outside", "outside/in", "nowhere"]),
        ),
        max_size=4,
        unique_by=lambda link: link[0],
    )
)
def test_both_follow_links_alike(links: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        put(home / "card", {"b/1.jpg": b"", "d/2.jpg": b""})
        put(home / "outside", {"3.jpg": b"", "in/4.jpg": b"", "in/deep/5.jpg": b""})
        for name, target in links:
            (home / "card" / name).symlink_to(home / target)
        assert counted(home / "card") == scanned(home / "card")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (".Trashes", True),
        ("$Recycle.Bin", True),
        ("SYSTEM VOLUME INFORMATION", True),
        ("lost+found", True),
        ("FOUND.007", True),
        ("FOUND.7", False),
        ("FOUND.0007", False),
        ("found.²²²", False),
        ("DCIM", False),
        ("found", False),
    ],
)
def test_what_is_a_computers_own(name: str, own: bool) -> None:
    assert is_computers_own(name) is own


@pytest.mark.parametrize(
    ("name", "media"),
    [("a.JPG", True), ("a.mp4", True), ("a.nef", True), (".jpg", True), ("a.jpg.txt", False)],
)
def test_what_is_a_medium(name: str, media: bool) -> None:
    assert is_media(name) is media
    assert not is_media(f"._{name}")


def test_files_of_no_medium_are_counted_apart(odd: Path) -> None:
    count = count_card(odd)
    assert count.files == len(ODD_STATES)
    assert count.others == 3  # a note, a cache of thumbnails, a Mac's own


# -- the account


def test_every_file_of_an_odd_card_is_accounted_for(ledger: Ledger, odd: Path) -> None:
    found = entered(ledger, odd)
    assert (found.on_card, found.in_ledger, found.gone) == (len(ODD_STATES),) * 2 + (0,)
    assert found.states == {"pending": len(ODD_STATES) - 1, "skipped": 1}
    assert found.is_balanced
    assert found.missing == {}


def test_a_file_without_a_state_is_an_error_that_names_its_folder(
    ledger: Ledger, odd: Path
) -> None:
    entered(ledger, odd)
    ledger.db.execute("DELETE FROM file WHERE relative_path LIKE 'odd/%empty file.JPG'")
    found = reconcile(ledger, first_card(ledger), odd, run_id=None)
    assert not found.is_balanced
    assert found.missing == {"odd": 2}
    said = explain(found)
    assert f"{len(ODD_STATES)} files lie on it" in said
    assert f"accounts for {len(ODD_STATES) - 2}" in said
    assert "odd (2)" in said


def test_a_lost_file_is_not_balanced_by_one_that_is_gone(ledger: Ledger, card: Path) -> None:
    entered(ledger, card)
    (card / "DCIM/100RECNX/RCNX0001.JPG").rename(card / "DCIM/100RECNX/RCNX9999.JPG")
    found = reconcile(ledger, first_card(ledger), card, run_id=None)
    assert (found.on_card, found.in_ledger, found.gone) == (12, 12, 1)
    assert found.missing == {"DCIM/100RECNX": 1}
    assert not found.is_balanced


def test_files_that_people_deleted_are_gone_and_no_fault(ledger: Ledger, odd: Path) -> None:
    entered(ledger, odd)
    (odd / "odd/twin.JPG").unlink()
    (odd / "站点三/雪豹.jpg").unlink()
    found = reconcile(ledger, first_card(ledger), odd, run_id=None)
    assert (found.gone, found.missing, found.is_balanced) == (2, {}, True)


def test_a_folder_named_like_the_beginning_of_another_is_another(
    ledger: Ledger, tmp_path: Path
) -> None:
    card = put(tmp_path / "card", {"a/1.jpg": b"", "a/b/2.jpg": b"", "a0/3.jpg": b"", "4.jpg": b""})
    entered(ledger, card)
    ledger.db.execute("DELETE FROM file WHERE relative_path IN ('a/b/2.jpg', '4.jpg')")
    put(card, {"a/5.jpg": b""})
    found = reconcile(ledger, first_card(ledger), card, run_id=None)
    assert found.missing == {"": 1, "a": 1, "a/b": 1}
    assert ". (1)" in explain(found)


def test_many_folders_are_not_all_named() -> None:
    missing = {f"{number}": 1 for number in range(9)}
    said = explain(Reconciliation("A", 9, {}, 0, missing, 0))
    assert "4 (1) and 4 more" in said


def test_a_single_picture_that_stands_for_a_card_is_all_that_is_counted(
    ledger: Ledger, card: Path
) -> None:
    picture = card / "DCIM/100RECNX/RCNX0001.JPG"
    found = entered(ledger, picture)
    assert (found.on_card, found.in_ledger, found.is_balanced) == (1, 1, True)
    ledger.db.execute("DELETE FROM file")
    assert reconcile(ledger, first_card(ledger), picture, run_id=None).missing == {"": 1}


def test_a_season_that_lies_beside_the_pictures_is_not_counted(ledger: Ledger, card: Path) -> None:
    with Ledger(card / "old season", create=True) as other:
        put(other.season, {"thumb.jpg": b""})
    assert entered(ledger, card).on_card == 12


def test_a_card_that_vanished_is_told(ledger: Ledger, card: Path) -> None:
    entered(ledger, card)
    card.rename(card.with_name("away"))
    with pytest.raises(CardError, match="gone before its files were counted again"):
        reconcile(ledger, first_card(ledger), card, run_id=None)


@linux_only
def test_names_that_are_not_utf_8_are_the_same_on_both_sides(
    ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "card" / os.fsdecode(b"\xea\xe0")
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"\xf0.JPG")).touch()
    found = entered(ledger, tmp_path / "card")
    assert (found.on_card, found.is_balanced) == (1, True)
    ledger.db.execute("DELETE FROM file")
    assert reconcile(ledger, first_card(ledger), tmp_path / "card", run_id=None).missing == {
        "\\xea\\xe0": 1
    }


def test_the_newest_result_of_each_card_is_kept(ledger: Ledger, card: Path) -> None:
    entered(ledger, card)
    put(card, {"new.jpg": b""})
    reconcile(ledger, first_card(ledger), card, run_id=None)
    said = last_reconciliations(ledger)["card"]
    assert (said["on_card"], said["in_ledger"], said["missing"]) == (13, 12, {"": 1})
    assert check(ledger) == []
