"""Features of crops are the classifier's own, of length 1, and need no detector's weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camtrap.errors import ModelError, UnreadablePicture
from camtrap.pixels.decode import decode_frame
from camtrap.records import Box
from camtrap.vision import checkpoint, features
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.choice import is_installed, opened_backend
from camtrap.vision.features import CropFeatures, load_features
from camtrap.vision.head import FEATURES
from camtrap.vision.predictor import Look, load_predictor
from tests.cards import encoded, textured
from tests.vision.test_predictor import FakeBackend

BOXES = [Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.1, 0.4, 0.8), Box(0.0, 0.0, 1.0, 1.0)]


@pytest.fixture(scope="module")
def picture() -> bytes:
    return encoded(textured(800, 600, seed=4))


def fake() -> CropFeatures:
    return CropFeatures(checkpoint.find("amur"), FakeBackend(Spec("torch"), 1))


def test_vectors_have_length_one_and_are_as_many_as_boxes(picture: bytes) -> None:
    found = fake().of(picture, BOXES)
    assert found.shape == (3, FEATURES)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert fake().of(picture, []).shape == (0, FEATURES)


def test_a_picture_that_cannot_be_read_has_none(picture: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        fake().of(picture[:300], BOXES)


@pytest.mark.parametrize("backend", ["torch", "onnxruntime"])
def test_they_are_what_the_classifier_sees_on_its_own_way(picture: bytes, backend: str) -> None:
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    predictor = load_predictor(backend=backend, device="cpu")
    classifier = predictor._classifier
    look = Look(picture, decode_frame(picture, predictor.frame_side))
    theirs = classifier.features(classifier.crops(look, BOXES))[:, :FEATURES]
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    ours = CropFeatures(predictor.info, opened_backend(Spec(backend))).of(picture, BOXES)
    assert np.allclose(ours, theirs, atol=1e-5)
    # The same crop is most like itself, and another is told apart.
    alike = ours @ ours.T
    assert np.allclose(np.diag(alike), 1, atol=1e-5)
    assert alike[0, 2] < 0.9999


def test_another_way_to_cut_crops_has_another_name() -> None:
    info = checkpoint.find("amur")
    other = {**info.rules, "crop": {**info.rules["crop"], "context": 2.5}}
    backend = FakeBackend(Spec("torch"), 1)
    changed = CropFeatures(
        checkpoint.ModelInfo(
            info.folder,
            info.name,
            info.kind,
            info.network,
            info.sha256,
            parts=info.parts,
            rules=other,
        ),
        backend,
    )
    assert changed.name != fake().name == fake().name


def test_where_nothing_can_run_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "is_installed", lambda name: False)
    monkeypatch.setattr("camtrap.vision.backends.memory.recall", lambda key: None)
    with pytest.raises(ModelError, match="pip install"):
        load_features()


def test_what_one_way_cannot_run_another_may(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def opened(spec: Spec) -> FakeBackend:
        tried.append(spec.name)
        if len(tried) == 1:
            raise ModelError("no graph")
        return FakeBackend(spec, 1)

    monkeypatch.setattr(features, "opened_backend", opened)
    monkeypatch.setattr(features, "is_installed", lambda name: True)
    monkeypatch.setattr("camtrap.vision.backends.memory.recall", lambda key: None)
    assert load_features().name
    assert tried == ["onnxruntime", "openvino"]


def test_what_is_no_triage_model_has_none(tmp_path: Path) -> None:
    for name in ("amur-backbone", str(tmp_path)):
        with pytest.raises(ModelError):
            load_features(name)
