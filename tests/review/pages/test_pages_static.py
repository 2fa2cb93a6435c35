"""The pages' files by themselves: every word in every language, nothing inline, nothing foreign."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import camtrap.review
from camtrap.outputs.words import FORMS, LANGUAGES, words
from camtrap.records import LABELS, State

PAGES = Path(camtrap.review.__file__).parent / "pages"
TEMPLATES = sorted((PAGES / "templates").glob("*.html"))
SCRIPTS = sorted((PAGES / "assets").glob("*.js"))
STYLES = sorted((PAGES / "assets").glob("*.css"))
SOURCES = [*TEMPLATES, *SCRIPTS]

# Keys that are put together: these beginnings, with everything below them.
_BUILT = re.compile(r"`([a-z_.]+\.(?:[a-z]+_)?)\$\{")
_QUOTED = re.compile(r"""["'`]([a-z]+(?:\.[a-z_]+)+)["'`]""")
_LOOPED = re.compile(r'data-word(?:-\w+)?="([a-z_.]+\.)\{\{')


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """As the page reads it: a table of plural forms is one value."""
    for name, value in table.items():
        is_counted = isinstance(value, dict) and set(value) <= {"one", "few", "many", "other"}
        if isinstance(value, str) or (is_counted and isinstance(value.get("other"), str)):
            yield prefix + name, value
        else:
            yield from flat(value, f"{prefix}{name}.")


def spoken(language: str) -> dict[str, Any]:
    return dict(flat(json.loads(text_of(PAGES / "words" / f"{language}.json"))))


ENGLISH = spoken("en")


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def forms_of(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


def test_there_are_words_in_all_languages() -> None:
    assert {path.stem for path in (PAGES / "words").glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys(language: str) -> None:
    assert set(spoken(language)) ^ set(ENGLISH) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_have_the_same_gaps_and_all_forms(language: str) -> None:
    for key, value in spoken(language).items():
        counted = isinstance(ENGLISH[key], dict)
        assert isinstance(value, dict) == counted, key
        if counted:
            # `other` is for fractions, and what the browser falls back on.
            assert set(value) == {*FORMS[language], "other"}, key
        wanted = set().union(*map(gaps, forms_of(ENGLISH[key])))
        for form in forms_of(value):
            assert form.strip() == form and form, key
            left_out = {"n"} if counted else set()
            assert wanted - left_out <= gaps(form) <= wanted, (key, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_called_as_in_the_brief(language: str) -> None:
    told = spoken(language)
    for state in State:
        assert told[f"label.{state.value}"] == words(language)(f"label.{state.value}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_is_left_in_other_languages(language: str) -> None:
    if language == "en":
        return
    names = {"GPS", "camtrap", "Esc", "stations", "csv", "exports", "n", "K", "M", "V", "C"}
    for key, value in spoken(language).items():
        for form in forms_of(value):
            latin = set(re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", form)))
            assert latin <= names, (key, latin - names)


def asked() -> tuple[set[str], set[str]]:
    """The keys that the sources name, and the beginnings of those that they put together."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for path in SOURCES:
        source = text_of(path)
        keys.update(_QUOTED.findall(source))
        keys.update(re.findall(r'data-word(?:-\w+)?="([a-z_.]+)"', source))
        beginnings.update(one for one in _BUILT.findall(source) if not one.startswith("camtrap."))
        beginnings.update(_LOOPED.findall(source))
    roots = {key.split(".")[0] for key in ENGLISH}
    return {key for key in keys if key.split(".")[0] in roots}, beginnings


def test_every_word_that_is_asked_for_is_there() -> None:
    keys, beginnings = asked()
    assert len(keys) > 100  # the search still finds them
    assert {key for key in keys if key not in ENGLISH} == set()
    for beginning in beginnings:
        assert any(key.startswith(beginning) for key in ENGLISH), beginning


def test_no_word_is_there_that_nobody_asks_for() -> None:
    keys, beginnings = asked()
    idle = {key for key in ENGLISH if key not in keys and not key.startswith(tuple(beginnings))}
    assert idle == set()


def test_every_label_can_be_said_by_a_key_of_its_own() -> None:
    source = text_of(PAGES / "assets" / "keys.js")
    bound = dict(re.findall(r'([A-Z]): "(\w+)"', source.split("ACTIONS")[0]))
    assert set(bound.values()) == {*LABELS, "unsure"}
    assert len(bound) == len(LABELS) + 1


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_script_and_no_style_stands_in_a_page(path: Path) -> None:
    source = text_of(path)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", source, re.S):
        assert script == ""
    assert re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source, re.I) is None


@pytest.mark.parametrize("path", [*SOURCES, *STYLES], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    source = text_of(path).replace("http://www.w3.org/2000/svg", "")
    assert re.search(r"https?:|//[a-z0-9-]+\.[a-z]{2,}/|@import|url\(", source) is None
    if path.suffix == ".js":
        dangerous = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert re.search(dangerous, source) is None


def test_every_file_that_is_named_is_there() -> None:
    for path in SOURCES:
        source = text_of(path)
        for name in re.findall(r'(?:src|href)="/assets/([^"]+)"', source):
            assert (PAGES / "assets" / name).is_file(), (path.name, name)
        for name in re.findall(r'from "\./([\w.]+)"', source):
            assert (PAGES / "assets" / name).is_file(), (path.name, name)
        for name in re.findall(r'\{% extends "([\w.]+)"', source):
            assert (PAGES / "templates" / name).is_file(), (path.name, name)


def test_every_file_is_used() -> None:
    everything = "".join(map(text_of, [*TEMPLATES, *SCRIPTS]))
    for path in (*SCRIPTS, *STYLES):
        assert f"/{path.name}" in everything, path.name


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_files_are_short_and_say_what_they_are(path: Path) -> None:
    source = text_of(path)
    assert source.startswith(("/**", "/*"))
    assert len(source.splitlines()) <= 350


def test_ids_that_scripts_ask_for_are_in_the_pages() -> None:
    ids = {name for path in TEMPLATES for name in re.findall(r'\bid="([\w-]+)"', text_of(path))}
    ids |= {
        f"{name}{side}"
        for path in TEMPLATES
        for name in re.findall(r'\bid="([\w-]+-)\{\{ side \}\}"', text_of(path))
        for side in "ab"
    }
    for path in SCRIPTS:
        for name in re.findall(r'byId\("([\w-]+)"\)', text_of(path)):
            assert name in ids, (path.name, name)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of `#rgb` or `#rrggbb`."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio (WCAG 2.2), 1..21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast_enough(scheme: str) -> None:
    """AA of WCAG 2.2: 4.5 for words, 3 for edges of what can be pressed and for the focus."""
    blocks = re.findall(r":root \{(.*?)\}", text_of(PAGES / "assets" / "base.css"), re.S)
    colours = dict(
        re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", blocks[0 if scheme == "light" else 1])
    )
    for ground in ("paper", "panel"):
        for ink in ("ink", "soft", "warning"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for edge in ("edge", "focus"):
            assert contrast(colours[edge], colours[ground]) >= 3, (edge, ground)
    assert contrast(colours["ink"], colours["hover"]) >= 4.5
    assert contrast(colours["on"], colours["warning"]) >= 4.5
    for label in (*LABELS, "unsure"):
        assert contrast(colours["on"], colours[label]) >= 4.5, label
        assert contrast(colours[label], colours["paper"]) >= 3, label
