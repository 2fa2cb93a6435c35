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
LAST_RECORD, LAST_INDEPENDENT = "last_record", "last_independent"
EVENT_RULES = (LAST_RECORD, LAST_INDEPENDENT)
LANGUAGES = ("en", "ru", "zh")
LONGEST_GAP_MINUTES = 366 * 24 * 60
DRONE_AUTO, DRONE_ALWAYS, DRONE_NEVER = "auto", "true", "false"
DRONES = (DRONE_AUTO, DRONE_ALWAYS, DRONE_NEVER)
FRAMES_BY_TIME, FRAMES_BY_CHANGE = "time", "change"
FRAMES_BY = (FRAMES_BY_TIME, FRAMES_BY_CHANGE)
PIXEL_LIMITS = (1.0, 4300.0)
"""Megapixels between which the limit lies; no JPEG has more (65,535 x 65,535)."""

METADATA_LIMITS = (0.1, 500.0)
"""Megabytes between which the limit lies; EXIF in a JPEG takes up to 64 KB, a file up to 500 MB."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that bears on results or speed.

    `device` may name several GPUs, `cuda:0,cuda:1`; `backend` is what runs the networks, and
    `decoder` where JPEG is decoded. `workers` 0 means one a processor core, `batch_size` 0 means
    what suits the device. `event_gap_minutes` is the independence interval, and `event_rule` what
    it is counted from; `burst_gap_seconds` parts bursts; with `static`, what never moves makes no
    event (`docs/events.md`). `language` is that of the brief and of the leopards' page.
    `drone` says which pictures are looked at tile by tile: those that a drone took (`auto`), all
    (`true`) or none (`false`). With `video`, clips are looked at where the extra `video` is
    installed: `clip_frames_per_second` of their frames, at most `clip_frames` a clip; with
    `clip_frames_by` `change` those where the picture changes most (`docs/video.md`).
    `thresholds` replaces single ones of the model's. Pictures of more than `pixel_limit` megapixels
    are refused, and metadata beyond `metadata_limit` megabytes are not read.
    """

    model: str = DEFAULT_MODEL
    device: str = "auto"
    backend: str = "auto"
    decoder: str = "cpu"
    workers: int = 0
    batch_size: int = 0
    event_gap_minutes: float = 30.0
    event_rule: str = LAST_RECORD
    burst_gap_seconds: float = 5.0
    static: bool = True
    language: str = "en"
    drone: str = DRONE_AUTO
    video: bool = True
    clip_frames_per_second: float = 1.0
    clip_frames: int = 20
    clip_frames_by: str = FRAMES_BY_TIME
    pixel_limit: float = 400.0
    metadata_limit: float = 16.0
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.workers < 0 or self.batch_size < 0:
            raise ConfigError("workers and batch_size are counts: 0 (automatic) or more.")
        if self.decoder not in DECODERS:
            raise ConfigError(f"The decoder is one of {', '.join(DECODERS)}, not '{self.decoder}'.")
        if self.drone not in DRONES:
            raise ConfigError(f"drone is auto, true or false, not '{self.drone}'.")
        if self.clip_frames_by not in FRAMES_BY:
            raise ConfigError(
                f"clip_frames_by is one of {', '.join(FRAMES_BY)}, not '{self.clip_frames_by}'."
            )
        if not 0 < self.event_gap_minutes <= LONGEST_GAP_MINUTES:
            raise ConfigError("event_gap_minutes must be more than 0, and at most a year.")
        if self.event_rule not in EVENT_RULES:
            known = ", ".join(EVENT_RULES)
            raise ConfigError(f"The event_rule is one of {known}, not '{self.event_rule}'.")
        if self.language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise ConfigError(f"The language is one of {known}, not '{self.language}'.")
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigError(f"{name} must be between {least:g} and {most:g}, not {value:g}.")
        for label, value in self.thresholds.items():
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f"The threshold {label}={value} is not between 0 and 1.")

    @property
    def event_gap(self) -> timedelta:
        return timedelta(minutes=self.event_gap_minutes)

    @property
    def burst_gap(self) -> timedelta:
        return timedelta(seconds=self.burst_gap_seconds)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)


BURST_GAPS = (0.0, 600.0)
"""Seconds between which the gap lies; what is farther apart was no trigger."""

_BOUNDS = {
    "burst_gap_seconds": BURST_GAPS,
    "clip_frames_per_second": (0.01, 60.0),
    "clip_frames": (1, 1000),
    "pixel_limit": PIXEL_LIMITS,
    "metadata_limit": METADATA_LIMITS,
}
_KINDS: dict[str, type] = {
    "model": str,
    "device": str,
    "backend": str,
    "decoder": str,
    "workers": int,
    "batch_size": int,
    "event_gap_minutes": float,
    "event_rule": str,
    "burst_gap_seconds": float,
    "static": bool,
    "language": str,
    "drone": str,
    "video": bool,
    "clip_frames_per_second": float,
    "clip_frames": int,
    "clip_frames_by": str,
    "pixel_limit": float,
    "metadata_limit": float,
}
_KIND_NAMES = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


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


def named_language(environment: Mapping[str, str] = os.environ) -> str | None:
    """The language that the environment names, for a season that exists; None for none."""
    return environment.get(f"{ENVIRONMENT_PREFIX}LANGUAGE")


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
    except (OSError, ValueError, RecursionError) as error:
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
    if key == "drone" and type(value) is bool:
        return DRONE_ALWAYS if value else DRONE_NEVER
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
                text = environment[name]
                said[key] = _TRUTH[text.lower()] if kind is bool else kind(text)
            except (ValueError, KeyError):
                raise ConfigError(
                    f"{name}={environment[name]} in the environment is not "
                    f"{'true or false' if kind is bool else 'a number'}."
                ) from None
    return said


_TRUTH = {"true": True, "1": True, "false": False, "0": False}
