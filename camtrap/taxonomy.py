"""Species to triage label: what a name in somebody's table means in this landscape.

The names live in `configs/species-amur.toml`, because what is prey is a matter of the place and not
of the program. A name that the list does not hold is not known, and never guessed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.records import LABELS

DEFAULT_LIST = "species-amur.toml"
UNKNOWN = "unknown"
"""The table of names that say too little; no label."""

_KINDS = ("scientific", "names")

# "WildBoar" is two words; "Y.T.Marten" is three.
_INNER_CAPITAL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_WORD = re.compile(r"[^\W_]+")

# With one of these, the words around it cannot be trusted to end in the name of what is there.
_HEDGES = {
    *("and", "or", "with", "without", "no", "not", "non", "cf", "like"),
    *("maybe", "possible", "possibly", "probable", "probably", "unsure", "uncertain"),
    *("и", "или", "с", "без", "не", "нет", "возможно", "вероятно"),
}
_SEVERAL = re.compile(r"[,;/+&|]")

# SpeciesNet and Wildlife Insights: id;class;order;family;genus;species;common name
_RANKED = 7

_LONGEST = 1000
"""Characters of a name; the time to look one up grows with their square, and nobody writes more."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A species list: the label of each scientific name and of each other name, as words.

    A label is one of `LABELS`, or `unknown`.
    """

    scientific: Mapping[Words, str]
    names: Mapping[Words, str]

    def label_of(self, name: str) -> str | None:
        """The triage label of a species' name; None when the list cannot tell.

        Remarks in brackets and numbers do not count. A scientific entry fits names that begin with
        it, any other entry names that end with it, and the entry of most words decides. Names that
        doubt, deny or list several things ("possible leopard", "no deer", "dog/fox") are known only
        when the list holds them in full, and with a question mark or a doubtful remark never. Of a
        seven-part name as SpeciesNet writes it, the species, the common name, and then the ranks
        from family upwards are tried; a leopard there is one by its genus and species only.
        """
        parts = name.split(";")
        if len(parts) == _RANKED:
            label = self._find(_species(parts))
            if not label:
                rest = (self._find(candidate) for candidate in _candidates(parts))
                label = next((known for known in rest if known), UNKNOWN)
                label = UNKNOWN if label == "leopard" else label
        else:
            label = self._find(name) or UNKNOWN
        return None if label == UNKNOWN else label

    def says_little(self, name: str) -> bool:
        """True for a name that the list holds as one that tells no label ("mammal")."""
        return self._find(name) == UNKNOWN

    def _find(self, name: str) -> str | None:
        """The list's word on one name, `unknown` included; None when nothing fits."""
        if len(name) > _LONGEST:
            return None
        remarks = _WORD.findall(" ".join(_REMARK.findall(name)).casefold())
        if "?" in name or not _HEDGES.isdisjoint(remarks):
            return None
        words = words_of(name)
        for table in (self.scientific, self.names):
            if words in table:
                return table[words]
        if _SEVERAL.search(name) or not _HEDGES.isdisjoint(words):
            return None
        for count in range(len(words) - 1, 0, -1):
            if label := self.scientific.get(words[:count]) or self.names.get(words[-count:]):
                return label
        return None


def words_of(name: str) -> Words:
    """A name as words to compare: lower case, without remarks in brackets and without numbers."""
    spaced = _INNER_CAPITAL.sub(" ", _REMARK.sub(" ", name)).casefold().replace("ё", "е")
    return tuple(word for word in _WORD.findall(spaced) if not word.isdigit())


def read_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a species list, the one that came with camtrap when no path is given.

    Raises `ConfigError` when it cannot be read, holds what is no label, or one name twice.
    """
    path = path or config_folder() / DEFAULT_LIST
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The species list {path} cannot be read: {error}.") from error
    tables: dict[str, dict[Words, str]] = {kind: {} for kind in _KINDS}
    for label, lists in said.items():
        if label not in (*LABELS, UNKNOWN):
            raise ConfigError(f"{path}: [{label}] is none of {', '.join((*LABELS, UNKNOWN))}.")
        for kind, names in _lists(path, label, lists):
            for name in names:
                _enter(path, tables[kind], name, label)
    return Taxonomy(**tables)


def config_folder() -> Path:
    """Where the settings and lists lie that came with camtrap."""
    package = Path(__file__).resolve().parent
    bundled = package / "_bundled" / "configs"
    return bundled if bundled.is_dir() else package.parent / "configs"


def _species(parts: list[str]) -> str:
    return f"{parts[4]} {parts[5]}"


def _candidates(parts: list[str]) -> Iterable[str]:
    _, klass, order, family, _, _, common = parts
    return filter(str.strip, (common, family, order, klass))


def _lists(path: Path, label: str, lists: Any) -> Iterable[tuple[str, list[str]]]:
    """The lists of one label's table; raises `ConfigError` when they are of another shape."""
    if not isinstance(lists, dict) or not lists.keys() <= set(_KINDS):
        raise ConfigError(f"{path}: [{label}] may hold the lists scientific and names, no others.")
    for kind, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"{path}: {kind} of [{label}] is not a list of names in quotes.")
        yield kind, names


def _enter(path: Path, table: dict[Words, str], name: str, label: str) -> None:
    words = words_of(name)
    if not words:
        raise ConfigError(f"{path}: '{name}' in [{label}] is no name.")
    if table.setdefault(words, label) != label:
        raise ConfigError(f"{path}: '{name}' stands in [{table[words]}] and in [{label}].")
