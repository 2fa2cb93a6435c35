"""EarthRanger's own command line takes our event type, and finds no fault with our events."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from camtrap.records import State
from tests.heavy.venvs import ask, tool
from tests.outputs.exports.made import START, Row, box, exported, made_season

pytestmark = pytest.mark.validators

TOOL = ("earthranger-cli==0.6.0", "earthranger-client==1.19.0")

SCRIPT = """
import sys
from earthranger_cli import validate
from earthranger_cli.dsl import load_spec
from earthranger_cli.events import load_events_file
from earthranger_cli.schema_gen import build_schema

spec = load_spec(sys.argv[1])
[event_type] = spec.event_types
schema = build_schema(event_type)["json"]
for name, part in schema["properties"].items():
    choices = part.pop("anyOf", None)  # the choices lie on the server
validate._fetch_json_schema = lambda client, value: schema
events = load_events_file(sys.argv[2])
print(len(events), sum(validate.validate_events(None, events), []))
events[0]["event_details"]["speices"] = 1
events[0]["event_details"]["image_count"] = "two"
print(len(validate.validate_events(None, events)[0]))
"""


def test_the_type_and_the_events_fit(tmp_path: Path) -> None:
    rows = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),), latitude=43.1, longitude=131.5),
        Row("ST02/b.JPG", State.PERSON, (box("person"),), taken_at=START + timedelta(hours=1)),
        Row("ST02/d.JPG", State.UNSURE, taken_at=START + timedelta(hours=2)),
    ]
    season = made_season(tmp_path / "season", rows)
    exported(season, "earthranger", tmp_path, labels="leopard,person,unsure", utc_offset="+10:00")
    folder = tmp_path / "earthranger"
    told = ask(
        tool(*TOOL),
        SCRIPT,
        folder / "earthranger_event_type.yaml",
        folder / "earthranger_events.json",
    )
    assert told.splitlines() == ["3 []", "2"]
