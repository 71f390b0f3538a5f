"""The ONNX model of a problem, for ONNX Runtime and onnx's reference evaluator."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.files import model_path
from benchmarks.peers import NotServedError
from benchmarks.problems import Problem, Weights


def onnx_file(problem: Problem) -> str:
    """Return the path of the model; it is written at the first call of a run."""
    path = model_path(problem, "onnx")
    if not path.exists():
        import onnx

        partial = path.with_suffix(f".{os.getpid()}")  # two peers may want it at once
        onnx.save(_model(problem), partial)
        partial.replace(path)
    return str(path)


def feeds(problem: Problem) -> dict[str, Any]:
    """Return the inputs that the model takes besides x."""
    given: dict[str, Any] = {}
    if problem.mask:
        given["lengths"] = problem.lengths
    if problem.initial_state or problem.streams:
        given["h"] = problem.h if problem.initial_state else np.zeros(_state(problem), "float32")
    return given


def check(problem: Problem) -> None:
    """Raise NotServedError for what an ONNX model cannot be."""
    if problem.state == "kept":
        raise NotServedError("an ONNX model keeps no state")


def _state(problem: Problem) -> tuple[int, int]:
    return problem.batch, problem.units


def _model(problem: Problem) -> Any:
    """Return transposes around a GRU node for every layer."""
    from onnx import TensorProto, helper, numpy_helper

    element = helper.np_dtype_to_tensor_dtype(np.dtype(problem.dtype))
    T, D = ("T" if problem.timesteps > 1 else 1), 1
    nodes = [helper.make_node("Transpose", ["x"], ["x0"], perm=[1, 0, 2])]  # (T, B, F)
    arrays = {"zero": np.array([0]), "one": np.array([1])}
    inputs = [helper.make_tensor_value_info("x", element, [problem.batch, T, problem.features])]
    if problem.mask:
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, [problem.batch]))
    started = "h" in feeds(problem)
    if started:
        inputs.append(helper.make_tensor_value_info("h", element, list(_state(problem))))
        nodes.append(helper.make_node("Unsqueeze", ["h", "zero"], ["h0"]))  # (1, B, U)
    both = problem.arrangement == "bidirectional"
    for k, layer in enumerate([problem.weights] if both else [[w] for w in problem.weights]):
        D = len(layer)
        parts = zip(*(_node_arrays(problem, weights) for weights in layer), strict=True)
        names = [f"W{k}", f"R{k}", f"B{k}"]
        arrays |= dict(zip(names, map(np.concatenate, parts), strict=True))
        given = ["lengths" if problem.mask else "", "h0" if started else ""]
        nodes.append(
            helper.make_node(
                "GRU",
                [f"x{k}", *names, *given],
                [f"Y{k}", f"H{k}"],
                hidden_size=problem.units,
                linear_before_reset=int(problem.reset_after),
                direction="bidirectional" if both else "forward",
            )
        )
        if not both:
            nodes.append(helper.make_node("Squeeze", [f"Y{k}", "one"], [f"x{k + 1}"]))  # (T, B, U)
    units = D * problem.units
    if both:
        arrays["sizes"] = np.array([0, 0, units])
        nodes.append(helper.make_node("Transpose", [f"Y{k}"], ["Z"], perm=[0, 2, 1, 3]))
        nodes.append(helper.make_node("Reshape", ["Z", "sizes"], [f"x{k + 1}"]))  # (T, B, 2U)
    if problem.sequences and not problem.streams:
        nodes.append(helper.make_node("Transpose", [f"x{k + 1}"], ["y"], perm=[1, 0, 2]))
        shape = [problem.batch, T, units]
    else:
        nodes.append(helper.make_node("Squeeze", [f"H{k}", "zero"], ["y"]))
        shape = [problem.batch, units]
    outputs = [helper.make_tensor_value_info("y", element, shape)]
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "gru", inputs, outputs, constants)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def _node_arrays(problem: Problem, weights: Weights) -> tuple[Any, Any, Any]:
    """Return W (1, 3U, F), R (1, 3U, U) and B (1, 6U) of a GRU node."""
    import gru_ref
    from gru_ref import layouts

    config = gru_ref.GRUConfig(
        problem.units, reset_after=problem.reset_after, dtype=problem.dtype, return_sequences=True
    )
    arrays = layouts.convert((gru_ref.GRUWeights(*weights), config), to="onnx")
    return arrays["W"], arrays["R"], arrays["B"]
