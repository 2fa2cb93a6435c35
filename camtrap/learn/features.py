"""Frozen features of training crops: each crop as it is, and in several random variations.

The networks are the very ones of the predictor, fed through the same decoding, so that training
sees what use will see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from camtrap.learn.augment import augment
from camtrap.learn.crops import jittered, labelled_boxes
from camtrap.learn.dataset import Sample
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.fit import WHOLE
from camtrap.records import Box
from camtrap.vision.predictor import Classifier, Detector, Look


@dataclass(frozen=True, slots=True)
class PictureFeatures:
    """What one picture gives to learning and evaluation.

    `scores` (n,) are the detector's for the proposed boxes and `proposed` (n, d) their features, as
    in use. `labels` (m,) and `variations` (m, 1 + v, d) are the boxes to learn from: first as they
    are, then varied. `scene` (d,) is the whole frame's feature, by which frames of one camera can
    be recognised.
    """

    scores: NDArray[np.float32]
    proposed: NDArray[np.float32]
    labels: tuple[str, ...]
    variations: NDArray[np.float32]
    scene: NDArray[np.float32]


class FeatureMaker:
    """Makes the features of labelled pictures; thread-safe, and repeatable for a given seed."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        proposing: dict[str, Any],
        *,
        variations: int,
        seed: int,
    ) -> None:
        self._detector, self._classifier = detector, classifier
        self._proposing = proposing
        self._variations, self._seed = variations, seed

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> PictureFeatures:
        """Raises `UnreadablePicture` when the sample cannot be decoded."""
        # A generator of its own for each picture: the result does not depend on order or threads.
        random = np.random.default_rng([self._seed, *sample.file.encode()])
        data = sample.path.read_bytes()
        look = Look(data, decode_frame(data, self._detector.side))
        found = self._detector.propose([look.frame.pixels], **self._proposing)[0]
        proposed = self._features(look, [p.box for p in found])
        boxes = labelled_boxes(sample, found, look.frame.width / look.frame.height, random)
        varied = [self._varied(look, labelled.box, random) for labelled in boxes]
        return PictureFeatures(
            scores=np.array([p.score for p in found], np.float32),
            proposed=proposed,
            labels=tuple(labelled.label for labelled in boxes),
            variations=np.stack(varied)
            if varied
            else np.zeros((0, 1, self._classifier.feature_count), np.float32),
            scene=self._features(look, [WHOLE])[0],
        )

    def _features(self, look: Look, boxes: Sequence[Box]) -> NDArray[np.float32]:
        crops = self._classifier.crops(look, boxes) if boxes else []
        return self._stack(crops)

    def _varied(self, look: Look, box: Box, random: np.random.Generator) -> NDArray[np.float32]:
        boxes = [box, *(jittered(box, random) for _ in range(self._variations))]
        plain, *rest = self._classifier.crops(look, boxes)
        return self._stack([plain, *(augment(crop, random) for crop in rest)])

    def _stack(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        rows = [self._classifier.features([crop]) for crop in crops]
        if not rows:
            return np.zeros((0, self._classifier.feature_count), np.float32)
        features: NDArray[np.float32] = torch.cat(rows).float().cpu().numpy()
        return features


def make_features(
    samples: Sequence[Sample],
    maker: FeatureMaker,
    *,
    on_done: Callable[[], None] = lambda: None,
) -> list[PictureFeatures]:
    """Features of all samples, in their order, on all processor cores."""

    def one(sample: Sample) -> PictureFeatures:
        features = maker(sample)
        on_done()
        return features

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, samples))
