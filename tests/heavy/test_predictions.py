"""MegaDetector's, COCO's and camtraptools' own programs read what we write, and say the same."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from camtrap.records import Box, State
from tests.heavy.venvs import ask, tool
from tests.outputs.exports.made import (
    START,
    TWIN,
    Row,
    box,
    chances,
    exported,
    made_season,
    read_json,
)

pytestmark = pytest.mark.validators

MEGADETECTOR = ("megadetector-utils==10.0.28", "pycocotools==2.0.11")
CAMTRAPTOOLS = ("camtraptools==0.8.1",)


def at(seconds: int):
    return START + timedelta(seconds=seconds)


ROWS = [
    Row("ST01/RCNX0001.JPG", State.LEOPARD, (box("leopard"), box("prey", 0.6)), taken_at=at(0)),
    Row("ST01/RCNX0002.JPG", State.EMPTY, taken_at=at(1), probabilities=chances(empty=0.97)),
    Row("ST01/RCNX0003.JPG", State.PREY, (), taken_at=at(90), probabilities=chances(prey=0.8)),
    Row("ST01/RCNX0004.JPG", State.UNSURE, (box("leopard", 0.2),), taken_at=at(300)),
    Row("ST02/станция/a.JPG", State.PERSON, (box("person"),), orientation=6, width=480, height=640),
    Row("ST02/b.JPG", State.VEHICLE, (box("vehicle", sides=Box(0, 0, 1, 1)),)),
    Row("ST02/c.JPG", State.OTHER, (box("other"),), content_key=TWIN, taken_at=None),
    Row("ST02/d.JPG", State.OTHER, (box("other"),), content_key=TWIN),
    Row("ST02/e.JPG", State.UNREADABLE),
    Row("ST02/f.JPG", State.TRUNCATED),
    Row("ST02/g.MP4", State.SKIPPED, skip_reason="a video"),
    Row("ST02/h.CR2", State.SKIPPED, skip_reason="a RAW file"),
    Row("ST02/i.JPG", State.PENDING),
    Row("0.JPG", State.LEOPARD, (box("leopard", 1.0),), card="second"),
]


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_season(tmp_path_factory.mktemp("validators") / "season", ROWS)


@pytest.fixture(scope="module")
def utils() -> Path:
    return tool(*MEGADETECTOR)


VALIDATE = """
import json, sys
from megadetector.postprocessing.validate_batch_results import validate_batch_results
for path in sys.argv[1:]:
    said = validate_batch_results(path)["validation_results"]
    print("SAID", json.dumps([said["errors"], said["warnings"]]))
"""


def said(output: str) -> list[Any]:
    return [json.loads(line[5:]) for line in output.splitlines() if line.startswith("SAID ")]


def test_megadetector_s_validator_has_nothing_to_say(season: Path, utils: Path) -> None:
    done = exported(season, "megadetector", season / "exports")
    assert len(done.paths) == 3
    assert said(ask(utils, VALIDATE, *done.paths)) == [[[], []]] * 3


REPORT = """
import csv, json, sys
from megadetector.postprocessing.load_api_results import load_api_results
from megadetector.postprocessing.generate_csv_report import generate_csv_report
table, other = load_api_results(sys.argv[1])
print("SAID", json.dumps(len(table)))
generate_csv_report(sys.argv[1], sys.argv[2], datetime_source=None)
rows = list(csv.DictReader(open(sys.argv[2], encoding="utf-8")))
print("SAID", json.dumps(rows))
"""


def test_megadetector_s_reports_load_it(season: Path, utils: Path, tmp_path: Path) -> None:
    done = exported(season, "megadetector", season / "exports")
    count, rows = said(ask(utils, REPORT, done.paths[0], tmp_path / "report.csv"))
    assert count == 13
    assert isinstance(rows, list) and len(rows) >= 10


CONVERT = """
import json, sys
from megadetector.utils.wi_taxonomy_utils import (
    generate_md_results_from_predictions_json as convert, is_valid_prediction_string as is_valid)
from megadetector.postprocessing.validate_batch_results import validate_batch_results
document = json.load(open(sys.argv[1], encoding="utf-8"))
names = {one["processed_classification"]["class"]
         for told in document["predictions"] for one in told.get("detections", [])}
print("SAID", json.dumps(sorted(name for name in names if not is_valid(name))))
found = convert(sys.argv[1], sys.argv[2])
print("SAID", json.dumps(validate_batch_results(sys.argv[2])["validation_results"]["errors"]))
"""


def test_speciesnet_s_predictions_convert_to_sound_results(
    season: Path, utils: Path, tmp_path: Path
) -> None:
    rows = [row for row in ROWS if not row.name.endswith(".MP4")]  # it asks videos for frames
    other = made_season(tmp_path / "season", rows)
    done = exported(other, "speciesnet", tmp_path, country="RUS")
    out = tmp_path / "converted.json"
    assert said(ask(utils, CONVERT, done.paths[0], out)) == [[], []]
    converted = read_json(out)
    classes = converted["classification_categories"]
    images = {image["file"]: image for image in converted["images"]}
    assert len(images) == 12
    [leopard, prey] = images["card/ST01/RCNX0001.JPG"]["detections"]
    assert classes[leopard["classifications"][0][0]] == "leopard"
    assert classes[prey["classifications"][0][0]] == "animal"
    assert images["card/ST01/RCNX0002.JPG"]["detections"] == []
    assert images["card/ST02/e.JPG"]["detections"] is None


INTEGRITY = """
import json, sys
from megadetector.data_management.integrity_check_json_db import (
    IntegrityCheckOptions, integrity_check_json_db)
