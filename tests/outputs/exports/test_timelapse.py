"""Timelapse's CSV: File and RelativePath as it writes them, and no column that it does not know."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings

from camtrap.errors import ConfigError
from camtrap.ledger.reviews import add_review
from camtrap.ledger.store import Ledger
from camtrap.outputs.exports.base import Exported
from camtrap.outputs.exports.timelapse import UNDATED
from camtrap.records import State
from tests.outputs.exports import made
from tests.outputs.exports.made import Row, box, exported, made_season

fresh = count()
LEOPARD = Row("ST01/100RECNX/a.JPG", State.LEOPARD, (box("leopard"),), confidence=0.87)


def tables(season: Path, **said: object) -> tuple[dict[str, list[dict[str, str]]], Exported]:
    out = season.parent / f"out {next(fresh)}"
    done = exported(season, "timelapse", out, **said)
    told = {}
    for path in (out / "timelapse").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            told[path.name] = list(csv.DictReader(stream))
    return told, done


def season_of(tmp_path: Path, *rows: Row) -> Path:
    return made_season(tmp_path / f"season {next(fresh)}", rows)


def test_a_row_is_found_by_file_and_relative_path(tmp_path: Path) -> None:
    [(name, [row])] = tables(season_of(tmp_path, LEOPARD))[0].items()
    assert name == "card.csv"
    assert row == {
        "RootFolder": "card",
        "File": "a.JPG",
        "RelativePath": "ST01\\100RECNX",
        "DateTime": "2026-02-03 21:50:00",
        "DeleteFlag": "false",
        "Species": "leopard",
    }


def test_columns_are_named_as_the_template_names_them(tmp_path: Path) -> None:
    season = season_of(tmp_path, LEOPARD, replace(LEOPARD, name="b.JPG", content_key="b"))
    add_review(season, 2, "prey")
    first, second = tables(season, label="Animal", confidence="Certain")[0]["card.csv"]
    assert (first["Animal"], first["Certain"]) == ("leopard", "0.87")
    assert (second["Animal"], second["Certain"]) == ("prey", "")
    assert "Species" not in first


@pytest.mark.parametrize("said", ["my label", "", "1st", "_x", "Вид", "File", "DateTime"])
def test_a_label_that_timelapse_cannot_have_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(ConfigError):
        tables(season_of(tmp_path, LEOPARD), label=said)


def test_files_without_a_time_have_a_table_without_that_column(tmp_path: Path) -> None:
    rows = LEOPARD, replace(LEOPARD, name="b.JPG", content_key="b", taken_at=None)
    told, done = tables(season_of(tmp_path, *rows))
    assert told.keys() == {"card.csv", f"card {UNDATED}.csv"}
    [row] = told[f"card {UNDATED}.csv"]
    assert "DateTime" not in row and row["File"] == "b.JPG"
    assert row["RelativePath"] == ""
    assert done.rows == 2


def test_people_stay_out_of_a_public_table(tmp_path: Path) -> None:
    rows = LEOPARD, Row("b.JPG", State.PERSON)
    told, done = tables(season_of(tmp_path, *rows), public=True)
    assert [row["File"] for row in told["card.csv"]] == ["a.JPG"]
    assert any("1 files are left out: people" in note for note in done.notes)


@settings(max_examples=25)
@given(rows=made.rows())
def test_every_file_with_a_label_comes_back(tmp_path: Path, rows: list[Row]) -> None:
    season = season_of(tmp_path, *rows)
    told, done = tables(season)
    back: dict[tuple[str, str], str] = {}
    for table in told.values():
        for row in table:
            folder = row["RelativePath"].replace("\\", "/")
            path = f"{folder}/{row['File']}" if folder else row["File"]
            back[row["RootFolder"], path] = row["Species"]
            assert row["DeleteFlag"] == "false"
            if "DateTime" in row:
                assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["DateTime"])
    with Ledger(season) as ledger:
        # A backslash in a name is a folder to Timelapse, and a line break is no name on Windows.
        expected = {
            (entry.root.name, " ".join(entry.relative_path.replace("\\", "/").splitlines())): (
                entry.state.value
            )
            for entry in ledger.entries()
            if entry.state.is_label
        }
    assert set(back.values()) == set(expected.values())
    assert done.rows == len(expected)
