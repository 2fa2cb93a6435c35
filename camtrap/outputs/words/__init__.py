"""The words of the pages, one TOML file a language beside this module.

A sentence has named gaps, `{day}`; what is put into them is escaped unless it is markup already. A
word that is counted has one form for each kind of number that its language tells apart.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from camtrap.errors import ConfigError
from camtrap.outputs.markup import Safe, text

LANGUAGES = ("en", "ru", "zh")

Forms = str | Mapping[str, str]


def _english(number: int) -> str:
    return "one" if number == 1 else "other"


def _russian(number: int) -> str:
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return "few"
    return "many"


def _chinese(number: int) -> str:
    return "other"


PLURALS: Mapping[str, Callable[[int], str]] = {"en": _english, "ru": _russian, "zh": _chinese}
"""Which form a whole number takes (Unicode CLDR, language plural rules, cardinals)."""

FORMS: Mapping[str, tuple[str, ...]] = {
    "en": ("one", "other"),
    "ru": ("one", "few", "many"),
    "zh": ("other",),
}
"""All forms that a counted word has in a language."""

_WIDE = "\u00a0"  # a space at which no line breaks
_THOUSANDS = {"en": ",", "ru": _WIDE, "zh": ","}
_POINT = {"en": ".", "ru": ",", "zh": "."}


@dataclass(frozen=True, slots=True)
class Words:
    """One language: `language` is its code of two letters, `forms` what each key says."""

    language: str
    forms: Mapping[str, Forms]

    def __call__(self, key: str, **values: object) -> Safe:
        """The sentence of a key as markup, its gaps filled; whole numbers are written out."""
        form = self.forms[key]
        assert isinstance(form, str), f"{key} is counted"
        return self._filled(form, values)

    def count(self, key: str, number: int, **values: object) -> Safe:
        """The counted sentence of a key; its gap `{n}` is the number."""
        form = self.forms[key]
        assert not isinstance(form, str), f"{key} is not counted"
        return self._filled(form[PLURALS[self.language](number)], {"n": number, **values})

    def number(self, value: int) -> str:
        """A whole number with its thousands apart."""
        return f"{value:,}".replace(",", _THOUSANDS[self.language])

    def decimal(self, value: float, digits: int = 1) -> str:
        """A number with at most so many digits behind the point."""
        said = f"{value:.{digits}f}"
        if "." in said:
            said = said.rstrip("0").rstrip(".")
        return said.replace(".", _POINT[self.language])

    def percent(self, chance: float) -> Safe:
        """A chance in whole percent; never 0 or 100, which no machine knows."""
        if chance < 0.01:
            return self("percent.under")
        if chance > 0.99:
            return self("percent.over")
        return self("percent.plain", n=round(100 * chance))

    def listed(self, parts: list[Safe]) -> Safe:
        """Several things as one sentence's part."""
        return Safe(self.forms["list.comma"]).join(parts)

    def text(self, sentences: list[Safe]) -> Safe:
        """Whole sentences one behind the other; Chinese puts no space between them."""
        return Safe("" if self.language == "zh" else " ").join(sentences)

    def _filled(self, form: str, values: Mapping[str, object]) -> Safe:
        said = {
            name: self.number(value) if type(value) is int else text(value)
            for name, value in values.items()
        }
        return Safe(string.Formatter().vformat(text(form), (), said))


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str = "en") -> Words:
    """The words of a language; raises `ConfigError` for one that the pages are not written in."""
    if language not in LANGUAGES:
        raise ConfigError(
            f"There is no brief in '{language}'. The languages are {', '.join(LANGUAGES)}."
        )
    said = (files(__package__) / f"{language}.toml").read_text(encoding="utf-8")
    return Words(language, dict(_flat("", tomllib.loads(said))))


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Forms]]:
    """`{"people": {"title": …}}` as `people.title`; a table of plural forms stays one value."""
    found: list[tuple[str, Forms]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or set(value) <= {"one", "few", "many", "other"}:
            found.append((key, value))
        else:
            found += _flat(f"{key}.", value)
    return found
