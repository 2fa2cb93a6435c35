"""`camtrap brief`: the page again, in the language of choice, from the ledger alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camtrap.cli.brief import default_name
from camtrap.cli.main import app
from camtrap.config import Settings
from camtrap.errors import CamtrapError
from camtrap.records import State
from tests.outputs.pages import Season


@pytest.fixture
def season(tmp_path: Path) -> Season:
    made = Season(tmp_path)
    made.add("ST01/1.JPG", State.LEOPARD, 0.97)
    made.add("ST01/2.JPG", State.PERSON, 0.9)
    return made


def run(*arguments: str | Path) -> None:
    result = CliRunner().invoke(app, ["brief", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def last_run(season: Season, language: str) -> None:
    """Note a run of the same model that wanted its pages in a language."""
    said = season.ledger.run_notes()[-1]["settings"]
    season.ledger.start_run({**said, "settings": Settings(language=language).as_dict()})


@pytest.mark.parametrize(
    ("options", "name", "told"),
    [
        ((), "brief.html", "Leopards"),
        (("--lang", "ru"), "brief_ru.html", "Леопарды"),
        (("--lang", "zh"), "brief_zh.html", "位点地图"),
        (("--public",), "brief_public.html", "For the public"),
        (("--public", "--lang", "ru"), "brief_public_ru.html", "Для публикации"),
    ],
)
def test_each_page_has_a_name_of_its_own(
    season: Season, options: tuple[str, ...], name: str, told: str
) -> None:
    run(season.ledger.season, *options)
    assert told in (season.ledger.season / name).read_text(encoding="utf-8")
    assert [path.name for path in season.ledger.season.glob("*.html")] == [name]


@pytest.mark.parametrize(
    ("options", "name", "told"),
    [
        ((), "brief.html", "Леопарды"),
        (("--lang", "ru"), "brief.html", "Леопарды"),
        (("--lang", "en"), "brief_en.html", "Leopards"),
        (("--public",), "brief_public.html", "Для публикации"),
    ],
)
def test_a_season_s_own_language_is_that_of_its_last_run(
    season: Season, options: tuple[str, ...], name: str, told: str
) -> None:
    last_run(season, "ru")
    run(season.ledger.season, *options)
    assert told in (season.ledger.season / name).read_text(encoding="utf-8")
    assert [path.name for path in season.ledger.season.glob("*.html")] == [name]


def test_the_environment_s_language_stands_over_the_last_run_s_and_lang_over_both(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_run(season, "zh")
    monkeypatch.setenv("CAMTRAP_LANGUAGE", "ru")
    run(season.ledger.season)
    assert "Леопарды" in (season.ledger.season / "brief.html").read_text(encoding="utf-8")
    run(season.ledger.season, "--lang", "en")
    assert "Leopards" in (season.ledger.season / "brief_en.html").read_text(encoding="utf-8")


def test_out_and_outline(season: Season, tmp_path: Path) -> None:
    season.stations("ST01,,43.1,131.5,2026-03-01,2026-04-01")
    border = tmp_path / "border.geojson"
    ring = [[131.4, 43.0], [131.6, 43.0], [131.6, 43.2], [131.4, 43.0]]
    border.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    run(season.ledger.season, "--outline", border, "--out", tmp_path / "page.html")
    assert 'class="outline"' in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_public_and_exact_do_not_go_together(season: Season) -> None:
    with pytest.raises(CamtrapError, match="--public rounds places"):
        run(season.ledger.season, "--public", "--coordinates")


def test_a_folder_that_is_no_season_is_told(tmp_path: Path) -> None:
    with pytest.raises(CamtrapError, match="is not a season"):
        run(tmp_path)


@pytest.mark.parametrize("own", ["en", "ru", "zh"])
def test_no_default_name_is_another_s(own: str) -> None:
    names = {
        default_name(lang, own, public=public)
        for lang in ("en", "ru", "zh")
        for public in (False, True)
    }
    assert len(names) == 6
    assert {"brief.html", "brief_public.html"} <= names
