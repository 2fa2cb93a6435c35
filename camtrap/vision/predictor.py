"""The two looks behind one door: a loaded model that judges decoded pictures.

The first look finds boxes on the picture at reduced size; the second names what is in each box,
from a crop of the full picture; a calibrated rule joins both. A predictor may be used from several
threads at once.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np
from PIL import Image

from camtrap.errors import ModelError
from camtrap.pixels.decode import Frame, Pixels, decode_crops
from camtrap.pixels.fit import Region, covered, fitted_size, padded, square_around
from camtrap.pixels.tiles import Tile
from camtrap.records import Box, Detection, State
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Backend, Bytes, Floats
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
from camtrap.vision.head import FEATURES, load_head, with_groups
from camtrap.vision.proposals import UNSEEN, Proposal, joined, promising, proposals

AERIAL = "aerial"
"""The part of a model, and the rules, for tiles of large pictures."""

_MOST_CROPS = 64
"""Crops that a GPU sees at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture for the model: its bytes, for the crops, and the frame decoded from them.

    With `tiles` it is a large one of small animals, and looked at tile by tile (`vision.tiled`).
    A clip has `stills`: some of its frames with their seconds, which are judged one by one
    (`engine.clips`); its `frame` is that of the first, and `data` is empty.
    """

    data: bytes
    frame: Frame
    tiles: tuple[Tile, ...] = ()
    stills: tuple[tuple[float, Look], ...] = ()

    @property
    def nbytes(self) -> int:
        """Memory that it takes, roughly."""
        return len(self.data) + self.frame.nbytes + sum(still.nbytes for _, still in self.stills)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of one picture; the fields are those of `Prediction`.

    Of a clip, `at` is the second of the frame that the boxes lie in.
    """

    state: State
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()
    reason: str = ""
    at: float | None = None


class Detector:
    """The first look. Input rules come from the detector's `model.json`."""

    def __init__(self, info: ModelInfo, backend: Backend) -> None:
        self.side = int(info.rules["side"])
        self.multiple = int(info.rules["multiple"])
        self._network = backend.load(info)

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
                    boxes[row],
                    scores[row],
                    (width, height),
                    **options,
                )
        return [found[index] for index in range(len(frames))]

    def _batch(self, frames: Sequence[Pixels]) -> Bytes:
        """(n, height, width, 3), padded with black to the strides' multiple."""
        height, width, _ = frames[0].shape
        shape = (len(frames), padded(height, self.multiple), padded(width, self.multiple), 3)
        batch = np.zeros(shape, np.uint8)
        batch[:, :height, :width] = np.stack(frames)
        return batch


def _scaled(frame: Pixels, side: int) -> Pixels:
    height, width, _ = frame.shape
    if max(height, width) == side:
        return frame
    size = fitted_size(width, height, side)
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))


class Classifier:
    """The second look: what the backbone sees in a crop, as one vector of features for the head."""

    def __init__(self, backbone: ModelInfo, rules: Mapping[str, Any], backend: Backend) -> None:
        self.name = f"{backbone.name} {backbone.sha256}"
        self.side = int(rules["side"])
        self.context = float(rules["context"])
        self.fill = int(rules["fill"])
        self._groups = [tuple(group) for group in rules["groups"].values()]
        self._network = backend.load(backbone)

    @property
    def feature_count(self) -> int:
        """How long a vector of features is."""
        return FEATURES + len(self._groups)

    def crops(self, look: Look, boxes: Sequence[Box], modest: Sequence[bool] = ()) -> list[Pixels]:
        """One square crop a box, `context` times its longer side, from the picture's own pixels;
        those that are `modest` at whatever scale they were decoded at."""
        regions = [
            square_around(box, look.frame.width, look.frame.height, self.context) for box in boxes
        ]
        return decode_crops(
            look.data, regions, self.side, self.fill, frame=look.frame, modest=modest
        )

    def features(self, crops: Sequence[Pixels]) -> Floats:
        """(n, `feature_count`) features of crops (side, side, 3)."""
        return with_groups(*self._network(np.stack(crops)), self._groups)


