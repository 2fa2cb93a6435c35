"""Backbone and head as one network, while they are trained together.

The early part of the backbone stays as ImageNet left it and is shared with a frozen copy of the
rest, the teacher: the trained part is held to the teacher's ImageNet answers (learning without
forgetting, Li and Hoiem 2016), because those know animals, people and vehicles by day that our own
pictures hardly hold, and the head reads them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from camtrap.vision.calibration import CLASSES
from camtrap.vision.efficientnet import EfficientNetLite, with_groups
from camtrap.vision.head import FEATURES, Head


class TriageNetwork(nn.Module):
    """What learns: the blocks of a backbone from `first_block` on, and a linear head.

    `backbone` must be in eval mode with its batch norms folded, so that what is learnt does not
    depend on how pictures fall into batches. `groups` are the ImageNet classes of each extra
    feature, as `vision.predictor.Classifier` has them.
    """

    def __init__(
        self, backbone: EfficientNetLite, groups: Sequence[Sequence[int]], head: Head, first: int
    ) -> None:
        super().__init__()
        self.shared = nn.Sequential(backbone.stem, *backbone.blocks[:first]).requires_grad_(False)
        self.tail = nn.Sequential(*backbone.blocks[first:], backbone.last).requires_grad_(True)
        self.teacher = copy.deepcopy(self.tail).requires_grad_(False)
        self.imagenet = backbone.classifier.requires_grad_(False)
        self.head = nn.Linear(FEATURES + len(groups), len(CLASSES))
        self.frozen_precision: torch.dtype | None = None
        """What the frozen parts are calculated in while training; None for float32."""
        self._groups = [torch.tensor(list(group)) for group in groups]
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(head.weight))
            self.head.bias.copy_(torch.from_numpy(head.bias))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, 3, side, side) in -1..1 to class logits (n, classes), and the log-probabilities
        (n, 1000) of ImageNet's classes as this network sees them, and as its teacher does; only
        while training is the teacher asked."""
        with torch.no_grad(), self._cheaply(crops):
            early = self.shared(crops)
            taught = self._known(self.teacher(early)) if self.training else None
        # What is learnt is calculated in the precision that the caller chose.
        features = self.tail(early.float()).mean(dim=(2, 3)).float()
        known = self.imagenet(features).log_softmax(dim=1)
        groups = [group.to(known.device) for group in self._groups]
        logits = self.head(with_groups(features, known, groups))
        return logits, known, known if taught is None else taught

    def _cheaply(self, crops: Tensor) -> torch.autocast:
        wanted = self.frozen_precision
        return torch.autocast(
            crops.device.type, wanted, enabled=self.training and wanted is not None
        )

    def _known(self, maps: Tensor) -> Tensor:
        logits: Tensor = self.imagenet(maps.mean(dim=(2, 3)).float())
        return logits.log_softmax(dim=1)

    def learnt(self) -> dict[str, Tensor]:
        """The tensors that training changes, by name."""
        parts = {"tail": self.tail, "head": self.head}
        return {
            f"{part}.{name}": tensor
            for part, module in parts.items()
            for name, tensor in module.state_dict().items()
        }

    def taught(self, share: float) -> None:
        """Move the trained part towards its teacher: `share` 1 keeps it, 0 gives the teacher.

        Weights between the two see other places better than either (Wortsman et al. 2022).
        """
        with torch.no_grad():
            pairs = zip(self.tail.parameters(), self.teacher.parameters(), strict=True)
            for own, original in pairs:
                own.copy_(share * own + (1 - share) * original)


def mean_network(networks: Sequence[TriageNetwork]) -> TriageNetwork:
    """The last of some networks, which all started from the same backbone, with the mean of what
    all of them learnt ("model soup", Wortsman et al. 2022, arXiv:2203.05482). It is changed."""
    mean = networks[-1]
    states = [network.learnt() for network in networks]
    with torch.no_grad():
        for name, value in mean.learnt().items():
            value.copy_(torch.stack([state[name].to(value) for state in states]).mean(dim=0))
    return mean


def backbone_state(network: TriageNetwork) -> dict[str, Tensor]:
    """The whole backbone's tensors under `EfficientNetLite`'s names, with norms folded."""
    state: dict[str, Tensor] = {}
    blocks = [*network.shared[1:], *network.tail[:-1]]
    named = [("stem", network.shared[0]), ("last", network.tail[-1])]
    named += [(f"blocks.{number}", block) for number, block in enumerate(blocks)]
    for name, module in (*named, ("classifier", network.imagenet)):
        for key, tensor in module.state_dict().items():
            state[f"{name}.{key}"] = tensor.detach().clone().contiguous()
    return state
