"""`smart_mapping.toml`: which category and attributes of a SMART site stand for each label.

Every site has a data model of its own, so no key of SMART stands in camtrap. An attribute's value
is written as it is, or taken from the event:

    [labels.leopard]
    category = "wildlife.cameratrap"
    [labels.leopard.attributes]
    species = "carnivora.pantherapardus"
    count = { from = "count" }
    [attributes]                       # of every label
    station = { from = "station" }

Attributes whose value an event does not tell are left out of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.outputs.exports.smart_model import (
    BOOLEAN,
    LISTS,
    NUMERIC,
    TEXT,
    Attribute,
    DataModel,
)
from camtrap.outputs.season_events import SEEN

MAPPING_NAME = "smart_mapping.toml"

FROM_EVENT: Mapping[str, str] = {
    "count": NUMERIC,
    "images": NUMERIC,
    "confidence": NUMERIC,
    "station": TEXT,
    "station_name": TEXT,
    "event": TEXT,
    "label": TEXT,
    "method": TEXT,
    "needs_review": BOOLEAN,
}
"""What an event can tell, with the type of attribute that takes it."""

_KEYS = ("labels", "attributes", "species_attribute")
_LABELS = tuple(sorted(label.value for label in SEEN))

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class From:
    """A value that is taken from the event: a name of `FROM_EVENT`."""

    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What one label is at the site."""

    category: str
    attributes: Mapping[str, Value | From]

    def values(self, told: Mapping[str, Value | None]) -> dict[str, Value]:
        """The attributes of one event; `told` is what it tells, by the names of `FROM_EVENT`."""
        found: dict[str, Value] = {}
        for key, said in self.attributes.items():
            value = told.get(said.name) if isinstance(said, From) else said
            if value is not None and value != "":
                found[key] = value
        return found


@dataclass(frozen=True, slots=True)
class SmartMapping:
    """The kinds by label; `species_attribute` is the one that names the species, or empty."""

    kinds: Mapping[str, Kind]
    species_attribute: str = ""


def read_mapping(path: Path) -> SmartMapping:
    """Read the file; raises `ConfigError` that names the file and the key."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The SMART mapping {path} cannot be read: {error}.") from error
    try:
        return parse_mapping(said)
    except ValueError as error:
        raise ConfigError(f"{path}: {error} See configs/smart_mapping-example.toml.") from None


def parse_mapping(said: Mapping[str, Any]) -> SmartMapping:
    """The mapping that a document tells; raises `ValueError` with a sentence."""
    _only(said, _KEYS, "")
    labels = _table(said.get("labels"), "labels")
    if not labels:
        raise ValueError("it has no label, written as [labels.leopard].")
    _only(labels, _LABELS, "labels.")
    shared = _attributes(said.get("attributes", {}), "attributes")
    species = said.get("species_attribute", "")
    if not isinstance(species, str):
        raise ValueError("species_attribute is a key in quotes.")
    kinds = {}
    for label, told in labels.items():
        where = f"labels.{label}"
        kind = _table(told, where)
        _only(kind, ("category", "attributes"), f"{where}.")
        category = kind.get("category")
        if not isinstance(category, str) or not category.strip():
            raise ValueError(f"{where}.category is a key of your data model, in quotes.")
        own = _attributes(kind.get("attributes", {}), f"{where}.attributes")
        kinds[label] = Kind(category.strip(), {**shared, **own})
    return SmartMapping(kinds, species)


def _attributes(said: Any, where: str) -> dict[str, Value | From]:
    found: dict[str, Value | From] = {}
    for key, value in _table(said, where).items():
        if isinstance(value, dict):
            _only(value, ("from",), f"{where}.{key}.")
            if value.get("from") not in FROM_EVENT:
                raise ValueError(f"{where}.{key}.from is one of {', '.join(FROM_EVENT)}.")
            found[key] = From(value["from"])
        elif isinstance(value, (str, bool, int)) or (
            isinstance(value, float) and abs(value) < float("inf")
        ):
            found[key] = value
        else:
            raise ValueError(f'{where}.{key} is a text, a number, true, or {{ from = "count" }}.')
    return found


def _table(said: Any, where: str) -> Mapping[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise ValueError(f"{where} is a table, written as [{where}].")
    return said


def _only(said: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := sorted(said.keys() - set(known)):
        raise ValueError(
            f"{where}{unknown[0]} is not known. Known are: {', '.join(sorted(known))}."
        )


def check(mapping: SmartMapping, model: DataModel) -> Iterator[str]:
    """A sentence for every key of the mapping that the site's data model does not take."""
    for label, kind in mapping.kinds.items():
        where = f"labels.{label}"
        known = model.categories.get(kind.category)
        if known is None:
            yield f"{where}.category: there is no category '{kind.category}'."
            continue
        for key, value in kind.attributes.items():
            # A label is known here, and may be called as a key of a list is.
            value = label if value == From("label") else value
            attribute = model.attributes.get(key)
            if attribute is None:
                yield f"{where}: there is no attribute '{key}'."
            elif key not in known:
                yield f"{where}: the category '{kind.category}' has no attribute '{key}'."
            elif wrong := _misfit(value, attribute):
                yield f"{where}: the attribute '{key}' {wrong}."
        for key in sorted(known - kind.attributes.keys()):
            if key in model.attributes and model.attributes[key].required:
                yield f"{where}: the category '{kind.category}' requires the attribute '{key}'."


def _misfit(value: Value | From, attribute: Attribute) -> str:
    """Why an attribute does not take a value; empty when it does."""
    kind = attribute.type
    if kind in LISTS:
        if isinstance(value, From):
            return f"is a {kind}, which takes its own keys only"
        return "" if value in attribute.options else f"is a {kind} without the key '{value}'"
    if isinstance(value, From):
        told = FROM_EVENT[value.name]
        return "" if told == kind else f"is {kind}, and '{value.name}' is {told}"
    if kind == NUMERIC:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind == BOOLEAN:
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    return "" if fits else f"is {kind}, and {value!r} is none"
