"""Sidecars: well-formed whatever names hold, never on a card, never over another program's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import ConfigError, SeasonError
from camtrap.events.names import file_path
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.xmp import mirrored
from camtrap.outputs.exports.xmp_packet import Region, Seen, packet
from camtrap.records import Box, State
from tests.cards import frame, put, snapshot
from tests.outputs.exports import made
from tests.outputs.exports.made import TWIN, Row, box, exported, made_season
from tests.outputs.exports.test_folders import triaged

fresh = count()
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LR = "{http://ns.adobe.com/lightroom/1.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
AREA = "{http://ns.adobe.com/xmp/sType/Area#}"
DIMENSIONS = "{http://ns.adobe.com/xap/1.0/sType/Dimensions#}"

LEOPARD = Row("ST01/a.JPG", State.LEOPARD, (box("leopard", 0.87),), confidence=0.87)


def season_of(tmp_path: Path, *rows: Row) -> Path:
    return made_season(tmp_path / f"season {next(fresh)}", rows)


def sidecars(season: Path, **said: Any) -> tuple[dict[str, bytes], Exported]:
    out = season.parent / f"out {next(fresh)}"
    done = exported(season, "xmp", out, **said)
    folder = out / "xmp"
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.xmp")
        if path.is_file()
    }
    return found, done


def words(text: bytes, name: str = f"{LR}hierarchicalSubject") -> list[str]:
    return [
        item.text or ""
        for element in ElementTree.fromstring(text).iter(name)
        for item in element.iter(f"{RDF}li")
    ]


def regions(text: bytes) -> list[tuple[str, tuple[float, ...]]]:
    found = []
    for item in ElementTree.fromstring(text).iter(f"{RDF}Description"):
        area = item.find(f"{MWG}Area")
        if area is not None:
            sides = tuple(float(area.get(f"{AREA}{side}", "nan")) for side in "xywh")
            found.append((item.get(f"{MWG}Name", ""), sides))
    return found


def test_a_sidecar_is_called_after_the_picture_and_tells_label_and_source(tmp_path: Path) -> None:
    told, done = sidecars(season_of(tmp_path, LEOPARD))
    assert told.keys() == {"card/ST01/a.JPG.xmp"} and done.rows == 1
    [text] = told.values()
    assert words(text) == ["Species|Leopard", "Review|machine", "Model|camtrap (fake)"]
    assert words(text, f"{DIGIKAM}TagsList") == [word.replace("|", "/") for word in words(text)]
    assert words(text, f"{DC}subject") == ["Leopard", "machine", "camtrap (fake)"]
    assert text.startswith('<?xpacket begin="\ufeff"'.encode())


def test_areas_are_told_by_their_centres(tmp_path: Path) -> None:
    [text] = sidecars(season_of(tmp_path, LEOPARD))[0].values()
    [(name, sides)] = regions(text)
    assert name == "Leopard" and sides == pytest.approx((0.25, 0.4, 0.3, 0.4))
    [size] = ElementTree.fromstring(text).iter(f"{MWG}AppliedToDimensions")
    assert (size.get(f"{DIMENSIONS}w"), size.get(f"{DIMENSIONS}h")) == ("640", "480")


def test_areas_are_of_the_picture_as_it_is_stored(tmp_path: Path) -> None:
    turned = replace(LEOPARD, orientation=6, width=480, height=640)
    [text] = sidecars(season_of(tmp_path, turned))[0].values()
    # Upright is the stored picture turned right by a quarter: upright left is stored bottom.
    [(_, sides)] = regions(text)
    assert sides == pytest.approx((0.4, 1 - 0.25, 0.4, 0.3))
    [size] = ElementTree.fromstring(text).iter(f"{MWG}AppliedToDimensions")
    assert (size.get(f"{DIMENSIONS}w"), size.get(f"{DIMENSIONS}h")) == ("640", "480")


def test_a_person_s_word_counts_and_keeps_only_its_boxes(tmp_path: Path) -> None:
    rows = [
        replace(LEOPARD, detections=(box("leopard"), box("prey")), content_key="a"),
        replace(LEOPARD, name="b.JPG", content_key="b"),
        Row("c.JPG", State.UNREADABLE),
    ]
    season = season_of(tmp_path, *rows)
    add_review(season, 1, "prey", species="id;mammalia;;;capreolus;pygargus;roe deer, male")
    add_review(season, 2, "empty", reviewer="Анна")
    add_review(season, 3, "leopard")
    told, done = sidecars(season)
    first = told["card/ST01/a.JPG.xmp"]
    assert words(first) == ["Species|Prey", "Species|Prey|roe deer male", "Review|human"]
    assert [name for name, _ in regions(first)] == ["Prey"]
    second = told["card/b.JPG.xmp"]
    assert words(second) == ["Species|Empty", "Review|human"] and regions(second) == []
    assert "Анна".encode() not in second
    assert words(told["card/c.JPG.xmp"]) == ["Species|Leopard", "Review|human"]
    assert done.rows == 3


def test_files_of_which_nothing_can_be_said_have_none_and_copies_have_the_original_s(
    tmp_path: Path,
) -> None:
    rows = [
        replace(LEOPARD, content_key=TWIN),
        replace(LEOPARD, name="copy.JPG", content_key=TWIN),
        Row("b.JPG", State.UNREADABLE),
        Row("c.JPG", State.PENDING),
    ]
    told, done = sidecars(season_of(tmp_path, *rows))
    assert told.keys() == {"card/ST01/a.JPG.xmp", "card/copy.JPG.xmp"}
    assert len(set(told.values())) == 1
    assert any("1 files of which nothing" in note for note in done.notes)
    assert any("1 files wait" in note for note in done.notes)


def test_public_sidecars_are_of_no_person_and_hold_no_position(tmp_path: Path) -> None:
    rows = [
        replace(LEOPARD, latitude=43.123456, longitude=131.654321),
        Row("p.JPG", State.PERSON, content_key="p"),
        Row("q.JPG", State.PREY, (box("prey"), box("vehicle", 0.3)), content_key="q"),
    ]
    for public in (True, False):
        told, _ = sidecars(season_of(tmp_path, *rows), public=public)
        assert ("card/p.JPG.xmp" in told) == ("card/q.JPG.xmp" in told) == (not public)
        assert not any(b"43.1" in text or b"131.6" in text for text in told.values())


# -- beside copies


@pytest.fixture
def card(tmp_path: Path) -> Path:
    files = {f"ST01/{n}.JPG": frame(label, n) for n, label in enumerate(("leopard", "prey"))}
    return put(tmp_path / "карта", files)


@pytest.fixture
def filled(tmp_path: Path, card: Path) -> Path:
    return triaged(tmp_path / "season", card)


@pytest.mark.parametrize("above", ["карта", ""])
def test_they_are_written_beside_the_pictures_of_a_copy(
    tmp_path: Path, filled: Path, card: Path, above: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(card, copy / above)
    before = snapshot(card)
    done = exported(filled, "xmp", tmp_path / "out", beside=copy)
    assert (done.rows, done.missing, done.paths) == (2, 0, (copy,))
    at = copy / above / "ST01"
    assert words((at / "0.JPG.xmp").read_bytes())[0] == "Species|Leopard"
    assert sorted(path.name for path in at.iterdir()) == [
        "0.JPG",
        "0.JPG.xmp",
        "1.JPG",
        "1.JPG.xmp",
    ]
    assert snapshot(card) == before
    # Again, after a correction: ours are written anew.
    add_review(filled, 1, "other")
    exported(filled, "xmp", tmp_path / "out", beside=copy)
    assert words((at / "0.JPG.xmp").read_bytes())[0] == "Species|Other"


def test_another_program_s_sidecar_stays_as_it_is(tmp_path: Path, filled: Path, card: Path) -> None:
    copy = shutil.copytree(card, tmp_path / "copy")
    theirs = copy / "ST01" / "0.JPG.xmp"
    theirs.write_bytes(b'<x:xmpmeta x:xmptk="XMP Core 4.4.0-Exiv2"/>')
    before = theirs.read_bytes()
    done = exported(filled, "xmp", tmp_path / "out", beside=copy)
    assert theirs.read_bytes() == before and done.rows == 1
    assert any("another program" in note for note in done.notes)


def test_other_pictures_under_the_same_names_get_none(tmp_path: Path, filled: Path) -> None:
    copy = put(tmp_path / "copy", {"ST01/0.JPG": frame("prey", 99)})
    with pytest.raises(SeasonError, match="None of the 2 pictures"):
        exported(filled, "xmp", tmp_path / "out", beside=copy)
    assert [path.name for path in copy.rglob("*") if path.is_file()] == ["0.JPG"]


@pytest.mark.parametrize("where", ["карта", "карта/ST01", ""])
def test_a_card_and_what_holds_one_are_refused(
    tmp_path: Path, filled: Path, card: Path, where: str
) -> None:
    before = snapshot(card)
    with pytest.raises(SeasonError, match="nothing is ever written to a card"):
        exported(filled, "xmp", tmp_path / "out", beside=tmp_path / where)
    assert snapshot(card) == before


def test_a_link_out_of_the_copy_onto_the_card_is_not_followed(
    tmp_path: Path, filled: Path, card: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    try:
        (copy / "карта").symlink_to(card, target_is_directory=True)
    except OSError:
        pytest.skip("no links can be made here")
    before = snapshot(card)
    with pytest.raises(SeasonError, match="None of the 2 pictures"):
        exported(filled, "xmp", tmp_path / "out", beside=copy)
    assert snapshot(card) == before


def test_a_folder_that_is_none_is_a_mistake(tmp_path: Path, filled: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        exported(filled, "xmp", tmp_path / "out", beside=tmp_path / "nowhere")


def test_an_earlier_export_stays_when_sidecars_go_beside_copies(
    tmp_path: Path, filled: Path, card: Path
) -> None:
    out = tmp_path / "out"
    exported(filled, "xmp", out)
    exported(filled, "xmp", out, beside=shutil.copytree(card, tmp_path / "copy"))
    assert len(list((out / "xmp").rglob("*.xmp"))) == 2


# -- hostile names


@pytest.mark.parametrize("part", ["..", ".", "", "a" * 254])
def test_names_that_lead_away_or_are_too_long_are_changed(part: str) -> None:
    told = mirrored(part)
    assert told not in ("", ".", "..") and len(os.fsencode(told)) <= 251 and told != part


def test_names_with_bytes_that_are_no_text_are_mirrored(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has such names")
    card = tmp_path / "card"
    card.mkdir()
    name = os.fsdecode(b"\xff.JPG")
    (card / name).write_bytes(frame("leopard"))
    season = triaged(tmp_path / "season", card)
    exported(season, "xmp", tmp_path / "out")
    assert os.fsencode(next((tmp_path / "out").rglob("*.xmp")).name) == b"\xff.JPG.xmp"


nasty = st.text(st.characters(codec="utf-8") | st.sampled_from("<>&\"'|/,;]]>\0\x0b\ufffe"))


@given(species=nasty, model=nasty, boxes=st.lists(made.boxes, max_size=3))
def test_a_packet_is_well_formed_whatever_it_tells(
    species: str, model: str, boxes: list[Box]
) -> None:
    from camtrap.outputs.exports.xmp_packet import _keyword

    keywords = _keyword(("Species", "Prey", species)), _keyword(("Model", model))
    found = tuple(Region(each, "Prey", "prey 0.50, machine") for each in boxes)
    text = packet(Seen(keywords, found, (640, 480)))
    assert words(text) == ["|".join(each) for each in keywords]
    assert all(word.count("|") <= 2 for word in words(text))
    back = [sides for _, sides in regions(text)]
    expected = [(x + w / 2, y + h / 2, w, h) for x, y, w, h in boxes]
    assert back == [pytest.approx(sides, abs=1e-6) for sides in expected]


@settings(max_examples=15)
@given(rows=made.rows())
def test_every_label_and_box_comes_back(tmp_path: Path, rows: list[Row]) -> None:
    season = season_of(tmp_path, *rows)
    told, done = sidecars(season)
    with Ledger(season) as ledger:
        entries = {entry.file_id: entry for entry in ledger.entries()}
    expected = {}
    for entry in entries.values():
        seen = entry if entry.duplicate_of is None else entries[entry.duplicate_of]
        if seen.state.is_label:
            expected[f"{file_path(entry)}.xmp"] = seen
    # The card's folder is one that every system takes; what lies in it is as on the card.
    assert told.keys() == expected.keys() and done.rows == len(expected)
    for name, entry in expected.items():
        assert words(told[name])[0] == f"Species|{entry.state.capitalize()}"
        labels = [
            found.label.capitalize()
            for found in entry.detections
            if min(found.box.width, found.box.height) > 1e-6
        ]
        assert [label for label, _ in regions(told[name])][: len(labels)] == labels or not labels


# -- what another program reads


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_keywords_and_regions(tmp_path: Path) -> None:
    rows = [
        replace(LEOPARD, detections=(box("leopard"), box("prey"))),
        replace(LEOPARD, name="ST01/<b> & 'ё'.JPG", content_key="b"),
    ]
    if sys.platform == "win32":
        rows[1] = replace(rows[1], name="ST01/b & 'ё'.JPG")
    season = season_of(tmp_path, *rows)
    add_review(season, 2, "prey", species="Roe & <deer>")
    exported(season, "xmp", tmp_path)
    paths = sorted((tmp_path / "xmp").rglob("*.xmp"), key=lambda path: path.name)
    said = subprocess.run(
        ["exiftool", "-j", "-G1", "-struct", "-XMP:all", "-validate", "-warning", "-a", *paths],
        capture_output=True,
        check=True,
    )
    told = {Path(each["SourceFile"]).name: each for each in json.loads(said.stdout)}
    first, second = told[paths[1].name], told[paths[0].name]
    assert first["XMP-lr:HierarchicalSubject"] == [
        "Species|Leopard",
        "Review|machine",
        "Model|camtrap (fake)",
    ]
    assert first["XMP-digiKam:TagsList"][0] == "Species/Leopard"
    assert first["XMP-dc:Subject"][0] == "Leopard"
    region = first["XMP-mwg-rs:RegionInfo"]
    assert region["AppliedToDimensions"] == {"W": 640, "H": 480, "Unit": "pixel"}
    assert [each["Name"] for each in region["RegionList"]] == ["Leopard", "Prey"]
    assert region["RegionList"][0]["Area"] == {
        "X": 0.25,
        "Y": 0.4,
        "W": 0.3,
        "H": 0.4,
        "Unit": "normalized",
    }
    assert second["XMP-dc:Subject"] == ["Prey", "Roe & <deer>", "human"]
    for each in told.values():
        assert each.get("ExifTool:Validate", "OK") == "OK"
        assert "ExifTool:Warning" not in each
