"""The same model as one would run it in an afternoon: Pillow, torchvision, a DataLoader, PyTorch.

Every picture is decoded in full by two worker processes and fitted into a square; both looks of the
detector run one after the other, and each box's crop is cut from the full picture and named alone.
PyTorch is left as it comes: fp32, eager, its own layout and number of threads. The model's rules
(boxes, thresholds, calibration) are those of `model.json`, so the answers are nearly the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torchvision.transforms.functional as F
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import InterpolationMode

from camtrap.pixels.fit import square_around
from camtrap.vision import checkpoint
from camtrap.vision.calibration import (
    Calibration,
    Evidence,
    Thresholds,
    decide,
    judge_box,
    judge_picture,
)
from camtrap.vision.head import FEATURES, load_head, with_groups
from camtrap.vision.networks import load_network
from camtrap.vision.proposals import UNSEEN, Proposal, joined, promising, proposals


class Item(NamedTuple):
    """A decoded picture: (height, width, 3) bytes, and for each look the square (3, side, side),
    0..1, and the (width, height) of the picture's part of it, from the top left."""

    full: Tensor
    squares: list[Tensor]
    sizes: list[tuple[int, int]]


class Pictures(Dataset[Item]):
    """Files, decoded in full and fitted into squares of the detector's sides."""

    def __init__(self, paths: Sequence[Path], sides: Sequence[int]) -> None:
        self.paths = paths
        self.sides = sides

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Item:
        image = ImageOps.exif_transpose(Image.open(self.paths[index])).convert("RGB")
        squares, sizes = [], []
        for side in self.sides:
            scale = side / max(image.size)
            width, height = round(image.width * scale), round(image.height * scale)
            small = F.to_tensor(F.resize(image, [height, width]))
            squares.append(F.pad(small, [0, 0, side - width, side - height]))
            sizes.append((width, height))
        return Item(torch.from_numpy(np.array(image)), squares, sizes)


class Naive:
    """The model and the loop over a list of files."""

    def __init__(self, model: str = "amur") -> None:
        info = checkpoint.find(model)
        self._rules: dict[str, Any] = dict(info.rules)
        detector, backbone = (checkpoint.part(info, role) for role in ("detector", "backbone"))
        # The weights have their batch norms folded in, so even this network runs without them.
        plain = {"memory_format": torch.contiguous_format}
        self._detector = load_network(detector).to(**plain)
        self._backbone: Any = load_network(backbone).to(**plain)
        self._groups = [tuple(group) for group in info.rules["crop"]["groups"].values()]
        self._head = load_head(info, FEATURES + len(self._groups))
        self._mean, self._std = (float(backbone.rules[name]) for name in ("mean", "std"))
        self._calibration = Calibration(**info.rules["calibration"])
        self._thresholds = Thresholds.from_mapping(info.rules["thresholds"])
        self._limits = {k: v for k, v in info.rules["proposals"].items() if k != "sides"}
        self.sides = list(info.rules["proposals"]["sides"])

    def loader(self, paths: Sequence[Path], workers: int) -> DataLoader[Item]:
        """Worker processes that live as long as the loader does."""
        return DataLoader(
            Pictures(paths, self.sides),
            batch_size=None,
            num_workers=workers,
            persistent_workers=True,
        )

    @torch.no_grad()
    def labels(self, items: Iterable[Item]) -> list[str]:
        """The triage label of every picture."""
        return [self._label(item) for item in items]

    def _label(self, item: Item) -> str:
        looks = [
            self._boxes(square, size) for square, size in zip(item.squares, item.sizes, strict=True)
        ]
        boxes = promising(joined(looks, **self._limits), float(self._rules["least_share"]))
        judged = [
            judge_box(Evidence(found.score, self._logits(item.full, found)), self._calibration)
            for found in boxes
        ]
        state, _ = decide(judge_picture(judged), self._thresholds)
        return state.value

    def _boxes(self, square: Tensor, size: tuple[int, int]) -> tuple[Proposal, ...]:
        boxes, scores = self._detector(255 * square[None])
        return proposals(
            boxes[0].numpy(),
            scores[0].amax(dim=-1).numpy(),
            size,
            min_score=UNSEEN,
            max_overlap=self._limits["max_overlap"],
            max_count=2 * self._limits["max_count"],
        )

    def _logits(self, full: Tensor, found: Proposal) -> tuple[float, ...]:
        rules = self._rules["crop"]
        image = Image.fromarray(full.numpy())
        region = square_around(found.box, image.width, image.height, rules["context"])
        left, top, right, bottom = map(round, region)
        piece = image.crop((left, top, right, bottom))
        side = int(rules["side"])
        scale = side / max(piece.size)
        width, height = (max(1, round(length * scale)) for length in piece.size)
        x, y = (side - width) // 2, (side - height) // 2
        crop = F.resize(piece, [height, width], InterpolationMode.BICUBIC)
        crop = F.pad(crop, [x, y, side - width - x, side - height - y], fill=rules["fill"])
        pixels = F.pil_to_tensor(crop)[None].float()
        seen = self._backbone.features((pixels - self._mean) / self._std)
        features = with_groups(seen.numpy(), self._backbone.classifier(seen).numpy(), self._groups)
        logits: list[float] = self._head.logits(features)[0].tolist()
        return tuple(logits)
