"""PyTorch networks of detectors and backbones, with the weights that their folders hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from safetensors.torch import load
from torch import Tensor, nn

from camtrap.errors import ModelError
from camtrap.vision.checkpoint import ModelInfo, read_weights
from camtrap.vision.efficientnet import EfficientNetLite
from camtrap.vision.yolox import YoloX

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "yolox-tiny": YoloX,
    "efficientnet-lite2": partial(EfficientNetLite, "lite2"),
}

FOLDED = "-folded"
"""Ends the name of a network whose weights have their batch norms folded in already."""


def load_tensors(info: ModelInfo) -> dict[str, Tensor]:
    """The weights by name, checked by SHA-256; raises `ModelError` when missing or changed."""
    return load(read_weights(info))


def load_network(info: ModelInfo, *, fold: bool = True) -> nn.Module:
    """Build the network of a detector or backbone and load its weights, ready for inference.

    With `fold`, batch norms are folded into the convolutions before them: the same answers, faster.
    """
    kind = info.network.removesuffix(FOLDED)
    if kind not in NETWORKS:
        raise ModelError(
            f"Model '{info.name}' needs the network '{info.network}', "
            "which this camtrap does not know."
        )
    network = NETWORKS[kind]().eval()
    if info.network != kind:
        fold_norms(network)
    missing, unexpected = network.load_state_dict(load_tensors(info), strict=False)
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ModelError(f"{info.weights} does not fit the network '{info.network}'.")
    network.requires_grad_(False)
    if fold:
        fold_norms(network)
    return network.to(memory_format=torch.channels_last)


def fold_norms(network: nn.Module) -> None:
    """Fold each `norm` into the `conv` beside it, in place; the network must be in eval mode."""
    for module in network.modules():
        norm, conv = getattr(module, "norm", None), getattr(module, "conv", None)
        if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d):
            module.conv = nn.utils.fusion.fuse_conv_bn_eval(conv, norm)
            module.norm = nn.Identity()


class Served(nn.Module):
    """A network as pictures come to it: bytes (n, height, width, 3) in, two arrays out.

    A detector gives its boxes (n, cells, 4) and the best score of each (n, cells); a backbone gives
    the features (n, 1280) and the ImageNet logits (n, 1000) of a crop.
    """

    def __init__(self, info: ModelInfo, *, fold: bool = True) -> None:
        super().__init__()
        self.network = load_network(info, fold=fold)
        self._is_detector = info.kind == "detector"
        self._mean = float(info.rules.get("mean", 0.0))
        self._std = float(info.rules.get("std", 1.0))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        x = pictures.permute(0, 3, 1, 2).float()
        if self._is_detector:
            boxes, scores = self.network(x)
            return boxes, scores.amax(dim=-1)
        seen = self.network.features(x.sub(self._mean).div(self._std))  # type: ignore[operator]
        return seen, self.network.classifier(seen)  # type: ignore[operator]
