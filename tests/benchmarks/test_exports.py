"""The season that exports are measured on is what it says: every picture an event, or a fifth."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from camtrap.config import resolve
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.registry import FORMATS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from exports import OF_PICTURES, SEASONS, every_format, export, make_season, report  # noqa: E402

FILES = 300


@pytest.mark.parametrize("kind", sorted(SEASONS))
def test_a_season_holds_all_files_and_the_events_it_says(tmp_path: Path, kind: str) -> None:
    make_season(tmp_path / "season", FILES, SEASONS[kind])
    with Ledger(tmp_path / "season") as ledger:
        assert ledger.totals().total() == FILES
        empty = sum(entry.state == "empty" for entry in ledger.entries())
    with source_of(tmp_path / "season") as source:
        events = len(source.events)
        placed = {frame.utc_offset for frame in source.frames()}
    assert placed == {"+10:00"}
    if kind == "events":
        assert events == FILES and not empty
    else:
        assert events < FILES / 20 and empty > FILES / 2


def test_every_format_but_those_made_of_pictures_is_measured() -> None:
    assert {"tables", *(form.name for form in FORMATS)} == {*every_format(), *OF_PICTURES}


def test_an_export_writes_its_rows_and_can_be_written_again(tmp_path: Path) -> None:
    make_season(tmp_path / "season", 20, SEASONS["events"])
    assert export(tmp_path, "timelapse") == export(tmp_path, "timelapse") == 20
    assert resolve(None).static  # what the figures were measured with


def test_the_report_has_a_line_for_each_format() -> None:
    told = {"cpu": 12.34, "wall": 56.78, "memory": 50.4, "rows": 100_000}
    text = report(100_000, {"events": {"excel": told}, "field": {"coco": told}})
    assert "| excel | 100,000 | 12.3 | 56.8 | 50 |" in text
    assert text.count("100,000 files**") == 2 and "| coco |" in text
