"""How OpenVINO is started, with a stand-in: what it answers, `test_backends` asks the real one."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from camtrap.errors import ModelError
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.openvino import OpenvinoBackend


class FakeRequest:
    def __init__(self, core: FakeCore) -> None:
        self.core = core

    def infer(self, inputs: list[np.ndarray]) -> None:
        self.core.calls.append((threading.current_thread().name, inputs[0].shape))
        if self.core.broken:
            raise RuntimeError("no such instruction")

    def get_output_tensor(self, number: int) -> SimpleNamespace:
        return SimpleNamespace(data=np.zeros(1, np.float32))


class FakeCore:
    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[int, ...]]] = []
        self.broken = False

    def read_model(self, path: object) -> None:
        return None

    def compile_model(self, model: object, device: str, options: object) -> SimpleNamespace:
        return SimpleNamespace(create_infer_request=lambda: FakeRequest(self))


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> FakeCore:
    core = FakeCore()
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(Core=lambda: core))
    return core


@pytest.mark.parametrize(
    ("name", "shape"), [("amur-detector", (1, 64, 64, 3)), ("amur-backbone", (1, 260, 260, 3))]
)
def test_the_first_call_is_made_where_the_network_is_loaded(core, name, shape):
    OpenvinoBackend(Spec("openvino")).load(checkpoint.find(name))
    assert core.calls == [(threading.current_thread().name, shape)]


def test_a_network_that_cannot_run_is_told_when_it_is_loaded(core):
    core.broken = True
    with pytest.raises(ModelError, match=r"no such instruction.*--backend torch"):
        OpenvinoBackend(Spec("openvino")).load(checkpoint.find("amur-detector"))
