"""The examination: what it measures, what it remembers, and what it says where a check fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from camtrap.config import Settings
from camtrap.engine import examine
from camtrap.engine.doctor import Backends
from camtrap.engine.examine import (
    asked_device,
    list_card,
    look_at_backends,
    look_at_device,
    measure_speed,
    open_predictor,
    shipped_sample,
)
from camtrap.engine.machine import GpuFacts
from camtrap.errors import CardError, ModelError
from camtrap.pixels.decode import decode_frame
from camtrap.vision.backends import memory
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.selfcheck import Measured
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Look
from tests.cards import FakePredictor, frame, odd_card, plain_card, snapshot

TORCH, ONNX = Spec("torch"), Spec("onnxruntime")
INFO = ModelInfo(Path("fake"), "fake", "triage", "none", "0" * 64)
LOOKS = [Look(frame("prey"), decode_frame(frame("prey"), 32))]
DRIVER = GpuFacts(driver=True)


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv(memory.CACHE_VARIABLE, str(tmp_path / "cache"))


def measure(info, specs, looks):
    """ONNX Runtime is twice as fast as PyTorch; all else does not run."""
    seconds = {TORCH: 0.4, ONNX: 0.2}
    return [
        Measured(spec, seconds[spec]) if spec in seconds else Measured(spec, problem="not here")
        for spec in specs
    ]


def breaks(info, specs, looks):
    raise RuntimeError("c10.dll\nis missing")


def backends(**options) -> Backends:
    given = {"measure": measure, "is_installed": lambda name: True}
    return look_at_backends(INFO, "cpu", LOOKS, **{**given, **options})


# The device


def test_the_processor_is_told_with_why_it_is_no_gpu():
    found = look_at_device("auto", facts=lambda: DRIVER, resolve=lambda asked: "cpu")
    assert found.name == "cpu"
    assert "built without CUDA" in found.why_no_gpu


def no_gpu(asked: str) -> str:
    raise ModelError(f"This computer has no usable '{asked}' device.")


def test_a_gpu_asked_for_that_is_not_there_is_an_error_with_the_reason():
    with pytest.raises(ModelError, match=r"no usable 'cuda' device\. .*built without CUDA"):
        look_at_device("cuda", facts=lambda: DRIVER, resolve=no_gpu)


@pytest.mark.parametrize("asked", ["cuda:7", "unicorn"])
def test_a_device_that_is_wrong_for_other_reasons_keeps_its_own_error(asked):
    with pytest.raises(ModelError, match=r"device\.$"):
        look_at_device(asked, facts=lambda: GpuFacts(cuda_there=True), resolve=no_gpu)


def test_a_broken_pytorch_leaves_the_processor():
    def resolve(asked: str) -> str:
        raise ImportError("c10.dll")

    found = look_at_device("auto", facts=lambda: GpuFacts(torch_problem="c10.dll"), resolve=resolve)
    assert found.name == "cpu"
    assert "c10.dll" in found.why_no_gpu


@pytest.mark.parametrize(
    ("said", "device"),
    [
        ({}, "auto"),
        ({"device": "cuda:0, cuda:1"}, "cuda:0"),
        ({"backend": "onnxruntime"}, "cpu"),
        ({"backend": "torch", "device": "cuda"}, "cuda"),
    ],
)
def test_the_backend_of_the_settings_bears_on_the_device(said, device, monkeypatch):
    monkeypatch.setattr("camtrap.vision.backends.choice.is_installed", lambda name: True)
    assert asked_device(Settings(**said)) == device


# The backends


def test_the_fastest_is_chosen_and_kept_for_the_runs_to_come():
    found = backends()
    assert found.chosen == ONNX
    assert found.offers[0].spec == TORCH
    assert {offer.spec.name for offer in found.offers} == {"torch", "onnxruntime", "openvino"}
    assert memory.recall(memory.fingerprint(INFO, "cpu")) == ONNX


def test_on_a_busy_machine_an_earlier_choice_stands():
    memory.remember(memory.fingerprint(INFO, "cpu"), TORCH, [])
    found = backends(is_busy=True)
    assert found.chosen == TORCH
    assert "too busy" in found.why
    assert backends(is_busy=False).chosen == ONNX


def test_on_a_busy_machine_without_an_earlier_choice_one_is_made():
    assert backends(is_busy=True).chosen == ONNX


def test_what_is_not_installed_is_told_once_with_the_command():
    found = backends(is_installed=lambda name: name == "torch")
    installs = sorted(offer.install for offer in found.offers if offer.install)
    assert installs == ['pip install "camtrap[onnx]"', 'pip install "camtrap[openvino]"']
    assert found.chosen == TORCH


def test_what_the_settings_name_is_used_though_another_is_faster(monkeypatch):
    monkeypatch.setattr("camtrap.vision.backends.choice.is_installed", lambda name: True)
    found = backends(backend="torch")
    assert (found.chosen, found.why) == (TORCH, "as the settings say")
    odd = backends(backend="torch:fp16")
    assert odd.chosen == Spec("torch", "fp16")
    assert odd.offers[-1].measured is not None


def test_a_reference_that_does_not_run_is_told_and_nothing_is_chosen():
    found = backends(measure=breaks)
    assert found.chosen is None
    assert found.problem == "The reference, PyTorch, does not run: c10.dll is missing"
    assert open_predictor(Settings(), found) == (None, found.problem)


def test_without_the_sample_card_the_reference_is_used():
    found = look_at_backends(INFO, "cpu", [], measure=breaks, is_installed=lambda name: True)
    assert found.chosen == TORCH
    assert "sample card" in found.problem


def test_with_nothing_installed_that_is_told():
    found = backends(is_installed=lambda name: False)
    assert found.chosen is None
    assert "Install camtrap again" in found.problem


def test_a_model_that_does_not_load_is_told_with_why():
    predictor, problem = open_predictor(Settings(model="unicorn"), backends())
    assert predictor is None
    assert "unicorn" in problem


# The card


def test_a_card_is_counted_with_what_is_passed_over(tmp_path):
    card = odd_card(tmp_path / "card")
    found = list_card(card)
    assert found.skipped == {"a video; only pictures are looked at": 1}
    assert found.pictures == 18
    assert found.size == sum(file.size for file in found.sample)
    assert found.unlisted == 0


def test_a_card_that_cannot_be_listed_is_an_error(tmp_path):
    with pytest.raises(CardError, match="does not exist"):
        list_card(tmp_path / "none")


def test_an_empty_card_has_no_sample(tmp_path):
    found = list_card(tmp_path)
    assert (found.pictures, found.size, found.sample) == (0, 0, ())


def test_the_shipped_sample_is_whole():
    sample = shipped_sample()
    assert len(sample) > 10
    speed = measure_speed(sample, None, 2)
    assert speed.faults == ()
    assert speed.decoding.pictures > 0
    assert speed.model.count == 0


def test_without_the_shipped_sample_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(examine, "sample_card", lambda: None)
    assert shipped_sample() == ()
    assert measure_speed((), FakePredictor(), 2).model.count == 0


def test_all_stages_are_measured_and_the_card_is_left_alone(tmp_path):
    card = plain_card(tmp_path / "карта 1", 12)
    before = snapshot(card)
    speed = measure_speed(list_card(card).sample, FakePredictor(), 2)
    assert snapshot(card) == before
    assert speed.reading.count == 12
    assert speed.decoding.pictures > 0
    assert speed.model.pictures > 0
    assert speed.is_shared
    assert speed.faults == ()


def test_on_a_gpu_the_stages_do_not_share_the_cores(card):
    predictor = FakePredictor()
    predictor.backend, predictor.default_batch_size = Spec("torch", "fp16", "cuda"), 16
    speed = measure_speed(list_card(card).sample, predictor, 2)
    assert not speed.is_shared
    assert max(predictor.batches) == 12
