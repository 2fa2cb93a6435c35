"""What the second look sees in a crop, as a vector: two crops that it sees alike have alike ones.

The network was trained to tell kinds of animals apart, and not one leopard from another. How alike
two vectors are sorts pictures for people to compare; it identifies nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from camtrap.errors import ModelError
from camtrap.pixels.decode import decode_frame
from camtrap.records import Box
from camtrap.vision import checkpoint
from camtrap.vision.backends import memory
from camtrap.vision.backends.base import Backend, Floats, Spec
from camtrap.vision.backends.choice import is_installed, opened_backend
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.head import FEATURES
from camtrap.vision.predictor import Classifier, Look

_WAYS = (Spec("onnxruntime"), Spec("openvino"), Spec("torch"))
"""What is tried in turn where nothing was measured yet; their features are the same."""


class CropFeatures:
    """The backbone of a triage model, without its detector and its head.

    `name` is another for another network or another way to cut crops.
    """

    def __init__(self, info: ModelInfo, backend: Backend) -> None:
        backbone, rules = checkpoint.part(info, "backbone"), info.rules["crop"]
        self._classifier = Classifier(backbone, rules, backend)
        self._side = int(checkpoint.part(info, "detector").rules["side"])
        cut = ("side", "context", "fill")
        self.name = " ".join([self._classifier.name, *(str(rules[key]) for key in cut)])

    def of(self, data: bytes, boxes: Sequence[Box]) -> Floats:
        """(n, `FEATURES`) vectors of length 1, one for each box of a picture's bytes.

        They are the classifier's own, from the very crops that it cuts, before its head. Raises
        `UnreadablePicture`.
        """
        if not boxes:
            return np.zeros((0, FEATURES), np.float32)
        look = Look(data, decode_frame(data, self._side))
        crops = self._classifier.crops(look, boxes)
        # One by one, as the CPU does in a run: no vector depends on its neighbours.
        seen = np.concatenate([self._classifier.features([crop])[:, :FEATURES] for crop in crops])
        lengths = np.linalg.norm(seen, axis=1, keepdims=True)
        vectors: Floats = seen / np.maximum(lengths, np.finfo(np.float32).tiny)
        return vectors


def load_features(model: str = "amur") -> CropFeatures:
    """The features of a triage model by name or path, on the CPU.

    Raises `ModelError` when the model, or what runs it, is not on this computer.
    """
    info = checkpoint.find(model)
    if info.kind != "triage":
        raise ModelError(
            f"'{info.name}' is a {info.kind}, not a triage model. "
            "List the installed ones with 'camtrap models'."
        )
    known = memory.recall(memory.fingerprint(info, "cpu"))
    problem: ModelError | None = None
    for spec in (*([known] if known is not None else []), *_WAYS):
        if is_installed(spec.name):
            try:
                return CropFeatures(info, opened_backend(spec))
            except ModelError as error:  # without a graph, say, which another does not need
                problem = problem or error
    raise problem or ModelError(
        "Neither ONNX Runtime nor PyTorch is on this computer. Get one: pip install camtrap[onnx]."
    )
