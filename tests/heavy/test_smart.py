"""smartconnect-client's own models take our incidents, and read a data model as we do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from camtrap.outputs.exports.smart_model import read_data_model
from tests.heavy.venvs import ask, tool
from tests.outputs.exports.made import exported
from tests.outputs.exports.test_smart import ROWS, season_of
from tests.outputs.exports.test_smart_mapping import DATA_MODEL

pytestmark = pytest.mark.validators

SMARTCONNECT = ("smartconnect-client==1.16.0",)

TAKE = """
import json, sys
from smartconnect.models import SMARTRequest
for feature in json.load(open(sys.argv[1], encoding="utf-8"))["features"]:
    request = SMARTRequest.parse_obj(feature)
    print("SAID", request.json(exclude_none=True))
"""

READ = """
import json, sys
from smartconnect.models import DataModel
model = DataModel()
model.load(open(sys.argv[1], encoding="utf-8").read())
print("SAID", json.dumps(model.export_as_dict()))
"""


def said(output: str) -> list[dict[str, Any]]:
    return [json.loads(line[5:]) for line in output.splitlines() if line.startswith("SAID ")]


def test_its_models_take_every_incident_and_keep_all_of_it(tmp_path: Path) -> None:
    done = exported(season_of(tmp_path, *ROWS, model=DATA_MODEL), "smart", tmp_path)
    features = json.loads(done.paths[1].read_text(encoding="utf-8"))["features"]
    taken = said(ask(tool(*SMARTCONNECT), TAKE, done.paths[1]))
    assert len(taken) == 3
    for ours, theirs in zip(features, taken, strict=True):
        # It knows no type of geometry, and hands on the rest.
        assert theirs["geometry"]["coordinates"] == ours["geometry"]["coordinates"]
        assert theirs["properties"] == ours["properties"]


def test_a_data_model_is_read_as_it_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(DATA_MODEL, encoding="utf-8")
    [theirs] = said(ask(tool(*SMARTCONNECT), READ, path))
    ours = read_data_model(path)
    active = {one["path"] for one in theirs["categories"] if one["isactive"] == "true"}
    assert active == ours.categories.keys()
    for attribute in theirs["attributes"]:
        mine = ours.attributes[attribute["key"]]
        assert (mine.type, mine.required) == (attribute["type"], attribute["isrequired"])
        options = {one["key"] for one in attribute["options"] or () if one["isActive"]}
        assert mine.options == options
