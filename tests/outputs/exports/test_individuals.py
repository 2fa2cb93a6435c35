"""Crops of leopards for HotSpotter and Wildbook: named by people, and no place unless asked for."""

from __future__ import annotations

import csv
import io
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camtrap.errors import ConfigError, SeasonError
from camtrap.ledger.decisions import decide
from camtrap.ledger.individuals import NO_BOX, name, say, set_flanks
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.individuals import HEADER
from camtrap.outputs.exports.plain_names import plain_names, plain_text
from camtrap.outputs.exports.wildbook import AT_ONCE, Encounter, Wildbook
from tests.outputs.exports.made import START, exported
from tests.review.seasons import FRAMES, TURNS, season_of

FIRST, SECOND = 1, 1 + FRAMES * len(TURNS)
"""The first files of the two events of leopards, at ST01 and ST02."""

PLAIN = re.compile(r"[A-Za-z0-9. ]+\.jpg")


@pytest.fixture
def season(tmp_path: Path) -> Path:
    return season_of(tmp_path, 1 + len(TURNS))


@pytest.fixture
def named(season: Path) -> Path:
    """A season in which the same leopard came twice, seen from both sides."""
    for first, flank in ((FIRST, "left"), (SECOND, "right")):
        crops = [(first + n, 0) for n in range(FRAMES)]
        say(season, dict.fromkeys(crops, "Нарва"), {crops[0]: flank}, reviewer="Ольга")
    return season


