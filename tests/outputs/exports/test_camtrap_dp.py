"""Camtrap DP: whatever the season holds, the package is right, true, and gives it back."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import ConfigError, SeasonError
from camtrap.events.names import file_path as season_path
from camtrap.ledger import individuals
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports import camtrap_dp
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.check_camtrap_dp import check
from camtrap.outputs.exports.dp_fields import HEADERS
from camtrap.outputs.exports.dp_paths import file_path, mediatype, suffix_of
from camtrap.outputs.exports.dp_rows import clamped
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.sites import Site, renamed
from camtrap.records import Box, State
from tests.outputs.exports import made
from tests.outputs.exports.dp_package import official_faults
from tests.outputs.exports.made import START, Row, box, exported, made_season

fresh = count()

LEOPARD = Row("ST01/a.JPG", State.LEOPARD, (box("leopard", 0.8),), confidence=0.87)
PLACED = {"latitude": 43.100123, "longitude": 131.500456}
STATION = "station_id,station_name,latitude,longitude,coordinate_uncertainty_m,deployment_id,"
STATION += "camera_id,start,end,utc_offset,feature_type,height_m,bait,notes,folder\n"


class Read:
    """A package as it lies in a folder."""

    def __init__(self, folder: Path, done: Exported) -> None:
        self.folder, self.done = folder, done
        self.said: dict[str, Any] = json.loads(
            (folder / "datapackage.json").read_text(encoding="utf-8")
        )
        paths = {one["name"]: folder / one["path"] for one in self.said["resources"]}
        self.deployments, self.media, self.observations = (table(paths[name]) for name in HEADERS)
        self.of_files = [o for o in self.observations if o["observationLevel"] == "media"]
        self.of_events = [o for o in self.observations if o["observationLevel"] == "event"]


def table(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def packed(season: Path, **said: Any) -> Read:
    """Export a season, and hold it against our own check."""
    out = season.parent / f"out {next(fresh)}"
    said = {"utc_offset": "+10:00", **said}
    done = exported(season, "camtrap-dp", out, **said)
    folder = out / "camtrap-dp"
    report = check(folder)
    assert report.errors == 0, [str(found) for found in report.findings]
    return Read(folder, done)


def placed(tmp_path: Path, *rows: Row, stations: str = "", offsets: str = "") -> Path:
    """A season of rows; without `stations`, each row is where the camera's GPS says."""
    told = rows if stations else [replace(row, **dict[str, Any](PLACED)) for row in rows]
    season = made_season(tmp_path / f"season {next(fresh)}", told)
    if stations:
        (season / "stations.csv").write_text(STATION + stations, encoding="utf-8")
    if offsets:
        (season / "clock_offsets.csv").write_text(offsets, encoding="utf-8")
    return season


def line(station: str, **said: str) -> str:
    """One line of `stations.csv`."""
    cells = {
        "station_id": station,
        "latitude": "43.100123",
        "longitude": "131.500456",
        "start": "2026-02-01 08:00:00",
        "end": "2026-02-28 09:30:00",
        "utc_offset": "+10:00",
        **said,
    }
    return ",".join(cells.get(name, "") for name in STATION.strip().split(",")) + "\n"


# -- anything at all


@settings(max_examples=25)
@given(rows=made.rows(), public=st.booleans())
def test_whatever_the_season_holds_the_package_is_right_and_gives_it_back(
    tmp_path: Path, rows: list[Row], public: bool
) -> None:
    season = placed(tmp_path, replace(LEOPARD, name="zz/z.JPG", content_key="own"), *rows)
    read = packed(season, public=public)
    with Ledger(season) as ledger:
        entries = {season_path(entry): entry for entry in ledger.entries()}
    left_out = sum(
        int(note.split()[0].replace(",", "")) for note in read.done.notes if " files are " in note
    )
    assert len(read.media) + left_out == len(entries)
    assert read.done.rows == len(read.deployments) + len(read.media) + len(read.observations)
    told = Counter(o["mediaID"] for o in read.of_files)
    assert told.keys() == {row["mediaID"] for row in read.media}
    if public:
        return
    by_media = {o["mediaID"]: o for o in read.of_files}
    for row in read.media:
        entry = entries[unquote(row["filePath"])]
        assert entry.capture.taken_at is not None
        assert row["timestamp"] == f"{entry.capture.taken_at.isoformat()}+10:00"
        said = by_media[row["mediaID"]]
        label = re.search(r"(?:label|state):(\w+)", said["observationTags"])
        assert label is not None
        labels = {entry.state.value, *(found.label for found in entry.detections)}
        assert label[1] in labels
        assert (said["observationType"] == "unclassified") == (not entry.state.is_label)
        assert (said["observationType"] == "blank") == (entry.state == State.EMPTY)


