"""The OpenVINO backend: Intel's runtime for CPUs, fp32, or bf16 where the processor has it.

It reads the same ONNX graph as ONNX Runtime does.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from camtrap.errors import ModelError
from camtrap.vision.backends.base import Bytes, Floats, Runner, Spec
from camtrap.vision.backends.onnx import check_graph
from camtrap.vision.checkpoint import ModelInfo

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenvinoBackend:
    """Runs networks in OpenVINO, one single-threaded stream a processor core."""

    batch_size = 1

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def load(self, info: ModelInfo) -> Runner:
        import openvino

        check_graph(info)
        cores = os.cpu_count() or 1
        options = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.spec.precision],
            "INFERENCE_NUM_THREADS": cores,
            "NUM_STREAMS": cores,
        }
        try:
            core = openvino.Core()
            return _OpenvinoRunner(core.compile_model(core.read_model(info.graph), "CPU", options))
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot load {info.graph}: {' '.join(str(error).split())}. "
                "Try --backend torch."
            ) from error


class _OpenvinoRunner:
    """A compiled network; every thread has a request of its own, because one serves one caller."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._of_thread = threading.local()

    def __call__(self, pictures: Bytes) -> tuple[Floats, Floats]:
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._compiled.create_infer_request()
        request = self._of_thread.request
        request.infer([pictures])
        # The output buffers belong to the request, which the next call writes over.
        first, second = (np.array(request.get_output_tensor(i).data) for i in (0, 1))
        return first, second
