"""Graphs are rewritten for speed, and answer as before."""

from __future__ import annotations

import numpy as np
import pytest

from camtrap.vision import checkpoint
from camtrap.vision.backends.plain import make_plain

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

WIDTHS = [0, 0, 1, 0, 0, 0, 2, 1]


def small_graph(widths: list[int] = WIDTHS, mode: str = "constant", value: float | None = None):
    """A border, a convolution with one of its own, and a clip between numbers that are cast."""
    random = np.random.default_rng(1)
    weight = random.normal(size=(3, 2 + widths[1] + widths[5], 3, 3)).astype(np.float32)
    constants = {
        "widths": np.array(widths, np.int64),
        **({} if value is None else {"value": np.float32(value)}),
    }
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array)))
        for name, array in constants.items()
    ]
    nodes += [
        helper.make_node("Constant", [], ["zero"], value_int=0),
        helper.make_node("Constant", [], ["one"], value_int=1),
        helper.make_node("Pad", ["x", *constants], ["wider"], mode=mode),
        helper.make_node("Conv", ["wider", "weight"], ["seen"], pads=[0, 1, 0, 0], strides=[2, 2]),
        helper.make_node("CastLike", ["zero", "seen"], ["low"]),
        helper.make_node("CastLike", ["one", "seen"], ["high"]),
        helper.make_node("Clip", ["seen", "low", "high"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2, 9, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3, 5, 4])],
        [numpy_helper.from_array(weight, "weight")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def answers(model) -> np.ndarray:
    x = np.random.default_rng(2).normal(size=(2, 2, 9, 8)).astype(np.float32)
    (y,) = ReferenceEvaluator(model).run(None, {"x": x})
    return np.asarray(y)


def kinds(model) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_border_becomes_the_convolutions_and_numbers_become_plain():
    model = small_graph()
    before = answers(model)
    make_plain(model)
    assert sorted(kinds(model)) == ["Clip", "Constant", "Constant", "Conv"]
    onnx.checker.check_model(model, full_check=True)
    np.testing.assert_allclose(answers(model), before, rtol=0, atol=1e-6)
    assert before.min() == 0 and before.max() == 1  # both bounds were reached


@pytest.mark.parametrize(
    ("widths", "mode", "value"),
    [
        (WIDTHS, "constant", 3.0),  # of another value than zero
        (WIDTHS, "reflect", None),
        ([0, 1, 1, 1, 0, 0, 1, 1], "constant", None),  # over channels
    ],
)
def test_a_border_that_a_convolution_cannot_have_stays(widths, mode, value):
    model = small_graph(widths, mode, value)
    before = answers(model)
    make_plain(model)
    assert "Pad" in kinds(model)
    np.testing.assert_array_equal(answers(model), before)


@pytest.mark.parametrize("name", ["amur-backbone", "amur-detector", "aerial-detector"])
def test_shipped_graphs_are_plain(name):
    model = onnx.load(checkpoint.find(name).graph, load_external_data=False)
    assert not {"CastLike", "Pad"} & set(kinds(model))
    written = model.SerializeToString(deterministic=True)
    make_plain(model)
    assert model.SerializeToString(deterministic=True) == written
