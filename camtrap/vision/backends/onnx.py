"""The ONNX Runtime backend: CPU, fp32, without PyTorch in memory.

The graph in `model.onnx` holds no weights: it points into `weights.safetensors` beside it, so both
backends read the very same numbers, and both files are checked before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from camtrap.errors import ModelError
from camtrap.vision.backends.base import Bytes, Floats, Runner, Spec
from camtrap.vision.checkpoint import ModelInfo, read_graph, read_weights


@dataclass(frozen=True, slots=True)
class OnnxBackend:
    """Runs networks in ONNX Runtime, each call in the thread that makes it."""

    spec: Spec
    batch_size: int = 1

    def load(self, info: ModelInfo) -> Runner:
        import onnxruntime

        check_graph(info)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(info.graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no common base of their own
            raise ModelError(
                f"ONNX Runtime cannot load {info.graph}: {' '.join(str(error).split())}. "
                "Try --backend torch."
            ) from error
        return _OnnxRunner(session)


@dataclass(frozen=True, slots=True)
class _OnnxRunner:
    session: Any

    def __call__(self, pictures: Bytes) -> tuple[Floats, Floats]:
        first, second = self.session.run(None, {"pictures": pictures})
        return first, second


def check_graph(info: ModelInfo) -> None:
    """Raise `ModelError` when the folder has no graph, or files that it does not vouch for."""
    if not info.graph_sha256:
        raise ModelError(
            f"Model '{info.name}' has no ONNX graph. Write it with "
            f"'camtrap models --onnx {info.name}', or use --backend torch."
        )
    read_graph(info)
    read_weights(info)
