"""All that must survive when the tuning of a detector stops: weights, their running average, the
optimiser, and the precision that was chosen. Written whole at the end of every epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from camtrap.learn.checkpoints import CHECKPOINT as CHECKPOINT
from camtrap.learn.checkpoints import read_checkpoint, write_checkpoint
from camtrap.learn.detector.network import DetectorLearner


@dataclass(slots=True, eq=False)
class Progress:
    """How far a tuning is; `mean` is the running average of the weights, which is what is kept."""

    learner: DetectorLearner
    optimiser: torch.optim.Optimizer
    key: str
    mean: dict[str, Tensor] = field(init=False)
    epoch: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    precision: str = ""

    def __post_init__(self) -> None:
        self.mean = {name: value.detach().clone() for name, value in self._weights().items()}

    def average(self, memory: float) -> None:
        """Move the running average towards the weights as they are now."""
        with torch.no_grad():
            for name, value in self._weights().items():
                self.mean[name].lerp_(value, 1 - memory)

    def finish_epoch(self, row: dict[str, float], path: Path) -> None:
        """Note an epoch's row of the log and write everything to `path`."""
        self.rows.append(row)
        self.epoch += 1
        said: dict[str, Any] = {
            "key": self.key, "epoch": self.epoch, "rows": self.rows, "precision": self.precision,
            "weights": {name: value.detach() for name, value in self._weights().items()},
            "mean": self.mean, "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        write_checkpoint(path, said)

    def resume(self, path: Path) -> None:
        """Go on from `path` where it exists; raises `DataError` when another training wrote it."""
        said = read_checkpoint(path, self.key)
        if said is None:
            return
        self.learner.put(said["weights"])
        self.optimiser.load_state_dict(said["optimiser"])
        device = next(self.learner.parameters()).device
        self.mean = {name: value.to(device) for name, value in said["mean"].items()}
        self.epoch, self.rows, self.precision = said["epoch"], said["rows"], said["precision"]

    def _weights(self) -> dict[str, Tensor]:
        return self.learner.learnt()