@given(path=made.hostile_paths)
def test_a_path_comes_back_and_is_one_that_the_standard_takes(path: str) -> None:
    told = file_path(path)
    assert unquote(told) == path
    assert re.fullmatch(r"(?=[^./~])((?!\.{2}).)*", told)
    assert "\\" not in told and told.isprintable()


@given(x=st.floats(-0.5, 1.5), y=st.floats(-0.5, 1.5), w=st.floats(0, 1.5), h=st.floats(0, 1.5))
def test_a_box_lies_in_its_picture_and_has_extent(x: float, y: float, w: float, h: float) -> None:
    told = clamped(Box(x, y, w, h))
    assert 0 <= told.x < 1 and 0 <= told.y < 1
    assert told.width > 0 and told.x + told.width <= 1 + 1e-6
    assert told.height > 0 and told.y + told.height <= 1 + 1e-6


def test_a_box_within_its_picture_stays_as_it_is() -> None:
    assert clamped(Box(0.1, 0.2, 0.3, 0.4)) == Box(0.1, 0.2, 0.3, 0.4)


@pytest.mark.slow
def test_the_official_validators_take_a_season_on_which_all_is_odd(tmp_path: Path) -> None:
    rows = [
        Row(f"ST0{number}/..x%{number}.JPG", state, card="карта\\1", skip_reason="a video")
        for number, state in enumerate(sorted(State))
        if state != State.DUPLICATE
    ]
    for said in ({}, {"public": True}, {"gzip": "yes"}):
        assert official_faults(packed(placed(tmp_path, *rows), **said).folder) == []


# -- deployments


def test_the_tables_have_the_standards_columns_and_lf(tmp_path: Path) -> None:
    read = packed(placed(tmp_path, LEOPARD))
    for name, header in HEADERS.items():
        data = (read.folder / f"{name}.csv").read_bytes()
        assert data.split(b"\n")[0].decode() == ",".join(header)
        assert b"\r" not in data and not data.startswith(b"\xef\xbb\xbf")


def test_field_notes_go_in_and_unknown_stays_empty(tmp_path: Path) -> None:
    station = line(
        "ST01",
        station_name="Ridge",
        coordinate_uncertainty_m="12",
        camera_id="H2",
        utc_offset="+05:45",
        feature_type="trailGame",
        height_m="0.6",
        bait="scent",
    )
    read = packed(placed(tmp_path, LEOPARD, stations=station))
    [row] = read.deployments
    assert (row["locationID"], row["locationName"], row["cameraID"]) == ("ST01", "Ridge", "H2")
    assert (row["latitude"], row["coordinateUncertainty"]) == ("43.100123", "12")
    assert row["deploymentStart"] == "2026-02-01T08:00:00+05:45"
    assert row["deploymentEnd"] == "2026-02-28T09:30:00+05:45"
    assert (row["baitUse"], row["deploymentTags"]) == ("true", "bait:scent")
    assert (row["featureType"], row["cameraHeight"]) == ("trailGame", "0.6")
    assert (row["timestampIssues"], row["habitat"], row["setupBy"]) == ("", "", "")
    assert read.media[0]["timestamp"].endswith("+05:45")


def test_a_station_called_na_is_not_lost(tmp_path: Path) -> None:
    rows = [replace(LEOPARD, name="a.JPG", card=name, content_key=name) for name in ("NA", "nan")]
    read = packed(placed(tmp_path, *rows))
    assert [row["deploymentID"] for row in read.deployments] == ["NA_", "nan_"]
    assert [row["locationID"] for row in read.deployments] == ["NA_", "nan_"]
    assert {event["eventID"] for event in read.of_events} == {"NA__e0001", "nan__e0001"}