from pycocotools.coco import COCO
options = IntegrityCheckOptions()
options.verbose, options.requireInfo, options.validateBoxes = False, True, "error"
if len(sys.argv) > 2:
    options.baseDir = sys.argv[2]
    options.bCheckImageExistence = options.bCheckImageSizes = True
    options.bFindUnusedImages = False
found = integrity_check_json_db(sys.argv[1], options)
coco = COCO(sys.argv[1])
leopards = coco.getImgIds(catIds=coco.getCatIds(catNms=["leopard"]))
print("SAID", json.dumps([len(coco.imgs), len(coco.anns), len(leopards)]))
"""


def test_coco_is_sound_and_pycocotools_finds_the_leopards(season: Path, utils: Path) -> None:
    done = exported(season, "coco", season / "exports")
    [[images, annotations, leopards]] = said(ask(utils, INTEGRITY, done.paths[0]))
    assert (images, annotations, leopards) == (10, done.rows, 2)


def test_sizes_in_coco_are_those_of_the_files(utils: Path, tmp_path: Path) -> None:
    from tests.cards import odd_card
    from tests.outputs.exports.test_folders import triaged

    card = odd_card(tmp_path / "cards" / "card 1")
    season = triaged(tmp_path / "season", card)
    done = exported(season, "coco", tmp_path)
    # Of a damaged file there is no size to compare.
    document = read_json(done.paths[0])
    document["images"] = [image for image in document["images"] if not image.get("corrupt")]
    assert any(image["file_name"].endswith("upright.JPG") for image in document["images"])
    sound = tmp_path / "sound.json"
    sound.write_text(json.dumps(document), encoding="utf-8")
    [[images, _, _]] = said(ask(utils, INTEGRITY, sound, card.parent))
    assert images == len(document["images"])


CAMTRAPTOOLS_DO = """
import subprocess, sys
from pathlib import Path
from typing import Any
program = Path(sys.executable).with_name("camtraptools")
done = subprocess.run([program, *sys.argv[1:]], capture_output=True, text=True, encoding="utf-8")
print(done.stdout, done.stderr)
sys.exit(done.returncode)
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a card of pictures, its season, and camtraptools' own package of the card."""
    from tests.cards import frame, put
    from tests.outputs.exports.test_folders import triaged

    folder = tmp_path_factory.mktemp("camtraptools")
    labels = ("leopard", "empty", "prey", "person", "other", "unsure", "vehicle")
    files = {
        f"ST01/DCIM/100RECNX/RCNX000{n}.JPG": frame(label, n, taken_at=at(600 * n))
        for n, label in enumerate(labels)
    }
    triaged(folder / "season", put(folder / "cards" / "card 1", files))
    python = tool(*CAMTRAPTOOLS)
    ask(python, CAMTRAPTOOLS_DO, "ingest", folder / "cards", "--out", folder / "package")
    return folder


def observed(package: Path) -> dict[str, set[tuple[str, str]]]:
    """Kind and name of what is in each picture, by the picture's name."""
    found: dict[str, set[tuple[str, str]]] = {}
    with (package / "observations.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            name = row["mediaID"].rpartition("/")[2].removesuffix(".JPG")
            found.setdefault(name, set()).add((row["observationType"], row["scientificName"]))
    return found


@pytest.mark.parametrize("form", ["megadetector", "speciesnet"])
def test_camtraptools_sees_in_each_picture_what_we_saw(real: Path, form: str) -> None:
    done = exported(real / "season", form, real / "exports")
    python, package = tool(*CAMTRAPTOOLS), real / "package"
    ask(python, CAMTRAPTOOLS_DO, "import", package, done.paths[0])
    kinds = {name: {kind for kind, _ in told} for name, told in observed(package).items()}
    assert kinds == {
        "RCNX0000": {"animal"},
        "RCNX0001": {"blank"},
        "RCNX0002": {"animal"},
        "RCNX0003": {"human"},
        "RCNX0004": {"animal"},
        "RCNX0005": {"animal"},
        "RCNX0006": {"vehicle"},
    }
    names = {name for told in observed(package).values() for _, name in told} - {""}
    assert "Panthera pardus" in names


def test_camtraptools_reads_the_labels_of_coco(real: Path) -> None:
    done = exported(real / "season", "coco", real / "exports")
    out = real / "labels.csv"
    ask(
        tool(*CAMTRAPTOOLS),
        CAMTRAPTOOLS_DO,
        "labels",
        real / "package",
        done.paths[0],
        "--out",
        out,
    )
    with out.open(encoding="utf-8", newline="") as stream:
        told = [row["scientificName"] for row in csv.DictReader(stream)]
    assert told == ["leopard", "", "prey", "human", "other", "unsure", "vehicle"]
