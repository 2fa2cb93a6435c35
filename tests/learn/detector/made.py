"""What tests of the detector's tuning share: pictures of one square, and a narrow network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from camtrap.learn.detector.network import DetectorLearner
from camtrap.learn.detector.settings import DetectorTuning
from camtrap.learn.detector.targets import Mark, Taught
from camtrap.pixels.decode import Pixels
from camtrap.records import Box
from camtrap.vision.networks import fold_norms
from camtrap.vision.yolox import YoloX

TUNING = DetectorTuning(
    side=96,
    epochs=2,
    batch_size=4,
    learning_rate=2e-3,
    decay=0.001,
    average=0.9,
    easy=0.5,
    patched=0.5,
    least_score=0.08,
    least_alive=0.5,
    target=-1.5,
    empty_weight=1.0,
    distillation=0.7,
    box_weight=1.0,
    rank_weight=0.3,
    precision="float32",
)

MIDDLE = Box(0.375, 0.25, 0.25, 0.375)


def ground(seed: int, size: tuple[int, int] = (96, 64)) -> Pixels:
    """Dark noise without any animal."""
    random = np.random.default_rng(seed)
    return random.integers(30, 60, (size[1], size[0], 3), dtype=np.uint8)


def with_square(pixels: Pixels, box: Box, colour: tuple[int, int, int] = (220, 60, 40)) -> Pixels:
    """A coloured square where the box is."""
    height, width, _ = pixels.shape
    done = pixels.copy()
    top, left = round(box.y * height), round(box.x * width)
    bottom, right = round((box.y + box.height) * height), round((box.x + box.width) * width)
    done[top:bottom, left:right] = colour
    return done


def taught_pictures(folder: Path, count: int = 4) -> list[Taught]:
    """`count` pictures with a square and as many without; every second animal is a doubtful one."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for number in range(count):
        for empty in (False, True):
            path = folder / f"{'empty' if empty else 'animal'}{number}.png"
            pixels = ground(number)
            Image.fromarray(pixels if empty else with_square(pixels, MIDDLE)).save(path)
            score = 0.2 if empty or number % 2 else 0.7
            marks = (Mark(MIDDLE, score, 0.6), Mark(Box(0.0, 0.0, 0.2, 0.2), 0.01, 0.1))
            pictures.append(Taught(path, path.name, 96, 64, empty, marks))
    return pictures


def small_detector(seed: int = 0) -> YoloX:
    """A detector of random weights, a twelfth as wide as the shipped one."""
    torch.manual_seed(seed)
    network = YoloX(width=2).eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    network.backbone.stem.conv.weight.div_(128)
    fold_norms(network)
    return network


def small_learner(seed: int = 0) -> DetectorLearner:
    """One that has learnt nothing; the same seed gives the same one."""
    return DetectorLearner(small_detector(seed))
