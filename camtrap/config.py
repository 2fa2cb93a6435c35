"""Settings: defaults < a TOML file < environment < command line; saved beside the results.

A settings file looks like `configs/amur.toml`. Every key is known by name; a key that is not known
is an error, because a misspelt threshold that is silently ignored costs leopards.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError

ENVIRONMENT_PREFIX = "CAMTRAP_"
DEFAULT_MODEL = "amur"
DECODERS = ("cpu", "gpu")
LONGEST_GAP_MINUTES = 366 * 24 * 60


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that bears on results or speed.

    `device` may name several GPUs, `cuda:0,cuda:1`; `backend` is what runs the networks, and
    `decoder` where JPEG is decoded. `workers` 0 means one a processor core, `batch_size` 0 means
    what suits the device; `event_gap_minutes` is the independence interval; `thresholds` replaces
    single ones of the model's.
    """

    model: str = DEFAULT_MODEL
    device: str = "auto"
    backend: str = "auto"
    decoder: str = "cpu"
    workers: int = 0
    batch_size: int = 0
    event_gap_minutes: float = 30.0
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.workers < 0 or self.batch_size < 0:
            raise ConfigError("workers and batch_size are counts: 0 (automatic) or more.")
        if self.decoder not in DECODERS:
            raise ConfigError(f"The decoder is one of {', '.join(DECODERS)}, not '{self.decoder}'.")
        if not 0 < self.event_gap_minutes <= LONGEST_GAP_MINUTES:
            raise ConfigError("event_gap_minutes must be more than 0, and at most a year.")
        for label, value in self.thresholds.items():
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f"The threshold {label}={value} is not between 0 and 1.")

    @property
    def event_gap(self) -> timedelta:
        return timedelta(minutes=self.event_gap_minutes)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)


_KINDS: dict[str, type] = {
    "model": str,
    "device": str,
    "backend": str,
    "decoder": str,
    "workers": int,
    "batch_size": int,
    "event_gap_minutes": float,
}
_KIND_NAMES = {str: "a text in quotes", int: "a whole number", float: "a number"}


def resolve(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    **command_line: Any,
) -> Settings:
    """Put the settings together; on the command line, None means not given, and thresholds add up.

    Raises `ConfigError` naming the file or variable and the key that cannot be used.
    """
    said: dict[str, Any] = {}
    if file is not None:
        said.update(_read_file(file))
    said.update(_read_environment(environment))
    thresholds = {**said.get("thresholds", {}), **command_line.pop("thresholds", {})}
    said.update({key: value for key, value in command_line.items() if value is not None})
    return replace(Settings(), **{**said, "thresholds": thresholds})


def parse_threshold(text: str) -> tuple[str, float]:
    """`leopard=0.3` to its parts; raises `ConfigError` with an example otherwise."""
    label, _, value = text.partition("=")
    try:
        return label.strip(), float(value)
    except ValueError:
        raise ConfigError(
            f"'{text}' is not a threshold. Write it like --threshold leopard=0.3"
        ) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error}.") from error
    known = {f.name for f in fields(Settings)}
    if unknown := sorted(said.keys() - known):
        raise ConfigError(
            f"{path} holds unknown settings: {', '.join(unknown)}. "
            f"Known are: {', '.join(sorted(known))}."
        )
    thresholds = said.pop("thresholds", {})
    try:
        settings = {key: _plain(key, value, _KINDS[key]) for key, value in said.items()}
        numbers = {key: _plain(key, value, float) for key, value in thresholds.items()}
        return {**settings, "thresholds": numbers}
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path} holds a value that cannot be used: {error}.") from error


def _plain(key: str, value: Any, kind: type) -> Any:
    """A TOML value of the kind wanted; a whole number serves as a float, and nothing else bends."""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{key} = {value!r} is not {_KIND_NAMES[kind]}")
    return value


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    said = {}
    for key, kind in _KINDS.items():
        name = ENVIRONMENT_PREFIX + key.upper()
        if name in environment:
            try:
                said[key] = kind(environment[name])
            except ValueError:
                raise ConfigError(
                    f"{name}={environment[name]} in the environment is not a number."
                ) from None
    return said
