"""The language of a season's pages: from the settings into a run, and from there into the rest."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from camtrap.errors import ConfigError
from camtrap.ledger import exported
from camtrap.ledger.store import Ledger
from tests.cards import frame, put
from tests.cli.conftest import Command

LEOPARDS = {"en": "Leopards", "ru": "Леопарды", "zh": "豹"}


@pytest.fixture(autouse=True)
def same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits the program while these tests run changes nothing for them."""
    monkeypatch.setattr(exported, "_program", lambda: "the same")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    start = datetime(2026, 2, 3, 12)
    frames = {
        f"ST01/{n}.JPG": frame(label, n, taken_at=start + timedelta(minutes=n))
        for n, label in enumerate(("leopard", "prey"))
    }
    return put(tmp_path / "card", frames)


@pytest.fixture
def russian(tmp_path: Path) -> Path:
    path = tmp_path / "по-русски.toml"
    path.write_text('language = "ru"\nevent_gap_minutes = 60\n', encoding="utf-8")
    return path


def languages(season: Path) -> set[str]:
    """The languages in which the season's two pages are."""
    found = set()
    for name in ("brief.html", "leopards.html"):
        page = (season / name).read_text(encoding="utf-8")
        found |= {code for code in LEOPARDS if f'<html lang="{code}">' in page}
        assert any(LEOPARDS[code] in page for code in found)
    return found


def test_a_run_takes_it_from_its_settings_and_what_follows_from_the_run(
    camtrap: Command, card: Path, season: Path, russian: Path
) -> None:
    assert camtrap("run", card, "-o", season, "--config", russian).exit_code == 0
    assert languages(season) == {"ru"}
    (season / "brief.html").unlink()
    assert camtrap("events", season).exit_code == 0
    assert languages(season) == {"ru"}
    assert camtrap("retry", season).exit_code == 0
    assert languages(season) == {"ru"}


def test_a_season_that_is_done_changes_its_language_with_the_next_run_and_keeps_it(
    camtrap: Command, card: Path, season: Path, russian: Path
) -> None:
    assert camtrap("run", card, "-o", season).exit_code == 0
    assert languages(season) == {"en"}
    assert camtrap("run", card, "-o", season, "--config", russian).exit_code == 0
    assert languages(season) == {"ru"}
    assert camtrap("events", season, "--event-rule", "last_independent").exit_code == 0
    assert languages(season) == {"ru"}
    rules = json.loads((season / "run.json").read_text(encoding="utf-8"))["rules"]
    assert (rules["event_rule"], rules["event_gap_minutes"]) == ("last_independent", 60)


def test_a_run_that_wants_other_outputs_alone_tells_the_same_model_and_is_noted_once(
    camtrap: Command, card: Path, season: Path, russian: Path
) -> None:
    assert camtrap("run", card, "-o", season).exit_code == 0
    for _ in range(2):
        assert camtrap("run", card, "-o", season, "--config", russian).exit_code == 0
    with Ledger(season) as ledger:
        first, second = ledger.runs()
    assert (first["files"], second["files"]) == (2, 0)
    assert second["finished_at"] is not None
    for key in ("model", "thresholds", "backend", "camtrap"):
        assert second["settings"][key] == first["settings"][key]
    mine, others = second["settings"]["settings"], first["settings"]["settings"]
    assert {key for key in mine if mine[key] != others[key]} == {"language", "event_gap_minutes"}


def test_nothing_is_noted_or_written_when_a_run_wants_what_the_last_one_did(
    camtrap: Command, card: Path, season: Path, russian: Path
) -> None:
    for _ in range(2):
        last = camtrap("run", card, "-o", season, "--config", russian)
    assert "nothing has changed" in last.stderr
    with Ledger(season) as ledger:
        assert len(ledger.run_notes()) == 1


def test_a_redo_that_was_interrupted_goes_on_after_a_run_that_changed_the_language(
    camtrap: Command, card: Path, season: Path, russian: Path
) -> None:
    assert camtrap("run", card, "-o", season).exit_code == 0
    with Ledger(season) as ledger:
        ledger.start_run({**ledger.run_notes()[-1]["settings"], "redo": True})
    assert camtrap("run", card, "-o", season, "--config", russian).exit_code == 0
    with Ledger(season) as ledger:
        assert ledger.run_notes()[-1]["finished_at"] is None
    again = camtrap("run", card, "-o", season, "--config", russian, "--redo")
    assert "since an earlier run; it goes on" in again.stderr


def test_the_environment_is_heard_by_runs_and_by_events(
    camtrap: Command, card: Path, season: Path, russian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMTRAP_LANGUAGE", "zh")
    assert camtrap("run", card, "-o", season, "--config", russian).exit_code == 0
    assert languages(season) == {"zh"}
    monkeypatch.setenv("CAMTRAP_LANGUAGE", "en")
    assert camtrap("events", season).exit_code == 0
    assert languages(season) == {"en"}
    monkeypatch.delenv("CAMTRAP_LANGUAGE")
    assert camtrap("events", season).exit_code == 0
    assert languages(season) == {"zh"}


def test_a_season_from_before_there_was_a_choice_is_english(
    camtrap: Command, card: Path, season: Path
) -> None:
    assert camtrap("run", card, "-o", season).exit_code == 0
    with Ledger(season) as ledger, ledger.writing():
        ledger.db.execute("UPDATE run SET settings = json_remove(settings, '$.settings.language')")
    assert camtrap("events", season).exit_code == 0
    assert languages(season) == {"en"}
    assert "nothing new on it" in camtrap("run", card, "-o", season).stderr
    with Ledger(season) as ledger:
        assert len(ledger.run_notes()) == 1


def test_a_language_that_there_is_not_is_told_before_anything_is_made(
    camtrap: Command, card: Path, season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMTRAP_LANGUAGE", "de")
    with pytest.raises(ConfigError, match="one of en, ru, zh, not 'de'"):
        camtrap("run", card, "-o", season)
    assert not season.exists()
