"""What every export reads and gives: a season with its frames and events, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from camtrap.config import Settings
from camtrap.errors import ConfigError
from camtrap.events.frames import Frame, Placing
from camtrap.events.watch import Watches
from camtrap.ledger.store import ALL_STATES, Ledger
from camtrap.outputs.season_events import SeasonEvents
from camtrap.records import State


@dataclass(frozen=True, slots=True)
class Source:
    """A season as an export sees it.

    With `public`, coordinates are rounded to a grid of `grid` degrees, and people and vehicles are
    left out. `options` are those of the format, by name, as the command line gave them. `watches`
    have noted every frame, so that no format goes through all of them for the cameras' sake.
    """

    ledger: Ledger
    placing: Placing
    events: SeasonEvents
    settings: Settings
    watches: Watches
    public: bool = False
    grid: float = 0.1
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def season(self) -> Path:
        """The season's folder."""
        return self.ledger.season

    def frames(self, states: Collection[State] = ALL_STATES) -> Iterator[Frame]:
        """The files in the ledger's order, placed and dated; streams."""
        return self.placing.frames(self.ledger, states)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote, how many rows, and what a person should know (a sentence each).

    `missing` counts the pictures that it needed and could not read: their card is not plugged in.
    """

    paths: tuple[Path, ...]
    rows: int
    notes: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """One format of `camtrap export`: its name there, what reads it, and the module that writes it.

    The module has `write(source, out) -> Exported`, where `out` is an empty folder of its own that
    takes the place of an earlier export when all is written. `options` are the names of those it
    knows, with a sentence each; with the option `in_place_with`, `out` is instead the folder where
    the export stays, with all that an earlier one left there. `extra` is the extra of camtrap that
    it needs, if any.
    """

    name: str
    tells: str
    module: str
    options: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    in_place_with: str = ""

    def writer(self) -> Callable[[Source, Path], Exported]:
        """The function that writes it; raises `ConfigError` where its extra is not installed."""
        try:
            module: Any = import_module(f"camtrap.outputs.exports.{self.module}")
        except ImportError as error:
            if not self.extra:
                raise
            raise ConfigError(
                f"The format {self.name} needs the extra '{self.extra}': "
                f"pip install 'camtrap[{self.extra}]' ({error})."
            ) from error
        write: Callable[[Source, Path], Exported] = module.write
        return write
