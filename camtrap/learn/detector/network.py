"""The detector while it is tuned: what learns, beside a frozen copy of what it was, the teacher.

The first stages stay as they are and are calculated once for both. The teacher's answer to the very
same pixels says where cells are to stay as they were (learning without forgetting, Li and Hoiem
2016): it has seen far more animals than our pictures hold.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from camtrap.errors import ModelError
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.networks import load_network
from camtrap.vision.yolox import STRIDES, YoloX

FROZEN = ("stem", "stage2", "stage3")
"""Parts of the backbone that do not learn: edges and textures, of which it has seen more than we
could show it."""

_MOST_EXPONENT = 6.0  # e^6 strides are far wider than any picture; more would overflow


class Said(NamedTuple):
    """What a detector says of n pictures, cell by cell.

    `raw` (n, cells, 4) is what its box layers gave, `boxes` (n, cells, 4) are centre x, centre y,
    width, height in input pixels, and `logits` (n, cells) the log-odds of its scores.
    """

    raw: Tensor
    boxes: Tensor
    logits: Tensor

    def of(self, index: int) -> Said:
        """The same of one picture, without the first dimension."""
        return Said(self.raw[index], self.boxes[index], self.logits[index])


class DetectorLearner(nn.Module):
    """A detector that learns and its teacher; `network` must have its batch norms folded, so that
    what is learnt does not depend on how pictures fall into batches."""

    def __init__(self, network: YoloX) -> None:
        super().__init__()
        self.teacher = copy.deepcopy(network).requires_grad_(False)
        self.student = network.requires_grad_(True)
        for name in FROZEN:
            network.backbone.get_submodule(name).requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Said, Said]:
        """RGB 0..255 (n, 3, height, width), sides multiples of 32, to what both say of them: first
        the one that learns, then its teacher."""
        with torch.no_grad():
            early = self.student.backbone.early(pictures)
            taught = _late(self.teacher, early)
        return _late(self.student, early), taught

    def says(self, pictures: Tensor) -> Said:
        """What the one that learns says of RGB 0..255 (n, 3, height, width), without a teacher."""
        with torch.no_grad():
            early = self.student.backbone.early(pictures)
        return _late(self.student, early)

    def learnt(self) -> dict[str, Tensor]:
        """The parameters that training changes, by their name in the detector."""
        named = self.student.named_parameters()
        return {name: value for name, value in named if value.requires_grad}

    def put(self, weights: dict[str, Tensor]) -> None:
        """Set parameters by the names of `learnt`."""
        with torch.no_grad():
            for name, value in self.learnt().items():
                value.copy_(weights[name])


def fresh_learner(info: ModelInfo) -> DetectorLearner:
    """The detector of a model folder, as it is before it learns; raises `ModelError`."""
    network = load_network(info)
    if not isinstance(network, YoloX):
        raise ModelError(f"'{info.name}' is a {info.network}; only a YOLOX detector can be tuned.")
    return DetectorLearner(network)


def detector_state(learner: DetectorLearner) -> dict[str, Tensor]:
    """The whole tuned detector's tensors under `YoloX`'s names, norms folded."""
    state = learner.student.state_dict()
    return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}


def _late(network: YoloX, stage3: Tensor) -> Said:
    maps = network.backbone.late(stage3)
    parts = []
    for features, head, stride in zip(maps, network.heads, STRIDES, strict=True):
        box, thing, kind = head(features)
        parts.append(_read(box.float(), thing.float(), kind.float(), stride))
    return Said(*(torch.cat(each, dim=1) for each in zip(*parts, strict=True)))


def _read(box: Tensor, thing: Tensor, kind: Tensor, stride: int) -> Said:
    rows, columns = box.shape[-2:]
    ys, xs = (torch.arange(n, device=box.device, dtype=torch.float32) for n in (rows, columns))
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    centre = (box[:, :2] + torch.stack((grid_x, grid_y))) * stride
    size = box[:, 2:].clamp(max=_MOST_EXPONENT).exp() * stride
    # The score is sigmoid(thing) * sigmoid(kind); its log-odds without going through the score,
    # which rounds to 0 or 1 where there is still something to learn.
    logits = -torch.logsumexp(torch.stack((-thing, -kind, -thing - kind)), dim=0)
    boxes = torch.cat((centre, size), dim=1)
    return Said(box.flatten(2).transpose(1, 2), boxes.flatten(2).transpose(1, 2), logits.flatten(1))
