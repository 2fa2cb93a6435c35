"""Every format can be asked for by name, and says what it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from camtrap.errors import ConfigError
from camtrap.outputs.exports.registry import (
    FORMATS,
    chosen,
    formats_of,
    listing,
    options_of,
    parse_options,
)

ROOT = Path(__file__).parents[3]


def test_names_are_unique_and_every_module_is_there() -> None:
    assert len({form.name for form in FORMATS}) == len(FORMATS)
    for form in FORMATS:
        assert (ROOT / "camtrap/outputs/exports" / f"{form.module}.py").is_file()
        assert form.tells


@pytest.mark.parametrize("form", [form for form in FORMATS if not form.extra], ids=lambda f: f.name)
def test_formats_without_an_extra_can_be_written(form) -> None:
    assert callable(form.writer())


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_and_option_is_told(form) -> None:
    told = listing()
    manual = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"  {form.name}  " in told or f"  {form.name} " in told
    assert f"\n## {form.name}" in manual
    for option in form.options:
        assert f"--option {option}=" in told
        assert f"`{option}" in manual


def test_formats_come_once_and_in_the_order_in_which_they_were_asked_for() -> None:
    assert [form.name for form in formats_of(["coco", "folders", "coco"])] == ["coco", "folders"]


def test_an_unknown_one_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as error:
        formats_of(["coco", "zip"])
    assert "'zip'" in str(error.value) and listing() in str(error.value)


def test_options_go_to_the_formats_that_know_them() -> None:
    formats = formats_of(["speciesnet", "folders"])
    options = parse_options(["country=RUS", "by=event", "move-from=C:\\a=b"], formats)
    assert options_of(formats[0], options) == {"country": "RUS"}
    assert options_of(formats[1], options) == {"by": "event", "move-from": "C:\\a=b"}


@pytest.mark.parametrize("texts", [["by"], ["=x"], ["by=event", "by=picture"], ["bye=event"]])
def test_options_that_cannot_be_meant_are_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigError):
        parse_options(texts, formats_of(["folders"]))


def test_a_choice_is_the_first_when_nothing_is_said() -> None:
    assert chosen({}, "by", ("picture", "event")) == "picture"
    assert chosen({"by": "event"}, "by", ("picture", "event")) == "event"
    with pytest.raises(ConfigError, match="picture, event"):
        chosen({"by": "moon"}, "by", ("picture", "event"))