def test_names_that_were_made_safe_stay_different() -> None:
    told = renamed([Site(name, name, name) for name in ("NA", "NA_", "ST01")])
    assert [site.deployment_id for site in told] == ["NA__", "NA_", "ST01"]


def test_a_camera_that_saw_nothing_is_effort(tmp_path: Path) -> None:
    read = packed(placed(tmp_path, LEOPARD, stations=line("ST01") + line("ST02")))
    assert [row["locationID"] for row in read.deployments] == ["ST01", "ST02"]
    assert read.said["temporal"] == {"start": "2026-02-01", "end": "2026-02-28"}


def test_a_corrected_clock_is_told_and_used(tmp_path: Path) -> None:
    offsets = "deployment_id,seconds,from,to,reason\n{},-3600,,,one hour ahead\n"
    station = line("ST01", deployment_id="ST01_a")
    read = packed(placed(tmp_path, LEOPARD, stations=station, offsets=offsets.format("ST01_a")))
    assert read.media[0]["timestamp"] == "2026-02-03T20:50:00+10:00"
    assert read.of_events[0]["eventStart"] == "2026-02-03T20:50:00+10:00"
    assert "clock_offset_s:-3600" in read.deployments[0]["deploymentTags"]


def test_a_time_that_is_the_files_own_is_told_as_an_issue(tmp_path: Path) -> None:
    read = packed(placed(tmp_path, replace(LEOPARD, timestamp_source="modified")))
    assert read.deployments[0]["timestampIssues"] == "true"
    assert "file's own date" in read.media[0]["mediaComments"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"utc_offset": ""}, "Without an offset from UTC: ST01"),
        ({"latitude": "", "longitude": ""}, "Without coordinates: ST01"),
    ],
)
def test_what_a_deployment_lacks_is_told_or_leaves_it_out(
    tmp_path: Path, said: dict[str, str], told: str
) -> None:
    rows = LEOPARD, replace(LEOPARD, name="ST02/a.JPG", content_key="b")
    season = placed(tmp_path, *rows, stations=line("ST01", **said) + line("ST02"))
    with source_of(season) as source, pytest.raises(SeasonError, match=re.escape(told)) as caught:
        camtrap_dp.write(source, tmp_path)
    assert "stations.csv" in str(caught.value)
    read = packed(season, incomplete="skip", utc_offset="")
    assert [row["locationID"] for row in read.deployments] == ["ST02"]
    assert any(told in note for note in read.done.notes)
    [out] = table(read.folder / "left_out.csv")
    assert out["file_path"] == "card/ST01/a.JPG"


def test_the_option_gives_an_offset_only_where_nothing_tells_one(tmp_path: Path) -> None:
    rows = LEOPARD, replace(LEOPARD, name="ST02/a.JPG", content_key="b")
    stations = line("ST01", utc_offset="") + line("ST02", utc_offset="+05:45")
    read = packed(placed(tmp_path, *rows, stations=stations), utc_offset="+0900")
    ends = {row["locationID"]: row["deploymentEnd"][-6:] for row in read.deployments}
    assert ends == {"ST01": "+09:00", "ST02": "+05:45"}


def test_an_offset_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no offset from UTC"):
        packed(placed(tmp_path, LEOPARD), utc_offset="Vladivostok")


# -- files


def test_a_file_that_could_not_be_read_is_unclassified_and_says_why(tmp_path: Path) -> None:
    rows = [Row(f"ST01/{state}.JPG", state) for state in (State.UNREADABLE, State.TRUNCATED)]
    read = packed(placed(tmp_path, *rows))
    assert {o["observationType"] for o in read.observations} == {"unclassified"}
    assert {o["classificationMethod"] for o in read.observations} == {""}
    assert {o["observationTags"] for o in read.observations} == {
        "state:unreadable",
        "state:truncated",
    }
    assert read.media[0]["mediaComments"].endswith(": the data end early")
    assert read.said["taxonomic"] == []


