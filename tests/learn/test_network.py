"""Backbone and head as one network: before training it says what the published parts say."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save

from camtrap.learn.network import TriageNetwork, backbone_state, mean_network
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.pytorch import TorchBackend
from camtrap.vision.checkpoint import ModelInfo, write_info
from camtrap.vision.efficientnet import EfficientNetLite
from camtrap.vision.networks import FOLDED, load_network
from camtrap.vision.predictor import Classifier
from tests.learn.small import GROUPS, random_backbone, random_head, small_network

SIDE = 64
RULES = {
    "side": SIDE,
    "context": 1.25,
    "fill": 127,
    "groups": {str(number): list(group) for number, group in enumerate(GROUPS)},
}


def published(folder, tensors, network="efficientnet-lite2"):
    """A backbone's folder, as models are installed."""
    folder.mkdir()
    data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    info = ModelInfo(
        folder=folder,
        name=folder.name,
        kind="backbone",
        network=network,
        sha256=hashlib.sha256(data).hexdigest(),
        rules={"mean": 127.0, "std": 128.0},
    )
    info.weights.write_bytes(data)
    write_info(info)
    return checkpoint.find(str(folder))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A published backbone of random weights, its norms not folded."""
    folder = tmp_path_factory.mktemp("models") / "random"
    return published(folder, random_backbone("lite2").state_dict())


@pytest.fixture
def crops():
    """Three crops as the decoder gives them, (3, side, side, 3)."""
    return np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


def as_input(crops):
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float().sub(127.0).div(128.0)


def features(info, crops):
    return Classifier(info, RULES, TorchBackend(Spec("torch"))).features(list(crops))


def triage(info, first=20):
    network = load_network(info)
    assert isinstance(network, EfficientNetLite)
    return TriageNetwork(network, GROUPS, random_head(), first).eval()


def test_before_training_it_answers_as_the_classifier_and_the_head_do(backbone, crops):
    with torch.inference_mode():
        logits, known, taught = triage(backbone)(as_input(crops))
    expected = random_head().logits(features(backbone, crops))
    torch.testing.assert_close(logits, torch.from_numpy(expected), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(known, taught)
    assert known.exp().sum(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize("first", [0, 7, 23])
def test_where_learning_begins_does_not_change_the_first_answer(backbone, crops, first):
    with torch.inference_mode():
        one, other = (triage(backbone, f)(as_input(crops))[0] for f in (20, first))
    torch.testing.assert_close(one, other)


def test_what_was_learnt_loads_as_a_folded_backbone_and_sees_the_same(tmp_path, backbone, crops):
    network = triage(backbone)
    with torch.no_grad():
        for parameter in network.tail.parameters():
            parameter.mul_(1.1)
    learnt = published(tmp_path / "learnt", backbone_state(network), f"efficientnet-lite2{FOLDED}")
    seen = features(learnt, crops)
    with torch.inference_mode():
        logits = network(as_input(crops))[0]
    expected = torch.from_numpy(random_head().logits(seen))
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
    assert not np.allclose(seen, features(backbone, crops), rtol=1e-2)


def test_the_state_is_named_as_the_backbone_names_its_own(backbone):
    state = backbone_state(triage(backbone))
    own = load_network(backbone).state_dict()
    assert state.keys() == own.keys()
    for name, tensor in own.items():
        torch.testing.assert_close(state[name], tensor, rtol=0, atol=0)


def test_the_state_is_a_copy_that_later_training_does_not_change():
    network = small_network()
    state = backbone_state(network)
    before = state["last.conv.weight"].clone()
    with torch.no_grad():
        network.learnt()["tail.2.conv.weight"].add_(1)
    assert torch.equal(state["last.conv.weight"], before)


def test_only_the_last_blocks_and_the_head_are_learnt():
    network = small_network()
    learning = {name for name, each in network.named_parameters() if each.requires_grad}
    assert network.learnt().keys() == learning
    assert {name.split(".")[0] for name in learning} == {"tail", "head"}
    assert {"head.weight", "head.bias", "tail.2.conv.weight"} <= learning
    # Two blocks of three convolutions, the last layer: each has a weight and a folded bias.
    assert len(learning) == 2 * 2 * 3 + 2 + 2


def test_frozen_parts_are_cheap_in_training_only():
    network = small_network()
    crops = torch.rand(2, 3, SIDE, SIDE) * 2 - 1
    with torch.no_grad():
        exact = network.eval()(crops)[0]
        network.frozen_precision = torch.bfloat16
        in_use = network.eval()(crops)[0]
        in_training = network.train()(crops)[0]
    assert torch.equal(in_use, exact)
    assert not torch.equal(in_training, exact)
    torch.testing.assert_close(in_training, exact, atol=0.1, rtol=0.1)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_result_can_be_moved_back_towards_the_teacher(share):
    network = small_network()
    with torch.no_grad():
        for parameter in network.tail.parameters():
            parameter.add_(1)
    head = network.head.weight.clone()
    network.taught(share)
    for own, original in zip(network.tail.parameters(), network.teacher.parameters(), strict=True):
        torch.testing.assert_close(own, original + share)
    assert torch.equal(network.head.weight, head)


def test_the_teacher_learns_nothing():
    network = small_network()
    network(torch.rand(1, 3, SIDE, SIDE))[0].sum().backward()
    frozen = (network.shared, network.teacher, network.imagenet)
    assert all(p.grad is None for part in frozen for p in part.parameters())
    assert all(p.grad is not None for p in network.tail.parameters())


# The mean of several


def test_the_mean_of_networks_is_the_mean_of_what_they_learnt():
    networks = [small_network() for _ in range(3)]
    with torch.no_grad():
        for number, network in enumerate(networks):
            for value in network.learnt().values():
                value.add_(float(number))
    first = {name: value.clone() for name, value in networks[0].learnt().items()}
    shared = {name: value.clone() for name, value in networks[0].shared.state_dict().items()}
    mean = mean_network(networks)
    assert mean is networks[-1]
    for name, value in mean.learnt().items():
        assert torch.allclose(value, first[name] + 1.0, atol=1e-5), name
    for name, value in mean.shared.state_dict().items():
        assert torch.equal(value, shared[name])


def test_the_mean_of_one_network_is_that_network():
    network = small_network()
    before = {name: value.clone() for name, value in network.learnt().items()}
    mean = mean_network([network])
    assert all(torch.equal(value, before[name]) for name, value in mean.learnt().items())
