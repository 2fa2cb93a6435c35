"""The two looks behind one door: a loaded model that judges decoded pictures.

The first look finds boxes on the picture at reduced size; the second names what is in each box,
from a crop of the full picture; a calibrated rule joins both. A predictor may be used from several
threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from camtrap.errors import ModelError
from camtrap.pixels.decode import Frame, Pixels, decode_crops
from camtrap.pixels.fit import covered, fitted_size, padded, square_around
from camtrap.records import Box, Detection, State
from camtrap.vision import checkpoint
from camtrap.vision.calibration import (
    CLASSES,
    LIVING,
    Calibration,
    Evidence,
    Thresholds,
    decide,
    judge_box,
    judge_picture,
)
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.efficientnet import FEATURES, with_groups
from camtrap.vision.proposals import UNSEEN, Proposal, joined, proposals


@dataclass(frozen=True, slots=True)
class Look:
    """One picture for the model: its bytes, for the crops, and the frame decoded from them."""

    data: bytes
    frame: Frame


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of one picture; the fields are those of `Prediction`."""

    state: State
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()
    reason: str = ""


class Detector:
    """The first look. Input rules come from the detector's `model.json`."""

    def __init__(self, info: ModelInfo, device: torch.device) -> None:
        self.side = int(info.rules["side"])
        self.multiple = int(info.rules["multiple"])
        self._network = checkpoint.load_network(info).to(device)
        self._device = device

    def propose(
        self,
        frames: Sequence[Pixels],
        *,
        min_score: float,
        max_overlap: float,
        max_count: int,
        sides: Sequence[int] = (),
    ) -> list[tuple[Proposal, ...]]:
        """Boxes for each frame (height, width, 3) of longer side `side`; any mix of shapes.

        With `sides`, each frame is looked at with its longer side at each of them.
        """
        every = {"min_score": UNSEEN, "max_overlap": max_overlap, "max_count": 2 * max_count}
        looks = [
            self._propose([_scaled(frame, side) for frame in frames], **every)
            for side in sides or (self.side,)
        ]
        return [
            joined(each, min_score=min_score, max_overlap=max_overlap, max_count=max_count)
            for each in zip(*looks, strict=True)
        ]

    def _propose(self, frames: Sequence[Pixels], **options: Any) -> list[tuple[Proposal, ...]]:
        found: dict[int, tuple[Proposal, ...]] = {}
        by_shape = sorted(range(len(frames)), key=lambda index: frames[index].shape)
        for _, group in groupby(by_shape, key=lambda index: frames[index].shape):
            indices = list(group)
            boxes, scores = self._network(self._batch([frames[index] for index in indices]))
            height, width, _ = frames[indices[0]].shape
            for row, index in enumerate(indices):
                found[index] = proposals(
                    boxes[row].cpu().numpy(),
                    scores[row].amax(dim=-1).cpu().numpy(),
                    (width, height),
                    **options,
                )
        return [found[index] for index in range(len(frames))]

    def _batch(self, frames: Sequence[Pixels]) -> Tensor:
        """(n, 3, height, width) floats 0..255, padded with black to the strides' multiple."""
        height, width, _ = frames[0].shape
        shape = (len(frames), padded(height, self.multiple), padded(width, self.multiple), 3)
        batch = np.zeros(shape, np.uint8)
        batch[:, :height, :width] = np.stack(frames)
        return torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2).float()


def _scaled(frame: Pixels, side: int) -> Pixels:
    height, width, _ = frame.shape
    if max(height, width) == side:
        return frame
    size = fitted_size(width, height, side)
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))


class Classifier:
    """The second look: what the backbone sees in a crop, as one vector of features.

    The vector holds the backbone's features, and for each group of ImageNet classes that the rules
    name (leopard-like cats, ungulates, vehicles, ...) the log-probability that its own ImageNet
    head gives the group: by day it has seen more animals than our own pictures hold.
    """

    def __init__(self, backbone: ModelInfo, rules: Mapping[str, Any], device: torch.device) -> None:
        self.name = f"{backbone.name} {backbone.sha256}"
        self.side = int(rules["side"])
        self.context = float(rules["context"])
        self.fill = int(rules["fill"])
        self._groups = [torch.tensor(group, device=device) for group in rules["groups"].values()]
        self._mean = float(backbone.rules["mean"])
        self._std = float(backbone.rules["std"])
        self._network = checkpoint.load_network(backbone).to(device)
        self._device = device

    @property
    def feature_count(self) -> int:
        """How long a vector of features is."""
        return FEATURES + len(self._groups)

    def crops(self, look: Look, boxes: Sequence[Box]) -> list[Pixels]:
        """One square crop a box, `context` times its longer side, from the picture's own pixels."""
        regions = [
            square_around(box, look.frame.width, look.frame.height, self.context) for box in boxes
        ]
        return decode_crops(look.data, regions, self.side, self.fill)

    def features(self, crops: Sequence[Pixels]) -> Tensor:
        """(n, `feature_count`) features of crops (side, side, 3)."""
        batch = torch.from_numpy(np.stack(crops)).to(self._device).permute(0, 3, 1, 2).float()
        seen = self._network.features(batch.sub(self._mean).div(self._std))  # type: ignore[operator]
        known = self._network.classifier(seen).log_softmax(dim=1)  # type: ignore[operator]
        return with_groups(seen, known, self._groups)