def test_files_without_a_time_and_copies_are_left_out_and_listed(tmp_path: Path) -> None:
    rows = (
        replace(LEOPARD, content_key="same"),
        replace(LEOPARD, name="ST01/b.JPG", content_key="same"),
        Row("ST01/c.JPG", State.EMPTY, taken_at=None),
    )
    read = packed(placed(tmp_path, *rows))
    assert [row["fileName"] for row in read.media] == ["a.JPG"]
    listed = {row["file_path"]: row["reason"] for row in table(read.folder / "left_out.csv")}
    assert listed == {
        "card/ST01/b.JPG": "the same picture as another file",
        "card/ST01/c.JPG": "no time is known",
    }
    assert any("1 files are left out: no time is known" in note for note in read.done.notes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.JPG", "image/jpeg"),
        ("a.Tif", "image/tiff"),
        ("a.MP4", "video/mp4"),
        ("a.3gp", "video/3gpp"),
        ("a.CR3", "image/x-cr3"),
        ("a", "image/jpeg"),
        (".JPG", "image/jpeg"),
    ],
)
def test_kinds_of_files(name: str, kind: str) -> None:
    assert mediatype(suffix_of(name)) == kind


# -- observations


def test_each_box_has_a_row_with_its_own_label_and_chance(tmp_path: Path) -> None:
    row = replace(LEOPARD, detections=(box("leopard", 0.8), box("prey", 0.6, Box(0, 0, 1, 1))))
    first, second = packed(placed(tmp_path, row)).of_files
    assert (first["scientificName"], first["classificationProbability"]) == (
        "Panthera pardus",
        "0.8",
    )
    assert [first[f"bbox{side}"] for side in ("X", "Y", "Width", "Height")] == [
        *("0.1", "0.2", "0.3", "0.4")
    ]
    assert (second["scientificName"], second["observationTags"]) == ("", "label:prey")
    assert first["classificationMethod"] == "machine"
    assert first["classifiedBy"] == "camtrap (fake)"
    assert first["classificationTimestamp"].endswith("Z")
    assert first["eventID"] == second["eventID"] != ""


def test_a_label_without_a_box_of_its_own_has_a_row_for_the_picture(tmp_path: Path) -> None:
    first, second = packed(placed(tmp_path, replace(LEOPARD, detections=(box("prey"),)))).of_files
    assert (first["observationTags"], first["bboxX"]) == ("label:leopard", "")
    assert first["classificationProbability"] == "0.87"
    assert second["observationTags"] == "label:prey"


def test_a_blank_has_a_chance_and_neither_count_nor_species(tmp_path: Path) -> None:
    [said] = packed(placed(tmp_path, Row("ST01/a.JPG", confidence=0.98))).observations
    assert (said["observationType"], said["classificationProbability"]) == ("blank", "0.98")
    assert (said["count"], said["scientificName"], said["eventID"]) == ("", "", "")


def test_what_nobody_can_tell_is_unknown_and_no_blank(tmp_path: Path) -> None:
    row = Row("ST01/a.JPG", State.UNSURE, (box("leopard", 0.4),), made.chances(leopard=0.1))
    read = packed(placed(tmp_path, row))
    said = read.of_files[0]
    assert (said["observationType"], said["scientificName"]) == ("unknown", "")
    assert "p_leopard:0.1000" in said["observationTags"]
    assert (said["bboxX"], said["classificationProbability"]) == ("0.1", "")


def test_a_persons_word_is_human_with_name_and_time_and_without_a_chance(tmp_path: Path) -> None:
    season = placed(tmp_path, replace(LEOPARD, detections=(box("leopard"), box("prey"))))
    review = add_review(season, 1, "leopard", reviewer="Анна")
    read = packed(season)
    for said in (*read.of_files, *read.of_events):
        assert (said["classificationMethod"], said["classifiedBy"]) == ("human", "Анна")
        assert said["classificationTimestamp"] == review.reviewed_at
        assert said["classificationProbability"] == ""
    # Boxes of other labels are the machine's, over which a person's word stands.
    assert [said["bboxX"] for said in read.of_files] == ["0.1"]


