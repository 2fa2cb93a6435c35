"""Tuned detectors as model folders."""

from __future__ import annotations

import pytest
import torch

from camtrap.errors import ModelError
from camtrap.learn.detector import publish as publishing
from camtrap.learn.detector.network import detector_state, fresh_learner
from camtrap.learn.detector.publish import detector_folder, finished, publish, write_tuned
from camtrap.vision.checkpoint import find, read_info
from camtrap.vision.networks import load_network


@pytest.fixture
def tuned(tmp_path):
    """The published detector with every weight a little larger."""
    start = find("animal-detector")
    learner = fresh_learner(start)
    learner.put({name: value * 1.01 for name, value in learner.learnt().items()})
    return write_tuned(tmp_path / "detector-fold0", start, detector_state(learner), "key 1")


@pytest.fixture
def without_graph(monkeypatch):
    def missing(info):
        raise ModelError("Its packages are missing.")

    monkeypatch.setattr(publishing, "write_graph", missing)


def test_the_detector_lies_beside_the_model(tmp_path):
    assert detector_folder(tmp_path / "amur") == tmp_path / "amur-detector"


def test_a_tuned_detector_is_a_model_that_can_be_loaded(tuned):
    info, start = read_info(tuned.folder), find("animal-detector")
    assert info == tuned
    assert (info.kind, info.network, info.rules) == ("detector", start.network, start.rules)
    assert start.name in info.source
    own, original = load_network(info).state_dict(), load_network(start).state_dict()
    assert own.keys() == original.keys()
    changed = {name for name in own if not torch.equal(own[name], original[name])}
    assert any(name.startswith("heads.") for name in changed)
    assert not any(name.startswith("backbone.stem.") for name in changed)


def test_a_finished_detector_is_known_by_its_key_and_its_weights(tuned):
    assert finished(tuned.folder, "key 1") == tuned
    assert finished(tuned.folder, "key 2") is None
    tuned.weights.write_bytes(tuned.weights.read_bytes()[:1000])
    assert finished(tuned.folder, "key 1") is None
    tuned.weights.unlink()
    assert finished(tuned.folder, "key 1") is None


def test_where_nothing_was_written_nothing_is_finished(tmp_path):
    assert finished(tmp_path / "none", "key") is None


def test_what_is_published_says_what_it_is(tuned, tmp_path, without_graph, caplog):
    info = publish(
        tuned, tmp_path / "amur-detector", version="1.2", licence="Apache-2.0", trained_on="20 deer"
    )
    assert read_info(info.folder) == info
    assert (info.name, info.version, info.trained_on) == ("amur-detector", "1.2", "20 deer")
    assert info.sha256 == tuned.sha256
    assert info.licence == f"Apache-2.0; tuned from weights under {tuned.licence}"
    assert info.training == {}
    assert "PyTorch alone" in caplog.text
    card = (info.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "20 deer" in card
    assert "MIT" in card


@pytest.mark.slow
def test_a_graph_is_written_where_its_packages_are(tuned, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    info = publish(tuned, tmp_path / "out", version="1", licence="Apache-2.0", trained_on="deer")
    assert info.graph.is_file()
    assert read_info(info.folder).graph_sha256 == info.graph_sha256 != ""
