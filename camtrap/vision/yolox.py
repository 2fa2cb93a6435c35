"""The detector's network: YOLOX (Ge et al. 2021, arXiv:2107.08430), written for inference and fine-
tuning.

A picture goes in as RGB 0..255, and out come boxes in input pixels with one score each. Only the
parts that the small YOLOX variants need are here; names of the parts follow the paper.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)
NORM_EPS = 1e-3
"""YOLOX trains its batch norms with this epsilon, not with PyTorch's 1e-5."""


class ConvNorm(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=NORM_EPS, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.silu(self.norm(self.conv(x)))
        return y


class Bottleneck(nn.Module):
    """1x1 then 3x3, with a residual connection where `residual` says so."""

    def __init__(self, channels: int, *, residual: bool) -> None:
        super().__init__()
        self.reduce = ConvNorm(channels, channels, 1)
        self.expand = ConvNorm(channels, channels, 3)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.expand(self.reduce(x))
        return x + y if self.residual else y


class CrossStage(nn.Module):
    """Cross-stage-partial layer: half of the channels go through `depth` bottlenecks."""

    def __init__(self, inputs: int, outputs: int, depth: int, *, residual: bool = True) -> None:
        super().__init__()
        hidden = outputs // 2
        self.through = ConvNorm(inputs, hidden, 1)
        self.past = ConvNorm(inputs, hidden, 1)
        self.blocks = nn.Sequential(*(Bottleneck(hidden, residual=residual) for _ in range(depth)))
        self.join = ConvNorm(2 * hidden, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.join(torch.cat((self.blocks(self.through(x)), self.past(x)), dim=1))
        return y


class PyramidPooling(nn.Module):
    """Max pooling at three sizes beside the input itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = ConvNorm(channels, channels // 2, 1)
        self.join = ConvNorm(channels * 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        # Pooling 5 three times in a row equals pooling 5, 9 and 13, and costs less.
        pooled = [x]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], 5, stride=1, padding=2))
        y: Tensor = self.join(torch.cat(pooled, dim=1))
        return y


class Backbone(nn.Module):
    """CSPDarknet and the two-way feature pyramid above it: features at strides 8, 16, 32."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        w, d = width, depth
        self.stem = ConvNorm(12, w, 3)
        self.stage2 = nn.Sequential(ConvNorm(w, 2 * w, 3, 2), CrossStage(2 * w, 2 * w, d))
        self.stage3 = nn.Sequential(ConvNorm(2 * w, 4 * w, 3, 2), CrossStage(4 * w, 4 * w, 3 * d))
        self.stage4 = nn.Sequential(ConvNorm(4 * w, 8 * w, 3, 2), CrossStage(8 * w, 8 * w, 3 * d))
        self.stage5 = nn.Sequential(
            ConvNorm(8 * w, 16 * w, 3, 2),
            PyramidPooling(16 * w),
            CrossStage(16 * w, 16 * w, d, residual=False),
        )
        self.lateral5 = ConvNorm(16 * w, 8 * w, 1)
        self.merge4 = CrossStage(16 * w, 8 * w, d, residual=False)
        self.lateral4 = ConvNorm(8 * w, 4 * w, 1)
        self.merge3 = CrossStage(8 * w, 4 * w, d, residual=False)
        self.down3 = ConvNorm(4 * w, 4 * w, 3, 2)
        self.out4 = CrossStage(8 * w, 8 * w, d, residual=False)
        self.down4 = ConvNorm(8 * w, 8 * w, 3, 2)
        self.out5 = CrossStage(16 * w, 16 * w, d, residual=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.late(self.early(x))

    def early(self, x: Tensor) -> Tensor:
        """The features at stride 8, before anything of the pyramid."""
        # Focus: each 2 x 2 square of pixels becomes channels (top left, bottom left, top right,
        # ...).
        x = torch.cat(
            (
                x[..., ::2, ::2],
                x[..., 1::2, ::2],
                x[..., ::2, 1::2],
                x[..., 1::2, 1::2],
            ),
            dim=1,
        )
        y: Tensor = self.stage3(self.stage2(self.stem(x)))
        return y

    def late(self, stage3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From those to the pyramid's features at strides 8, 16, 32."""
        stage4 = self.stage4(stage3)
        lateral5 = self.lateral5(self.stage5(stage4))
        merge4 = self.merge4(torch.cat((_twice(lateral5), stage4), dim=1))
        lateral4 = self.lateral4(merge4)
        out3 = self.merge3(torch.cat((_twice(lateral4), stage3), dim=1))
        out4 = self.out4(torch.cat((self.down3(out3), lateral4), dim=1))
        out5 = self.out5(torch.cat((self.down4(out4), lateral5), dim=1))
        return out3, out4, out5


class Head(nn.Module):
    """One decoupled head a stride: class, box and objectness from a shared stem."""

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()

        def tower() -> nn.Sequential:
            return nn.Sequential(ConvNorm(width, width, 3), ConvNorm(width, width, 3))

        self.stem = ConvNorm(inputs, width, 1)
        self.class_tower = tower()
        self.box_tower = tower()
        self.class_out = nn.Conv2d(width, classes, 1)
        self.box_out = nn.Conv2d(width, 4, 1)
        self.object_out = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(x)
        boxes = self.box_tower(x)
        return self.box_out(boxes), self.object_out(boxes), self.class_out(self.class_tower(x))


class YoloX(nn.Module):
    """The whole detector; `width=24, depth=1` is YOLOX-tiny.

    `forward` takes RGB floats 0..255 of shape (n, 3, height, width), both sides multiples of 32,
    and gives boxes (n, cells, 4) as centre x, centre y, width, height in input pixels, and scores
    (n, cells, classes), 0..1, objectness times class.
    """

    def __init__(self, width: int = 24, depth: int = 1, classes: int = 1) -> None:
        super().__init__()
        self.backbone = Backbone(width, depth)
        self.heads = nn.ModuleList(Head(width * m, 4 * width, classes) for m in (4, 8, 16))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        all_boxes, all_scores = [], []
        for features, head, stride in zip(self.backbone(x), self.heads, STRIDES, strict=True):
            box, objectness, classes = head(features)
            rows, columns = box.shape[-2:]
            ys = torch.arange(rows, device=box.device, dtype=torch.float32)
            xs = torch.arange(columns, device=box.device, dtype=torch.float32)
            grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
            grid = torch.stack((grid_x, grid_y)).unsqueeze(0)
            box = box.float()
            centre = (box[:, :2] + grid) * stride
            size = box[:, 2:].exp() * stride
            score = objectness.float().sigmoid() * classes.float().sigmoid()
            all_boxes.append(torch.cat((centre, size), dim=1).flatten(2))
            all_scores.append(score.flatten(2))
        return (
            torch.cat(all_boxes, dim=2).transpose(1, 2),
            torch.cat(all_scores, dim=2).transpose(1, 2),
        )


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
