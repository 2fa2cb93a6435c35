"""`camtrap export`: a line a format, and words and numbers for what cannot be done."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from camtrap.cli.main import app
from camtrap.errors import SeasonError
from camtrap.records import State
from tests.outputs.exports.made import Row, box, made_season, read_json

runner = CliRunner()


@pytest.fixture
def season(tmp_path: Path) -> Path:
    rows = [
        Row("ST01/a.JPG", State.LEOPARD, (box("leopard"),)),
        Row("ST01/b.JPG", State.PERSON),
        Row("ST01/c.JPG", State.TRUNCATED),
    ]
    return made_season(tmp_path / "season", rows)


def run(*words: object):
    return runner.invoke(app, ["export", *map(str, words)])


def test_several_formats_at_once_a_line_each(season: Path) -> None:
    done = run(season, "coco", "megadetector")
    assert done.exit_code == 0, done.output
    first, second = done.stdout.splitlines()
    assert first.startswith(f"coco: 2 rows in {season / 'exports' / 'coco'}")
    assert "1 files that could not be read are told as corrupt." in first
    assert second.startswith("megadetector: 3 rows in ")
    assert sorted(path.name for path in (season / "exports").iterdir()) == ["coco", "megadetector"]


def test_the_same_season_gives_the_same_bytes(season: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        assert (
            run(season, "coco", "megadetector", "speciesnet", "--out", tmp_path / out).exit_code
            == 0
        )
    names = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.json")]
    assert len(names) == 4
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_public_and_options_reach_the_formats(season: Path) -> None:
    done = run(season, "speciesnet", "coco", "--public", "--option", "country=RUS")
    assert done.exit_code == 0
    told = read_json(season / "exports" / "speciesnet" / "predictions.json")["predictions"]
    assert [(one["filepath"], one["country"]) for one in told] == [
        ("card/ST01/a.JPG", "RUS"),
        ("card/ST01/c.JPG", "RUS"),
    ]


@pytest.mark.parametrize("words", [["zip"], []])
def test_no_such_format_is_a_matter_of_usage(season: Path, words: list[str]) -> None:
    done = run(season, *words)
    assert done.exit_code == 2
    assert "LILA's tools" in done.stderr
    assert not (season / "exports").exists()


def test_the_list_needs_no_season() -> None:
    done = run("--list")
    assert done.exit_code == 0
    assert "Timelapse" in done.stdout


@pytest.mark.parametrize("words", [["--option", "by=event"], ["--option", "x"], ["--grid", "0"]])
def test_options_that_cannot_be_meant_are_a_matter_of_usage(season: Path, words: list[str]) -> None:
    assert run(season, "coco", *words).exit_code == 2


def test_one_that_fails_does_not_keep_the_others_from_being_written(season: Path) -> None:
    done = run(season, "folders", "coco")
    assert done.exit_code == 1
    assert "camtrap: folders: None of the 2 pictures is where it was." in done.stderr
    assert done.stdout.startswith("coco: ")


def test_pictures_that_are_away_give_3(season: Path, tmp_path: Path) -> None:
    from camtrap.card.content import content_key

    data = b"a picture"
    rows = [
        Row("a.JPG", State.PREY, content_key=content_key(data), size=len(data)),
        Row("b.JPG", State.PREY),
    ]
    other = made_season(tmp_path / "other", rows)
    (tmp_path / "cards" / "card").mkdir(parents=True)
    (tmp_path / "cards" / "card" / "a.JPG").write_bytes(data)
    done = run(other, "folders")
    assert done.exit_code == 3
    assert "1 pictures are not where they were" in done.stdout


def test_a_folder_that_is_no_season_is_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "coco")
    assert isinstance(done.exception, SeasonError)
    assert "is not a season" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_it_does_not_write_to_a_card(season: Path, tmp_path: Path) -> None:
    card = tmp_path / "cards" / "card"
    card.mkdir(parents=True)
    done = run(season, "coco", "--out", card / "exports")
    assert done.exit_code == 1
    assert list(card.iterdir()) == []