class Predictor:
    """A triage model, loaded and ready; see `load_predictor`."""

    def __init__(self, info: ModelInfo, backend: Backend, thresholds: Thresholds) -> None:
        self.info = info
        self.backend = backend.spec
        self.thresholds = thresholds
        self.default_batch_size = backend.batch_size
        rules = info.rules
        if tuple(rules["classes"]) != CLASSES:
            raise ModelError(
                f"Model '{info.name}' names the classes {rules['classes']}; this camtrap needs "
                f"{list(CLASSES)}. Install a matching version."
            )
        self.proposing = dict(rules["proposals"])
        self.least_share = float(rules.get("least_share", 0.0))
        self._sharp_from = float(rules.get("sharp_from", 0.0))
        self._calibration = Calibration(**rules["calibration"])
        self._backend = backend
        self._from_above: Predictor | None = None
        self._lock = threading.Lock()
        self._detector = Detector(checkpoint.part(info, "detector"), backend)
        self._classifier = Classifier(checkpoint.part(info, "backbone"), rules["crop"], backend)
        self._head = load_head(info, self._classifier.feature_count)
        # Crops of a batch are cut side by side, so that a GPU does not wait for one core.
        pool = ThreadPoolExecutor(os.cpu_count()) if backend.batch_size > 1 else None
        self._map = map if pool is None else pool.map

    @property
    def frame_side(self) -> int:
        """The longer side, in pixels, at which frames are to be decoded."""
        return self._detector.side

    @property
    def from_above(self) -> Predictor:
        """This model as it judges tiles: with the detector that learnt animals from above, and the
        rule that goes with it, where the model has one. It is loaded when it is first asked for.

        Raises `ModelError` when it is missing.
        """
        if AERIAL not in self.info.parts:
            return self
        with self._lock:
            if self._from_above is None:
                rules = self.info.rules[AERIAL]
                other = copy.copy(self)
                other.proposing = dict(rules["proposals"])
                other.least_share = float(rules.get("least_share", 0.0))
                other._calibration = Calibration(**rules["calibration"])
                other._detector = Detector(checkpoint.part(self.info, AERIAL), self._backend)
                self._from_above = other
        return self._from_above

    def judge(self, looks: Sequence[Look]) -> list[Verdict]:
        """One verdict a picture, in the order given.

        Raises `UnreadablePicture` when a picture's full-size pixels cannot be decoded.
        """
        if any(look.tiles for look in looks):
            return self._judge_some_tiled(looks)
        found = [
            promising(boxes, self.least_share)
            for boxes in self.first_look([look.frame.pixels for look in looks])
        ]
        cut = self._map(self._crops, looks, found)
        logits = iter(self.second_look([crop for crops in cut for crop in crops]))
        return [self.joined_verdict(boxes, [next(logits) for _ in boxes]) for boxes in found]

    def first_look(
        self, frames: Sequence[Pixels], *, max_count: int = 0
    ) -> list[tuple[Proposal, ...]]:
        """Boxes of each frame by the model's rules; up to `max_count` a frame where it is given."""
        rules = self.proposing | ({"max_count": max_count} if max_count else {})
        return self._detector.propose(frames, **rules)

    def crop_regions(self, boxes: Sequence[Box], width: int, height: int) -> list[Region]:
        """What the second look sees of each box, in pixels of a picture of this size."""
        return [square_around(box, width, height, self._classifier.context) for box in boxes]

    @property
    def crop_rules(self) -> tuple[int, int]:
        """The side of a crop in pixels, and the grey that fills it up."""
        return self._classifier.side, self._classifier.fill

    def joined_verdict(
        self, found: Sequence[Proposal], logits: Sequence[Sequence[float]]
    ) -> Verdict:
        """What a picture's boxes and the second looks at them add up to."""
        judged = [
            (p, judge_box(Evidence(p.score, tuple(each)), self._calibration))
            for p, each in zip(found, logits, strict=True)
        ]
        chances = judge_picture([box for _, box in judged])
        state, confidence = decide(chances, self.thresholds)
        boxes = [
            Detection(label, box.labels[label], proposal.box, proposal.score, box.labels)
            for proposal, box in judged
            for label in [max(box.labels, key=lambda name: box.labels[name])]
        ]
        return Verdict(state, confidence, chances, shown(boxes, state))

    def _judge_some_tiled(self, looks: Sequence[Look]) -> list[Verdict]:
        """As `judge`: tiled pictures one by one, the others together."""
        from camtrap.vision.tiled import judge_tiled

        plain = [look for look in looks if not look.tiles]
        others = iter(self.judge(plain) if plain else [])
        above = self.from_above
        return [judge_tiled(above, look) if look.tiles else next(others) for look in looks]

    def _crops(self, look: Look, found: Sequence[Proposal]) -> list[Pixels]:
        modest = [proposal.score < self._sharp_from for proposal in found]
        return self._classifier.crops(look, [proposal.box for proposal in found], modest)

    def second_look(self, crops: Sequence[Pixels]) -> list[list[float]]:
        """One logit a class of `CLASSES` for each crop."""
        if not crops:
            return []
        step = 1 if self.default_batch_size == 1 else _MOST_CROPS
        parts = [
            self._head.logits(self._classifier.features(crops[i : i + step]))
            for i in range(0, len(crops), step)
        ]
        logits: list[list[float]] = np.concatenate(parts).tolist()
        return logits


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


def load_predictors(
    model: str = "amur",
    *,
    device: str = "auto",
    backend: str = "auto",
    thresholds: Mapping[str, float] | None = None,
) -> list[Predictor]:
    """As `load_predictor`, one for each device of a list with commas; all run the same backend."""
    first, *more = (name.strip() for name in device.split(","))
    predictors = [load_predictor(model, device=first, backend=backend, thresholds=thresholds)]
    spec = predictors[0].backend
    same = f"{spec.name}:{spec.precision}"
    for name in more:
        predictors.append(load_predictor(model, device=name, backend=same, thresholds=thresholds))
    return predictors


def load_predictor(
    model: str = "amur",
    *,
    device: str = "auto",
    backend: str = "auto",
    thresholds: Mapping[str, float] | None = None,
) -> Predictor:
    """Load a triage model by name or path; `thresholds` replaces single ones of the model's own.

    `backend` is `auto` or a key of `backends.base.NAMES`, if need be with a precision, as in
    `torch:bf16`. Raises `ModelError` when the model, a part of it, the device or the backend cannot
    be used.
    """
    from camtrap.vision.backends.choice import chosen, opened_backend

    info = checkpoint.find(model)
    if info.kind != "triage":
        raise ModelError(
            f"'{info.name}' is a {info.kind}, not a triage model. "
            "List the installed ones with 'camtrap models'."
        )
    rules = Thresholds.from_mapping(info.rules["thresholds"])
    try:
        rules = replace(rules, **(thresholds or {}))
    except TypeError as error:
        raise ModelError(f"Unknown threshold: {error}.") from error
    spec = chosen(info, backend=backend, device=device)
    return Predictor(info, opened_backend(spec), rules)
