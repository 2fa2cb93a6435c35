"""What a reader of somebody's file takes and gives: pictures by the names that they have there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.imports.said import Naming, Said, Word, share_of, word_of

MACHINE, HUMAN = "machine", "human"
KINDS = (MACHINE, HUMAN)

BY_OTHERS = {
    MACHINE: "only people have said what is in it (--kind human takes those)",
    HUMAN: "only a machine has said what is in it (--kind machine takes those)",
}
"""Why a picture is left out, by the kind that was asked for."""

UNNAMED = "a name that the species list does not hold"
UNSEEN = "nothing is said of it"
UNREAD = "the other program could not read it"
MALFORMED = "what is said of it cannot be understood"


@dataclass(frozen=True, slots=True)
class Told:
    """One picture of a file: its path there, and the word on it or why there is none.

    `names` are spellings of one path, of which the first that the season knows counts. `unknown`
    are names of species that the list does not hold.
    """

    names: tuple[str, ...]
    word: Word | None = None
    why_not: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a file: whose words (`machine` or `human`), and how names are read."""

    kind: str
    naming: Naming
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is being read: whose words it says they are (empty: it does not), and those.

    `note` is a sentence on how it is read, or empty.
    """

    name: str
    told: Iterator[Told]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One format that is read: its name, what writes it, whose words it holds as a rule.

    The module has `read(path, asked) -> Reading`; `options` are those that it knows, with a
    sentence each.
    """

    name: str
    tells: str
    module: str
    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: Path, asked: Asked) -> Reading:
        """Begin to read; raises `DataError` at once or while pictures are taken."""
        module: Any = import_module(f"camtrap.imports.{self.module}")
        read: Callable[[Path, Asked], Reading] = module.read
        return read(path, asked)


def told_of(names: Sequence[str], said: Sequence[Said]) -> Told:
    """A picture of which these things were said."""
    word = word_of(said)
    if word is not None:
        return Told(tuple(names), word)
    unknown = tuple(one.species for one in said if one.species and not one.label and not one.vague)
    return Told(tuple(names), None, UNNAMED if unknown else UNSEEN, unknown)


def share_option(options: Mapping[str, str], name: str) -> float | None:
    """An option that is a number 0..1; None when it is not given. Raises `ConfigError`."""
    if name not in options:
        return None
    share = share_of(options[name])
    if share is None:
        raise ConfigError(f"The option {name} is a number from 0 to 1, not '{options[name]}'.")
    return share
