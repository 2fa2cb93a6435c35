"""All that must survive when a training stops: weights, their running average, the optimiser, and
the best epoch so far. Written whole at the end of every epoch.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from camtrap.errors import DataError
from camtrap.learn.network import TriageNetwork

CHECKPOINT = "checkpoint.pt"


class Progress:
    """All that must survive a stop: weights, their average, the optimiser, the best so far."""

    def __init__(self, network: TriageNetwork, optimiser: torch.optim.Optimizer, key: str) -> None:
        self._network, self._optimiser, self._key = network, optimiser, key
        self._mean = {name: value.clone() for name, value in network.learnt().items()}
        self._best = {name: value.clone() for name, value in self._mean.items()}
        self._lowest = math.inf
        self.epoch, self.stale = 0, 0
        self.rows: list[dict[str, float]] = []

    def average(self, memory: float) -> None:
        for name, value in self._network.learnt().items():
            self._mean[name].lerp_(value, 1 - memory)

    def averaged(self) -> Swapped:
        return Swapped(self._network, self._mean)

    def finish_epoch(self, row: dict[str, float], path: Path) -> None:
        self.rows.append(row)
        self.epoch += 1
        if not row["valid_loss"] >= self._lowest:  # without held-out crops, the last epoch is best
            self._lowest, self.stale = row["valid_loss"], 0
            self._best = {name: value.clone() for name, value in self._mean.items()}
        else:
            self.stale += 1
        said = {
            "key": self._key, "epoch": self.epoch, "stale": self.stale, "lowest": self._lowest,
            "rows": self.rows, "weights": self._network.learnt(), "mean": self._mean,
            "best": self._best, "optimiser": self._optimiser.state_dict(),
        }  # fmt: skip
        write_checkpoint(path, said)

    def resume(self, path: Path) -> None:
        said = read_checkpoint(path, self._key)
        if said is None:
            return
        load(self._network, said["weights"])
        self._optimiser.load_state_dict(said["optimiser"])
        device = next(self._network.parameters()).device
        self._mean = {name: value.to(device) for name, value in said["mean"].items()}
        self._best = {name: value.to(device) for name, value in said["best"].items()}
        self.epoch, self.stale, self._lowest = said["epoch"], said["stale"], said["lowest"]
        self.rows = said["rows"]

    def leave_best(self) -> None:
        load(self._network, self._best)


def write_checkpoint(path: Path, said: dict[str, Any]) -> None:
    """Write a checkpoint; a pulled plug leaves the old one or the new one."""
    part = path.with_suffix(".part")
    torch.save(said, part)
    part.replace(path)


def read_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """A checkpoint, or None where there is none yet; raises `DataError` for another training's."""
    if not path.exists():
        return None
    said: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if said["key"] != key:
        raise DataError(
            f"{path} belongs to a training with other settings or pictures. "
            "Name another --run folder, or delete this one."
        )
    return said


class Swapped:
    """Other weights in the network, for as long as the block lasts."""

    def __init__(self, network: TriageNetwork, weights: dict[str, Tensor]) -> None:
        self._network, self._weights = network, weights
        self._own: dict[str, Tensor] = {}

    def __enter__(self) -> None:
        self._own = {name: value.clone() for name, value in self._network.learnt().items()}
        load(self._network, self._weights)

    def __exit__(self, *_: object) -> None:
        load(self._network, self._own)


def load(network: TriageNetwork, weights: dict[str, Tensor]) -> None:
    """Put weights, by the names of `TriageNetwork.learnt`, into the network."""
    with torch.no_grad():
        for name, value in network.learnt().items():
            value.copy_(weights[name])