class Predictor:
    """A triage model, loaded and ready; see `load_predictor`."""

    def __init__(self, info: ModelInfo, device: torch.device, thresholds: Thresholds) -> None:
        self.info = info
        self.device = device
        self.thresholds = thresholds
        rules = info.rules
        if tuple(rules["classes"]) != CLASSES:
            raise ModelError(
                f"Model '{info.name}' names the classes {rules['classes']}; this camtrap needs "
                f"{list(CLASSES)}. Install a matching version."
            )
        self._proposing = dict(rules["proposals"])
        self._calibration = Calibration(**rules["calibration"])
        self._detector = Detector(checkpoint.part(info, "detector"), device)
        self._classifier = Classifier(checkpoint.part(info, "backbone"), rules["crop"], device)
        self._head = checkpoint.load_head(info, self._classifier.feature_count).to(device)

    @property
    def frame_side(self) -> int:
        """The longer side, in pixels, at which frames are to be decoded."""
        return self._detector.side

    @property
    def default_batch_size(self) -> int:
        """So many pictures at once suit the device."""
        return 1 if self.device.type == "cpu" else 16

    @torch.inference_mode()
    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        """One verdict a picture, in the order given.

        Raises `UnreadablePicture` when a picture's full-size pixels cannot be decoded.
        """
        found = self._detector.propose([look.frame.pixels for look in looks], **self._proposing)
        crops: list[Pixels] = []
        for look, boxes in zip(looks, found, strict=True):
            if boxes:
                crops += self._classifier.crops(look, [proposal.box for proposal in boxes])
        logits = iter(self._logits(crops))
        return [
            self._verdict([(p, Evidence(p.score, tuple(next(logits)))) for p in boxes])
            for boxes in found
        ]

    def _logits(self, crops: Sequence[Pixels]) -> list[list[float]]:
        if not crops:
            return []
        # On a CPU one crop at a time is as fast, and the answer cannot depend on its neighbours.
        step = 1 if self.device.type == "cpu" else 64
        parts = [
            self._head(self._classifier.features(crops[i : i + step]))
            for i in range(0, len(crops), step)
        ]
        logits: list[list[float]] = torch.cat(parts).float().cpu().tolist()
        return logits

    def _verdict(self, evidence: Sequence[tuple[Proposal, Evidence]]) -> Verdict:
        judged = [(p, judge_box(e, self._calibration)) for p, e in evidence]
        chances = judge_picture([box for _, box in judged])
        state, confidence = decide(chances, self.thresholds)
        boxes = [
            Detection(label, box.labels[label], proposal.box, proposal.score, box.labels)
            for proposal, box in judged
            for label in [max(box.labels, key=lambda name: box.labels[name])]
        ]
        return Verdict(state, confidence, chances, shown(boxes, state))


def shown(boxes: Sequence[Detection], state: State) -> tuple[Detection, ...]:
    """The boxes that stand for animals: those more likely alive than not, each animal once.

    Of boxes that lie mostly within one another (a head, and the whole animal) the more certain one
    stays. Where none bears the picture's own label, the likeliest for it is added, so that a
    leopard can always be pointed at. The picture's label comes first, then the most certain.
    """

    def order(box: Detection) -> tuple[bool, float]:
        return box.label != state, -box.confidence

    picked: list[Detection] = []
    for box in sorted(boxes, key=order):
        alive = sum(box.probabilities.values()) >= 0.5
        if alive and all(covered(box.box, other.box) <= 0.6 for other in picked):
            picked.append(box)
    if state in LIVING and not any(box.label == state for box in picked) and boxes:
        best = max(boxes, key=lambda box: box.probabilities[state])
        picked = [replace(best, label=state.value, confidence=best.probabilities[state])] + [
            box for box in picked if box.box != best.box
        ]
    return tuple(picked)


def load_predictor(
    model: str = "amur",
    *,
    device: str = "auto",
    thresholds: Mapping[str, float] | None = None,
) -> Predictor:
    """Load a triage model by name or path; `thresholds` replaces single ones of the model's own.

    Raises `ModelError` when the model, a part of it or the device cannot be used.
    """
    info = checkpoint.find(model)
    if info.kind != "triage":
        raise ModelError(
            f"'{info.name}' is a {info.kind}, not a triage model. "
            "List the installed ones with 'camtrap models'."
        )
    chosen = Thresholds.from_mapping(info.rules["thresholds"])
    try:
        chosen = replace(chosen, **(thresholds or {}))
    except TypeError as error:
        raise ModelError(f"Unknown threshold: {error}.") from error
    return Predictor(info, choose_device(device), chosen)


def choose_device(name: str) -> torch.device:
    """`auto` takes CUDA, then Apple's MPS, then the CPU; raises `ModelError` when not there."""
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    kind = name.split(":")[0]
    if kind == "cpu":
        # Each worker runs its own picture; more threads inside a network would only get in their
        # way.
        torch.set_num_threads(1)
    elif (kind == "cuda" and not torch.cuda.is_available()) or (kind == "mps" and not has_mps):
        raise ModelError(
            f"This computer has no usable '{kind}' device. Leave --device out, or say --device cpu."
        )
    elif kind not in ("cuda", "mps"):
        raise ModelError(f"Unknown device '{name}': use auto, cpu, cuda or mps.")
    return torch.device(name)
