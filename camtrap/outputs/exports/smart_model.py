"""A SMART site's own data model, as SMART exports it (XML): which keys there are.

The file's shape (namespace `http://www.smartconservationsoftware.org/xml/1.0/datamodel`): under
`attributes` each `attribute` has a key and a type; a LIST has `values`, a TREE has `tree` with
`children`; under `categories` each `category` has a key, holds `attribute` with `attributekey`, and
further `category`. Keys of what lies within are joined with dots. A category also takes the
attributes of those around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from camtrap.errors import ConfigError

LISTS = ("LIST", "MLIST", "TREE")
"""Types whose value is one of the attribute's own keys."""

NUMERIC, BOOLEAN, TEXT = "NUMERIC", "BOOLEAN", "TEXT"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute; `options` are the keys of a list or tree that are in use."""

    key: str
    type: str
    options: frozenset[str] = frozenset()
    required: bool = False


@dataclass(frozen=True, slots=True)
class DataModel:
    """Categories by their path, each with the keys of its attributes; and all attributes by key."""

    categories: Mapping[str, frozenset[str]]
    attributes: Mapping[str, Attribute]


def read_data_model(path: Path) -> DataModel:
    """Read the file that SMART exports; what is switched off in it is not there.

    Raises `ConfigError` when it is not such a file.
    """
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise ConfigError(
            f"The SMART data model {path} cannot be read: {error}. Export it from SMART as XML."
        ) from error
    if _name(root) != "DataModel":
        raise ConfigError(
            f"{path} is no SMART data model: it begins with <{_name(root)}> and not <DataModel>. "
            "Export the data model from SMART as XML."
        )
    try:
        return _model(root)
    except RecursionError:
        raise ConfigError(
            f"{path} is no SMART data model: its categories lie deeper than any site's. Export it "
            "from SMART again."
        ) from None


def _model(root: ElementTree.Element) -> DataModel:
    attributes = {
        told.key: told
        for group in _children(root, "attributes")
        for told in map(_attribute, _children(group, "attribute"))
    }
    categories = dict(
        found for group in _children(root, "categories") for found in _categories(group, "", ())
    )
    return DataModel(categories, attributes)


def _attribute(element: ElementTree.Element) -> Attribute:
    options = frozenset(
        (
            *(value.get("key", "") for value in _children(element, "values") if _active(value)),
            *(key for tree in _children(element, "tree") for key in _branch(tree, "")),
        )
    )
    required = element.get("isrequired") == "true"
    return Attribute(element.get("key", ""), element.get("type", ""), options, required)


def _branch(element: ElementTree.Element, above: str) -> Iterator[str]:
    if not _active(element):
        return
    key = _joined(above, element)
    yield key
    for child in _children(element, "children"):
        yield from _branch(child, key)


def _categories(
    parent: ElementTree.Element, above: str, inherited: tuple[str, ...]
) -> Iterator[tuple[str, frozenset[str]]]:
    for element in _children(parent, "category"):
        if not _active(element):
            continue
        path = _joined(above, element)
        own = (
            told.get("attributekey", "")
            for told in _children(element, "attribute")
            if _active(told)
        )
        known = (*inherited, *own)
        yield path, frozenset(known)
        yield from _categories(element, path, known)


def _joined(above: str, element: ElementTree.Element) -> str:
    return ".".join(part for part in (above, element.get("key", "")) if part)


def _active(element: ElementTree.Element) -> bool:
    return element.get("isactive", "true") != "false"


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (child for child in element if _name(child) == name)


def _name(element: ElementTree.Element) -> str:
    """A tag without its namespace: releases differ in that."""
    return element.tag.rpartition("}")[2]
