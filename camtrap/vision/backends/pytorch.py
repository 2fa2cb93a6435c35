"""The PyTorch backend: the reference on the CPU, and the way to CUDA and Apple's MPS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from camtrap.errors import ModelError
from camtrap.vision.backends.base import Bytes, Floats, Runner, Spec
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.networks import Served

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_GPU_BATCH = 16


@dataclass(frozen=True, slots=True)
class TorchBackend:
    """Runs networks in eager PyTorch, channels last; below fp32 by autocast."""

    spec: Spec

    @property
    def batch_size(self) -> int:
        # On a CPU one picture at a time is as fast as any batch, and an answer cannot depend on its
        # neighbours there.
        return 1 if self.spec.device == "cpu" else _GPU_BATCH

    def load(self, info: ModelInfo) -> Runner:
        device = choose_device(self.spec.device)
        return _TorchRunner(Served(info).to(device), device, _TYPES[self.spec.precision])


@dataclass(frozen=True, slots=True)
class _TorchRunner:
    served: Served
    device: torch.device
    precision: torch.dtype

    def __call__(self, pictures: Bytes) -> tuple[Floats, Floats]:
        kind, lower = self.device.type, self.precision != torch.float32
        with torch.inference_mode(), torch.autocast(kind, self.precision, enabled=lower):
            first, second = self.served(self._moved(pictures))
        return _array(first), _array(second)

    def _moved(self, pictures: Bytes) -> Tensor:
        batch = torch.from_numpy(np.ascontiguousarray(pictures))
        if self.device.type == "cuda":
            # From pinned memory the copy runs beside what the GPU is still busy with.
            return batch.pin_memory().to(self.device, non_blocking=True)
        return batch.to(self.device)


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.float().cpu().numpy()
    return array


def choose_device(name: str) -> torch.device:
    """`auto` takes CUDA, then Apple's MPS, then the CPU; raises `ModelError` when not there."""
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    kind, _, number = name.partition(":")
    if kind == "cpu":
        return torch.device("cpu")
    if kind not in ("cuda", "mps"):
        raise ModelError(f"Unknown device '{name}': use auto, cpu, cuda or mps.")
    if not (torch.cuda.is_available() if kind == "cuda" else has_mps):
        raise ModelError(
            f"This computer has no usable '{kind}' device. Leave --device out, or say --device cpu."
        )
    if number and not number.isdecimal():
        raise ModelError(f"Unknown device '{name}': a GPU is named cuda or cuda:1, by its number.")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ModelError(
            f"This computer has {torch.cuda.device_count()} CUDA devices, numbered from 0; "
            f"'{name}' is none of them."
        )
    return torch.device(name)
