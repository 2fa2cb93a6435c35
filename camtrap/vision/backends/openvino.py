"""The OpenVINO backend: Intel's runtime for CPUs, fp32, or bf16 where the processor has it.

It reads the same ONNX graph as ONNX Runtime does.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from camtrap.errors import ModelError
from camtrap.vision.backends.base import CROP_SIDE, Bytes, Floats, Runner, Spec
from camtrap.vision.backends.onnx import check_graph
from camtrap.vision.checkpoint import ModelInfo

_HINTS = {"fp32": "f32", "bf16": "bf16"}

_first_calls = threading.Lock()


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
            compiled = core.compile_model(core.read_model(info.graph), "CPU", options)
            runner = _OpenvinoRunner(compiled)
            # The first call of a process must not be made by two threads at once: both then wait
            # for each other for ever, one for Python's lock and one for what the other sets up.
            with _first_calls:
                runner(np.zeros(_smallest_input(info), np.uint8))
            return runner
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot load {info.graph}: {' '.join(str(error).split())}. "
                "Try --backend torch."
            ) from error


def _smallest_input(info: ModelInfo) -> tuple[int, int, int, int]:
    """The shape of the smallest batch of pictures that a network takes."""
    side = 2 * int(info.rules["multiple"]) if info.kind == "detector" else CROP_SIDE
    return 1, side, side, 3


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
