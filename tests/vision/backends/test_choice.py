"""Which backend runs: what was asked for, what is there, and what was measured before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from camtrap.errors import ModelError
from camtrap.vision import checkpoint
from camtrap.vision.backends import choice, memory
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.choice import candidates, chosen, opened_backend, parsed
from camtrap.vision.backends.pytorch import TorchBackend, choose_device
from camtrap.vision.backends.selfcheck import Measured
from camtrap.vision.checkpoint import ModelInfo

EVERYTHING = {"torch", "onnxruntime", "openvino"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The packages that seem to be installed; a test may take some away."""
    there = set(EVERYTHING)
    monkeypatch.setattr(choice, "is_installed", lambda name: name in there)
    return there


# What was asked for


@pytest.mark.parametrize(
    ("backend", "device", "expected"),
    [
        ("torch", "auto", Spec("torch", "fp32", "auto")),
        ("torch", "cuda:1", Spec("torch", "fp32", "cuda:1")),
        ("torch:bf16", "cpu", Spec("torch", "bf16", "cpu")),
        ("torch:fp16", "cuda", Spec("torch", "fp16", "cuda")),
        ("onnxruntime", "auto", Spec("onnxruntime", "fp32", "cpu")),
        ("openvino:bf16", "cpu", Spec("openvino", "bf16", "cpu")),
    ],
)
def test_a_backend_is_named_with_or_without_a_precision(installed, backend, device, expected):
    assert parsed(backend, device) == expected


@pytest.mark.parametrize(
    ("backend", "device", "message"),
    [
        ("tensorrt", "auto", "use auto, torch, onnxruntime, openvino"),
        ("", "auto", "Unknown backend"),
        ("torch:int4", "auto", "runs at fp32, bf16, fp16"),
        ("onnxruntime:bf16", "auto", "runs at fp32"),
        ("openvino:fp16", "auto", "runs at fp32, bf16"),
        ("onnxruntime", "cuda", "--backend torch"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(installed, backend, device, message):
    with pytest.raises(ModelError, match=message):
        parsed(backend, device)


@pytest.mark.parametrize(
    ("name", "extra"), [("onnxruntime", "onnx"), ("openvino", "openvino"), ("torch", "torch")]
)
def test_what_is_not_installed_is_told_with_the_command(installed, name, extra):
    installed.clear()
    with pytest.raises(ModelError, match=rf'pip install "camtrap\[{extra}\]"'):
        parsed(name, "cpu")


# What is there


def test_the_reference_comes_first_and_what_is_missing_is_left_out(installed):
    assert candidates("cpu")[0] == Spec("torch", "fp32", "cpu")
    assert {spec.name for spec in candidates("cpu")} == EVERYTHING
    installed -= {"openvino", "onnxruntime"}
    assert candidates("cpu") == [Spec("torch", "fp32", "cpu"), Spec("torch", "bf16", "cpu")]


def test_a_gpu_is_pytorchs_alone(installed):
    assert candidates("cuda:1") == [
        Spec("torch", precision, "cuda:1") for precision in ("fp32", "fp16", "bf16")
    ]


def test_devices_are_found_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert str(choose_device("auto")) == "cuda"
    assert str(choose_device("cuda:1")) == "cuda:1"
    assert str(choose_device("cpu")) == "cpu"


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:2", "has 2 CUDA devices"),
        ("cuda:x", "by its number"),
        ("mps", "no usable 'mps' device"),
        ("tpu", "use auto, cpu, cuda or mps"),
    ],
)
def test_a_device_that_is_not_there_is_refused(monkeypatch, device, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ModelError, match=message):
        choose_device(device)


def test_a_gpu_gets_batches_and_a_processor_single_pictures():
    assert TorchBackend(Spec("torch", "fp16", "cuda")).batch_size > 1
    assert TorchBackend(Spec("torch", "fp32", "cpu")).batch_size == 1
    assert opened_backend(Spec("onnxruntime")).batch_size == 1


# What was measured


class Bench:
    """Stands for the measuring: says that one backend is the fastest that agrees."""

    def __init__(self, winner: Spec) -> None:
        self.winner = winner
        self.times = 0

    def __call__(self, info, specs, looks):
        self.times += 1
        return [Measured(spec, seconds=0.1 if spec == self.winner else 0.2) for spec in specs]


@pytest.fixture
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(memory.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "backends.json"


@pytest.fixture
def model() -> ModelInfo:
    return checkpoint.find("amur")


@pytest.fixture
def bench(installed, own_memory, monkeypatch: pytest.MonkeyPatch) -> Bench:
    found = Bench(Spec("onnxruntime"))
    monkeypatch.setattr(choice, "measured", found)
    monkeypatch.setattr(choice, "check_looks", lambda: ["a picture"])
    monkeypatch.setattr(choice, "may_have_gpu", lambda: False)
    return found


def test_the_fastest_is_measured_once_and_remembered(bench, model, own_memory):
    assert chosen(model) == chosen(model) == Spec("onnxruntime")
    assert bench.times == 1
    assert own_memory.is_file()


def test_another_device_or_model_is_measured_anew(bench, model):
    chosen(model)
    other = checkpoint.find("animal-detector")
    chosen(other)
    assert bench.times == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 1}'])
def test_a_memory_that_cannot_be_read_costs_time_alone(bench, model, own_memory, damage):
    chosen(model)
    own_memory.write_text(damage, encoding="utf-8")
    assert chosen(model) == Spec("onnxruntime")
    assert bench.times == 2


def test_a_memory_that_cannot_be_written_costs_time_alone(bench, model, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv(memory.CACHE_VARIABLE, str(tmp_path / "file"))
    assert chosen(model) == Spec("onnxruntime")


def test_without_anything_to_look_at_the_reference_runs(bench, model, monkeypatch):
    monkeypatch.setattr(choice, "check_looks", list)
    assert chosen(model) == Spec("torch")
    assert bench.times == 0


def test_with_pytorch_alone_its_lower_precision_may_win(bench, model, installed):
    installed -= {"openvino", "onnxruntime"}
    bench.winner = Spec("torch", "bf16")
    assert chosen(model) == Spec("torch", "bf16")
    assert bench.times == 1


def test_what_was_asked_for_is_not_measured(bench, model):
    assert chosen(model, backend="openvino") == Spec("openvino")
    assert bench.times == 0
