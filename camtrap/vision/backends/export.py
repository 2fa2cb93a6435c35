"""Write `model.onnx`: a network's graph for ONNX Runtime and OpenVINO.

The graph holds no weights. ONNX lets a tensor lie in another file, at an offset; safetensors keeps
each tensor as plain little-endian numbers, so the graph points straight into `weights.safetensors`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from camtrap.errors import ModelError
from camtrap.vision.backends.base import CROP_SIDE
from camtrap.vision.backends.plain import make_plain
from camtrap.vision.checkpoint import ModelInfo, read_weights, write_info
from camtrap.vision.networks import Served

OPSET = 18
"""Of 2022: every runtime in use reads it."""

_MOST = 64  # pictures in a batch, and sides in units of the strides' multiple


def write_graph(info: ModelInfo) -> ModelInfo:
    """Write the graph of a detector or backbone beside its weights, and its checksum into
    `model.json`.

    Needs the packages onnx and onnxscript (`pip install 'camtrap[train]'`). Raises `ModelError`
    without them, or when a weight of the graph is not in the file.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - what torch's exporter is made of
    except ImportError as error:
        raise ModelError(
            f"The graph of '{info.name}' cannot be written: {error}. "
            'Install what it takes with pip install "camtrap[train]".'
        ) from error
    model = _exported(info)
    make_plain(model)
    _point_into(model, read_weights(info), info)
    data = model.SerializeToString(deterministic=True)
    info.graph.write_bytes(data)
    onnx.checker.check_model(info.graph)
    told = replace(info, graph_sha256=hashlib.sha256(data).hexdigest())
    write_info(told)
    return told


def _exported(info: ModelInfo) -> Any:
    """The graph as torch exports it, weights inside, with any number of pictures of any size."""
    side = int(info.rules.get("multiple", 0)) * 4 or CROP_SIDE
    dim = torch.export.Dim
    shape: dict[int, Any] = {0: dim("pictures", min=1, max=_MOST)}
    if info.kind == "detector":
        multiple = int(info.rules["multiple"])
        # Names differ, so that torch does not take height and width for the same number.
        for axis, name in ((1, "rows"), (2, "columns")):
            shape[axis] = multiple * dim(name, min=2, max=_MOST)
    example = torch.zeros((2, side, side + side * (info.kind == "detector"), 3), dtype=torch.uint8)
    for name in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Served(info, fold=False).to(memory_format=torch.contiguous_format),
            (example,),
            dynamo=True,
            dynamic_shapes={"pictures": shape},
            input_names=["pictures"],
            opset_version=OPSET,
            optimize=False,
            verbose=False,
        )
    assert program is not None  # only the older exporter gives nothing
    return program.model_proto


def _point_into(model: Any, weights: bytes, info: ModelInfo) -> None:
    """Replace the numbers of every weight by its place in the safetensors file."""
    from onnx import TensorProto, numpy_helper
    from onnx.external_data_helper import set_external_data

    length = int.from_bytes(weights[:8], "little")
    places = json.loads(weights[8 : 8 + length])
    for tensor in model.graph.initializer:
        place = places.get(tensor.name.removeprefix("network."))
        if place is None:
            if tensor.ByteSize() > 1000:
                raise ModelError(f"{info.weights} lacks the weight {tensor.name} of its graph.")
            continue
        begin, end = (8 + length + offset for offset in place["data_offsets"])
        stored = np.frombuffer(weights[begin:end], np.float32)
        if place["dtype"] != "F32" or not np.array_equal(
            stored, numpy_helper.to_array(tensor).ravel()
        ):
            raise ModelError(f"{info.weights} holds another {tensor.name} than its graph.")
        set_external_data(tensor, info.weights.name, begin, end - begin)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
    _forget_origin(model)


def _forget_origin(model: Any) -> None:
    """Drop the exporter's notes on every node: they are long, and name files of this machine."""
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, model.graph, model):
        del part.metadata_props[:]
        if hasattr(part, "doc_string"):
            part.doc_string = ""
    del model.graph.value_info[:]
