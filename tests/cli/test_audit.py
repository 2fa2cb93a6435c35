"""`camtrap audit`: the sentence, where to look, and figures for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camtrap.audit.auditing import current
from camtrap.cli.main import app
from camtrap.errors import CamtrapError, ConfigError, SeasonError
from tests.audit.seasons import empty_card, many, say, season_of


def camtrap(*words: object) -> Result:
    result = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(result.exception, CamtrapError):
        raise result.exception
    return result


@pytest.fixture
def triaged(season: Path) -> Path:
    """A season of four stations."""
    return season_of(season, many(120))


def files_of(season: Path) -> tuple[int, ...]:
    found = current(season)
    assert found is not None
    return found.files


def test_the_first_time_it_draws_and_says_where_to_look(triaged: Path) -> None:
    result = camtrap("audit", triaged, "--size", 50)
    assert result.exit_code == 0
    assert "nobody has looked at the 50 pictures" in result.stdout
    assert "not called leopard" in result.stdout
    assert f"camtrap review {triaged}" in result.stderr
    assert "The model was unsure of " in result.stderr
    assert camtrap("audit", triaged).stdout == result.stdout


def test_after_looks_it_states_the_bound(triaged: Path) -> None:
    camtrap("audit", triaged, "--target", "animal", "--size", 60)
    found = current(triaged)
    assert found is not None
    say(triaged, "empty", found.shown)
    result = camtrap("audit", triaged)
    done = current(triaged)
    assert done is not None
    assert result.stdout.startswith(
        f"Of {done.population:,} pictures called empty, 0 of 60 looked at held an animal; with "
        f"95 % confidence at most {done.bound_pictures:,} ("
    )
    assert f"Events so missed: at most {done.bound_events}." in result.stdout
    assert "unsure" not in result.stderr
    assert "more looks are needed" in result.stderr
    assert "camtrap events" in result.stderr


def test_the_size_that_is_named_reaches_the_bound(triaged: Path) -> None:
    camtrap("audit", triaged, "--target", "animal", "--size", 60)
    say(triaged, "empty", current(triaged).shown)  # type: ignore[union-attr]
    told = camtrap("audit", triaged).stderr
    wish = int(told.split("For a bound of ")[1].split(" ")[0])
    size = told.split("--size ")[1].split("'")[0]
    camtrap("audit", triaged, "--size", size)
    say(triaged, "empty", current(triaged).shown)  # type: ignore[union-attr]
    done = current(triaged)
    assert done is not None
    assert done.bound_pictures <= wish


def test_figures_for_programs(triaged: Path) -> None:
    said = json.loads(camtrap("audit", triaged, "--bound", 0.05, "--json").stdout)
    assert (said["target"], said["confidence"], said["looked"]) == ("leopard", 0.95, 0)
    assert said["wish"] == int(0.05 * said["population"])
    assert said["sentence"]["code"] == "unlooked"


def test_the_list_names_each_picture_in_order(triaged: Path) -> None:
    paths = camtrap("audit", triaged, "--size", 40, "--list").stdout.splitlines()
    assert len(set(paths)) == 40
    assert all(path.endswith(".JPG") and "ST0" in path for path in paths)


def test_a_changed_season_is_told(triaged: Path) -> None:
    camtrap("audit", triaged, "--size", 40)
    empty_card(triaged, 9)
    result = camtrap("audit", triaged)
    assert "have changed since the draw" in result.stdout
    assert "--size 40" in result.stderr


def test_what_cannot_be_is_refused(triaged: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not both"):
        camtrap("audit", triaged, "--size", 10, "--bound", 0.1)
    assert camtrap("audit", triaged, "--target", "tiger").exit_code == 2
    with pytest.raises(SeasonError):
        camtrap("audit", tmp_path)


def test_another_audit_leaves_out_what_was_seen(triaged: Path) -> None:
    camtrap("audit", triaged, "--target", "animal", "--size", 40)
    seen = files_of(triaged)
    say(triaged, "empty", seen)
    camtrap("audit", triaged, "--target", "animal", "--size", 40, "--anew")
    assert not set(seen) & set(files_of(triaged))
