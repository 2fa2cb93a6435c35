"""Settings: the command line beats the environment, the environment a file, a file the defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from camtrap.cli.brief import Language
from camtrap.cli.run import FramesBy
from camtrap.config import FRAMES_BY, LANGUAGES, Settings, named_language, parse_threshold, resolve
from camtrap.errors import ConfigError
from camtrap.outputs import words

SHIPPED = Path(__file__).parents[1] / "configs" / "amur.toml"
WriteToml = Callable[[str], Path]


@pytest.fixture
def toml(tmp_path: Path) -> WriteToml:
    def write(text: str) -> Path:
        path = tmp_path / "настройки.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_nothing_said_gives_the_defaults() -> None:
    assert resolve(environment={}) == Settings()


def test_the_shipped_file_says_the_defaults() -> None:
    assert resolve(SHIPPED, environment={}) == Settings()


def test_each_source_beats_the_one_before(toml: WriteToml) -> None:
    file = toml('model = "file"\ndevice = "file"\nworkers = 3')
    environment = {"CAMTRAP_DEVICE": "environment", "CAMTRAP_WORKERS": "5"}
    found = resolve(file, environment, workers=7, batch_size=None)
    assert found == Settings(model="file", device="environment", workers=7)


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("CAMTRAP_MODEL", "my model", "model", "my model"),
        ("CAMTRAP_BACKEND", "torch:bf16", "backend", "torch:bf16"),
        ("CAMTRAP_DECODER", "gpu", "decoder", "gpu"),
        ("CAMTRAP_WORKERS", "4", "workers", 4),
        ("CAMTRAP_BATCH_SIZE", "8", "batch_size", 8),
        ("CAMTRAP_EVENT_GAP_MINUTES", "12.5", "event_gap_minutes", 12.5),
        ("CAMTRAP_PIXEL_LIMIT", "64", "pixel_limit", 64.0),
        ("CAMTRAP_METADATA_LIMIT", "1.5", "metadata_limit", 1.5),
        ("CAMTRAP_LANGUAGE", "ru", "language", "ru"),
        ("CAMTRAP_CLIP_FRAMES_BY", "change", "clip_frames_by", "change"),
        ("CAMTRAP_CLIP_FRAMES", "7", "clip_frames", 7),
    ],
)
def test_every_setting_can_be_said_in_the_environment(
    variable: str, text: str, key: str, value: Any
) -> None:
    assert getattr(resolve(environment={variable: text}), key) == value


def test_other_variables_are_left_alone() -> None:
    assert resolve(environment={"CAMTRAP_MODELS": "/models", "PATH": "/bin"}) == Settings()


def test_thresholds_of_file_and_command_line_add_up(toml: WriteToml) -> None:
    file = toml("[thresholds]\nleopard = 0.4\ndoubt = 0.02")
    found = resolve(file, {}, thresholds={"leopard": 0.3, "empty": 0.9})
    assert found.thresholds == {"leopard": 0.3, "doubt": 0.02, "empty": 0.9}


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "notepad.toml"
    path.write_bytes(b"\xef\xbb\xbf" + 'model = "тигр"\r\n'.encode())
    assert resolve(path, {}).model == "тигр"


def test_a_misspelt_key_is_named_with_those_that_are_known(toml: WriteToml) -> None:
    file = toml("treshold = 1\nworkers = 2\nevent_gap = 3")
    with pytest.raises(ConfigError, match=r"event_gap, treshold.*Known are:.*thresholds") as caught:
        resolve(file, {})
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("workers = 2.7", "workers"),
        ("workers = true", "workers"),
        ('workers = "many"', "workers"),
        ("batch_size = [1]", "batch_size"),
        ("model = 5", "model"),
        ("language = 1", "language"),
        ("device = true", "device"),
        ('event_gap_minutes = "half an hour"', "event_gap_minutes"),
        ("thresholds = 5", "value that cannot be used"),
        ('thresholds.leopard = "low"', "leopard"),
        ("thresholds.leopard = true", "leopard"),
        ("workers = 1979-05-27", "workers"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_file(
    toml: WriteToml, text: str, named: str
) -> None:
    file = toml(text)
    with pytest.raises(ConfigError, match=named) as caught:
        resolve(file, {})
    assert str(file) in str(caught.value)


def test_limits_come_from_a_file_too_and_the_command_line_beats_it(toml: WriteToml) -> None:
    file = toml("pixel_limit = 64\nmetadata_limit = 2.5")
    assert (resolve(file, {}).pixel_limit, resolve(file, {}).metadata_limit) == (64.0, 2.5)
    assert resolve(file, {"CAMTRAP_PIXEL_LIMIT": "32"}, pixel_limit=12.0).pixel_limit == 12.0


def test_a_limit_out_of_range_is_told_with_the_range() -> None:
    with pytest.raises(ConfigError, match="pixel_limit must be between 1 and 4300, not 0"):
        Settings(pixel_limit=0.0)


def test_frames_of_clips_are_taken_by_time_or_by_change(toml: WriteToml) -> None:
    assert Settings().clip_frames_by == "time"
    assert resolve(toml('clip_frames_by = "change"'), {}).clip_frames_by == "change"
    assert resolve(None, {}, clip_frames_by="change").as_dict()["clip_frames_by"] == "change"
    with pytest.raises(ConfigError, match="clip_frames_by is one of time, change, not 'chance'"):
        Settings(clip_frames_by="chance")


def test_a_whole_number_may_stand_for_any_number(toml: WriteToml) -> None:
    found = resolve(toml("event_gap_minutes = 60\nthresholds.leopard = 1"), {})
    assert found.event_gap == timedelta(hours=1)
    assert found.thresholds == {"leopard": 1.0}


@pytest.mark.parametrize(
    "data",
    [
        *(b"workers = ", b"\xff\xfe\x00", b"workers = 1\nworkers = 2"),
        *(b"workers = " + b"1" * 5000, b"workers = " + b"[" * 3000),
    ],
)
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"broken\.toml cannot be read"):
        resolve(path, {})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        resolve(tmp_path / "none.toml", {})


@pytest.mark.parametrize("text", ["many", "", "2.5"])
def test_a_variable_that_is_no_number_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"CAMTRAP_WORKERS=.* is not a number"):
        resolve(environment={"CAMTRAP_WORKERS": text})


@pytest.mark.parametrize(
    "said",
    [
        {"workers": -1},
        {"batch_size": -1},
        {"event_gap_minutes": 0.0},
        {"event_gap_minutes": -5.0},
        {"event_gap_minutes": float("nan")},
        {"event_gap_minutes": float("inf")},
        {"pixel_limit": 0.9},
        {"pixel_limit": 4301.0},
        {"pixel_limit": float("nan")},
        {"metadata_limit": 0.05},
        {"metadata_limit": 501.0},
        {"thresholds": {"leopard": 1.01}},
        {"thresholds": {"leopard": -0.01}},
        {"thresholds": {"leopard": float("nan")}},
    ],
)
def test_a_value_out_of_range_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        resolve(environment={}, **said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("leopard=0.3", ("leopard", 0.3)), (" doubt = .02", ("doubt", 0.02)), ("a=1", ("a", 1.0))],
)
def test_a_threshold_is_a_name_and_a_number(text: str, expected: tuple[str, float]) -> None:
    assert parse_threshold(text) == expected


@pytest.mark.parametrize("text", ["leopard", "leopard=", "leopard=low", "=", ""])
def test_a_threshold_that_is_none_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--threshold leopard=0\.3"):
        parse_threshold(text)


def test_settings_can_be_saved_beside_the_results() -> None:
    saved = json.loads(json.dumps(Settings(thresholds={"leopard": 0.3}).as_dict()))
    assert Settings(**saved) == Settings(thresholds={"leopard": 0.3})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"event_rule": "first"}, "event_rule is one of last_record, last_independent"),
        ({"burst_gap_seconds": -1.0}, "burst_gap_seconds must be between 0 and 600"),
        ({"burst_gap_seconds": 601.0}, "burst_gap_seconds must be between 0 and 600"),
    ],
)
def test_rules_of_events_that_cannot_be_are_told(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve(None, {}, **said)


@pytest.mark.parametrize(("text", "wanted"), [("false", False), ("0", False), ("True", True)])
def test_a_switch_may_come_from_the_environment(text: str, wanted: bool) -> None:
    assert resolve(environment={"CAMTRAP_STATIC": text}).static is wanted


def test_a_switch_that_is_neither_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"CAMTRAP_STATIC=off .* is not true or false"):
        resolve(environment={"CAMTRAP_STATIC": "off"})
    path = tmp_path / "my.toml"
    path.write_text("static = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="static = 1 is not true or false"):
        resolve(path, {})


def test_the_languages_are_those_in_which_the_pages_are_written() -> None:
    assert LANGUAGES == words.LANGUAGES == tuple(Language)


def test_the_ways_to_take_frames_are_the_same_on_the_command_line() -> None:
    assert tuple(FramesBy) == FRAMES_BY


def test_the_environment_s_language_stands_over_the_file_s(toml: WriteToml) -> None:
    file = toml('language = "zh"')
    assert resolve(file, {}).language == "zh"
    assert resolve(file, {"CAMTRAP_LANGUAGE": "ru"}).language == "ru"
    assert named_language({"CAMTRAP_LANGUAGE": "ru"}) == "ru"
    assert named_language({}) is None


@pytest.mark.parametrize("language", ["de", "", "RU", "русский"])
def test_a_language_that_no_page_is_written_in_is_told_with_those_that_are(language: str) -> None:
    with pytest.raises(ConfigError, match=f"one of en, ru, zh, not '{language}'"):
        resolve(environment={"CAMTRAP_LANGUAGE": language})