@pytest.mark.parametrize(
    ("species", "name", "tag"),
    [
        ("Capreolus pygargus", "Capreolus pygargus", "species:Capreolus pygargus"),
        ("roe deer", "", "species:roe deer"),
        ("Roe deer", "", "species:Roe deer"),
        ("u;mammalia;cetartiodactyla;cervidae;cervus;nippon;sika deer", "Cervus nippon", None),
        ("a|b:c", "", "species:a/b c"),
        ("", "", None),
    ],
)
def test_a_persons_species_is_a_scientific_name_only_when_it_is_one(
    tmp_path: Path, species: str, name: str, tag: str | None
) -> None:
    season = placed(tmp_path, LEOPARD)
    add_review(season, 1, "prey", species=species)
    read = packed(season)
    assert {said["scientificName"] for said in read.observations} == {name}
    assert [one["scientificName"] for one in read.said["taxonomic"]] == ([name] if name else [])
    if tag:
        assert tag in read.of_events[0]["observationTags"].split(" | ")


def test_a_leopard_that_a_person_named_has_its_name_and_a_human_behind_it(tmp_path: Path) -> None:
    boxes = (box("leopard", 0.8), box("leopard", 0.7, Box(0.6, 0.6, 0.3, 0.3)))
    season = placed(tmp_path, replace(LEOPARD, detections=boxes))
    individuals.name(season, [(1, 0)], "Нарва", reviewer="Анна")
    read = packed(season)
    named, other = read.of_files
    assert (named["individualID"], other["individualID"]) == ("Нарва", "")
    assert (named["classificationMethod"], named["classifiedBy"]) == ("human", "Анна")
    assert (named["classificationProbability"], other["classificationMethod"]) == ("", "machine")
    assert [said["individualID"] for said in read.of_events] == ["Нарва"]
    assert read.said["project"]["individualAnimals"] is True
    individuals.name(season, [(1, 1)], "cub", reviewer="Анна")
    read = packed(season)
    assert [said["individualID"] for said in read.of_files] == ["Нарва", "cub"]
    assert [said["individualID"] for said in read.of_events] == [""]


def test_what_is_no_leopard_by_now_has_no_name(tmp_path: Path) -> None:
    season = placed(tmp_path, replace(LEOPARD, detections=(box("leopard"),)))
    individuals.name(season, [(1, 0)], "Narva", reviewer="Anna")
    add_review(season, 1, "prey", reviewer="Anna")
    assert {said["individualID"] for said in packed(season).observations} == {""}


def test_a_person_may_look_at_what_the_machine_could_not(tmp_path: Path) -> None:
    season = placed(tmp_path, Row("ST01/a.JPG", State.UNREADABLE))
    add_review(season, 1, "empty")
    [said] = packed(season).observations
    assert (said["observationType"], said["classificationMethod"]) == ("blank", "human")
    assert said["classifiedBy"] == "a person"


# -- events


def test_events_exclude_each_other_and_enclose_their_files_over_midnight(tmp_path: Path) -> None:
    night = START.replace(hour=23, minute=59, second=50)
    rows = [
        replace(
            LEOPARD,
            name=f"ST01/{number}.JPG",
            taken_at=night.replace(day=3 + (number > 1), **dict[str, Any](moment)),
            detections=(box("leopard"), box("leopard", 0.7)) if number == 2 else LEOPARD.detections,
        )
        for number, moment in enumerate([{}, {"second": 59}, {"hour": 0, "minute": 0, "second": 8}])
    ]
    read = packed(placed(tmp_path, *rows))
    [event] = read.of_events
    assert event["eventStart"] == "2026-02-03T23:59:50+10:00"
    assert event["eventEnd"] == "2026-02-04T00:00:08+10:00"
    assert (event["count"], event["mediaID"], event["scientificName"]) == (
        *("2", "", "Panthera pardus"),
    )
    assert {said["eventID"] for said in read.of_files} == {event["eventID"]}
    assert "images:3" in event["observationTags"]


