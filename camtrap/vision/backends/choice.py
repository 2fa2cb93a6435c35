"""Which backend runs the networks: the one that was asked for, or the fastest that agrees."""

from __future__ import annotations

import logging
import platform
import shutil
import sys
from importlib.util import find_spec

from camtrap.errors import ModelError
from camtrap.vision.backends import memory
from camtrap.vision.backends.base import NAMES, PRECISIONS, Backend, Spec, install_command
from camtrap.vision.backends.selfcheck import check_looks, fastest, measured
from camtrap.vision.checkpoint import ModelInfo

log = logging.getLogger(__name__)

OFFERED: dict[str, tuple[tuple[str, str], ...]] = {
    "cpu": (
        ("onnxruntime", "fp32"),
        ("openvino", "bf16"),
        ("openvino", "fp32"),
        ("torch", "bf16"),
    ),
    "cuda": (("torch", "fp16"), ("torch", "bf16")),
    "mps": (("torch", "fp16"),),
}
"""What is tried on each kind of device beside the reference, PyTorch at fp32."""


def is_installed(name: str) -> bool:
    """True when a backend's package can be imported; nothing is imported yet."""
    return find_spec(name) is not None


def offered(device: str) -> list[Spec]:
    """What could run on a device, installed or not, the reference first."""
    kinds = (("torch", "fp32"), *OFFERED.get(device.partition(":")[0], ()))
    return [Spec(package, precision, device) for package, precision in kinds]


def candidates(device: str) -> list[Spec]:
    """What may run on a device, the reference first."""
    return [spec for spec in offered(device) if is_installed(spec.name)]


def parsed(backend: str, device: str) -> Spec:
    """`torch`, or with a precision `torch:bf16`; raises `ModelError` for what is not there."""
    name, _, precision = backend.partition(":")
    if name not in NAMES:
        raise ModelError(
            f"Unknown backend '{backend}': use auto, {', '.join(NAMES)}, if need be with a "
            "precision, as in torch:bf16."
        )
    precision = precision or PRECISIONS[name][0]
    if precision not in PRECISIONS[name]:
        raise ModelError(
            f"{NAMES[name]} does not run at '{precision}' here; it runs at "
            f"{', '.join(PRECISIONS[name])}."
        )
    if not is_installed(name):
        raise ModelError(
            f"{NAMES[name]} is not installed. Get it with {install_command(name)}, or leave "
            "--backend out."
        )
    if name != "torch" and device not in ("auto", "cpu"):
        raise ModelError(
            f"{NAMES[name]} runs on the CPU alone here. Say --device cpu, or --backend torch."
        )
    return Spec(name, precision, device if name == "torch" else "cpu")


def may_have_gpu() -> bool:
    """Whether it is worth asking PyTorch for a GPU; importing it takes seconds."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return shutil.which("nvidia-smi") is not None


def resolved_device(device: str) -> str:
    """`auto` to a device by name; raises `ModelError` for a device that is not there."""
    if device == "cpu" or (device == "auto" and not may_have_gpu()):
        return "cpu"
    from camtrap.vision.backends.pytorch import choose_device

    return str(choose_device(device))


def chosen(info: ModelInfo, *, backend: str = "auto", device: str = "auto") -> Spec:
    """The backend to use for a triage model.

    `auto` measures once on this machine, on the sample card, and remembers; without that card, or
    where nothing else agrees with it, it is the reference.
    """
    if backend != "auto":
        spec = parsed(backend, device)
        return spec._replace(device=resolved_device(spec.device))
    device = resolved_device(device)
    key = memory.fingerprint(info, device)
    if (known := memory.recall(key)) is not None:
        return known
    looks = check_looks()
    reference, *others = candidates(device)
    if not looks or not others:
        return reference
    log.info("measuring which backend is fastest here; this is done once")
    found = measured(info, [reference, *others], looks)
    best = fastest(found)
    memory.remember(key, best, found)
    return best


def opened_backend(spec: Spec) -> Backend:
    """The backend of a spec, ready to load networks for inference."""
    if spec.name == "onnxruntime":
        from camtrap.vision.backends.onnx import OnnxBackend

        return OnnxBackend(spec)
    if spec.name == "openvino":
        from camtrap.vision.backends.openvino import OpenvinoBackend

        return OpenvinoBackend(spec)
    import torch

    from camtrap.vision.backends.pytorch import TorchBackend

    if spec.device == "cpu":
        # Pictures run in parallel; more threads inside a network would only get in their way.
        torch.set_num_threads(1)
    return TorchBackend(spec)
