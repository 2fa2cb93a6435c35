"""The classifier's network: EfficientNet-Lite (Google 2020), the EfficientNet without squeeze-and-
excite.

Crops go in as RGB scaled to -1..1; out comes one vector of 1280 features a crop, and, where the
head of the ImageNet training is kept, its 1000 logits. TensorFlow's 'SAME' padding is kept, because
the weights were trained with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camtrap.vision.head import FEATURES

NORM_EPS = 1e-3

# kernel, stride of the first block, expansion, output channels, repeats; before scaling
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
"""Width and depth factors."""


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's padding: what is odd goes to the right and the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        rows, columns = (
            max((math.ceil(side / stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:]
        )
        x = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return F.conv2d(x, self.weight, self.bias, stride, 0, 1, self.groups)


class ConvNorm(nn.Module):
    """Convolution and batch norm, then ReLU6 unless `linear`."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        *,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=NORM_EPS, momentum=0.01)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return x if self.linear else F.relu6(x)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to its input where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = ConvNorm(inputs, hidden, 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(hidden, hidden, kernel, stride, groups=hidden)
        self.project = ConvNorm(hidden, outputs, 1, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """The network; `features` gives (n, 1280), `forward` the ImageNet logits (n, 1000).

    Input is (n, 3, side, side), -1..1; any side of 128 pixels or more works, 260 is Lite2's own.
    """

    def __init__(self, variant: str = "lite2") -> None:
        super().__init__()
        width, depth = VARIANTS[variant]
        self.stem = ConvNorm(3, 32, 3, 2)
        blocks: list[nn.Module] = []
        inputs = 32
        for number, (kernel, stride, expansion, channels, repeats) in enumerate(_STAGES):
            outputs = scaled_channels(channels, width)
            # The Lite family leaves its first and last stage as they are.
            count = repeats if number in (0, len(_STAGES) - 1) else math.ceil(repeats * depth)
            for i in range(count):
                blocks.append(
                    InvertedResidual(inputs, outputs, kernel, stride if i == 0 else 1, expansion)
                )
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvNorm(inputs, FEATURES, 1)
        self.classifier = nn.Linear(FEATURES, 1000)

    def features(self, x: Tensor) -> Tensor:
        """(n, 3, side, side) in -1..1 to (n, 1280), each >= 0."""
        y: Tensor = self.last(self.blocks(self.stem(x)))
        return y.mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(x))
        return logits


def with_groups(features: Tensor, known: Tensor, groups: Sequence[Tensor]) -> Tensor:
    """What a head reads: (n, 1280) features, and one log-probability more for each group.

    `known` (n, 1000) are the log-probabilities of ImageNet's classes, `groups` their numbers.
    """
    more = [known[:, group].logsumexp(dim=1, keepdim=True) for group in groups]
    return torch.cat((features, *more), dim=1)


def scaled_channels(channels: int, width: float) -> int:
    """Scale a channel count by `width`, to a multiple of 8 that loses no more than a tenth."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8
