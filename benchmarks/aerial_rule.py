"""The rule for tiles: the numbers of `[aerial]` in configs/train-amur.toml.

    python benchmarks/aerial_rule.py models/aerial-detector MADE/held-out

MADE is the run's folder of the training (`camtrap train --config configs/train-aerial.toml`). Each
box that the detector proposes on the held-out tiles is judged by the classifier of the model; a
logistic regression on score and margin tells which boxes are animals. Boxes that touch an animal
without covering it are left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from camtrap.learn.aerial.trial import FOUND, TOUCHED
from camtrap.pixels.decode import Pixels
from camtrap.pixels.fit import overlap
from camtrap.records import Box
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.calibration import Evidence, rule_inputs
from camtrap.vision.predictor import Detector, Predictor, load_predictor

LEAST = 0.1
_MOST = 16


def evidence(
    detector: Detector, model: Predictor, folder: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, 2) score and margin of each box, as `rule_inputs` gives them, and (n,) 1 for animals."""
    told = json.loads((folder / "tiles.json").read_text(encoding="utf-8"))["boxes"]
    inputs, truth = [], []
    for number, boxes in enumerate(told):
        animals = [Box(*box) for box in boxes]
        with Image.open(folder / f"{number:05d}.jpg") as image:
            pixels = np.asarray(image.convert("RGB"))
        [found] = detector.propose([pixels], min_score=LEAST, max_overlap=0.5, max_count=_MOST)
        crops = crops_of(model, pixels, [each.box for each in found])
        for proposal, logits in zip(found, model.second_look(crops), strict=True):
            best = max((overlap(proposal.box, animal) for animal in animals), default=0.0)
            if best >= FOUND or best < TOUCHED:
                inputs.append(rule_inputs(Evidence(proposal.score, tuple(logits))))
                truth.append(float(best >= FOUND))
    return np.array(inputs, np.float32), np.array(truth, np.float32)


def crops_of(model: Predictor, pixels: Pixels, boxes: Sequence[Box]) -> list[Pixels]:
    """What the second look sees of each box."""
    height, width, _ = pixels.shape
    side, fill = model.crop_rules
    crops = []
    for region in model.crop_regions(boxes, width, height):
        left, top = round(region.left), round(region.top)
        cut = Image.new(
            "RGB", (round(region.right) - left, round(region.bottom) - top), (fill,) * 3
        )
        cut.paste(Image.fromarray(pixels), (-left, -top))
        crops.append(np.asarray(cut.resize((side, side), Image.Resampling.BILINEAR)))
    return crops


def fitted(inputs: NDArray[np.float32], truth: NDArray[np.float32]) -> list[float]:
    """Weights of score and margin, and the bias, under which the truth is most likely."""
    x, y = torch.from_numpy(inputs), torch.from_numpy(truth)
    weights = torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ weights[:2] + weights[2], y)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return [round(value, 2) for value in weights.tolist()]


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description="The rule that goes with the detector for tiles.")
    parser.add_argument("detector", type=Path)
    parser.add_argument("tiles", type=Path)
    parser.add_argument("--model", default="amur")
    arguments = parser.parse_args()
    detector = Detector(checkpoint.read_info(arguments.detector), TorchBackend(Spec("torch")))
    inputs, truth = evidence(detector, load_predictor(arguments.model), arguments.tiles)
    score, margin, bias = fitted(inputs, truth)
    print(f"{len(truth)} boxes, {int(truth.sum())} of them animals")
    print(f"calibration = {{ detector = {score}, classifier = {margin}, bias = {bias} }}")


if __name__ == "__main__":
    main()