def test_labels_at_one_time_are_events_of_their_own(tmp_path: Path) -> None:
    rows = [
        Row(f"ST01/{n}.JPG", State(label), (box(label),), taken_at=START.replace(minute=n * 7))
        for n, label in enumerate(["leopard", "prey", "leopard", "person", "vehicle"])
    ]
    read = packed(placed(tmp_path, *rows))
    kinds = Counter((e["observationType"], e["scientificName"]) for e in read.of_events)
    assert kinds == {
        ("animal", "Panthera pardus"): 1,
        ("animal", ""): 1,
        ("human", ""): 1,
        ("vehicle", ""): 1,
    }
    assert len({event["eventID"] for event in read.of_events}) == 4


def test_the_events_are_those_of_events_csv(tmp_path: Path) -> None:
    rows = [
        Row(f"ST0{n % 3}/{n}.JPG", State(label), taken_at=START.replace(hour=n % 20))
        for n, label in enumerate(["leopard", "prey", "unsure", "empty", "other"] * 6)
    ]
    season = placed(tmp_path, *rows)
    read = packed(season)
    with source_of(season) as source:
        assert {e["eventID"] for e in read.of_events} == {event.name for event in source.events}
        assert len(read.of_events) == len(source.events)


# -- for everybody


def secret_season(tmp_path: Path) -> Path:
    rows = [
        replace(LEOPARD, name="secret_den/IMG_1.JPG"),
        Row("secret_den/IMG_2.JPG", State.PERSON, (box("person"),)),
        Row("secret_den/IMG_3.JPG", State.PREY, (box("prey"), box("vehicle")), content_key="v"),
        Row("secret_den/IMG_4.JPG", State.UNSURE, (), made.chances(person=0.6)),
        Row("secret_den/IMG_5.JPG", State.UNREADABLE),
    ]
    station = line(
        "secret_den",
        station_name="secret ridge",
        camera_id="secret-serial",
        coordinate_uncertainty_m="15",
        bait="secret lure",
        notes="secret spring",
        deployment_id="secret_den_1",
    )
    season = placed(tmp_path, *rows, stations=station)
    season = season.rename(season.with_name("secret-valley"))
    add_review(season, 1, "leopard", reviewer="secret ranger")
    return season


def test_a_public_package_tells_no_place_no_person_and_no_name(tmp_path: Path) -> None:
    season = secret_season(tmp_path)
    read = packed(season, public=True)
    every = b"".join(path.read_bytes() for path in read.folder.iterdir())
    assert b"secret" not in every
    assert b"43.1001" not in every and b"131.5004" not in every
    assert b"IMG_" not in every
    assert not (read.folder / "left_out.csv").exists()
    assert {said["observationType"] for said in read.observations} == {"animal", "unclassified"}
    assert len(read.media) == 2
    # As a control: the other package has them all.
    every = b"".join(path.read_bytes() for path in packed(season).folder.iterdir())
    assert every.count(b"secret") > 10 and b"43.100123" in every


def test_public_coordinates_are_rounded_and_say_so(tmp_path: Path) -> None:
    read = packed(secret_season(tmp_path), public=True, grid=0.5)
    [row] = read.deployments
    assert (row["latitude"], row["longitude"]) == ("43.0", "131.5")
    # Half of half a degree: 27.8 km north, 20.4 km east, and 15 m.
    assert 34_000 < int(row["coordinateUncertainty"]) < 35_000
    assert read.said["coordinatePrecision"] == 0.5
    assert read.said["spatial"] == {"type": "Point", "coordinates": [131.5, 43.0]}


def test_public_names_of_files_cannot_be_found_by_trying_paths(tmp_path: Path) -> None:
    rows = [Row("den/a.JPG", content_key=key) for key in ("one", "two")]
    first, second = (packed(placed(tmp_path, row), public=True).media[0] for row in rows)
    assert first["mediaID"] != second["mediaID"]
    assert first["filePath"] == f"media/{first['mediaID']}.jpg"
    same = [packed(placed(tmp_path, row)).media[0]["mediaID"] for row in rows]
    assert same[0] == same[1]


# -- the descriptor


