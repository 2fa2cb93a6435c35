"""What a backend is: a way to run the networks of model folders on bytes of pictures."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from camtrap.vision.checkpoint import ModelInfo

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

NAMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
PRECISIONS = {
    "torch": ("fp32", "bf16", "fp16"),
    "onnxruntime": ("fp32",),
    "openvino": ("fp32", "bf16"),
}
"""What each backend runs at, the reference's own first."""

CROP_SIDE = 260
"""The side in pixels of the crops that a backbone's graph takes."""


def install_command(name: str) -> str:
    """What is typed to get a backend, in any system's shell."""
    return f'pip install "camtrap[{"onnx" if name == "onnxruntime" else name}]"'


class Spec(NamedTuple):
    """Which backend: a key of `NAMES`, a precision, and a device in PyTorch's spelling."""

    name: str
    precision: str = "fp32"
    device: str = "cpu"

    def __str__(self) -> str:
        return f"{NAMES[self.name]} {self.precision} on {self.device}"


class Runner(Protocol):
    """One loaded network; may be called from several threads at once.

    Takes bytes (n, height, width, 3) and gives what `vision.networks.Served` says: boxes and scores
    of a detector, features and ImageNet logits of a backbone.
    """

    def __call__(self, pictures: Bytes) -> tuple[Floats, Floats]: ...


class Backend(Protocol):
    """Loads networks. `batch_size` is how many pictures at once suit the device."""

    @property
    def spec(self) -> Spec: ...

    @property
    def batch_size(self) -> int: ...

    def load(self, info: ModelInfo) -> Runner:
        """Raises `ModelError` when the folder or the machine lacks what this backend needs."""
        ...
