"""The settings of training: the shipped ones fit, and others are refused by name."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from camtrap.errors import ConfigError
from camtrap.learn.prepare import crop_rules
from camtrap.learn.settings import parse_numbers, read_settings
from camtrap.learn.tune import PRECISIONS, TuneSettings
from camtrap.vision.calibration import LIVING

SETTINGS = Path(__file__).parents[2] / "configs" / "train-amur.toml"


@pytest.fixture
def changed(tmp_path):
    """Reads the shipped settings with a part of their text replaced."""

    def read(old, new):
        text = SETTINGS.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "train.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return read_settings(path)

    return read


@pytest.mark.parametrize(
    ("said", "numbers"), [("1,5-7", [1, 5, 6, 7]), ([3, 4], [3, 4]), ("9", [9])]
)
def test_numbers(said, numbers):
    assert parse_numbers(said) == numbers


def test_the_shipped_training_settings_can_be_read():
    settings = read_settings(SETTINGS)
    assert settings.group_labels[0] == "leopard"
    members = [n for group in settings.crop_rules()["groups"].values() for n in group]
    assert len(members) == len(set(members)), "an ImageNet class speaks for one label only"
    assert all(0 <= number < 1000 for number in members)


def test_the_shipped_settings_say_how_the_network_learns():
    settings = read_settings(SETTINGS)
    tuning = settings.tuning
    assert isinstance(tuning, TuneSettings)
    assert settings.tune.keys() - {"side"} == {field.name for field in fields(TuneSettings)}
    assert 0 < tuning.first_block < 23, "Lite2 has so many blocks"
    assert {tuning.precision, tuning.frozen_precision} <= {"auto", *PRECISIONS}
    assert all(0 <= share <= 1 for share in (tuning.keep, tuning.balance, tuning.average))
    assert min(settings.fold_count, settings.validation_folds) >= 2
    assert settings.emptied >= 0
    assert set(settings.groups) <= set(LIVING)


def test_crops_are_cut_as_the_file_says():
    settings = read_settings(SETTINGS)
    rules = crop_rules(settings)
    assert (rules.side, rules.context, rules.fill) == (260, 1.25, 127)
    assert settings.crop_rules().keys() == {"side", "context", "fill", "groups"}
    assert len(settings.group_labels) == len(settings.crop_rules()["groups"])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seed =", "sead =", "unknown or missing settings: sead, seed"),
        ("emptied = 400", "variations = 3", "emptied, variations"),
        ("validation_folds = 9", "", "validation_folds"),
        (
            "patience =",
            "patients =",
            r"\[tune\] has unknown or missing settings: patience, patients",
        ),
        ("most_draws = 4", "", r"\[tune\] .*most_draws"),
        ("side = 224", "", r"\[tune\] .*side"),
        ("[groups.vehicle]", "[groups.unicorn]", "not for unicorn"),
        ('vehicles = "407,', 'vehicles = "4o7,', "is not a list of numbers"),
        ("seed = 2026", "seed = ", "cannot be read"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(changed, old, new, named):
    with pytest.raises(ConfigError, match=named):
        changed(old, new)


def test_settings_with_a_windows_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text(SETTINGS.read_text(encoding="utf-8"), encoding="utf-8-sig")
    told = replace(read_settings(path), corrections=None)  # which lie beside the file
    assert told == replace(read_settings(SETTINGS), corrections=None)


def test_settings_that_are_not_there_are_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        read_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("change", ["detector =", "# nothing\nmosaic = 1\ndetector ="])
def test_a_table_of_pictures_from_above_that_does_not_fit_is_refused(tmp_path, change):
    text = SETTINGS.read_text(encoding="utf-8")
    table = f'[aerial]\n{change} "animal-detector"\n'
    path = tmp_path / "train.toml"
    path.write_text(text[: text.index("[aerial]")] + table, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[aerial\] .*calibration"):
        read_settings(path)
