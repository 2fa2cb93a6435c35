"""What tests of training share: pictures made in code, a small network that has learnt nothing, and
settings of a training that takes seconds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from torch import nn

from camtrap.learn.crop_set import CropRules, LabelledCrop
from camtrap.learn.network import TriageNetwork
from camtrap.learn.settings import TrainingSettings, read_settings
from camtrap.learn.tune import Normal, TuneSettings
from camtrap.pixels.decode import Pixels
from camtrap.records import Box
from camtrap.vision.calibration import CLASSES
from camtrap.vision.efficientnet import EfficientNetLite
from camtrap.vision.head import FEATURES, Head
from camtrap.vision.networks import fold_norms

GROUPS = ((288, 289, 290), (345, 346))
FIRST = 14
"""The last two of Lite0's sixteen blocks learn."""

RULES = CropRules(side=64, context=1.25, fill=127)
NORMAL = Normal(127.0, 128.0)
MIDDLE = Box(0.25, 0.25, 0.5, 0.5)


def picture(kind: str, seed: int, size: tuple[int, int] = (80, 60)) -> Pixels:
    """A `leopard` has broad bright stripes, a `nothing` is dark ground with little on it."""
    random = np.random.default_rng([seed, len(kind)])
    width, height = size
    ground = random.integers(30, 60, (height, width, 3))
    if kind == "leopard":
        columns = (np.arange(width) + random.integers(0, 12)) % 12 < 6
        ground[:, columns] = random.integers(190, 230)
    return ground.astype(np.uint8)


def labelled_crops(folder: Path, count: int, *, first: int = 0) -> list[LabelledCrop]:
    """`count` crops of each kind, every one from a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    crops = []
    for number in range(first, first + count):
        for label in ("leopard", "nothing"):
            path = folder / f"{label}{number}.png"
            pixels = picture(label, number)
            Image.fromarray(pixels).save(path)
            crops.append(LabelledCrop(path, path.name, 80, 60, MIDDLE, label))
    return crops


def random_backbone(variant: str = "lite0", seed: int = 0) -> EfficientNetLite:
    """A network of random weights and norms, whose answer depends on what it is shown."""
    torch.manual_seed(seed)
    network = EfficientNetLite(variant).eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.1)
    return network


def random_head(seed: int = 0) -> Head:
    """Small weights for the backbone's features and those of `GROUPS`."""
    random = np.random.default_rng(seed)
    weight = random.normal(0, 0.01, (len(CLASSES), FEATURES + len(GROUPS)))
    return Head(weight.astype(np.float32), np.zeros(len(CLASSES), np.float32))


def small_network(seed: int = 0, first: int = FIRST) -> TriageNetwork:
    """A `TriageNetwork` that has learnt nothing; the same seed gives the same one."""
    backbone = random_backbone(seed=seed)
    fold_norms(backbone)
    return TriageNetwork(backbone, GROUPS, random_head(seed), first)


SETTINGS = TuneSettings(
    first_block=FIRST,
    epochs=2,
    epoch_crops=12,
    most_draws=4,
    batch_size=4,
    learning_rate=3e-4,
    head_rate=3e-3,
    decay=0.01,
    balance=0.5,
    smoothing=0.05,
    distillation=0.5,
    average=0.9,
    patience=9,
    keep=1.0,
    precision="float32",
    frozen_precision="float32",
)

SHIPPED = Path(__file__).parents[2] / "configs" / "train-amur.toml"

SITES = {
    "leopard": ("north", "south", "ridge"),
    "prey": ("north", "creek", ""),
    "other": ("creek", "valley"),
    "empty": ("valley", "ridge"),
}
"""Where each label was seen, two pictures each; the last prey is of no known site."""


def scene(site: str, number: int, coat: tuple[int, int, int] | None) -> Image.Image:
    """The ground of a site, and on it a four-legged shape that the shipped detector takes for one.

    `number` says where it stands; without a coat there is none.
    """
    width, height = 240, 180
    random = np.random.default_rng([7, *site.encode()])
    coarse = random.integers(90, 150, (6, 8, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize((width, height)), np.int16)
    fine = random.integers(-9, 10, (height, width, 3), dtype=np.int16)
    image = Image.fromarray(np.clip(soft + fine, 0, 255).astype(np.uint8))
    if coat is None:
        return image
    draw = ImageDraw.Draw(image)
    x, y, length = 24 + 110 * (number % 2), 70, 60
    draw.ellipse((x, y, x + length, y + length // 2.2), fill=coat)
    for leg in (0.12, 0.28, 0.68, 0.84):
        left = x + leg * length
        draw.rectangle((left, y + 18, left + 4, y + 0.8 * length), fill=coat)
    draw.ellipse((x + 53, y - 7, x + 72, y + 11), fill=coat)
    draw.line((x, y + 9, x - 18, y + 21), fill=coat, width=4)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def label_folders(folder: Path) -> Path:
    """Labelled pictures as rangers sort them: `leopard/north/1.jpg` and so on."""
    coats = {"leopard": (45, 35, 15), "prey": (15, 15, 15), "other": (60, 20, 10), "empty": None}
    for label, sites in SITES.items():
        for site in sites:
            for number in range(2):
                path = folder / label / site / f"{label}{number}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                scene(site, number, coats[label]).save(path, quality=92)
    return folder


def quick_settings() -> TrainingSettings:
    """The shipped settings, made small: two folds, one short epoch, small crops, the detector and
    the last network as they come."""
    shipped = read_settings(SHIPPED)
    tune = {"epochs": 1, "epoch_crops": 12, "batch_size": 4, "side": 64, "first_block": 21}
    return replace(
        shipped,
        name="quick",
        fold_count=2,
        validation_folds=2,
        emptied=2,
        detector_tuning=None,
        corrections=None,
        aerial=None,
        join_folds=False,
        proposals={**shipped.proposals, "sides": [320, 224]},
        crop={**shipped.crop, "side": 64},
        tune={**shipped.tune, **tune, "frozen_precision": "float32"},
    )
