"""Who made the data, how the cameras were set and under which licence: what only people know.

It stands in `project.toml` in the season, or in a file of the option `project`:

    title = "Leopards of the Kedrovaya Pad, winter 2026"
    [[contributors]]
    title = "Anna Ivanova"
    role = "contact"
    [project]
    samplingDesign = "targeted"
    [licenses]
    data = "CC0-1.0"
    media = "CC-BY-4.0"
    [taxa]
    prey = "Mammalia"
    "roe deer" = "Capreolus pygargus"

What it leaves open gets the least that Camtrap DP allows, and is listed as still to be told.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.outputs.exports.dp_fields import PACKAGE_NAME, ROLES, SAMPLING_DESIGNS

PROJECT_NAME = "project.toml"

_TEXTS = ("name", "id", "title", "description", "version", "homepage", "bibliographicCitation")
_PROJECT_TEXTS = ("id", "title", "acronym", "description", "path", "samplingDesign")
_CONTRIBUTOR = ("title", "email", "path", "role", "organization")
_LICENSES = ("data", "media")
_TABLES = ("contributors", "project", "licenses", "taxa", "wildlife_insights")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

LEAST_DESIGN = "opportunistic"
"""The sampling design that claims the least."""

NOBODY_NAMED = "not told (write project.toml)"


@dataclass(frozen=True, slots=True)
class Project:
    """What `project.toml` says; `todo` lists in words what a person must still tell.

    `taxa` gives a scientific name to a label or to a species' name as people write it, in small
    letters. `wildlife_insights` is handed to that format as it stands.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    contributors: tuple[Mapping[str, str], ...] = ()
    project: Mapping[str, Any] = field(default_factory=dict)
    licenses: Mapping[str, str] = field(default_factory=dict)
    taxa: Mapping[str, str] = field(default_factory=dict)
    wildlife_insights: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None

    @property
    def todo(self) -> tuple[str, ...]:
        """What Camtrap DP asks for and nobody has told, as keys of the file."""
        told = {
            "title": self.texts.get("title"),
            "name": self.texts.get("name"),
            "contributors": self.contributors,
            "project.title": self.project.get("title"),
            "project.samplingDesign": self.project.get("samplingDesign"),
            "project.individualAnimals": "individualAnimals" in self.project,
            "licenses.data": self.licenses.get("data"),
            "licenses.media": self.licenses.get("media"),
        }
        return tuple(key for key, value in told.items() if not value)


def read_project(season: Path, options: Mapping[str, str]) -> Project:
    """Read the file of the option `project`, else the season's own; empty where there is none.

    Raises `ConfigError` that names the file and the key when it holds what cannot be used.
    """
    path = Path(options["project"]) if "project" in options else season / PROJECT_NAME
    if "project" not in options and not path.is_file():
        return Project()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The project file {path} cannot be read: {error}.") from error
    try:
        return _project(said, path)
    except _WrongKeyError as error:
        raise ConfigError(f"{path}: {error} See docs/formats.md for an example.") from None


class _WrongKeyError(ValueError):
    """A sentence about a key that cannot be used."""


def _project(said: Mapping[str, Any], path: Path) -> Project:
    _known(said, (*_TEXTS, "keywords", *_TABLES), "")
    keywords = said.get("keywords", [])
    if not isinstance(keywords, list) or not all(isinstance(word, str) for word in keywords):
        raise _WrongKeyError("keywords is a list of texts in quotes.")
    contributors = said.get("contributors", [])
    if not isinstance(contributors, list):
        raise _WrongKeyError("contributors are written as [[contributors]], each with a title.")
    texts = _texts({key: said[key] for key in _TEXTS if key in said}, _TEXTS, "")
    name = texts.get("name", "")
    if name and not PACKAGE_NAME.fullmatch(name):
        raise _WrongKeyError(f"name = '{name}' may hold only small letters, digits and - . _ /.")
    if (page := texts.get("homepage")) and not _URI.fullmatch(page):
        raise _WrongKeyError(f"homepage = '{page}' is not an address like https://example.org.")
    return Project(
        texts=texts,
        keywords=tuple(keywords),
        contributors=tuple(_contributor(person) for person in contributors),
        project=_about(said.get("project", {})),
        licenses=_texts(said.get("licenses", {}), _LICENSES, "licenses."),
        taxa={k.casefold(): v for k, v in _texts(said.get("taxa", {}), None, "taxa.").items()},
        wildlife_insights=_texts(said.get("wildlife_insights", {}), None, "wildlife_insights."),
        path=path,
    )


def _about(said: Any) -> Mapping[str, Any]:
    """The table `[project]`: texts, and whether animals were told apart."""
    if not isinstance(said, dict):
        raise _WrongKeyError("project is a table, written as [project].")
    individual = said.get("individualAnimals")
    if individual is not None and not isinstance(individual, bool):
        raise _WrongKeyError("project.individualAnimals is true or false.")
    texts = {key: value for key, value in said.items() if key != "individualAnimals"}
    told: dict[str, Any] = dict(_texts(texts, _PROJECT_TEXTS, "project."))
    design = told.get("samplingDesign")
    if design and design not in SAMPLING_DESIGNS:
        raise _WrongKeyError(f"project.samplingDesign is one of {', '.join(SAMPLING_DESIGNS)}.")
    if (page := told.get("path")) and not _URI.fullmatch(page):
        raise _WrongKeyError(f"project.path = '{page}' is not an address like https://example.org.")
    return told if individual is None else {**told, "individualAnimals": individual}


def _contributor(said: Any) -> Mapping[str, str]:
    told = _texts(said, _CONTRIBUTOR, "contributors.")
    if not told.get("title"):
        raise _WrongKeyError("each of [[contributors]] has a title: a person's or a group's name.")
    if told.get("role", ROLES[0]) not in ROLES:
        raise _WrongKeyError(f"contributors.role is one of {', '.join(ROLES)}.")
    return told


def _texts(said: Any, known: tuple[str, ...] | None, where: str) -> dict[str, str]:
    if not isinstance(said, dict):
        raise _WrongKeyError(f"{where.rstrip('.') or 'it'} is a table of texts in quotes.")
    if known is not None:
        _known(said, known, where)
    for key, value in said.items():
        if not isinstance(value, str):
            raise _WrongKeyError(f"{where}{key} = {value!r} is not a text in quotes.")
    return {key: value for key, value in said.items() if value.strip()}


def _known(said: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := sorted(said.keys() - set(known)):
        raise _WrongKeyError(
            f"{where}{unknown[0]} is not known. Known are: {', '.join(sorted(known))}."
        )
