"""Settings of the detector for pictures from above, as a TOML file with `kind = "aerial"`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from camtrap.errors import ConfigError

KIND = "aerial"


@dataclass(frozen=True, slots=True)
class AerialSettings:
    """All that bears on the weights.

    `detector` is the model that it starts from. Pictures of the `split` of the data serve as real
    ground, but for those that `corrections` leave out (a table as `learn.corrections` reads it; in
    the file its path is relative to the file). `animals` are painted once; `tiles` of `side` pixels
    are made of them and shown in every one of the `epochs`, and `held_out` more of them are judged
    afterwards. The weights are those of the parts of the loss: cells without an animal, and boxes.
    `average` is the memory of the running average of the weights, a step; `precision` is as in
    `learn.tune`.
    """

    name: str
    version: str
    licence: str
    detector: str
    split: str
    corrections: Path
    seed: int
    animals: int
    tiles: int
    held_out: int
    side: int
    epochs: int
    batch_size: int
    learning_rate: float
    decay: float
    average: float
    nothing_weight: float
    box_weight: float
    precision: str


def is_aerial(path: Path) -> bool:
    """True for the settings of such a detector; a file that cannot be read is not one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")).get("kind") == KIND
    except (OSError, ValueError, RecursionError):
        return False


def read_aerial_settings(path: Path) -> AerialSettings:
    """Read the file; raises `ConfigError` naming what is wrong with it."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The training settings {path} cannot be read: {error}.") from error
    fields = {*AerialSettings.__dataclass_fields__, "kind"}
    if wrong := sorted(said.keys() ^ fields):
        raise ConfigError(f"{path}: unknown or missing settings: {', '.join(wrong)}.")
    del said["kind"]
    said["corrections"] = path.parent / said["corrections"]
    return AerialSettings(**said)
