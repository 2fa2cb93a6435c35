"""What torch's exporter writes in a way that keeps ONNX Runtime from its fastest convolutions.

A convolution is run together with the clipping behind it, and in the layout that suits the
processor, only where the bounds are plain numbers and the border is the convolution's own. Both
changes leave every output as it was, to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def make_plain(model: Any) -> None:
    """Rewrite an ONNX model (`onnx.ModelProto`) in place."""
    graph = model.graph
    made = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "CastLike":
            _write_number(node, made)
    for node in graph.node:
        if node.op_type == "Conv" and (border := made.get(node.input[0])) is not None:
            _take_border(node, border, made)
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    copies = [type(node).FromString(node.SerializeToString()) for node in reversed(kept)]
    del graph.node[:]
    graph.node.extend(copies)


def _write_number(node: Any, made: dict[str, Any]) -> None:
    """A number that is cast to the type of floats becomes that float."""
    from onnx import helper, numpy_helper

    source = made.get(node.input[0])
    if source is None or source.op_type != "Constant":
        return
    value = helper.get_attribute_value(source.attribute[0])
    if not isinstance(value, int | float):
        return
    del node.input[:]
    node.op_type = "Constant"
    tensor = numpy_helper.from_array(np.array(value, np.float32))
    node.attribute.append(helper.make_attribute("value", tensor))


def _take_border(conv: Any, border: Any, made: dict[str, Any]) -> None:
    """Rows and columns of zeros, laid round a picture before a convolution, become its own."""
    from onnx import helper, numpy_helper

    if border.op_type != "Pad" or len(border.input) != 2:  # a third one is another value than zero
        return
    mode = [helper.get_attribute_value(each) for each in border.attribute if each.name == "mode"]
    source = made.get(border.input[1])
    if mode not in ([], [b"constant"]) or source is None:
        return
    top_left, bottom_right = numpy_helper.to_array(source.attribute[0].t).reshape(2, -1).tolist()
    if any(top_left[:2]) or any(bottom_right[:2]) or min(top_left + bottom_right) < 0:
        return  # it reaches over pictures or channels, or cuts off
    more = [*top_left[2:], *bottom_right[2:]]
    for each in conv.attribute:
        if each.name == "pads":
            each.ints[:] = [own + other for own, other in zip(each.ints, more, strict=True)]
            conv.input[0] = border.input[0]