def written(season: Path, **said: Any) -> tuple[Path, Exported]:
    done = exported(season, "individuals", season / "exports", **said)
    return season / "exports" / "individuals", done


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def hotspotter(path: Path) -> list[list[str]]:
    """A table as HotSpotter reads it: comments and spaces aside."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [[cell.strip() for cell in line.split(",")] for line in lines if line[:1] != "#"]


def test_every_crop_is_a_picture_under_a_plain_name_of_its_own(named: Path) -> None:
    out, done = written(named)
    told = rows(out / "crops.csv")
    assert (done.rows, done.missing, done.paths) == (2 * FRAMES, 0, (out,))
    assert list(told[0]) == list(HEADER)
    crops = [row["crop"] for row in told]
    assert sorted(crops) == sorted(f"images/{path.name}" for path in (out / "images").iterdir())
    assert all(PLAIN.fullmatch(crop.removeprefix("images/")) for crop in crops)
    assert "images/leopard 1 ST01 20260203 181000 left IMG 0000 1 f1b0.jpg" in crops
    for row in told:
        image = Image.open(out / row["crop"])
        assert image.size == (int(row["crop_width"]), int(row["crop_height"]))
        assert not image.getexif()
        assert int(row["x"]) + int(row["width"]) <= image.width
        assert (row["individual_id"], row["named_by"]) == ("Нарва", "Ольга")
        assert row["label_source"] == "machine" and row["model"] and not row["problem"]
    flanks = {(row["picture"][-7:], row["flank"], row["flank_by"]) for row in told}
    assert ("0_1.JPG", "left", "Ольга") in flanks and ("0_2.JPG", "unknown", "") in flanks


def test_it_is_a_hotspotter_database(named: Path) -> None:
    name(named, [(SECOND + 1, 0)], "", reviewer="Ольга")
    name(named, [(SECOND + 2, 0)], "Bary, the 2nd", reviewer="Ольга")
    out, _ = written(named)
    images = hotspotter(out / "_hsdb" / "image_table.csv")
    chips = hotspotter(out / "_hsdb" / "chip_table.csv")
    names = dict(hotspotter(out / "_hsdb" / "name_table.csv"))
    assert {row[1] for row in images} == {path.name for path in (out / "images").iterdir()}
    assert [row[0] for row in images] == [row[0] for row in chips] == list("123456")
    assert sorted(names.values()) == ["Bary the 2nd", "leopard 1"] and "1" not in names
    header = (out / "_hsdb" / "chip_table.csv").read_text("ascii").splitlines()[1]
    assert [part.strip() for part in header.strip("#").split(",")] == [
        "ChipID",
        "ImgID",
        "NameID",
        "roi[tl_x  tl_y  w  h]",
        "theta",
        "flank",
    ]
    by_name = {row[1]: row for row in images}
    told = {row["crop"].removeprefix("images/"): row for row in rows(out / "crops.csv")}
    for image, row in by_name.items():
        [chip] = [chip for chip in chips if chip[1] == row[0]]
        region = [int(part) for part in chip[3].strip("[]").split()]
        assert region == [int(told[image][key]) for key in ("x", "y", "width", "height")]
        assert float(chip[4]) == 0 and chip[5] == told[image]["flank"]
        known = {"Нарва": "leopard 1", "Bary, the 2nd": "Bary the 2nd", "": None}
        assert names.get(chip[2]) == known[told[image]["individual_id"]]


def test_wildbook_gets_a_row_an_animal_and_event_without_places(named: Path) -> None:
    out, _ = written(named)
    first, second = rows(out / "wildbook.csv")
    assert [row["MarkedIndividual.individualID"] for row in (first, second)] == ["Нарва"] * 2
    told = {key.removeprefix("Encounter."): value for key, value in first.items()}
    assert (told["genus"], told["specificEpithet"]) == ("Panthera", "pardus")
    moment = [told[key] for key in ("year", "month", "day", "hour", "minutes")]
    assert moment == ["2026", "2", "3", "18", "10"]
    assert told["verbatimLocality"] == "ST01" and told["state"] == "approved"
    assert "locationID" not in told and not any("decimal" in key for key in told)
    crops = [told[f"mediaAsset{n}"] for n in range(FRAMES)]
    assert all((out / "images" / crop).is_file() for crop in crops)
    assert " left " in crops[0]  # what people have told comes first
    assert re.fullmatch(r"[A-Za-z0-9_-]+", told["occurrenceID"])
    assert told["occurrenceID"] != second["Encounter.occurrenceID"]
    assert "43.1" not in "".join(path.read_text("utf-8") for path in out.glob("*.csv"))


def test_places_come_when_they_are_asked_for_and_rounded_in_public(named: Path) -> None:
    out, _ = written(named, coordinates="yes", location="Land of the Leopard")
    row = rows(out / "wildbook.csv")[0]
    assert row["Encounter.locationID"] == "Land of the Leopard"
    assert (row["Encounter.decimalLatitude"], row["Encounter.decimalLongitude"]) == (
        "43.1",
        "131.5",
    )
    out, _ = written(named, coordinates="yes", public=True, grid=0.5)
    row = rows(out / "wildbook.csv")[0]
    assert float(row["Encounter.decimalLatitude"]) % 0.5 in (0, 0.25)


def test_in_public_nothing_tells_a_place_or_a_person(named: Path) -> None:
    out, _ = written(named, public=True)
    files = [path for path in out.rglob("*") if path.is_file() and path.suffix == ".csv"]
    text = "".join(path.read_text("utf-8") for path in files)
    text += "".join(path.name for path in out.rglob("*"))
    for secret in ("ST01", "ST02", "ridge", "ручей", "IMG", "Ольга", "card/", "H2X0001"):
        assert secret not in text
    assert "site 1" in text and "leopard 1" in text


def test_in_public_pictures_with_people_are_left_out(named: Path) -> None:
    with Ledger(named) as ledger, ledger.writing():
        ledger.db.execute(
            "INSERT INTO detection SELECT file_id, 1, 'person', 0.9, x, y, width, height, score,"
            " probabilities FROM detection WHERE file_id = ?",
            (FIRST,),
        )
    out, done = written(named, public=True)
    assert done.rows == 2 * FRAMES - 1
    assert any("1 crops of pictures with people" in note for note in done.notes)
    assert not any(path.name.endswith("f1b0.jpg") for path in (out / "images").iterdir())


def test_a_mother_and_her_cub_are_two_encounters_of_one_sighting(season: Path) -> None:
    name(season, [(FIRST, 0), (FIRST + 1, 0)], "Narva", reviewer="Li")
    name(season, [(FIRST + 2, 0)], "cub", reviewer="Li")
    out, _ = written(season)
    told = [row for row in rows(out / "wildbook.csv") if row["MarkedIndividual.individualID"]]
    assert [row["MarkedIndividual.individualID"] for row in told] == ["Narva", "cub"]
    assert len({row["Encounter.occurrenceID"] for row in told}) == 1
    assert [bool(row["Encounter.mediaAsset1"]) for row in told] == [True, False]


def test_nobody_s_names_and_a_machine_s_leopards_are_told_as_such(season: Path) -> None:
    out, _ = written(season)
    told = rows(out / "wildbook.csv")
    assert "MarkedIndividual.individualID" not in told[0]
    assert {row["Encounter.state"] for row in told} == {"unapproved"}
    assert all("by a model" in row["Encounter.researcherComments"] for row in told)
    assert hotspotter(out / "_hsdb" / "name_table.csv") == []
    assert {chip[2] for chip in hotspotter(out / "_hsdb" / "chip_table.csv")} == {"1"}
    assert all("unnamed" in path.name for path in (out / "images").iterdir())


def test_people_s_labels_decide_what_is_a_leopard(season: Path) -> None:
    prey = 1 + FRAMES
    decide(season, dict.fromkeys(range(FIRST, FIRST + FRAMES), 0), "other", reviewer="Li")
    decide(season, dict.fromkeys(range(prey, prey + FRAMES), 0), "leopard", reviewer="Li")
    out, _ = written(season)
    told = rows(out / "crops.csv")
    numbers = {int(row["crop"].rpartition(" f")[2].partition("b")[0]) for row in told}
    assert numbers == set(range(prey, prey + FRAMES)) | set(range(SECOND, SECOND + FRAMES))
    assert {row["label_source"] for row in told} == {"human", "machine"}


def test_a_leopard_without_a_box_has_one_whole_picture(season: Path) -> None:
    decide(season, dict.fromkeys(range(FIRST, FIRST + FRAMES), 0), "leopard", reviewer="Li")
    with Ledger(season) as ledger, ledger.writing():
        ledger.db.execute("DELETE FROM detection WHERE file_id <= ?", (FRAMES,))
    out, _ = written(season)
    [row] = [row for row in rows(out / "crops.csv") if not row["box"]]
    assert (row["crop_width"], row["crop_height"]) == ("320", "240")
    name(season, [(FIRST + 1, NO_BOX)], "Narva", reviewer="Li")
    out, _ = written(season)
    told = [row for row in rows(out / "crops.csv") if not row["box"]]
    assert "Narva" in {row["individual_id"] for row in told}


def test_the_best_crops_come_and_those_whose_flank_is_known(season: Path) -> None:
    set_flanks(season, {(FIRST + 2, 0): "left"}, reviewer="Li")
    out, done = written(season, crops="1")
    assert done.rows == 2
    assert any(
        path.name.endswith("left IMG 0000 3 f3b0.jpg") for path in (out / "images").iterdir()
    )
    assert any("4 more crops" in note for note in done.notes)


def test_crops_whose_card_is_away_are_named_and_the_rest_comes(named: Path) -> None:
    card = named.parent / "card"
    shutil.rmtree(card / "ST01_ridge")
    out, done = written(named)
    assert (done.rows, done.missing) == (FRAMES, FRAMES)
    assert any("3 crops are missing" in note and "card (3)" in note for note in done.notes)
    lost = [row for row in rows(out / "crops.csv") if row["problem"]]
    assert [row["problem"] for row in lost] == ["card away"] * FRAMES
    assert {row["crop"] for row in lost} == {""} and all(row["picture"] for row in lost)
    assert len(rows(out / "wildbook.csv")) == 1
    shutil.rmtree(card)
    with pytest.raises(SeasonError, match="card \\(6\\)"):
        written(named)
    # What was there stays.
    assert len(list((out / "images").iterdir())) == FRAMES


def test_another_picture_under_the_name_is_not_taken(named: Path) -> None:
    for path in (named.parent / "card" / "ST01_ridge").rglob("*.JPG"):
        Image.new("RGB", (320, 240)).save(path)
    _, done = written(named)
    assert done.missing == FRAMES


def test_a_season_without_leopards_has_empty_tables(tmp_path: Path) -> None:
    season = season_of(tmp_path, 1 + len(TURNS))
    files = {n: 0 for first in (FIRST, SECOND) for n in range(first, first + FRAMES)}
    decide(season, files, "prey", reviewer="Li")
    out, done = written(season)
    assert done.rows == 0 and "no event of a leopard" in done.notes[0]
    assert rows(out / "crops.csv") == [] and (out / "wildbook.csv").is_file()


def test_an_encounter_without_a_time_is_not_in_the_wildbook_s_table(named: Path) -> None:
    with Ledger(named) as ledger, ledger.writing():
        ledger.db.execute(
            "UPDATE file SET timestamp_source = 'modified' WHERE file_id <= ?", (FRAMES,)
        )
    out, done = written(named)
    assert len(rows(out / "wildbook.csv")) == 1 and done.rows == 2 * FRAMES
    assert any("no time" in note for note in done.notes)
    assert any(" undated " in path.name for path in (out / "images").iterdir())


def test_the_same_season_gives_the_same_bytes(named: Path) -> None:
    def snapshot() -> dict[str, bytes]:
        out, _ = written(named)
        return {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}

    assert snapshot() == snapshot()


@pytest.mark.parametrize("said", [{"crops": "0"}, {"crops": "all"}, {"coordinates": "maybe"}])
def test_options_that_cannot_be_meant_are_refused(season: Path, said: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        written(season, **said)


# -- the parts


def test_a_wildbook_s_tables_hold_two_hundred_encounters(tmp_path: Path) -> None:
    with Wildbook(tmp_path) as book:
        for number in range(AT_ONCE + 1):
            began = START + timedelta(hours=number)
            crops = tuple(f"{number} {n}.jpg" for n in range(1 + (number == 3) * 11))
            book.add(Encounter(crops, "A", f"o{number}", began, "S", None, None, True, "c"))
    assert book.files == 2
    first, second = rows(tmp_path / "wildbook.csv"), rows(tmp_path / "wildbook-2.csv")
    assert (len(first), len(second)) == (AT_ONCE, 1)
    pictures = [key for key in first[0] if "mediaAsset" in key]
    assert pictures == [f"Encounter.mediaAsset{n}" for n in range(12)]
    assert [key for key in second[0] if "mediaAsset" in key] == pictures[:1]


@given(st.sets(st.text(max_size=8), max_size=8))
def test_plain_names_are_plain_and_no_two_the_same(names: set[str]) -> None:
    plain = plain_names(names)
    assert plain.keys() == names
    assert len({told.casefold() for told in plain.values()}) == len(names)
    for told in plain.values():
        assert re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9. ]*[A-Za-z0-9])?", told)


def test_a_plain_name_stays_as_it_is() -> None:
    assert plain_text(" Léo, no. 7_b ") == "Leo no. 7 b"
    told = plain_names(["Leo", "Léo", "leo", "Нарва", "Бары", "leopard 1"])
    assert (told["Leo"], told["leopard 1"]) == ("Leo", "leopard 1")
    assert {told["Бары"], told["Нарва"]} == {"leopard 2", "leopard 3"}


def test_crops_are_readable_jpegs(named: Path) -> None:
    out, _ = written(named)
    for path in (out / "images").iterdir():
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            image.load()
            assert image.format == "JPEG"
