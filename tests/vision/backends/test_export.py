"""The graph of a network: no weights of its own, checked, and written again alike."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.errors import ModelError
from camtrap.vision import checkpoint
from camtrap.vision.backends.export import write_graph
from camtrap.vision.checkpoint import ModelInfo

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")


@pytest.fixture
def backbone(tmp_path: Path) -> ModelInfo:
    """A copy of the shipped backbone without its graph."""
    shipped = checkpoint.find("amur-backbone")
    folder = tmp_path / "backbone"
    shutil.copytree(shipped.folder, folder, ignore=shutil.ignore_patterns("model.onnx"))
    info = replace(checkpoint.read_info(folder), graph_sha256="")
    checkpoint.write_info(info)
    return info


@pytest.mark.slow
def test_a_graph_points_into_the_weights_and_is_vouched_for(backbone):
    told = write_graph(backbone)
    assert checkpoint.read_info(backbone.folder) == told
    assert told.graph_sha256 == hashlib.sha256(told.graph.read_bytes()).hexdigest()
    assert told.graph.stat().st_size < 200_000
    model = onnx.load(told.graph, load_external_data=False)
    places = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    assert places == {"weights.safetensors"}
    assert str(Path.cwd()).encode() not in told.graph.read_bytes()


def test_weights_that_are_not_the_networks_are_refused(backbone):
    broken = replace(backbone, sha256="0" * 64)
    with pytest.raises(ModelError, match="vouches"):
        write_graph(broken)


@pytest.mark.parametrize("name", ["animal-detector", "amur-backbone"])
def test_the_shipped_graphs_fit_the_shipped_weights(name):
    info = checkpoint.find(name)
    checkpoint.read_graph(info)
    model = onnx.load(info.graph, load_external_data=False)
    size = info.weights.stat().st_size
    for tensor in model.graph.initializer:
        told = {entry.key: entry.value for entry in tensor.external_data}
        if told:
            assert int(told["offset"]) + int(told["length"]) <= size
