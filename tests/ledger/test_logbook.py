"""The season's log tells what happened, stays small, and never where."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from camtrap import __version__
from camtrap.ledger import logbook as module
from camtrap.ledger.logbook import LOG_NAME, logbook, without_positions

log = logging.getLogger("camtrap.test")


def text_of(season: Path) -> str:
    return (season / LOG_NAME).read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def left_as_it_was() -> Iterator[None]:
    """No test leaves a handler or a level behind."""
    root, ours = logging.getLogger(), logging.getLogger("camtrap")
    before = list(root.handlers), [handler.level for handler in root.handlers], ours.level
    yield
    assert before == (
        list(root.handlers),
        [handler.level for handler in root.handlers],
        ours.level,
    )


def test_a_log_begins_with_version_platform_and_what_was_asked(season: Path) -> None:
    with logbook(season, {"command": "camtrap run карта", "settings": {"workers": 2}}):
        log.debug("read %d files", 7)
    said = text_of(season)
    for word in (__version__, sys.platform, "camtrap run карта", '"workers": 2', "read 7 files"):
        assert word.casefold() in said.casefold()
    assert "DEBUG MainThread camtrap.test:" in said
    assert json.loads(said.splitlines()[1].partition("logbook: ")[2])["settings"]["workers"] == 2


def test_warnings_come_with_their_traceback(season: Path) -> None:
    with logbook(season, {}):
        try:
            raise ValueError("a loose contact")
        except ValueError:
            log.warning("cannot be read", exc_info=True)
    assert "Traceback" in text_of(season)
    assert "ValueError: a loose contact" in text_of(season)


def test_an_error_that_ends_the_run_is_told_and_goes_on(season: Path) -> None:
    with pytest.raises(RuntimeError), logbook(season, {}):
        raise RuntimeError("the end")
    assert "RuntimeError: the end" in text_of(season)


def test_standard_error_stays_as_quiet_as_it_was(
    season: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with logbook(season, {}):
            log.debug("a detail")
            log.warning("a fault")
    finally:
        logging.getLogger().removeHandler(handler)
    said = capsys.readouterr().err
    assert "a fault" in said
    assert "a detail" not in said
    assert "a detail" in text_of(season)


def test_a_log_never_grows_beyond_three_files(
    season: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOG_BYTES", 10_000)
    with logbook(season, {}):
        for number in range(2000):
            log.debug("line %d", number)
    files = sorted((season / "logs").iterdir())
    assert [file.name for file in files] == ["camtrap.log", "camtrap.log.1", "camtrap.log.2"]
    assert all(file.stat().st_size <= 10_000 for file in files)
    assert "line 1999" in text_of(season)


def test_a_second_run_writes_behind_the_first(season: Path) -> None:
    for name in ("first", "second"):
        with logbook(season, {"command": name}):
            pass
    assert text_of(season).index("first") < text_of(season).index("second")


def test_without_a_place_for_it_the_run_goes_on(
    season: Path, caplog: pytest.LogCaptureFixture
) -> None:
    season.mkdir()
    (season / "logs").write_text("a file")
    with logbook(season, {}):
        log.debug("x")
    assert "keeps no log" in caplog.text


def test_bytes_of_names_that_are_no_text_do_not_stop_the_log(season: Path) -> None:
    with logbook(season, {}):
        log.warning("cannot list %s", "\udcea\udce0")
    assert "\\udcea" in text_of(season)


@pytest.mark.parametrize(
    "text",
    [
        "Capture(latitude=43.1234, longitude=-131.5)",
        "{'latitude': 43.1234, 'lon': 131.5}",
        "GPSLatitude = (43.0, 6.0, 31.5)",
        '"lat": "43,1234"',
        "at 43.12345, 131.51234",
        "at 43.12345 131.51234",
        "43°06'12.1\" N",
    ],
)
def test_no_position_is_written(season: Path, text: str) -> None:
    with logbook(season, {"seen": text}):
        log.warning("the parser said: %s", text)
        try:
            raise ValueError(text)
        except ValueError:
            log.warning("failed", exc_info=True)
    said = text_of(season)
    assert "[position]" in said
    for secret in ("43.1", "131.5", "43,1", "31.5", "06'12"):
        assert secret not in said


@pytest.mark.parametrize(
    "text",
    [
        '{"leopard": 0.3, "prey": 0.125}',
        "61 of 12,480 files, 0.25 seconds each",
        "camtrap 0.1.0 on Linux-6.1.0-x86_64, Python 3.11.2",
        "RCNX0001.JPG holds other bytes than before",
    ],
)
def test_what_is_no_position_stays(text: str) -> None:
    assert without_positions(text) == text