def test_what_nobody_told_is_listed_and_claims_the_least(tmp_path: Path) -> None:
    read = packed(placed(tmp_path, LEOPARD))
    assert read.said["contributors"] == [
        {"title": "not told (write project.toml)", "role": "contact"}
    ]
    assert "licenses" not in read.said
    assert read.said["project"]["samplingDesign"] == "opportunistic"
    [note] = [note for note in read.done.notes if "Still to be told" in note]
    assert "contributors" in note and "licenses.data" in note
    assert "Not told by a person: title" in read.said["description"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", read.said["created"])


PROJECT = """
title = "Леопард зимой"
name = "amur-2026"
keywords = ["leopard"]
[[contributors]]
title = "Anna"
role = "principalInvestigator"
[project]
title = "Amur leopard"
samplingDesign = "systematicRandom"
individualAnimals = true
[licenses]
data = "CC0-1.0"
media = "https://creativecommons.org/licenses/by/4.0/"
[taxa]
prey = "Mammalia"
"Roe Deer" = "Capreolus pygargus"
"""


def test_what_the_project_file_tells_goes_in(tmp_path: Path) -> None:
    rows = [Row(f"ST01/{n}.JPG", State.PREY, taken_at=START.replace(hour=n)) for n in (1, 5)]
    season = placed(tmp_path, *rows)
    (season / "project.toml").write_text(PROJECT, encoding="utf-8")
    add_review(season, 2, "prey", species="roe deer")
    read = packed(season)
    assert (read.said["title"], read.said["name"]) == ("Леопард зимой", "amur-2026")
    assert read.said["project"]["individualAnimals"] is True
    assert [one.get("path", one.get("name")) for one in read.said["licenses"]] == [
        *("CC0-1.0", "https://creativecommons.org/licenses/by/4.0/")
    ]
    assert [one["scientificName"] for one in read.said["taxonomic"]] == [
        *("Capreolus pygargus", "Mammalia")
    ]
    assert not any("Still to be told" in note for note in read.done.notes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel = 'x'", "titel is not known"),
        ("title = 3", "is not a text"),
        ("[[contributors]]\nrole = 'contact'", "has a title"),
        ("[[contributors]]\ntitle = 'x'\nrole = 'author'", "contributors.role is one of"),
        ("[project]\nsamplingDesign = 'random'", "samplingDesign is one of"),
        ("[project]\nindividualAnimals = 'no'", "true or false"),
        ("name = 'Amur 2026'", "small letters"),
        ("contributors = 'Anna'", "contributors"),
        ("title = ", "cannot be read"),
    ],
)
def test_a_project_file_that_cannot_be_used_is_named_with_its_key(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "my project.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        packed(placed(tmp_path, LEOPARD), project=path)
    assert "my project.toml" in str(caught.value)


def test_space_and_time_are_those_of_the_data(tmp_path: Path) -> None:
    rows = LEOPARD, replace(LEOPARD, name="ST02/a.JPG", content_key="b")
    stations = line("ST01") + line("ST02", latitude="44.5", longitude="132", end="2026-03-09")
    said = packed(placed(tmp_path, *rows, stations=stations)).said
    [corners] = said["spatial"]["coordinates"]
    assert corners[0] == corners[-1] == [131.500456, 43.100123]
    assert corners[2] == [132.0, 44.5]
    assert said["temporal"] == {"start": "2026-02-01", "end": "2026-03-09"}
    assert said["project"]["observationLevel"] == ["media", "event"]


def test_packed_tables_are_the_same_bytes_again(tmp_path: Path) -> None:
    season = placed(tmp_path, LEOPARD)
    first, again = packed(season, gzip="yes"), packed(season, gzip="yes")
    for name in HEADERS:
        path = f"{name}.csv.gz"
        assert (first.folder / path).read_bytes() == (again.folder / path).read_bytes()
        assert {"path": path}.items() <= first.said["resources"][[*HEADERS].index(name)].items()


def test_a_season_without_any_place_says_what_to_do(tmp_path: Path) -> None:
    season = made_season(tmp_path / "season", [])
    with source_of(season) as source, pytest.raises(SeasonError, match=r"stations\.csv"):
        camtrap_dp.write(source, tmp_path)
