"""Our check of Camtrap DP finds all that the official validators find, and what they let pass."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camtrap.cli.main import app
from camtrap.errors import DataError
from camtrap.outputs.exports import dp_fields
from camtrap.outputs.exports.check_camtrap_dp import check
from camtrap.outputs.exports.check_findings import MOST_OF_A_RULE
from tests.outputs.exports.dp_package import SCHEMAS, Package, Spoil, official_faults

EXAMPLE = Path(__file__).parents[4] / "shared" / "reference" / "camtrap-dp" / "example"


def cell(table: str, row: int, **said: str) -> Spoil:
    return lambda package: package.tables[table][row].update(said)


def told(**said: object) -> Spoil:
    return lambda package: package.said.update(said)


def without(key: str) -> Spoil:
    return lambda package: package.said.pop(key)


def project(**said: object) -> Spoil:
    return lambda package: package.said["project"].update(said)


def resource(**said: object) -> Spoil:
    return lambda package: package.said["resources"][0].update(said)


def no_column(name: str) -> Spoil:
    return lambda package: package.header["observations"].remove(name)


def swapped(package: Package) -> None:
    header = package.header["observations"]
    header[0], header[1] = header[1], header[0]


def twice(package: Package) -> None:
    package.tables["deployments"].append(dict(package.tables["deployments"][0]))


def other_place(package: Package) -> None:
    package.tables["deployments"].append(
        {**package.tables["deployments"][0], "deploymentID": "ST02"}
    )
    package.tables["observations"][0]["deploymentID"] = "ST02"


# Name, how a good package is spoilt, the rule that must find it, and whether the official
# validators find it too.
CASES: list[tuple[str, Spoil, str, bool]] = [
    ("no zone", cell("media", 0, timestamp="2026-03-05T02:14:09"), "type", True),
    ("parts of a second", cell("media", 0, timestamp="2026-03-05T02:14:09.5+05:45"), "type", True),
    ("no such day", cell("media", 0, timestamp="2026-02-30T02:14:09+05:45"), "type", True),
    ("a label as type", cell("observations", 0, observationType="leopard"), "choice", True),
    ("empty as type", cell("observations", 1, observationType="empty"), "choice", True),
    ("no such file", cell("observations", 0, mediaID="nope"), "foreign-key", True),
    ("no such deployment", cell("media", 0, deploymentID="nope"), "foreign-key", True),
    ("a file twice", cell("media", 1, mediaID="m1"), "unique", True),
    ("a deployment twice", twice, "unique", True),
    ("an observation twice", cell("observations", 1, observationID="o1"), "unique", True),
    ("count 0", cell("observations", 1, count="0"), "range", True),
    ("half an animal", cell("observations", 0, count="1.5"), "type", True),
    ("a box without width", cell("observations", 0, bboxWidth="0"), "range", True),
    ("a box left of the picture", cell("observations", 0, bboxX="-0.0001"), "range", True),
    ("an absolute path", cell("media", 0, filePath="/data/x.jpg"), "pattern", True),
    ("a path out of it", cell("media", 0, filePath="../x.jpg"), "pattern", True),
    ("two dots in a name", cell("media", 0, filePath="a/IMG..JPG"), "pattern", True),
    ("per cent", cell("observations", 0, classificationProbability="93"), "range", True),
    ("no number", cell("deployments", 0, latitude="43,1"), "type", True),
    ("beyond the pole", cell("deployments", 0, latitude="93"), "range", True),
    ("a station called NA", cell("deployments", 0, deploymentID="NA"), "required", True),
    ("no column sex", no_column("sex"), "header", True),
    ("no column observationType", no_column("observationType"), "header", True),
    ("columns swapped", swapped, "header", True),
    (
        "a column more",
        lambda package: package.header["observations"].append("confidence"),
        "header",
        True,
    ),
    ("a name with capitals", told(name="Ridge 2026"), "name", True),
    ("one licence", told(licenses=[{"name": "CC0-1.0", "scope": "data"}]), "licenses", True),
    ("a role", told(contributors=[{"title": "x", "role": "author"}]), "contributors", True),
    ("nobody", told(contributors=[]), "contributors", True),
    ("created on a day", told(created="2026-04-02"), "created", True),
    ("no project", without("project"), "missing-property", True),
    ("no profile", without("profile"), "missing-property", True),
    ("no spatial", without("spatial"), "missing-property", True),
    ("no taxonomic", without("taxonomic"), "missing-property", True),
    ("a schema of one's own", resource(schema={"fields": []}), "resource-schema", True),
    ("a schema in the folder", resource(schema="deployments.json"), "resource-schema", True),
    ("no table's profile", resource(profile="data-resource"), "resource-profile", True),
    ("a resource's name", resource(name="places"), "resources", True),
    ("a design", project(samplingDesign="random"), "project", True),
    ("a capture method", project(captureMethod=["timelapse"]), "project", True),
    ("a rank", told(taxonomic=[{"scientificName": "x", "taxonRank": "clade"}]), "taxonomic", True),
    # What the official validators let pass
    ("a box right of the picture", cell("observations", 0, bboxX="0.9"), "box-beyond", False),
    ("a box below the picture", cell("observations", 0, bboxY="0.7"), "box-beyond", False),
    ("three sides of a box", cell("observations", 0, bboxY=""), "box-part", False),
    ("a path of Windows", cell("media", 0, filePath="C:\\cards\\x.jpg"), "path", False),
    ("backslashes", cell("media", 0, filePath="cards\\x.jpg"), "path", False),
    ("of no file", cell("observations", 0, mediaID=""), "level-media", False),
    ("an event of a file", cell("observations", 2, mediaID="m1"), "level-event", False),
    (
        "a leopard on a blank",
        cell("observations", 1, scientificName="Panthera pardus"),
        "name-on-blank",
        False,
    ),
    (
        "ends before it starts",
        cell("deployments", 0, deploymentEnd="2026-02-01T09:30:00+05:45"),
        "deployment-order",
        False,
    ),
    (
        "a file outside its deployment",
        cell("media", 1, timestamp="2027-03-05T02:14:09+05:45"),
        "media-outside",
        False,
    ),
    (
        "an event that holds not its files",
        cell("observations", 2, eventEnd="2026-03-05T02:14:09+05:45"),
        "event-encloses",
        False,
    ),
    (
        "an event that ends before it starts",
        cell("observations", 2, eventEnd="2026-03-04T02:14:09+05:45"),
        "event-order",
        False,
    ),
    (
        "a file of another deployment",
        other_place,
        "other-deployment",
        False,
    ),
    (
        "a species that is not listed",
        told(taxonomic=[{"scientificName": "Vulpes vulpes"}]),
        "taxonomic-missing",
        False,
    ),
    (
        "a level that is not listed",
        project(observationLevel=["media"]),
        "project-observationLevel",
        False,
    ),
    (
        "a method that is not listed",
        project(captureMethod=["timeLapse"]),
        "project-captureMethod",
        False,
    ),
    ("no day", told(temporal={"start": "2026-03", "end": "2026-04-01"}), "temporal", False),
    ("created without zone", told(created="2026-04-02T10:00:00"), "created", False),
    ("a profile in the folder", told(profile="camtrap-dp-profile.json"), "profile", False),
    (
        "latitude before longitude",
        told(spatial={"type": "Point", "coordinates": [43.1, 131.5]}),
        "spatial",
        False,
    ),
    (
        "time runs backwards",
        told(temporal={"start": "2026-04-01", "end": "2026-03-01"}),
        "temporal",
        False,
    ),
]


NAMES = [case[0] for case in CASES]


@pytest.mark.parametrize(("spoil", "rule"), [case[1:3] for case in CASES], ids=NAMES)
def test_what_is_wrong_is_found(tmp_path: Path, spoil: Spoil, rule: str) -> None:
    package = Package()
    spoil(package)
    report = check(package.write(tmp_path))
    assert rule in report.rules, [str(found) for found in report.findings]


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "official"), [(case[1], case[3]) for case in CASES], ids=NAMES)
def test_the_official_validators_find_what_we_say_they_find(
    tmp_path: Path, spoil: Spoil, official: bool
) -> None:
    # That they let something pass is why a rule is ours; the day they don't, this tells.
    package = Package()
    spoil(package)
    assert bool(official_faults(package.write(tmp_path))) == official


def test_a_good_package_is_good_to_all(tmp_path: Path) -> None:
    folder = Package().write(tmp_path)
    report = check(folder)
    assert (report.errors, report.warnings, report.findings) == (0, 0, [])
    assert report.rows == {"deployments": 1, "media": 2, "observations": 3}
    assert official_faults(folder) == []


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the official example is not there")
def test_the_official_example_is_good_to_all() -> None:
    report = check(EXAMPLE)
    assert report.errors == 0, [str(found) for found in report.findings]
    assert report.rows == {"deployments": 4, "media": 423, "observations": 549}
    assert {rule for rule, _ in report.counts} == {"json"}  # three rows of exifData are not
    assert official_faults(EXAMPLE) == []


# -- what is allowed, but not well written


WARNINGS: list[tuple[str, Spoil, str]] = [
    ("capitals", cell("media", 0, filePublic="False"), "spelling"),
    ("no colon", cell("media", 0, timestamp="2026-03-05T02:14:09+0545"), "spelling"),
    ("a camera called NA", cell("deployments", 0, cameraID="NA"), "missing-word"),
    ("no JSON", cell("media", 0, exifData="{'ISO': 100}"), "json"),
    ("a blank is counted", cell("observations", 1, count="1"), "count-on-blank"),
    ("a machine without name", cell("observations", 0, classifiedBy=""), "machine"),
    ("a nameless event", cell("observations", 2, eventID=""), "level-event-id"),
    (
        "a place out of the box",
        told(spatial={"type": "Point", "coordinates": [120.0, 43.1]}),
        "outside-spatial",
    ),
    (
        "a day out of the span",
        told(temporal={"start": "2026-03-02", "end": "2026-04-01"}),
        "outside-temporal",
    ),
    (
        "a species that nobody saw",
        told(
            taxonomic=[{"scientificName": "Panthera pardus"}, {"scientificName": "Vulpes vulpes"}]
        ),
        "taxonomic-unused",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "rule"), WARNINGS, ids=[c[0] for c in WARNINGS])
def test_what_could_be_better_is_a_warning(
    tmp_path: Path, name: str, spoil: Spoil, rule: str
) -> None:
    package = Package()
    spoil(package)
    report = check(package.write(tmp_path))
    assert report.errors == 0
    assert set(report.counts) == {(rule, False)}


def test_a_person_in_a_public_file_is_a_warning(tmp_path: Path) -> None:
    package = Package()
    cell("media", 1, filePublic="true")(package)
    cell("observations", 1, observationType="human")(package)
    assert ("people-public", False) in check(package.write(tmp_path)).counts


def test_a_clock_known_to_be_wrong_makes_times_outside_a_warning(tmp_path: Path) -> None:
    package = Package()
    cell("deployments", 0, timestampIssues="true")(package)
    cell("media", 1, timestamp="2027-03-05T02:14:09+05:45")(package)
    package.tables["observations"] = []
    told(taxonomic=[])(package)
    report = check(package.write(tmp_path))
    assert dict(report.counts) == {("media-outside", False): 1}


def test_times_are_compared_as_moments_and_not_as_text(tmp_path: Path) -> None:
    package = Package()
    # 20:29:09 on the day before in UTC is 02:14:09 at +05:45.
    cell("observations", 2, eventStart="2026-03-04T20:29:09Z", eventEnd="2026-03-04T20:29:10Z")(
        package
    )
    assert check(package.write(tmp_path)).errors == 0


def test_labels_that_share_an_event_enclose_its_files_together(tmp_path: Path) -> None:
    package = Package()
    event = package.tables["observations"][2]
    event["eventEnd"] = event["eventStart"]
    package.tables["observations"].append(
        {**event, "observationID": "o4", "eventEnd": "2026-03-05T02:14:10+05:45"}
    )
    assert check(package.write(tmp_path)).errors == 0


# -- files


def test_windows_files_are_read_and_told(tmp_path: Path) -> None:
    folder = Package().write(tmp_path)
    media = folder / "media.csv"
    media.write_bytes(b"\xef\xbb\xbf" + media.read_bytes().replace(b"\n", b"\r\n"))
    report = check(folder)
    assert set(report.counts) == {("byte-order-mark", False), ("line-ends", False)}
    assert report.rows["media"] == 2


def test_packed_tables_are_read(tmp_path: Path) -> None:
    package = Package()
    for one in package.said["resources"]:
        one["path"] += ".gz"
    folder = package.write(tmp_path)
    for name in dp_fields.HEADERS:
        path = folder / f"{name}.csv"
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    report = check(folder)
    assert (report.errors, report.rows["observations"]) == (0, 3)
    assert official_faults(folder) == []


@pytest.mark.parametrize("spoilt", ["gone", "cut", "latin", "ragged", "quote"])
def test_a_broken_table_is_an_error_and_no_crash(tmp_path: Path, spoilt: str) -> None:
    folder = Package().write(tmp_path)
    media = folder / "media.csv"
    data = media.read_bytes()
    if spoilt == "gone":
        media.unlink()
    elif spoilt == "cut":
        media.write_bytes(data[:-40])
    elif spoilt == "latin":
        media.write_bytes(data.replace(b"ST01/", b"\xe9t/"))
    elif spoilt == "ragged":
        media.write_bytes(data + b"m3,ST01_2026-03\n")
    else:
        media.write_bytes(data + b'"m3,ST01')
    assert check(folder).errors


def test_a_table_outside_of_the_package_is_not_opened(tmp_path: Path) -> None:
    package = Package()
    resource(path="../deployments.csv")(package)
    folder = package.write(tmp_path / "package")
    shutil.move(folder / "deployments.csv", tmp_path / "deployments.csv")
    report = check(folder)
    assert "resource-path" in report.rules
    assert report.rows["deployments"] == 0


def test_of_each_kind_the_first_findings_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    package = Package()
    row = package.tables["media"][0]
    package.tables["media"] = [
        {**row, "mediaID": f"m{number}", "filePublic": "maybe"} for number in range(1, 101)
    ]
    report = check(package.write(tmp_path))
    assert report.counts[("type", True)] == report.errors == 100
    assert len(report.findings) == MOST_OF_A_RULE
    assert "line 2, filePublic" in report.findings[0].where


def test_a_folder_without_a_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no datapackage\.json"):
        check(tmp_path)
    (tmp_path / "datapackage.json").write_text("[1,", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        check(tmp_path)
    (tmp_path / "datapackage.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match="no JSON object"):
        check(tmp_path)


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [3], [None], {"a": 1}, [{}]])
@pytest.mark.parametrize("key", list(Package().said))
def test_no_value_of_a_property_breaks_the_check(tmp_path: Path, key: str, value: object) -> None:
    package = Package()
    package.said[key] = value
    check(package.write(tmp_path))


@pytest.mark.parametrize("value", [None, 3, [], {}, "a\0b", "\ud800", "x" * 5000])
@pytest.mark.parametrize("key", ["name", "path", "profile", "schema"])
def test_no_value_in_a_resource_breaks_the_check(tmp_path: Path, key: str, value: object) -> None:
    package = Package()
    package.said["resources"][1][key] = value
    assert check(package.write(tmp_path)).errors


def test_a_place_beyond_all_numbers_and_half_a_character_are_told(tmp_path: Path) -> None:
    package = Package()
    package.said["spatial"]["coordinates"] = [[10**400, 10**400]]
    package.said["taxonomic"][0]["scientificName"] = "\ud800"
    report = check(package.write(tmp_path))
    assert "spatial" in report.rules
    for finding in report.findings:
        str(finding).encode()


@pytest.mark.parametrize("scope", [None, 3, [], {}, "images"])
def test_a_licence_of_what_is_no_scope_is_told(tmp_path: Path, scope: object) -> None:
    package = Package()
    package.said["licenses"][0]["scope"] = scope
    assert "licenses" in check(package.write(tmp_path)).rules


# -- the standard's own words


@pytest.mark.parametrize("table", list(dp_fields.FIELDS))
def test_our_columns_and_rules_are_those_of_the_official_schemas(table: str) -> None:
    schema = json.loads((SCHEMAS / f"{table}-table-schema.json").read_text(encoding="utf-8"))
    official = [
        {
            "name": field["name"],
            "kind": field["type"],
            **{
                ours: field.get("constraints", {}).get(theirs, default)
                for ours, theirs, default in (
                    ("required", "required", False),
                    ("unique", "unique", False),
                    ("minimum", "minimum", None),
                    ("maximum", "maximum", None),
                    ("pattern", "pattern", ""),
                )
            },
            "choices": tuple(field.get("constraints", {}).get("enum", ())),
        }
        for field in schema["fields"]
    ]
    ours = [{key: getattr(field, key) for key in official[0]} for field in dp_fields.FIELDS[table]]
    assert ours == official
    assert set(schema["missingValues"]) == {"", "NA", "NaN", "nan"}


def test_the_words_of_the_profile_are_ours() -> None:
    profile = json.loads((SCHEMAS / "camtrap-dp-profile.json").read_text(encoding="utf-8"))
    [said] = [part["properties"] for part in profile["allOf"] if "properties" in part]
    project = said["project"]["properties"]
    assert tuple(project["samplingDesign"]["enum"]) == dp_fields.SAMPLING_DESIGNS
    assert tuple(project["captureMethod"]["items"]["enum"]) == dp_fields.CAPTURE_METHODS
    assert tuple(project["observationLevel"]["items"]["enum"]) == dp_fields.LEVELS
    assert tuple(said["contributors"]["items"]["properties"]["role"]["enum"]) == dp_fields.ROLES
    ranks = said["taxonomic"]["items"]["properties"]["taxonRank"]["enum"]
    assert tuple(ranks) == dp_fields.RANKS


# -- the command


def test_the_command_says_what_is_wrong_and_exits_1(tmp_path: Path) -> None:
    good = Package().write(tmp_path / "good")
    done = CliRunner().invoke(app, ["validate", str(good)])
    assert (done.exit_code, "0 errors" in done.stdout) == (0, True)
    package = Package()
    cell("observations", 0, bboxX="0.9")(package)
    bad = package.write(tmp_path / "bad")
    done = CliRunner().invoke(app, ["validate", str(bad)])
    assert done.exit_code == 1
    assert "observations.csv line 2, bboxWidth: the box leaves the picture" in done.stdout
    done = CliRunner().invoke(app, ["validate", str(bad), "--json"])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["errors"], said["findings"][0]["rule"]) == (1, 1, "box-beyond")
