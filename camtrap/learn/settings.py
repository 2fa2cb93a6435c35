"""Settings of a training run, as a TOML file holds them; see `configs/train-amur.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap.errors import ConfigError
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.tune import TuneSettings
from camtrap.vision.calibration import LIVING

_TUNING = "detector_tuning"
_CORRECTIONS = "corrections"
_AERIAL = "aerial"
_AERIAL_FIELDS = frozenset({"detector", "proposals", "calibration"})
_OPTIONAL = frozenset({_TUNING, _CORRECTIONS, _AERIAL, "least_share", "sharp_from", "join_folds"})
"""What may be left out."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """All that bears on the weights; the fields are explained in the file's comments.

    `corrections` is the path of a table as `learn.corrections` reads it; in the file it is relative
    to the file.
    """

    name: str
    version: str
    licence: str
    split: str
    seed: int
    fold_count: int
    validation_folds: int
    scene_similarity: float
    emptied: int
    parts: dict[str, str]
    proposals: dict[str, Any]
    crop: dict[str, Any]
    head: dict[str, float]
    tune: dict[str, Any]
    target_recall: dict[str, float]
    groups: dict[str, dict[str, list[int]]]
    detector_tuning: DetectorTuning | None = None
    corrections: Path | None = None
    aerial: dict[str, Any] | None = None
    least_share: float = 0.0
    sharp_from: float = 0.0
    join_folds: bool = False

    @property
    def tuning(self) -> TuneSettings:
        """How the network learns: the `tune` table without what is about crops."""
        return TuneSettings(**{k: v for k, v in self.tune.items() if k != "side"})

    @property
    def looking(self) -> dict[str, Any]:
        """How the detector that is shipped looks: the tuned one once, at the side it learnt at."""
        if self.detector_tuning is None:
            return self.proposals
        return {**self.proposals, "sides": [self.detector_tuning.side]}

    @property
    def group_labels(self) -> list[str]:
        """For each group, in order, the label that it speaks for."""
        return [label for label, groups in self.groups.items() for _ in groups]

    def crop_rules(self) -> dict[str, Any]:
        """The rules of the second look, as `model.json` holds them."""
        groups = {name: members for each in self.groups.values() for name, members in each.items()}
        return {**self.crop, "groups": groups}


def read_settings(path: Path) -> TrainingSettings:
    """Read the file; raises `ConfigError` naming what is wrong with it."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The training settings {path} cannot be read: {error}.") from error
    known = set(TrainingSettings.__dataclass_fields__)
    if wrong := sorted((said.keys() | _OPTIONAL) ^ known):
        raise ConfigError(f"{path}: unknown or missing settings: {', '.join(wrong)}.")
    if wrong := sorted(said["groups"].keys() - set(LIVING)):
        raise ConfigError(f"{path}: groups speak for one of {LIVING}, not for {', '.join(wrong)}.")
    said["groups"] = {
        label: {name: parse_numbers(value) for name, value in groups.items()}
        for label, groups in said["groups"].items()
    }
    fields = {*TuneSettings.__dataclass_fields__, "side"}
    if wrong := sorted(said["tune"].keys() ^ fields):
        raise ConfigError(f"{path}: [tune] has unknown or missing settings: {', '.join(wrong)}.")
    if _TUNING in said:
        fields = set(DetectorTuning.__dataclass_fields__)
        if wrong := sorted(said[_TUNING].keys() ^ fields):
            raise ConfigError(
                f"{path}: [{_TUNING}] has unknown or missing settings: {', '.join(wrong)}."
            )
        said[_TUNING] = DetectorTuning(**said[_TUNING])
    if _AERIAL in said and (wrong := sorted(said[_AERIAL].keys() ^ _AERIAL_FIELDS)):
        raise ConfigError(
            f"{path}: [{_AERIAL}] has unknown or missing settings: {', '.join(wrong)}."
        )
    if _CORRECTIONS in said:
        said[_CORRECTIONS] = path.parent / said[_CORRECTIONS]
    return TrainingSettings(**said)


def parse_numbers(said: list[int] | str) -> list[int]:
    """`"1,5-7"` or a list to the numbers 1, 5, 6, 7; raises `ConfigError`."""
    if isinstance(said, list):
        return said
    numbers: list[int] = []
    try:
        for part in said.split(","):
            first, _, last = part.partition("-")
            numbers.extend(range(int(first), int(last or first) + 1))
    except ValueError:
        raise ConfigError(f"'{said}' is not a list of numbers like 1,5-7.") from None
    return numbers
