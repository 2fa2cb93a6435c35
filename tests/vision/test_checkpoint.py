"""Model folders: what they say, what is checked, and what is refused with which sentence."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from camtrap.errors import ModelError
from camtrap.vision import checkpoint, networks
from camtrap.vision.calibration import CLASSES


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A copy of the shipped models that a test may damage, found before the shipped ones."""
    shipped = checkpoint.model_folders()[-1]
    copy = shutil.copytree(shipped, tmp_path / "models")
    monkeypatch.setenv(checkpoint.MODELS_VARIABLE, str(copy))
    return copy


def test_the_shipped_models_are_installed_with_licence_and_checksum():
    found = {info.name: info for info in checkpoint.installed()}
    assert {"amur", "animal-detector", "lite2-imagenet"} <= found.keys()
    for info in found.values():
        assert info.licence
        assert len(info.sha256) == 64
        assert (info.folder / "MODEL_CARD.md").is_file()


def test_the_default_model_names_its_classes_and_thresholds():
    rules = checkpoint.find("amur").rules
    assert tuple(rules["classes"]) == CLASSES
    assert 0 < rules["thresholds"]["doubt"] <= rules["thresholds"]["leopard"] < 1


def test_a_model_is_found_by_name_and_by_path():
    by_name = checkpoint.find("amur")
    assert checkpoint.find(str(by_name.folder)).sha256 == by_name.sha256


def test_an_unknown_name_tells_how_to_list_the_models():
    with pytest.raises(ModelError, match="camtrap models"):
        checkpoint.find("unicorn")


def test_a_folder_without_model_json_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"model\.json is missing"):
        checkpoint.find(str(tmp_path))


def test_changed_weights_are_refused(models):
    path = models / "amur" / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="vouches"):
        networks.load_tensors(checkpoint.find("amur"))


def told(error, key):
    """The file and the value that a refusal tells one to write there."""
    found = re.search(rf'"{key}": "([0-9a-f]{{64}})".* into (.*model\.json)', str(error.value))
    assert found is not None
    return Path(found[2]), found[1]


def test_whoever_wants_a_changed_file_is_told_how_and_it_works(models):
    """A detector that was changed: its own model.json, then that of the model built upon it."""
    path = models / "amur-detector" / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="changed it yourself") as refused:
        checkpoint.read_weights(checkpoint.find("amur-detector"))
    file, digest = told(refused, "sha256")
    said = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(said | {"sha256": digest}), encoding="utf-8")
    assert checkpoint.read_weights(checkpoint.find("amur-detector")) == bytes(data)

    with pytest.raises(ModelError, match="for its detector") as refused:
        checkpoint.part(checkpoint.find("amur"), "detector")
    file, digest = told(refused, "sha256")
    said = json.loads(file.read_text(encoding="utf-8"))
    said["parts"]["detector"]["sha256"] = digest
    file.write_text(json.dumps(said), encoding="utf-8")
    assert checkpoint.part(checkpoint.find("amur"), "detector").sha256 == digest


def test_a_changed_graph_is_refused_with_its_own_key(models):
    info = checkpoint.find("animal-detector")
    info.graph.write_bytes(b"other")
    with pytest.raises(ModelError) as refused:
        checkpoint.read_graph(info)
    file, digest = told(refused, "graph_sha256")
    assert (file, digest) == (info.folder / "model.json", hashlib.sha256(b"other").hexdigest())


def test_another_detector_than_the_one_trained_with_is_refused(models):
    path = models / "amur-detector" / "model.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(said | {"sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ModelError, match="trained with another"):
        checkpoint.part(checkpoint.find("amur"), "detector")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1, "name": "x"}'])
def test_a_broken_model_json_is_an_error_that_names_the_file(models, text):
    (models / "amur" / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"model\.json"):
        checkpoint.find("amur")


def test_info_survives_being_written_and_read(models):
    info = checkpoint.find("amur")
    before = (info.folder / "model.json").read_bytes()
    checkpoint.write_info(info)
    assert (info.folder / "model.json").read_bytes() == before


def test_folding_the_norms_does_not_change_the_answer():
    torch.manual_seed(0)
    info = checkpoint.find("lite2-imagenet")
    plain = networks.load_network(info, fold=False)
    folded = networks.load_network(info)
    crops = torch.rand(1, 3, 128, 128) * 2 - 1
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    torch.testing.assert_close(folded(crops), plain(crops), atol=1e-3, rtol=1e-3)


# Weights whose norms are folded in already


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """The shipped backbone, stored with its norms folded."""
    info = checkpoint.find("lite2-imagenet")
    tensors = networks.load_network(info).state_dict()
    data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    stored = replace(
        info,
        folder=tmp_path_factory.mktemp("folded"),
        network=f"{info.network}{networks.FOLDED}",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    stored.weights.write_bytes(data)
    checkpoint.write_info(stored)
    return checkpoint.read_info(stored.folder)


@pytest.mark.parametrize("fold", [True, False])
def test_weights_with_folded_norms_give_the_same_answer(folded, fold):
    torch.manual_seed(0)
    crops = torch.rand(1, 3, 128, 128) * 2 - 1
    network = networks.load_network(folded, fold=fold)
    whole = networks.load_network(checkpoint.find("lite2-imagenet"))
    assert torch.equal(network(crops), whole(crops))
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


def test_folded_weights_hold_no_norms_but_biases(folded):
    names = networks.load_tensors(folded).keys()
    assert not any("norm" in name for name in names)
    assert "blocks.0.depthwise.conv.bias" in names


@pytest.mark.parametrize("given", ["folded weights", "weights with norms"])
def test_weights_of_the_other_kind_do_not_fit(folded, given):
    if given == "folded weights":
        info = replace(folded, network=folded.network.removesuffix(networks.FOLDED))
    else:
        info = checkpoint.find("lite2-imagenet")
        info = replace(info, network=f"{info.network}{networks.FOLDED}")
    with pytest.raises(ModelError, match="does not fit the network"):
        networks.load_network(info)


def test_a_network_that_is_not_known_is_refused_by_its_whole_name(folded):
    info = replace(folded, network=f"resnet{networks.FOLDED}")
    with pytest.raises(ModelError, match="needs the network 'resnet-folded'"):
        networks.load_network(info)
