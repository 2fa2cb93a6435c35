"""The table of the detector's tuning: it may be left out, and is refused by name when wrong."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from camtrap.errors import ConfigError
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.settings import read_settings
from camtrap.learn.tune import PRECISIONS
from tests.learn.small import SHIPPED

TEXT = SHIPPED.read_text(encoding="utf-8")


@pytest.fixture
def read(tmp_path):
    def settings(text):
        path = tmp_path / "train.toml"
        path.write_text(text, encoding="utf-8")
        return read_settings(path)

    return settings


def test_the_shipped_settings_tune_the_detector_and_look_once_with_it():
    settings = read_settings(SHIPPED)
    tuning = settings.detector_tuning
    assert tuning is not None
    assert tuning.precision in {"auto", *PRECISIONS}
    shares = (tuning.easy, tuning.patched, tuning.least_score, tuning.least_alive, tuning.average)
    assert all(0 <= share <= 1 for share in shares)
    assert tuning.side % 32 == 0
    assert len(settings.proposals["sides"]) == 2, "what it learns from comes of two looks"
    assert settings.looking == {**settings.proposals, "sides": [tuning.side]}


def test_without_the_table_the_detector_looks_as_it_is(read):
    settings = read(re.sub(r"\[detector_tuning\].*?\n\n", "", TEXT, flags=re.DOTALL))
    assert settings.detector_tuning is None
    assert settings.looking == settings.proposals


@pytest.mark.parametrize("name", [field.name for field in fields(DetectorTuning)])
def test_a_table_without_one_of_its_settings_is_refused(read, name):
    table = TEXT[TEXT.index("[detector_tuning]") : TEXT.index("[crop]")]
    less = re.sub(rf"^{name} =.*\n", "", table, flags=re.MULTILINE)
    assert less != table
    with pytest.raises(ConfigError, match=rf"\[detector_tuning\] .*: {name}\."):
        read(TEXT.replace(table, less))


def test_an_unknown_setting_is_refused(read):
    with pytest.raises(ConfigError, match=r"\[detector_tuning\] .*: mosaic\."):
        read(TEXT.replace("easy = 0.35", "easy = 0.35\nmosaic = 1.0"))
