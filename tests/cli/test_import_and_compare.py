"""`camtrap import` and `camtrap compare`: accounts in lines and JSON, reviews, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camtrap.cli.main import app
from camtrap.errors import ConfigError, DataError
from camtrap.ledger.reviews import add_review, reviews
from camtrap.ledger.schema import LEDGER_NAME
from camtrap.records import State
from tests.imports.test_readers import megadetector, put, seen
from tests.outputs.exports.made import Row, box, made_season

runner = CliRunner()

TABLE = (
    "File,RelativePath,Species\n"
    "a.JPG,card\\ST01,Panthera pardus\nb.JPG,card\\ST01,roe deer\nc.JPG,card\\ST01,mammal\n"
    "d.JPG,card\\ST01,blorb\nz.JPG,card\\ST01,roe deer\n"
)


@pytest.fixture
def season(tmp_path: Path) -> Path:
    rows = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),)),
        *(Row(f"ST01/{name}.JPG") for name in "bcd"),
    ]
    return made_season(tmp_path / "season", rows)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return put(tmp_path / "labels.csv", TABLE)


def run(*words: object):
    return runner.invoke(app, [str(word) for word in words])


def labels_of(season: Path) -> dict[int, tuple[str, str]]:
    return {n: (one.label, one.reviewer) for n, one in reviews(season).items()}


def test_an_import_says_what_came_and_what_did_not(season, table, tmp_path) -> None:
    lost = tmp_path / "lost.csv"
    done = run("import", season, table, "--name", "Li", "--lost", lost)
    assert done.exit_code == 0, done.output
    expected = "Li (human, timelapse): 3 files = 1 leopard + 1 prey + 1 animal; stored\n"
    assert done.stdout == expected
    assert "card\\ST01/z.JPG" in done.stderr
    assert "does not hold: blorb (1)" in done.stderr
    assert lost.read_text(encoding="utf-8").count("\n") == 3
    assert run("import", season, table, "--name", "Li").stdout.endswith("nothing is new\n")
    assert labels_of(season) == {}


def test_json_and_a_dry_run(season, table) -> None:
    before = (season / LEDGER_NAME).read_bytes()
    done = run("import", season, table, "--dry-run", "--json")
    [account] = json.loads(done.stdout)
    assert account["labels"] == {"animal": 1, "leopard": 1, "prey": 1}
    assert account["changed"] is True
    assert account["unknown_names"] == {"blorb": 1}
    assert (account["name"], account["kind"], account["format"]) == ("labels", "human", "timelapse")
    again = run("import", season, table, "--dry-run", "--as-reviews")
    assert "2 reviews would be added" in again.stdout
    assert (season / LEDGER_NAME).read_bytes() == before


def test_reviews_are_added_once_and_never_over_others_unless_asked(season, table) -> None:
    add_review(season, 1, "other", reviewer="Ольга")
    done = run("import", season, table, "--name", "Li", "--as-reviews")
    assert "1 reviews added; 1 files keep another review" in done.stdout
    assert labels_of(season) == {1: ("other", "Ольга"), 2: ("prey", "Li")}
    again = run("import", season, table, "--name", "Li", "--as-reviews")
    assert "0 reviews added; 1 files keep another review" in again.stdout
    over = run("import", season, table, "--name", "Li", "--as-reviews", "--over-reviews")
    assert "1 reviews added; 0 files keep another review" in over.stdout
    assert labels_of(season) == {1: ("leopard", "Li"), 2: ("prey", "Li")}


def test_a_machines_words_are_no_reviews(season, tmp_path) -> None:
    images = [{"file": "card/ST01/a.JPG", "detections": [seen("2", 0.9)]}]
    path = put(tmp_path / "md.json", megadetector(images))
    done = run("import", season, path, "--as-reviews")
    assert isinstance(done.exception, ConfigError)
    assert run("import", season, path, "--as-reviews", "--kind", "machine").exit_code == 2
    checked = run("import", season, path, "--as-reviews", "--kind", "human", "--name", "Li")
    assert checked.exit_code == 0
    assert labels_of(season) == {1: ("person", "Li")}


@pytest.mark.parametrize("words", [["--over-reviews"], ["--option", "x"]])
def test_what_cannot_be_meant_is_a_matter_of_usage(season, table, words) -> None:
    assert run("import", season, table, *words).exit_code == 2


def test_a_file_of_no_kind_and_the_list(season, tmp_path) -> None:
    done = run("import", season, put(tmp_path / "x.csv", "a,b\n1,2\n"))
    assert isinstance(done.exception, DataError)
    assert "Camtrap DP" in str(done.exception)
    listed = run("import", "--list")
    assert listed.exit_code == 0
    assert "megadetector" in listed.stdout


def test_compare_tells_figures_and_where_the_page_is(season, table) -> None:
    assert run("import", season, table, "--name", "Li").exit_code == 0
    done = run("compare", season, "camtrap", "Li")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("camtrap and Li: 3 files named by both (1 by camtrap alone, 0")
    assert "same label: 50.0 %" in done.stdout
    page = season / "comparisons" / "camtrap and Li" / "comparison.html"
    assert page.is_file()
    assert str(page) in done.stderr
    told = json.loads(run("compare", season, "Li", "camtrap", "--json").stdout)
    assert (told["a"], told["differences"], told["by_label"]["count"]) == ("Li", 2, 2)
    assert run("compare", season, "Li", "Li").exit_code == 2
